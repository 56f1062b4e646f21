use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::{error, fmt, io};

use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};

use crate::{Receiver, Sender};

impl Sender {
    /// Makes a Sender of a descriptor that is the writing end of a pipe or FIFO, and makes it
    /// **non-blocking**.
    ///
    /// A descriptor that is open for both directions will do. The mode belongs to the open file
    /// description: whoever shares it (dup(2), fork(2), inherited stdio) gets it too.
    ///
    /// # Errors
    ///
    /// The error holds the descriptor, unchanged; see [`FromFdError`].
    ///
    /// - kind [`InvalidInput`](io::ErrorKind::InvalidInput), no raw code: the descriptor is not a
    ///   pipe or FIFO, or it is open for reading only.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::os::fd::OwnedFd;
    ///
    /// let (sender, receiver) = mio_pipe::new_pipe()?;
    /// let fd: OwnedFd = sender.into();
    /// let sender = mio_pipe::Sender::from_fd(fd)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_fd(fd: impl Into<OwnedFd>) -> Result<Sender, FromFdError> {
        let fd = check(fd.into(), OFlags::WRONLY)?;
        Ok(Sender { inner: fd.into() })
    }

    /// Makes the end blocking and gives its descriptor away: what a child expects as its stdout.
    ///
    /// Turn it into [`Stdio`](std::process::Stdio) with `.into()`. The child's end that
    /// [`child::output`](crate::child::output) returns needs no such step.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = mio_pipe::new_pipe()?;
    /// let status = std::process::Command::new("true").stdout(sender.into_blocking_fd()?).status()?;
    /// assert!(status.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        self.inner.into_blocking_fd()
    }
}

impl Receiver {
    /// Makes a Receiver of a descriptor that is the reading end of a pipe or FIFO, and makes it
    /// **non-blocking**; see [`Sender::from_fd`].
    ///
    /// # Errors
    ///
    /// The error holds the descriptor, unchanged; see [`FromFdError`].
    ///
    /// - kind [`InvalidInput`](io::ErrorKind::InvalidInput), no raw code: the descriptor is not a
    ///   pipe or FIFO, or it is open for writing only.
    pub fn from_fd(fd: impl Into<OwnedFd>) -> Result<Receiver, FromFdError> {
        let fd = check(fd.into(), OFlags::RDONLY)?;
        Ok(Receiver { inner: fd.into() })
    }

    /// Makes the end blocking and gives its descriptor away: what a child expects as its stdin.
    ///
    /// Turn it into [`Stdio`](std::process::Stdio) with `.into()`. The child's end that
    /// [`child::stdin`](crate::child::stdin) returns needs no such step.
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        self.inner.into_blocking_fd()
    }
}

/// Hands `fd` back, non-blocking, if it is a pipe or FIFO that is open for `access`.
fn check(fd: OwnedFd, access: OFlags) -> Result<OwnedFd, FromFdError> {
    let checked = check_type(fd.as_fd()).and_then(|()| {
        let flags = fcntl_getfl(&fd)?;
        check_access(flags, access)?;
        if !flags.contains(OFlags::NONBLOCK) {
            rustix::fs::fcntl_setfl(&fd, flags | OFlags::NONBLOCK)?;
        }
        Ok(())
    });
    match checked {
        Ok(()) => Ok(fd),
        Err(error) => Err(FromFdError { fd, error }),
    }
}

fn check_type(fd: BorrowedFd<'_>) -> io::Result<()> {
    match other_than_fifo(FileType::from_raw_mode(fstat(fd)?.st_mode)) {
        None => Ok(()),
        Some(what) => Err(invalid_input(format!("not a pipe or FIFO, but {what}"))),
    }
}

/// In words what a file is, unless it is a pipe or FIFO.
pub(super) fn other_than_fifo(file_type: FileType) -> Option<&'static str> {
    match file_type {
        FileType::Fifo => None,
        FileType::RegularFile => Some("a regular file"),
        FileType::Directory => Some("a directory"),
        FileType::Symlink => Some("a symbolic link"),
        FileType::Socket => Some("a socket"),
        FileType::CharacterDevice => Some("a character device"),
        FileType::BlockDevice => Some("a block device"),
        _ => Some("something else"),
    }
}

pub(super) fn check_access(flags: OFlags, wanted: OFlags) -> io::Result<()> {
    // Not bits: O_RDONLY is zero.
    let access = flags & OFlags::RWMODE;
    if access == wanted || access == OFlags::RDWR {
        return Ok(());
    }
    Err(invalid_input(if access == OFlags::RDONLY {
        "a Sender needs the writing end, but this one is open for reading only".to_owned()
    } else if access == OFlags::WRONLY {
        "a Receiver needs the reading end, but this one is open for writing only".to_owned()
    } else {
        "open neither for reading nor for writing".to_owned()
    }))
}

pub(super) fn invalid_input(sentence: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, sentence)
}

/// A descriptor that cannot be an end of a pipe, and why.
///
/// It converts into [`io::Error`], so that `?` works in a function that returns that; the descriptor
/// is closed then. [`into_fd`](FromFdError::into_fd) keeps it.
#[derive(Debug)]
pub struct FromFdError {
    fd: OwnedFd,
    error: io::Error,
}

impl FromFdError {
    /// Why the descriptor was refused.
    pub fn error(&self) -> &io::Error {
        &self.error
    }

    /// The descriptor, exactly as it was given.
    pub fn into_fd(self) -> OwnedFd {
        self.fd
    }
}

impl AsFd for FromFdError {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for FromFdError {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.fd.as_raw_fd()
    }
}

impl From<FromFdError> for io::Error {
    fn from(err: FromFdError) -> io::Error {
        err.error
    }
}

impl fmt::Display for FromFdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl error::Error for FromFdError {}
