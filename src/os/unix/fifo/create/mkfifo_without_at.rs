//! mkfifo(2), where rustix has no mkfifoat(2) (Apple, which lacked it before macOS 13), or has it
//! over a mknodat(2) that makes no FIFOs (DragonFly BSD).
#![allow(unsafe_code)]

use std::ffi::{CString, c_char, c_int};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{CWD, Mode};

unsafe extern "C" {
    // mode_t has 16 bits on these systems.
    fn mkfifo(path: *const c_char, mode: u16) -> c_int;
}

pub(super) fn mkfifo_at(dir: BorrowedFd<'_>, path: &Path, mode: Mode) -> io::Result<()> {
    if path.is_relative() && dir.as_raw_fd() != CWD.as_raw_fd() {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this platform makes no FIFO relative to a directory descriptor",
        ));
    }
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: mkfifo(2) wants a string that ends with a NUL byte and lives through the call: `path`
    // was made by `CString::new` and is dropped after it.
    match unsafe { mkfifo(path.as_ptr(), mode.as_raw_mode()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
