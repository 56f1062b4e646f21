//! `PageRing` in an event loop, over one or several pipes.
//!
//! One thread has a ring for each pipe, the other one their Receivers. Each goes round its pipes, and
//! when a round has moved nothing it tries for a moment, as `Spin` has learnt, and then polls.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};

use anyhow::{Result, ensure};
use mio::{Events, Interest, Poll, Token};
use mio_pipe::os::linux::{Moved, PageRing};
use mio_pipe::{Builder, Receiver, Spin};

use super::HALF;
use crate::harness::{Sample, Shot};
use crate::measure::{Lap, Placement, Start, two_threads};
use crate::payload::{BLOCK, Buffer, Checker, stamp};
use crate::ready::now;

/// One case.
#[derive(Clone, Copy)]
pub struct Way {
    /// How many pipes.
    pub pipes: usize,
    /// Every byte is written anew, or 8 of each block.
    pub fills: bool,
    /// The reader splices to /dev/null.
    pub splices: bool,
    /// Tries before a poll.
    pub tries: u32,
}

/// Bytes of each pipe that are written whole in any case, so that every page of its ring holds the
/// pattern.
const WHOLE: u64 = 4 << 20;

/// Runs a case.
pub fn run(shot: &Shot, way: Way) -> Result<Sample> {
    let amount = shot.amount(if way.splices { 16 << 30 } else { 4 << 30 }, 256 << 20);
    let each = amount / way.pipes as u64;
    let mut builder = Builder::new();
    builder.capacity(HALF);
    let mut rings = Vec::new();
    let mut receivers = Vec::new();
    for _ in 0..way.pipes {
        let (sender, receiver) = builder.new_pipe()?;
        ensure!(sender.capacity()? == HALF, "the pipe has another capacity");
        rings.push(PageRing::new(sender, 0)?);
        receivers.push(receiver);
    }
    two_threads(
        amount,
        Placement::TwoCores,
        |start| send(rings, each, way, start),
        |start| receive(receivers, shot, each, way, start),
    )
}

/// What goes into one pipe: the bytes that `Feed` would send.
struct Producer {
    block: Buffer,
    at: u64,
    end: u64,
    fills: bool,
}

impl Producer {
    /// Puts the next bytes at the beginning of `room` and returns how many.
    fn produce(&mut self, room: &mut [u8]) -> usize {
        let left = self.end - self.at;
        let len = room.len().min(left as usize);
        let mut room = &mut room[..len];
        while !room.is_empty() {
            let number = self.at / BLOCK as u64;
            let from = (self.at % BLOCK as u64) as usize;
            let n = room.len().min(BLOCK - from);
            let (piece, rest) = room.split_at_mut(n);
            if self.fills || self.at < WHOLE {
                stamp(&mut self.block, number);
                piece.copy_from_slice(&self.block[from..from + n]);
            } else if from == 0 {
                // The rest is there: rings are whole blocks long.
                stamp(piece, number);
            }
            self.at += n as u64;
            room = rest;
        }
        len
    }
}

fn send(rings: Vec<PageRing>, each: u64, way: Way, start: &Start) -> Result<Lap> {
    let mut poll = Waiting::new(way.tries)?;
    let mut open = Vec::new();
    for (index, mut ring) in rings.into_iter().enumerate() {
        let registry = poll.poll.registry();
        registry.register(ring.sender_mut(), Token(index), Interest::WRITABLE)?;
        let producer = Producer {
            block: Buffer::pattern(BLOCK),
            at: 0,
            end: each,
            fills: way.fills,
        };
        open.push((ring, producer));
    }
    let watch = start.go()?;
    while !open.is_empty() {
        poll.until_some(|| {
            let mut moved = 0;
            let mut failed = None;
            open.retain_mut(|(ring, producer)| match turn(ring, producer) {
                Ok(n) => {
                    moved += n;
                    producer.at < producer.end || ring.pending() > 0
                }
                Err(err) => {
                    failed = Some(err);
                    true
                }
            });
            match failed {
                Some(err) => Err(err),
                // All rings that end leave the loop to look again.
                None if moved == 0 && !open.is_empty() => Err(ErrorKind::WouldBlock.into()),
                None => Ok(()),
            }
        })?;
    }
    Ok(watch.stop())
}

/// Fills and sends one chunk, or sends what is left, and says how many bytes moved.
fn turn(ring: &mut PageRing, producer: &mut Producer) -> io::Result<usize> {
    let before = ring.pending();
    let n = if producer.at < producer.end {
        ring.fill_with(|room| producer.produce(room))?
    } else {
        ring.flush()?;
        0
    };
    Ok(n + before.saturating_sub(ring.pending()))
}

fn receive(
    receivers: Vec<Receiver>,
    shot: &Shot,
    each: u64,
    way: Way,
    start: &Start,
) -> Result<Lap> {
    // What is spliced away cannot be checked: the checking shot reads it.
    let splices = way.splices && !shot.check_all;
    let null: File = OpenOptions::new().write(true).open("/dev/null")?;
    let mut buffer = Buffer::new(BLOCK);
    let mut poll = Waiting::new(way.tries)?;
    let mut open = Vec::new();
    for (index, mut receiver) in receivers.into_iter().enumerate() {
        let registry = poll.poll.registry();
        registry.register(&mut receiver, Token(index), Interest::READABLE)?;
        open.push((receiver, Checker::new(BLOCK, shot), 0));
    }
    let watch = start.go()?;
    while !open.is_empty() {
        let mut ended = None;
        poll.until_some(|| {
            let mut moved = 0;
            for (index, (receiver, checker, count)) in open.iter_mut().enumerate() {
                let n = if splices {
                    match receiver.splice_to(&null, HALF)? {
                        Moved::Bytes(n) => Some(n),
                        Moved::Eof => Some(0),
                        Moved::WouldBlock(_) => None,
                    }
                } else {
                    let n = now((&*receiver).read(&mut buffer))?;
                    checker
                        .feed(&buffer[..n.unwrap_or(0)])
                        .map_err(io::Error::other)?;
                    n
                };
                *count += n.unwrap_or(0) as u64;
                moved += n.unwrap_or(0);
                if n == Some(0) {
                    ended = Some(index);
                }
            }
            if moved == 0 && ended.is_none() {
                return Err(ErrorKind::WouldBlock.into());
            }
            Ok(())
        })?;
        if let Some(index) = ended {
            let (_, _, count) = open.swap_remove(index);
            ensure!(count == each, "{count} bytes arrived instead of {each}");
        }
    }
    Ok(watch.stop())
}

/// A poll, and tries before it.
struct Waiting {
    poll: Poll,
    events: Events,
    spin: Spin,
}

impl Waiting {
    fn new(tries: u32) -> Result<Waiting> {
        Ok(Waiting {
            poll: Poll::new()?,
            events: Events::with_capacity(8),
            spin: Spin::new(tries),
        })
    }

    /// Runs `round` until it does not block.
    fn until_some(&mut self, mut round: impl FnMut() -> io::Result<()>) -> Result<()> {
        while now(self.spin.run(&mut round))?.is_none() {
            match self.poll.poll(&mut self.events, None) {
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                result => result?,
            }
        }
        Ok(())
    }
}
