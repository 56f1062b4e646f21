//! The second example of `new_pipe`: notice that the other side was dropped.
//!
//! Run it with `cargo run --example dropped`. It is written in the way that works on every
//! platform: where an event cannot say that the Sender is gone, the read says it.

use std::io::{self, Read};

use mio::{Events, Interest, Poll, Token};
use mio_pipe::{EventExt, new_pipe};

const PIPE_RECV: Token = Token(0);

fn main() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(8);

    let (sender, mut receiver) = new_pipe()?;
    poll.registry()
        .register(&mut receiver, PIPE_RECV, Interest::READABLE)?;

    drop(sender);

    loop {
        poll.poll(&mut events, None)?;

        for event in &events {
            // `is_error() || is_read_closed()`, in one name. Nothing was written, so a read of
            // zero bytes says the same.
            if event.is_sender_dropped() || matches!(receiver.read(&mut [0; 16]), Ok(0)) {
                println!("Sender dropped!");
                return Ok(());
            }
        }
    }
}
