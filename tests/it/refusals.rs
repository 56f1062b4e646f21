//! What the selector refuses, where it does: registering twice, and what was never registered.

use std::io::ErrorKind;

use mio::{Interest, Token};
use mio_pipe::new_pipe;

use crate::util::{Loop, RECEIVER, SENDER, assert_error, quiet};

#[test]
fn reregister_before_register_is_not_found() {
    let _quiet = quiet();
    let events = Loop::new();
    let (mut sender, mut receiver) = new_pipe().unwrap();
    let registry = events.poll.registry();
    assert_error(
        registry.reregister(&mut sender, SENDER, Interest::WRITABLE),
        ErrorKind::NotFound,
    );
    assert_error(
        registry.reregister(&mut receiver, RECEIVER, Interest::READABLE),
        ErrorKind::NotFound,
    );
}

#[test]
fn deregister_before_register_is_not_found() {
    let _quiet = quiet();
    let events = Loop::new();
    let (mut sender, mut receiver) = new_pipe().unwrap();
    assert_error(
        events.poll.registry().deregister(&mut sender),
        ErrorKind::NotFound,
    );
    assert_error(
        events.poll.registry().deregister(&mut receiver),
        ErrorKind::NotFound,
    );
}

#[test]
fn deregister_twice_is_not_found() {
    let _quiet = quiet();
    let (events, mut sender, mut receiver) = Loop::with_pipe();
    let registry = events.poll.registry();
    registry.deregister(&mut sender).unwrap();
    registry.deregister(&mut receiver).unwrap();
    assert_error(registry.deregister(&mut sender), ErrorKind::NotFound);
    assert_error(registry.deregister(&mut receiver), ErrorKind::NotFound);
}

#[test]
fn register_twice_is_refused_and_leaves_the_first_registration() {
    let _quiet = quiet();
    let (mut events, sender, mut receiver) = Loop::with_pipe();
    for _ in 0..3 {
        let twice = events
            .poll
            .registry()
            .register(&mut receiver, Token(99), Interest::READABLE);
        assert_error(twice, ErrorKind::AlreadyExists);
    }
    events.write_all(&sender, b"x");
    events.wait_for(RECEIVER, |event| event.is_readable());
    events
        .poll
        .registry()
        .reregister(&mut receiver, RECEIVER, Interest::READABLE)
        .unwrap();
    events.poll.registry().deregister(&mut receiver).unwrap();
    events.readable(&mut receiver, RECEIVER);
    events.wait_for(RECEIVER, |event| event.is_readable());
}
