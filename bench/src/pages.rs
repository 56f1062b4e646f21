//! Memory whose pages can be lent to a pipe: the only `unsafe` of this program.

#![allow(unsafe_code)]

use std::os::fd::AsFd;
use std::{io, ptr};

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};
use rustix::pipe::{IoSliceRaw, SpliceFlags, vmsplice};

/// Pages of this process. They are never given back: a pipe may hold them for as long as it likes.
pub struct Pages {
    start: *mut u8,
    len: usize,
}

// SAFETY: a `Pages` is the only way to its mapping, which belongs to no thread.
unsafe impl Send for Pages {}

impl Pages {
    /// `len` bytes, in huge pages if the kernel has some.
    pub fn new(len: usize) -> io::Result<Pages> {
        let read_write = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: without a wanted address and MAP_FIXED, mmap(2) takes no memory that is in use.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), len, read_write, MapFlags::PRIVATE)? };
        // SAFETY: MADV_HUGEPAGE changes no content, and the range is the mapping of the line above.
        // Whether there are huge pages is not the caller's business.
        let _ = unsafe { madvise(start, len, Advice::LinuxHugepage) };
        let mut pages = Pages {
            start: start.cast(),
            len,
        };
        pages.put(0, &vec![0; len]);
        Ok(pages)
    }

    /// Copies `bytes` in at `at`.
    pub fn put(&mut self, at: usize, bytes: &[u8]) {
        assert!(
            at <= self.len && bytes.len() <= self.len - at,
            "out of range"
        );
        // SAFETY: the source is a live slice; the destination lies within the mapping, which is
        // writable and never unmapped, by the line above; nobody has a reference into the mapping, so
        // the two do not overlap, and `&mut self` keeps other threads out. A pipe that still holds the
        // page reads it in the kernel, which sees old bytes or new ones.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.add(at), bytes.len()) };
    }

    /// Lends `len` bytes from `at` on to a pipe, without waiting, and returns how many it took.
    pub fn lend(&self, pipe: impl AsFd, at: usize, len: usize) -> io::Result<usize> {
        assert!(at <= self.len && len <= self.len - at, "out of range");
        // SAFETY: `at` is within the mapping, by the line above.
        let start = unsafe { self.start.add(at) };
        // SAFETY: `IoSliceRaw::from_slice` wants initialised memory: the mapping is, from `new` on. It
        // lives as long as this block, in which nothing writes: `put` needs `&mut self`.
        let bytes = unsafe { std::slice::from_raw_parts(start, len) };
        // SAFETY: `vmsplice` wants the writing end for memory it may not change; a reading end would
        // fill the mapping, which is writable and referenced by nothing but `bytes`. SPLICE_F_GIFT is
        // not set. The pages stay, as nothing unmaps them.
        let moved = unsafe {
            vmsplice(
                pipe,
                &[IoSliceRaw::from_slice(bytes)],
                SpliceFlags::NONBLOCK,
            )?
        };
        Ok(moved)
    }
}
