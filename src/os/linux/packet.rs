use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use mio::{Interest, Registry, Token, event};
use rustix::pipe::PIPE_BUF;

use crate::{Builder, Receiver, Sender, sys};

impl Builder {
    /// Creates a non-blocking pipe that keeps the boundaries of messages.
    ///
    /// Each [`send`](PacketSender::send) is one packet of 1 to 4096 bytes (`PIPE_BUF`), and each
    /// [`recv`](PacketReceiver::recv) returns one packet, whole, however many senders there are. A
    /// packet takes a page of the pipe: 16 fit by default, more with
    /// [`capacity`](Builder::capacity).
    ///
    /// Everything else is as with [`new_pipe`](crate::new_pipe): events, EOF, deregistering.
    ///
    /// The ends are types of their own, because a stream's habits lose data here: a `write` of more
    /// than a packet is split, and what does not fit into the buffer of a `read` is thrown away by
    /// the kernel.
    ///
    /// # Errors
    ///
    /// - those of [`new_pipe`](crate::new_pipe);
    /// - `EINVAL` ([`InvalidInput`](io::ErrorKind::InvalidInput)): Linux before 3.4.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use mio_pipe::{Builder, os::linux::PacketReceiver};
    ///
    /// let (sender, receiver) = Builder::new().new_packet_pipe()?;
    /// sender.send(b"one")?;
    /// sender.send(b"two")?;
    ///
    /// let mut buf = [0; PacketReceiver::BUFFER];
    /// assert_eq!(receiver.recv(&mut buf)?, Some(&b"one"[..]));
    /// assert_eq!(receiver.recv(&mut buf)?, Some(&b"two"[..]));
    /// drop(sender);
    /// assert_eq!(receiver.recv(&mut buf)?, None);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # References
    ///
    /// - [pipe(2)](https://man7.org/linux/man-pages/man2/pipe.2.html), `O_DIRECT`
    #[doc(alias = "O_DIRECT")]
    pub fn new_packet_pipe(&self) -> io::Result<(PacketSender, PacketReceiver)> {
        let options = sys::Options {
            packets: true,
            ..self.options.clone()
        };
        let (sender, receiver) = sys::new_pipe(&options)?;
        Ok((
            PacketSender(Sender { inner: sender }),
            PacketReceiver(Receiver { inner: receiver }),
        ))
    }
}

/// The sending end of a packet pipe; see [`Builder::new_packet_pipe`].
#[derive(Debug)]
pub struct PacketSender(Sender);

/// The receiving end of a packet pipe; see [`Builder::new_packet_pipe`].
#[derive(Debug)]
pub struct PacketReceiver(Receiver);

impl PacketSender {
    /// The longest packet, in bytes.
    pub const MAX: usize = PIPE_BUF;

    /// Sends one packet, whole.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): the pipe is full; a writable event follows.
    /// - [`BrokenPipe`](io::ErrorKind::BrokenPipe) (`EPIPE`): every Receiver is gone.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), no raw code: the packet is empty, which a
    ///   pipe cannot carry, or longer than [`MAX`](PacketSender::MAX). Nothing was sent.
    pub fn send(&self, packet: &[u8]) -> io::Result<()> {
        if packet.is_empty() || packet.len() > Self::MAX {
            return Err(invalid_input(format!(
                "a packet has 1 to {} bytes, not {}",
                Self::MAX,
                packet.len()
            )));
        }
        // The kernel takes a packet whole or not at all.
        self.0.inner.write(packet).map(drop)
    }

    /// Asks the OS whether every Receiver is gone; see [`Sender::is_receiver_dropped`].
    pub fn is_receiver_dropped(&self) -> io::Result<bool> {
        self.0.is_receiver_dropped()
    }

    /// Makes a second sender of the same pipe; see [`Sender::try_clone`].
    pub fn try_clone(&self) -> io::Result<PacketSender> {
        Ok(PacketSender(self.0.try_clone()?))
    }
}

impl PacketReceiver {
    /// The size of a buffer that holds any packet, in bytes.
    pub const BUFFER: usize = PIPE_BUF;

    /// Receives one packet, or `None` once every Sender is gone and every packet was received.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): there is none; a readable event follows.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), no raw code: `buf` is shorter than
    ///   [`BUFFER`](PacketReceiver::BUFFER), so that the kernel might throw part of a packet away.
    ///   Nothing was received.
    pub fn recv<'a>(&self, buf: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
        if buf.len() < Self::BUFFER {
            return Err(invalid_input(format!(
                "a packet can have {} bytes, and the buffer only {}",
                Self::BUFFER,
                buf.len()
            )));
        }
        Ok(match self.0.inner.read(buf)? {
            0 => None,
            n => Some(&buf[..n]),
        })
    }

    /// How many bytes all waiting packets have together; see [`Receiver::available`].
    pub fn available(&self) -> io::Result<usize> {
        self.0.available()
    }

    /// Asks the OS whether every Sender is gone; see [`Receiver::is_sender_dropped`].
    pub fn is_sender_dropped(&self) -> io::Result<bool> {
        self.0.is_sender_dropped()
    }

    /// Makes a second receiver of the same pipe: each packet goes to one of them.
    pub fn try_clone(&self) -> io::Result<PacketReceiver> {
        Ok(PacketReceiver(self.0.try_clone()?))
    }
}

fn invalid_input(sentence: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, sentence)
}

/// For a Receiver whose other end is known to be in packet mode, as a descriptor from elsewhere can
/// be.
impl From<Receiver> for PacketReceiver {
    fn from(receiver: Receiver) -> PacketReceiver {
        PacketReceiver(receiver)
    }
}

macro_rules! forward {
    ($end:ident) => {
        impl event::Source for $end {
            fn register(
                &mut self,
                registry: &Registry,
                token: Token,
                interests: Interest,
            ) -> io::Result<()> {
                self.0.register(registry, token, interests)
            }

            fn reregister(
                &mut self,
                registry: &Registry,
                token: Token,
                interests: Interest,
            ) -> io::Result<()> {
                self.0.reregister(registry, token, interests)
            }

            fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
                self.0.deregister(registry)
            }
        }

        impl AsFd for $end {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.0.as_fd()
            }
        }

        impl AsRawFd for $end {
            fn as_raw_fd(&self) -> RawFd {
                self.0.as_raw_fd()
            }
        }

        impl From<$end> for OwnedFd {
            fn from(end: $end) -> OwnedFd {
                end.0.into()
            }
        }
    };
}

forward!(PacketSender);
forward!(PacketReceiver);
