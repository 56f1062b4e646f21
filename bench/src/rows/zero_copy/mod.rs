//! Lending pages to a pipe instead of copying into it.
//!
//! Two threads on a core each. "vmsplice in a busy loop" lends two halves, each as large as the pipe,
//! in turn: when one has gone in, the other one must have come out and can be written again. "stamped"
//! writes 8 bytes of each 64 KiB, "filled" all of them. The reader reads into 64 KiB, or splices to
//! /dev/null in a busy loop, so that nothing is ever copied.
//!
//! **Target**: filled and read, 12 times mio; spliced on, 50 times over one pipe; and 1.8 times the busy
//! loop over several pipes.
//!
//! **Limit**: if the pages are filled, the filling, on one core. If not, taking and dropping a reference
//! to each page of 4 KiB, on both sides, and the pipe's lock, which they share: several pipes are
//! several locks. "Lent and spliced in turn" is both sides' work on one thread, without sharing
//! anything; two cores that never waited for each other, nor for each other's caches, would do twice that.
//!
//! **What limits us.** Filled and read, `PageRing` is as fast as the busy loop, in an event loop that may
//! sleep. Filling alone takes a third of that time: the rest is the reader's copy, from memory that
//! the other core has just written, which has to come from that one's cache. No pipe can hide that, and a
//! `mio` that gets the machine for itself is faster than a twelfth of it. Spliced over two pipes
//! `PageRing` gets to some five eighths of the limit. What the cores cannot help sharing is each pipe's
//! table of pages, 40 bytes for each, which one core writes, the other one reads, and the first one
//! writes again; that is also why the busy loop over one pipe is slower than a single thread, and why
//! nothing is 1.8 times as fast as it is.
//!
//! What was tried (`--rows zero-copy`): chunks of 128, 256 and 512 KiB instead of 1 MiB, which are slower
//! the smaller they are, spliced on most of all; pipes of 64 to 512 KiB, which are slower for all but what
//! is stamped and read; and four pipes, which are no faster than two.

mod ours;

use std::fs::{File, OpenOptions};
use std::hint::spin_loop;
use std::io::{self, Read};
use std::os::fd::OwnedFd;

use anyhow::{Result, ensure};
use mio_pipe::Spin;
use rustix::pipe::{SpliceFlags, fcntl_setpipe_size, splice};

use crate::harness::{Bound, Row, Sample, Shot, Unit};
use crate::measure::{Lap, Placement, Start, Watch, two_threads};
use crate::pages::Pages;
use crate::payload::{BLOCK, Buffer, Checker, Feed, stamp};
use crate::peers::{Peer, Raw, nonblocking, pipe};
use crate::ready::now;
use ours::Way;

/// The capacity of the pipe that pages are lent to, and the size of a half.
const HALF: usize = 1 << 20;

pub fn rows() -> Vec<Row> {
    let about = "64 KiB blocks, copied or lent; two threads, a core each";
    let mut row = Row::new("zero-copy", about, Unit::GibPerSecond, "mio");
    row.case("mio", |shot| {
        let amount = shot.amount(1 << 30, 64 << 20);
        let (writer, reader) = pipe()?;
        let send = |start: &Start| {
            let feed = Feed::new(BLOCK, amount / BLOCK as u64);
            Peer::Mio.send(writer, feed, &|| start.go())
        };
        two_threads(amount, Placement::TwoCores, send, |start| {
            let mut checker = Checker::new(BLOCK, shot);
            let lap = Peer::Mio.receive(reader, &mut checker, &|| start.go())?;
            checker.finish(amount)?;
            Ok(lap)
        })
    });
    for (consume, splices) in [("read", false), ("spliced in a busy loop", true)] {
        for (fill, fills) in [("filled", true), ("stamped", false)] {
            let name = format!("vmsplice in a busy loop, {fill}, {consume}");
            let mut pages = None;
            row.case(name, move |shot| {
                busy(shot, kept(&mut pages)?, fills, splices)
            });
        }
    }
    for (what, way) in ways() {
        row.case(format!("mio-pipe PageRing, {what}"), move |shot| {
            ours::run(shot, way)
        });
    }
    let of = |what: &str| format!("mio-pipe PageRing, {what}");
    row.target(&of("filled, read, Spin"), Bound::AtLeast(12.0));
    row.target(&of("stamped, spliced, Spin"), Bound::AtLeast(50.0));
    let busy = "vmsplice in a busy loop, stamped, spliced in a busy loop";
    for pipes in [2, 4] {
        let several = of(&format!("stamped, spliced, Spin, {pipes} pipes"));
        row.target_against(&several, busy, Bound::AtLeast(1.8));
    }
    let mut pages = None;
    row.case("limit: lent and spliced in turn, one thread", move |shot| {
        in_turn(shot, kept(&mut pages)?)
    });
    row.case("limit: filling, one core", |shot| {
        let amount = shot.amount(4 << 30, 128 << 20);
        let mut feed = Feed::new(BLOCK, amount / BLOCK as u64);
        let mut pages = Pages::new(2 * HALF)?;
        let mut at = 0;
        let watch = Watch::start();
        while let Some(block) = feed.next() {
            pages.put(at, block);
            at = (at + BLOCK) % (2 * HALF);
        }
        Ok(watch.stop().sample(amount))
    });
    vec![row]
}

/// The pages of a case, made in its first run, as they are never given back.
fn kept(pages: &mut Option<Pages>) -> Result<&mut Pages> {
    Ok(match pages {
        Some(pages) => pages,
        none => none.insert(Pages::new(2 * HALF)?),
    })
}

/// What lending and dropping pages takes without a reader to share them with.
fn in_turn(shot: &Shot, pages: &Pages) -> Result<Sample> {
    let amount = shot.amount(16 << 30, 256 << 20);
    let (writer, reader) = pipe()?;
    let capacity = fcntl_setpipe_size(&writer, HALF)?;
    ensure!(capacity == HALF, "the pipe has {capacity} bytes");
    let null: File = OpenOptions::new().write(true).open("/dev/null")?;
    let watch = Watch::start();
    for turn in 0..amount / HALF as u64 {
        let half = (turn % 2) as usize * HALF;
        let lent = pages.lend(&writer, half, HALF)?;
        let moved = splice(&reader, None, &null, None, HALF, SpliceFlags::MOVE)?;
        ensure!((lent, moved) == (HALF, HALF), "{lent} lent, {moved} moved");
    }
    Ok(watch.stop().sample(amount))
}

/// What `PageRing` does.
fn ways() -> Vec<(String, Way)> {
    let mut ways = Vec::new();
    for (fill, fills) in [("filled", true), ("stamped", false)] {
        for (consume, splices) in [("read", false), ("spliced", true)] {
            for (wait, tries) in [("", 0), (", Spin", Spin::TRIES)] {
                for pipes in [1, 2, 4] {
                    let several = pipes > 1;
                    if several && !(splices && tries > 0 && !fills) {
                        continue;
                    }
                    let pipes_of = match several {
                        true => format!(", {pipes} pipes"),
                        false => String::new(),
                    };
                    let way = Way {
                        pipes,
                        fills,
                        splices,
                        tries,
                    };
                    ways.push((format!("{fill}, {consume}{wait}{pipes_of}"), way));
                }
            }
        }
    }
    ways
}

fn busy(shot: &Shot, pages: &mut Pages, fills: bool, splices: bool) -> Result<Sample> {
    let amount = shot.amount(if splices { 16 << 30 } else { 4 << 30 }, 256 << 20);
    let (writer, reader) = pipe()?;
    let (writer, reader) = (nonblocking(writer)?, nonblocking(reader)?);
    let capacity = fcntl_setpipe_size(&writer, HALF)?;
    ensure!(
        capacity == HALF,
        "the pipe has {capacity} bytes instead of {HALF}"
    );
    two_threads(
        amount,
        Placement::TwoCores,
        |start| lend(writer, pages, amount, fills, start),
        |start| {
            if splices && !shot.check_all {
                discard(reader, amount, start)
            } else {
                read(reader, shot, amount, start)
            }
        },
    )
}

fn lend(pipe: OwnedFd, pages: &mut Pages, amount: u64, fills: bool, start: &Start) -> Result<Lap> {
    let block = Buffer::pattern(BLOCK);
    for at in (0..2 * HALF).step_by(BLOCK) {
        pages.put(at, &block);
    }
    let mut feed = Feed::new(BLOCK, amount / BLOCK as u64);
    let mut number = 0;
    let mut half = 0;
    let watch = start.go()?;
    for _ in 0..amount / HALF as u64 {
        for at in (half..half + HALF).step_by(BLOCK) {
            if fills {
                pages.put(at, feed.next().unwrap_or_default());
            } else {
                let mut head = [0; 8];
                stamp(&mut head, number);
                pages.put(at, &head);
            }
            number += 1;
        }
        let (mut at, end) = (half, half + HALF);
        while at < end {
            match now(pages.lend(&pipe, at, end - at))? {
                Some(n) => at += n,
                None => spin_loop(),
            }
        }
        half = HALF - half;
    }
    drop(pipe);
    Ok(watch.stop())
}

fn read(pipe: OwnedFd, shot: &Shot, amount: u64, start: &Start) -> Result<Lap> {
    let mut checker = Checker::new(BLOCK, shot);
    let mut buffer = Buffer::new(BLOCK);
    let mut reader = Raw(pipe);
    let watch = start.go()?;
    loop {
        match now(reader.read(&mut buffer))? {
            Some(0) => break,
            Some(n) => checker.feed(&buffer[..n])?,
            None => spin_loop(),
        }
    }
    let lap = watch.stop();
    checker.finish(amount)?;
    Ok(lap)
}

fn discard(pipe: OwnedFd, amount: u64, start: &Start) -> Result<Lap> {
    let null: File = OpenOptions::new().write(true).open("/dev/null")?;
    let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
    let mut count = 0;
    let watch = start.go()?;
    loop {
        let moved = splice(&pipe, None, &null, None, HALF, flags);
        match now(moved.map_err(io::Error::from))? {
            Some(0) => break,
            Some(n) => count += n as u64,
            None => spin_loop(),
        }
    }
    let lap = watch.stop();
    ensure!(count == amount, "{count} bytes arrived instead of {amount}");
    Ok(lap)
}
