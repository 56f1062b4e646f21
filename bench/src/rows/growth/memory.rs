//! What a pipe, and a connection of a relay, takes of memory.
//!
//! `growth/memory-user`: the process's resident memory with many of them, less that without, for each.
//! Only what holds the ends is there: registering costs nothing on this side.
//!
//! `growth/memory-kernel`: the same of the kernel's objects in use, of all kinds, as /proc/slabinfo counts
//! them, which only root may read. It counts those of the whole machine, and kinds that come and go by
//! thousands elsewhere at the time blur it. Not in it are the pages that hold a pipe's bytes: as many as
//! the bytes need, and up to two that an empty pipe keeps; they are counted nowhere by themselves.
//!
//! A connection is a relay's: two sockets, and a direction each way. On loopback the other ends of the
//! two sockets are here, too, so that the kernel's part of it is for four. Idle, it has no pipe, as `Pool`
//! allows; otherwise one for each direction.

use std::fs;
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use mio::net::TcpStream;
use mio_pipe::Builder;
use mio_pipe::os::linux::{Next, Pipe, Relay, Side};

use crate::harness::{Row, Sample, Shot, Unit};
use crate::measure::Watch;
use crate::rows::events;

const REFERENCE: &str = "mio, a pipe";

/// More than any allocator takes from memory that it has, bytes.
const MAPPED: usize = 64 << 20;

pub fn rows() -> Vec<Row> {
    let user = row("user", "resident memory for each", resident);
    let mut kernel = row("kernel", "kernel objects for each", objects);
    if let Err(err) = objects() {
        kernel.cases.clear();
        kernel.note(format!("skipped: {err:#}"));
    }
    vec![user, kernel]
}

fn row(side: &str, about: &str, count: fn() -> Result<u64>) -> Row {
    events::raise_limit();
    let name = format!("growth/memory-{side}");
    let mut row = Row::new(&name, about, Unit::Bytes, REFERENCE);
    row.case(REFERENCE, move |shot| {
        each(shot, count, || Ok(mio::unix::pipe::new()?))
    });
    row.case("mio-pipe, a pipe", move |shot| {
        each(shot, count, || Ok(mio_pipe::new_pipe()?))
    });
    row.case("mio-pipe, a connection, idle", move |shot| {
        each(shot, count, || Connection::new(false))
    });
    row.case("mio-pipe, a connection with pipes", move |shot| {
        each(shot, count, || Connection::new(true))
    });
    row
}

/// Makes many and says by how much `count` grew for each.
fn each<T>(
    shot: &Shot,
    count: fn() -> Result<u64>,
    mut make: impl FnMut() -> Result<T>,
) -> Result<Sample> {
    // As many pipes as have memory to speak of: their ends are descriptors, and little else.
    let number = match size_of::<T>() {
        0..=64 => shot.amount(8_000, 4_000),
        _ => shot.amount(1_000, 500),
    };
    // So that what is made once is there already.
    drop(make()?);
    // So much is mapped anew, and resident as far as it is used.
    let mut all = Vec::with_capacity(MAPPED / size_of::<T>());
    let watch = Watch::start();
    let before = count()?;
    for _ in 0..number {
        all.push(make()?);
    }
    let bytes = count()?.saturating_sub(before);
    let mut sample = watch.stop().sample(number);
    sample.bytes = bytes;
    Ok(sample)
}

/// A connection of a relay, and the two others' ends.
struct Connection {
    _sockets: [TcpStream; 2],
    _directions: [(Option<Relay>, Next); 2],
    _others: [std::net::TcpStream; 2],
}

impl Connection {
    fn new(has_pipes: bool) -> Result<Connection> {
        let socket = || -> Result<_> {
            let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let other = std::net::TcpStream::connect(listener.local_addr()?)?;
            let (socket, _) = listener.accept()?;
            socket.set_nonblocking(true)?;
            Ok((TcpStream::from_std(socket), other))
        };
        let direction = || -> Result<_> {
            let pipe = has_pipes.then(|| Pipe::new(&Builder::new())).transpose()?;
            let relay = pipe.map(Relay::new).transpose()?;
            Ok((relay, Next::Wait(Side::Input)))
        };
        let ((first, client), (second, server)) = (socket()?, socket()?);
        Ok(Connection {
            _sockets: [first, second],
            _directions: [direction()?, direction()?],
            _others: [client, server],
        })
    }
}

/// Resident memory of this process, bytes, counted page by page.
fn resident() -> Result<u64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup").context("/proc/self/smaps_rollup")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
    Ok(kib.context("no Rss")?.parse::<u64>()? << 10)
}

/// The kernel's objects in use, bytes.
fn objects() -> Result<u64> {
    let text = fs::read_to_string("/proc/slabinfo").context("/proc/slabinfo")?;
    let bytes = |line: &str| -> Option<u64> {
        let mut fields = line.split_whitespace().skip(1);
        let active: u64 = fields.next()?.parse().ok()?;
        let size: u64 = fields.nth(1)?.parse().ok()?;
        Some(active * size)
    };
    // The two lines of heading have no numbers there.
    Ok(text.lines().filter_map(bytes).sum())
}
