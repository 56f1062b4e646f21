//! Where mio's poll(2) selector differs: it deregisters an end by itself once its peer is gone.

use std::io::ErrorKind;

use mio::Interest;
use mio_pipe::EventExt;

use crate::util::{Loop, RECEIVER, SENDER, assert_error};

#[test]
fn end_with_a_closed_peer_is_deregistered_after_its_event() {
    let (mut events, sender, mut receiver) = Loop::with_pipe();
    drop(sender);
    events.wait_for(RECEIVER, |event| event.is_sender_dropped());
    let registry = events.poll.registry();
    let again = registry.reregister(&mut receiver, RECEIVER, Interest::READABLE);
    assert_error(again, ErrorKind::NotFound);
    assert_error(registry.deregister(&mut receiver), ErrorKind::NotFound);
}

/// With mio's types this is `AlreadyExists`, after a failed `reregister` or without one.
#[test]
fn end_with_a_closed_peer_can_be_registered_again() {
    let (mut events, sender, mut receiver) = Loop::with_pipe();
    drop(sender);
    events.wait_for(RECEIVER, |event| event.is_sender_dropped());
    events.readable(&mut receiver, RECEIVER);
    events.wait_for(RECEIVER, |event| event.is_sender_dropped());
    let registry = events.poll.registry();
    assert!(
        registry
            .reregister(&mut receiver, RECEIVER, Interest::READABLE)
            .is_err()
    );
    events.readable(&mut receiver, RECEIVER);
    events.wait_for(RECEIVER, |event| event.is_sender_dropped());
    assert!(events.poll.registry().deregister(&mut receiver).is_err());
    events.readable(&mut receiver, RECEIVER);
    events.wait_for(RECEIVER, |event| event.is_sender_dropped());
}

#[test]
fn sender_with_a_closed_peer_is_deregistered_after_its_event() {
    let (mut events, mut sender, receiver) = Loop::with_pipe();
    drop(receiver);
    events.wait_for(SENDER, |event| event.is_receiver_dropped());
    assert_error(
        events.poll.registry().deregister(&mut sender),
        ErrorKind::NotFound,
    );
}
