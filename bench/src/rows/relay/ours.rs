//! Our relay: this program again, as a child with a mio loop, `Relay` and `Pool`.
//!
//! It takes a pipe when bytes come, and puts it back when they are gone.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr};

use anyhow::{Context, Result};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};
use mio_pipe::Builder;
use mio_pipe::os::linux::{Next, Pool, Relay, Side};
use nix::libc;
use nix::setsockopt_impl;
use nix::sys::socket::{setsockopt, sockopt::SetUsize};

use crate::ready::now;

/// How many bytes must be there before a socket is readable.
#[derive(Clone, Copy)]
struct LowWater;

setsockopt_impl!(
    LowWater,
    libc::SOL_SOCKET,
    libc::SO_RCVLOWAT,
    usize,
    SetUsize
);

/// Bytes that a direction moves before the other one has its turn.
const LIMIT: usize = 4 << 20;

const LISTENER: Token = Token(2);

/// How to relay.
#[derive(Clone, Copy)]
pub struct Way {
    /// Of the pipes, bytes.
    pub capacity: usize,
    /// SO_RCVLOWAT, bytes.
    pub low_water: Option<usize>,
    /// Takes events of the input also while the output is full.
    pub always_listens: bool,
}

/// Relays one connection after the other from port `listen` to port `to`.
pub fn relay(listen: u16, to: u16, way: Way) -> Result<()> {
    let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(16);
    let mut listener = TcpListener::bind(loopback(listen))?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut pool = Pool::new(Builder::new().capacity(way.capacity).clone(), 2);
    loop {
        let Some((inner, _)) = now(listener.accept())? else {
            poll.poll(&mut events, None)?;
            continue;
        };
        let outer = TcpStream::connect(loopback(to))?;
        let mut sockets = [inner, outer];
        for (index, socket) in sockets.iter_mut().enumerate() {
            if let Some(bytes) = way.low_water {
                setsockopt(socket, LowWater, &bytes)?;
            }
            let both = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(socket, Token(index), both)?;
        }
        serve(&mut poll, &mut events, &mut sockets, &mut pool, way).context("relaying")?;
    }
}

/// One of the two directions.
struct Direction {
    relay: Option<Relay>,
    next: Next,
    /// Whether the input is registered as readable.
    listens: bool,
}

fn serve(
    poll: &mut Poll,
    events: &mut Events,
    sockets: &mut [TcpStream; 2],
    pool: &mut Pool,
    way: Way,
) -> io::Result<()> {
    // The connection to the other side is there when its socket is writable.
    let mut directions = [Side::Output, Side::Input].map(|side| Direction {
        relay: None,
        next: Next::Wait(side),
        listens: true,
    });
    while directions
        .iter()
        .any(|direction| direction.next != Next::Done)
    {
        for (index, direction) in directions.iter_mut().enumerate() {
            if direction.next == Next::Again {
                direction.advance(&sockets[index], &sockets[1 - index], pool)?;
            }
        }
        for (index, direction) in directions.iter_mut().enumerate() {
            if way.always_listens {
                break;
            }
            direction.listen(poll.registry(), &mut sockets[index], Token(index))?;
        }
        let again = directions
            .iter()
            .any(|direction| direction.next == Next::Again);
        poll.poll(events, again.then_some(std::time::Duration::ZERO))?;
        for event in &*events {
            if event.token() == LISTENER {
                continue; // Found by the next accept.
            }
            for (index, direction) in directions.iter_mut().enumerate() {
                let wanted = match direction.next {
                    Next::Wait(Side::Input) => {
                        event.token().0 == index && (event.is_readable() || event.is_read_closed())
                    }
                    Next::Wait(Side::Output) => {
                        event.token().0 != index && (event.is_writable() || event.is_write_closed())
                    }
                    Next::Again | Next::Done => false,
                };
                if wanted {
                    direction.advance(&sockets[index], &sockets[1 - index], pool)?;
                }
            }
        }
    }
    Ok(())
}

impl Direction {
    /// Looks away from the input while the output is full: each segment that comes in would wake this
    /// loop for nothing.
    fn listen(
        &mut self,
        registry: &Registry,
        input: &mut TcpStream,
        token: Token,
    ) -> io::Result<()> {
        let listens = match self.next {
            Next::Wait(side) => side == Side::Input,
            Next::Again | Next::Done => return Ok(()),
        };
        if listens != self.listens {
            let both = Interest::READABLE | Interest::WRITABLE;
            let interest = if listens { both } else { Interest::WRITABLE };
            registry.reregister(input, token, interest)?;
            self.listens = listens;
        }
        Ok(())
    }

    fn advance(
        &mut self,
        input: &TcpStream,
        output: &TcpStream,
        pool: &mut Pool,
    ) -> io::Result<()> {
        let mut relay = match self.relay.take() {
            Some(relay) => relay,
            None => Relay::new(pool.take()?)?,
        };
        self.next = relay.step(input, output, LIMIT)?.next;
        if self.next == Next::Done {
            // The other side may be gone already.
            let _ = output.shutdown(Shutdown::Write);
        }
        if relay.buffered() == 0 {
            pool.put(relay.into_pipe());
        } else {
            self.relay = Some(relay);
        }
        Ok(())
    }
}
