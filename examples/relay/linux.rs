//! The event loop.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use clap::Parser;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use mio_pipe::new_pipe;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::connection::{Connection, DIRECTIONS, Need, Pipes};

/// Relays TCP connections through pipes, inside the kernel.
///
/// Bytes on their way take at most PIPES times CAPACITY of memory. SIGINT and SIGTERM end the
/// program and print what it did.
#[derive(Parser)]
#[command(name = "relay")]
struct Options {
    /// Where to accept connections; port 0 is any free port
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    listen: SocketAddr,

    /// Where to relay them to
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    connect: SocketAddr,

    /// Connections at a time; more wait to be accepted [default: 10000, or what the limit of
    /// descriptors allows]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    connections: Option<u32>,

    /// Pipes at a time; a connection needs one only while its bytes are on their way, and keeps it
    /// while a reader does not take them
    #[arg(long, value_name = "NUMBER", default_value_t = 1024,
          value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pipes: u32,

    /// What a pipe can hold, in KiB; less if the system does not grant it
    #[arg(long, value_name = "KIB", default_value_t = 256,
          value_parser = clap::value_parser!(u32).range(4..=1_048_576))]
    capacity: u32,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let mut found = text.to_socket_addrs().map_err(|err| err.to_string())?;
    found.next().ok_or_else(|| "no such host".to_owned())
}

const SIGNALS: Token = Token(0);
const LISTENER: Token = Token(1);
/// Connection i has the tokens FIRST + 2 i, for the client, and the one after it, for the server.
const FIRST: usize = 2;

/// Connections accepted before others have their turn.
const ACCEPTS: usize = 64;

#[derive(Default)]
struct Statistics {
    accepted: u64,
    failed: u64,
    last_failure: Option<io::Error>,
    peak: usize,
    bytes: [u64; 2],
}

struct Server {
    poll: Poll,
    listener: TcpListener,
    target: SocketAddr,
    connections: Vec<Option<Connection>>,
    /// Indices of `connections` that are free.
    free: Vec<usize>,
    most: usize,
    pipes: Pipes,
    /// Directions, as index and 0 or 1, that go on without an event.
    turns: VecDeque<(usize, usize)>,
    /// Directions that wait for a pipe.
    waiting: VecDeque<(usize, usize)>,
    /// Whether connections may be there that were not accepted.
    accepting: bool,
    statistics: Statistics,
}

pub fn relay() -> Result<(), String> {
    let options = Options::parse();
    let most = connections(&options)?;
    let listener = TcpListener::bind(options.listen)
        .map_err(|err| format!("cannot listen on {}: {err}", options.listen))?;
    let failed = |err: io::Error| format!("cannot go on: {err}");
    if listener.local_addr().map_err(failed)? == options.connect {
        return Err(format!(
            "{} is the relay itself: it would go round in circles",
            options.connect
        ));
    }
    let begin = Instant::now();
    let mut server = Server {
        poll: Poll::new().map_err(failed)?,
        listener,
        target: options.connect,
        connections: Vec::new(),
        free: Vec::new(),
        most,
        pipes: Pipes::new(options.capacity as usize * 1024, options.pipes as usize),
        turns: VecDeque::new(),
        waiting: VecDeque::new(),
        accepting: false,
        statistics: Statistics::default(),
    };
    server.run().map_err(failed)?;
    server.report(begin.elapsed(), options.capacity);
    Ok(())
}

/// Raises the limit of descriptors as far as it goes, and says how many connections that allows.
fn connections(options: &Options) -> Result<usize, String> {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    );
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // Two for each socket pair and each pipe, and some of our own.
    let own = u64::from(options.pipes) * 2 + 32;
    let possible = descriptors.saturating_sub(own) / 2;
    match options.connections {
        Some(wanted) if u64::from(wanted) > possible => Err(format!(
            "{wanted} connections and {} pipes need {} descriptors, and the limit is {descriptors}: \
             see `ulimit -n`",
            options.pipes,
            u64::from(wanted) * 2 + own,
        )),
        Some(wanted) => Ok(wanted as usize),
        None if possible == 0 => Err(format!(
            "{} pipes leave no descriptors for connections: the limit is {descriptors}",
            options.pipes
        )),
        None => Ok(possible.min(10_000) as usize),
    }
}

impl Server {
    fn run(&mut self) -> io::Result<()> {
        let (sender, mut signals) = new_pipe()?;
        for signal in [SIGINT, SIGTERM] {
            signal_hook::low_level::pipe::register(signal, sender.try_clone()?)?;
        }
        let registry = self.poll.registry();
        registry.register(&mut signals, SIGNALS, Interest::READABLE)?;
        registry.register(&mut self.listener, LISTENER, Interest::READABLE)?;
        println!("relay: {} to {}", self.listener.local_addr()?, self.target);

        let mut events = Events::with_capacity(1024);
        loop {
            let at_once = !self.turns.is_empty() || (self.accepting && !self.is_full());
            match self
                .poll
                .poll(&mut events, at_once.then_some(Duration::ZERO))
            {
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                result => result?,
            }
            for event in &events {
                match event.token() {
                    SIGNALS => return Ok(()),
                    LISTENER => self.accepting = true,
                    Token(token) => self.wake((token - FIRST) / 2, (token - FIRST) % 2, event),
                }
            }
            // Only those whose turn it is now; they may ask for another.
            for _ in 0..self.turns.len() {
                if let Some((index, i)) = self.turns.pop_front() {
                    self.advance(index, i);
                }
            }
            while self.pipes.in_use < self.pipes.most {
                let Some((index, i)) = self.waiting.pop_front() else {
                    break;
                };
                self.advance(index, i);
            }
            self.accept();
        }
    }

    fn is_full(&self) -> bool {
        self.open() >= self.most
    }

    fn open(&self) -> usize {
        self.connections.len() - self.free.len()
    }

    fn accept(&mut self) {
        for _ in 0..ACCEPTS {
            if !self.accepting || self.is_full() {
                return;
            }
            let client = match self.listener.accept() {
                Ok((client, _)) => client,
                Err(err) if err.kind() == ErrorKind::WouldBlock => {
                    self.accepting = false;
                    return;
                }
                // The client went away again, or there are no descriptors until one is closed.
                Err(err) => {
                    self.accepting = err.kind() == ErrorKind::ConnectionAborted;
                    self.fail(err);
                    continue;
                }
            };
            self.statistics.accepted += 1;
            let index = self.free.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            let tokens = DIRECTIONS.map(|i| Token(FIRST + 2 * index + i));
            match Connection::new(client, self.target, self.poll.registry(), tokens) {
                Ok(connection) => self.connections[index] = Some(connection),
                Err(err) => {
                    self.free.push(index);
                    self.fail(err);
                }
            }
            self.statistics.peak = self.statistics.peak.max(self.open());
        }
    }

    fn wake(&mut self, index: usize, socket: usize, event: &mio::event::Event) {
        let Some(Some(connection)) = self.connections.get_mut(index) else {
            return; // Closed since the poll.
        };
        match connection.wakes(socket, event) {
            Ok(wakes) => {
                for i in DIRECTIONS {
                    if wakes[i] {
                        self.advance(index, i);
                    }
                }
            }
            Err(err) => self.close(index, Some(err)),
        }
    }

    fn advance(&mut self, index: usize, i: usize) {
        let Some(connection) = &mut self.connections[index] else {
            return;
        };
        match connection.advance(i, self.poll.registry(), &mut self.pipes) {
            Ok((bytes, need)) => {
                self.statistics.bytes[i] += bytes as u64;
                match need {
                    Need::Turn => self.turns.push_back((index, i)),
                    Need::Pipe => self.waiting.push_back((index, i)),
                    Need::Nothing if connection.is_done() => self.close(index, None),
                    _ => {}
                }
            }
            Err(err) => self.close(index, Some(err)),
        }
    }

    fn close(&mut self, index: usize, failure: Option<io::Error>) {
        if let Some(connection) = self.connections[index].take() {
            connection.close(self.poll.registry(), &mut self.pipes);
            self.free.push(index);
            // There is room for one that was refused, for want of descriptors perhaps.
            self.accepting = true;
            self.turns.retain(|(waiting, _)| *waiting != index);
            self.waiting.retain(|(waiting, _)| *waiting != index);
        }
        failure.into_iter().for_each(|err| self.fail(err));
    }

    fn fail(&mut self, err: io::Error) {
        self.statistics.failed += 1;
        self.statistics.last_failure = Some(err);
    }

    fn report(&self, elapsed: Duration, capacity: u32) {
        let Statistics {
            accepted,
            failed,
            last_failure,
            peak,
            bytes,
        } = &self.statistics;
        let open = self.open();
        println!(
            "relay: {accepted} connections in {:.1} s, at most {peak} at a time, {open} still open",
            elapsed.as_secs_f64()
        );
        println!(
            "relay: {} bytes to the server, {} bytes back",
            bytes[0], bytes[1]
        );
        println!(
            "relay: at most {} pipes of {capacity} KiB in use",
            self.pipes.peak
        );
        match last_failure {
            Some(err) => println!("relay: {failed} failures, the last: {err}"),
            None => println!("relay: {failed} failures"),
        }
    }
}
