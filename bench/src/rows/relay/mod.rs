//! A TCP relay on the loopback interface, and what it costs the relay.
//!
//! A thread sends into the relay, another one receives what comes out and checks it. The relay is a
//! process of its own, with one thread, and its CPU time alone is counted: that of the ends is the same
//! for all. Buffers are TCP's defaults. Relays that are programs run with a configuration that does
//! nothing else; one that is not installed is left out, and the report says so.
//!
//! The CPU ratio is what counts here. The throughput is that of three busy threads on the cores there
//! are.
//!
//! **Target**, CPU time: a quarter of tokio's default, half of HAProxy's with splice, and 0.9 times
//! HAProxy's with 1 MiB pipes.
//!
//! **Limit**: the kernel's own work for each segment that comes in and goes out, which is done in the
//! relay's time, and which a relay influences only by how much it moves at once.
//!
//! **What limits us.** Some nine tenths of the time are those of splice(2) into the outgoing socket, that is
//! TCP's: segments made, delivered and acknowledged in place, and the receiver woken up
//! (`perf record -a`; `perf record -e syscalls:sys_enter_splice,syscalls:sys_enter_epoll_wait` counts).
//! What a relay can save beyond that are its own wake-ups. A full output is when most of them come: each
//! segment that arrives meanwhile is an event that nobody wants. So the relay takes its interest away
//! from the input until the output has room; "events of both sides" does not, and polls two to three
//! times as often. SO_RCVLOWAT saves events while the output has room. `Pool` and `Relay` ask FIONREAD twice
//! for each pipe taken, less than a hundredth of the time. Reading until there is nothing more before
//! giving anything was tried, and gained nothing, as did larger low-water marks and TCP_NODELAY.
//! Of the three targets the last is missed in some runs and met in others, between 0.76 and 1.0: HAProxy
//! with such pipes polls half as often as we do without SO_RCVLOWAT. The numbers depend on how the three
//! processes share the cores, and the same program's can differ by half from one run to the next: compare
//! ratios, of many rounds.

mod ours;
mod process;
mod programs;
mod tasks;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};

use anyhow::{Context, Result, bail};

use crate::harness::{Bound, Row, Sample, Shot, Unit};
use crate::measure::Placement;
use crate::measure::two_threads;
use crate::payload::{BLOCK, Buffer, Checker, Feed};
use process::Relay;
use programs::Program;

pub use tasks::{ROLE, child};

const REFERENCE: &str = "tokio copy_bidirectional, 8 KiB";

pub fn rows() -> Vec<Row> {
    let about = "TCP on loopback; CPU time of the relay alone";
    let mut row = Row::new("relay", about, Unit::GibPerSecond, REFERENCE);
    for (name, kind) in tasks::KINDS {
        add(&mut row, name, move |listen, to| {
            tasks::start(kind, listen, to)
        });
    }
    for program in programs::ALL {
        if let Some(reason) = programs::missing(program) {
            row.note(format!("skipped {}: {reason}", program.name()));
        } else {
            add(&mut row, program.name(), move |listen, to| {
                programs::start(program, listen, to)
            });
        }
    }
    let tuned = Program::HaproxyLargePipes.name();
    for ours in [tasks::OURS, tasks::OURS_LOW_WATER] {
        row.target(ours, Bound::CpuAtMost(0.25));
        row.target_against(ours, Program::HaproxySplice.name(), Bound::CpuAtMost(0.5));
        row.target_against(ours, tuned, Bound::CpuAtMost(0.9));
    }
    vec![row]
}

/// Adds a case; `start(port to listen on, port to connect to)` starts its relay, once.
fn add(row: &mut Row, name: &str, start: impl Fn(u16, u16) -> Result<Relay> + 'static) {
    let mut running = None;
    row.case(name, move |shot| {
        let (relay, listener) = match &mut running {
            Some(running) => running,
            none => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                let to = listener.local_addr()?.port();
                none.insert((start(free_port()?, to)?, listener))
            }
        };
        transfer(shot, relay, listener)
    });
}

/// A port that nobody listens on at the moment.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn transfer(shot: &Shot, relay: &mut Relay, listener: &TcpListener) -> Result<Sample> {
    let amount = shot.amount(1 << 30, 64 << 20);
    let mut source = relay.connect()?;
    let (mut sink, _) = listener.accept()?;
    let before = relay.cpu()?;
    let mut sample = two_threads(
        amount,
        Placement::Free,
        |start| {
            let mut feed = Feed::new(BLOCK, amount / BLOCK as u64);
            let watch = start.go()?;
            while let Some(block) = feed.next() {
                source.write_all(block).context("sending")?;
            }
            source.shutdown(Shutdown::Write)?;
            Ok(watch.stop())
        },
        |start| {
            let mut checker = Checker::new(BLOCK, shot);
            let mut buffer = Buffer::new(BLOCK);
            let watch = start.go()?;
            loop {
                match sink.read(&mut buffer).context("receiving")? {
                    0 => break,
                    n => checker.feed(&buffer[..n])?,
                }
            }
            let lap = watch.stop();
            checker.finish(amount)?;
            Ok(lap)
        },
    )?;
    drop(sink);
    wait_for_end(&mut source)?;
    sample.cpu = relay.cpu()?.saturating_sub(before);
    Ok(sample)
}

/// The relay closes its connections: then it has done all it does for them.
fn wait_for_end(source: &mut TcpStream) -> Result<()> {
    match source.read(&mut [0]) {
        Ok(0) => Ok(()),
        Ok(_) => bail!("the relay made up data"),
        // Reset, because the other side is gone already.
        Err(_) => Ok(()),
    }
}
