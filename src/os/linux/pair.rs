use std::io;

use rustix::fs::fstat;

use crate::{Builder, Receiver, Sender};

/// Both ends of one pipe: what a [`Pool`](super::Pool) keeps and a [`Relay`](super::Relay) moves
/// its bytes through.
///
/// That the two ends belong together, and that both are open, is then known and need not be asked.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::io::Write;
/// use mio_pipe::{Builder, os::linux::Pipe};
///
/// let pipe = Pipe::new(Builder::new().capacity(1 << 20))?;
/// pipe.sender().write_all(b"hello")?;
/// assert!(!pipe.is_empty()?);
///
/// let (sender, receiver) = pipe.into_ends();
/// assert_eq!(receiver.available()?, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Pipe {
    sender: Sender,
    receiver: Receiver,
}

impl Pipe {
    /// Creates a pipe with the properties that `builder` says.
    ///
    /// # Errors
    ///
    /// Those of [`new_pipe`](crate::new_pipe).
    pub fn new(builder: &Builder) -> io::Result<Pipe> {
        let (sender, receiver) = builder.new_pipe()?;
        Ok(Pipe { sender, receiver })
    }

    /// Puts two ends together that were made elsewhere. Two system calls, fstat(2).
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), no raw code: they are not ends of the same
    ///   pipe. Both are closed.
    pub fn from_ends(sender: Sender, receiver: Receiver) -> io::Result<Pipe> {
        let (writing, reading) = (fstat(&sender)?, fstat(&receiver)?);
        if (writing.st_dev, writing.st_ino) != (reading.st_dev, reading.st_ino) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the Sender and the Receiver are not ends of the same pipe",
            ));
        }
        Ok(Pipe { sender, receiver })
    }

    /// The sending end. A `&Sender` can be written to.
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// The receiving end. A `&Receiver` can be read from.
    pub fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// Whether nothing is in the pipe. One system call, `FIONREAD`.
    pub fn is_empty(&self) -> io::Result<bool> {
        Ok(self.receiver.available()? == 0)
    }

    /// Takes the ends apart.
    pub fn into_ends(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }
}
