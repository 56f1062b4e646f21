//! The first example of `new_pipe`: write into one end, read from the other.
//!
//! Run it with `cargo run --example hello`. It is written in the way that works on every platform:
//! an event counts for what it says, not for whose it is.

use std::io::{self, Read, Write};

use mio::{Events, Interest, Poll, Token};
use mio_pipe::new_pipe;

// Unique tokens for the two ends of the channel.
const PIPE_RECV: Token = Token(0);
const PIPE_SEND: Token = Token(1);

const MSG: &[u8; 11] = b"Hello world";

fn main() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(8);

    let (mut sender, mut receiver) = new_pipe()?;
    poll.registry()
        .register(&mut receiver, PIPE_RECV, Interest::READABLE)?;
    poll.registry()
        .register(&mut sender, PIPE_SEND, Interest::WRITABLE)?;

    loop {
        poll.poll(&mut events, None)?;

        for event in &events {
            match event.token() {
                PIPE_SEND if event.is_writable() => {
                    // `write_all` is of no use with non-blocking I/O; a short write is an error
                    // here, because eleven bytes always fit.
                    let n = sender.write(MSG)?;
                    if n != MSG.len() {
                        return Err(io::ErrorKind::WriteZero.into());
                    }
                }
                PIPE_RECV if event.is_readable() => {
                    let mut buf = [0; 11];
                    let n = receiver.read(&mut buf)?;
                    println!("received: {:?}", &buf[..n]);
                    assert_eq!(&buf[..n], MSG);
                    return Ok(());
                }
                // A selector may report what nobody asked for, and Windows does: that an end is
                // ready for what it cannot do.
                _ => {}
            }
        }
    }
}
