//! Unix: in other event loops, and in and out of other crates' types.
//!
//! An end of a pipe is a non-blocking descriptor that it owns, with [`AsFd`](std::os::fd::AsFd) and
//! [`AsRawFd`](std::os::fd::AsRawFd). That is all another event loop asks for. What must be known of
//! each is how it is told that an end is no longer ready:
//!
//! | | inside | an end is ready until |
//! |---|---|---|
//! | tokio | `AsyncFd` | `clear_ready` |
//! | async-io, smol | `Async` | the operation returns `WouldBlock` |
//! | polling | `Poller` | its one event was delivered; `modify` asks for the next |
//! | calloop | `Generic` | it is not, in level mode; `WouldBlock`, in edge mode |
//!
//! Do not register an end with two loops at the same time.
//!
//! # tokio
//!
//! `AsyncFd` remembers readiness until it is told otherwise. [`drain`](crate::Receiver::drain) and
//! [`SendQueue::flush`](crate::SendQueue::flush) say when: at `Empty`, and at `false`. (Inside
//! tokio, its own `net::unix::pipe` is the simpler choice; `from_owned_fd` takes these ends, which
//! are non-blocking already.)
//!
//! ```
//! # use std::io;
//! use mio_pipe::{Drained, Receiver, SendQueue, Sender};
//! use tokio::io::{Interest, unix::AsyncFd};
//!
//! async fn send(sender: Sender, bytes: Vec<u8>) -> io::Result<()> {
//!     // SAFETY: the Sender keeps its descriptor until it is dropped.
//!     let sender = unsafe { AsyncFd::register_with_interest(sender, Interest::WRITABLE)? };
//!     let mut queue = SendQueue::new();
//!     queue.push(&bytes);
//!     loop {
//!         let mut guard = sender.writable().await?;
//!         if queue.flush(guard.get_inner())? {
//!             return Ok(());
//!         }
//!         guard.clear_ready();
//!     }
//! }
//!
//! async fn receive(receiver: Receiver) -> io::Result<Vec<u8>> {
//!     // SAFETY: as above.
//!     let receiver = unsafe { AsyncFd::register_with_interest(receiver, Interest::READABLE)? };
//!     let mut received = Vec::new();
//!     loop {
//!         let mut guard = receiver.readable().await?;
//!         match guard.get_inner().drain(&mut received, 64 * 1024)? {
//!             Drained::Empty => guard.clear_ready(),
//!             Drained::Limit => {} // Still ready: others get their turn first.
//!             Drained::Closed => return Ok(received),
//!         }
//!     }
//! }
//!
//! # fn main() -> io::Result<()> {
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
//! let received = runtime.block_on(async {
//!     let (sender, receiver) = mio_pipe::new_pipe()?;
//!     send(sender, b"hello".to_vec()).await?;
//!     receive(receiver).await
//! })?;
//! assert_eq!(received, b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! # async-io and smol
//!
//! `read_with` and `write_with` call a closure until it returns something other than `WouldBlock`.
//!
//! ```
//! use std::io::{Read, Write};
//! use async_io::{Async, block_on};
//!
//! # fn main() -> std::io::Result<()> {
//! block_on(async {
//!     let (sender, receiver) = mio_pipe::new_pipe()?;
//!     let sender = Async::new_nonblocking(sender)?;
//!     let receiver = Async::new_nonblocking(receiver)?;
//!     sender.write_with(|mut sender| sender.write(b"hello")).await?;
//!     let mut buf = [0; 16];
//!     let n = receiver.read_with(|mut receiver| receiver.read(&mut buf)).await?;
//!     assert_eq!(&buf[..n], b"hello");
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # polling
//!
//! An interest is good for one event.
//!
//! ```
//! use mio_pipe::Drained;
//! use polling::{Event, Events, Poller};
//!
//! # fn main() -> std::io::Result<()> {
//! let poller = Poller::new()?;
//! let (sender, receiver) = mio_pipe::new_pipe()?;
//! // SAFETY: the Receiver is deleted below, before it is dropped.
//! unsafe { poller.add(&receiver, Event::readable(7))? };
//! sender.fill(b"hello")?;
//! drop(sender);
//!
//! let mut received = Vec::new();
//! let mut events = Events::new();
//! while receiver.drain(&mut received, 64 * 1024)? != Drained::Closed {
//!     poller.modify(&receiver, Event::readable(7))?;
//!     events.clear();
//!     poller.wait(&mut events, None)?;
//! }
//! poller.delete(&receiver)?;
//! assert_eq!(received, b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! # calloop
//!
//! `Generic` takes an end, and drops it when the callback says `Remove`.
//!
//! ```
//! use calloop::{EventLoop, Interest, Mode, PostAction, generic::Generic};
//! use mio_pipe::Drained;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut events = EventLoop::<(Vec<u8>, bool)>::try_new()?;
//! let (sender, receiver) = mio_pipe::new_pipe()?;
//! let source = Generic::new(receiver, Interest::READ, Mode::Level);
//! events.handle().insert_source(source, |_, receiver, (received, closed)| {
//!     Ok(match receiver.drain(received, 64 * 1024)? {
//!         // In level mode what is left at the limit brings the next event.
//!         Drained::Empty | Drained::Limit => PostAction::Continue,
//!         Drained::Closed => {
//!             *closed = true;
//!             PostAction::Remove
//!         }
//!     })
//! })?;
//!
//! sender.fill(b"hello")?;
//! drop(sender);
//! let mut state = (Vec::new(), false);
//! while !state.1 {
//!     events.dispatch(None, &mut state)?;
//! }
//! assert_eq!(state.0, b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! # Signals
//!
//! A signal handler may do next to nothing, but it may write a byte into a pipe. `signal-hook` does
//! that with a [`Sender`](crate::Sender), and the loop receives signals like everything else. Use a pipe
//! for each signal: the byte does not say which it was. That the pipe is non-blocking matters: a
//! handler that waited for room would wait forever.
//!
//! ```
//! use mio::{Events, Interest, Poll, Token};
//! use mio_pipe::Drained;
//! use signal_hook::{consts::SIGUSR1, low_level};
//!
//! # fn main() -> std::io::Result<()> {
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let (sender, mut receiver) = mio_pipe::new_pipe()?;
//! low_level::pipe::register(SIGUSR1, sender)?;
//! poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
//!
//! low_level::raise(SIGUSR1)?;
//! poll.poll(&mut events, None)?;
//! let mut bytes = Vec::new();
//! assert_eq!(receiver.drain(&mut bytes, 1024)?, Drained::Empty);
//! assert_eq!(bytes.len(), 1); // More signals, one after the other, would be more bytes.
//! # Ok(())
//! # }
//! ```
//!
//! # std's pipes and files
//!
//! [`from_fd`](crate::Receiver::from_fd) takes a [`PipeReader`](std::io::PipeReader), a
//! [`PipeWriter`](std::io::PipeWriter), a `File` of a FIFO, and makes them non-blocking.
//! [`into_blocking_fd`](crate::Receiver::into_blocking_fd) is the way back. What is no pipe, a
//! temporary file for example, is handed back as it was.
//!
//! ```
//! use std::fs::File;
//! use std::io::{PipeReader, Read, Write};
//! use mio_pipe::{Receiver, Sender};
//!
//! # fn main() -> std::io::Result<()> {
//! let (reader, writer) = std::io::pipe()?;
//! let (mut sender, receiver) = (Sender::from_fd(writer)?, Receiver::from_fd(reader)?);
//! sender.write(b"hello")?;
//! drop(sender);
//!
//! let mut reader = PipeReader::from(receiver.into_blocking_fd()?);
//! let mut text = String::new();
//! reader.read_to_string(&mut text)?;
//! assert_eq!(text, "hello");
//!
//! let refused = Receiver::from_fd(tempfile::tempfile()?).unwrap_err();
//! assert_eq!(refused.to_string(), "not a pipe or FIFO, but a regular file");
//! let file = File::from(refused.into_fd());
//! # Ok(())
//! # }
//! ```
