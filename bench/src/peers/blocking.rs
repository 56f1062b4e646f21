//! Blocking ends: the system calls, and the types that wrap them.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use anyhow::Result;

use super::Go;
use crate::measure::Lap;
use crate::payload::{BLOCK, Buffer, Checker, Feed};

/// A descriptor with nothing around it.
pub struct Raw(pub OwnedFd);

impl Write for Raw {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.0, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Raw {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.0, bytes)?)
    }
}

pub fn send(mut writer: impl Write, mut feed: Feed, go: Go<'_>) -> Result<Lap> {
    let watch = go()?;
    while let Some(block) = feed.next() {
        writer.write_all(block)?;
    }
    drop(writer);
    Ok(watch.stop())
}

pub fn receive(mut reader: impl Read, checker: &mut Checker, go: Go<'_>) -> Result<Lap> {
    let mut buffer = Buffer::new(BLOCK);
    let watch = go()?;
    loop {
        let n = reader.read(&mut buffer)?;
        if n == 0 {
            return Ok(watch.stop());
        }
        checker.feed(&buffer[..n])?;
    }
}
