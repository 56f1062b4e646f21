//! A second open file description of a pipe that is open already, through /proc/self/fd.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

/// Opens the pipe behind `fd` for `access`, non-blocking and close-on-exec. `None` if that is not
/// possible here: no /proc, or no permission.
pub(super) fn reopen(fd: BorrowedFd<'_>, access: OFlags) -> io::Result<Option<OwnedFd>> {
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    match openat(CWD, path, flags, Mode::empty()) {
        Ok(own) => Ok(Some(own)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::PERM) => Ok(None),
        Err(err) => Err(err.into()),
    }
}
