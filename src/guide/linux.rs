//! Linux and Android: capacity, packets, and bytes that are never copied.
//!
//! 1. [Capacity](#capacity)
//! 2. [Packets](#packets)
//! 3. [Without copying](#without-copying): splice and tee
//! 4. [Relays](#relays): from one connection to another
//! 5. [Many readers](#many-readers)
//! 6. [Sending pages](#sending-pages)
//!
//! # Capacity
//!
//! A pipe holds 64 KiB by default, which is 16 pages. A larger one lets a fast writer run on while
//! the reader is busy, and spares both of them wake-ups:
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! let (sender, receiver) = mio_pipe::Builder::new().capacity(1 << 20).new_pipe()?;
//! println!("{} bytes granted", sender.capacity()?);
//! # Ok(())
//! # }
//! ```
//!
//! In [`Builder`](crate::Builder) it is a wish;
//! [`set_capacity`](crate::Sender::set_capacity) says what was granted, or why not. An
//! unprivileged user has 64 MiB of pipes in all (`/proc/sys/fs/pipe-user-pages-soft`, in pages):
//! beyond that, new pipes hold two pages and none can grow. So make a few pipes large, not all.
//!
//! Pages are what fills a pipe. Bytes that are spliced in one at a time take one each, and a full
//! pipe is writable again only when a whole page is free.
//!
//! # Packets
//!
//! [`Builder::new_packet_pipe`](crate::Builder::new_packet_pipe) makes a pipe that keeps messages
//! apart, so that no length need be sent and no parser kept. Many senders can share it. The price:
//! 4096 bytes a message at most, and a page of the pipe for each.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use mio_pipe::{Builder, os::linux::PacketReceiver};
//!
//! let (sender, receiver) = Builder::new().new_packet_pipe()?;
//! let second = sender.try_clone()?;
//! sender.send(b"from one")?;
//! second.send(b"from another")?;
//!
//! let mut buf = [0; PacketReceiver::BUFFER];
//! assert_eq!(receiver.recv(&mut buf)?, Some(&b"from one"[..]));
//! assert_eq!(receiver.recv(&mut buf)?, Some(&b"from another"[..]));
//! # Ok(())
//! # }
//! ```
//!
//! # Without copying
//!
//! splice(2) moves pages between a pipe and any descriptor, and tee(2) lets a second pipe refer to
//! the pages of a first. What makes them hard to use in an event loop is EAGAIN, which does not say
//! whether the input has nothing or the output has no room. Here it is said, and each side then gets
//! its event:
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use std::fs::File;
//! use std::io::Write;
//!
//! use mio::{Events, Interest, Poll, Token};
//! use mio_pipe::{new_pipe, os::linux::{Moved, Side}};
//!
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let (mut sender, mut receiver) = new_pipe()?;
//! poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
//! let output = File::create("/dev/null")?; // Or a socket, a pipe, a file.
//!
//! sender.write_all(&[7; 50_000])?;
//! drop(sender);
//! let mut total = 0;
//! loop {
//!     match receiver.splice_to(&output, 1 << 20)? {
//!         Moved::Bytes(n) => total += n,
//!         Moved::Eof => break,
//!         Moved::WouldBlock(Side::Input) => poll.poll(&mut events, None)?,
//!         Moved::WouldBlock(Side::Output) => unreachable!("/dev/null is never full"),
//!     }
//! }
//! assert_eq!(total, 50_000);
//! # Ok(())
//! # }
//! ```
//!
//! The other descriptor must be non-blocking too, unless it is a file: splice(2) waits for one that
//! is not. The bytes in the pipe *are* the pages of the file or the memory they came from, so a file
//! that is changed while its pages are in a pipe changes what is read from it.
//!
//! # Relays
//!
//! A proxy moves bytes from one connection to another and looks at none of them.
//! [`Relay`](crate::os::linux::Relay) is one direction of that, through a pipe and past the process:
//! after each step it says which side to wait for. Wait for that one only: an input whose output is full
//! has an event for everything that arrives, and each wakes the loop for nothing. [`Pool`](crate::os::linux::Pool) keeps empty pipes,
//! so that only the connections that are moving something need one. `examples/relay` puts both into
//! a TCP relay for thousands of connections.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use std::io::{Read, Write};
//! use std::os::unix::net::UnixStream;
//! use mio_pipe::Builder;
//! use mio_pipe::os::linux::{Next, Pool, Relay, Side};
//!
//! let mut pool = Pool::new(Builder::new(), 16);
//! let (mut client, input) = UnixStream::pair()?;
//! let (output, mut server) = UnixStream::pair()?;
//! input.set_nonblocking(true)?;
//! output.set_nonblocking(true)?;
//!
//! client.write_all(b"a request")?;
//! let mut relay = Relay::new(pool.take()?)?;
//! let step = relay.step(&input, &output, 1 << 20)?;
//! assert_eq!((step.given, step.next), (9, Next::Wait(Side::Input)));
//! assert!(pool.put(relay.into_pipe())); // Idle: somebody else can have the pipe.
//!
//! let mut buf = [0; 16];
//! assert_eq!(server.read(&mut buf)?, 9);
//! # Ok(())
//! # }
//! ```
//!
//! # Many readers
//!
//! [`Fanout`](crate::os::linux::Fanout) gives everything that one pipe receives to many, each at its
//! own pace, without a copy: the pipes share the pages. The slowest sets the pace; whoever is too slow
//! can be taken out.
//!
//! # Sending pages
//!
//! [`PageRing`](crate::os::linux::PageRing) sends memory instead of copies of it, by vmsplice(2). It is
//! for those who produce a lot and whose reader reads it, or splices it on. Read its section on readers
//! that keep pages first.
