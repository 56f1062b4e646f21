//! Linux and Android: capacity, packets, and moving data without copying it.
//!
//! - [`Sender::capacity`](crate::Sender::capacity) and
//!   [`Sender::set_capacity`](crate::Sender::set_capacity), the same on a Receiver;
//! - [`Builder::new_packet_pipe`](crate::Builder::new_packet_pipe): a pipe that keeps the boundaries of messages;
//! - [`Receiver::splice_to`](crate::Receiver::splice_to),
//!   [`Sender::splice_from`](crate::Sender::splice_from) and
//!   [`Receiver::tee_to`](crate::Receiver::tee_to): to and from any descriptor inside the kernel;
//! - [`Pool`]: empty pipes, kept for reuse;
//! - [`Relay`]: descriptor to pipe to descriptor, and which side it waits for;
//! - [`Fanout`]: one pipe to many, without a copy;
//! - [`PageRing`]: sending pages instead of copies of bytes.

mod capacity;
mod fanout;
mod packet;
mod page_ring;
mod pair;
mod pool;
mod relay;
mod splice;

pub use fanout::{Fanout, LostOutput};
pub use packet::{PacketReceiver, PacketSender};
pub use page_ring::PageRing;
pub use pair::Pipe;
pub use pool::Pool;
pub use relay::{Next, Relay, Step};
pub use splice::{Moved, Side};
