//! Registrations that fail, and what is left of them: the same in debug and in release.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;

use mio::unix::SourceFd;
use mio::{Interest, Token, event::Source};
use mio_pipe::{Receiver, new_pipe};

use crate::util::{
    Loop, RECEIVER, SENDER, assert_error, assert_would_block, in_own_process, quiet,
};

/// mio's own types stay unusable after this in debug builds: they note the registration before the
/// selector refuses it.
#[test]
fn register_can_be_retried_after_the_selector_refused_it() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let (mut sender, mut receiver) = new_pipe().unwrap();
    // The selector already knows this number, as it does when somebody closed a descriptor that
    // was registered and duplicated.
    let fd = receiver.as_raw_fd();
    let registry = events.poll.registry();
    SourceFd(&fd)
        .register(registry, Token(99), Interest::READABLE)
        .unwrap();
    for _ in 0..3 {
        let refused = registry.register(&mut receiver, RECEIVER, Interest::READABLE);
        assert_error(refused, ErrorKind::AlreadyExists);
    }
    assert_eq!(receiver.as_raw_fd(), fd, "the descriptor is the same one");
    SourceFd(&fd).deregister(registry).unwrap();

    registry
        .register(&mut receiver, RECEIVER, Interest::READABLE)
        .unwrap();
    sender.write_all(b"x").unwrap();
    events.wait_for(RECEIVER, |event| event.is_readable());
    events.poll.registry().deregister(&mut receiver).unwrap();
}

#[test]
fn a_second_poll_does_not_disturb_the_first() {
    let _quiet = quiet();
    let (mut first, mut sender, mut receiver) = Loop::with_pipe();
    let second = Loop::new();
    let offer = |receiver: &mut Receiver| {
        let registry = second.poll.registry();
        // Refused in debug builds, and by poll(2); epoll and kqueue in release builds allow it.
        if registry
            .register(receiver, Token(50), Interest::READABLE)
            .is_ok()
        {
            registry.deregister(receiver).unwrap();
        }
    };
    offer(&mut receiver);
    sender.write_all(b"x").unwrap();
    first.wait_for(RECEIVER, |event| event.is_readable());

    // Another token, which must also be the one that comes after the next `WouldBlock`.
    let other = Token(51);
    let registry = first.poll.registry();
    registry
        .reregister(&mut receiver, other, Interest::READABLE)
        .unwrap();
    first.wait_for(other, |event| event.is_readable());
    let mut buf = [0; 4];
    assert_eq!(receiver.read(&mut buf).unwrap(), 1);
    assert_would_block(receiver.read(&mut buf));
    sender.write_all(b"y").unwrap();
    first.wait_for(other, |event| event.is_readable());

    offer(&mut receiver);
    first.poll.registry().deregister(&mut receiver).unwrap();
    let registry = second.poll.registry();
    registry
        .register(&mut receiver, RECEIVER, Interest::READABLE)
        .unwrap();
    registry.deregister(&mut receiver).unwrap();
}

#[test]
fn an_end_moves_from_a_dropped_poll_to_another() {
    let _quiet = quiet();
    let (first, mut sender, mut receiver) = Loop::with_pipe();
    first.poll.registry().deregister(&mut receiver).unwrap();
    drop(first);
    let mut second = Loop::new();
    second.readable(&mut receiver, RECEIVER);
    sender.write_all(b"x").unwrap();
    second.wait_for(RECEIVER, |event| event.is_readable());
}

/// In a process of its own, so that nobody else takes the number.
#[test]
fn a_reused_number_gets_no_event_of_the_dropped_end() {
    in_own_process(
        "unix::registration::a_reused_number_gets_no_event_of_the_dropped_end",
        || {
            let (mut events, sender, receiver) = Loop::with_pipe();
            let old = (sender.as_raw_fd(), receiver.as_raw_fd());
            drop((sender, receiver));
            let (mut sender, receiver) = new_pipe().unwrap();
            assert_eq!((sender.as_raw_fd(), receiver.as_raw_fd()), old);
            sender.write_all(b"x").unwrap();
            assert!(events.poll_now().is_empty());
            drop((sender, receiver));
            assert!(events.poll_now().is_empty());
        },
    );
}

#[test]
fn ends_can_be_registered_through_a_mutable_reference_and_a_box() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let (sender, receiver) = new_pipe().unwrap();
    let (mut sender, mut receiver) = (Box::new(sender), Box::new(receiver));
    events.writable(&mut sender, SENDER);
    events.readable(&mut *receiver, RECEIVER);
    events.wait_for(SENDER, |event| event.is_writable());
}
