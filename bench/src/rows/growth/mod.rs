//! How cost grows; runs only when named.
//!
//! `growth/bytes`: two threads, a core each. One sends so many bytes, the other one a byte back when it
//! has them all, again and again. From 4 KiB, which is a wake-up each way, to 1 GiB, which is bandwidth.
//!
//! `growth/events`: the cases of `events` side by side. **Target**: an event among 9,900 pipes costs at
//! most twice what it costs with one.
//!
//! `growth/memory`: see [`memory`].

mod memory;

use std::io::{Read, Write};

use anyhow::Result;
use mio::Interest;
use mio_pipe::Drained;

use super::events;
use crate::harness::{Bound, Row, Sample, Shot, Unit};
use crate::measure::{Lap, Placement, Start, two_threads};
use crate::payload::{BLOCK, Buffer, Checker, Feed};
use crate::peers::{OurBuffer, Raw, nonblocking, pipe};
use crate::ready::{Ready, now};

pub fn rows() -> Vec<Row> {
    let mut rows = vec![bytes(), growing_events()];
    rows.extend(memory::rows());
    for row in &mut rows {
        row.on_request = true;
    }
    rows
}

fn bytes() -> Row {
    let about = "transfers of so many bytes, and a byte back; two threads, a core each";
    let reference = "mio, 4 KiB";
    let mut row = Row::new("growth/bytes", about, Unit::GibPerSecond, reference);
    let sizes = [
        ("4 KiB", 4 << 10),
        ("64 KiB", 64 << 10),
        ("1 MiB", 1 << 20),
        ("16 MiB", 16 << 20),
        ("256 MiB", 256 << 20),
        ("1 GiB", 1 << 30),
    ];
    for (library, is_ours) in [("mio", false), ("mio-pipe", true)] {
        for (name, size) in sizes {
            row.case(format!("{library}, {name}"), move |shot| {
                transfers(shot, size, is_ours)
            });
        }
    }
    row
}

/// The two ends of one pipe.
enum Ends {
    Mio(mio::unix::pipe::Sender, mio::unix::pipe::Receiver),
    Ours(mio_pipe::Sender, mio_pipe::Receiver),
}

fn transfers(shot: &Shot, size: u64, is_ours: bool) -> Result<Sample> {
    let most = shot.amount(5_000, 500);
    let count = (shot.amount(1 << 30, 64 << 20) / size).clamp(1, most);
    let ((there, far), (back, near)) = (pipe()?, pipe()?);
    let ends = if is_ours {
        let receiver = mio_pipe::Receiver::from_fd(far)?;
        Ends::Ours(mio_pipe::Sender::from_fd(there)?, receiver)
    } else {
        Ends::Mio(nonblocking(there)?.into(), nonblocking(far)?.into())
    };
    let block = BLOCK.min(size as usize);
    let feed = Feed::new(block, count * size / block as u64);
    let checker = Checker::new(block, shot);
    let blocks = size / block as u64;
    let (near, back) = (Raw(near), Raw(back));
    match ends {
        Ends::Mio(mut sender, mut receiver) => {
            let mut out = Ready::new(&mut sender, Interest::WRITABLE)?;
            let mut into = Ready::new(&mut receiver, Interest::READABLE)?;
            let mut buffer = Buffer::new(BLOCK);
            let send = move |mut bytes: &[u8]| {
                while !bytes.is_empty() {
                    match now(sender.write(bytes))? {
                        Some(n) => bytes = &bytes[n..],
                        None => out.wait()?,
                    }
                }
                Ok(())
            };
            let receive = move |checker: &mut Checker| {
                match now(receiver.read(&mut buffer))? {
                    Some(n) => checker.feed(&buffer[..n])?,
                    None => into.wait()?,
                }
                Ok(())
            };
            play(
                count,
                blocks,
                size,
                feed,
                checker,
                (send, near),
                (receive, back),
            )
        }
        Ends::Ours(mut sender, mut receiver) => {
            let mut out = Ready::new(&mut sender, Interest::WRITABLE)?;
            let mut into = Ready::new(&mut receiver, Interest::READABLE)?;
            let mut buffer = OurBuffer::new(BLOCK);
            let send = move |mut bytes: &[u8]| {
                while !bytes.is_empty() {
                    let n = sender.fill(bytes)?;
                    bytes = &bytes[n..];
                    if !bytes.is_empty() {
                        out.wait()?;
                    }
                }
                Ok(())
            };
            let mut end = 0;
            let receive = move |checker: &mut Checker| {
                if checker.count() == end {
                    end += size;
                }
                let drained = receiver.drain(buffer.cleared(), BLOCK)?;
                checker.feed(buffer.bytes())?;
                if drained == Drained::Empty && checker.count() < end {
                    into.wait()?;
                }
                Ok(())
            };
            play(
                count,
                blocks,
                size,
                feed,
                checker,
                (send, near),
                (receive, back),
            )
        }
    }
}

fn play(
    count: u64,
    blocks: u64,
    size: u64,
    mut feed: Feed,
    mut checker: Checker,
    (mut send, mut near): (impl FnMut(&[u8]) -> Result<()> + Send, Raw),
    (mut receive, mut back): (impl FnMut(&mut Checker) -> Result<()> + Send, Raw),
) -> Result<Sample> {
    two_threads(
        count * size,
        Placement::TwoCores,
        |start: &Start| -> Result<Lap> {
            let watch = start.go()?;
            for _ in 0..count {
                for _ in 0..blocks {
                    send(feed.next().unwrap_or_default())?;
                }
                near.read_exact(&mut [0])?;
            }
            Ok(watch.stop())
        },
        |start: &Start| -> Result<Lap> {
            let watch = start.go()?;
            for transfer in 1..=count {
                while checker.count() < transfer * size {
                    receive(&mut checker)?;
                }
                back.write_all(b"!")?;
            }
            checker.finish(count * size)?;
            Ok(watch.stop())
        },
    )
}

fn growing_events() -> Row {
    let about = "one byte to one of so many registered pipes, per event";
    let reference = "mio, 1 pipe";
    let mut row = Row::new("growth/events", about, Unit::Nanoseconds, reference);
    let allowed = events::raise_limit();
    let name = |library: &str, pipes: usize| {
        let s = if pipes == 1 { "" } else { "s" };
        format!("{library}, {pipes} pipe{s}")
    };
    for pipes in events::SIZES {
        if let Some(sentence) = events::too_many(pipes, allowed) {
            row.note(sentence);
            continue;
        }
        row.case(name("mio", pipes), move |shot| events::mio(shot, pipes));
        row.case(name("mio-pipe drain_event", pipes), move |shot| {
            events::ours(shot, pipes, true)
        });
    }
    let ours = |pipes| name("mio-pipe drain_event", pipes);
    row.target_against(&ours(9_900), &ours(1), Bound::CpuAtMost(2.0));
    row
}
