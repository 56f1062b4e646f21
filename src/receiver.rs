use std::io::{self, IoSliceMut, Read};

use mio::{Interest, Registry, Token, event};

use crate::sys;

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
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.inner.set_nonblocking(nonblocking)
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
    #[doc(alias = "dup")]
    pub fn try_clone(&self) -> io::Result<Receiver> {
        Ok(Receiver {
            inner: self.inner.try_clone()?,
        })
    }

    /// Asks the OS, now and without an event, whether every Sender of the pipe is gone.
    ///
    /// Data may be left: `true` means that nothing will be *added*. It is final for a pipe; a FIFO
    /// can get a new writer. `false` may be out of date by the time it is returned. One system call,
    /// poll(2) on Unix; neither data nor an event is consumed.
    ///
    /// # Platform-specific behavior
    ///
    /// - Linux: for a FIFO that no writer has opened yet this is `false`.
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

impl Read for Receiver {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.inner.read_vectored(bufs)
    }
}

impl Read for &Receiver {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }

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
