//! The data that goes through the pipes, and the proof that it arrived.
//!
//! Every case of a row sends the same bytes from a buffer that starts at a page and was written
//! before, and receives them into one like it: page faults and alignment are no part of a comparison.

use anyhow::{Result, ensure};

use crate::harness::Shot;

/// The size of an application's writes in the bulk rows, bytes.
pub const BLOCK: usize = 64 * 1024;

const PAGE: usize = 4096;

/// Bytes that start at a page and were touched.
pub struct Buffer {
    bytes: Vec<u8>,
    from: usize,
    len: usize,
}

impl Buffer {
    /// `len` zero bytes.
    pub fn new(len: usize) -> Buffer {
        // Not `vec![0; ..]`, whose pages the kernel makes only when they are touched.
        let mut bytes = vec![1; len + PAGE];
        bytes.fill(0);
        let from = bytes.as_ptr().align_offset(PAGE);
        Buffer { bytes, from, len }
    }

    /// `len` bytes of the pattern.
    pub fn pattern(len: usize) -> Buffer {
        let mut buffer = Buffer::new(len);
        let mut random = fastrand::Rng::with_seed(7);
        random.fill(&mut buffer);
        buffer
    }
}

impl std::ops::Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.from..][..self.len]
    }
}

impl std::ops::DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.from..][..self.len]
    }
}

/// Puts a block's number into its first bytes, so that no two blocks are equal.
pub fn stamp(block: &mut [u8], number: u64) {
    block[..8].copy_from_slice(&number.to_le_bytes());
}

/// Stamped blocks to send, one after the other.
pub struct Feed {
    block: Buffer,
    next: u64,
    blocks: u64,
}

impl Feed {
    /// `blocks` blocks of `block` bytes of the pattern.
    pub fn new(block: usize, blocks: u64) -> Feed {
        Feed {
            block: Buffer::pattern(block),
            next: 0,
            blocks,
        }
    }

    /// The next block. It is overwritten by the one after it.
    #[inline]
    pub fn next(&mut self) -> Option<&[u8]> {
        if self.next == self.blocks {
            return None;
        }
        stamp(&mut self.block, self.next);
        self.next += 1;
        Some(&self.block)
    }
}

/// Checks a stream of stamped blocks as it arrives.
pub struct Checker {
    block: Buffer,
    stamped: u64,
    at: u64,
    all: bool,
}

impl Checker {
    /// Of blocks of `block` bytes of the pattern: all bytes, or the last of each piece only.
    pub fn new(block: usize, shot: &Shot) -> Checker {
        let mut block = Buffer::pattern(block);
        stamp(&mut block, 0);
        Checker {
            block,
            stamped: 0,
            at: 0,
            all: shot.check_all,
        }
    }

    /// How many bytes arrived so far.
    pub fn count(&self) -> u64 {
        self.at
    }

    /// Checks the next bytes of the stream.
    #[inline]
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<()> {
        if !self.all {
            if let Some(&last) = bytes.last() {
                self.at += bytes.len() as u64;
                let expected = self.byte(self.at - 1);
                ensure!(last == expected, "wrong data before byte {}", self.at);
            }
            return Ok(());
        }
        let len = self.block.len() as u64;
        while !bytes.is_empty() {
            let number = self.at / len;
            if number != self.stamped {
                stamp(&mut self.block, number);
                self.stamped = number;
            }
            let from = (self.at % len) as usize;
            let n = bytes.len().min(self.block.len() - from);
            let (now, later) = bytes.split_at(n);
            ensure!(
                now == &self.block[from..from + n],
                "wrong data in the {n} bytes from byte {}",
                self.at
            );
            self.at += n as u64;
            bytes = later;
        }
        Ok(())
    }

    #[inline]
    fn byte(&self, at: u64) -> u8 {
        let len = self.block.len() as u64;
        match (at % len) as usize {
            n @ 0..8 => (at / len).to_le_bytes()[n],
            n => self.block[n],
        }
    }

    /// Checks that exactly `amount` bytes arrived.
    pub fn finish(&self, amount: u64) -> Result<()> {
        ensure!(
            self.at == amount,
            "{} bytes arrived instead of {amount}",
            self.at
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(blocks: u64) -> Vec<u8> {
        let mut block = Buffer::pattern(4096);
        let mut stream = Vec::new();
        for number in 0..blocks {
            stamp(&mut block, number);
            stream.extend_from_slice(&block);
        }
        stream
    }

    fn check(bytes: &[u8], all: bool, piece: usize) -> Result<()> {
        let shot = Shot {
            check_all: all,
            quick: true,
        };
        let mut checker = Checker::new(4096, &shot);
        bytes
            .chunks(piece)
            .try_for_each(|piece| checker.feed(piece))?;
        checker.finish(bytes.len() as u64)
    }

    #[test]
    fn buffers_start_at_a_page() {
        assert_eq!(Buffer::new(10).as_ptr().align_offset(4096), 0);
        assert_eq!(Buffer::pattern(9000).len(), 9000);
    }

    #[test]
    fn checker_takes_the_stream_in_any_pieces() {
        let stream = stream(5);
        for piece in [1, 7, 4096, 5000, 100_000] {
            check(&stream, true, piece).unwrap();
            check(&stream, false, piece).unwrap();
        }
    }

    #[test]
    fn checker_notices_a_change_a_loss_and_a_swap() {
        let mut changed = stream(3);
        changed[5000] ^= 1;
        assert!(check(&changed, true, 1000).is_err());
        let mut lost = stream(3);
        lost.drain(4096..8192);
        assert!(check(&lost, true, 1000).is_err());
        assert!(check(&lost, false, 1).is_err());
        let mut swapped = stream(3);
        swapped.rotate_left(4096);
        assert!(check(&swapped, true, 1000).is_err());
    }
}
