//! What one end learns of the other's end.

use std::io::{ErrorKind, Read, Write};
use std::sync::Barrier;
use std::thread;

use crate::util::{Loop, RECEIVER, assert_error, pattern, quiet};

#[test]
fn receiver_reads_what_is_left_then_eof_again_and_again() {
    let _quiet = quiet();
    let (mut events, sender, mut receiver) = Loop::with_pipe();
    let data = pattern(5000);
    events.write_all(&sender, &data);
    // The event is awaited first: on every platform the bytes are then in the pipe.
    events.wait_for(RECEIVER, |event| event.is_readable());
    drop(sender);
    assert_eq!(events.read_to_end(&receiver), data);
    for _ in 0..3 {
        let n = events.run(|| receiver.read(&mut [0; 16]).map(Some));
        assert_eq!(n, 0);
    }
}

#[test]
fn sender_gets_broken_pipe_again_and_again() {
    let _quiet = quiet();
    let (mut events, mut sender, receiver) = Loop::with_pipe();
    drop(receiver);
    // On some platforms the first write only starts; the error comes with the next.
    let mut broken = 0;
    events.run(|| match sender.write(b"x") {
        Ok(_) => Ok(None),
        Err(err) if err.kind() == ErrorKind::BrokenPipe => {
            broken += 1;
            Ok((broken == 3).then_some(()))
        }
        Err(err) => Err(err),
    });
}

#[test]
fn zero_length_read_is_not_eof() {
    let _quiet = quiet();
    let (mut events, sender, mut receiver) = Loop::with_pipe();
    events.write_all(&sender, b"x");
    events.wait_for(RECEIVER, |event| event.is_readable());
    assert_eq!(receiver.read(&mut []).unwrap(), 0);
    assert_eq!(receiver.read(&mut [0; 4]).unwrap(), 1);
}

#[test]
fn zero_length_write_is_ok_and_sends_nothing() {
    let _quiet = quiet();
    let (mut events, mut sender, receiver) = Loop::with_pipe();
    let n = events.run(|| sender.write(b"").map(Some));
    assert_eq!(n, 0);
    events.write_all(&sender, b"x");
    drop(sender);
    assert_eq!(events.read_to_end(&receiver), b"x");
}

#[test]
fn receiver_learns_of_a_drop_while_it_is_polled() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            barrier.wait();
            drop(sender);
        });
        barrier.wait();
        assert_eq!(events.read_to_end(&receiver), b"");
    });
}

#[test]
fn each_end_can_be_asked_without_an_event() {
    let _quiet = quiet();
    let (_events, sender, receiver) = Loop::with_pipe();
    assert!(!sender.is_receiver_dropped().unwrap());
    assert!(!receiver.is_sender_dropped().unwrap());
    drop(sender);
    assert!(receiver.is_sender_dropped().unwrap());

    let (_events, sender, receiver) = Loop::with_pipe();
    drop(receiver);
    assert!(sender.is_receiver_dropped().unwrap());
    assert!(sender.is_receiver_dropped().unwrap());
}

#[test]
fn ends_that_were_never_registered_can_be_asked() {
    let _quiet = quiet();
    let (sender, receiver) = mio_pipe::new_pipe().unwrap();
    assert!(!sender.is_receiver_dropped().unwrap());
    assert!(!receiver.is_sender_dropped().unwrap());
    drop(receiver);
    assert!(sender.is_receiver_dropped().unwrap());
}

#[test]
fn asking_consumes_neither_data_nor_readiness() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    events.write_all(&sender, b"data");
    events.wait_for(RECEIVER, |event| event.is_readable());
    drop(sender);
    assert!(receiver.is_sender_dropped().unwrap());
    assert_eq!(events.read_to_end(&receiver), b"data");
}

#[test]
fn a_dropped_sender_does_not_break_its_sibling_pipe() {
    let _quiet = quiet();
    let (mut events, first, _first_receiver) = Loop::with_pipe();
    let (mut second, mut second_receiver) = mio_pipe::new_pipe().unwrap();
    events.writable(&mut second, mio::Token(10));
    events.readable(&mut second_receiver, mio::Token(11));
    drop(first);
    events.write_all(&second, b"still here");
    assert_eq!(events.read_exact(&second_receiver, 10), b"still here");
}

#[test]
fn write_after_the_receiver_left_a_full_pipe_is_broken_pipe() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    let chunk = [0; 4096];
    let mut sender_ref = &sender;
    events.run(|| sender_ref.write(&chunk).map(Some));
    while sender_ref.write(&chunk).is_ok() {}
    drop(receiver);
    let broken = events.run(|| match sender_ref.write(&chunk) {
        Err(err) if err.kind() == ErrorKind::WouldBlock => Err(err),
        Ok(_) => Ok(None),
        result => Ok(Some(result)),
    });
    assert_error(broken, ErrorKind::BrokenPipe);
}
