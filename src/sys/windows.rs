//! The Windows back-end: mio's named pipes, created here, with the portable contract around them.
//!
//! mio turns completions into readiness with buffers of its own. It always has one read under way,
//! and hands out what that brought; a write is copied whole, goes out by itself, and blocks the next
//! one until the loop has seen it end. What that changes for the user is told in `os::windows`; what
//! could be hidden is hidden here:
//!
//! - mio refuses I/O on an end that is not registered (`NotFound`); here that is `WouldBlock`, or
//!   what is known of the other side.
//! - mio reports a closed pipe once per attempt to use it, and not at all while not registered.
//! - A write of no bytes, by whatever program has the other side, makes mio return `Ok(0)`, which
//!   would be EOF.
//! - mio's buffer cannot be looked into, so `available` moves it into one of ours.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Options;
use create::DEFAULT_CAPACITY;

mod create;
mod end;
mod probe;
pub(crate) mod query;
mod receiver;
mod security;
mod sender;

pub(crate) use receiver::Receiver;
pub(crate) use sender::Sender;

/// A short read says nothing: mio hands out what one read of its own brought.
pub(crate) const SHORT_READ_ARMS: bool = false;

/// Bytes that are moved at a time: what mio reads at most.
const CHUNK: usize = 64 * 1024;

/// As much as possible at a time, since each write takes a turn of the loop.
pub(crate) fn io_slice() -> usize {
    usize::MAX
}

pub(crate) fn new_pipe(options: &Options) -> io::Result<(Sender, Receiver)> {
    // A pipe of no bytes would hold up each write until it is read.
    let wish = options
        .capacity
        .map(|bytes| u32::try_from(bytes.max(1)).unwrap_or(u32::MAX));
    let granted = wish.and_then(|wish| Some((wish, create::pipe(wish).ok()?)));
    // Without the memory for it, the pipe gets what it gets without a wish.
    let (capacity, (receiver, sender)) = match granted {
        Some(granted) => granted,
        None => (DEFAULT_CAPACITY, create::pipe(DEFAULT_CAPACITY)?),
    };
    let sender_dropped = Arc::new(AtomicBool::new(false));
    Ok((
        Sender::new(sender, capacity as usize, Arc::clone(&sender_dropped)),
        Receiver::new(receiver, sender_dropped),
    ))
}

pub(crate) fn child_stdin() -> io::Result<(Sender, Stdio)> {
    let (sender, stdin) = create::to_child()?;
    Ok((sender.into(), stdin.into()))
}

pub(crate) fn child_output() -> io::Result<(OwnedHandle, Receiver)> {
    let (receiver, output) = create::from_child()?;
    Ok((output, receiver.into()))
}

fn unsupported<T>(sentence: &'static str) -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::Unsupported, sentence))
}

fn set_nonblocking(nonblocking: bool) -> io::Result<()> {
    match nonblocking {
        true => Ok(()),
        false => unsupported("an overlapped pipe handle cannot be made blocking"),
    }
}

fn try_io<T>() -> io::Result<T> {
    unsupported("on Windows only the event loop itself may read or write a pipe it watches")
}

fn try_clone<T>() -> io::Result<T> {
    unsupported("a completion port watches one handle of a pipe end, so that it has no clones")
}

/// Whether mio refused because the end is not registered.
fn is_unregistered(err: &io::Error) -> bool {
    err.kind() == io::ErrorKind::NotFound && err.raw_os_error().is_none()
}

fn would_block<T>() -> io::Result<T> {
    Err(io::ErrorKind::WouldBlock.into())
}
