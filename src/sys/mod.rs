//! The back-ends, one per family of platforms, and the only place that chooses between them.
//!
//! A back-end MUST provide:
//!
//! - `Sender` and `Receiver`: the two ends, `Debug + Send + Sync + mio::event::Source`, each the
//!   sole owner of its descriptor or handle, which it MUST close when dropped.
//! - `new_pipe(&Options) -> io::Result<(Sender, Receiver)>`: both ends non-blocking and not
//!   inheritable by children, atomically where the OS can. It MUST leave nothing open when it fails.
//! - `Sender::write`, `write_vectored` and `Receiver::read`, `read_vectored`, through `&self`. Each
//!   MUST be at most one system call, MUST report "not now" as `WouldBlock` and nothing else, MUST
//!   report a closed peer as `BrokenPipe` (Sender) or `Ok(0)` (Receiver) every time, and MUST leave
//!   the selector armed after `WouldBlock`.
//! - `set_nonblocking`, `try_io`, `try_clone` on both; `Sender::is_receiver_dropped`,
//!   `Receiver::is_sender_dropped` and `Receiver::available`, which MUST ask the OS and MUST NOT
//!   consume data or an event. What the platform cannot do MUST be `Unsupported`, not a pretence.
//! - `Receiver::read_into(&self, &mut Vec<u8>, limit)`: as `read`, into the vector's spare capacity,
//!   which is not empty; it MUST append what it read and MUST NOT read more than `limit`.
//! - `id() -> usize` on both: what tells an end from all others that are open at the same time.
//! - `io_slice() -> usize`: how many bytes at a time a large amount is best written and read; not 0.
//! - `SHORT_READ_ARMS: bool`: MUST be true only where a read of a byte stream that returned less than
//!   asked for is followed by an event, as `WouldBlock` is.
//! - `register` that failed MUST leave the end as it was, so that the call can be repeated.
//! - `From<ChildStdin>` for `Sender`, `From<ChildStdout>` and `From<ChildStderr>` for `Receiver`:
//!   the result MUST be non-blocking.
//! - `child_stdin() -> io::Result<(Sender, Stdio)>` and `child_output() -> io::Result<(W, Receiver)>`,
//!   `W` being an owned descriptor or handle that can be cloned and turned into `Stdio`. The side
//!   for the child MUST be blocking, and MUST be inherited by no child but the one it is given to.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(windows)]
pub(crate) mod windows;
#[cfg(windows)]
pub(crate) use windows::*;

/// What `Builder` has collected. A back-end ignores what its platform does not have.
#[derive(Debug, Clone, Default)]
#[allow(dead_code)] // No platform but Linux reads all of it.
pub(crate) struct Options {
    /// Bytes the pipe should be able to hold; a wish, not a condition.
    pub(crate) capacity: Option<usize>,
    /// Whether each write is a packet; only Linux has them, and only its API asks for them.
    pub(crate) packets: bool,
}
