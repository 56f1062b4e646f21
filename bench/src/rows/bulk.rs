//! A GiB in application writes of 64 KiB through a pipe of default capacity.
//!
//! Two threads, left to the scheduler, on a core each, and on the same core; and two processes on a core
//! each. The reader's buffer has 64 KiB.
//!
//! **Target**: 6 times mio, at 0.35 times its CPU time, and no less than any peer.
//!
//! **Limit**: the kernel copies each byte twice, into the pipe and out of it, and holds the pipe's lock
//! during each copy, so that two cores never copy at the same time. What the second core adds is the way
//! of the data from one cache to the other, and the lock's. "8 KiB in and out, one thread" is the same
//! system calls and copies without either, and with nobody to wait for: nothing that copies through a
//! pipe gets beyond it.
//!
//! **What limits us.** Where the two ends run decides more than anything that either does, which is
//! why there are three rows. On two cores a peer's time goes into pages, which are allocated on one
//! core and freed on the other beyond the two that a pipe keeps, and into waking the other side.
//! Writing and reading two pages at a time avoids both: neither side sleeps. Then both cores are
//! busy with the copies, the lock and the caches, at half of the limit or more, and that is the end of it:
//! smaller or larger slices, larger reads and pauses between attempts are all slower (`--rows slice`).
//! How many times mio that is depends on mio, whose time is that of waking a core from its sleep: 30 us
//! or so on a virtual machine (`--rows ping-pong`), less elsewhere. On one core nothing is lost by filling
//! the pipe, and smaller slices cost the system calls that they are more. `fill` and `drain` notice that
//! the sides take turns, and do as mio does; with slices alone they were at two thirds of it. Peers that
//! block save epoll's hook in each write, and the polls.

use std::io::{Read, Write};

use anyhow::Result;

use crate::child::{self, Writer};
use crate::harness::{Bound, Row, Sample, Shot, Unit};
use crate::measure::{Placement, Watch, two_threads};
use crate::payload::{BLOCK, Buffer, Checker, Feed};
use crate::peers::{Peer, Raw, pipe};

pub fn rows() -> Vec<Row> {
    let places = [
        (
            "threads",
            "two threads, placed by the scheduler",
            Placement::Free,
        ),
        ("two-cores", "two threads, a core each", Placement::TwoCores),
        ("one-core", "two threads on one core", Placement::OneCore),
    ];
    let mut rows: Vec<Row> = places
        .into_iter()
        .map(|(name, about, placement)| {
            let mut row = row(name, about);
            for peer in Peer::ALL {
                row.case(peer.name(), move |shot| threads(shot, placement, peer));
            }
            row.case("limit: 8 KiB in and out, one thread", in_turn);
            row
        })
        .collect();
    let mut processes = row("processes", "two processes, a core each");
    for peer in Peer::ALL {
        processes.case(peer.name(), move |shot| two_processes(shot, peer));
    }
    rows.push(processes);
    rows
}

fn row(name: &str, about: &str) -> Row {
    let about = format!("64 KiB application writes; {about}");
    let mut row = Row::new(&format!("bulk/{name}"), &about, Unit::GibPerSecond, "mio");
    let ours = Peer::Ours.name();
    // On one core there is nothing to win but what mio wins already.
    if name == "one-core" {
        row.target(ours, Bound::AtLeast(1.0));
    } else {
        row.target(ours, Bound::AtLeast(6.0));
        row.target(ours, Bound::CpuAtMost(0.35));
    }
    for peer in Peer::ALL {
        if peer != Peer::Mio && peer != Peer::Ours {
            row.target_against(ours, peer.name(), Bound::AtLeast(1.0));
        }
    }
    row
}

fn amount(shot: &Shot) -> u64 {
    shot.amount(1 << 30, 64 << 20)
}

fn threads(shot: &Shot, placement: Placement, peer: Peer) -> Result<Sample> {
    let amount = amount(shot);
    let (writer, reader) = pipe()?;
    two_threads(
        amount,
        placement,
        |start| {
            let feed = Feed::new(BLOCK, amount / BLOCK as u64);
            peer.send(writer, feed, &|| start.go())
        },
        |start| {
            let mut checker = Checker::new(BLOCK, shot);
            let lap = peer.receive(reader, &mut checker, &|| start.go())?;
            checker.finish(amount)?;
            Ok(lap)
        },
    )
}

/// The reader is a thread of this process: so its placement ends with it.
fn two_processes(shot: &Shot, peer: Peer) -> Result<Sample> {
    Placement::TwoCores.check()?;
    let amount = amount(shot);
    let (pipe, reader) = pipe()?;
    let index = Peer::ALL
        .iter()
        .position(|&p| p == peer)
        .unwrap_or_default();
    let arguments = [index.to_string(), amount.to_string()];
    let writer = Writer::start(ROLE, &arguments, pipe)?;
    let mut sample = std::thread::scope(|scope| {
        let read = || {
            Placement::TwoCores.apply(1)?;
            let mut checker = Checker::new(BLOCK, shot);
            let lap = peer.receive(reader, &mut checker, &|| {
                writer.go()?;
                Ok(Watch::start())
            })?;
            checker.finish(amount)?;
            Ok(lap.sample(amount))
        };
        let joined = scope.spawn(read).join();
        joined.unwrap_or_else(|_| Err(anyhow::anyhow!("the reader panicked")))
    })?;
    sample.cpu += writer.finish()?;
    Ok(sample)
}

/// What the child is told to be.
pub const ROLE: &str = "bulk";

/// The other process: `arguments` are the peer's index and the amount.
pub fn child(arguments: &[String]) -> Result<()> {
    let number = |n: usize| -> Result<u64> { Ok(arguments[n].parse()?) };
    let peer = Peer::ALL[number(0)? as usize];
    Placement::TwoCores.apply(0)?;
    let amount = number(1)?;
    let feed = Feed::new(BLOCK, amount / BLOCK as u64);
    let lap = peer.send(child::pipe()?, feed, &|| {
        child::ready()?;
        Ok(Watch::start())
    })?;
    eprintln!("{}", lap.sample(amount).cpu.as_nanos());
    Ok(())
}

/// The system calls and copies of `fill` and `drain` with nobody to wait for, and everything in the
/// cache.
fn in_turn(shot: &Shot) -> Result<Sample> {
    const SLICE: usize = 8 * 1024;
    let amount = amount(shot);
    let (writer, reader) = pipe()?;
    let (mut writer, mut reader) = (Raw(writer), Raw(reader));
    let mut feed = Feed::new(BLOCK, amount / BLOCK as u64);
    let mut checker = Checker::new(BLOCK, shot);
    let mut buffer = Buffer::new(BLOCK);
    let watch = Watch::start();
    while let Some(block) = feed.next() {
        for (from, to) in block.chunks(SLICE).zip(buffer.chunks_mut(SLICE)) {
            writer.write_all(from)?;
            reader.read_exact(to)?;
        }
        checker.feed(&buffer)?;
    }
    let lap = watch.stop();
    checker.finish(amount)?;
    Ok(lap.sample(amount))
}
