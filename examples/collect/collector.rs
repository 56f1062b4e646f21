//! The collector itself: one loop over the FIFO and the signals.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use mio::{Events, Interest, Poll, Token};
use mio_pipe::os::unix::fifo::{CreateOptions, OpenOptions, Persistent};
use mio_pipe::{Drained, Receiver, new_pipe};
use signal_hook::consts::{SIGINT, SIGTERM};

const FIFO: Token = Token(0);
const SIGNAL: Token = Token(1);

/// Bytes to take before the signals get their turn: what a pipe holds on Linux.
const AT_ONCE: usize = 64 * 1024;

/// Collect lines from a FIFO and append them to a file
///
/// Creates FIFO, reads the lines that other programs write to it, and appends them to FILE. Programs
/// may come and go. SIGINT and SIGTERM end it: the FIFO is removed, and what is in it is still
/// appended.
///
/// A line that a program writes with one write of up to 4096 bytes (512 on some systems) stays whole.
/// A line longer than --max-line is cut into several.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Path of the FIFO to create; nothing may be there
    fifo: PathBuf,
    /// File to append to; it is created if it is missing
    file: PathBuf,
    /// Permissions of the FIFO, octal; whoever has the write permission can write lines
    #[arg(long, default_value = "600", value_parser = parse_mode)]
    mode: u32,
    /// Longest line, in bytes
    #[arg(long, default_value_t = 65536, value_name = "BYTES",
        value_parser = clap::value_parser!(u32).range(1..))]
    max_line: u32,
    /// Do not say when lines can be written
    #[arg(long, short)]
    quiet: bool,
}

fn parse_mode(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o777 && mode & 0o600 == 0o600 => Ok(mode),
        Ok(_) => Err("must be 600 to 777, with read and write for the owner".to_owned()),
        Err(err) => Err(err.to_string()),
    }
}

pub fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("collect: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    let file = File::options()
        .append(true)
        .create(true)
        .open(&args.file)
        .map_err(|err| format!("cannot open {}: {err}", args.file.display()))?;
    let mut lines = Lines::new(file, args.max_line as usize);
    // Before the FIFO is there, so that no signal can leave it behind.
    let signals = signals().map_err(|err| format!("cannot watch for signals: {err}"))?;
    let (owned, receiver) = create(&args.fifo, args.mode)?;
    if !args.quiet {
        eprintln!(
            "collect: from {} to {}",
            args.fifo.display(),
            args.file.display()
        );
    }
    serve(owned, receiver, signals, &mut lines).map_err(|err| match err {
        Failure::Append(err) => format!("cannot append to {}: {err}", args.file.display()),
        Failure::Receive(err) => format!("cannot read from {}: {err}", args.fifo.display()),
    })
}

enum Failure {
    Append(io::Error),
    Receive(io::Error),
}

/// Receives a byte for each SIGINT and SIGTERM.
fn signals() -> io::Result<Receiver> {
    let (sender, receiver) = new_pipe()?;
    signal_hook::low_level::pipe::register(SIGTERM, sender.try_clone()?)?;
    signal_hook::low_level::pipe::register(SIGINT, sender)?;
    Ok(receiver)
}

fn create(path: &Path, mode: u32) -> Result<(OwnedFifo, Persistent<Receiver>), String> {
    CreateOptions::new()
        .mode(mode)
        .ignore_umask(true)
        .create(path)
        .map_err(|err| {
            let hint = match err.kind() {
                ErrorKind::AlreadyExists => " (if a collector left it behind, remove it)",
                _ => "",
            };
            format!("cannot create {}: {err}{hint}", path.display())
        })?;
    let opened = OpenOptions::new().open_persistent_receiver(path);
    let owned = opened.and_then(|receiver| Ok((OwnedFifo::new(path, &receiver)?, receiver)));
    owned.map_err(|err| {
        let _ = std::fs::remove_file(path);
        format!("cannot open {}: {err}", path.display())
    })
}

/// Removes the FIFO from its path when dropped, unless something else is there by then.
struct OwnedFifo {
    path: PathBuf,
    id: (u64, u64),
}

impl OwnedFifo {
    fn new(path: &Path, receiver: &Receiver) -> io::Result<OwnedFifo> {
        let stat = rustix::fs::fstat(receiver)?;
        Ok(OwnedFifo {
            path: path.to_owned(),
            id: (stat.st_dev as u64, stat.st_ino as u64),
        })
    }
}

impl Drop for OwnedFifo {
    fn drop(&mut self) {
        use std::os::unix::fs::MetadataExt;
        let there = std::fs::symlink_metadata(&self.path);
        if there.is_ok_and(|there| (there.dev(), there.ino()) == self.id) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn serve(
    owned: OwnedFifo,
    mut receiver: Persistent<Receiver>,
    mut signals: Receiver,
    lines: &mut Lines<File>,
) -> Result<(), Failure> {
    let mut poll = Poll::new().map_err(Failure::Receive)?;
    let mut events = Events::with_capacity(8);
    let registry = poll.registry();
    registry
        .register(&mut receiver, FIFO, Interest::READABLE)
        .and_then(|()| registry.register(&mut signals, SIGNAL, Interest::READABLE))
        .map_err(Failure::Receive)?;
    let mut buf = Vec::with_capacity(AT_ONCE);
    // Whether the FIFO may hold more: `drain` left an event owed only if it said `Empty`.
    let mut more = false;
    loop {
        match poll.poll(&mut events, more.then_some(Duration::ZERO)) {
            Err(err) if err.kind() == ErrorKind::Interrupted => continue,
            result => result.map_err(Failure::Receive)?,
        }
        if events.iter().any(|event| event.token() == SIGNAL) {
            break;
        }
        more = collect(&receiver, &mut buf, AT_ONCE, lines)?;
    }
    // Nobody new; then exactly what is in the FIFO now, which ends with a whole write. Writers that
    // are still there get a broken pipe.
    drop(owned);
    let left = receiver.available().map_err(Failure::Receive)?;
    collect(&receiver, &mut buf, left, lines)?;
    lines.finish().map_err(Failure::Append)
}

/// Takes up to `limit` bytes to `lines`, and says whether there may be more.
fn collect(
    receiver: &Receiver,
    buf: &mut Vec<u8>,
    limit: usize,
    lines: &mut Lines<File>,
) -> Result<bool, Failure> {
    buf.clear();
    let drained = receiver.drain(buf, limit);
    // What was read before an error, too.
    lines.push(buf).map_err(Failure::Append)?;
    Ok(drained.map_err(Failure::Receive)? == Drained::Limit)
}

/// Puts lines together and writes them out whole.
struct Lines<W> {
    out: W,
    /// Whole lines, `whole` bytes of them, and then the beginning of one.
    buf: Vec<u8>,
    whole: usize,
    max: usize,
}

impl<W: Write> Lines<W> {
    fn new(out: W, max: usize) -> Lines<W> {
        Lines {
            out,
            buf: Vec::new(),
            whole: 0,
            max,
        }
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        for mut piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            loop {
                let room = self.max - (self.buf.len() - self.whole);
                let len = piece.strip_suffix(b"\n").unwrap_or(piece).len();
                if len <= room {
                    break;
                }
                self.buf.extend_from_slice(&piece[..room]);
                self.end_line();
                piece = &piece[room..];
            }
            self.buf.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.whole = self.buf.len();
            }
        }
        self.write_whole()
    }

    /// Ends a line that was begun and not finished.
    fn finish(&mut self) -> io::Result<()> {
        if self.buf.len() > self.whole {
            self.end_line();
        }
        self.write_whole()
    }

    fn end_line(&mut self) {
        self.buf.push(b'\n');
        self.whole = self.buf.len();
    }

    /// One write for all whole lines: with O_APPEND they are not mixed with what others append.
    fn write_whole(&mut self) -> io::Result<()> {
        if self.whole > 0 {
            self.out.write_all(&self.buf[..self.whole])?;
            self.buf.drain(..self.whole);
            self.whole = 0;
        }
        Ok(())
    }
}
