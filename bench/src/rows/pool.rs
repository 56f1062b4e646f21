//! Taking an empty pipe from a pool and putting it back, against making a new one each time.
//!
//! **Target**: 15 times the reference, with the check that the pipe is empty: a fifteenth of its CPU
//! time, as nothing here ever waits.
//!
//! **Limit**: the system call that says whether a pipe is empty. Without it, somebody's data could turn
//! up elsewhere.
//!
//! **What limits us.** Taking and putting back makes that one system call and no other (`strace -f -c`
//! counts as many ioctl as turns) and takes as long as it does, within a few percent: the limit is
//! reached. Making and closing a pipe is three system calls, and on Linux 6.18 takes ten to seventeen times
//! the one, so that the limit itself barely comes to the target; with pipes of 1 MiB, which are a fourth
//! one, it goes beyond it. The check cannot be cheaper: nothing but the kernel knows what is in a pipe,
//! and FIONREAD is the cheapest way to ask.

use std::io::{Read, Write};

use anyhow::{Result, ensure};
use mio_pipe::Builder;
use mio_pipe::os::linux::Pool;
use rustix::io::ioctl_fionread;

use crate::harness::{Bound, Row, Sample, Shot, Unit};
use crate::measure::Watch;

const REFERENCE: &str = "mio, a new pipe each time";
const LARGE: &str = "mio, a new pipe of 1 MiB each time";
const OURS: &str = "mio-pipe Pool";
const OURS_LARGE: &str = "mio-pipe Pool, 1 MiB";

pub fn rows() -> Vec<Row> {
    let about = "get an empty pipe and give it up";
    let mut row = Row::new("pool", about, Unit::ThousandPerSecond, REFERENCE);
    row.case(REFERENCE, |shot| {
        times(shot.amount(50_000, 2_000), || {
            drop(mio::unix::pipe::new()?);
            Ok(())
        })
    });
    row.case(LARGE, |shot| {
        times(shot.amount(50_000, 2_000), || {
            let (sender, _receiver) = mio::unix::pipe::new()?;
            rustix::pipe::fcntl_setpipe_size(&sender, 1 << 20)?;
            Ok(())
        })
    });
    row.case("mio-pipe new_pipe", |shot| {
        times(shot.amount(50_000, 2_000), || {
            drop(mio_pipe::new_pipe()?);
            Ok(())
        })
    });
    row.case(OURS, |shot| pooled(shot, &Builder::new()));
    row.case(OURS_LARGE, |shot| {
        pooled(shot, Builder::new().capacity(1 << 20))
    });
    row.case("limit: one FIONREAD", fionread);
    row.target(OURS, Bound::CpuAtMost(1.0 / 15.0));
    row.target_against(OURS_LARGE, LARGE, Bound::CpuAtMost(1.0 / 15.0));
    vec![row]
}

fn times(count: u64, mut f: impl FnMut() -> Result<()>) -> Result<Sample> {
    let watch = Watch::start();
    for _ in 0..count {
        f()?;
    }
    Ok(watch.stop().sample(count))
}

fn pooled(shot: &Shot, builder: &Builder) -> Result<Sample> {
    let mut pool = Pool::new(builder.clone(), 16);
    let kept = pool.take()?;
    ensure!(pool.put(kept), "an empty pipe was not kept");
    let sample = times(shot.amount(500_000, 20_000), || {
        let pipe = pool.take()?;
        ensure!(pool.put(pipe), "an empty pipe was not kept");
        Ok(())
    })?;
    ensure!(pool.len() == 1, "the pool has {} pipes", pool.len());
    // A pipe that was used and emptied comes back, one with something in it does not.
    let pipe = pool.take()?;
    pipe.sender().write_all(b"!")?;
    ensure!(pipe.receiver().read(&mut [0; 2])? == 1, "one byte was sent");
    ensure!(pool.put(pipe), "an emptied pipe was not kept");
    let pipe = pool.take()?;
    pipe.sender().write_all(b"!")?;
    ensure!(!pool.put(pipe), "a pipe with a byte in it was kept");
    Ok(sample)
}

fn fionread(shot: &Shot) -> Result<Sample> {
    let (mut sender, receiver) = mio::unix::pipe::new()?;
    let sample = times(shot.amount(500_000, 20_000), || {
        ensure!(ioctl_fionread(&receiver)? == 0, "the pipe is not empty");
        Ok(())
    })?;
    // It does tell.
    sender.write_all(b"!")?;
    ensure!(ioctl_fionread(&receiver)? == 1, "a byte is not seen");
    Ok(sample)
}
