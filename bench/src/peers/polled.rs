//! Non-blocking ends in a mio loop: mio's own, and ours.

use std::io::{Read, Write};

use anyhow::Result;
use mio::Interest;
use mio::unix::pipe;
use mio_pipe::Drained;

use super::Go;
use crate::measure::Lap;
use crate::payload::{BLOCK, Buffer, Checker, Feed};
use crate::ready::{Ready, now};

pub fn send_mio(mut sender: pipe::Sender, mut feed: Feed, go: Go<'_>) -> Result<Lap> {
    let mut ready = Ready::new(&mut sender, Interest::WRITABLE)?;
    let watch = go()?;
    while let Some(block) = feed.next() {
        send_whole(&mut sender, &mut ready, block)?;
    }
    drop(sender);
    Ok(watch.stop())
}

/// Writes until the buffer is empty, and waits for an event whenever the pipe is full.
pub fn send_whole(sender: &mut impl Write, ready: &mut Ready, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match now(sender.write(bytes))? {
            Some(n) => bytes = &bytes[n..],
            None => ready.wait()?,
        }
    }
    Ok(())
}

/// Reads to `WouldBlock`, then waits for an event.
pub fn receive_mio(mut receiver: pipe::Receiver, checker: &mut Checker, go: Go<'_>) -> Result<Lap> {
    let mut ready = Ready::new(&mut receiver, Interest::READABLE)?;
    let mut buffer = Buffer::new(BLOCK);
    let watch = go()?;
    loop {
        match now(receiver.read(&mut buffer))? {
            Some(0) => return Ok(watch.stop()),
            Some(n) => checker.feed(&buffer[..n])?,
            None => ready.wait()?,
        }
    }
}

pub fn send_ours(mut sender: mio_pipe::Sender, mut feed: Feed, go: Go<'_>) -> Result<Lap> {
    let mut ready = Ready::new(&mut sender, Interest::WRITABLE)?;
    let watch = go()?;
    while let Some(mut block) = feed.next() {
        loop {
            block = &block[sender.fill(block)?..];
            if block.is_empty() {
                break;
            }
            ready.wait()?;
        }
    }
    drop(sender);
    Ok(watch.stop())
}

pub fn receive_ours(
    mut receiver: mio_pipe::Receiver,
    checker: &mut Checker,
    go: Go<'_>,
) -> Result<Lap> {
    let mut ready = Ready::new(&mut receiver, Interest::READABLE)?;
    let mut buffer = OurBuffer::new(BLOCK);
    let watch = go()?;
    loop {
        let drained = receiver.drain(buffer.cleared(), BLOCK)?;
        checker.feed(buffer.bytes())?;
        match drained {
            Drained::Limit => {}
            Drained::Empty => ready.wait()?,
            Drained::Closed => return Ok(watch.stop()),
        }
    }
}

/// A vector to drain into whose free part starts at a page and was touched, as the buffers of the
/// others do and were.
pub struct OurBuffer {
    bytes: Vec<u8>,
    from: usize,
}

impl OurBuffer {
    /// Room for `len` bytes.
    pub fn new(len: usize) -> OurBuffer {
        let mut bytes = vec![1; len + 4096];
        let from = bytes.as_ptr().align_offset(4096);
        bytes.truncate(from);
        OurBuffer { bytes, from }
    }

    /// The vector, without what was received.
    pub fn cleared(&mut self) -> &mut Vec<u8> {
        self.bytes.truncate(self.from);
        &mut self.bytes
    }

    /// What was received.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.from..]
    }
}
