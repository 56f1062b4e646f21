//! This process's own stdin, stdout and stderr, in an event loop, when they are pipes.
//!
//! Making inherited stdio non-blocking is harmful: the mode belongs to the open file description,
//! and that is shared with whoever inherited it too. The shell, or the next program in the
//! pipeline's brackets, then fails with `EAGAIN`. So the pipe is opened **a second time**, which
//! gives a description of its own, and the inherited one keeps its mode. Where that cannot be done,
//! the mode is changed for as long as the end lives and restored when it is dropped;
//! [`Inherited::shares_mode`] tells.
//!
//! The descriptors 0, 1 and 2 stay open. So another process that reads this one's stdout sees EOF
//! when this process ends or closes descriptor 1, and not when the [`Sender`] is dropped.
//!
//! std's [`Stdin`](std::io::Stdin) and [`Stdout`](std::io::Stdout) have buffers. Bytes that std has
//! read already are not seen here, and what [`print!`] has left in its buffer comes out later.
//!
//! # Platform-specific behavior
//!
//! - Linux, Android: opened anew through `/proc/self/fd`. The mode is shared after all when /proc is
//!   not mounted, or when the pipe may not be opened, as after setuid(2): it belongs to the user
//!   that made it.
//! - Other Unix: the mode is always shared; these systems cannot open a pipe anew.
//!
//! # Errors
//!
//! The functions here share these:
//!
//! - kind [`InvalidInput`](io::ErrorKind::InvalidInput), no raw code: it is not a pipe or FIFO but a
//!   terminal, a file, a socket, /dev/null (what std puts in place of a descriptor that was closed
//!   when the program started), or it is open in the wrong direction. The message says which;
//! - `EBADF` (kind not stable in std): it was closed since;
//! - `ENXIO` (kind not stable in std), on Linux: stdout or stderr is a FIFO and its last reader has
//!   gone. An ordinary pipe gives a Sender whose writes fail with `BrokenPipe`;
//! - `EMFILE` or `ENFILE` (kind not stable in std): the process or the system is out of descriptors.
//!
//! # Examples
//!
//! A line to stdout, whatever that is:
//!
//! ```
//! use std::io::{self, ErrorKind, Write};
//!
//! use mio_pipe::os::unix::stdio;
//!
//! # fn main() -> io::Result<()> {
//! match stdio::stdout() {
//!     // To be registered, and written to in an event loop.
//!     Ok(mut stdout) => assert_eq!(stdout.write(b"to a pipe\n")?, 10),
//!     // A terminal or a file, which is always ready.
//!     Err(err) if err.kind() == ErrorKind::InvalidInput => println!("{err}"),
//!     Err(err) => return Err(err),
//! }
//! # Ok(())
//! # }
//! ```

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};

use crate::os::unix::from_fd::{check_access, invalid_input, other_than_fifo};
use crate::{Receiver, Sender};

mod inherited;
#[cfg_attr(
    any(target_os = "linux", target_os = "android"),
    path = "stdio/reopen_linux.rs"
)]
mod reopen;

pub use inherited::Inherited;

/// This process's stdin, if it is a pipe or FIFO.
///
/// Call it once: what two Receivers read from one pipe is split between them at random.
///
/// # Errors
///
/// Those of the [module](self#errors).
pub fn stdin() -> io::Result<Inherited<Receiver>> {
    let stdin = io::stdin();
    open(stdin.as_fd(), "stdin", OFlags::RDONLY, |fd| Receiver {
        inner: fd.into(),
    })
}

/// This process's stdout, if it is a pipe or FIFO.
///
/// # Errors
///
/// Those of the [module](self#errors).
pub fn stdout() -> io::Result<Inherited<Sender>> {
    let stdout = io::stdout();
    open(stdout.as_fd(), "stdout", OFlags::WRONLY, |fd| Sender {
        inner: fd.into(),
    })
}

/// This process's stderr, if it is a pipe or FIFO.
///
/// # Errors
///
/// Those of the [module](self#errors).
pub fn stderr() -> io::Result<Inherited<Sender>> {
    let stderr = io::stderr();
    open(stderr.as_fd(), "stderr", OFlags::WRONLY, |fd| Sender {
        inner: fd.into(),
    })
}

fn open<E>(
    fd: BorrowedFd<'_>,
    name: &str,
    access: OFlags,
    end: impl FnOnce(OwnedFd) -> E,
) -> io::Result<Inherited<E>> {
    let stat = fstat(fd)?;
    if let Some(what) = other_than_fifo(FileType::from_raw_mode(stat.st_mode)) {
        let what = if fd.is_terminal() { "a terminal" } else { what };
        return Err(invalid_input(format!(
            "{name} is not a pipe or FIFO, but {what}"
        )));
    }
    check_access(fcntl_getfl(fd)?, access)?;
    if let Some(own) = reopen::reopen(fd, access)? {
        let own_stat = fstat(&own)?;
        // What is mounted at /proc may be anything.
        if (own_stat.st_dev, own_stat.st_ino) == (stat.st_dev, stat.st_ino) {
            return Ok(Inherited::own(end(own)));
        }
    }
    Inherited::shared(fd, end)
}
