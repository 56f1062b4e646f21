//! One input to many pipes.
//!
//! One thread puts data into the input pipe, as much as it holds, hands it on to every output, and empties
//! the outputs: by reading, or by splicing to /dev/null, as a relay would splice onward. Counted is what
//! the outputs deliver, all together. Pipes have the default capacity, or 1 MiB.
//!
//! **Target**, for 32 outputs: 7 times the reference when read, 20 times when spliced on; in CPU time, as
//! nothing here ever waits. The reference is what a program does that knows mio alone: read once, write to each, and read at the other ends.
//!
//! **Limit**: a tee(2) for each output, and whatever empties it. tee takes a reference to each page and
//! copies nothing, so that reading costs the one copy that reading is, and splicing none. What is left
//! is a system call for each output and each pipe full, and the count of references for each page of
//! 4 KiB; larger pipes spare the first, nothing spares the second. How much more a write to each costs
//! depends on the caches: with 32 pipes of 1 MiB the copies no longer fit into them.
//!
//! **What limits us.** `Fanout` makes the system calls of the limit and no others, and its time is the
//! limit's within a few percent in every row. For 32 pipes of 64 KiB that is half of the target for
//! readers that read, and a third for splicing ones: there a write to each costs little, because all
//! the copies stay in the processor's cache. Pipes of 1 MiB reach the target when spliced on, and most
//! of it when read; what is missing there is the readers' own copy, which nobody can spare them.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};

use anyhow::{Result, ensure};
use mio::Token;
use mio_pipe::os::linux::Fanout;
use rustix::pipe::{SpliceFlags, fcntl_setpipe_size, splice, tee};

use crate::harness::{Bound, Row, Sample, Shot, Unit};
use crate::measure::Watch;
use crate::payload::{BLOCK, Buffer, Checker, Feed};
use crate::peers::{nonblocking, pipe};

const REFERENCE: &str = "mio, a write to each, read";

pub fn rows() -> Vec<Row> {
    let sizes = [1, 8, 32].map(|outputs| [(outputs, BLOCK), (outputs, 1 << 20)]);
    sizes
        .into_iter()
        .flatten()
        .map(|(outputs, size)| row(outputs, size))
        .collect()
}

fn row(outputs: usize, size: usize) -> Row {
    let kib = size >> 10;
    let name = format!("fan-out/{outputs}-{kib}K");
    let about = format!("one input to {outputs} pipes of {kib} KiB");
    let mut row = Row::new(&name, &about, Unit::GibPerSecond, REFERENCE);
    for (way, consume, goal) in [
        ("read", Consume::Read, 7.0),
        ("spliced on", Consume::Splice, 20.0),
    ] {
        row.case(format!("mio, a write to each, {way}"), move |shot| {
            let mut buffer = Buffer::new(size);
            fan(shot, outputs, size, consume, |input, outputs| {
                Ok(move || {
                    ensure!((&input).read(&mut buffer)? == size, "short read");
                    for mut output in &outputs {
                        ensure!(output.write(&buffer)? == size, "short write");
                    }
                    Ok(())
                })
            })
        });
        let ours = format!("mio-pipe Fanout, {way}");
        row.case(&ours, move |shot| {
            fan(shot, outputs, size, consume, |input, outputs| {
                let mut fanout = fanout(input, outputs)?;
                Ok(move || {
                    let step = fanout.step(size)?;
                    ensure!(step.taken == size, "a step took {} bytes", step.taken);
                    Ok(())
                })
            })
        });
        row.case(format!("limit: tee to each, {way}"), move |shot| {
            fan(shot, outputs, size, consume, |input, outputs| {
                Ok(move || tee_to_all(&input, &outputs, size))
            })
        });
        if outputs == 32 {
            row.target(&ours, Bound::CpuAtMost(1.0 / goal));
        }
    }
    row
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Consume {
    Read,
    Splice,
}

type Sender = mio::unix::pipe::Sender;
type Receiver = mio::unix::pipe::Receiver;

fn ends(size: usize) -> Result<(Sender, Receiver)> {
    let (writer, reader) = pipe()?;
    ensure!(
        fcntl_setpipe_size(&writer, size)? == size,
        "the pipe has another size"
    );
    Ok((nonblocking(writer)?.into(), nonblocking(reader)?.into()))
}

fn fanout(input: Receiver, outputs: Vec<Sender>) -> Result<Fanout> {
    let mut fanout = Fanout::new(mio_pipe::Receiver::from_fd(input)?);
    for (index, output) in outputs.into_iter().enumerate() {
        fanout.add(Token(index), mio_pipe::Sender::from_fd(output)?);
    }
    Ok(fanout)
}

/// Sends blocks to all outputs: `with(input, outputs)` returns what hands one block on.
fn fan<H: FnMut() -> Result<()>>(
    shot: &Shot,
    count: usize,
    size: usize,
    consume: Consume,
    with: impl FnOnce(Receiver, Vec<Sender>) -> Result<H>,
) -> Result<Sample> {
    let blocks = (shot.amount(2 << 30, 128 << 20) / (size * count) as u64).max(1);
    let (mut sender, input) = ends(size)?;
    let mut feed = Feed::new(size, blocks);
    let mut outputs = Vec::new();
    let mut receivers = Vec::new();
    for _ in 0..count {
        let (output, receiver) = ends(size)?;
        outputs.push(output);
        receivers.push((receiver, Checker::new(size, shot)));
    }
    let null: File = OpenOptions::new().write(true).open("/dev/null")?;
    let mut buffer = Buffer::new(size);
    let mut hand_on = with(input, outputs)?;
    // What is spliced away cannot be checked: the checking shot reads it.
    let splices = consume == Consume::Splice && !shot.check_all;
    let watch = Watch::start();
    while let Some(block) = feed.next() {
        ensure!(sender.write(block)? == size, "short write");
        hand_on()?;
        for (receiver, checker) in &mut receivers {
            if splices {
                let moved = splice(&*receiver, None, &null, None, size, SpliceFlags::MOVE)?;
                ensure!(moved == size, "short splice");
            } else {
                let n = receiver.read(&mut buffer)?;
                checker.feed(&buffer[..n])?;
            }
        }
    }
    let lap = watch.stop();
    if !splices {
        for (_, checker) in &receivers {
            checker.finish(blocks * size as u64)?;
        }
    }
    Ok(lap.sample(blocks * (size * count) as u64))
}

/// One system call for each output.
fn tee_to_all(input: &Receiver, outputs: &[Sender], size: usize) -> Result<()> {
    let (last, others) = outputs.split_last().expect("there are outputs");
    for output in others {
        let n = tee(input, output, size, SpliceFlags::NONBLOCK)?;
        ensure!(n == size, "short tee");
    }
    let n = splice(input, None, last, None, size, SpliceFlags::NONBLOCK)?;
    ensure!(n == size, "short splice");
    Ok(())
}
