//! Pipe creation where pipe2(2) exists: both flags are set in the one system call.

use std::io;
use std::os::fd::OwnedFd;

use rustix::pipe::{PipeFlags, pipe_with};

use crate::sys::Options;

pub(super) fn pipe(_: &Options) -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?)
}
