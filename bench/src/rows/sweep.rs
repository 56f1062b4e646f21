//! How large slices, coalesced writes and read buffers should be, at default capacity.
//!
//! The evidence for the sizes that `Sender::fill`, `Receiver::drain` and `SendQueue` use; runs only when
//! named. `slice` sends 64 KiB application writes cut into slices, `coalesce` collects small messages
//! into writes. Each size is combined with sizes of the reader's buffer, and with a reader that waits
//! after `WouldBlock` or already after a short read; on two cores, on one, and left to the scheduler.

use std::io::{Read, Write};

use anyhow::Result;
use mio::Interest;
use mio::unix::pipe::{Receiver, Sender};

use crate::harness::{Row, Sample, Shot, Unit};
use crate::measure::{Lap, Placement, Start, two_threads};
use crate::payload::{BLOCK, Buffer, Checker, Feed};
use crate::ready::{Ready, now};

const KIB: usize = 1024;

/// When the reader waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Short,
    WouldBlock,
}

use Until::{Short, WouldBlock};

pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (place, placement) in [
        ("two", Placement::TwoCores),
        ("one", Placement::OneCore),
        ("free", Placement::Free),
    ] {
        let mut row = Row::new(
            &format!("slice/{place}"),
            "64 KiB application writes in slices; two threads",
            Unit::GibPerSecond,
            "write 64 KiB, read 64 KiB to WouldBlock",
        );
        for read in [64, 8] {
            for (how, until) in [("to WouldBlock", WouldBlock), ("to short", Short)] {
                for slice in [64, 4, 8, 12, 16, 32] {
                    row.case(
                        format!("write {slice} KiB, read {read} KiB {how}"),
                        move |shot| sliced(shot, placement, slice * KIB, read * KIB, until),
                    );
                }
            }
        }
        row.on_request = true;
        rows.push(row);
        for message in [64, 1024] {
            let mut row = Row::new(
                &format!("coalesce/{place}-{message}"),
                &format!("messages of {message} B collected into writes; two threads"),
                Unit::MillionPerSecond,
                "each, read 64 KiB to WouldBlock",
            );
            for (how, until) in [("to WouldBlock", WouldBlock), ("to short", Short)] {
                for read in [64, 8] {
                    row.case(format!("each, read {read} KiB {how}"), move |shot| {
                        coalesced(shot, placement, message, message, read * KIB, until)
                    });
                    for write in [2, 4, 8, 12, 16, 32, 64] {
                        row.case(
                            format!("write {write} KiB, read {read} KiB {how}"),
                            move |shot| {
                                coalesced(shot, placement, message, write * KIB, read * KIB, until)
                            },
                        );
                    }
                }
            }
            row.on_request = true;
            rows.push(row);
        }
    }
    rows
}

fn sliced(
    shot: &Shot,
    placement: Placement,
    slice: usize,
    read: usize,
    until: Until,
) -> Result<Sample> {
    let amount = shot.amount(256 << 20, 64 << 20);
    let (mut sender, mut receiver) = mio::unix::pipe::new()?;
    let write = |start: &Start| -> Result<Lap> {
        let mut feed = Feed::new(BLOCK, amount / BLOCK as u64);
        let mut ready = Ready::new(&mut sender, Interest::WRITABLE)?;
        let watch = start.go()?;
        while let Some(block) = feed.next() {
            send(&mut sender, &mut ready, block, slice)?;
        }
        drop(sender);
        Ok(watch.stop())
    };
    two_threads(amount, placement, write, |start| {
        receive(
            &mut receiver,
            start,
            Checker::new(BLOCK, shot),
            read,
            amount,
            until,
        )
    })
}

fn coalesced(
    shot: &Shot,
    placement: Placement,
    message: usize,
    write: usize,
    read: usize,
    until: Until,
) -> Result<Sample> {
    let messages = shot.amount(2_000_000, 200_000);
    let amount = messages * message as u64;
    let (mut sender, mut receiver) = mio::unix::pipe::new()?;
    let send = |start: &Start| -> Result<Lap> {
        let mut feed = Feed::new(message, messages);
        let mut queue = Buffer::new(write + message);
        let mut queued = 0;
        let mut ready = Ready::new(&mut sender, Interest::WRITABLE)?;
        let watch = start.go()?;
        while let Some(one) = feed.next() {
            queue[queued..][..message].copy_from_slice(one);
            queued += message;
            if queued >= write {
                send(&mut sender, &mut ready, &queue[..queued], usize::MAX)?;
                queued = 0;
            }
        }
        send(&mut sender, &mut ready, &queue[..queued], usize::MAX)?;
        drop(sender);
        Ok(watch.stop())
    };
    two_threads(messages, placement, send, |start| {
        receive(
            &mut receiver,
            start,
            Checker::new(message, shot),
            read,
            amount,
            until,
        )
    })
}

/// Writes all of `bytes`, in slices, waiting when a write was short.
fn send(sender: &mut Sender, ready: &mut Ready, mut bytes: &[u8], slice: usize) -> Result<()> {
    while !bytes.is_empty() {
        let wanted = bytes.len().min(slice);
        let written = now(sender.write(&bytes[..wanted]))?.unwrap_or(0);
        bytes = &bytes[written..];
        if written < wanted {
            ready.wait()?;
        }
    }
    Ok(())
}

/// Reads to EOF, waiting when a read was short.
fn receive(
    receiver: &mut Receiver,
    start: &Start,
    mut checker: Checker,
    size: usize,
    amount: u64,
    until: Until,
) -> Result<Lap> {
    let mut buffer = Buffer::new(size);
    let mut ready = Ready::new(receiver, Interest::READABLE)?;
    let watch = start.go()?;
    loop {
        match now(receiver.read(&mut buffer))? {
            Some(0) => break,
            Some(n) => {
                checker.feed(&buffer[..n])?;
                if until == Short && n < size && checker.count() < amount {
                    ready.wait()?;
                }
            }
            None => ready.wait()?,
        }
    }
    checker.finish(amount)?;
    Ok(watch.stop())
}
