//! The first example of `new_pipe`: write into one end, read from the other.
//!
//! Run it with `cargo run --example hello`.

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
                PIPE_SEND => {
                    // `write_all` is of no use with non-blocking I/O; a short write is an error
                    // here, because eleven bytes always fit.
                    if sender.write(MSG)? != MSG.len() {
                        return Err(io::ErrorKind::WriteZero.into());
                    }
                }
                PIPE_RECV => {
                    let mut buf = [0; 11];
                    let n = receiver.read(&mut buf)?;
                    println!("received: {:?}", &buf[..n]);
                    assert_eq!(&buf[..n], MSG);
                    return Ok(());
                }
                _ => unreachable!(),
            }
        }
    }
}
