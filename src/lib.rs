//! Non-blocking pipes for [mio] event loops.
//!
//! [`new_pipe`] makes a pipe whose two ends, [`Sender`] and [`Receiver`], register with a
//! [`Poll`](mio::Poll), report readiness, report that the other side was dropped, and deregister
//! when they are dropped themselves. [`child`] connects them to child processes, in both
//! directions. [`os`] has what only some platforms can do.
//!
//! New to pipes in an event loop? Read the [`guide`]: it is short, and each of its chapters is a
//! program that runs.
//!
//! # Which pipe?
//!
//! - **This crate**, when you write your own event loop on mio.
//! - [`std::io::pipe`], when blocking is fine: a thread per pipe, or a child that is waited for.
//! - `tokio::net::unix::pipe`, when you are inside tokio.
//! - `mio::unix::pipe`, when a dependency less matters more than what the guide's
//!   [chapter on moving here](guide#moving-here-from-other-types) lists.
//!
//! # Example
//!
//! ```
//! use std::io::{self, Read, Write};
//!
//! use mio::{Events, Interest, Poll, Token};
//! use mio_pipe::{EventExt, new_pipe};
//!
//! # fn main() -> io::Result<()> {
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//!
//! let (mut sender, mut receiver) = new_pipe()?;
//! poll.registry().register(&mut sender, Token(0), Interest::WRITABLE)?;
//! poll.registry().register(&mut receiver, Token(1), Interest::READABLE)?;
//!
//! let mut sender = Some(sender);
//! let mut received = Vec::new();
//! 'outer: loop {
//!     poll.poll(&mut events, None)?;
//!     for event in &events {
//!         match event.token() {
//!             // Taking the sender drops it after the write: the other side will see the end.
//!             Token(0) => {
//!                 if let Some(mut sender) = sender.take() {
//!                     sender.write(b"hello")?;
//!                 }
//!             }
//!             _ => loop {
//!                 let mut buf = [0; 1024];
//!                 match receiver.read(&mut buf) {
//!                     Ok(0) => break 'outer,
//!                     Ok(n) => received.extend_from_slice(&buf[..n]),
//!                     Err(err) if err.kind() == io::ErrorKind::WouldBlock => break,
//!                     Err(err) => return Err(err),
//!                 }
//!             },
//!         }
//!     }
//! }
//! assert_eq!(received, b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! # Platforms
//!
//! Linux, Android, Apple, the BSDs, illumos, Solaris and Windows. `PLATFORMS.md` in the repository says
//! what works where, and which test shows it or whether it was only compiled. On Windows mio's event loop differs in ways that no crate on top of it can
//! hide; the module `os::windows` says how to write a loop that works everywhere.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs, unsafe_code, unreachable_pub, unsafe_op_in_unsafe_fn)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![deny(
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block
)]

#[cfg(not(any(unix, windows)))]
compile_error!("mio-pipe supports Unix and Windows only, and this target is neither");

pub mod child;
mod event;
pub mod guide;
pub mod os;
mod pipe;
mod receiver;
mod send_queue;
mod sender;
mod spin;
mod sys;
mod turns;

pub use event::EventExt;
pub use pipe::{Builder, new_pipe};
pub use receiver::{Drained, Receiver};
pub use send_queue::SendQueue;
pub use sender::Sender;
pub use spin::Spin;

/// README's example is a test too.
#[cfg(all(doctest, unix))]
#[doc = include_str!("../README.md")]
struct Readme;
