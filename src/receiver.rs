use std::io::{self, IoSliceMut, Read};

use mio::{Interest, Registry, Token, event};

use crate::{EventExt, sys, turns};

/// The receiving end of a pipe.
///
/// Made by [`new_pipe`](crate::new_pipe), from a child's stdout or stderr, or from a descriptor. See
/// [`new_pipe`](crate::new_pipe) for events and for what happens when it is dropped.
///
/// # Reading
///
/// `read` is one system call. It returns what is there, up to the length of the buffer; when nothing
/// is there it fails with [`WouldBlock`](io::ErrorKind::WouldBlock), and a readable event follows.
/// When every Sender is gone and everything was read it returns `Ok(0)`, each time. With an empty
/// buffer `Ok(0)` means nothing at all.
///
/// An event is owed only after `WouldBlock`: read until it comes, or remember that there is more.
///
/// `read`, like everything else but registering, also works through `&Receiver`.
#[derive(Debug)]
pub struct Receiver {
    pub(crate) inner: sys::Receiver,
}

impl Receiver {
    /// Switches non-blocking mode on or off; see [`Sender::set_nonblocking`](crate::Sender::set_nonblocking).
    #[doc(alias = "O_NONBLOCK")]
    #[inline]
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.inner.set_nonblocking(nonblocking)
    }

    /// Reads until the pipe is empty, closed, or `limit` bytes were appended to `buf`, and says which
    /// of the three.
    ///
    /// The buffer is neither zeroed nor grown beyond what `limit` allows. Keep it from one call to
    /// the next and nothing is allocated.
    ///
    /// Large amounts are read in slices, or at once, as [`Sender::fill`](crate::Sender::fill) writes
    /// them.
    ///
    /// # Errors
    ///
    /// Those of `read`, but for `WouldBlock`, which is [`Drained::Empty`], and `Interrupted`, which
    /// is retried. Bytes that were read before an error are in `buf`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    /// use mio_pipe::Drained;
    ///
    /// let (mut sender, receiver) = mio_pipe::new_pipe()?;
    /// sender.write_all(b"hello world")?;
    /// let mut buf = Vec::new();
    /// assert_eq!(receiver.drain(&mut buf, 5)?, Drained::Limit);
    /// assert_eq!(buf, b"hello");
    /// assert_eq!(receiver.drain(&mut buf, 1024)?, Drained::Empty);
    /// drop(sender);
    /// assert_eq!(receiver.drain(&mut buf, 1024)?, Drained::Closed);
    /// assert_eq!(buf, b"hello world");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    pub fn drain(&self, buf: &mut Vec<u8>, limit: usize) -> io::Result<Drained> {
        self.drain_and_learn(buf, limit, false)
    }

    /// As [`drain`](Receiver::drain), for a readable `event` that was just polled: one system call
    /// less where the selector allows it.
    ///
    /// After a short read the pipe was empty, and the next byte brings an event: so the read that
    /// would only say `WouldBlock` is left out. The end of the pipe brings an event of its own too,
    /// unless it came before this one: which is why `event` is asked whether it said so.
    ///
    /// Give it the latest event of this Receiver, from a byte stream. On a pipe in packet mode a
    /// short read means the end of a packet; use [`drain`](Receiver::drain) there.
    ///
    /// # Platform-specific behavior
    ///
    /// - Linux, Android, Apple, BSD: as described.
    /// - Everywhere else, and with mio's poll(2) selector: exactly as `drain`.
    ///
    /// # Errors
    ///
    /// Those of [`drain`](Receiver::drain).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    /// use mio::{Events, Interest, Poll, Token};
    /// use mio_pipe::{Drained, new_pipe};
    ///
    /// let mut poll = Poll::new()?;
    /// let mut events = Events::with_capacity(8);
    /// let (mut sender, mut receiver) = new_pipe()?;
    /// poll.registry().register(&mut sender, Token(0), Interest::WRITABLE)?;
    /// poll.registry().register(&mut receiver, Token(1), Interest::READABLE)?;
    ///
    /// let (mut sender, mut buf) = (Some(sender), Vec::new());
    /// 'outer: loop {
    ///     poll.poll(&mut events, None)?;
    ///     for event in &events {
    ///         if event.token() == Token(0) {
    ///             if let Some(mut sender) = sender.take() {
    ///                 sender.write(b"hello")?;
    ///             }
    ///         } else if receiver.drain_event(event, &mut buf, 64 * 1024)? == Drained::Closed {
    ///             break 'outer;
    ///         }
    ///     }
    /// }
    /// assert_eq!(buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn drain_event(
        &self,
        event: &event::Event,
        buf: &mut Vec<u8>,
        limit: usize,
    ) -> io::Result<Drained> {
        let may_stop = sys::SHORT_READ_ARMS && !event.is_sender_dropped();
        self.drain_and_learn(buf, limit, may_stop)
    }

    /// `may_stop` says that a short read is as good as `WouldBlock`.
    fn drain_and_learn(
        &self,
        buf: &mut Vec<u8>,
        limit: usize,
        may_stop: bool,
    ) -> io::Result<Drained> {
        let before = buf.len();
        let slice = turns::slice(self.inner.id());
        let drained = self.drain_slices(buf, limit, slice, may_stop)?;
        let empty = drained == Drained::Empty;
        turns::moved(self.inner.id(), buf.len() - before, empty);
        Ok(drained)
    }

    fn drain_slices(
        &self,
        buf: &mut Vec<u8>,
        limit: usize,
        slice: usize,
        may_stop: bool,
    ) -> io::Result<Drained> {
        let end = buf.len().saturating_add(limit);
        while buf.len() < end {
            let left = end - buf.len();
            if buf.len() == buf.capacity() {
                buf.reserve_exact(buf.capacity().max(FIRST_READ).min(left));
            }
            let asked = left.min(buf.capacity() - buf.len()).min(slice);
            match self.inner.read_into(buf, asked) {
                Ok(0) => return Ok(Drained::Closed),
                Ok(n) if may_stop && n < asked => return Ok(Drained::Empty),
                Ok(_) => {}
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => return Ok(Drained::Empty),
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) => return Err(err),
            }
        }
        Ok(Drained::Limit)
    }

    /// Runs an I/O operation of your own on this end, such that an event follows if it fails with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock); see [`Sender::try_io`](crate::Sender::try_io).
    ///
    /// # Errors
    ///
    /// Those of `f`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = mio_pipe::new_pipe()?;
    /// rustix::io::write(&sender, b"hello")?;
    /// let mut buf = [0; 16];
    /// let n = receiver.try_io(|| Ok(rustix::io::read(&receiver, &mut buf)?))?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    pub fn try_io<F, T>(&self, f: F) -> io::Result<T>
    where
        F: FnOnce() -> io::Result<T>,
    {
        self.inner.try_io(f)
    }

    /// Makes a second Receiver of the same pipe: each byte goes to one of them.
    ///
    /// The Sender gets `BrokenPipe` only after the last Receiver was dropped. What
    /// [`Sender::try_clone`](crate::Sender::try_clone) says of registration and of non-blocking mode
    /// holds here too.
    ///
    /// # Errors
    ///
    /// - `EMFILE`: the process is out of descriptors.
    /// - [`Unsupported`](io::ErrorKind::Unsupported): on Windows.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::{Read, Write};
    ///
    /// let (mut sender, mut receiver) = mio_pipe::new_pipe()?;
    /// let mut second = receiver.try_clone()?;
    /// sender.write_all(b"ab")?;
    /// let (mut one, mut other) = ([0; 1], [0; 1]);
    /// receiver.read_exact(&mut one)?;
    /// second.read_exact(&mut other)?;
    /// assert_eq!((one, other), (*b"a", *b"b"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    #[doc(alias = "dup")]
    pub fn try_clone(&self) -> io::Result<Receiver> {
        Ok(Receiver {
            inner: self.inner.try_clone()?,
        })
    }

    /// Asks the OS, now and without an event, whether every Sender of the pipe is gone.
    ///
    /// Data may be left: `true` means that nothing will be *added*. It is final, but for a
    /// FIFO, which can get a new writer, and for a pipe that somebody opens anew through /proc on Linux. `false` may be out of date by the time it is returned. One system call,
    /// poll(2) on Unix; neither data nor an event is consumed.
    ///
    /// # Platform-specific behavior
    ///
    /// - Linux: for a FIFO that no writer has opened yet this is `false`.
    /// - Windows: `true` may come before the last bytes of a Sender of this process, which still go
    ///   out while its event loop runs. Only a read of `Ok(0)` says that everything has arrived.
    ///
    /// # Errors
    ///
    /// As [`Sender::is_receiver_dropped`](crate::Sender::is_receiver_dropped).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = mio_pipe::new_pipe()?;
    /// assert!(!receiver.is_sender_dropped()?);
    /// drop(sender);
    /// assert!(receiver.is_sender_dropped()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # References
    ///
    /// - [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html), `POLLHUP`
    pub fn is_sender_dropped(&self) -> io::Result<bool> {
        self.inner.is_sender_dropped()
    }

    /// How many bytes can be read now without waiting.
    ///
    /// One system call, `FIONREAD` on Unix. Other readers of the pipe may take them first.
    ///
    /// # Platform-specific behavior
    ///
    /// - Windows: up to 64 KiB that the OS has given to the event loop count only once a poll has seen
    ///   them.
    ///
    /// # Errors
    ///
    /// On Unix there is none that an open pipe can cause.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    ///
    /// let (mut sender, receiver) = mio_pipe::new_pipe()?;
    /// assert_eq!(receiver.available()?, 0);
    /// sender.write(b"hello")?;
    /// assert_eq!(receiver.available()?, 5);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    ///
    /// # References
    ///
    /// - [FIONREAD](https://man7.org/linux/man-pages/man2/FIONREAD.2const.html)
    #[doc(alias = "FIONREAD")]
    pub fn available(&self) -> io::Result<usize> {
        self.inner.available()
    }
}

/// Bytes that [`Receiver::drain`] makes room for in a buffer without any; it doubles from there.
const FIRST_READ: usize = 8 * 1024;

/// Why [`Receiver::drain`] stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Drained {
    /// There is nothing left for now. An event follows once there is.
    Empty,
    /// Every Sender is gone and everything was read.
    Closed,
    /// As many bytes were read as were asked for. There may be more, and **no** event will say so:
    /// call again when you are ready for it.
    Limit,
}

impl Read for Receiver {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }

    #[inline]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.inner.read_vectored(bufs)
    }
}

impl Read for &Receiver {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }

    #[inline]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.inner.read_vectored(bufs)
    }
}

impl event::Source for Receiver {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.inner.register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.inner.reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.inner.deregister(registry)
    }
}
