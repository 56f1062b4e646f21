//! A tour of pipes in one event loop, on one thread.
//!
//! ```text
//! cargo run --release --example tour [FILE [PROGRAM [ARGUMENT...]]]
//! ```
//!
//! a. hello over a pipe; b. each side notices that the other was dropped; c. FILE is streamed into
//! a child process and back out of it at the same time, and compared; d. commands are sent to a
//! child over a pipe of its own.
//!
//! Without FILE that is this program's own executable; without PROGRAM it is this program as `cat`.

mod compare;
mod roles;

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use compare::Compare;
use mio::{Events, Interest, Poll, Token};
use mio_pipe::{Receiver, Sender, child, new_pipe};

/// What went wrong, in one sentence.
type Result<T> = std::result::Result<T, String>;

// Each end on the loop has a token that says what to do when its event comes.
const STDIN: Token = Token(0);
const STDOUT: Token = Token(1);
const STDERR: Token = Token(2);

/// Bytes per read and per write: what a pipe holds by default on Linux.
const CHUNK: usize = 64 * 1024;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let first = arguments.next();
    if let Some(role) = first
        .as_deref()
        .and_then(OsStr::to_str)
        .and_then(|a| a.strip_prefix("--role="))
    {
        return exit(roles::play(role, arguments.next().as_deref()).map_err(|err| err.to_string()));
    }
    if first.as_deref() == Some(OsStr::new("--help")) {
        println!("{}", roles::USAGE);
        return ExitCode::SUCCESS;
    }
    exit(tour(first.map(PathBuf::from), arguments.collect()))
}

fn exit(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("tour: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn tour(file: Option<PathBuf>, program: Vec<OsString>) -> Result<()> {
    let this = env::current_exe().map_err(|err| format!("cannot find this program: {err}"))?;
    let file = file.unwrap_or_else(|| this.clone());
    let program = match program.is_empty() {
        true => vec![this.clone().into(), "--role=cat".into()],
        false => program,
    };

    let mut events = Loop::new().map_err(|err| format!("cannot make an event loop: {err}"))?;
    hello(&mut events).map_err(|err| format!("hello failed: {err}"))?;
    dropped(&mut events).map_err(|err| format!("dropped failed: {err}"))?;
    stream(&mut events, &file, &program)?;
    command(&mut events, &this)
}

/// a. Write into one end, read from the other.
fn hello(events: &mut Loop) -> io::Result<()> {
    let (mut sender, mut receiver) = new_pipe()?;
    events
        .poll
        .registry()
        .register(&mut sender, STDIN, Interest::WRITABLE)?;
    events
        .poll
        .registry()
        .register(&mut receiver, STDOUT, Interest::READABLE)?;

    let mut received = Vec::new();
    while received != b"hello" {
        for token in events.wait()? {
            // An event is a hint: the read or the write says what is true.
            if token == STDIN && received.is_empty() {
                sender.write_all(b"hello")?; // Five bytes fit into an empty pipe.
            }
            if token == STDOUT {
                let mut buf = [0; 16];
                match receiver.read(&mut buf) {
                    Ok(n) => received.extend_from_slice(&buf[..n]),
                    Err(err) if err.kind() == ErrorKind::WouldBlock => {}
                    Err(err) => return Err(err),
                }
            }
        }
    }
    println!("a. hello: {} bytes through a pipe", received.len());
    Ok(())
}

/// b. Reads and writes say, on every platform, that the other side is gone.
fn dropped(events: &mut Loop) -> io::Result<()> {
    let (sender, mut receiver) = new_pipe()?;
    events
        .poll
        .registry()
        .register(&mut receiver, STDOUT, Interest::READABLE)?;
    drop(sender);
    loop {
        match receiver.read(&mut [0; 16]) {
            Ok(0) => break,
            Ok(n) => return Err(io::Error::other(format!("{n} bytes from nowhere"))),
            Err(err) if err.kind() == ErrorKind::WouldBlock => drop(events.wait()?),
            Err(err) => return Err(err),
        }
    }
    drop(receiver);

    let (mut sender, receiver) = new_pipe()?;
    events
        .poll
        .registry()
        .register(&mut sender, STDIN, Interest::WRITABLE)?;
    drop(receiver);
    loop {
        match sender.write(b"anybody there?") {
            Ok(_) => {}
            Err(err) if err.kind() == ErrorKind::BrokenPipe => break,
            Err(err) if err.kind() == ErrorKind::WouldBlock => drop(events.wait()?),
            Err(err) => return Err(err),
        }
    }
    println!("b. dropped: the receiver read the end, the sender got a broken pipe");
    Ok(())
}

/// c. A file into a child and back out of it, at the same time.
///
/// Who writes everything first and reads afterwards hangs as soon as the file is larger than what
/// two pipes and the child can hold. On an event loop both directions go on whenever they can.
fn stream(events: &mut Loop, path: &Path, program: &[OsString]) -> Result<()> {
    let open = || {
        File::open(path)
            .and_then(|file| match file.metadata()?.is_file() {
                true => Ok(file),
                false => Err(io::Error::other("not a regular file")),
            })
            .map_err(|err| format!("cannot read {}: {err}", path.display()))
    };
    let name = Path::new(&program[0]).display();

    // Before the child is started, so that none is left behind when the file cannot be read.
    let (source, copy) = (open()?, open()?);
    let child = Command::new(&program[0])
        .args(&program[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|err| format!("cannot start {name}: {err}"))?;
    let mut child = Running(child);
    let lost = || format!("{name} has no piped stdio");
    // Converted, these are non-blocking; the child's own ends stay blocking, as it expects.
    let mut sender = Sender::from(child.0.stdin.take().ok_or_else(lost)?);
    let mut stdout = Receiver::from(child.0.stdout.take().ok_or_else(lost)?);
    let mut stderr = Receiver::from(child.0.stderr.take().ok_or_else(lost)?);
    let registry = events.poll.registry();
    registry
        .register(&mut sender, STDIN, Interest::WRITABLE)
        .and_then(|()| registry.register(&mut stdout, STDOUT, Interest::READABLE))
        .and_then(|()| registry.register(&mut stderr, STDERR, Interest::READABLE))
        .map_err(|err| format!("cannot register the pipes of {name}: {err}"))?;

    let mut source = Source {
        file: source,
        sender: Some(sender),
        chunk: Vec::new(),
        sent: 0,
    };
    let mut compare = Compare::new(copy);
    let mut messages = Vec::new();
    let (mut stdout, mut stderr) = (Some(stdout), Some(stderr));
    let started = Instant::now();
    let mut wakeups = 0;

    while stdout.is_some() || stderr.is_some() {
        wakeups += 1;
        for token in events
            .wait()
            .map_err(|err| format!("{name} does not go on: {err}"))?
        {
            match token {
                STDIN => source
                    .send()
                    .map_err(|err| format!("cannot send to {name}: {err}"))?,
                STDOUT => receive(&mut stdout, |bytes| compare.next(bytes))
                    .map_err(|err| format!("what {name} returned differs: {err}"))?,
                _ => receive(&mut stderr, |bytes| {
                    messages.extend_from_slice(bytes);
                    Ok(())
                })
                .map_err(|err| format!("cannot read the messages of {name}: {err}"))?,
            }
        }
    }

    let status = child
        .0
        .wait()
        .map_err(|err| format!("cannot wait for {name}: {err}"))?;
    if !status.success() {
        let messages = String::from_utf8_lossy(&messages);
        return Err(match messages.trim_end() {
            "" => format!("{name} failed, {status}"),
            messages => format!("{name} failed, {status}: {messages}"),
        });
    }
    compare
        .end()
        .map_err(|err| format!("what {name} returned differs: {err}"))?;
    let rate = compare.equal() as f64 / started.elapsed().as_secs_f64() / (1 << 20) as f64;
    println!(
        "c. child: {} bytes of {} through {name} and back, equal byte for byte, {rate:.0} MiB/s; \
         {} bytes on its stderr; {wakeups} wake-ups",
        compare.equal(),
        path.display(),
        messages.len(),
    );
    Ok(())
}

/// A child that does not outlive an error.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail once it was waited for, which is the good end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is to be sent: the rest of a chunk, then the rest of the file.
struct Source {
    file: File,
    sender: Option<Sender>,
    chunk: Vec<u8>,
    sent: usize,
}

impl Source {
    /// Sends until the pipe is full, and closes it after the last byte.
    fn send(&mut self) -> io::Result<()> {
        while let Some(sender) = &mut self.sender {
            if self.sent == self.chunk.len() {
                self.chunk.clear();
                self.sent = 0;
                (&mut self.file)
                    .take(CHUNK as u64)
                    .read_to_end(&mut self.chunk)?;
                if self.chunk.is_empty() {
                    self.sender = None; // Dropped, deregistered, closed: the child reads EOF.
                    return Ok(());
                }
            }
            match sender.write(&self.chunk[self.sent..]) {
                Ok(n) => self.sent += n,
                Err(err) if err.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                // It has seen enough; its exit status and its output say whether that is fine.
                Err(err) if err.kind() == ErrorKind::BrokenPipe => self.sender = None,
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }
}

/// Reads until the pipe is empty; `None` once it has ended.
fn receive(
    receiver: &mut Option<Receiver>,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut buf = [0; CHUNK];
    while let Some(open) = receiver {
        match open.read(&mut buf) {
            Ok(0) => *receiver = None,
            Ok(n) => each(&buf[..n])?,
            Err(err) if err.kind() == ErrorKind::WouldBlock => break,
            Err(err) if err.kind() == ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
    Ok(())
}

/// d. The parent sends commands to a child over a pipe made for them, and reads the answers.
fn command(events: &mut Loop, this: &Path) -> Result<()> {
    const COMMANDS: u64 = 10_000;
    let failed = |err: io::Error| format!("the command channel failed: {err}");

    let (mut sender, stdin) = child::stdin().map_err(failed)?;
    let (stdout, mut receiver) = child::output().map_err(failed)?;
    // The `Command` is gone after this statement, and with it our copies of the child's ends:
    // while it lives, we would never read EOF.
    let mut worker = Command::new(this)
        .arg("--role=worker")
        .stdin(stdin)
        .stdout(stdout)
        .spawn()
        .map_err(|err| format!("cannot start {}: {err}", this.display()))?;
    let registry = events.poll.registry();
    registry
        .register(&mut sender, STDIN, Interest::WRITABLE)
        .map_err(failed)?;
    registry
        .register(&mut receiver, STDOUT, Interest::READABLE)
        .map_err(failed)?;

    let commands: String = (0..COMMANDS).map(|n| format!("square {n}\n")).collect();
    let mut commands = commands.as_bytes();
    let (mut sender, mut receiver) = (Some(sender), Some(receiver));
    let mut answers = Vec::new();
    let started = Instant::now();
    while receiver.is_some() {
        for token in events.wait().map_err(failed)? {
            if token == STDOUT {
                receive(&mut receiver, |bytes| answers.write_all(bytes)).map_err(failed)?;
                continue;
            }
            while let Some(open) = &mut sender {
                match open.write(commands) {
                    Ok(n) => commands = &commands[n..],
                    Err(err) if err.kind() == ErrorKind::WouldBlock => break,
                    Err(err) => return Err(failed(err)),
                }
                if commands.is_empty() {
                    sender = None; // No more commands: the worker ends.
                }
            }
        }
    }
    let status = worker.wait().map_err(failed)?;
    let expected: String = (0..COMMANDS).map(|n| format!("{}\n", n * n)).collect();
    if !status.success() || answers != expected.as_bytes() {
        return Err(format!("the worker gave wrong answers, {status}"));
    }
    let rate = COMMANDS as f64 / started.elapsed().as_secs_f64();
    println!("d. commands: {COMMANDS} sent and answered, {rate:.0} per second");
    Ok(())
}

/// The event loop: mio's, with a limit on how long nothing may happen.
struct Loop {
    poll: Poll,
    events: Events,
}

impl Loop {
    fn new() -> io::Result<Loop> {
        Ok(Loop {
            poll: Poll::new()?,
            events: Events::with_capacity(8),
        })
    }

    /// Waits for events. A poll may also end early without one: that is no reason to give up.
    fn wait(&mut self) -> io::Result<Vec<Token>> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.poll.poll(&mut self.events, Some(left)) {
                Err(err) if err.kind() == ErrorKind::Interrupted => continue,
                result => result?,
            }
            if !self.events.is_empty() {
                return Ok(self.events.iter().map(|event| event.token()).collect());
            }
            if left.is_zero() {
                return Err(io::Error::new(
                    ErrorKind::TimedOut,
                    "nothing happened for 30 seconds",
                ));
            }
        }
    }
}
