use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle};
use std::{error, fmt, io};

use windows_sys::Wdk::Storage::FileSystem::{FILE_PIPE_CLOSING_STATE, FILE_PIPE_CONNECTED_STATE};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_READ_DATA, FILE_TYPE_CHAR, FILE_TYPE_DISK, FILE_TYPE_PIPE, FILE_WRITE_DATA,
};

use crate::sys::windows::query;
use crate::{Receiver, Sender};

impl Sender {
    /// Makes a Sender of a handle that is the writing end of a pipe.
    ///
    /// A handle that is open for both directions will do. It must be **overlapped**, which only
    /// whoever opens it can decide: `FILE_FLAG_OVERLAPPED` for `CreateNamedPipe` and `CreateFile`.
    /// The handles of `CreatePipe`, and of std's anonymous pipes, are not. And it must not have been
    /// registered with an event loop before, or registering fails.
    ///
    /// # Errors
    ///
    /// The error holds the handle, unchanged; see [`FromHandleError`].
    ///
    /// - kind [`InvalidInput`](io::ErrorKind::InvalidInput), no raw code: the handle is not a pipe,
    ///   it is not overlapped, it is open for reading only, or nobody is connected to it.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::os::windows::io::OwnedHandle;
    ///
    /// let (sender, receiver) = mio_pipe::new_pipe()?;
    /// let handle: OwnedHandle = sender.into();
    /// let sender = mio_pipe::Sender::from_handle(handle)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_handle(handle: impl Into<OwnedHandle>) -> Result<Sender, FromHandleError> {
        let handle = check(handle.into(), FILE_WRITE_DATA)?;
        Ok(Sender {
            inner: handle.into(),
        })
    }
}

impl Receiver {
    /// Makes a Receiver of a handle that is the reading end of a pipe; see [`Sender::from_handle`].
    ///
    /// # Errors
    ///
    /// The error holds the handle, unchanged; see [`FromHandleError`].
    ///
    /// - kind [`InvalidInput`](io::ErrorKind::InvalidInput), no raw code: the handle is not a pipe,
    ///   it is not overlapped, it is open for writing only, or nobody is connected to it.
    pub fn from_handle(handle: impl Into<OwnedHandle>) -> Result<Receiver, FromHandleError> {
        let handle = check(handle.into(), FILE_READ_DATA)?;
        Ok(Receiver {
            inner: handle.into(),
        })
    }
}

/// Hands `handle` back if it is an overlapped end of a pipe that is open for `access`.
fn check(handle: OwnedHandle, access: u32) -> Result<OwnedHandle, FromHandleError> {
    let borrowed = handle.as_handle();
    let checked = check_type(borrowed)
        .and_then(|()| check_access(borrowed, access))
        .and_then(|()| check_overlapped(borrowed));
    match checked {
        Ok(()) => Ok(handle),
        Err(error) => Err(FromHandleError { handle, error }),
    }
}

fn check_type(handle: BorrowedHandle<'_>) -> io::Result<()> {
    let what = match query::file_type(handle) {
        // Sockets call themselves pipes too; but they have no state of one.
        FILE_TYPE_PIPE => match query::pipe_state(handle) {
            Ok(None | Some(FILE_PIPE_CONNECTED_STATE | FILE_PIPE_CLOSING_STATE)) => return Ok(()),
            Ok(Some(_)) => {
                return invalid_input("nobody is connected to the other side of the pipe");
            }
            Err(_) => "not a pipe, but a socket or something else",
        },
        FILE_TYPE_DISK => "not a pipe, but a file or directory",
        FILE_TYPE_CHAR => "not a pipe, but a console or other device",
        _ => "not a pipe, but something else",
    };
    invalid_input(what)
}

fn check_access(handle: BorrowedHandle<'_>, wanted: u32) -> io::Result<()> {
    if query::access(handle)? & wanted != 0 {
        return Ok(());
    }
    invalid_input(match wanted {
        FILE_WRITE_DATA => "a Sender needs the writing end, but this one may not be written",
        _ => "a Receiver needs the reading end, but this one may not be read",
    })
}

fn check_overlapped(handle: BorrowedHandle<'_>) -> io::Result<()> {
    match query::is_overlapped(handle)? {
        true => Ok(()),
        false => invalid_input("the pipe was not opened with FILE_FLAG_OVERLAPPED: it would block"),
    }
}

fn invalid_input<T>(sentence: &str) -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::InvalidInput, sentence))
}

/// A handle that cannot be an end of a pipe, and why.
///
/// It converts into [`io::Error`], so that `?` works in a function that returns that; the handle is
/// closed then. [`into_handle`](FromHandleError::into_handle) keeps it.
#[derive(Debug)]
pub struct FromHandleError {
    handle: OwnedHandle,
    error: io::Error,
}

impl FromHandleError {
    /// Why the handle was refused.
    pub fn error(&self) -> &io::Error {
        &self.error
    }

    /// The handle, exactly as it was given.
    pub fn into_handle(self) -> OwnedHandle {
        self.handle
    }
}

impl AsHandle for FromHandleError {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}

impl AsRawHandle for FromHandleError {
    fn as_raw_handle(&self) -> RawHandle {
        self.handle.as_raw_handle()
    }
}

impl From<FromHandleError> for io::Error {
    fn from(err: FromHandleError) -> io::Error {
        err.error
    }
}

impl fmt::Display for FromHandleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl error::Error for FromHandleError {}
