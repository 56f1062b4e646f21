//! Where mio's poll(2) selector differs: it deregisters an end by itself once its peer is gone.

use std::io::{ErrorKind, Read, Write};

use mio::Interest;
use mio_pipe::EventExt;
use mio_pipe::os::unix::fifo::{self, OpenOptions};

use crate::util::{Loop, RECEIVER, SENDER, assert_error, assert_would_block, quiet};

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

/// mio answers `NotFound` here, because it cannot arm an end that its selector has dropped. The end
/// must be registered again, which works.
#[test]
fn empty_fifo_with_a_new_writer_is_would_block() {
    let _quiet = quiet();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    fifo::create(&path, 0o600).unwrap();
    let options = OpenOptions::new();
    let mut receiver = options.open_receiver(&path).unwrap();
    let mut events = Loop::new();
    events.readable(&mut receiver, RECEIVER);
    drop(options.open_sender(&path).unwrap());
    events.wait_for(RECEIVER, |event| event.is_sender_dropped());
    let mut buf = [0; 4];
    assert_eq!(receiver.read(&mut buf).unwrap(), 0);

    let mut sender = options.open_sender(&path).unwrap();
    assert_would_block(receiver.read(&mut buf));
    events.readable(&mut receiver, RECEIVER);
    sender.write_all(b"x").unwrap();
    events.wait_for(RECEIVER, |event| event.is_readable());
}
