//! Waiting for one end with mio.

use std::io;

use mio::event::Source;
use mio::{Events, Interest, Poll, Token};

/// A poll with a single source.
pub struct Ready {
    poll: Poll,
    events: Events,
}

impl Ready {
    /// Registers `source`.
    pub fn new(source: &mut impl Source, interest: Interest) -> io::Result<Ready> {
        let poll = Poll::new()?;
        poll.registry().register(source, Token(0), interest)?;
        Ok(Ready {
            poll,
            events: Events::with_capacity(2),
        })
    }

    /// Waits for an event.
    pub fn wait(&mut self) -> io::Result<()> {
        loop {
            match self.poll.poll(&mut self.events, None) {
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

/// Makes `WouldBlock` an `Ok(None)`.
pub fn now<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(err) if err.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(err) => Err(err),
    }
}
