use mio::event::Event;

/// What an event says about the other side of a pipe: the rule of [`new_pipe`], in one name each.
///
/// Selectors report a dropped peer in different flags. These two methods look at all of them.
///
/// An event is a hint. To ask the OS now, without an event, use
/// [`Receiver::is_sender_dropped`](crate::Receiver::is_sender_dropped) and
/// [`Sender::is_receiver_dropped`](crate::Sender::is_receiver_dropped).
///
/// # Platform-specific behavior
///
/// - Windows: mio's events never carry these flags, so that both methods return `false`. There, as
///   everywhere, `Ok(0)` from a read and `BrokenPipe` from a write say it.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use mio::{Events, Interest, Poll, Token};
/// use mio_pipe::{EventExt, new_pipe};
///
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// let (sender, mut receiver) = new_pipe()?;
/// poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
///
/// drop(sender);
/// poll.poll(&mut events, None)?;
/// # #[cfg(unix)]
/// assert!(events.iter().any(|event| event.is_sender_dropped()));
/// # Ok(())
/// # }
/// ```
///
/// [`new_pipe`]: crate::new_pipe#events
pub trait EventExt: sealed::Sealed {
    /// For an event of a [`Receiver`](crate::Receiver): whether every Sender of the pipe is gone.
    ///
    /// Data may be left in the pipe: keep reading until a read returns `Ok(0)`.
    fn is_sender_dropped(&self) -> bool;

    /// For an event of a [`Sender`](crate::Sender): whether every Receiver of the pipe is gone.
    ///
    /// Writes fail with [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) from here on.
    fn is_receiver_dropped(&self) -> bool;
}

impl EventExt for Event {
    fn is_sender_dropped(&self) -> bool {
        self.is_error() || self.is_read_closed()
    }

    fn is_receiver_dropped(&self) -> bool {
        self.is_error() || self.is_write_closed()
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for mio::event::Event {}
}
