//! The libraries to compare with, each used the way its documentation shows.
//!
//! All of them get the ends of the same kind of pipe as descriptors, so that none differs by how its
//! pipe was made (the row `overhead` is about that).

mod blocking;
mod futures;
mod polled;

use std::os::fd::OwnedFd;

use anyhow::Result;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::measure::{Lap, Watch};
use crate::payload::{Checker, Feed};

/// Called when all is set up; waits for the other side and starts the watch.
pub type Go<'a> = &'a dyn Fn() -> Result<Watch>;

/// A library, or a way to use one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Raw,
    Std,
    OsPipe,
    Interprocess,
    Mio,
    Tokio,
    AsyncIo,
    /// `fill` and `drain`.
    Ours,
}

impl Peer {
    /// All of them, the reference first.
    pub const ALL: [Peer; 8] = [
        Peer::Mio,
        Peer::Raw,
        Peer::Std,
        Peer::OsPipe,
        Peer::Interprocess,
        Peer::Tokio,
        Peer::AsyncIo,
        Peer::Ours,
    ];

    /// Its name in the report, and as an argument of a child.
    pub fn name(self) -> &'static str {
        match self {
            Peer::Raw => "rustix, blocking",
            Peer::Std => "std",
            Peer::OsPipe => "os_pipe",
            Peer::Interprocess => "interprocess",
            Peer::Mio => "mio",
            Peer::Tokio => "tokio",
            Peer::AsyncIo => "async-io",
            Peer::Ours => "mio-pipe fill, drain",
        }
    }

    /// Sends all blocks, each with what the library has for writing a buffer whole.
    pub fn send(self, fd: OwnedFd, feed: Feed, go: Go<'_>) -> Result<Lap> {
        match self {
            Peer::Raw => blocking::send(blocking::Raw(fd), feed, go),
            Peer::Std => blocking::send(std::io::PipeWriter::from(fd), feed, go),
            Peer::OsPipe => blocking::send(os_pipe::PipeWriter::from(fd), feed, go),
            Peer::Interprocess => {
                blocking::send(interprocess::unnamed_pipe::Sender::from(fd), feed, go)
            }
            Peer::Mio => polled::send_mio(nonblocking(fd)?.into(), feed, go),
            Peer::Tokio => futures::send_tokio(fd, feed, go),
            Peer::AsyncIo => futures::send_async_io(fd, feed, go),
            Peer::Ours => polled::send_ours(mio_pipe::Sender::from_fd(fd)?, feed, go),
        }
    }

    /// Receives to EOF into a buffer of 64 KiB and checks what comes.
    pub fn receive(self, fd: OwnedFd, checker: &mut Checker, go: Go<'_>) -> Result<Lap> {
        match self {
            Peer::Raw => blocking::receive(blocking::Raw(fd), checker, go),
            Peer::Std => blocking::receive(std::io::PipeReader::from(fd), checker, go),
            Peer::OsPipe => blocking::receive(os_pipe::PipeReader::from(fd), checker, go),
            Peer::Interprocess => {
                blocking::receive(interprocess::unnamed_pipe::Recver::from(fd), checker, go)
            }
            Peer::Mio => polled::receive_mio(nonblocking(fd)?.into(), checker, go),
            Peer::Tokio => futures::receive_tokio(fd, checker, go),
            Peer::AsyncIo => futures::receive_async_io(fd, checker, go),
            Peer::Ours => polled::receive_ours(mio_pipe::Receiver::from_fd(fd)?, checker, go),
        }
    }
}

/// A pipe of default capacity, in blocking mode: `(writing end, reading end)`.
pub fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    Ok((writer, reader))
}

/// Makes a descriptor non-blocking, for libraries that leave that to the caller.
pub fn nonblocking(fd: OwnedFd) -> Result<OwnedFd> {
    fcntl_setfl(&fd, fcntl_getfl(&fd)? | OFlags::NONBLOCK)?;
    Ok(fd)
}

pub use blocking::Raw;
pub use futures::runtime;
pub use polled::OurBuffer;
