//! Registering, and failing to.

use mio::Token;
use mio_pipe::new_pipe;

use crate::util::{Loop, RECEIVER, SENDER, quiet};

#[test]
fn deregistered_end_gets_no_event() {
    let _quiet = quiet();
    let (mut events, sender, mut receiver) = Loop::with_pipe();
    events.poll.registry().deregister(&mut receiver).unwrap();
    events.write_all(&sender, b"x");
    events.expect_none(RECEIVER);
}

#[test]
fn deregistered_end_can_be_registered_again() {
    let _quiet = quiet();
    let (mut events, mut sender, mut receiver) = Loop::with_pipe();
    for round in 0..10_u8 {
        let registry = events.poll.registry();
        registry.deregister(&mut sender).unwrap();
        registry.deregister(&mut receiver).unwrap();
        events.writable(&mut sender, SENDER);
        events.readable(&mut receiver, RECEIVER);
        events.write_all(&sender, &[round]);
        events.wait_for(RECEIVER, |event| event.is_readable());
        assert_eq!(events.read_exact(&receiver, 1), [round]);
    }
}

#[test]
fn ends_outlive_their_poll() {
    let _quiet = quiet();
    let (events, sender, receiver) = Loop::with_pipe();
    drop(events);
    assert!(!sender.is_receiver_dropped().unwrap());
    drop(receiver);
    assert!(sender.is_receiver_dropped().unwrap());
}

#[test]
fn dropped_end_gets_no_event() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    drop(receiver);
    // A pipe that takes the freed numbers, and has data.
    let (mut sender2, mut receiver2) = new_pipe().unwrap();
    events.readable(&mut receiver2, Token(20));
    events.writable(&mut sender2, Token(21));
    events.write_all(&sender2, b"x");
    events.wait_for(Token(20), |event| event.is_readable());
    events.expect_none(RECEIVER);
    drop(sender);
    events.expect_none(RECEIVER);
    assert_eq!(events.read_exact(&receiver2, 1), b"x");
}
