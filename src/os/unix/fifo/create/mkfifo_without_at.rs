//! mkfifo(2), where rustix has no mkfifoat(2) (Apple, which lacked it before macOS 13), or has it
//! over a mknodat(2) that makes no FIFOs (DragonFly BSD). These are the systems with a dependency on
//! nix, for this one call.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode};

pub(super) fn mkfifo(dir: BorrowedFd<'_>, path: &Path, mode: Mode) -> io::Result<()> {
    if path.is_relative() && dir.as_raw_fd() != CWD.as_raw_fd() {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this platform makes no FIFO relative to a directory descriptor",
        ));
    }
    let mode = nix::sys::stat::Mode::from_bits_truncate(mode.as_raw_mode());
    Ok(nix::unistd::mkfifo(path, mode)?)
}
