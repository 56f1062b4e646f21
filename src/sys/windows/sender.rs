//! The Sender: one write at a time is under way.

use std::io::{self, IoSlice, Write};
use std::os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle};
use std::process::ChildStdin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::{cmp, fmt};

use mio::{Interest, Registry, Token, event};
use windows_sys::Win32::Foundation::ERROR_NO_DATA;

use super::end::{End, Farewell};
use super::{CHUNK, is_unregistered, query, would_block};

pub(crate) struct Sender {
    end: End,
    /// Bytes that one write takes at most: what the pipe holds. mio would take, and copy, any number.
    limit: usize,
}

impl Sender {
    /// The Sender of a pipe that holds `capacity` bytes and whose Receiver is told of its drop.
    pub(super) fn new(handle: OwnedHandle, capacity: usize, dropped: Arc<AtomicBool>) -> Sender {
        Sender {
            end: End::new(handle, Farewell::Tell(dropped)),
            limit: cmp::max(capacity, CHUNK),
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

    pub(crate) fn try_clone(&self) -> io::Result<Sender> {
        super::try_clone()
    }

    pub(crate) fn write(&self, buf: &[u8]) -> io::Result<usize> {
        // The other side would take a write of no bytes for the end of the pipe.
        if buf.is_empty() {
            return Ok(0);
        }
        let buf = &buf[..buf.len().min(self.limit)];
        self.written((&self.end.pipe).write(buf))
    }

    pub(crate) fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut left = self.limit;
        let mut some = Vec::with_capacity(bufs.len());
        for buf in bufs.iter().filter(|buf| !buf.is_empty()) {
            let len = buf.len().min(left);
            if len == 0 {
                break;
            }
            some.push(IoSlice::new(&buf[..len]));
            left -= len;
        }
        match some.is_empty() {
            true => Ok(0),
            false => self.written((&self.end.pipe).write_vectored(&some)),
        }
    }

    /// What the result of mio's write means.
    fn written(&self, result: io::Result<usize>) -> io::Result<usize> {
        match result {
            Err(err) if is_unregistered(&err) => {
                if self.is_receiver_dropped()? {
                    return broken_pipe();
                }
                would_block()
            }
            Err(err) if query::is_gone(&err) => {
                self.end.know_gone();
                // One of the three codes, "not connected", has no kind in std.
                match err.kind() {
                    io::ErrorKind::BrokenPipe => Err(err),
                    _ => broken_pipe(),
                }
            }
            result => result,
        }
    }

    pub(crate) fn is_receiver_dropped(&self) -> io::Result<bool> {
        self.end.is_peer_gone()
    }
}

fn broken_pipe<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(ERROR_NO_DATA as i32))
}

impl event::Source for Sender {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.end.register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.end.pipe.reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.end.pipe.deregister(registry)
    }
}

impl From<OwnedHandle> for Sender {
    /// Takes the handle as it is.
    fn from(handle: OwnedHandle) -> Sender {
        Sender {
            end: End::new(handle, Farewell::Nothing),
            limit: CHUNK,
        }
    }
}

impl From<Sender> for OwnedHandle {
    fn from(sender: Sender) -> OwnedHandle {
        sender.end.into_handle()
    }
}

impl AsHandle for Sender {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.end.as_handle()
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_handle().fmt(f)
    }
}

/// std's handle is overlapped on this side.
impl From<ChildStdin> for Sender {
    fn from(stdin: ChildStdin) -> Sender {
        OwnedHandle::from(stdin).into()
    }
}
