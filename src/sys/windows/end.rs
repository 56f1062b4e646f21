//! What both ends have in common: mio's named pipe, and the handle in it.
#![allow(unsafe_code)]

use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle};
use std::os::windows::io::{IntoRawHandle, OwnedHandle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, mem, ptr};

use mio::event::Source;
use mio::windows::NamedPipe;
use mio::{Interest, Registry, Token};
use windows_sys::Win32::System::IO::CancelIoEx;

use super::query;

pub(super) struct End {
    pub(super) pipe: NamedPipe,
    /// The event loop this end belongs to from its first registration on, kept beyond its `Poll`:
    /// only a loop can tell mio that the cancelled read has ended, and mio closes the handle no
    /// sooner. The last end that goes makes mio look once more, for which this field must be dropped
    /// after `pipe`.
    registry: Option<Registry>,
    /// Set once a read or write has said that the other side is gone: mio says it once.
    gone: AtomicBool,
    farewell: Farewell,
}

/// What is done when the end is dropped, beyond closing it, unless its handle was duplicated.
///
/// mio closes a handle only once the loop has seen that the read under way was cancelled, and that
/// may be late.
pub(super) enum Farewell {
    Nothing,
    /// Disconnects the pipe: the other side learns of it at once. What it has not read is lost.
    Disconnect,
    /// Tells the other end, which is in this process.
    Tell(Arc<AtomicBool>),
}

impl End {
    /// Takes the handle as it is. It must be overlapped and not in use with a completion port, or
    /// registering or polling will fail.
    pub(super) fn new(handle: OwnedHandle, farewell: Farewell) -> End {
        // SAFETY: `from_raw_handle` wants an open handle that nobody else owns: `into_raw_handle`
        // has just given up this one.
        let pipe = unsafe { NamedPipe::from_raw_handle(handle.into_raw_handle()) };
        End {
            pipe,
            registry: None,
            gone: AtomicBool::new(false),
            farewell,
        }
    }

    pub(super) fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        let kept = registry.try_clone()?;
        self.pipe.register(registry, token, interests)?;
        self.registry = Some(kept);
        Ok(())
    }

    pub(super) fn id(&self) -> usize {
        self.pipe.as_raw_handle() as usize
    }

    pub(super) fn is_known_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    pub(super) fn know_gone(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// Asks the OS whether the other side is gone.
    pub(super) fn is_peer_gone(&self) -> io::Result<bool> {
        Ok(self.is_known_gone() || query::is_peer_gone(self.as_handle())?)
    }

    /// Ends the read that mio has under way, so that a readable event comes. The read can be made
    /// again: nothing is lost.
    pub(super) fn cancel_read(&self) {
        // SAFETY: `CancelIoEx` wants an open handle, which `self.pipe` owns, and takes null for
        // "whatever is under way".
        unsafe { CancelIoEx(self.pipe.as_raw_handle(), ptr::null()) };
    }

    /// A handle of the caller's own. mio keeps its handle until the loop has seen the last operation
    /// on it end, so this is another one for the same end.
    pub(super) fn into_handle(self) -> OwnedHandle {
        self.as_handle().try_clone_to_owned().unwrap_or_else(|_| {
            let handle = self.pipe.as_raw_handle();
            mem::forget(self);
            // SAFETY: `from_raw_handle` wants an open handle that nobody else owns. The line above
            // keeps mio's pipe from ever closing it. (What is left of the pipe leaks; this happens
            // only where not one handle more can be had.)
            unsafe { OwnedHandle::from_raw_handle(handle) }
        })
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if matches!(self.farewell, Farewell::Nothing) || !query::is_only_handle(self.as_handle()) {
            return;
        }
        match &self.farewell {
            Farewell::Nothing => {}
            // Nobody is left to report a failure to, and closing the handle does the same, later.
            Farewell::Disconnect => drop(self.pipe.disconnect()),
            Farewell::Tell(dropped) => dropped.store(true, Ordering::Release),
        }
    }
}

impl AsHandle for End {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        // SAFETY: `borrow_raw` wants a handle that stays open as long as the result lives: `self`
        // owns it, and is borrowed that long.
        unsafe { BorrowedHandle::borrow_raw(self.pipe.as_raw_handle()) }
    }
}
