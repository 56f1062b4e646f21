//! Sending by reference: the pipe gets pages of the ring instead of copies of bytes.
//!
//! # When a byte may be written over
//!
//! vmsplice(2) makes the pipe refer to the page, so that whoever reads later reads what is there
//! *then*. The ring therefore counts positions in the stream:
//!
//! ```text
//!   freed <= sent <= filled <= freed + ring - downstream
//! ```
//!
//! - `filled`: bytes that the caller has put in; `sent`: bytes that the pipe refers to or referred to.
//! - `freed`: bytes that the reader has taken *from this pipe*: `sent` less what `FIONREAD` says is
//!   in the pipe. The kernel moves both under the pipe's lock, so that no read is half done. If others
//!   write to the pipe too, FIONREAD is too much and `freed` too little, which is safe.
//!
//! The byte at position p is written over when `filled` passes p + ring, and by the inequality the
//! reader has then taken more than `downstream` bytes beyond p. A reader that copies, as read(2) does,
//! is done with p long before. One that passes pages on by splice(2) or tee(2) is, too, if the place it
//! passes them on to keeps no more than `downstream` bytes. One that keeps more sees bytes of the same
//! stream that came later in the place of these: wrong bytes, though never anybody else's, because
//! the memory holds nothing but this stream. `pages.rs` says why that is no matter of memory safety.
//!
//! # Why no event is lost
//!
//! The ring is larger than the pipe. If it has no room, something in it is not sent yet, and that is so
//! only because vmsplice(2) said that the pipe is full: an event is owed. The exception is a pipe whose
//! capacity was raised later; the ring notices that it is too small, and takes a larger one. The old
//! pages are unmapped; those that the pipe refers to live on in it.

mod pages;

use std::io;
use std::ops::RangeInclusive;

use rustix::io::{Errno, ioctl_fionread};
use rustix::param::page_size;

use crate::Sender;
use pages::Pages;

/// Bytes that are filled and sent at a time, at least and at most: enough to make little of a system
/// call, and of the other side's event, which comes with each; few enough that they are still in the
/// cache when they are read. Within these bounds, what the pipe holds.
const CHUNK: RangeInclusive<usize> = 64 * 1024..=1024 * 1024;

/// Sends through a pipe without copying: the bytes are put into pages of the ring, and the pipe gets
/// the pages.
///
/// Between a producer that fills memory and a reader, a write costs a copy, and pages to copy to. The
/// ring spares both. It pays for bulk, from some 16 KiB at a time on; small messages are better
/// off in a [`SendQueue`](crate::SendQueue).
///
/// # Events
///
/// Register the Sender, writable, before handing it over or through
/// [`sender_mut`](PageRing::sender_mut). [`fill_with`](PageRing::fill_with) and
/// [`fill`](PageRing::fill) take what there is room for, and send it as far as the pipe has room. If
/// they take less than there is to send, or if [`pending`](PageRing::pending) is not 0, the pipe is full
/// and a writable event follows: call one of them again, or [`flush`](PageRing::flush).
///
/// # What the reader may do
///
/// A reader that reads sees every byte as it was sent. A reader that passes the bytes on inside the
/// kernel, by splice(2) or tee(2), passes on *pages of this ring*, which are written again later. It too
/// sees every byte as it was sent if what it passes them on to never keeps more than `downstream` bytes:
/// the capacity of the pipe it splices to, say. Beyond that, later bytes of the same stream can appear
/// in the place of earlier ones. A TCP socket keeps pages until they are acknowledged, and sends them
/// again if need be: count its send buffer in, or use [`Sender::fill`] for readers that you do not know.
///
/// # Memory
///
/// A ring takes a huge page (2 MiB), or several, where the system has them to give: the kernel looks
/// up each page that is sent, and that costs half as much there. Otherwise it takes what it uses: the
/// pipe's capacity, `downstream`, and the capacity again, but for that at least 64 KiB and at most 1 MiB.
///
/// The memory belongs to the ring alone and holds nothing but this stream: never bytes of another
/// part of the program. It is unmapped on drop; what is in the pipe then stays readable.
///
/// # Platform-specific behavior
///
/// - Kernels, or sandboxes, without vmsplice(2): the ring copies with write(2), with the same result;
///   [`is_zero_copy`](PageRing::is_zero_copy) says so. A kernel that accepts vmsplice(2) but copies makes
///   no difference either, but in speed.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use mio_pipe::{Drained, new_pipe, os::linux::PageRing};
///
/// let (sender, receiver) = new_pipe()?;
/// let mut ring = PageRing::new(sender, 0)?;
///
/// // Produced in place: no copy at all.
/// let n = ring.fill_with(|room| {
///     let n = room.len().min(40_000);
///     room[..n].fill(b'x');
///     n
/// })?;
/// // Or copied in.
/// let m = ring.fill(b"the end")?;
/// assert_eq!((n, m, ring.pending()), (40_000, 7, 0)); // It is all in the pipe.
///
/// let mut received = Vec::new();
/// assert_eq!(receiver.drain(&mut received, 1 << 20)?, Drained::Empty);
/// assert!(received.ends_with(b"xxthe end"));
/// # Ok(())
/// # }
/// ```
///
/// # References
///
/// - [vmsplice(2)](https://man7.org/linux/man-pages/man2/vmsplice.2.html)
#[derive(Debug)]
#[doc(alias = "vmsplice")]
pub struct PageRing {
    sender: Sender,
    pages: Pages,
    chunk: usize,
    downstream: usize,
    filled: u64,
    sent: u64,
    freed: u64,
    copies: bool,
}

impl PageRing {
    /// A ring that sends through `sender`. How large it is depends on the pipe, as described above:
    /// set the pipe's capacity first.
    ///
    /// `downstream` is how many bytes the reader may pass on without copying them and keep there, as
    /// described above; 0 for a reader that reads.
    ///
    /// # Errors
    ///
    /// - `ENOMEM` ([`OutOfMemory`](io::ErrorKind::OutOfMemory)): there is no memory to map.
    /// - those of [`Sender::capacity`].
    pub fn new(sender: Sender, downstream: usize) -> io::Result<PageRing> {
        let (mut pages, chunk) = pages(sender.capacity()?, downstream)?;
        // Of no bytes, so that it is the question alone that is answered.
        let copies = pages.send(0, 0, &sender).is_err_and(is_unsupported);
        Ok(PageRing {
            sender,
            pages,
            chunk,
            downstream,
            filled: 0,
            sent: 0,
            freed: 0,
            copies,
        })
    }

    /// Lends free memory to `produce`, up to 1 MiB and usually as much as the pipe holds.
    /// `produce` puts bytes at its beginning and returns how many; then they are sent.
    ///
    /// Returns that number: the bytes belong to the ring now. 0 if there is no room, in which case
    /// `produce` was not called, and a writable event follows; and 0 if `produce` returned 0. What
    /// the memory holds at first are zeros, or bytes that were sent earlier. A number beyond the end
    /// of the memory counts as all of it.
    ///
    /// # Errors
    ///
    /// Those of sending what was [`pending`](PageRing::pending) before, or of making room; `produce`
    /// was not called then. An error in sending the new bytes is reported by the next call.
    ///
    /// - `EPIPE` ([`BrokenPipe`](io::ErrorKind::BrokenPipe)): every Receiver is gone.
    pub fn fill_with(&mut self, produce: impl FnOnce(&mut [u8]) -> usize) -> io::Result<usize> {
        self.flush()?;
        let (start, len) = self.room()?;
        if len == 0 {
            return Ok(0);
        }
        let n = produce(&mut self.pages.bytes_mut()[start..][..len]).min(len);
        self.filled += n as u64;
        // Whatever is wrong will still be wrong when the next call begins by flushing.
        let _ = self.flush();
        Ok(n)
    }

    /// Copies bytes in and sends them, until everything is in or neither the ring nor the pipe has
    /// room; returns how many were taken.
    ///
    /// Without bytes it only [flushes](PageRing::flush).
    ///
    /// As with [`Sender::fill`], a count below `bytes.len()` means that a writable event follows.
    /// Here it can also follow when everything was taken: see [`pending`](PageRing::pending).
    ///
    /// # Errors
    ///
    /// Those of [`fill_with`](PageRing::fill_with), if nothing was taken.
    pub fn fill(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            self.flush()?;
        }
        let mut taken = 0;
        while taken < bytes.len() {
            let left = &bytes[taken..];
            let copy = |room: &mut [u8]| {
                let n = room.len().min(left.len());
                room[..n].copy_from_slice(&left[..n]);
                n
            };
            match self.fill_with(copy) {
                Ok(0) => break,
                Ok(n) => taken += n,
                Err(_) if taken > 0 => break,
                Err(err) => return Err(err),
            }
        }
        Ok(taken)
    }

    /// Sends what is [`pending`](PageRing::pending), and says whether that was everything; `false`
    /// means that the pipe is full and a writable event follows.
    ///
    /// # Errors
    ///
    /// - `EPIPE` ([`BrokenPipe`](io::ErrorKind::BrokenPipe)): every Receiver is gone. What was not
    ///   sent stays pending.
    pub fn flush(&mut self) -> io::Result<bool> {
        while self.pending() > 0 {
            let start = self.index(self.sent);
            let len = self.pending().min(self.pages.len() - start);
            if self.copies {
                let n = self.sender.fill(&self.pages.bytes()[start..][..len])?;
                self.sent += n as u64;
                if n < len {
                    return Ok(false);
                }
                continue;
            }
            let (sender, pages) = (&self.sender, &mut self.pages);
            match sender.try_io(|| Ok(pages.send(start, len, sender)?)) {
                Ok(n) => self.sent += n as u64,
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) if Errno::from_io_error(&err).is_some_and(is_unsupported) => {
                    self.copies = true;
                }
                Err(err) => return Err(err),
            }
        }
        Ok(true)
    }

    /// How many bytes were taken and are not in the pipe yet. If it is not 0, a writable event
    /// follows; [`flush`](PageRing::flush) then.
    pub fn pending(&self) -> usize {
        // Never more than the ring, whose length is a `usize`.
        (self.filled - self.sent) as usize
    }

    /// Whether the pipe is given pages. If not, the system has no vmsplice(2) and the ring copies.
    pub fn is_zero_copy(&self) -> bool {
        !self.copies
    }

    /// The Sender.
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// The Sender, to register or deregister it.
    pub fn sender_mut(&mut self) -> &mut Sender {
        &mut self.sender
    }

    /// Gives the Sender back, and a copy of what is [`pending`](PageRing::pending).
    pub fn into_parts(self) -> (Sender, Vec<u8>) {
        let start = self.index(self.sent);
        let (before, from) = self.pages.bytes().split_at(start);
        let pending = [from, before].concat();
        let pending = pending[..self.pending()].to_vec();
        (self.sender, pending)
    }

    /// Where the free memory begins that comes next, and its length: none, or at least a page, but
    /// for the end of the ring.
    fn room(&mut self) -> io::Result<(usize, usize)> {
        if self.free() < self.chunk {
            self.reclaim()?;
        }
        if self.free() < page_size() && self.pending() == 0 {
            // See "Why no event is lost".
            (self.pages, self.chunk) = pages(self.sender.capacity()?, self.downstream)?;
            self.freed = self.sent;
        }
        if self.free() < page_size() {
            return Ok((0, 0));
        }
        let start = self.index(self.filled);
        Ok((
            start,
            self.free().min(self.chunk).min(self.pages.len() - start),
        ))
    }

    /// Finds out what the reader has taken.
    fn reclaim(&mut self) -> io::Result<()> {
        let unread = match self.copies {
            // What is in the pipe are copies.
            true => 0,
            false => ioctl_fionread(&self.sender)?,
        };
        self.freed = self.freed.max(self.sent.saturating_sub(unread));
        Ok(())
    }

    /// How many bytes may be written to: the ring, less what is in use and what is kept for
    /// downstream.
    fn free(&self) -> usize {
        let used = (self.filled - self.freed) as usize;
        (self.pages.len() - self.downstream).saturating_sub(used)
    }

    fn index(&self, position: u64) -> usize {
        (position % self.pages.len() as u64) as usize
    }
}

/// The memory of a ring for a pipe of that capacity, whole chunks, and the length of a chunk, whole
/// pages.
fn pages(capacity: usize, downstream: usize) -> io::Result<(Pages, usize)> {
    let chunk = capacity.clamp(*CHUNK.start(), *CHUNK.end());
    let chunk = chunk.max(page_size());
    let len = capacity.checked_add(downstream);
    let len = len.and_then(|len| len.checked_add(chunk)?.checked_next_multiple_of(chunk));
    let len = len.ok_or(io::ErrorKind::OutOfMemory)?;
    Ok((Pages::new(len)?, chunk))
}

/// Whether an error says that this system has no vmsplice(2), or does not permit it, as sandboxes
/// do. If it was meant otherwise, write(2) says so.
fn is_unsupported(errno: Errno) -> bool {
    [Errno::NOSYS, Errno::PERM, Errno::INVAL, Errno::OPNOTSUPP].contains(&errno)
}
