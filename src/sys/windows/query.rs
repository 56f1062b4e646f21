//! Questions to the OS about a handle. None of them waits, consumes data, or completes through a
//! completion port.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsRawHandle, BorrowedHandle};
use std::ptr;

use windows_sys::Wdk::Foundation::{NtQueryObject, ObjectBasicInformation};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_ACCESS_INFORMATION, FILE_INFORMATION_CLASS, FILE_MODE_INFORMATION,
    FILE_PIPE_CONNECTED_STATE, FILE_PIPE_LOCAL_INFORMATION, FILE_SYNCHRONOUS_IO_ALERT,
    FILE_SYNCHRONOUS_IO_NONALERT, FileAccessInformation, FileModeInformation,
    FilePipeLocalInformation, NtQueryInformationFile,
};
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_PIPE_NOT_CONNECTED, NTSTATUS,
    RtlNtStatusToDosError,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE, GetFileType};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;
use windows_sys::Win32::System::WindowsProgramming::PUBLIC_OBJECT_BASIC_INFORMATION;
use windows_sys::core::BOOL;

/// What a function returned that says `FALSE` for failure.
pub(super) fn ok(result: BOOL) -> io::Result<()> {
    match result {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// What a function returned that says why it failed; negative is failure.
pub(super) fn success(status: NTSTATUS) -> io::Result<()> {
    if status >= 0 {
        return Ok(());
    }
    // SAFETY: `RtlNtStatusToDosError` looks its argument up in a table, whatever it is.
    let code = unsafe { RtlNtStatusToDosError(status) };
    Err(io::Error::from_raw_os_error(code as i32))
}

/// Whether `err` says that the other side of a pipe is gone: closed, closing, or disconnected.
pub(super) fn is_gone(err: &io::Error) -> bool {
    [ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_PIPE_NOT_CONNECTED]
        .iter()
        .any(|&code| is(err, code))
}

fn is(err: &io::Error, code: u32) -> bool {
    err.raw_os_error() == Some(code as i32)
}

/// Whether the other side of the pipe has closed or disconnected. Data may be left.
pub(super) fn is_peer_gone(handle: BorrowedHandle<'_>) -> io::Result<bool> {
    match file_info::<FILE_PIPE_LOCAL_INFORMATION>(handle) {
        Ok(info) => Ok(info.NamedPipeState != FILE_PIPE_CONNECTED_STATE),
        Err(err) if is_gone(&err) => Ok(true),
        // The handle may do nothing but write, as std's to a child's stdin.
        Err(err) if is(&err, ERROR_ACCESS_DENIED) => super::probe::is_client_gone(handle),
        Err(err) => Err(err),
    }
}

/// How many bytes the OS holds for this end.
pub(super) fn readable(handle: BorrowedHandle<'_>) -> io::Result<usize> {
    match file_info::<FILE_PIPE_LOCAL_INFORMATION>(handle) {
        Ok(info) => Ok(info.ReadDataAvailable as usize),
        Err(err) if is_gone(&err) => Ok(0),
        Err(err) => Err(err),
    }
}

/// The state of the pipe that `handle` is an end of, `FILE_PIPE_CONNECTED_STATE` for example; `None`
/// if the handle may not ask. An error means that this is no pipe.
pub(crate) fn pipe_state(handle: BorrowedHandle<'_>) -> io::Result<Option<u32>> {
    match file_info::<FILE_PIPE_LOCAL_INFORMATION>(handle) {
        Ok(info) => Ok(Some(info.NamedPipeState)),
        Err(err) if is(&err, ERROR_ACCESS_DENIED) => Ok(None),
        Err(err) => Err(err),
    }
}

/// `FILE_TYPE_PIPE` and the like.
pub(crate) fn file_type(handle: BorrowedHandle<'_>) -> FILE_TYPE {
    // SAFETY: `GetFileType` wants an open handle, which a `BorrowedHandle` is.
    unsafe { GetFileType(handle.as_raw_handle()) }
}

/// Whether reads and writes on the handle return before they are done.
pub(crate) fn is_overlapped(handle: BorrowedHandle<'_>) -> io::Result<bool> {
    let mode = file_info::<FILE_MODE_INFORMATION>(handle)?.Mode;
    Ok(mode & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT) == 0)
}

/// What may be done with the handle: `FILE_READ_DATA` and the like.
pub(crate) fn access(handle: BorrowedHandle<'_>) -> io::Result<u32> {
    Ok(file_info::<FILE_ACCESS_INFORMATION>(handle)?.AccessFlags)
}

/// Whether no other handle, of this process or another, stands for the same end.
pub(super) fn is_only_handle(handle: BorrowedHandle<'_>) -> bool {
    let mut info = PUBLIC_OBJECT_BASIC_INFORMATION::default();
    // SAFETY: `NtQueryObject` wants an open handle, which a `BorrowedHandle` is, and a buffer of the
    // length it is given, made for the class it is given.
    let status = unsafe {
        NtQueryObject(
            handle.as_raw_handle(),
            ObjectBasicInformation,
            (&raw mut info).cast(),
            size_of_val(&info) as u32,
            ptr::null_mut(),
        )
    };
    status >= 0 && info.HandleCount == 1
}

/// # Safety
///
/// `Self` is the structure that `NtQueryInformationFile` fills for `CLASS`, and any bytes are valid
/// in it.
unsafe trait FileInfo: Default {
    const CLASS: FILE_INFORMATION_CLASS;
}

// SAFETY: the documentation of the class names this structure; it has integers only.
unsafe impl FileInfo for FILE_PIPE_LOCAL_INFORMATION {
    const CLASS: FILE_INFORMATION_CLASS = FilePipeLocalInformation;
}

// SAFETY: as above.
unsafe impl FileInfo for FILE_MODE_INFORMATION {
    const CLASS: FILE_INFORMATION_CLASS = FileModeInformation;
}

// SAFETY: as above.
unsafe impl FileInfo for FILE_ACCESS_INFORMATION {
    const CLASS: FILE_INFORMATION_CLASS = FileAccessInformation;
}

fn file_info<T: FileInfo>(handle: BorrowedHandle<'_>) -> io::Result<T> {
    let mut info = T::default();
    let mut block = IO_STATUS_BLOCK::default();
    // SAFETY: `NtQueryInformationFile` wants an open handle, which a `BorrowedHandle` is; a buffer of
    // the length it is given and made for the class, which `FileInfo` promises; and a status block.
    // It is done when it returns, also for an overlapped handle, so that both may be local.
    let status = unsafe {
        NtQueryInformationFile(
            handle.as_raw_handle(),
            &mut block,
            (&raw mut info).cast(),
            size_of::<T>() as u32,
            T::CLASS,
        )
    };
    success(status)?;
    Ok(info)
}
