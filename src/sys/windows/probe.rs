//! Whether the other side is gone, for a handle that may do nothing but write.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_IO_PENDING, ERROR_PIPE_CONNECTED};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Pipes::ConnectNamedPipe;
use windows_sys::Win32::System::Threading::CreateEventW;

use super::query::is_gone;

/// Asks the server's handle of a pipe to wait for a client.
///
/// That is the one question which needs no right at all. The client is there (`ERROR_PIPE_CONNECTED`)
/// or was there and has closed (`ERROR_NO_DATA`), and both are said at once. A client's handle is
/// refused.
pub(super) fn is_client_gone(handle: BorrowedHandle<'_>) -> io::Result<bool> {
    // SAFETY: `CreateEventW` takes null for the attributes and for the name.
    let event = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
    if event.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `from_raw_handle` wants a handle that is open and that nobody else owns. The call above
    // has just made it, and did not fail.
    let event = unsafe { OwnedHandle::from_raw_handle(event) };
    let mut overlapped = OVERLAPPED {
        // The lowest bit keeps the result out of the completion port, where mio would find it.
        hEvent: event.as_raw_handle().map_addr(|address| address | 1),
        ..OVERLAPPED::default()
    };
    // SAFETY: `ConnectNamedPipe` wants an `OVERLAPPED` that stays in place, and is used for nothing
    // else, until the operation has ended: if it has not yet, `end` sees to that before this function
    // returns.
    let result = unsafe { ConnectNamedPipe(handle.as_raw_handle(), &mut overlapped) };
    match io::Error::last_os_error() {
        _ if result != 0 => Ok(false),
        err if err.raw_os_error() == Some(ERROR_PIPE_CONNECTED as i32) => Ok(false),
        err if err.raw_os_error() == Some(ERROR_IO_PENDING as i32) => {
            // Nobody is connected: somebody who shares the handle has disconnected the pipe.
            end(handle, &mut overlapped);
            Ok(true)
        }
        err if is_gone(&err) => Ok(true),
        err => Err(err),
    }
}

/// Cancels the pending operation and waits until it has ended.
fn end(handle: BorrowedHandle<'_>, overlapped: &mut OVERLAPPED) {
    // SAFETY: `CancelIoEx` only compares the pointer with those of pending operations.
    unsafe { CancelIoEx(handle.as_raw_handle(), overlapped) };
    let mut bytes = 0;
    // SAFETY: `GetOverlappedResult` wants the `OVERLAPPED` of an operation of this handle, with an
    // event if it shall wait. It was given to `ConnectNamedPipe` together with both.
    unsafe { GetOverlappedResult(handle.as_raw_handle(), overlapped, &mut bytes, 1) };
}
