//! mkfifoat(2), for paths relative to a directory too.

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::fs::{Mode, mkfifoat};

pub(super) fn mkfifo_at(dir: BorrowedFd<'_>, path: &Path, mode: Mode) -> io::Result<()> {
    Ok(mkfifoat(dir, path, mode)?)
}
