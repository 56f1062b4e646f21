//! Runs several commands at once and prints their lines whole, each with the command's number.
//!
//! ```sh
//! multiplex 'cargo watch -x check' 'npm run dev' 'tail -f app.log'
//! ```
//!
//! What there is to learn here: a thousand children on one thread.
//!
//! - A child's stdout and stderr are one pipe, so that its lines stay in order. Its side is blocking,
//!   as programs expect; ours is not.
//! - A child gets a turn of so many bytes, then the next one gets its turn: nobody starves.
//! - No child is read while our own stdout is full. That is back-pressure: the pipes fill, the children
//!   wait, and memory stays what it was however much they print.
//! - Signals arrive as bytes in pipes, so that the loop has one place to wait.
//!
//! The event loop is in this file, stdout in `multiplex/output.rs`, and what differs between platforms
//! in `multiplex/platform.rs`.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::process::{Child, ExitCode, Stdio};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::AnsiColor;
use clap::Parser;
use mio::{Events, Interest, Poll, Token};
use mio_pipe::{Drained, EventExt, Receiver, child};

#[path = "multiplex/output.rs"]
mod output;
#[path = "multiplex/platform.rs"]
mod platform;

use output::{FULL, Output};
use platform::Signal;

const OUTPUT: Token = Token(0);
/// From here on one token for each signal, below `CHILDREN`.
const SIGNALS: usize = 1;
/// From here on one token for each child.
const CHILDREN: usize = 16;

/// Bytes that a child may send in one turn: what a pipe holds on Linux.
const TURN: usize = 64 * 1024;

const COLORS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::Red,
];

/// Run commands at the same time and print their lines whole, each after the number of its command
///
/// Each COMMAND is a line for the shell. What it prints to stdout and stderr comes out on stdout,
/// line by line in the order of arrival; it reads nothing on stdin. A command is done when it has
/// ended and everybody who inherited its output has closed it.
///
/// The numbers are in color on a terminal, unless NO_COLOR is set; CLICOLOR_FORCE=1 has them in color
/// everywhere.
///
/// SIGINT and SIGTERM are passed on to every command and what it has started. The exit status is the
/// worst, that is the highest, of the commands; one that a signal ended counts as 128 and the
/// signal's number, one that could not be started as 126. If the reader of stdout goes away, the
/// commands get SIGTERM, and this program ends by SIGPIPE.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Shell command lines to run
    #[arg(required_unless_present = "file")]
    command: Vec<String>,
    /// Run each line of this file too, but for empty lines and those that begin with #
    #[arg(long, short)]
    file: Option<PathBuf>,
    /// Longest line, in bytes; a longer one is printed in parts, each as a line of its own
    #[arg(long, default_value_t = 65536, value_name = "BYTES",
        value_parser = clap::value_parser!(u32).range(1..))]
    max_line: u32,
}

fn main() -> ExitCode {
    let result = commands(Args::parse()).and_then(|(commands, max_line)| {
        let setup = |err| format!("cannot set up the event loop: {err}");
        platform::allow_descriptors(commands.len() as u64 + 64);
        let mut multiplex = Multiplex::new(max_line).map_err(setup)?;
        for (i, command) in commands.iter().enumerate() {
            multiplex.start(i + 1, commands.len(), command);
        }
        match multiplex.run() {
            Ok(()) => Ok(ExitCode::from(multiplex.worst)),
            Err(err) => {
                multiplex.forward(Signal::TERM);
                match err.kind() {
                    ErrorKind::BrokenPipe => Ok(platform::broken_pipe()),
                    _ => Err(err.to_string()),
                }
            }
        }
    });
    result.unwrap_or_else(|sentence| {
        complain(&sentence);
        ExitCode::FAILURE
    })
}

fn commands(args: Args) -> Result<(Vec<String>, usize), String> {
    let mut commands = args.command;
    if let Some(path) = args.file {
        let text = fs::read_to_string(&path)
            .map_err(|err| format!("cannot read {}: {err}", path.display()))?;
        let lines = text.lines().map(str::trim);
        commands.extend(
            lines
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .map(str::to_owned),
        );
    }
    Ok((commands, args.max_line as usize))
}

fn complain(sentence: &str) {
    // Who closed stderr does not want to know.
    let _ = writeln!(io::stderr(), "multiplex: {sentence}");
}

/// A command that was started.
struct Job {
    command: String,
    prefix: String,
    /// `None` after it has ended and was waited for.
    child: Option<Child>,
    /// `None` after EOF.
    receiver: Option<Receiver>,
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    /// Whether it is in line for a turn.
    waiting: bool,
}

struct Multiplex {
    poll: Poll,
    output: Output,
    signals: Vec<(Signal, Receiver)>,
    jobs: Vec<Job>,
    /// Those whose pipe may have something, in the order in which it came.
    turns: VecDeque<usize>,
    /// Those whose pipe has ended but who have not.
    ending: Vec<usize>,
    running: usize,
    worst: u8,
    max_line: usize,
    buf: Vec<u8>,
}

impl Multiplex {
    fn new(max_line: usize) -> io::Result<Multiplex> {
        let poll = Poll::new()?;
        let mut output = Output::new()?;
        if let Output::Pipe(sender, _) = &mut output {
            poll.registry()
                .register(sender, OUTPUT, Interest::WRITABLE)?;
        }
        let mut signals = platform::signals()?;
        for (i, (_, receiver)) in signals.iter_mut().enumerate() {
            poll.registry()
                .register(receiver, Token(SIGNALS + i), Interest::READABLE)?;
        }
        Ok(Multiplex {
            poll,
            output,
            signals,
            jobs: Vec::new(),
            turns: VecDeque::new(),
            ending: Vec::new(),
            running: 0,
            worst: 0,
            max_line,
            buf: Vec::with_capacity(TURN),
        })
    }

    /// Starts one of `count` commands, or says why it cannot.
    fn start(&mut self, number: usize, count: usize, command: &str) {
        let width = count.to_string().len();
        let prefix = match AutoStream::choice(&io::stdout()) {
            ColorChoice::Never => format!("[{number:>width$}] "),
            _ => {
                let style = COLORS[(number - 1) % COLORS.len()].on_default();
                format!("{style}[{number:>width$}]{style:#} ")
            }
        };
        match self.spawn(command) {
            Ok((child, receiver)) => {
                self.running += 1;
                self.jobs.push(Job {
                    command: command.to_owned(),
                    prefix,
                    child: Some(child),
                    receiver: Some(receiver),
                    line: Vec::new(),
                    waiting: false,
                });
            }
            Err(err) => {
                complain(&format!("[{number}] cannot be started: {err}: {command}"));
                self.worst = self.worst.max(126);
            }
        }
    }

    fn spawn(&self, command: &str) -> io::Result<(Child, Receiver)> {
        let (stdout, stderr, mut receiver) = child::merged_output()?;
        let token = Token(CHILDREN + self.jobs.len());
        (self.poll.registry()).register(&mut receiver, token, Interest::READABLE)?;
        // The `Command` is gone after this statement, and our copies of the child's ends with it.
        let child = platform::shell(command)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()?;
        Ok((child, receiver))
    }

    /// The event loop.
    fn run(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            for _ in 0..self.turns.len() {
                if self.output.pending() >= FULL {
                    break;
                }
                if let Some(i) = self.turns.pop_front() {
                    self.turn(i)?;
                }
            }
            let flushed = self.output.flush()?;
            if flushed && self.running == 0 {
                return Ok(());
            }
            // With turns left only look for events. With stdout full wait for them all the same.
            let more = flushed && !self.turns.is_empty();
            match (self.poll).poll(&mut events, more.then_some(Duration::ZERO)) {
                Err(err) if err.kind() == ErrorKind::Interrupted => continue,
                result => result?,
            }
            for event in &events {
                match event.token() {
                    OUTPUT if event.is_receiver_dropped() => {
                        return Err(ErrorKind::BrokenPipe.into());
                    }
                    OUTPUT => {} // The next flush will find out.
                    Token(token) if token < CHILDREN => self.signal(token - SIGNALS)?,
                    Token(token) => self.queue(token - CHILDREN),
                }
            }
        }
    }

    fn queue(&mut self, i: usize) {
        if !self.jobs[i].waiting {
            self.jobs[i].waiting = true;
            self.turns.push_back(i);
        }
    }

    /// Takes what a child has sent.
    fn turn(&mut self, i: usize) -> io::Result<()> {
        let job = &mut self.jobs[i];
        job.waiting = false;
        let Some(receiver) = &job.receiver else {
            return Ok(());
        };
        self.buf.clear();
        let drained = receiver.drain(&mut self.buf, TURN)?;
        for piece in self.buf.split_inclusive(|&byte| byte == b'\n') {
            let (mut text, ends) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            while job.line.len() + text.len() > self.max_line {
                let (part, rest) = text.split_at(self.max_line - job.line.len());
                self.output.print(&job.prefix, &mut job.line, part)?;
                text = rest;
            }
            match ends {
                true => self.output.print(&job.prefix, &mut job.line, text)?,
                false => job.line.extend_from_slice(text),
            }
        }
        match drained {
            Drained::Empty => {} // An event follows.
            Drained::Limit => self.queue(i),
            Drained::Closed => {
                if !job.line.is_empty() {
                    self.output.print(&job.prefix, &mut job.line, b"")?;
                }
                job.receiver = None;
                self.ending.push(i);
                self.reap()?;
            }
        }
        Ok(())
    }

    /// Looks who has ended, of those who have closed their pipe.
    fn reap(&mut self) -> io::Result<()> {
        for i in std::mem::take(&mut self.ending) {
            let job = &mut self.jobs[i];
            let Some(child) = &mut job.child else {
                continue;
            };
            let Some(status) = platform::try_wait(child)? else {
                self.ending.push(i); // SIGCHLD follows.
                continue;
            };
            job.child = None;
            self.running -= 1;
            self.worst = self.worst.max(platform::code(status));
            if !status.success() {
                self.output.flush()?;
                complain(&format!("[{}] {status}: {}", i + 1, job.command));
            }
        }
        Ok(())
    }

    fn signal(&mut self, i: usize) -> io::Result<()> {
        let (signal, receiver) = &self.signals[i];
        let signal = *signal;
        let mut bytes = Vec::new();
        // Never closed, and never many: signals of one kind that come together are one.
        let _ = receiver.drain(&mut bytes, usize::MAX)?;
        match signal {
            Signal::CHILD => self.reap()?,
            signal => self.forward(signal),
        }
        Ok(())
    }

    fn forward(&mut self, signal: Signal) {
        for child in self.jobs.iter_mut().filter_map(|job| job.child.as_mut()) {
            platform::forward(signal, child);
        }
    }
}
