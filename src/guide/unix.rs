//! Unix: FIFOs, and this process's own stdio.
//!
//! # FIFOs
//!
//! A FIFO is a pipe with a path: programs that do not know each other meet there. Two habits of it
//! surprise in an event loop, and [`os::unix::fifo`](crate::os::unix::fifo) has a way around each.
//!
//! **The reader sees EOF whenever no writer is there**: after the last one left, and also before
//! the first one came. A loop that takes this for the end stops too early; one that goes on spins.
//! A *persistent* Receiver holds a spare writing end, so that "nobody there" is `WouldBlock`.
//!
//! **The writer cannot open it while no reader is there**: `ENXIO`. A *persistent* Sender holds a
//! spare reading end: what it writes waits in the FIFO, and when that is full the next writable event
//! says that somebody has come and read. If nothing may be written before a reader is there,
//! [`ReaderWait`](crate::os::unix::fifo::ReaderWait) tries to open it at growing intervals.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use std::io::Write;
//! use std::thread;
//! use mio::{Events, Interest, Poll, Token};
//! use mio_pipe::os::unix::fifo::{self, OpenOptions};
//!
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("log");
//! fifo::create(&path, 0o600)?;
//!
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let mut receiver = OpenOptions::new().open_persistent_receiver(&path)?;
//! poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
//!
//! // Programs that come, write a line each, and go.
//! let writer = thread::spawn(move || {
//!     for line in ["one\n", "two\n", "three\n"] {
//!         let mut file = std::fs::File::options().write(true).open(&path)?;
//!         file.write_all(line.as_bytes())?;
//!     }
//!     std::io::Result::Ok(())
//! });
//!
//! let mut text = Vec::new();
//! while text.len() < 14 {
//!     poll.poll(&mut events, None)?;
//!     let _ = receiver.drain(&mut text, 64 * 1024)?;
//! }
//! assert_eq!(text, b"one\ntwo\nthree\n");
//! writer.join().unwrap()?;
//! # Ok(())
//! # }
//! ```
//!
//! Lines of several writers stay whole if each is **one** write of up to `PIPE_BUF` bytes.
//! `examples/collect.rs` is this chapter as a tool.
//!
//! # Own stdio
//!
//! Non-blocking mode belongs to the open file description, and a process shares that of its stdin and
//! stdout with the shell and with its neighbours in the pipeline. Who sets `O_NONBLOCK` there makes
//! *them* fail with `EAGAIN`. [`os::unix::stdio`](crate::os::unix::stdio) opens the pipe a second
//! time instead, where the system can (Linux, Android), and restores the mode on drop where it
//! cannot; [`shares_mode`](crate::os::unix::stdio::Inherited::shares_mode) tells. Terminals and files
//! are refused: they are no pipes, and files are always ready anyway.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use std::io::{self, ErrorKind, Write};
//! use mio_pipe::os::unix::stdio;
//!
//! match stdio::stdout() {
//!     Ok(mut stdout) => assert_eq!(stdout.write(b"to a pipe\n")?, 10),
//!     Err(err) if err.kind() == ErrorKind::InvalidInput => println!("{err}"),
//!     Err(err) => return Err(err),
//! }
//! # Ok(())
//! # }
//! ```
