//! What an event costs when many pipes are registered and few have something to say.
//!
//! One thread. One byte goes into each of 64 random pipes (or of all, if there are fewer); then the loop
//! polls, at most 64 events at a time, and receives until it has them all. The time of the writes is
//! taken out. One pipe alone brings one event for each poll, so that the poll itself weighs more.
//!
//! **Target**: 0.8 times the CPU time of a mio loop that reads each pipe to `WouldBlock`; and at 9,900 pipes
//! twice the time at one, at most, which the row `growth/events` compares.
//!
//! **Limit**: one read for each event, and one poll for 64: level-triggered epoll without a library.
//!
//! **What limits us.** `drain_event` makes exactly those system calls. With thousands of pipes the
//! kernel's own data of each pipe no longer is in the cache when its turn comes.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use mio::event::Source;
use mio::{Events, Interest, Poll, Token};
use rustix::event::epoll;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::harness::{Bound, Row, Sample, Shot, Unit};
use crate::measure::Watch;
use crate::peers::{OurBuffer, nonblocking, pipe, runtime};
use crate::ready::now;

const OURS: &str = "mio-pipe drain_event";
const AT_ONCE: usize = 64;

/// Descriptors besides those of the pipes.
const SPARE: u64 = 64;

/// How many pipes.
pub const SIZES: [usize; 4] = [1, 100, 1_000, 9_900];

pub fn rows() -> Vec<Row> {
    let allowed = raise_limit();
    SIZES.into_iter().map(|pipes| row(pipes, allowed)).collect()
}

/// Allows as many descriptors as the hard limit does, and says how many that is.
pub fn raise_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // Without success there are fewer, which the rows say.
    let _ = setrlimit(Resource::Nofile, raised);
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// A sentence that says so if there are not enough descriptors.
pub fn too_many(pipes: usize, allowed: u64) -> Option<String> {
    let needed = 2 * pipes as u64 + SPARE;
    (needed > allowed).then(|| {
        format!(
            "skipped: {pipes} pipes need {needed} descriptors, and the limit is {allowed} (ulimit -Hn)"
        )
    })
}

fn row(pipes: usize, allowed: u64) -> Row {
    let about = format!("one byte to one of {pipes} registered pipes, per event");
    let mut row = Row::new(&format!("events/{pipes}"), &about, Unit::Nanoseconds, "mio");
    if let Some(sentence) = too_many(pipes, allowed) {
        row.note(sentence);
        return row;
    }
    row.case("mio", move |shot| mio(shot, pipes));
    row.case("mio-pipe drain", move |shot| ours(shot, pipes, false));
    row.case(OURS, move |shot| ours(shot, pipes, true));
    row.case("tokio", move |shot| tokio_tasks(shot, pipes));
    row.case("limit: epoll, level-triggered, one read", move |shot| {
        level(shot, pipes)
    });
    row.target(OURS, Bound::CpuAtMost(0.8));
    row
}

/// Calls `write` with the index of each pipe of a batch, then `receive` with how many were written;
/// measures the latter.
fn batches(
    shot: &Shot,
    pipes: usize,
    mut write: impl FnMut(usize) -> Result<()>,
    mut receive: impl FnMut(usize) -> Result<()>,
) -> Result<Sample> {
    let mut order: Vec<usize> = (0..pipes).collect();
    fastrand::Rng::with_seed(3).shuffle(&mut order);
    let batch = pipes.min(AT_ONCE);
    let events = shot.amount(400_000, 60_000) / batch as u64 * batch as u64;
    let mut next = order.iter().copied().cycle();
    let mut writing = Duration::ZERO;
    let watch = Watch::start();
    for _ in 0..events / batch as u64 {
        let from = Instant::now();
        for index in next.by_ref().take(batch) {
            write(index)?;
        }
        writing += from.elapsed();
        receive(batch)?;
    }
    let mut sample = watch.stop().sample(events);
    // The thread never waits: its CPU time is shared as its time by the clock is.
    let receiving = 1.0 - writing.as_secs_f64() / sample.wall.as_secs_f64();
    sample.wall -= writing;
    sample.cpu = sample.cpu.mul_f64(receiving);
    Ok(sample)
}

fn register<R: Source>(poll: &Poll, receivers: &mut [R]) -> Result<()> {
    for (index, receiver) in receivers.iter_mut().enumerate() {
        poll.registry()
            .register(receiver, Token(index), Interest::READABLE)?;
    }
    Ok(())
}

pub fn mio(shot: &Shot, pipes: usize) -> Result<Sample> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(AT_ONCE);
    let mut senders = Vec::new();
    let mut receivers = Vec::new();
    for _ in 0..pipes {
        let (sender, receiver) = mio::unix::pipe::new()?;
        senders.push(sender);
        receivers.push(receiver);
    }
    register(&poll, &mut receivers)?;
    let mut buffer = [0; 4096];
    let write = |index: usize| Ok(senders[index].write_all(&[index as u8])?);
    batches(shot, pipes, write, |mut left| {
        while left > 0 {
            poll.poll(&mut events, None)?;
            for event in &events {
                let index = event.token().0;
                while let Some(n) = now(receivers[index].read(&mut buffer))? {
                    ensure!(buffer[..n] == [index as u8], "wrong data");
                    left -= 1;
                }
            }
        }
        Ok(())
    })
}

pub fn ours(shot: &Shot, pipes: usize, by_event: bool) -> Result<Sample> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(AT_ONCE);
    let mut senders = Vec::new();
    let mut receivers = Vec::new();
    for _ in 0..pipes {
        let (sender, receiver) = mio_pipe::new_pipe()?;
        senders.push(sender);
        receivers.push(receiver);
    }
    register(&poll, &mut receivers)?;
    let mut buffer = OurBuffer::new(4096);
    let write = |index: usize| Ok(senders[index].write_all(&[index as u8])?);
    batches(shot, pipes, write, |mut left| {
        while left > 0 {
            poll.poll(&mut events, None)?;
            for event in &events {
                let index = event.token().0;
                let receiver = &receivers[index];
                let into = buffer.cleared();
                if by_event {
                    let _ = receiver.drain_event(event, into, 4096)?;
                } else {
                    let _ = receiver.drain(into, 4096)?;
                }
                // Without data the event was spurious.
                if !buffer.bytes().is_empty() {
                    ensure!(buffer.bytes() == [index as u8], "wrong data");
                    left -= 1;
                }
            }
        }
        Ok(())
    })
}

/// As few system calls as there can be: one poll for 64 events, one read for each.
fn level(shot: &Shot, pipes: usize) -> Result<Sample> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut ends: Vec<(OwnedFd, OwnedFd)> = Vec::new();
    for index in 0..pipes {
        let (writer, reader) = pipe()?;
        let data = epoll::EventData::new_u64(index as u64);
        epoll::add(&epoll, &reader, data, epoll::EventFlags::IN)?;
        ends.push((writer, nonblocking(reader)?));
    }
    let mut events = Vec::with_capacity(AT_ONCE);
    let mut buffer = [0; 4096];
    let write = |index: usize| {
        rustix::io::write(&ends[index].0, &[index as u8])?;
        Ok(())
    };
    batches(shot, pipes, write, |mut left| {
        while left > 0 {
            events.clear();
            epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), None)?;
            for event in &events {
                let index = event.data.u64() as usize;
                let n = rustix::io::read(&ends[index].1, &mut buffer)?;
                ensure!(buffer[..n] == [index as u8], "wrong data");
                left -= 1;
            }
        }
        Ok(())
    })
}

/// A task for each pipe, on one thread.
fn tokio_tasks(shot: &Shot, pipes: usize) -> Result<Sample> {
    use std::cell::Cell;
    use std::rc::Rc;
    use tokio::io::AsyncReadExt;
    use tokio::net::unix::pipe::Receiver;
    use tokio::sync::Notify;
    use tokio::task::LocalSet;

    struct Shared {
        left: Cell<usize>,
        wrong: Cell<bool>,
        done: Notify,
    }

    let runtime = runtime()?;
    let local = LocalSet::new();
    let shared = Rc::new(Shared {
        left: Cell::new(0),
        wrong: Cell::new(false),
        done: Notify::new(),
    });
    let mut writers = Vec::new();
    for index in 0..pipes {
        let (writer, reader) = pipe()?;
        writers.push(writer);
        let mut receiver = {
            let _guard = runtime.enter();
            Receiver::from_owned_fd(reader)?
        };
        let shared = Rc::clone(&shared);
        local.spawn_local(async move {
            let mut buffer = [0; 16];
            while let Ok(n @ 1..) = receiver.read(&mut buffer).await {
                if buffer[..n] != [index as u8] {
                    shared.wrong.set(true);
                }
                shared.left.set(shared.left.get() - 1);
                if shared.left.get() == 0 {
                    shared.done.notify_one();
                }
            }
        });
    }
    let write = |index: usize| {
        rustix::io::write(&writers[index], &[index as u8])?;
        Ok(())
    };
    batches(shot, pipes, write, |left| {
        shared.left.set(left);
        local.block_on(&runtime, shared.done.notified());
        ensure!(!shared.wrong.get(), "wrong data");
        Ok(())
    })
}
