//! One completion port, for good.

use std::io::ErrorKind;
use std::os::windows::io::OwnedHandle;

use mio::Interest;
use mio_pipe::{Receiver, new_pipe};

use super::util::handle_count;
use crate::util::{Loop, RECEIVER, SENDER, assert_error, in_own_process};

#[test]
fn a_second_poll_is_refused_and_does_not_disturb_the_first() {
    let (mut events, mut sender, mut receiver) = Loop::with_pipe();
    let second = Loop::new();
    let registry = second.poll.registry();
    for _ in 0..3 {
        assert_error(
            registry.register(&mut sender, SENDER, Interest::WRITABLE),
            ErrorKind::AlreadyExists,
        );
        assert_error(
            registry.reregister(&mut receiver, RECEIVER, Interest::READABLE),
            ErrorKind::AlreadyExists,
        );
        assert_error(registry.deregister(&mut receiver), ErrorKind::AlreadyExists);
    }
    events.write_all(&sender, b"hello");
    assert_eq!(events.read_exact(&receiver, 5), b"hello");
}

#[test]
fn refused_register_can_be_retried() {
    let (events, _sender, receiver) = Loop::with_pipe();
    // A handle of an end that a completion port watches already: no port takes it again.
    let mut receiver = Receiver::from_handle(OwnedHandle::from(receiver)).unwrap();
    for _ in 0..3 {
        let again = events
            .poll
            .registry()
            .register(&mut receiver, RECEIVER, Interest::READABLE);
        assert_eq!(again.unwrap_err().raw_os_error(), Some(87));
    }
}

/// The ends keep what they need of their loop, so that closing reaches the other loop.
#[test]
fn dropping_after_the_poll_still_closes() {
    let mut events = Loop::new();
    let (mut sender, mut receiver) = new_pipe().unwrap();
    let gone = Loop::new();
    gone.writable(&mut sender, SENDER);
    events.readable(&mut receiver, RECEIVER);
    drop(gone);
    drop(sender);
    assert_eq!(events.read_to_end(&receiver), b"");

    let (mut sender, mut receiver) = new_pipe().unwrap();
    let gone = Loop::new();
    gone.readable(&mut receiver, RECEIVER);
    events.writable(&mut sender, SENDER);
    drop(gone);
    drop(receiver);
    events.wait_for(SENDER, |event| event.is_readable());
    assert!(sender.is_receiver_dropped().unwrap());
}

#[test]
fn dropped_polls_leave_the_handle_count_flat() {
    in_own_process(
        "windows::registration::dropped_polls_leave_the_handle_count_flat",
        || {
            let cycle = |n: usize| {
                for i in 0..n {
                    let (events, sender, receiver) = Loop::with_pipe();
                    match i % 3 {
                        0 => drop((events, sender, receiver)),
                        1 => drop((sender, receiver, events)),
                        _ => drop((receiver, events, sender)),
                    }
                }
            };
            cycle(10);
            let before = handle_count();
            cycle(300);
            assert_eq!(handle_count(), before);
        },
    );
}
