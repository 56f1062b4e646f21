use std::io;

use super::Pipe;
use crate::Builder;

/// Empty pipes, kept for reuse.
///
/// Making and closing a pipe costs some fifteen times what it costs to take one from here and put
/// it back. Whoever needs a pipe for a moment, as a [`Relay`](super::Relay) does while bytes are on
/// their way, takes one, and puts it back when it is empty: so that ten thousand connections of
/// which ten are busy need ten pipes.
///
/// # What is kept
///
/// - Only what is empty when it comes back: one system call, `FIONREAD`. Anything else is closed,
///   so that nobody is ever handed another one's bytes.
/// - No more than the limit. What is beyond it is closed.
/// - Both ends of a [`Pipe`] are open, and belong together, by its type.
///
/// Two things cannot be asked of the OS, and are yours to see to. An end that was registered must be
/// [deregistered](mio::Registry::deregister) before it comes back: otherwise it goes on
/// reporting under its old token, and `register` fails with
/// [`AlreadyExists`](io::ErrorKind::AlreadyExists). And a pipe must not come back while a clone of
/// its Sender is in use elsewhere, in another process for instance. What was changed, capacity and
/// blocking mode, stays changed.
///
/// The pipe taken next is the one that came back last: the kernel keeps two pages with each pipe
/// that was used, and those of the last are the likeliest to be in the processor's cache.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::io::Write;
/// use mio_pipe::{Builder, os::linux::Pool};
///
/// let mut pool = Pool::new(Builder::new(), 16);
/// let pipe = pool.take()?; // There is none yet: this makes one.
/// assert!(pool.put(pipe));
/// assert_eq!(pool.len(), 1);
///
/// let pipe = pool.take()?; // This is the same one again.
/// pipe.sender().write_all(b"left behind")?;
/// assert!(!pool.put(pipe)); // Not empty: closed.
/// assert_eq!(pool.len(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Pool {
    builder: Builder,
    limit: usize,
    idle: Vec<Pipe>,
}

impl Pool {
    /// A pool that makes pipes as `builder` says and keeps at most `limit` of them. It is empty, and
    /// makes nothing ahead of time.
    ///
    /// Each pipe that is kept holds two descriptors, up to two pages of memory, and counts with its
    /// full capacity against the user's limit of pipe pages (`pipe-user-pages-soft`, 64 MiB by
    /// default): see [`Sender::capacity`](crate::Sender::capacity).
    pub fn new(builder: Builder, limit: usize) -> Pool {
        Pool {
            builder,
            limit,
            idle: Vec::new(),
        }
    }

    /// Takes a pipe, and makes one if none is there.
    ///
    /// # Errors
    ///
    /// Those of [`new_pipe`](crate::new_pipe), only when a pipe must be made.
    pub fn take(&mut self) -> io::Result<Pipe> {
        match self.idle.pop() {
            Some(pipe) => Ok(pipe),
            None => Pipe::new(&self.builder),
        }
    }

    /// Puts a pipe back, and says whether it was kept. It is closed if it is not empty, or if the
    /// pool is full.
    ///
    /// It need not have come from here.
    pub fn put(&mut self, pipe: Pipe) -> bool {
        // An error of FIONREAD means that emptiness is not known.
        let keep = self.idle.len() < self.limit && pipe.is_empty().unwrap_or(false);
        if keep {
            self.idle.push(pipe);
        }
        keep
    }

    /// How many pipes are there to be taken.
    pub fn len(&self) -> usize {
        self.idle.len()
    }

    /// Whether the next [`take`](Pool::take) makes a pipe.
    pub fn is_empty(&self) -> bool {
        self.idle.is_empty()
    }

    /// Closes all but `len` of the pipes: after a rush, for instance.
    pub fn shrink_to(&mut self, len: usize) {
        self.idle.truncate(len);
        self.idle.shrink_to(len);
    }
}
