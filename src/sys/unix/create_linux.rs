//! Pipe creation on Linux and Android, where a pipe's capacity can be chosen.

use std::io;
use std::os::fd::OwnedFd;

use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use crate::sys::Options;

pub(super) fn pipe(options: &Options) -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    if let Some(bytes) = options.capacity {
        // A wish: past the user's limit (EPERM) or the system's (EPERM, EINVAL) the pipe works with
        // the capacity it has.
        let _ = fcntl_setpipe_size(&write, bytes);
    }
    Ok((read, write))
}
