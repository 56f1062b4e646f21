//! How to use pipes in an event loop: a chapter for each question, and a program in each.
//!
//! 1. [Readiness](#readiness): when events come, and when they do not
//! 2. [Draining](#draining): reading as much as there is
//! 3. [Writing](#writing): what to do when the pipe is full
//! 4. [Closing](#closing): the end of a pipe, seen from both sides
//! 5. [Children](#children): their stdio on your loop
//! 6. [Deadlocks](#deadlocks): the three classic ones
//! 7. [Speed](#speed): how the kernel likes a pipe used
//! 8. [Moving here from other types](#moving-here-from-other-types)
//!
//! What only some platforms have is in chapters of their own, below.
//!
//! # Readiness
//!
//! An event is a hint that something *became* possible. It is an edge: it comes once, and nothing
//! repeats it while you do not act on it. What can be relied on is little, and it is enough:
//!
//! - after registering, and after registering anew, an event comes if the end is ready;
//! - after an operation that failed with `WouldBlock`, an event comes once it would not.
//!
//! (`Poll::poll` itself fails with `Interrupted` when a signal is handled: call it again.)
//!
//! So: go on until `WouldBlock`, then poll. Whoever stops earlier, to be fair to others, must
//! remember to come back, because no event will say so. Events may also come for nothing; a read
//! that then finds nothing is no error.
//!
//! ```
//! # #[cfg(unix)]
//! # fn main() -> std::io::Result<()> {
//! use std::io::{ErrorKind, Read, Write};
//! use std::time::Duration;
//! use mio::{Events, Interest, Poll, Token};
//!
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let (mut sender, mut receiver) = mio_pipe::new_pipe()?;
//! poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
//!
//! sender.write_all(b"two bytes?")?;
//! poll.poll(&mut events, None)?;
//! assert!(!events.is_empty());
//!
//! // Reading two of ten bytes re-arms nothing: the next poll is silent.
//! let mut buf = [0; 2];
//! assert_eq!(receiver.read(&mut buf)?, 2);
//! poll.poll(&mut events, Some(Duration::ZERO))?;
//! assert!(events.is_empty());
//!
//! // Up to `WouldBlock`, and the next byte brings an event again.
//! let mut buf = [0; 64];
//! assert_eq!(receiver.read(&mut buf)?, 8);
//! assert_eq!(receiver.read(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
//! sender.write_all(b"!")?;
//! poll.poll(&mut events, None)?;
//! assert!(!events.is_empty());
//! # Ok(())
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! ```
//!
//! # Draining
//!
//! [`Receiver::drain`](crate::Receiver::drain) is that loop, with a limit, so that one busy pipe
//! cannot starve the others. It says why it stopped: after `Empty` an event is owed, after `Limit`
//! none is, and `Closed` is the end. It appends to a `Vec` of yours without zeroing it first.
//!
//! [`drain_event`](crate::Receiver::drain_event) does the same with one system call less: given the
//! event, it knows that a short read was the last one.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use mio::{Events, Interest, Poll, Token};
//! use mio_pipe::{Drained, new_pipe};
//!
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let (mut sender, mut receiver) = new_pipe()?;
//! poll.registry().register(&mut sender, Token(0), Interest::WRITABLE)?;
//! poll.registry().register(&mut receiver, Token(1), Interest::READABLE)?;
//! let mut sender = Some(sender);
//! let mut received = Vec::new();
//! 'outer: loop {
//!     poll.poll(&mut events, None)?;
//!     for event in &events {
//!         match event.token() {
//!             Token(0) => {
//!                 if let Some(sender) = sender.take() {
//!                     assert_eq!(sender.fill(b"everything")?, 10);
//!                 }
//!             }
//!             _ => loop {
//!                 match receiver.drain_event(event, &mut received, 4)? {
//!                     Drained::Empty => break,
//!                     Drained::Closed => break 'outer,
//!                     // Four bytes at a time. A real loop would note that there is more, and
//!                     // look after the other events first.
//!                     Drained::Limit => continue,
//!                 }
//!             },
//!         }
//!     }
//! }
//! assert_eq!(received, b"everything");
//! # Ok(())
//! # }
//! ```
//!
//! # Writing
//!
//! A pipe that is full takes part of a write, or fails with `WouldBlock`. `write_all` is of no use:
//! it fails in the middle, and does not say where. Keep what did not fit, write it at the next
//! writable event, and keep the order. [`SendQueue`](crate::SendQueue) does that, and collects small
//! messages into large writes. Its [`pending`](crate::SendQueue::pending) is the measure for
//! back-pressure: above some bound, stop accepting work.
//!
//! ```
//! # #[cfg(unix)]
//! # fn main() -> std::io::Result<()> {
//! use mio::{Events, Interest, Poll, Token};
//! use mio_pipe::{Drained, SendQueue, new_pipe};
//!
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let (mut sender, receiver) = new_pipe()?;
//! poll.registry().register(&mut sender, Token(0), Interest::WRITABLE)?;
//!
//! let mut queue = SendQueue::new();
//! for i in 0..100_000 {
//!     queue.send(&sender, format!("line {i}\n").as_bytes())?; // Never blocks, takes everything.
//! }
//! assert!(queue.is_blocked() && queue.pending() > 500_000);
//!
//! // Somebody reads, slowly; each writable event lets some more out.
//! let mut received = Vec::new();
//! while !queue.flush(&sender)? {
//!     let _ = receiver.drain(&mut received, 20_000)?;
//!     poll.poll(&mut events, Some(std::time::Duration::ZERO))?;
//! }
//! drop(sender);
//! assert_eq!(receiver.drain(&mut received, usize::MAX)?, Drained::Closed);
//! assert_eq!(received.iter().filter(|&&byte| byte == b'\n').count(), 100_000);
//! # Ok(())
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! ```
//!
//! # Closing
//!
//! Dropping an end deregisters and closes it. The other side learns of it in three ways:
//!
//! | | Receiver, when every Sender is gone | Sender, when every Receiver is gone |
//! |---|---|---|
//! | by I/O, always | `read` is `Ok(0)`, after everything that was written | `write` is `BrokenPipe` |
//! | by an event | [`is_sender_dropped`](crate::EventExt::is_sender_dropped) | [`is_receiver_dropped`](crate::EventExt::is_receiver_dropped) |
//! | by asking the OS | [`is_sender_dropped`](crate::Receiver::is_sender_dropped) | [`is_receiver_dropped`](crate::Sender::is_receiver_dropped) |
//!
//! "Gone" is not "drained": data can be left when the event says that the Sender was dropped. Go on
//! reading until `Ok(0)`. And the event of a closed pipe may come without "readable" (epoll) or
//! without "writable": do not look at those flags alone. What works everywhere is to ignore the
//! flags, and to let `read` and `write` tell.
//!
//! ```
//! # #[cfg(unix)]
//! # fn main() -> std::io::Result<()> {
//! use std::io::{Read, Write};
//! use mio::{Events, Interest, Poll, Token};
//! use mio_pipe::{EventExt, new_pipe};
//!
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let (mut sender, mut receiver) = new_pipe()?;
//! poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
//! sender.write_all(b"last words")?;
//! drop(sender);
//!
//! poll.poll(&mut events, None)?;
//! assert!(events.iter().any(|event| event.is_sender_dropped()));
//! let mut text = String::new();
//! receiver.read_to_string(&mut text)?; // Everything, up to EOF.
//! assert_eq!(text, "last words");
//! # Ok(())
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! ```
//!
//! # Children
//!
//! A child expects blocking stdio, and your loop needs non-blocking ends. Both are had when each
//! side has its own: convert what [`Child`](std::process::Child) holds, or make the pipe with
//! [`child`](crate::child). Put stderr on the loop too, or send both to one pipe.
//!
//! ```
//! # #[cfg(unix)]
//! # fn main() -> std::io::Result<()> {
//! use std::io::{ErrorKind, Read};
//! use std::process::{Command, Stdio};
//! use mio::{Events, Interest, Poll, Token};
//! use mio_pipe::Receiver;
//!
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let mut child = Command::new("sh").args(["-c", "seq 100000"]).stdout(Stdio::piped()).spawn()?;
//! let mut receiver = Receiver::from(child.stdout.take().unwrap());
//! poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
//!
//! let mut text = String::new();
//! loop {
//!     match receiver.read_to_string(&mut text) {
//!         Ok(_) => break,
//!         Err(err) if err.kind() == ErrorKind::WouldBlock => poll.poll(&mut events, None)?,
//!         Err(err) => return Err(err),
//!     }
//! }
//! assert_eq!(text.lines().count(), 100_000);
//! assert!(child.wait()?.success());
//! # Ok(())
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! ```
//!
//! # Deadlocks
//!
//! **Both full.** You write everything into a child and read afterwards; the child writes its answer
//! meanwhile. Once your pipe and its pipe are full, each waits for the other. Read and write on one
//! loop, as `examples/tour` does.
//!
//! **The forgotten end.** EOF comes when *every* Sender is gone: a clone, the `Command` that still
//! holds the `Stdio`, a grandchild that inherited it, and for a moment every child that another
//! thread is just starting (from fork to exec it holds all descriptors). Drop yours, and the `Command`, first:
//!
//! ```
//! # #[cfg(unix)]
//! # fn main() -> std::io::Result<()> {
//! use std::process::Command;
//!
//! let (stdout, receiver) = mio_pipe::child::output()?;
//! let mut command = Command::new("true");
//! command.stdout(stdout);
//! command.status()?;
//! assert!(!receiver.is_sender_dropped()?); // `command` holds it.
//! drop(command);
//! assert!(receiver.is_sender_dropped()?);
//! # Ok(())
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! ```
//!
//! **The unasked edge.** A loop that stops before `WouldBlock` and polls waits for an event that is
//! not owed. See [Readiness](#readiness).
//!
//! # Speed
//!
//! Every wrapper of a pipe costs what its system calls cost; what differs is how the pipe is used.
//!
//! - Large amounts: [`fill`](crate::Sender::fill) and [`drain`](crate::Receiver::drain). They move
//!   two pages at a time, which the kernel keeps for the pipe, and let both sides run.
//! - Small messages: [`SendQueue`](crate::SendQueue). A write each is dominated by the system call
//!   and by waking the reader.
//! - Many quiet pipes: [`drain_event`](crate::Receiver::drain_event), one read per event.
//! - Never slice inside a `write` of your own: who takes a short write for "full" waits for an event
//!   that never comes.
//!
//! # Moving here from other types
//!
//! | `mio_pipe` 0.1.1 | `mio::unix::pipe` 1.2 | here |
//! |---|---|---|
//! | `new_pipe()` | `pipe::new()` | [`new_pipe()`](crate::new_pipe) |
//! | `Sender`, `Receiver` | `Sender`, `Receiver` | the same names, no larger |
//! | | `try_io` | `try_io` |
//! | `set_nonblocking` | `set_nonblocking` | `set_nonblocking` |
//! | | I/O through `&Sender`, `&Receiver` | the same |
//! | `From<ChildStdin>`: **blocking** until you switch it | the same | **non-blocking**; delete the call to `set_nonblocking` |
//! | | `From<OwnedFd>`, unchecked | `from_fd`: checked, non-blocking; its error hands the descriptor back |
//! | `FromRawFd`, `IntoRawFd`, `AsRawFd` | the same, `AsFd`, `Into<OwnedFd>` | the same |
//! | an end given to a child stays non-blocking | the same | `into_blocking_fd`, or [`child`](crate::child) |
//! | after a failed `register`, debug builds refuse the next | the same | the call can be repeated |
//! | `is_error() \|\| is_read_closed()` | `is_read_closed()` | the same, or [`EventExt`](crate::EventExt) |
//! | | | [`is_sender_dropped`](crate::Receiver::is_sender_dropped), [`is_receiver_dropped`](crate::Sender::is_receiver_dropped), [`available`](crate::Receiver::available), [`try_clone`](crate::Sender::try_clone) |

#[cfg(unix)]
pub mod interop;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub mod linux;
#[cfg(unix)]
pub mod unix;
