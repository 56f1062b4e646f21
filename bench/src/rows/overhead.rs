//! What a library adds to the system calls it makes, on one thread.
//!
//! `overhead/create` makes a pipe and drops it. tokio and async-io register both ends with their reactors
//! while doing so; nobody else does. `overhead/byte` writes a byte and reads it back.
//!
//! **Target**: within 2% of the CPU time of the bare system calls; nothing here ever waits, so that is
//! the time it takes on a machine that does nothing else.
//!
//! **Limit**: the reference. rustix enters the kernel by itself, while std goes through the C library's
//! `read` and `write`, which are points of cancellation and set `errno`; whoever reads and writes with
//! std pays for that.

use std::io::{Read, Write};

use anyhow::{Result, ensure};
use async_io::Async;
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{Bound, Row, Sample, Shot, Unit};
use crate::measure::Watch;
use crate::peers::{Raw, runtime};

const RAW: &str = "rustix";
const OURS: &str = "mio-pipe";

pub fn rows() -> Vec<Row> {
    vec![create(), byte()]
}

fn create() -> Row {
    let about = "make a pipe and drop it";
    let mut row = Row::new("overhead/create", about, Unit::Nanoseconds, RAW);
    row.case(RAW, |shot| creating(shot, || Ok(raw_pipe()?)));
    row.case("std", |shot| creating(shot, || Ok(std::io::pipe()?)));
    row.case("os_pipe", |shot| creating(shot, || Ok(os_pipe::pipe()?)));
    row.case("interprocess", |shot| {
        creating(shot, || Ok(interprocess::unnamed_pipe::pipe()?))
    });
    row.case("mio", |shot| creating(shot, || Ok(mio::unix::pipe::new()?)));
    row.case(OURS, |shot| creating(shot, || Ok(mio_pipe::new_pipe()?)));
    row.case("tokio", |shot| {
        let runtime = runtime()?;
        let _guard = runtime.enter();
        creating(shot, || Ok(tokio::net::unix::pipe::pipe()?))
    });
    row.case("async-io", |shot| {
        creating(shot, || {
            let (reader, writer) = std::io::pipe()?;
            Ok((Async::new(reader)?, Async::new(writer)?))
        })
    });
    row.target(OURS, Bound::CpuAtMost(1.02));
    row
}

fn raw_pipe() -> rustix::io::Result<(std::os::fd::OwnedFd, std::os::fd::OwnedFd)> {
    pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)
}

fn creating<T>(shot: &Shot, make: impl Fn() -> Result<T>) -> Result<Sample> {
    let pipes = shot.amount(50_000, 2_000);
    let watch = Watch::start();
    for _ in 0..pipes {
        drop(std::hint::black_box(make()?));
    }
    Ok(watch.stop().sample(pipes))
}

fn byte() -> Row {
    let about = "write a byte and read it back";
    let mut row = Row::new("overhead/byte", about, Unit::Nanoseconds, RAW);
    row.case(RAW, |shot| {
        let (reader, writer) = raw_pipe()?;
        round_trips(shot, Raw(writer), Raw(reader))
    });
    row.case("std", |shot| {
        let (reader, writer) = std::io::pipe()?;
        round_trips(shot, writer, reader)
    });
    row.case("os_pipe", |shot| {
        let (reader, writer) = os_pipe::pipe()?;
        round_trips(shot, writer, reader)
    });
    row.case("interprocess", |shot| {
        let (writer, reader) = interprocess::unnamed_pipe::pipe()?;
        round_trips(shot, writer, reader)
    });
    row.case("mio", |shot| {
        let (writer, reader) = mio::unix::pipe::new()?;
        round_trips(shot, writer, reader)
    });
    row.case(OURS, |shot| {
        let (writer, reader) = mio_pipe::new_pipe()?;
        round_trips(shot, writer, reader)
    });
    row.case("tokio", |shot| {
        let trips = trips(shot);
        runtime()?.block_on(async {
            let (mut writer, mut reader) = tokio::net::unix::pipe::pipe()?;
            let watch = Watch::start();
            for trip in 0..trips {
                writer.write_all(&[trip as u8]).await?;
                check(reader.read_u8().await?, trip)?;
            }
            Ok(watch.stop().sample(trips))
        })
    });
    row.case("async-io", |shot| {
        let trips = trips(shot);
        let (reader, writer) = raw_pipe()?;
        let (reader, writer) = (Async::new(reader)?, Async::new(writer)?);
        async_io::block_on(async {
            let mut buffer = [0];
            let watch = Watch::start();
            for trip in 0..trips {
                let byte = [trip as u8];
                writer
                    .write_with(|fd| Ok(rustix::io::write(fd, &byte)?))
                    .await?;
                reader
                    .read_with(|fd| Ok(rustix::io::read(fd, &mut buffer)?))
                    .await?;
                check(buffer[0], trip)?;
            }
            Ok(watch.stop().sample(trips))
        })
    });
    row.target(OURS, Bound::CpuAtMost(1.02));
    row
}

fn trips(shot: &Shot) -> u64 {
    shot.amount(300_000, 10_000)
}

fn round_trips(shot: &Shot, mut writer: impl Write, mut reader: impl Read) -> Result<Sample> {
    let trips = trips(shot);
    let mut buffer = [0];
    let watch = Watch::start();
    for trip in 0..trips {
        ensure!(writer.write(&[trip as u8])? == 1, "nothing was written");
        ensure!(reader.read(&mut buffer)? == 1, "nothing was read");
        check(buffer[0], trip)?;
    }
    Ok(watch.stop().sample(trips))
}

fn check(byte: u8, trip: u64) -> Result<()> {
    ensure!(byte == trip as u8, "wrong data");
    Ok(())
}
