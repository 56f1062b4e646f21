//! Linux and Android: a pipe's capacity can be chosen, and the kernel keeps some of its pages.

use std::io;
use std::os::fd::OwnedFd;

use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use crate::sys::Options;

#[inline]
pub(super) fn pipe(options: &Options) -> io::Result<(OwnedFd, OwnedFd)> {
    let mut flags = PipeFlags::CLOEXEC | PipeFlags::NONBLOCK;
    flags.set(PipeFlags::DIRECT, options.packets);
    let (read, write) = pipe_with(flags)?;
    if let Some(bytes) = options.capacity {
        // A wish: past the user's limit (EPERM) or the system's (EPERM, EINVAL) the pipe works with
        // the capacity it has.
        let _ = fcntl_setpipe_size(&write, bytes);
    }
    Ok((read, write))
}

/// How many bytes `fill` and `drain` hand to one system call: two pages.
///
/// A pipe keeps the last pages that were read empty and writes into them again: one page of old, two
/// since 6.15 ("pipe: cache 2 pages instead of 1", March 2025). Every further page of a write is
/// allocated, and freed by the reader. And who moves two pages at a time lets the other side go on
/// meanwhile, where who fills the pipe, or empties it, puts somebody to sleep.
pub(crate) fn io_slice() -> usize {
    2 * rustix::param::page_size()
}
