//! Where an open pipe cannot be opened a second time: /dev/fd, where there is one, duplicates the
//! descriptor, and the duplicate shares the mode.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::OFlags;

pub(super) fn reopen(_: BorrowedFd<'_>, _: OFlags) -> io::Result<Option<OwnedFd>> {
    Ok(None)
}
