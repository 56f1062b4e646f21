//! Where the lines go.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};

use mio_pipe::SendQueue;

use crate::platform::{self, Stdout};

/// Bytes waiting for stdout at which the children must wait.
pub const FULL: usize = 64 * 1024;

/// Our stdout. A pipe is written to when it has room; anything else waits until it has taken the
/// bytes.
pub enum Output {
    Pipe(Stdout, SendQueue),
    Other(BufWriter<File>),
}

impl Output {
    pub fn new() -> io::Result<Output> {
        match platform::stdout() {
            Ok(sender) => Ok(Output::Pipe(sender, SendQueue::new())),
            Err(err) if err.kind() == ErrorKind::InvalidInput => {
                let file = platform::stdout_file()?;
                Ok(Output::Other(BufWriter::with_capacity(FULL, file)))
            }
            Err(err) => Err(err),
        }
    }

    /// Prints the beginning of a line, which is then forgotten, and its end.
    pub fn print(&mut self, prefix: &str, start: &mut Vec<u8>, end: &[u8]) -> io::Result<()> {
        for bytes in [prefix.as_bytes(), start, end, b"\n"] {
            match self {
                Output::Pipe(_, queue) => queue.push(bytes),
                Output::Other(file) => file.write_all(bytes)?,
            }
        }
        start.clear();
        Ok(())
    }

    pub fn pending(&self) -> usize {
        match self {
            Output::Pipe(_, queue) => queue.pending(),
            Output::Other(_) => 0,
        }
    }

    /// Whether everything is written; if not, a writable event follows.
    pub fn flush(&mut self) -> io::Result<bool> {
        match self {
            Output::Pipe(sender, queue) => queue.flush(sender),
            Output::Other(file) => file.flush().map(|()| true),
        }
    }
}
