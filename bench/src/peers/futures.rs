//! The asynchronous runtimes: a current-thread tokio in each thread, and async-io's reactor.

use std::os::fd::OwnedFd;

use anyhow::Result;
use async_io::Async;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::runtime::{Builder, Runtime};

use super::Go;
use crate::measure::Lap;
use crate::payload::{BLOCK, Buffer, Checker, Feed};

/// A runtime of its own for the calling thread.
pub fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_io().build()?)
}

pub fn send_tokio(fd: OwnedFd, mut feed: Feed, go: Go<'_>) -> Result<Lap> {
    runtime()?.block_on(async {
        let mut sender = Sender::from_owned_fd(fd)?;
        let watch = go()?;
        while let Some(block) = feed.next() {
            sender.write_all(block).await?;
        }
        drop(sender);
        Ok(watch.stop())
    })
}

pub fn receive_tokio(fd: OwnedFd, checker: &mut Checker, go: Go<'_>) -> Result<Lap> {
    runtime()?.block_on(async {
        let mut receiver = Receiver::from_owned_fd(fd)?;
        let mut buffer = Buffer::new(BLOCK);
        let watch = go()?;
        loop {
            let n = receiver.read(&mut buffer).await?;
            if n == 0 {
                return Ok(watch.stop());
            }
            checker.feed(&buffer[..n])?;
        }
    })
}

pub fn send_async_io(fd: OwnedFd, mut feed: Feed, go: Go<'_>) -> Result<Lap> {
    let sender = Async::new(fd)?;
    let watch = go()?;
    async_io::block_on(async {
        while let Some(mut block) = feed.next() {
            while !block.is_empty() {
                let write = |fd: &OwnedFd| Ok(rustix::io::write(fd, block)?);
                block = &block[sender.write_with(write).await?..];
            }
        }
        anyhow::Ok(())
    })?;
    drop(sender);
    Ok(watch.stop())
}

pub fn receive_async_io(fd: OwnedFd, checker: &mut Checker, go: Go<'_>) -> Result<Lap> {
    let receiver = Async::new(fd)?;
    let mut buffer = Buffer::new(BLOCK);
    let watch = go()?;
    async_io::block_on(async {
        loop {
            let read = |fd: &OwnedFd| Ok(rustix::io::read(fd, &mut *buffer)?);
            let n = receiver.read_with(read).await?;
            if n == 0 {
                return Ok(watch.stop());
            }
            checker.feed(&buffer[..n])?;
        }
    })
}
