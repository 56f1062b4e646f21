//! Descriptors in and out: what every Unix has.
//!
//! # Raw and checked
//!
//! [`Sender::from_fd`](crate::Sender::from_fd) and [`Receiver::from_fd`](crate::Receiver::from_fd)
//! take anything that owns a descriptor (`OwnedFd`, `File`, `ChildStdin`, `std::io::PipeReader`,
//! ...), check that it is a pipe or a FIFO and open in the right direction, and make it non-blocking.
//! Their error hands the descriptor back.
//!
//! `from_raw_fd` takes the descriptor as it is: unchecked, in the mode it has, and `unsafe`, as for
//! every type of std.
//!
//! # FIFOs and stdio
//!
//! [`fifo`] creates and opens named pipes. [`stdio`] takes this process's own stdin, stdout and
//! stderr, when they are pipes, into an event loop.
//!
//! # Examples
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::fs::File;
//! use mio_pipe::Receiver;
//!
//! let err = Receiver::from_fd(File::open("Cargo.toml")?).unwrap_err();
//! assert_eq!(err.to_string(), "not a pipe or FIFO, but a regular file");
//! let file = File::from(err.into_fd()); // Nothing is lost.
//! # Ok(())
//! # }
//! ```

mod delegate;
mod fd;
pub mod fifo;
mod from_fd;
pub mod stdio;

pub use from_fd::FromFdError;
