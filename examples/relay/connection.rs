//! One connection: two sockets, and a direction each way.

use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr};

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use mio_pipe::Builder;
use mio_pipe::os::linux::{Next, Pipe, Pool, Relay, Side};

/// Bytes that one direction may move before others have their turn.
const LIMIT: usize = 1 << 20;

/// The pipes of all connections: no more than a given number at a time, which bounds the memory.
pub struct Pipes {
    pool: Pool,
    pub most: usize,
    pub in_use: usize,
    pub peak: usize,
}

impl Pipes {
    pub fn new(capacity: usize, most: usize) -> Pipes {
        let mut builder = Builder::new();
        builder.capacity(capacity);
        Pipes {
            pool: Pool::new(builder, most),
            most,
            in_use: 0,
            peak: 0,
        }
    }

    /// A pipe, or `None` if all are in use.
    fn take(&mut self) -> io::Result<Option<Pipe>> {
        if self.in_use == self.most {
            return Ok(None);
        }
        let pipe = self.pool.take()?;
        self.in_use += 1;
        self.peak = self.peak.max(self.in_use);
        Ok(Some(pipe))
    }

    fn put(&mut self, pipe: Pipe) {
        self.in_use -= 1;
        self.pool.put(pipe);
    }
}

/// What a direction needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// An event of this side.
    Event(Side),
    /// Its next turn.
    Turn,
    /// A pipe, of which there is none left.
    Pipe,
    /// Nothing any more.
    Nothing,
}

struct Direction {
    /// Only while bytes are on their way.
    relay: Option<Relay>,
    need: Need,
    /// Whether the input is registered as readable.
    listens: bool,
}

/// The direction from the client to the server, and the one back.
pub const DIRECTIONS: [usize; 2] = [CLIENT, SERVER];
pub const CLIENT: usize = 0;
pub const SERVER: usize = 1;

pub struct Connection {
    /// The input of direction `i` is `sockets[i]`, its output the other one.
    sockets: [TcpStream; 2],
    tokens: [Token; 2],
    directions: [Direction; 2],
    connected: bool,
}

impl Connection {
    /// Begins to connect `client` to `server`; the tokens are those of the two sockets.
    pub fn new(
        client: TcpStream,
        server: SocketAddr,
        registry: &Registry,
        tokens: [Token; 2],
    ) -> io::Result<Connection> {
        let mut sockets = [client, TcpStream::connect(server)?];
        for (socket, token) in sockets.iter_mut().zip(tokens) {
            // What one side sent at once is not to be held back here.
            socket.set_nodelay(true)?;
            registry.register(socket, token, Interest::READABLE | Interest::WRITABLE)?;
        }
        Ok(Connection {
            sockets,
            tokens,
            directions: DIRECTIONS.map(|_| Direction {
                relay: None,
                need: Need::Turn,
                listens: true,
            }),
            connected: false,
        })
    }

    /// Whether the event of one of the sockets allows each direction to go on.
    pub fn wakes(&mut self, socket: usize, event: &Event) -> io::Result<[bool; 2]> {
        if event.is_error() {
            // Also of a side that nobody waits for: it is gone, and the other must learn of it.
            if let Some(err) = self.sockets[socket].take_error()? {
                return Err(err);
            }
        }
        if !self.connected {
            // A server that is not connected yet has no peer.
            self.connected = match self.sockets[SERVER].peer_addr() {
                Ok(_) => true,
                Err(err) if err.kind() == ErrorKind::NotConnected => return Ok([false; 2]),
                Err(err) => return Err(err),
            };
            return Ok([true; 2]);
        }
        let readable = event.is_readable() || event.is_read_closed();
        let writable = event.is_writable() || event.is_write_closed();
        Ok(DIRECTIONS.map(|i| match self.directions[i].need {
            Need::Event(Side::Input) => i == socket && readable,
            Need::Event(Side::Output) => i != socket && writable,
            _ => false,
        }))
    }

    /// Lets one direction move what it can, up to the limit; returns how many bytes that were and
    /// what it needs next.
    pub fn advance(
        &mut self,
        i: usize,
        registry: &Registry,
        pipes: &mut Pipes,
    ) -> io::Result<(usize, Need)> {
        let direction = &mut self.directions[i];
        if direction.need == Need::Nothing {
            return Ok((0, Need::Nothing));
        }
        if direction.relay.is_none() {
            match pipes.take()? {
                Some(pipe) => direction.relay = Some(Relay::new(pipe)?),
                None => {
                    direction.need = Need::Pipe;
                    return Ok((0, Need::Pipe));
                }
            }
        }
        let (input, output) = (&self.sockets[i], &self.sockets[1 - i]);
        let Some(relay) = &mut direction.relay else {
            return Ok((0, direction.need));
        };
        let step = relay.step(input, output, LIMIT)?;
        direction.need = match step.next {
            Next::Again => Need::Turn,
            Next::Wait(side) => {
                arm(if side == Side::Input { input } else { output });
                Need::Event(side)
            }
            Next::Done => match output.shutdown(Shutdown::Write) {
                Err(err) if err.kind() != ErrorKind::NotConnected => return Err(err),
                _ => Need::Nothing,
            },
        };
        if relay.buffered() == 0 {
            if let Some(relay) = direction.relay.take() {
                pipes.put(relay.into_pipe());
            }
        }
        let need = direction.need;
        self.listen(i, registry)?;
        Ok((step.given, need))
    }

    /// Looks away from the input of a direction while its output is full: every segment that comes in
    /// would wake the loop for nothing.
    fn listen(&mut self, i: usize, registry: &Registry) -> io::Result<()> {
        let direction = &mut self.directions[i];
        let listens = match direction.need {
            Need::Event(side) => side == Side::Input,
            _ => return Ok(()),
        };
        if listens != direction.listens {
            let both = Interest::READABLE | Interest::WRITABLE;
            let interests = if listens { both } else { Interest::WRITABLE };
            registry.reregister(&mut self.sockets[i], self.tokens[i], interests)?;
            direction.listens = listens;
        }
        Ok(())
    }

    pub fn is_done(&self) -> bool {
        self.directions.iter().all(|d| d.need == Need::Nothing)
    }

    pub fn close(mut self, registry: &Registry, pipes: &mut Pipes) {
        for socket in &mut self.sockets {
            // It may have been deregistered by itself, on a selector that does so.
            let _ = registry.deregister(socket);
        }
        for relay in self.directions.into_iter().filter_map(|d| d.relay) {
            pipes.put(relay.into_pipe()); // Closed, if something is left in it.
        }
    }
}

/// mio's poll(2) selector must be told that a socket would block. Others need no telling, and it
/// costs no system call.
fn arm(socket: &TcpStream) {
    let _ = socket.try_io(|| Err::<(), _>(ErrorKind::WouldBlock.into()));
}
