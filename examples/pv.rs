//! A pipe viewer: copies stdin to stdout and shows how much, how fast, and for how long yet.
//!
//! ```sh
//! tar c ~ | pv --size 20G | zstd > home.tar.zst
//! ```
//!
//! What there is to learn here: how to take one's own stdin and stdout into an event loop, whatever
//! they are. A pipe becomes a `Receiver` or `Sender`. Anything else keeps the mode it has, because
//! the shell shares it: a terminal or socket is waited for and then read once, a file is always
//! ready.
//!
//! On Linux the bytes go from descriptor to descriptor by splice(2), without a copy, if one of the
//! two is a pipe and the other allows it. Otherwise (a file to a file, a file opened for appending,
//! some terminals and devices, other systems) they are copied.
//!
//! The event loop is in this file, the display in `pv/meter.rs`, and what differs between platforms in
//! `pv/platform.rs`.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use mio::event::Event;
use mio::{Events, Interest, Poll, Registry, Token};
use mio_pipe::EventExt;

#[path = "pv/meter.rs"]
mod meter;
#[path = "pv/platform.rs"]
mod platform;

use meter::Meter;
use platform::{Stdin, Stdout};

const INPUT: Token = Token(0);
const OUTPUT: Token = Token(1);

/// Bytes per step: between two steps the display gets its turn.
const STEP: usize = 1 << 20;

/// Bytes per read and write where they are copied: what a pipe holds on Linux.
const COPY: usize = 64 * 1024;

/// Copy stdin to stdout and show the progress on stderr
///
/// On a terminal there is a progress bar, otherwise one line at the end. The time that is left is
/// shown if the size is known: because stdin is a file, or because of --size.
///
/// If the reader of stdout goes away, pv ends as other tools do: quietly, by SIGPIPE, which a shell
/// reports as status 141.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Expected size in bytes, or with a suffix K, M, G or T (powers of 1024)
    #[arg(long, short, value_name = "BYTES", value_parser = parse_size)]
    size: Option<u64>,
    /// Print plain lines, one every so many seconds, even on a terminal
    #[arg(long, short, value_name = "SECONDS", value_parser = parse_seconds)]
    interval: Option<Duration>,
}

fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| "KMGTkmgt".contains(c));
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err("must have one suffix of K, M, G and T at most".to_owned()),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "must be a whole number with an optional suffix K, M, G or T".to_owned())?;
    (number.checked_mul(1 << shift)).ok_or_else(|| "must be below 16 million T".to_owned())
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    match text.parse().map(Duration::try_from_secs_f64) {
        Ok(Ok(interval)) if !interval.is_zero() => Ok(interval),
        _ => Err("must be a number above 0".to_owned()),
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Write(err)) if err.kind() == ErrorKind::BrokenPipe => platform::broken_pipe(),
        Err(failure) => {
            let _ = writeln!(io::stderr(), "pv: {failure}");
            ExitCode::FAILURE
        }
    }
}

enum Failure {
    Setup(io::Error),
    Read(io::Error),
    Write(io::Error),
    Transfer(io::Error),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Setup(err) => write!(f, "cannot set up stdin and stdout: {err}"),
            Failure::Read(err) => write!(f, "cannot read stdin: {err}"),
            Failure::Write(err) => write!(f, "cannot write to stdout: {err}"),
            Failure::Transfer(err) => write!(f, "cannot move data from stdin to stdout: {err}"),
        }
    }
}

fn run(args: &Args) -> Result<(), Failure> {
    let mut poll = Poll::new().map_err(Failure::Setup)?;
    let mut ends = Ends::open(poll.registry()).map_err(Failure::Setup)?;
    let size = args.size.or_else(|| ends.input.remaining_size());
    let mut meter = Meter::new(size, args.interval);
    let result = transfer(&mut poll, &mut ends, &mut meter);
    meter.finish();
    result
}

/// The event loop: a step, and if it can do nothing, wait for the one side that it needs.
fn transfer(poll: &mut Poll, ends: &mut Ends, meter: &mut Meter) -> Result<(), Failure> {
    let mut events = Events::with_capacity(8);
    loop {
        let awaited = match ends.step()? {
            Step::Moved(n) => {
                meter.add(n);
                continue;
            }
            Step::Eof => return Ok(()),
            Step::WaitForInput => INPUT,
            Step::WaitForOutput => OUTPUT,
        };
        ends.arm(poll.registry(), awaited).map_err(Failure::Setup)?;
        // The other side may have events too, many of them: they are no reason for a step.
        let mut found = false;
        while !found {
            match poll.poll(&mut events, meter.timeout()) {
                Err(err) if err.kind() == ErrorKind::Interrupted => continue,
                result => result.map_err(Failure::Setup)?,
            }
            meter.tick();
            for event in &events {
                // Who waits for input learns here that nobody wants it any more.
                ends.note(event).map_err(Failure::Write)?;
                found |= event.token() == awaited;
            }
        }
    }
}

enum Step {
    Moved(usize),
    Eof,
    WaitForInput,
    WaitForOutput,
}

/// Stdin or stdout.
enum End<P> {
    Pipe(P),
    /// A terminal, socket, file or device, in the mode that it has.
    Other {
        file: File,
        /// Whether it can be waited for; a file cannot, and need not.
        pollable: bool,
        /// Whether an event has come since the last read, or none is needed.
        ready: bool,
    },
}

impl<P> End<P> {
    fn other(file: File, registry: &Registry, token: Token, interest: Interest) -> End<P> {
        let pollable = platform::register(&file, registry, token, interest).is_ok();
        End::Other {
            file,
            pollable,
            ready: token == OUTPUT || !pollable,
        }
    }

    fn is_ready(&self) -> bool {
        !matches!(self, End::Other { ready: false, .. })
    }

    /// After a read: what blocks is read only once for each event.
    fn used(&mut self) {
        if let End::Other {
            pollable: true,
            ready,
            ..
        } = self
        {
            *ready = false;
        }
    }

    /// What is left of a regular file from where it stands.
    fn remaining_size(&self) -> Option<u64> {
        let End::Other { file, .. } = self else {
            return None;
        };
        let metadata = file.metadata().ok().filter(|m| m.is_file())?;
        let position = io::Seek::stream_position(&mut &*file).ok()?;
        // Files of /proc and /sys claim to be empty.
        Some(metadata.len().saturating_sub(position)).filter(|&size| size > 0)
    }
}

struct Ends {
    input: End<Stdin>,
    output: End<Stdout>,
    /// Whether splice(2) may still work for these two.
    splice: bool,
    /// Bytes that were read and not yet written, where splice(2) does not work.
    buf: Vec<u8>,
    written: usize,
}

impl Ends {
    fn open(registry: &Registry) -> io::Result<Ends> {
        let input = match platform::stdin() {
            Ok(mut receiver) => {
                registry.register(&mut receiver, INPUT, Interest::READABLE)?;
                End::Pipe(receiver)
            }
            Err(err) if err.kind() == ErrorKind::InvalidInput => {
                End::other(platform::stdin_file()?, registry, INPUT, Interest::READABLE)
            }
            Err(err) => return Err(err),
        };
        let output = match platform::stdout() {
            Ok(mut sender) => {
                registry.register(&mut sender, OUTPUT, Interest::WRITABLE)?;
                End::Pipe(sender)
            }
            Err(err) if err.kind() == ErrorKind::InvalidInput => {
                let file = platform::stdout_file()?;
                End::other(file, registry, OUTPUT, Interest::WRITABLE)
            }
            Err(err) => return Err(err),
        };
        platform::enlarge(&input, &output);
        Ok(Ends {
            input,
            output,
            splice: true,
            buf: Vec::new(),
            written: 0,
        })
    }

    fn step(&mut self) -> Result<Step, Failure> {
        if self.written == self.buf.len() && !self.input.is_ready() {
            return Ok(Step::WaitForInput);
        }
        if !self.splice {
            return self.copy();
        }
        match platform::splice(&self.input, &self.output, STEP) {
            Err(err) if err.kind() == ErrorKind::InvalidInput => {
                self.splice = false;
                self.copy()
            }
            Err(err) if err.kind() == ErrorKind::BrokenPipe => Err(Failure::Write(err)),
            Err(err) => Err(Failure::Transfer(err)),
            Ok(step) => {
                self.input.used();
                Ok(step)
            }
        }
    }

    /// A read, unless there is something left to write, and a write.
    fn copy(&mut self) -> Result<Step, Failure> {
        if self.written == self.buf.len() {
            self.buf.resize(COPY, 0);
            let result = match &mut self.input {
                End::Pipe(receiver) => receiver.read(&mut self.buf),
                End::Other { file, .. } => file.read(&mut self.buf),
            };
            self.buf.truncate(*result.as_ref().unwrap_or(&0));
            self.written = 0;
            self.input.used();
            match result {
                Ok(0) => return Ok(Step::Eof),
                Ok(_) => {}
                Err(err) if err.kind() == ErrorKind::WouldBlock => return Ok(Step::WaitForInput),
                Err(err) if err.kind() == ErrorKind::Interrupted => return Ok(Step::Moved(0)),
                Err(err) => return Err(Failure::Read(err)),
            }
        }
        let result = match &mut self.output {
            End::Pipe(sender) => sender.write(&self.buf[self.written..]),
            End::Other { file, .. } => file.write(&self.buf[self.written..]),
        };
        match result {
            Ok(n) => {
                self.written += n;
                Ok(Step::Moved(n))
            }
            Err(err) if err.kind() == ErrorKind::WouldBlock => Ok(Step::WaitForOutput),
            Err(err) if err.kind() == ErrorKind::Interrupted => Ok(Step::Moved(0)),
            Err(err) => Err(Failure::Write(err)),
        }
    }

    /// Makes sure that an event comes when `awaited` is ready. A pipe's has been seen to already.
    fn arm(&self, registry: &Registry, awaited: Token) -> io::Result<()> {
        match (awaited, &self.input, &self.output) {
            (INPUT, End::Other { file, .. }, _) => {
                platform::rearm(file, registry, INPUT, Interest::READABLE)
            }
            (OUTPUT, _, End::Other { file, .. }) => {
                platform::rearm(file, registry, OUTPUT, Interest::WRITABLE)
            }
            _ => Ok(()),
        }
    }

    /// Takes note of an event. `Err` if it says that the reader of stdout is gone.
    fn note(&mut self, event: &Event) -> io::Result<()> {
        match (event.token(), &mut self.input, &self.output) {
            (INPUT, End::Other { ready, .. }, _) => *ready = true,
            // An event is a hint, and a FIFO can have a new reader by now: so ask.
            (OUTPUT, _, End::Pipe(sender))
                if event.is_receiver_dropped() && sender.is_receiver_dropped()? =>
            {
                return Err(ErrorKind::BrokenPipe.into());
            }
            _ => {}
        }
        Ok(())
    }
}
