//! When events come, and when they do not.

use std::io::Write;

use mio::{Interest, Token};
use mio_pipe::new_pipe;

use crate::util::{Loop, RECEIVER, SENDER};

#[test]
fn empty_sender_is_writable_once_registered() {
    let mut events = Loop::new();
    let (mut sender, _receiver) = new_pipe().unwrap();
    events.writable(&mut sender, SENDER);
    events.wait_for(SENDER, |event| event.is_writable());
}

#[test]
fn receiver_is_readable_once_something_was_written() {
    let (mut events, sender, _receiver) = Loop::with_pipe();
    events.write_all(&sender, b"x");
    events.wait_for(RECEIVER, |event| event.is_readable());
}

#[test]
fn reregister_changes_the_token_and_arms_again() {
    let (mut events, sender, mut receiver) = Loop::with_pipe();
    events.write_all(&sender, b"x");
    events.wait_for(RECEIVER, |event| event.is_readable());
    // The byte is left in the pipe: only registering anew can bring an event for it.
    let other = Token(77);
    events
        .poll
        .registry()
        .reregister(&mut receiver, other, Interest::READABLE)
        .unwrap();
    events.write_all(&sender, b"y");
    events.wait_for(other, |event| event.is_readable());
    assert_eq!(events.read_exact(&receiver, 2), b"xy");
}

#[test]
fn each_would_block_is_followed_by_an_event() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    for round in 0..1000_u32 {
        events.write_all(&sender, &round.to_ne_bytes());
        assert_eq!(events.read_exact(&receiver, 4), round.to_ne_bytes());
    }
}

/// The loop looks at eight events at a time; each pipe must get its turn.
#[test]
fn many_pipes_are_all_seen_through_few_events() {
    const PIPES: usize = 200;
    let mut events = Loop::with_event_capacity(8);
    let mut pipes = Vec::new();
    for i in 0..PIPES {
        let (mut sender, mut receiver) = new_pipe().unwrap();
        events.readable(&mut receiver, Token(i));
        events.writable(&mut sender, Token(PIPES + i));
        pipes.push((sender, receiver));
    }
    let mut writable = [false; PIPES];
    let mut readable = [false; PIPES];
    events.run_events(|event| {
        let Token(i) = event.token();
        if i < PIPES {
            readable[i] = event.is_readable();
        } else if !writable[i - PIPES] {
            writable[i - PIPES] = true;
            assert_eq!((&pipes[i - PIPES].0).write(b"x").unwrap(), 1);
        }
        readable.iter().all(|&seen| seen)
    });
    for (_, receiver) in &pipes {
        assert_eq!(events.read_exact(receiver, 1), b"x");
    }
}

#[test]
fn full_sender_can_write_again_once_emptied() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    let mut writer = &sender;
    let chunk = [7; 4096];
    for _ in 0..10 {
        let mut sent = events.run(|| writer.write(&chunk).map(Some));
        while let Ok(n) = writer.write(&chunk) {
            sent += n;
        }
        events.read_exact(&receiver, sent);
    }
}
