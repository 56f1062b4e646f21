//! Kernels without pipe2(2): the flags follow in system calls of their own.
//!
//! Between pipe(2) and the last fcntl(2) another thread that starts a child leaks both descriptors
//! into it; these systems have no way to close that gap.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{FdFlags, fcntl_setfd};

use crate::sys::Options;

pub(super) fn pipe(_: &Options) -> io::Result<(OwnedFd, OwnedFd)> {
    // Owned from here on: an error below closes both.
    let (read, write) = rustix::pipe::pipe()?;
    for fd in [&read, &write] {
        fcntl_setfd(fd, FdFlags::CLOEXEC)?;
        fcntl_setfl(fd, fcntl_getfl(fd)? | OFlags::NONBLOCK)?;
    }
    Ok((read, write))
}

/// How many bytes `fill` and `drain` hand to one system call: all of them, as nothing else was
/// measured here.
pub(crate) fn io_slice() -> usize {
    usize::MAX
}
