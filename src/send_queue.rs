use std::io;

use crate::Sender;

/// Bytes that are worth a write: two pages of 4 KiB, which Linux writes best (see [`Sender::fill`]).
const COALESCE: usize = 8 * 1024;

/// Capacity, in bytes, that an empty queue keeps for next time.
const KEEP: usize = 64 * 1024;

/// The output of one [`Sender`] that is not written yet.
///
/// An event loop cannot wait when a pipe is full, so whatever did not fit must be kept, in order,
/// until the next writable event. The queue keeps it. And because a write of many small messages is
/// far cheaper than a write for each, it collects them: [`send`](SendQueue::send) writes once there
/// is enough for a large write, and [`flush`](SendQueue::flush) writes what is left.
///
/// # How to use it
///
/// - Register the Sender once, with [`WRITABLE`](mio::Interest::WRITABLE). Events are edges: while
///   nothing is pending none disturbs, and the interest need not be switched.
/// - `send` whenever there is something to say; it never blocks and takes everything.
/// - `flush` at the end of each round of the loop, before it polls, and at each writable event.
/// - [`pending`](SendQueue::pending) says how much is waiting: the measure for back-pressure. Who
///   sends faster than the other side reads must slow down by it, or the queue grows.
///
/// Always use one queue with one Sender.
///
/// # Errors
///
/// An error, [`BrokenPipe`](io::ErrorKind::BrokenPipe) most likely, leaves in the queue exactly the
/// bytes that are not in the pipe, those of the failed call included: nothing is lost or repeated.
///
/// # Examples
///
/// ```
/// # #[cfg(unix)]
/// # fn main() -> std::io::Result<()> {
/// use mio_pipe::{Drained, SendQueue, new_pipe};
///
/// let (sender, receiver) = new_pipe()?;
/// let mut queue = SendQueue::new();
/// for i in 0..1000 {
///     queue.send(&sender, format!("message {i}\n").as_bytes())?;
/// }
/// assert!(queue.flush(&sender)?); // Everything fits into this pipe.
/// assert_eq!(queue.pending(), 0);
///
/// let mut received = Vec::new();
/// assert_eq!(receiver.drain(&mut received, 1 << 20)?, Drained::Empty);
/// assert_eq!(received.split(|&byte| byte == b'\n').count(), 1001);
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
#[derive(Debug, Default)]
pub struct SendQueue {
    bytes: Vec<u8>,
    /// How many of `bytes` are in the pipe already.
    sent: usize,
    /// The pipe was full, and no writable event was answered since.
    blocked: bool,
}

impl SendQueue {
    /// An empty queue. It allocates nothing until something is sent.
    pub fn new() -> SendQueue {
        SendQueue::default()
    }

    /// Takes `bytes`, and writes if that is worthwhile: 8 KiB have come together, and the pipe is not
    /// known to be full.
    ///
    /// # Errors
    ///
    /// Those of [`Sender::fill`]; `bytes` are in the queue all the same.
    pub fn send(&mut self, sender: &Sender, bytes: &[u8]) -> io::Result<()> {
        if self.pending() == 0 && bytes.len() >= COALESCE {
            // So much is worth a write of its own, without a copy.
            let n = sender.fill(bytes).inspect_err(|_| self.push(bytes))?;
            self.push(&bytes[n..]);
            self.blocked = n < bytes.len();
            return Ok(());
        }
        self.push(bytes);
        let whole = self.pending() - self.pending() % COALESCE;
        if whole > 0 && !self.blocked {
            self.write(sender, whole)?;
        }
        Ok(())
    }

    /// Takes `bytes` without writing, for the next [`flush`](SendQueue::flush).
    pub fn push(&mut self, bytes: &[u8]) {
        if bytes.len() > self.bytes.capacity() - self.bytes.len() && self.sent >= self.pending() {
            // Make room from what is sent. The larger part is, so that no byte moves twice before as
            // many were sent.
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes what is pending, and says whether that was everything.
    ///
    /// `false` means that the pipe is full and that a writable event follows. While nothing is
    /// pending this makes no system call.
    ///
    /// # Errors
    ///
    /// Those of [`Sender::fill`]; what could not be written stays in the queue.
    pub fn flush(&mut self, sender: &Sender) -> io::Result<bool> {
        self.write(sender, self.pending())?;
        Ok(self.pending() == 0)
    }

    /// How many bytes are waiting to be written.
    pub fn pending(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Whether the pipe was full at the last attempt to write, so that a writable event follows.
    ///
    /// Until the next [`flush`](SendQueue::flush), [`send`](SendQueue::send) only collects.
    pub fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Gives up the queue and returns what is pending.
    pub fn into_pending(mut self) -> Vec<u8> {
        self.bytes.drain(..self.sent);
        self.bytes
    }

    fn write(&mut self, sender: &Sender, len: usize) -> io::Result<()> {
        let n = sender.fill(&self.bytes[self.sent..][..len])?;
        self.sent += n;
        self.blocked = n < len;
        if self.pending() == 0 {
            self.bytes.clear();
            self.bytes.shrink_to(KEEP);
            self.sent = 0;
        }
        Ok(())
    }
}
