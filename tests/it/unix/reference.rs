//! The two programs of `new_pipe`'s page, to the letter.
#![allow(clippy::all)] // As printed.

use std::io::{self, Read, Write};

use mio::{Events, Interest, Poll, Token};
use mio_pipe::new_pipe;

use crate::util::quiet;

const PIPE_RECV: Token = Token(0);
const PIPE_SEND: Token = Token(1);

#[test]
#[rustfmt::skip]
fn data_that_is_written_is_received() -> io::Result<()> {
    // Create our `Poll` instance and the `Events` container.
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(8);

    // Create a new pipe.
    let (mut sender, mut receiver) = new_pipe()?;

    // Register both ends of the channel.
    poll.registry().register(&mut receiver, PIPE_RECV, Interest::READABLE)?;
    poll.registry().register(&mut sender, PIPE_SEND, Interest::WRITABLE)?;

    const MSG: &[u8; 11] = b"Hello world";

    loop {
        poll.poll(&mut events, None)?;

        for event in events.iter() {
            match event.token() {
                PIPE_SEND => sender.write(MSG)
                    .and_then(|n| if n != MSG.len() {
                            // We'll consider a short write an error in this
                            // example. NOTE: we can't use `write_all` with
                            // non-blocking I/O.
                            Err(io::ErrorKind::WriteZero.into())
                        } else {
                            Ok(())
                        })?,
                PIPE_RECV => {
                    let mut buf = [0; 11];
                    let n = receiver.read(&mut buf)?;
                    println!("received: {:?}", &buf[0..n]);
                    assert_eq!(n, MSG.len());
                    assert_eq!(&buf, &*MSG);
                    return Ok(());
                },
                _ => unreachable!(),
            }
        }
    }
}

#[test]
#[rustfmt::skip]
fn sender_that_is_dropped_is_noticed() -> io::Result<()> {
    let _quiet = quiet();
    // Same setup as in the example above.
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(8);

    let (mut sender, mut receiver) = new_pipe()?;

    poll.registry().register(&mut receiver, PIPE_RECV, Interest::READABLE)?;
    poll.registry().register(&mut sender, PIPE_SEND, Interest::WRITABLE)?;

    // Drop the sender.
    drop(sender);

    poll.poll(&mut events, None)?;

    for event in events.iter() {
        match event.token() {
            PIPE_RECV if event.is_error() || event.is_read_closed() => {
                // Detected that the sender was dropped.
                println!("Sender dropped!");
                return Ok(());
            },
            _ => unreachable!(),
        }
    }
    unreachable!();
}
