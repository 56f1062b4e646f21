//! splice(2) and tee(2), and the question that EAGAIN leaves open: which side was it?
//!
//! Both return EAGAIN for "nothing to take" and for "no room to put it". A loop that waits for the
//! wrong side sleeps forever, one that waits for both spins. So EAGAIN is followed by a question to
//! the pipe, which is the side that can answer. Its answer may be newer than the EAGAIN, though: a
//! pipe that is ready when asked may have become so just then. Hence the call is repeated, and only
//! if it fails *after* the pipe was seen ready is the other side to blame.

use std::io;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::pipe::{SpliceFlags, splice, tee};

use crate::{Receiver, Sender};

/// What [`splice_to`](Receiver::splice_to), [`splice_from`](Sender::splice_from) and
/// [`tee_to`](Receiver::tee_to) did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Moved {
    /// So many bytes were moved, at least one. There may be more: call again.
    Bytes(usize),
    /// The input has ended: end of file, or every Sender is gone and the pipe is empty.
    Eof,
    /// Nothing was moved, and nothing can be until this side gets an event.
    WouldBlock(Side),
}

/// Which of the two descriptors an operation waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// There is nothing to take: wait until the input is readable.
    Input,
    /// There is no room: wait until the output is writable.
    Output,
}

impl Receiver {
    /// Moves up to `len` bytes from this pipe to `output` without copying them through this
    /// process.
    ///
    /// `output` is any descriptor that can be spliced to: a socket, a pipe, a file that is not open
    /// for appending, `/dev/null`. Make it non-blocking unless it is a file: splice(2) waits
    /// for an output that is not.
    ///
    /// # Events
    ///
    /// [`Moved::WouldBlock`] says which side to wait for, so that no edge is missed and no loop
    /// spins. This end is armed; if `output` is a source on mio's poll(2) selector, which has no
    /// edges, arm it with `output.try_io(|| Err::<(), _>(ErrorKind::WouldBlock.into()))`.
    ///
    /// # Errors
    ///
    /// - `EPIPE` ([`BrokenPipe`](io::ErrorKind::BrokenPipe)): `output` is closed on its other side.
    /// - `EINVAL` ([`InvalidInput`](io::ErrorKind::InvalidInput)): `output` cannot be spliced to:
    ///   open for appending, the same pipe, or a device without support.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::fs::File;
    /// use std::io::Write;
    /// use mio_pipe::os::linux::{Moved, Side};
    ///
    /// let (mut sender, receiver) = mio_pipe::new_pipe()?;
    /// sender.write_all(b"hello")?;
    /// let null = File::create("/dev/null")?;
    /// assert_eq!(receiver.splice_to(&null, 1 << 20)?, Moved::Bytes(5));
    /// assert_eq!(receiver.splice_to(&null, 1 << 20)?, Moved::WouldBlock(Side::Input));
    /// drop(sender);
    /// assert_eq!(receiver.splice_to(&null, 1 << 20)?, Moved::Eof);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # References
    ///
    /// - [splice(2)](https://man7.org/linux/man-pages/man2/splice.2.html)
    #[doc(alias = "splice")]
    pub fn splice_to(&self, output: impl AsFd, len: usize) -> io::Result<Moved> {
        let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
        let moved = attempt(
            len,
            || splice(self, None, &output, None, len, flags),
            || is_ready(self, PollFlags::IN),
        )?;
        Ok(match moved {
            Attempt::Moved(moved) => moved,
            Attempt::PipeNotReady => self.wait_for_input(),
            Attempt::OtherNotReady => Moved::WouldBlock(Side::Output),
        })
    }

    /// Copies up to `len` bytes from this pipe to another without taking them out of this one.
    ///
    /// No byte is copied in memory: both pipes refer to the same pages.
    ///
    /// Calling it again copies the same bytes again; take them out with `read` or
    /// [`splice_to`](Receiver::splice_to) first.
    ///
    /// # Errors
    ///
    /// - `EPIPE` ([`BrokenPipe`](io::ErrorKind::BrokenPipe)): every Receiver of `output` is gone.
    /// - `EINVAL` ([`InvalidInput`](io::ErrorKind::InvalidInput)): the same pipe twice.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::{Read, Write};
    /// use mio_pipe::{new_pipe, os::linux::Moved};
    ///
    /// let (mut sender, mut receiver) = new_pipe()?;
    /// let (copy_in, mut copy_out) = new_pipe()?;
    /// sender.write_all(b"twice")?;
    /// assert_eq!(receiver.tee_to(&copy_in, 1024)?, Moved::Bytes(5));
    ///
    /// let mut buf = [0; 16];
    /// assert_eq!(receiver.read(&mut buf)?, 5);
    /// assert_eq!(copy_out.read(&mut buf)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # References
    ///
    /// - [tee(2)](https://man7.org/linux/man-pages/man2/tee.2.html)
    #[doc(alias = "tee")]
    pub fn tee_to(&self, output: &Sender, len: usize) -> io::Result<Moved> {
        let moved = attempt(
            len,
            || tee(self, output, len, SpliceFlags::NONBLOCK),
            || is_ready(self, PollFlags::IN),
        )?;
        Ok(match moved {
            Attempt::Moved(moved) => moved,
            Attempt::PipeNotReady => self.wait_for_input(),
            Attempt::OtherNotReady => output.wait_for_output(),
        })
    }

    /// Arms this end and says that it is the one to wait for.
    fn wait_for_input(&self) -> Moved {
        let _ = self.try_io(|| Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        Moved::WouldBlock(Side::Input)
    }
}

impl Sender {
    /// Moves up to `len` bytes from `input` into this pipe without copying them through this
    /// process.
    ///
    /// `input` is any descriptor that can be spliced from: a socket, a pipe, a file, some devices.
    /// Make it non-blocking unless it is a file: splice(2) waits for an input that is not.
    ///
    /// What [`Receiver::splice_to`] says of events holds here, with the sides exchanged.
    ///
    /// # Errors
    ///
    /// - `EPIPE` ([`BrokenPipe`](io::ErrorKind::BrokenPipe)): every Receiver of this pipe is gone.
    /// - `EINVAL` ([`InvalidInput`](io::ErrorKind::InvalidInput)): `input` cannot be spliced from:
    ///   the same pipe, a terminal, or a device without support.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::fs::File;
    /// use mio_pipe::os::linux::Moved;
    ///
    /// let (sender, receiver) = mio_pipe::new_pipe()?;
    /// let file = File::open("Cargo.toml")?;
    /// assert_eq!(sender.splice_from(&file, 100)?, Moved::Bytes(100));
    /// assert_eq!(receiver.available()?, 100);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # References
    ///
    /// - [splice(2)](https://man7.org/linux/man-pages/man2/splice.2.html)
    #[doc(alias = "splice")]
    pub fn splice_from(&self, input: impl AsFd, len: usize) -> io::Result<Moved> {
        let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
        let moved = attempt(
            len,
            || splice(&input, None, self, None, len, flags),
            || is_ready(self, PollFlags::OUT),
        )?;
        Ok(match moved {
            Attempt::Moved(moved) => moved,
            Attempt::PipeNotReady => self.wait_for_output(),
            Attempt::OtherNotReady => Moved::WouldBlock(Side::Input),
        })
    }

    /// Arms this end and says that it is the one to wait for.
    pub(super) fn wait_for_output(&self) -> Moved {
        let _ = self.try_io(|| Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        Moved::WouldBlock(Side::Output)
    }
}

/// Whether an operation on this end of the pipe would go on now. For a Receiver that includes the
/// end of the pipe: splice(2) and tee(2) report it only once the output has room.
fn is_ready(end: impl AsFd, flags: PollFlags) -> io::Result<bool> {
    let mut fds = [PollFd::new(&end, flags)];
    retry_on_intr(|| {
        poll(
            &mut fds,
            Some(&Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            }),
        )
    })?;
    Ok(!fds[0].revents().is_empty())
}

enum Attempt {
    Moved(Moved),
    PipeNotReady,
    OtherNotReady,
}

/// Runs `operation`, and finds out by `pipe_is_ready` who is to blame for an EAGAIN; see the head of
/// this file.
fn attempt(
    len: usize,
    mut operation: impl FnMut() -> rustix::io::Result<usize>,
    pipe_is_ready: impl Fn() -> io::Result<bool>,
) -> io::Result<Attempt> {
    if len == 0 {
        return Ok(Attempt::Moved(Moved::Bytes(0)));
    }
    let mut seen_ready = false;
    loop {
        match operation() {
            Ok(0) => return Ok(Attempt::Moved(Moved::Eof)),
            Ok(n) => return Ok(Attempt::Moved(Moved::Bytes(n))),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) if seen_ready => return Ok(Attempt::OtherNotReady),
            Err(Errno::AGAIN) if pipe_is_ready()? => seen_ready = true,
            Err(Errno::AGAIN) => return Ok(Attempt::PipeNotReady),
            Err(err) => return Err(err.into()),
        }
    }
}
