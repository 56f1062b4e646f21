//! FIFOs, also called named pipes: pipes that processes find by a path.
//!
//! | to | use |
//! |---|---|
//! | make one | [`create`], or [`CreateOptions`] to set the umask aside |
//! | read what is written by whoever comes and goes | [`OpenOptions::open_persistent_receiver`] |
//! | read until the writers have gone | [`OpenOptions::open_receiver`] |
//! | write, when a reader is there | [`OpenOptions::open_sender`] |
//! | write, whether or not a reader is there yet | [`OpenOptions::open_persistent_sender`] |
//! | wait for a reader | the persistent Sender, or [`ReaderWait`] |
//!
//! # Trust
//!
//! A path is not proof: somebody may have put something else there. What is opened here never follows
//! a symbolic link in the last place of the path, and type, [owner](OpenOptions::owner) and
//! [mode](OpenOptions::mode_within) are checked on the descriptor, after it was opened. They are looked at
//! before that, too, so that a device, a terminal or a socket is not opened at all; this first look
//! spares side effects and is not what the promise rests on. In a directory that others can write
//! to, open relative to a descriptor of that directory ([`OpenOptions::open_receiver_at`]).
//!
//! # Examples
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use std::io::{ErrorKind, Read, Write};
//!
//! use mio_pipe::os::unix::fifo::{self, OpenOptions};
//!
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("log");
//! fifo::create(&path, 0o600)?;
//!
//! let mut receiver = OpenOptions::new().open_persistent_receiver(&path)?;
//! for line in ["one\n", "two\n"] {
//!     // A writer comes, writes, and goes.
//!     let mut sender = OpenOptions::new().open_sender(&path)?;
//!     sender.write(line.as_bytes())?;
//! }
//! let mut buf = [0; 64];
//! let n = receiver.read(&mut buf)?;
//! assert_eq!(&buf[..n], b"one\ntwo\n");
//! // No writer is left, and still this is not the end.
//! assert_eq!(receiver.read(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
//! # Ok(())
//! # }
//! ```
//!
//! # References
//!
//! - [fifo(7)](https://man7.org/linux/man-pages/man7/fifo.7.html)
//! - [POSIX `open`](https://pubs.opengroup.org/onlinepubs/9799919799/functions/open.html), on FIFOs
//!   and `O_NONBLOCK`

mod create;
mod open;
mod persistent;
mod reader_wait;

pub use create::{CreateOptions, create};
pub use open::OpenOptions;
pub use persistent::Persistent;
pub use reader_wait::ReaderWait;
