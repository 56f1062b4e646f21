//! std's descriptor traits, for both ends.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use crate::{Receiver, Sender};

impl AsFd for Sender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl AsRawFd for Sender {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Gives the descriptor away in the mode it has: non-blocking, unless that was changed.
impl From<Sender> for OwnedFd {
    fn from(sender: Sender) -> OwnedFd {
        sender.inner.into()
    }
}

/// Gives the descriptor away in the mode it has: non-blocking, unless that was changed.
impl IntoRawFd for Sender {
    fn into_raw_fd(self) -> RawFd {
        OwnedFd::from(self).into_raw_fd()
    }
}

/// Takes the descriptor as it is. Prefer [`Sender::from_fd`], which checks it and makes it
/// non-blocking.
impl FromRawFd for Sender {
    unsafe fn from_raw_fd(fd: RawFd) -> Sender {
        // SAFETY: `OwnedFd::from_raw_fd` wants an open descriptor that needs nothing but close(2)
        // and that nobody else owns: exactly what this trait asks of its caller.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Sender { inner: fd.into() }
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl AsRawFd for Receiver {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Gives the descriptor away in the mode it has: non-blocking, unless that was changed.
impl From<Receiver> for OwnedFd {
    fn from(receiver: Receiver) -> OwnedFd {
        receiver.inner.into()
    }
}

/// Gives the descriptor away in the mode it has: non-blocking, unless that was changed.
impl IntoRawFd for Receiver {
    fn into_raw_fd(self) -> RawFd {
        OwnedFd::from(self).into_raw_fd()
    }
}

/// Takes the descriptor as it is. Prefer [`Receiver::from_fd`], which checks it and makes it
/// non-blocking.
impl FromRawFd for Receiver {
    unsafe fn from_raw_fd(fd: RawFd) -> Receiver {
        // SAFETY: as for `Sender`.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Receiver { inner: fd.into() }
    }
}
