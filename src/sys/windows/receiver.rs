//! The Receiver: what mio's reads have brought, and what they say about the end.

use std::fmt;
use std::io::{self, IoSliceMut, Read};
use std::os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle};
use std::process::{ChildStderr, ChildStdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mio::{Interest, Registry, Token, event};
use windows_sys::Win32::Foundation::ERROR_OPERATION_ABORTED;

use super::end::{End, Farewell};
use super::{CHUNK, is_unregistered, query, would_block};

pub(crate) struct Receiver {
    end: End,
    /// What `available` has taken from mio, and `read` has not handed out yet.
    ahead: Mutex<Vec<u8>>,
    /// Set by the drop of the Sender, if that was made together with this end.
    sender_dropped: Option<Arc<AtomicBool>>,
}

impl Receiver {
    /// The Receiver of a pipe that it ends when dropped, and whose Sender sets `sender_dropped`.
    pub(super) fn new(handle: OwnedHandle, sender_dropped: Arc<AtomicBool>) -> Receiver {
        Receiver {
            end: End::new(handle, Farewell::Disconnect),
            ahead: Mutex::default(),
            sender_dropped: Some(sender_dropped),
        }
    }

    pub(crate) fn id(&self) -> usize {
        self.end.id()
    }

    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        super::set_nonblocking(nonblocking)
    }

    pub(crate) fn try_io<T>(&self, _: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        super::try_io()
    }

    pub(crate) fn try_clone(&self) -> io::Result<Receiver> {
        super::try_clone()
    }

    pub(crate) fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.read_vectored(&mut [IoSliceMut::new(buf)])
    }

    pub(crate) fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        // Into no buffer nothing is read. mio would take a noted error for that.
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        let mut ahead = self.ahead();
        if ahead.is_empty() {
            return self.read_pipe(bufs);
        }
        let n = ahead.as_slice().read_vectored(bufs)?;
        ahead.drain(..n);
        Ok(n)
    }

    pub(crate) fn read_into(&self, buf: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
        // mio reads into initialised memory only.
        let len = buf.len();
        let spare = (buf.capacity() - len).min(limit).min(CHUNK);
        buf.resize(len + spare, 0);
        let result = self.read(&mut buf[len..]);
        buf.truncate(len + result.as_ref().map_or(0, |&n| n));
        result
    }

    pub(crate) fn is_sender_dropped(&self) -> io::Result<bool> {
        let told = |dropped: &Arc<AtomicBool>| dropped.load(Ordering::Acquire);
        Ok(self.sender_dropped.as_ref().is_some_and(told) || self.end.is_peer_gone()?)
    }

    pub(crate) fn available(&self) -> io::Result<usize> {
        let mut ahead = self.ahead();
        // Once enough has gathered the rest stays with mio: whoever only asks does not fill memory.
        if ahead.len() < CHUNK {
            let len = ahead.len();
            ahead.resize(len + CHUNK, 0);
            let result = self.read_pipe(&mut [IoSliceMut::new(&mut ahead[len..])]);
            ahead.truncate(len + result.as_ref().map_or(0, |&n| n));
            match result {
                Err(err) if err.kind() != io::ErrorKind::WouldBlock => return Err(err),
                _ => {}
            }
        }
        Ok(ahead.len() + query::readable(self.as_handle())?)
    }

    fn ahead(&self) -> MutexGuard<'_, Vec<u8>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads from mio. The lock on `ahead` keeps others from doing so at the same time.
    fn read_pipe(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if self.end.is_known_gone() {
            return Ok(0);
        }
        let (mut drained, mut nothing) = (false, 0);
        loop {
            match (&self.end.pipe).read_vectored(bufs) {
                Ok(0) => {}
                // `cancel_read` was here.
                Err(err) if err.raw_os_error() == Some(ERROR_OPERATION_ABORTED as i32) => continue,
                Err(err) if is_unregistered(&err) && !self.is_drained()? => return would_block(),
                Err(err) if is_unregistered(&err) || query::is_gone(&err) => break,
                result => return result,
            }
            // The end, or somebody wrote no bytes. Once the OS has nothing left and nobody to write
            // it, mio can still have one such write; a second "nothing" is the end.
            if drained {
                nothing += 1;
            } else {
                drained = self.is_drained()?;
            }
            if nothing == 2 {
                break;
            }
        }
        self.end.know_gone();
        Ok(0)
    }

    /// Whether the other side is gone and the OS has nothing left.
    fn is_drained(&self) -> io::Result<bool> {
        Ok(self.end.is_peer_gone()? && query::readable(self.as_handle())? == 0)
    }

    /// Sees to the event that is owed after registering: of what is in `ahead`, mio knows nothing.
    fn announce(&self) {
        if !self.ahead().is_empty() {
            self.end.cancel_read();
        }
    }
}

impl event::Source for Receiver {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.end.register(registry, token, interests)?;
        self.announce();
        Ok(())
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.end.pipe.reregister(registry, token, interests)?;
        self.announce();
        Ok(())
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.end.pipe.deregister(registry)
    }
}

impl From<OwnedHandle> for Receiver {
    /// Takes the handle as it is.
    fn from(handle: OwnedHandle) -> Receiver {
        Receiver {
            end: End::new(handle, Farewell::Nothing),
            ahead: Mutex::default(),
            sender_dropped: None,
        }
    }
}

impl From<Receiver> for OwnedHandle {
    fn from(receiver: Receiver) -> OwnedHandle {
        receiver.end.into_handle()
    }
}

impl AsHandle for Receiver {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.end.as_handle()
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_handle().fmt(f)
    }
}

// std's handles are overlapped on this side.

impl From<ChildStdout> for Receiver {
    fn from(stdout: ChildStdout) -> Receiver {
        OwnedHandle::from(stdout).into()
    }
}

impl From<ChildStderr> for Receiver {
    fn from(stderr: ChildStderr) -> Receiver {
        OwnedHandle::from(stderr).into()
    }
}
