//! std's handle traits, for both ends.
#![allow(unsafe_code)]

use std::os::windows::io::{
    AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, IntoRawHandle, OwnedHandle, RawHandle,
};

use crate::{Receiver, Sender};

impl AsHandle for Sender {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.inner.as_handle()
    }
}

impl AsRawHandle for Sender {
    fn as_raw_handle(&self) -> RawHandle {
        self.as_handle().as_raw_handle()
    }
}

/// Gives away an overlapped handle: not the one the Sender had, but another for the same end.
///
/// What was written and has not gone out yet still does, while the event loop runs.
impl From<Sender> for OwnedHandle {
    fn from(sender: Sender) -> OwnedHandle {
        sender.inner.into()
    }
}

/// Gives away an overlapped handle; see `From<Sender> for OwnedHandle`.
impl IntoRawHandle for Sender {
    fn into_raw_handle(self) -> RawHandle {
        OwnedHandle::from(self).into_raw_handle()
    }
}

/// Takes the handle as it is. It must be overlapped; prefer [`Sender::from_handle`], which checks
/// that.
impl FromRawHandle for Sender {
    unsafe fn from_raw_handle(handle: RawHandle) -> Sender {
        // SAFETY: `OwnedHandle::from_raw_handle` wants an open handle that `CloseHandle` closes and
        // that nobody else owns: exactly what this trait asks of its caller.
        let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
        Sender {
            inner: handle.into(),
        }
    }
}

impl AsHandle for Receiver {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.inner.as_handle()
    }
}

impl AsRawHandle for Receiver {
    fn as_raw_handle(&self) -> RawHandle {
        self.as_handle().as_raw_handle()
    }
}

/// Gives away an overlapped handle: not the one the Receiver had, but another for the same end.
///
/// What the event loop has read ahead, 64 KiB at most, is lost. Convert an end that was never
/// registered, or that has nothing to read.
impl From<Receiver> for OwnedHandle {
    fn from(receiver: Receiver) -> OwnedHandle {
        receiver.inner.into()
    }
}

/// Gives away an overlapped handle; see `From<Receiver> for OwnedHandle`.
impl IntoRawHandle for Receiver {
    fn into_raw_handle(self) -> RawHandle {
        OwnedHandle::from(self).into_raw_handle()
    }
}

/// Takes the handle as it is. It must be overlapped; prefer [`Receiver::from_handle`], which checks
/// that.
impl FromRawHandle for Receiver {
    unsafe fn from_raw_handle(handle: RawHandle) -> Receiver {
        // SAFETY: as for `Sender`.
        let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
        Receiver {
            inner: handle.into(),
        }
    }
}
