//! Kernels with pipe2(2), which sets both flags in the one system call.

use std::io;
use std::os::fd::OwnedFd;

use rustix::pipe::{PipeFlags, pipe_with};

use crate::sys::Options;

#[inline]
pub(super) fn pipe(_: &Options) -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?)
}

/// How many bytes `fill` and `drain` hand to one system call: all of them, as nothing else was
/// measured here.
pub(crate) fn io_slice() -> usize {
    usize::MAX
}
