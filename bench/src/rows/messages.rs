//! Small messages, one way, as many as possible.
//!
//! Two threads, left to the scheduler, and on a core each. The reader takes what comes, up to 64 KiB.
//! `SendQueue` sends each message and flushes at the end, as an event loop does that has many to send.
//!
//! **Target**: 20 times a write for each with 64 bytes, 3 times with 1 KiB; and more than `BufWriter`
//! at both its sizes.
//!
//! **Limit**: without a system call for each message, that of the row `bulk`, and a copy of each
//! message into the buffer.
//!
//! **What limits us.** As in `bulk`: on two cores writes of 8 KiB are best (`--rows coalesce`), and
//! `BufWriter` with 64 KiB falls behind; on one core it is ahead, because it makes fewer system calls.
//! With 8 KiB it makes the same writes as `SendQueue` does. Where it is ahead, by a tenth to a quarter, it is
//! because its pipe blocks: once a pipe was given to epoll, each write to it calls epoll's hook, asleep
//! or not, and each pause of a reader is a read that finds nothing and a poll, instead of a read that
//! waits. With std reading what `SendQueue` sends, half of the difference is gone; tokio's `BufWriter`,
//! which lives in an event loop as we do, is far behind both. A `send` that is inlined while there is room was
//! tried, and gained nothing.

use std::io::{BufWriter, Write};
use std::os::fd::OwnedFd;

use anyhow::Result;
use mio::Interest;
use mio_pipe::SendQueue;
use tokio::io::AsyncWriteExt;

use crate::harness::{Bound, Row, Sample, Shot, Unit};
use crate::measure::{Lap, Placement, two_threads};
use crate::payload::{Checker, Feed};
use crate::peers::{Go, Peer, pipe};
use crate::ready::Ready;

const OURS: &str = "mio-pipe SendQueue, drain";

pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (place, placement) in [
        ("threads", Placement::Free),
        ("two-cores", Placement::TwoCores),
    ] {
        for message in [64, 1024] {
            rows.push(row(place, placement, message));
        }
    }
    rows
}

fn row(place: &str, placement: Placement, message: usize) -> Row {
    let mut row = Row::new(
        &format!("messages/{place}-{message}"),
        &format!("messages of {message} bytes, one way; {place}"),
        Unit::MillionPerSecond,
        "mio",
    );
    let mut case = |name: &str, send: Send, reader: Peer| {
        let full = match send {
            Send::Each(_) => 400_000,
            _ => 8_000_000,
        };
        row.case(name, move |shot: &Shot| {
            let messages = shot.amount(full, full / 10);
            one_way(shot, placement, message, messages, send, reader)
        });
    };
    for peer in Peer::ALL {
        case(peer.name(), Send::Each(peer), peer);
    }
    for size in [8, 64] {
        let name = format!("std BufWriter {size} KiB");
        case(&name, Send::BufWriter(size << 10), Peer::Std);
    }
    case("tokio BufWriter 8 KiB", Send::TokioBufWriter, Peer::Tokio);
    case(OURS, Send::Queue, Peer::Ours);
    case("mio-pipe SendQueue, std reads", Send::Queue, Peer::Std);
    let goal = if message == 64 { 20.0 } else { 3.0 };
    row.target(OURS, Bound::AtLeast(goal));
    row.target_against(OURS, "std BufWriter 8 KiB", Bound::AtLeast(1.0));
    row.target_against(OURS, "std BufWriter 64 KiB", Bound::AtLeast(1.0));
    row
}

#[derive(Clone, Copy)]
enum Send {
    Each(Peer),
    BufWriter(usize),
    TokioBufWriter,
    Queue,
}

fn one_way(
    shot: &Shot,
    placement: Placement,
    message: usize,
    messages: u64,
    send: Send,
    reader: Peer,
) -> Result<Sample> {
    let (writer, pipe) = pipe()?;
    two_threads(
        messages,
        placement,
        |start| {
            let feed = Feed::new(message, messages);
            let go: Go<'_> = &|| start.go();
            match send {
                Send::Each(peer) => peer.send(writer, feed, go),
                Send::BufWriter(size) => buffered(writer, size, feed, go),
                Send::TokioBufWriter => buffered_tokio(writer, feed, go),
                Send::Queue => queued(writer, feed, go),
            }
        },
        |start| {
            let mut checker = Checker::new(message, shot);
            let lap = reader.receive(pipe, &mut checker, &|| start.go())?;
            checker.finish(messages * message as u64)?;
            Ok(lap)
        },
    )
}

fn buffered(fd: OwnedFd, size: usize, mut feed: Feed, go: Go<'_>) -> Result<Lap> {
    let mut writer = BufWriter::with_capacity(size, std::io::PipeWriter::from(fd));
    let watch = go()?;
    while let Some(message) = feed.next() {
        writer.write_all(message)?;
    }
    writer.flush()?;
    drop(writer);
    Ok(watch.stop())
}

fn buffered_tokio(fd: OwnedFd, mut feed: Feed, go: Go<'_>) -> Result<Lap> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let sender = tokio::net::unix::pipe::Sender::from_owned_fd(fd)?;
        let mut writer = tokio::io::BufWriter::new(sender);
        let watch = go()?;
        while let Some(message) = feed.next() {
            writer.write_all(message).await?;
        }
        writer.flush().await?;
        drop(writer);
        Ok(watch.stop())
    })
}

/// As an event loop: queue until the pipe is full, then wait for it.
fn queued(fd: OwnedFd, mut feed: Feed, go: Go<'_>) -> Result<Lap> {
    let mut sender = mio_pipe::Sender::from_fd(fd)?;
    let mut ready = Ready::new(&mut sender, Interest::WRITABLE)?;
    let mut queue = SendQueue::new();
    let watch = go()?;
    while let Some(message) = feed.next() {
        queue.send(&sender, message)?;
        if queue.is_blocked() {
            while !queue.flush(&sender)? {
                ready.wait()?;
            }
        }
    }
    while !queue.flush(&sender)? {
        ready.wait()?;
    }
    drop(sender);
    Ok(watch.stop())
}
