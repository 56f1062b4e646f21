//! A message there and back, one at a time: the price of waking somebody up.
//!
//! Two threads and two pipes, on a core each, and on the same core.
//!
//! **Target**: 15 times mio on two cores, and on one core never more than 1.1 times its time.
//!
//! **Limit**: on two cores, two writes and two reads, if nobody ever sleeps; on one core, the blocking
//! system calls with nothing around them, which switch from one thread to the other without a poll.
//!
//! **What limits us.** On two cores all but `Spin` wait for a core to wake up, twice for each round trip.
//! With `Spin` neither ever sleeps, and the rest is the way of the pipe's lock and its page from one
//! core's cache to the other: "both never sleep" does nothing else, and is level with it, while the
//! same four system calls on one thread are some three times faster. Fixed short spins were tried and are a
//! matter of luck: if both sides sleep, each gives up long before the other one is awake, and they
//! never get into step. So `Spin` is patient once, whenever it is out of step. On one core it learns that
//! waiting is in vain; its looks at the matter cost the few percent.
//!
//! How many times mio that is depends on mio: on a virtual machine a round trip of mio's took 16 us at one
//! time, and 49 us at another. The limit was 11 times mio and 45 times, `Spin` 9 times and 36 times: where
//! it is cheap to wake up, the limit itself misses the target.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;

use anyhow::{Result, ensure};
use async_io::Async;
use mio::Interest;
use mio::event::Source;
use mio_pipe::Spin;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::{Receiver, Sender};

use crate::harness::{Bound, Row, Sample, Shot, Unit};
use crate::measure::{Lap, Placement, Start, Watch, two_threads};
use crate::peers::{Raw, nonblocking, pipe, runtime};
use crate::ready::{Ready, now};

pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (place, placement) in [
        ("two-cores", Placement::TwoCores),
        ("one-core", Placement::OneCore),
    ] {
        for size in [1, 64] {
            let about = format!("round trips of {size} B between two threads, {place}");
            let name = format!("ping-pong/{place}-{size}");
            let mut row = Row::new(&name, &about, Unit::ThousandPerSecond, "mio");
            for (name, play) in PEERS {
                let quickly = name == SPIN || placement == Placement::OneCore;
                row.case(name, move |shot| game(shot, placement, size, quickly, play));
            }
            if placement == Placement::TwoCores {
                row.case(BUSY, move |shot| game(shot, placement, size, true, busy));
                row.target(SPIN, Bound::AtLeast(15.0));
            } else {
                // No more than 1.1 times the time is no less than its inverse of the speed.
                row.target(SPIN, Bound::AtLeast(1.0 / 1.1));
            }
            row.case("limit: 2 writes, 2 reads, no thread", move |shot| {
                alone(shot, size)
            });
            rows.push(row);
        }
    }
    rows
}

/// Plays one side with `(writing end, reading end)`.
type Play = fn(OwnedFd, OwnedFd, Side, &Start) -> Result<Lap>;

const SPIN: &str = "mio-pipe Spin";
const BUSY: &str = "limit: both never sleep";

const PEERS: [(&str, Play); 8] = [
    ("mio", mio),
    ("rustix, blocking", raw),
    ("std", std),
    ("os_pipe", os_pipe),
    ("tokio", tokio),
    ("async-io", async_io),
    ("mio-pipe", ours),
    (SPIN, spin),
];

/// What one side does.
#[derive(Clone, Copy)]
struct Side {
    serves: bool,
    size: usize,
    rounds: u64,
}

impl Side {
    /// Plays: `turn(true, ..)` writes the buffer, `turn(false, ..)` reads it full.
    fn play(self, mut turn: impl FnMut(bool, &mut [u8]) -> Result<()>) -> Result<()> {
        let mut buffer = vec![0; self.size];
        for round in 0..self.rounds {
            if self.serves {
                buffer.fill(round as u8);
                turn(true, &mut buffer)?;
                turn(false, &mut buffer)?;
                self.check(&buffer, round)?;
            } else {
                turn(false, &mut buffer)?;
                self.check(&buffer, round)?;
                turn(true, &mut buffer)?;
            }
        }
        Ok(())
    }

    fn check(self, buffer: &[u8], round: u64) -> Result<()> {
        ensure!(buffer.iter().all(|&byte| byte == round as u8), "wrong data");
        Ok(())
    }
}

fn game(
    shot: &Shot,
    placement: Placement,
    size: usize,
    quickly: bool,
    play: Play,
) -> Result<Sample> {
    let rounds = if quickly {
        shot.amount(100_000, 10_000)
    } else {
        // Tens of microseconds each.
        shot.amount(10_000, 2_000)
    };
    let side = |serves| Side {
        serves,
        size,
        rounds,
    };
    let (there, here) = (pipe()?, pipe()?);
    let ((a, b), (c, d)) = (there, here);
    two_threads(
        rounds,
        placement,
        |start| play(a, d, side(true), start),
        |start| play(c, b, side(false), start),
    )
}

fn blocking(mut w: impl Write, mut r: impl Read, side: Side, start: &Start) -> Result<Lap> {
    let watch = start.go()?;
    side.play(|write, buffer| {
        if write {
            Ok(w.write_all(buffer)?)
        } else {
            Ok(r.read_exact(buffer)?)
        }
    })?;
    Ok(watch.stop())
}

fn raw(w: OwnedFd, r: OwnedFd, side: Side, start: &Start) -> Result<Lap> {
    blocking(Raw(w), Raw(r), side, start)
}

fn std(w: OwnedFd, r: OwnedFd, side: Side, start: &Start) -> Result<Lap> {
    let (w, r) = (std::io::PipeWriter::from(w), std::io::PipeReader::from(r));
    blocking(w, r, side, start)
}

fn os_pipe(w: OwnedFd, r: OwnedFd, side: Side, start: &Start) -> Result<Lap> {
    let (w, r) = (os_pipe::PipeWriter::from(w), os_pipe::PipeReader::from(r));
    blocking(w, r, side, start)
}

/// Tries, as often as `tries` says, and polls when there is nothing.
fn polled(
    mut w: impl Write,
    mut r: impl Read + Source,
    tries: u32,
    side: Side,
    start: &Start,
) -> Result<Lap> {
    let mut ready = Ready::new(&mut r, Interest::READABLE)?;
    let mut spin = Spin::new(tries);
    let watch = start.go()?;
    side.play(|write, buffer| {
        if write {
            // A message fits into an empty pipe whole.
            return Ok(w.write_all(buffer)?);
        }
        loop {
            match now(spin.run(|| r.read(buffer)))? {
                Some(n) => {
                    ensure!(n == buffer.len(), "{n} bytes came");
                    return Ok(());
                }
                None => ready.wait()?,
            }
        }
    })?;
    Ok(watch.stop())
}

fn mio(w: OwnedFd, r: OwnedFd, side: Side, start: &Start) -> Result<Lap> {
    let w = mio::unix::pipe::Sender::from(nonblocking(w)?);
    let r = mio::unix::pipe::Receiver::from(nonblocking(r)?);
    polled(w, r, 0, side, start)
}

fn ours(w: OwnedFd, r: OwnedFd, side: Side, start: &Start) -> Result<Lap> {
    let w = mio_pipe::Sender::from_fd(w)?;
    let r = mio_pipe::Receiver::from_fd(r)?;
    polled(w, r, 0, side, start)
}

fn spin(w: OwnedFd, r: OwnedFd, side: Side, start: &Start) -> Result<Lap> {
    let w = mio_pipe::Sender::from_fd(w)?;
    let r = mio_pipe::Receiver::from_fd(r)?;
    polled(w, r, Spin::TRIES, side, start)
}

/// Tries until there is something, and gives the core up to nobody.
fn busy(w: OwnedFd, r: OwnedFd, side: Side, start: &Start) -> Result<Lap> {
    let (mut w, mut r) = (Raw(w), Raw(nonblocking(r)?));
    let watch = start.go()?;
    side.play(|write, buffer| {
        if write {
            return Ok(w.write_all(buffer)?);
        }
        loop {
            if let Some(n) = now(r.read(buffer))? {
                ensure!(n == buffer.len(), "{n} bytes came");
                return Ok(());
            }
        }
    })?;
    Ok(watch.stop())
}

/// The system calls of a round trip, with nobody to wait for.
fn alone(shot: &Shot, size: usize) -> Result<Sample> {
    let rounds = shot.amount(300_000, 10_000);
    let (writer, reader) = pipe()?;
    let (mut writer, mut reader) = (Raw(writer), Raw(reader));
    let mut buffer = vec![0; size];
    let watch = Watch::start();
    for round in 0..rounds {
        buffer.fill(round as u8);
        for _ in 0..2 {
            writer.write_all(&buffer)?;
            reader.read_exact(&mut buffer)?;
        }
        ensure!(buffer.iter().all(|&byte| byte == round as u8), "wrong data");
    }
    Ok(watch.stop().sample(rounds))
}

fn tokio(w: OwnedFd, r: OwnedFd, side: Side, start: &Start) -> Result<Lap> {
    runtime()?.block_on(async {
        let mut w = Sender::from_owned_fd(w)?;
        let mut r = Receiver::from_owned_fd(r)?;
        let mut buffer = vec![0; side.size];
        let watch = start.go()?;
        for round in 0..side.rounds {
            if side.serves {
                buffer.fill(round as u8);
                w.write_all(&buffer).await?;
            }
            r.read_exact(&mut buffer).await?;
            side.check(&buffer, round)?;
            if !side.serves {
                w.write_all(&buffer).await?;
            }
        }
        Ok(watch.stop())
    })
}

fn async_io(w: OwnedFd, r: OwnedFd, side: Side, start: &Start) -> Result<Lap> {
    let (w, r) = (Async::new(w)?, Async::new(r)?);
    let mut buffer = vec![0; side.size];
    let watch = start.go()?;
    async_io::block_on(async {
        for round in 0..side.rounds {
            if side.serves {
                buffer.fill(round as u8);
                w.write_with(|fd| Ok(rustix::io::write(fd, &buffer)?))
                    .await?;
            }
            let n = r
                .read_with(|fd| Ok(rustix::io::read(fd, &mut *buffer)?))
                .await?;
            ensure!(n == side.size, "{n} bytes came");
            side.check(&buffer, round)?;
            if !side.serves {
                w.write_with(|fd| Ok(rustix::io::write(fd, &buffer)?))
                    .await?;
            }
        }
        Ok(watch.stop())
    })
}
