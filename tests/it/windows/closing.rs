//! Closed sides, and what a write that was taken can still come to.

use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use mio_pipe::{Receiver, Sender, new_pipe};

use super::util::foreign_pipe;
use crate::util::{Loop, RECEIVER, SENDER, assert_error, pattern};

#[test]
fn idle_sender_gets_an_event_when_its_receiver_goes() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    events.wait_for(SENDER, |event| event.is_writable());
    events.expect_none(SENDER);
    drop(receiver);
    events.wait_for(SENDER, |_| true);
    assert!(sender.is_receiver_dropped().unwrap());
}

#[test]
fn late_error_comes_with_the_next_write() {
    let mut events = Loop::new();
    let (mut sender, receiver) = new_pipe().unwrap();
    events.writable(&mut sender, SENDER);
    let chunk = [0; 64 * 1024];
    events.wait_for(SENDER, |event| event.is_writable());
    // What the pipe holds, and then one that is taken but cannot go out.
    loop {
        assert_eq!(sender.write(&chunk).unwrap(), chunk.len());
        // What can go out at once does so before the write returns: the loop only has to see it.
        if events.poll_now().is_empty() {
            break;
        }
    }
    drop(receiver);
    events.wait_for(SENDER, |event| event.is_writable());
    for _ in 0..3 {
        assert_error(sender.write(b"next"), ErrorKind::BrokenPipe);
    }
}

#[test]
fn unregistered_ends_know_a_closed_peer() {
    let (sender, mut receiver) = new_pipe().unwrap();
    drop(sender);
    for _ in 0..3 {
        assert_eq!(receiver.read(&mut [0; 4]).unwrap(), 0);
    }
    let (mut sender, receiver) = new_pipe().unwrap();
    drop(receiver);
    for _ in 0..3 {
        assert_error(sender.write(b"x"), ErrorKind::BrokenPipe);
    }
}

#[test]
fn ends_registered_after_their_peer_went_get_an_event() {
    let mut events = Loop::new();
    let (sender, mut receiver) = new_pipe().unwrap();
    drop(sender);
    events.readable(&mut receiver, RECEIVER);
    events.wait_for(RECEIVER, |event| event.is_readable());
    assert_eq!(events.read_to_end(&receiver), b"");

    let (mut sender, receiver) = new_pipe().unwrap();
    drop(receiver);
    events.writable(&mut sender, SENDER);
    events.wait_for(SENDER, |event| event.is_writable());
    assert_error(sender.write(b"x"), ErrorKind::BrokenPipe);
}

/// Windows hands a write of no bytes to the reader as a read of none.
#[test]
fn a_write_of_nothing_by_another_program_is_not_eof() {
    let (server, mut client) = foreign_pipe();
    let mut receiver = Receiver::from_handle(server).unwrap();
    let mut events = Loop::new();
    events.readable(&mut receiver, RECEIVER);
    for round in 0..10_u8 {
        client.write_all(&[]).unwrap();
        let _ = client.write(&[]).unwrap();
        client.write_all(&[round]).unwrap();
        assert_eq!(events.read_exact(&receiver, 1), [round]);
    }
    let _ = client.write(&[]).unwrap();
    client.write_all(b"last").unwrap();
    let _ = client.write(&[]).unwrap();
    drop(client);
    assert_eq!(events.read_to_end(&receiver), b"last");
}

#[test]
fn foreign_reader_gets_everything_and_eof() {
    let (server, mut client) = foreign_pipe();
    let mut sender = Sender::from_handle(server).unwrap();
    let data = pattern(1 << 20);
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut received = Vec::new();
            let result = client.read_to_end(&mut received);
            result.map(|_| received)
        });
        let mut events = Loop::new();
        events.writable(&mut sender, SENDER);
        events.write_all(&sender, &data);
        drop(sender);
        while !reader.is_finished() {
            events.poll(Duration::from_millis(1));
        }
        assert_eq!(reader.join().unwrap().unwrap(), data);
    });
}

#[test]
fn a_loop_that_goes_on_sends_what_its_dropped_sender_took() {
    let mut events = Loop::new();
    let (mut sender, mut receiver) = new_pipe().unwrap();
    events.readable(&mut receiver, RECEIVER);
    let data = pattern(1 << 20);
    let done = AtomicBool::new(false);
    let received = thread::scope(|scope| {
        let (data, done) = (&data, &done);
        scope.spawn(move || {
            let mut events = Loop::new();
            events.writable(&mut sender, SENDER);
            events.write_all(&sender, data);
            drop(sender);
            while !done.load(Ordering::Relaxed) {
                events.poll(Duration::from_millis(1));
            }
        });
        let received = events.read_to_end(&receiver);
        done.store(true, Ordering::Relaxed);
        received
    });
    assert_eq!(received, data);
}
