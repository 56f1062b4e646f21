//! Taking an empty pipe from a pool and putting it back, against making a new one each time.
//!
//! **Target**: 15 times the reference, with the check that the pipe is empty.
//!
//! **Limit**: the system call that says whether a pipe is empty. Without it, somebody's data could turn
//! up elsewhere.

use std::io::Write;

use anyhow::{Result, ensure};
use rustix::io::ioctl_fionread;

use crate::harness::{Row, Sample, Shot, Unit};
use crate::measure::Watch;

const REFERENCE: &str = "mio, a new pipe each time";

pub fn rows() -> Vec<Row> {
    let about = "get an empty pipe and give it up";
    let mut row = Row::new("pool", about, Unit::ThousandPerSecond, REFERENCE);
    row.case(REFERENCE, |shot| {
        times(shot.amount(50_000, 2_000), || {
            drop(mio::unix::pipe::new()?);
            Ok(())
        })
    });
    row.case("mio, a new pipe of 1 MiB each time", |shot| {
        times(shot.amount(50_000, 2_000), || {
            let (sender, _receiver) = mio::unix::pipe::new()?;
            rustix::pipe::fcntl_setpipe_size(&sender, 1 << 20)?;
            Ok(())
        })
    });
    row.case("limit: one FIONREAD", fionread);
    vec![row]
}

fn times(count: u64, mut f: impl FnMut() -> Result<()>) -> Result<Sample> {
    let watch = Watch::start();
    for _ in 0..count {
        f()?;
    }
    Ok(watch.stop().sample(count))
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
