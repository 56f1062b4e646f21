//! Pipes to and from child processes.
//!
//! There are two ways, and both leave the parent's end non-blocking and the child's end blocking,
//! which is what programs expect of their stdio:
//!
//! - `Stdio::piped()`, as always, and then [`Sender::from`](Sender#impl-From<ChildStdin>-for-Sender)
//!   or `Receiver::from` on what [`Child`](std::process::Child) holds;
//! - [`stdin`], [`output`] and [`merged_output`], which make the pipe first. `merged_output` gives
//!   one pipe to stdout and stderr together, in the order in which the child writes.
//!
//! An end of [`new_pipe`](crate::new_pipe) must not be given to a child as it is: it is
//! non-blocking, and most programs fail with `EAGAIN` when their stdio is. On Unix
//! `into_blocking_fd` makes it fit.
//!
//! # Deadlocks
//!
//! A [`Command`](std::process::Command) keeps the `Stdio` it was given until it is dropped. While it
//! lives, the parent itself holds the child's end open, and never sees EOF or `BrokenPipe`. Drop it
//! after `spawn`, as the examples do.
//!
//! # Examples
//!
//! ```
//! # #[cfg(unix)]
//! # fn main() -> std::io::Result<()> {
//! use std::io::{ErrorKind, Read};
//! use std::process::Command;
//!
//! use mio::{Events, Interest, Poll, Token};
//!
//! let (stdout, stderr, mut receiver) = mio_pipe::child::merged_output()?;
//! let mut child = Command::new("sh")
//!     .args(["-c", "echo one; echo two >&2; echo three"])
//!     .stdout(stdout)
//!     .stderr(stderr)
//!     .spawn()?; // The `Command` is dropped here.
//!
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
//! let mut text = String::new();
//! loop {
//!     match receiver.read_to_string(&mut text) {
//!         Ok(_) => break,
//!         Err(err) if err.kind() == ErrorKind::WouldBlock => poll.poll(&mut events, None)?,
//!         Err(err) => return Err(err),
//!     }
//! }
//! assert_eq!(text, "one\ntwo\nthree\n");
//! assert!(child.wait()?.success());
//! # Ok(())
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! ```

use std::io;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Stdio};

use crate::{Receiver, Sender, sys};

/// Makes a pipe whose receiving side becomes a child's stdin.
///
/// # Errors
///
/// Those of [`new_pipe`](crate::new_pipe).
///
/// # Examples
///
/// ```
/// # #[cfg(unix)]
/// # fn main() -> std::io::Result<()> {
/// use std::io::Write;
/// use std::process::Command;
///
/// let (mut sender, stdin) = mio_pipe::child::stdin()?;
/// let mut child = Command::new("grep").args(["-q", "needle"]).stdin(stdin).spawn()?;
/// sender.write(b"needle\n")?;
/// drop(sender); // EOF
/// assert!(child.wait()?.success());
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
pub fn stdin() -> io::Result<(Sender, Stdio)> {
    let (sender, stdin) = sys::child_stdin()?;
    Ok((Sender { inner: sender }, stdin))
}

/// Makes a pipe whose sending side becomes a child's stdout or stderr.
///
/// # Errors
///
/// Those of [`new_pipe`](crate::new_pipe).
pub fn output() -> io::Result<(Stdio, Receiver)> {
    let (output, receiver) = sys::child_output()?;
    Ok((output.into(), Receiver { inner: receiver }))
}

/// Makes one pipe for a child's stdout and stderr together: `(stdout, stderr, receiver)`.
///
/// The Receiver gets both in the order in which the child writes them, and EOF once both are closed.
///
/// # Errors
///
/// Those of [`new_pipe`](crate::new_pipe).
pub fn merged_output() -> io::Result<(Stdio, Stdio, Receiver)> {
    let (stdout, receiver) = sys::child_output()?;
    let stderr = stdout.try_clone()?;
    Ok((stdout.into(), stderr.into(), Receiver { inner: receiver }))
}

/// Takes over the pipe to a child's stdin and makes it **non-blocking**.
impl From<ChildStdin> for Sender {
    fn from(stdin: ChildStdin) -> Sender {
        Sender {
            inner: stdin.into(),
        }
    }
}

/// Takes over the pipe from a child's stdout and makes it **non-blocking**.
impl From<ChildStdout> for Receiver {
    fn from(stdout: ChildStdout) -> Receiver {
        Receiver {
            inner: stdout.into(),
        }
    }
}

/// Takes over the pipe from a child's stderr and makes it **non-blocking**.
impl From<ChildStderr> for Receiver {
    fn from(stderr: ChildStderr) -> Receiver {
        Receiver {
            inner: stderr.into(),
        }
    }
}
