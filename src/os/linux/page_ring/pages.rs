//! The memory of a PageRing: one anonymous mapping, and vmsplice(2) from it.
//!
//! This is the only unsafe part of the ring. What must hold for it to be sound:
//!
//! - The mapping is private, made here and unmapped here, and is at no time part of an allocator's
//!   heap. Nobody else's memory can ever be what a pipe refers to.
//! - Rust code sees it only through [`Pages::bytes`] and [`Pages::bytes_mut`], whose borrows the
//!   compiler checks. No reference outlives a call of the ring.
//! - The kernel *reads* pages that were sent, whenever a reader gets to them. That is no access of
//!   this program's, and it changes nothing here: so neither a data race nor a broken borrow,
//!   however late it is. If the page was written again meanwhile, the reader gets other bytes; what
//!   the ring does about that is accounting, not safety.
//! - munmap(2) takes the mapping away, not the pages: each slot of a pipe holds a reference to its
//!   page of its own, and the page is freed with the last of them. After that nobody can write to
//!   what is still in a pipe.
//! - fork(2) makes the pages copy-on-write. Whoever writes first gets a copy, and the pipe keeps the
//!   original.
#![allow(unsafe_code)]

use std::os::fd::AsFd;
use std::ptr::{self, NonNull};
use std::slice;

use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};
use rustix::pipe::{IoSliceRaw, SpliceFlags, vmsplice};

/// Whole pages, zero at first.
#[derive(Debug)]
pub(super) struct Pages {
    start: NonNull<u8>,
    len: usize,
    mapped: usize,
}

/// What is mapped at a time, in bytes: a huge page of most machines. vmsplice(2) looks up each page
/// that it is given, which costs half as much in a huge one; elsewhere this is only a round number.
const HUGE_PAGE: usize = 2 << 20;

impl Pages {
    /// Maps `len` bytes, a multiple of the page size and not 0.
    pub(super) fn new(len: usize) -> rustix::io::Result<Pages> {
        // A slice has no more than `isize::MAX` bytes, which a 32-bit kernel could well map.
        let mapped = len
            .checked_next_multiple_of(HUGE_PAGE)
            .filter(|&mapped| isize::try_from(mapped).is_ok())
            .ok_or(Errno::NOMEM)?;
        let (read_write, private) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
        // SAFETY: `mmap_anonymous` wants, if the address is fixed or a hint, that the memory there
        // may be replaced. The address is null and the flags do not say FIXED: the kernel chooses
        // memory that nobody has.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), mapped, read_write, private) }?;
        // A mapping at address 0 is never chosen by the kernel.
        let start = NonNull::new(start.cast()).ok_or(Errno::NOMEM)?;
        let pages = Pages { start, len, mapped };
        // SAFETY: `madvise` wants that the advice does not take away what the memory holds. This one
        // never does, and the range is the mapping that was just made. Whether it is heeded makes no
        // difference but in speed.
        let _ = unsafe { madvise(start.as_ptr().cast(), mapped, Advice::LinuxHugepage) };
        Ok(pages)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: `from_raw_parts` wants `len` initialised bytes in one allocation that nobody
        // writes to while the slice lives, and no more than `isize::MAX`. `new` mapped these, zeroed; only `drop` unmaps
        // them; and writing needs `bytes_mut`, which borrows `self` exclusively.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and that nobody else reads or writes while the slice lives: `self`
        // is borrowed exclusively, and the pointer is given out nowhere else.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }

    /// Lets `pipe` refer to the pages of `bytes[start..start + len]`, as far as it has slots for
    /// them, and returns how many bytes that were.
    pub(super) fn send(
        &mut self,
        start: usize,
        len: usize,
        pipe: impl AsFd,
    ) -> rustix::io::Result<usize> {
        let bytes = &mut self.bytes_mut()[start..][..len];
        let bytes = [IoSliceRaw::from_slice_mut(bytes)];
        // SAFETY: `vmsplice` wants that memory which must not change is not offered to the reading
        // end of a pipe, which would write to it: this memory may change, as it comes from an
        // exclusive borrow of initialised bytes. And with GIFT, that it is not written to any more:
        // the flag is not set. That the kernel reads the pages later is covered at the head of this
        // file.
        unsafe { vmsplice(pipe, &bytes, SpliceFlags::NONBLOCK) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: `munmap` wants that nothing refers to the memory any more. `start` and `mapped`
        // are what `mmap_anonymous` returned and was given, unmapped nowhere else; every slice borrows
        // from `self`, which is being dropped; and pipes hold pages, not addresses.
        let unmapped = unsafe { munmap(self.start.as_ptr().cast(), self.mapped) };
        // It fails only for a range that is no mapping, and this is one.
        debug_assert_eq!(unmapped, Ok(()));
    }
}

// SAFETY: the pages belong to this value alone, like those of a `Box<[u8]>`, and nothing about them
// depends on the thread.
unsafe impl Send for Pages {}

// SAFETY: through `&Pages` they can only be read; see `bytes`.
unsafe impl Sync for Pages {}
