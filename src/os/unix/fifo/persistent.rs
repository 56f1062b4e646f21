use std::os::fd::OwnedFd;

/// An end of a FIFO that stays, while those at the other end come and go.
///
/// It keeps a spare end of the other direction open, so that the FIFO never runs out of them. What
/// that means depends on the direction:
///
/// - **`Persistent<Receiver>`** never reads EOF. With no writer, or none yet, a read fails with
///   [`WouldBlock`](std::io::ErrorKind::WouldBlock), and a readable event follows once somebody has
///   written. A writer that leaves without writing goes unnoticed.
/// - **`Persistent<Sender>`** needs no reader and never fails with `BrokenPipe`. What it writes waits
///   in the FIFO; when that is full, a write fails with `WouldBlock`, and a writable event follows
///   once a reader has come **and has read**. So an event loop waits for a reader as it waits for
///   space. What is in the FIFO when its last end is closed is lost: ends opened by others count, the
///   path does not.
///
/// It is used like the [`Receiver`](crate::Receiver) or [`Sender`](crate::Sender) it
/// [derefs](std::ops::Deref) to, and registered like it. Only asking it about the other side is of
/// no use: that is never gone. [`into_end`](Persistent::into_end) closes the spare end.
///
/// Opening the spare end is opening the FIFO: whoever waits in a blocking open for somebody to come
/// to this side goes on.
///
/// # Examples
///
/// Output for a reader that comes later:
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::io::{ErrorKind, Read, Write};
///
/// use mio::{Events, Interest, Poll, Token};
/// use mio_pipe::os::unix::fifo::{self, OpenOptions};
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("status");
/// fifo::create(&path, 0o600)?;
///
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// let mut sender = OpenOptions::new().open_persistent_sender(&path)?;
/// poll.registry().register(&mut sender, Token(0), Interest::WRITABLE)?;
///
/// let mut written = 0;
/// let full = loop {
///     match sender.write(&[b'x'; 1024]) {
///         Ok(n) => written += n,
///         Err(err) => break err,
///     }
/// };
/// assert_eq!(full.kind(), ErrorKind::WouldBlock);
///
/// // From here on `poll` sleeps until somebody reads.
/// let mut reader = OpenOptions::new().open_receiver(&path)?;
/// let mut buf = vec![0; written];
/// while written > 0 {
///     written -= reader.read(&mut buf)?;
/// }
/// poll.poll(&mut events, None)?;
/// assert!(sender.write(b"more").is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Persistent<E> {
    end: E,
    /// Never read or written: it is there to be open.
    _spare: OwnedFd,
}

impl<E> Persistent<E> {
    pub(super) fn new(end: E, spare: OwnedFd) -> Persistent<E> {
        Persistent { end, _spare: spare }
    }

    /// Closes the spare end: from here on this is an end like any other.
    ///
    /// For a Receiver that is to be closed in order: remove the FIFO's path, so that nobody new
    /// comes, and read what the remaining writers write until EOF.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::Read;
    /// use mio_pipe::os::unix::fifo::{self, OpenOptions};
    ///
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("log");
    /// fifo::create(&path, 0o600)?;
    /// let receiver = OpenOptions::new().open_persistent_receiver(&path)?;
    ///
    /// std::fs::remove_file(&path)?;
    /// let mut receiver = receiver.into_end();
    /// assert_eq!(receiver.read(&mut [0; 64])?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_end(self) -> E {
        self.end
    }
}

crate::os::unix::delegate::delegate_to_end!(Persistent);
