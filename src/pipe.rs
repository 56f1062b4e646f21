use std::io;

use crate::{Receiver, Sender, sys};

/// Creates a new non-blocking pipe.
///
/// What is written to the [`Sender`] can be read from the [`Receiver`], in order. A pipe connects
/// two places of one program, two threads, or two processes: make it before starting the other
/// process and let each keep one end, the parent for example the Sender, to send commands
/// ([`child`](crate::child) hands ends to children).
///
/// Both ends are non-blocking and are closed in children that are started. This is pipe2(2), in one
/// system call where the OS has it.
///
/// # Events
///
/// Register the [`Sender`] with [`WRITABLE`] interest and the [`Receiver`] with [`READABLE`]
/// interest. Once something is written to the Sender, the Receiver gets a [readable event].
///
/// An event also comes when the other side is dropped. Platforms report that differently, so no
/// single flag is enough. The Sender is gone if an event of the Receiver has either [`is_error`] or
/// [`is_read_closed`]; the Receiver is gone if an event of the Sender has either [`is_error`] or
/// [`is_write_closed`]. [`EventExt`](crate::EventExt) has a name for each of the two rules.
///
/// Data that was written before the Sender was dropped can still be read after such an event; only
/// a read that returns `Ok(0)` says that everything has arrived.
///
/// # Deregistering
///
/// Both ends deregister themselves when dropped, **iff** their descriptor is not duplicated: by
/// dup(2), by [`try_clone`](Sender::try_clone), or by a child that inherited it. Deregister a
/// duplicated end before dropping it, or its events go on.
///
/// # Platform-specific behavior
///
/// - Windows: a named pipe that nobody else can open. The module `os::windows` says what is different
///   there; above all, an end must be registered before it is used, and events do not say that the
///   other side is gone.
/// - Apple, AIX, Haiku, QNX: there is no pipe2(2). Close-on-exec is set after the
///   pipe is made, and a child that another thread starts in between inherits both ends.
///
/// # Errors
///
/// - `EMFILE` or `ENFILE` (kind not stable in std): the process or the system is out of
///   descriptors. Nothing leaks; a call after some descriptor was closed succeeds.
///
/// # Examples
///
/// Write to one end, read from the other:
///
/// ```
/// use std::io::{self, Read, Write};
///
/// use mio::{Events, Interest, Poll, Token};
/// use mio_pipe::new_pipe;
///
/// const PIPE_RECV: Token = Token(0);
/// const PIPE_SEND: Token = Token(1);
/// const MSG: &[u8; 11] = b"Hello world";
///
/// # fn main() -> io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// let (mut sender, mut receiver) = new_pipe()?;
///
/// poll.registry().register(&mut receiver, PIPE_RECV, Interest::READABLE)?;
/// poll.registry().register(&mut sender, PIPE_SEND, Interest::WRITABLE)?;
///
/// loop {
///     poll.poll(&mut events, None)?;
///
///     for event in events.iter() {
///         match event.token() {
///             PIPE_SEND => {
///                 // Eleven bytes fit into a pipe that was empty. A longer message may be taken
///                 // in part: `write_all` is of no use with non-blocking I/O.
///                 let n = sender.write(MSG)?;
///                 assert_eq!(n, MSG.len());
///             }
///             PIPE_RECV => {
///                 let mut buf = [0; 11];
///                 let n = receiver.read(&mut buf)?;
///                 assert_eq!(&buf[..n], MSG);
///                 return Ok(());
///             }
///             _ => unreachable!(),
///         }
///     }
/// }
/// # }
/// ```
///
/// Notice that the Sender was dropped:
///
/// ```
/// # use std::io::{self, Read};
/// # use mio::{Events, Interest, Poll, Token};
/// # use mio_pipe::new_pipe;
/// # const PIPE_RECV: Token = Token(0);
/// # fn main() -> io::Result<()> {
/// // The same setup as above, without the writing.
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// let (sender, mut receiver) = new_pipe()?;
/// poll.registry().register(&mut receiver, PIPE_RECV, Interest::READABLE)?;
///
/// drop(sender);
///
/// poll.poll(&mut events, None)?;
/// for event in events.iter() {
///     match event.token() {
///         PIPE_RECV if event.is_error() || event.is_read_closed() => {
///             println!("Sender dropped!");
///             return Ok(());
///         }
///         _ => unreachable!(),
///     }
/// }
/// # unreachable!();
/// # }
/// ```
///
/// # References
///
/// - [pipe(2)](https://man7.org/linux/man-pages/man2/pipe.2.html),
///   [pipe(7)](https://man7.org/linux/man-pages/man7/pipe.7.html)
/// - [POSIX `pipe`](https://pubs.opengroup.org/onlinepubs/9799919799/functions/pipe.html)
///
/// [`WRITABLE`]: mio::Interest::WRITABLE
/// [`READABLE`]: mio::Interest::READABLE
/// [readable event]: mio::event::Event::is_readable
/// [`is_error`]: mio::event::Event::is_error
/// [`is_read_closed`]: mio::event::Event::is_read_closed
/// [`is_write_closed`]: mio::event::Event::is_write_closed
#[doc(alias = "pipe")]
#[doc(alias = "pipe2")]
#[inline]
pub fn new_pipe() -> io::Result<(Sender, Receiver)> {
    Builder::new().new_pipe()
}

/// Makes pipes with properties of their own.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::io::Write;
/// use mio_pipe::Builder;
///
/// let (mut sender, receiver) = Builder::new().capacity(256 * 1024).new_pipe()?;
/// # #[cfg(target_os = "linux")]
/// assert_eq!(sender.write(&[b'x'; 100_000])?, 100_000);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Builder {
    pub(crate) options: sys::Options,
}

impl Builder {
    /// Starts from the properties of [`new_pipe`].
    #[inline]
    pub fn new() -> Builder {
        Builder::default()
    }

    /// How many bytes the pipe should hold before a write would block. By default the OS decides
    /// (64 KiB on Linux with 4 KiB pages).
    ///
    /// This is a wish: the OS rounds it, and where it cannot grant it the pipe is made with what it
    /// can.
    ///
    /// # Platform-specific behavior
    ///
    /// - Linux, Android: `F_SETPIPE_SZ`, one more system call. Rounded up to a power of two pages;
    ///   an unprivileged user gets no more than `/proc/sys/fs/pipe-max-size` (1 MiB by default).
    /// - Windows: the size of the pipe's buffer, and what one write takes at most, which is not less
    ///   than 64 KiB (the default of both).
    /// - Other Unix: no effect; these systems size pipes by themselves.
    #[doc(alias = "F_SETPIPE_SZ")]
    pub fn capacity(&mut self, bytes: usize) -> &mut Builder {
        self.options.capacity = Some(bytes);
        self
    }

    /// Creates a pipe. Events, errors and deregistering are as described at [`new_pipe`].
    ///
    /// # Errors
    ///
    /// Those of [`new_pipe`].
    #[inline]
    pub fn new_pipe(&self) -> io::Result<(Sender, Receiver)> {
        let (sender, receiver) = sys::new_pipe(&self.options)?;
        Ok((Sender { inner: sender }, Receiver { inner: receiver }))
    }
}
