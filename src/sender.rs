use std::io::{self, IoSlice, Write};

use mio::{Interest, Registry, Token, event};

use crate::{sys, turns};

/// The sending end of a pipe.
///
/// Made by [`new_pipe`](crate::new_pipe), from a child's stdin, or from a descriptor. See
/// [`new_pipe`](crate::new_pipe) for events and for what happens when it is dropped.
///
/// # Writing
///
/// `write` is one system call. It takes as many bytes as fit and returns how many that were; when
/// none fit, it fails with [`WouldBlock`](io::ErrorKind::WouldBlock), and a writable event follows
/// once there is space. When every Receiver is gone it fails with
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe) (`EPIPE`), each time. A write of no bytes is `Ok(0)`.
///
/// Writes of up to `PIPE_BUF` bytes (512 by POSIX, 4096 on Linux) go in whole or not at all, even
/// with several writers; longer ones may be taken in part, and mixed with those of others.
///
/// `write`, like everything else but registering, also works through `&Sender`.
///
/// # Platform-specific behavior
///
/// - Windows: `write` takes as much as the pipe holds, whether there is space or not, and the bytes
///   go out while the event loop runs. Until they have, the next write is `WouldBlock`; what fails
///   meanwhile is reported by it. `flush` does not wait for that.
/// - Unix: a write without a Receiver also raises `SIGPIPE`. Rust's startup code ignores that
///   signal; a program whose `main` is not Rust's, or that restored the default, is killed by it.
#[derive(Debug)]
pub struct Sender {
    pub(crate) inner: sys::Sender,
}

impl Sender {
    /// Switches non-blocking mode on or off.
    ///
    /// A new Sender is non-blocking. The mode belongs to the open file description: it is shared
    /// with every [clone](Sender::try_clone) and with every process that inherited the descriptor.
    ///
    /// # Platform-specific behavior
    ///
    /// - Windows: an end cannot be made blocking.
    ///
    /// # Errors
    ///
    /// - [`Unsupported`](io::ErrorKind::Unsupported): `false`, on Windows.
    ///
    /// On Unix there is no error that an open pipe can cause.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    ///
    /// let (mut sender, receiver) = mio_pipe::new_pipe()?;
    /// # #[cfg(unix)] {
    /// // From here on `write` waits for space instead of failing with `WouldBlock`.
    /// sender.set_nonblocking(false)?;
    /// sender.write_all(b"to be written whole")?;
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "O_NONBLOCK")]
    #[inline]
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.inner.set_nonblocking(nonblocking)
    }

    /// Writes as much of `buf` as fits, in the sizes that suit the kernel, and returns how much that
    /// was.
    ///
    /// A count below `buf.len()`, be it 0, means that the pipe is full, or that an error came which the
    /// next call returns. An event follows either way. This is `write` in a loop until [`WouldBlock`](io::ErrorKind::WouldBlock), and for
    /// large amounts much faster than one `write` of everything: the kernel keeps two pages of a
    /// pipe for reuse, so that writes of two pages spare it allocating and freeing, and the reader
    /// starts while the rest is being written.
    ///
    /// Other writers of the pipe may get in between two slices.
    ///
    /// # Platform-specific behavior
    ///
    /// - Linux, Android: slices of two pages, 8 KiB with pages of 4 KiB. Since Linux 6.15 two pages
    ///   are kept, one before that. Slices gain nothing where the other side reads only while this one
    ///   waits, as with both on one core. That shows in equal amounts between two waits, and then
    ///   everything is written at once. Each thread learns that for itself, of up to 64 ends.
    /// - Everywhere else: one write of everything.
    ///
    /// # Errors
    ///
    /// Those of `write`, but for `WouldBlock`, which is a short count, and `Interrupted`, which is
    /// retried. If some bytes were written already their count is returned instead, and the error
    /// by the next call.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = mio_pipe::new_pipe()?;
    /// let data = vec![1; 10 << 20];
    /// let n = sender.fill(&data)?;
    /// assert!(n < data.len()); // The pipe is full; write `data[n..]` after the next event.
    /// assert_eq!(receiver.available()?, n);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    ///
    /// # References
    ///
    /// - "pipe: cache 2 pages instead of 1", the change that made it two pages:
    ///   <https://lore.kernel.org/all/20250303230409.452687-3-mjguzik@gmail.com/>
    pub fn fill(&self, buf: &[u8]) -> io::Result<usize> {
        let slice = turns::slice(self.inner.id());
        let (mut filled, mut full) = (0, false);
        while filled < buf.len() && !full {
            let len = slice.min(buf.len() - filled);
            match self.inner.write(&buf[filled..][..len]) {
                // A short write is not taken for "full": only `WouldBlock` arms every selector.
                Ok(n) => filled += n,
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => full = true,
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(_) if filled > 0 => break,
                Err(err) => return Err(err),
            }
        }
        turns::moved(self.inner.id(), filled, full);
        Ok(filled)
    }

    /// Runs an I/O operation of your own on this end, such that an event follows if it fails with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// Some selectors must be told that an operation would have blocked before they report the end
    /// again. Everything in this crate tells them; a system call that you make yourself must be
    /// made inside this function.
    ///
    /// # Platform-specific behavior
    ///
    /// - Windows: nobody but the event loop can read or write the pipe. `f` is not called; the error is
    ///   of the kind [`Unsupported`](io::ErrorKind::Unsupported).
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
    /// let n = sender.try_io(|| Ok(rustix::io::write(&sender, b"hello")?))?;
    /// assert_eq!(n, 5);
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

    /// Makes a second Sender of the same pipe.
    ///
    /// The Receiver reads EOF only after the last Sender was dropped. The clone is not registered.
    /// Because the two share one open file description, a registered end with clones must be
    /// [deregistered](Registry::deregister) before it is dropped, and
    /// [`set_nonblocking`](Sender::set_nonblocking) acts on all of them.
    ///
    /// # Platform-specific behavior
    ///
    /// - Windows: an event loop can watch one handle of an end only. The error is of the kind
    ///   [`Unsupported`](io::ErrorKind::Unsupported).
    ///
    /// # Errors
    ///
    /// - `EMFILE`: the process is out of descriptors.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = mio_pipe::new_pipe()?;
    /// # #[cfg(unix)] {
    /// let second = sender.try_clone()?;
    /// drop(sender);
    /// assert!(!receiver.is_sender_dropped()?);
    /// drop(second);
    /// assert!(receiver.is_sender_dropped()?);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "dup")]
    pub fn try_clone(&self) -> io::Result<Sender> {
        Ok(Sender {
            inner: self.inner.try_clone()?,
        })
    }

    /// Asks the OS, now and without an event, whether every Receiver of the pipe is gone.
    ///
    /// `true` is final, but for a FIFO, which can get a new reader, and for a pipe that somebody opens
    /// anew through /proc on Linux. `false` may be out of date by the
    /// time it is returned. One system call, poll(2) on Unix; no event is consumed.
    ///
    /// # Errors
    ///
    /// - `ENOMEM` ([`OutOfMemory`](io::ErrorKind::OutOfMemory)): the kernel has no memory for the
    ///   question. Nothing else is known to happen.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = mio_pipe::new_pipe()?;
    /// assert!(!sender.is_receiver_dropped()?);
    /// drop(receiver);
    /// assert!(sender.is_receiver_dropped()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # References
    ///
    /// - [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html), `POLLERR` and `POLLHUP`
    pub fn is_receiver_dropped(&self) -> io::Result<bool> {
        self.inner.is_receiver_dropped()
    }
}

impl Write for Sender {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.inner.write(buf)
    }

    #[inline]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.inner.write_vectored(bufs)
    }

    /// Does nothing: bytes that `write` took are in the pipe.
    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for &Sender {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.inner.write(buf)
    }

    #[inline]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.inner.write_vectored(bufs)
    }

    /// Does nothing: bytes that `write` took are in the pipe.
    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl event::Source for Sender {
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
