//! One direction of a relay: input, pipe, output, by splice(2).
//!
//! Which side to wait for needs no question to the pipe here, as it does in `splice.rs`: nobody else
//! has the pipe, so how many bytes are in it is known. If it is empty, an input that fails with
//! EAGAIN has nothing; if it is not, an output that fails with EAGAIN has no room. The one case left
//! open is EAGAIN from the input while the pipe holds something: that may mean that the pipe's slots
//! are used up. It is settled by emptying the pipe first and asking the input again.

use std::io;
use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::pipe::{SpliceFlags, splice};

use super::{Pipe, Side};

/// How many system calls one step makes at most. Bytes that arrive one by one would otherwise take
/// as many as the limit has bytes.
const CALLS: usize = 48;

/// The longest splice, in bytes: the kernel refuses lengths that are negative as an `isize`.
const LONGEST: usize = 1 << 30;

/// Moves bytes from one descriptor to another, through a pipe and past this process.
///
/// One Relay is one direction. Two of them, each with a pipe of its own, relay a connection both
/// ways.
///
/// Input and output stay yours, and so does registering them. They can be anything that
/// splice(2) takes: sockets, pipes, files, some devices. At least one side of a splice is
/// always the pipe in between, so any two will do. Make both non-blocking, unless they are files.
///
/// # Events
///
/// Call [`step`](Relay::step) once at first, and from then on as the last [`Step`] says:
///
/// - [`Next::Wait`]: when that side has an event. Events of the other side need no step, and a step
///   too many does no harm. No edge is lost: a step always tries everything anew.
/// - [`Next::Again`]: soon, after the others had their turn; no event will say so.
/// - [`Next::Done`]: the input has ended, and every byte is with the output. Pass the end on:
///   `output.shutdown(Shutdown::Write)` for a socket, drop a pipe.
///
/// On mio's poll(2) selector, which has no edges, arm the side that is waited for:
/// `source.try_io(|| Err::<(), _>(ErrorKind::WouldBlock.into()))`.
///
/// # Speed
///
/// - Capacity: the larger the pipe, the fewer the system calls. 1 MiB saves a TCP relay two
///   fifths of the time that it takes with the default. Where it is not granted the Relay works the same with what
///   there is.
/// - Interest: while it waits for the output, leave the input out of the poll, by a
///   [`reregister`](mio::Registry::reregister) without [`READABLE`](mio::Interest::READABLE), and let
///   it in again when it waits for the input. Otherwise everything that arrives meanwhile wakes the
///   loop, for nothing: a busy TCP relay spends about a quarter of its time on that.
/// - `SO_RCVLOWAT` of 128 KiB on an input that is known to send in bulk **until it closes** saves
///   a little more, because it wakes the loop less often. Never set it on anything else: fewer
///   bytes than that bring no event, so that a short request is never answered.
/// - An idle connection needs no pipe: when a step waits for the input the pipe is empty, so take
///   the Relay apart and [`put`](super::Pool::put) the pipe back until the next event.
///
/// # Examples
///
/// A file through a child's stdin, in one go as both fit:
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::fs::File;
/// use mio_pipe::{Builder, new_pipe};
/// use mio_pipe::os::linux::{Next, Pipe, Relay, Side};
///
/// let file = File::open("Cargo.toml")?;
/// let (sender, receiver) = new_pipe()?;
/// let mut relay = Relay::new(Pipe::new(&Builder::new())?)?;
///
/// let mut moved = 0;
/// loop {
///     let step = relay.step(&file, &sender, 1 << 20)?;
///     moved += step.given;
///     match step.next {
///         Next::Again => {}
///         Next::Done => break,
///         Next::Wait(Side::Output) => break, // Poll, until the sender is writable.
///         Next::Wait(Side::Input) => unreachable!("a file is always readable"),
///     }
/// }
/// assert_eq!(receiver.available()?, moved);
/// # Ok(())
/// # }
/// ```
///
/// `examples/relay.rs` in the repository is a TCP relay for thousands of connections.
///
/// # References
///
/// - [splice(2)](https://man7.org/linux/man-pages/man2/splice.2.html)
#[derive(Debug)]
pub struct Relay {
    pipe: Pipe,
    buffered: usize,
    ended: bool,
    failed: Option<(Side, Errno)>,
}

/// What one [`Relay::step`] did, and what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub struct Step {
    /// Bytes that were taken from the input.
    pub taken: usize,
    /// Bytes that were given to the output.
    pub given: usize,
    /// When to call again.
    pub next: Next,
}

/// When to call [`Relay::step`] again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Next {
    /// After the next event of this side. Waiting for the input, the pipe is empty.
    Wait(Side),
    /// Soon: the limit was reached, and there may be more. **No** event will say so.
    Again,
    /// Never: the input has ended and the output has everything.
    Done,
}

impl Relay {
    /// A relay through `pipe`. What is in the pipe already goes to the output first.
    ///
    /// The pipe must be used by nothing else from here on.
    ///
    /// # Errors
    ///
    /// Those of [`Receiver::available`](crate::Receiver::available).
    pub fn new(pipe: Pipe) -> io::Result<Relay> {
        Ok(Relay {
            buffered: pipe.receiver().available()?,
            pipe,
            ended: false,
            failed: None,
        })
    }

    /// Moves bytes until one side would block, the input has ended, or `limit` bytes were taken from
    /// it.
    ///
    /// The limit is what keeps one busy relay from starving the others on the loop; a few times the
    /// pipe's capacity is a good one. A step makes at most 48 system calls, whatever the limit.
    /// With a limit of 0 it takes nothing, and only gives what the pipe holds.
    ///
    /// Give it the same two descriptors each time.
    ///
    /// # Errors
    ///
    /// Those of the input or of the output; [`failed_side`](Relay::failed_side) says of which. What
    /// the pipe holds then is not lost: see [`into_pipe`](Relay::into_pipe). Bytes that the failed
    /// step moved before are missing from the counts, but for [`buffered`](Relay::buffered). From
    /// then on every step fails with the same raw code, as a socket would report its error only once
    /// and its end ever after.
    ///
    /// - `EPIPE` ([`BrokenPipe`](io::ErrorKind::BrokenPipe)), `ECONNRESET`
    ///   ([`ConnectionReset`](io::ErrorKind::ConnectionReset)): that side is closed.
    /// - `EINVAL` ([`InvalidInput`](io::ErrorKind::InvalidInput)): that side cannot be spliced: a
    ///   terminal, a file that is open for appending, the pipe of this Relay.
    pub fn step(&mut self, input: impl AsFd, output: impl AsFd, limit: usize) -> io::Result<Step> {
        if let Some((_, errno)) = self.failed {
            return Err(errno.into());
        }
        let mut step = Step {
            taken: 0,
            given: 0,
            next: Next::Again,
        };
        let mut calls = CALLS;
        while calls > 0 {
            let left = (limit - step.taken).min(LONGEST);
            let mut input_blocks = false;
            if left > 0 && !self.ended {
                calls -= 1;
                match splice_once(&input, self.pipe.sender(), left) {
                    Ok(0) => self.ended = true,
                    Ok(n) => {
                        self.buffered += n;
                        step.taken += n;
                    }
                    // With something in the pipe this may be a lack of slots.
                    Err(Errno::AGAIN) => input_blocks = self.buffered == 0,
                    Err(errno) => return Err(self.fail(Side::Input, errno)),
                }
            }
            while self.buffered > 0 && calls > 0 {
                calls -= 1;
                match splice_once(self.pipe.receiver(), &output, self.buffered) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(n) => {
                        self.buffered -= n;
                        step.given += n;
                    }
                    Err(Errno::AGAIN) => {
                        step.next = Next::Wait(Side::Output);
                        return Ok(step);
                    }
                    Err(errno) => return Err(self.fail(Side::Output, errno)),
                }
            }
            if self.buffered > 0 {
                break; // Out of calls.
            }
            if self.ended || input_blocks {
                step.next = match self.ended {
                    true => Next::Done,
                    false => Next::Wait(Side::Input),
                };
                break;
            }
            if step.taken == limit {
                break;
            }
        }
        Ok(step)
    }

    fn fail(&mut self, side: Side, errno: Errno) -> io::Error {
        self.failed = Some((side, errno));
        errno.into()
    }

    /// How many bytes were taken from the input and not yet given to the output.
    pub fn buffered(&self) -> usize {
        self.buffered
    }

    /// Whether the input has ended. What is [`buffered`](Relay::buffered) still goes to the output.
    pub fn is_input_ended(&self) -> bool {
        self.ended
    }

    /// Which side the error was of, if a step has failed.
    pub fn failed_side(&self) -> Option<Side> {
        self.failed.map(|(side, _)| side)
    }

    /// The pipe, with whatever is [`buffered`](Relay::buffered) in it, in order: read it from
    /// there, relay it elsewhere, or put the pipe back into its [`Pool`](super::Pool), if it is
    /// empty.
    pub fn into_pipe(self) -> Pipe {
        self.pipe
    }
}

/// splice(2), without waiting and again if a signal came in between.
fn splice_once(input: impl AsFd, output: impl AsFd, len: usize) -> rustix::io::Result<usize> {
    let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
    rustix::io::retry_on_intr(|| splice(&input, None, &output, None, len, flags))
}
