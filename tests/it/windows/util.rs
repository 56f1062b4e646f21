//! Windows' own words.

use std::fs::{File, OpenOptions};
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use windows_sys::Win32::Foundation::{
    GENERIC_READ, GENERIC_WRITE, GetHandleInformation, HANDLE_FLAG_INHERIT, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_OVERLAPPED, PIPE_ACCESS_DUPLEX};
use windows_sys::Win32::System::Pipes::{CreateNamedPipeW, GetNamedPipeInfo, PIPE_TYPE_BYTE};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, GetProcessHandleCount};

/// How many handles this process has open.
#[track_caller]
pub fn handle_count() -> u32 {
    let mut count = 0;
    // SAFETY: no precondition.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: the pseudo handle is always open, and `count` is a local variable.
    let result = unsafe { GetProcessHandleCount(process, &mut count) };
    assert_ne!(result, 0);
    count
}

/// Whether children that are started from now on would have `handle`.
#[track_caller]
pub fn is_inheritable(handle: BorrowedHandle<'_>) -> bool {
    let mut flags = 0;
    // SAFETY: the handle is open as long as it is borrowed, and `flags` is a local variable.
    let result = unsafe { GetHandleInformation(handle.as_raw_handle(), &mut flags) };
    assert_ne!(result, 0);
    flags & HANDLE_FLAG_INHERIT != 0
}

/// Bytes that the pipe takes from the other side of `handle`.
#[track_caller]
pub fn inbound_size(handle: BorrowedHandle<'_>) -> u32 {
    let mut size = 0;
    // SAFETY: the handle is open as long as it is borrowed, `size` is a local variable, and the rest
    // is not asked for.
    let result = unsafe {
        GetNamedPipeInfo(
            handle.as_raw_handle(),
            ptr::null_mut(),
            ptr::null_mut(),
            &mut size,
            ptr::null_mut(),
        )
    };
    assert_ne!(result, 0, "{}", std::io::Error::last_os_error());
    size
}

/// A named pipe of somebody else's making: the server's handle, and its name.
#[track_caller]
pub fn foreign_server(flags: u32) -> (OwnedHandle, String) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!(r"\\.\pipe\mio-pipe-test.{}.{number}", std::process::id());
    let wide: Vec<u16> = name.encode_utf16().chain([0]).collect();
    // SAFETY: the name ends in a zero, and no attributes are given.
    let handle = unsafe {
        CreateNamedPipeW(
            wide.as_ptr(),
            PIPE_ACCESS_DUPLEX | flags,
            PIPE_TYPE_BYTE,
            1,
            4096,
            4096,
            0,
            ptr::null(),
        )
    };
    assert_ne!(handle, INVALID_HANDLE_VALUE);
    // SAFETY: the handle was just made, and nobody else owns it.
    (unsafe { OwnedHandle::from_raw_handle(handle) }, name)
}

/// A pipe of somebody else's making: the server's handle, overlapped, and the blocking other side.
#[track_caller]
pub fn foreign_pipe() -> (OwnedHandle, File) {
    let (server, name) = foreign_server(FILE_FLAG_OVERLAPPED);
    let client = OpenOptions::new()
        .access_mode(GENERIC_READ | GENERIC_WRITE)
        .open(name)
        .unwrap();
    (server, client)
}
