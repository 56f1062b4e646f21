//! The flags of every closed case, exactly as epoll(7) gives them through mio.

use std::io::Write;

use mio::event::Event;
use mio_pipe::new_pipe;

use crate::util::{Loop, RECEIVER, SENDER, quiet};

/// R readable, W writable, E error, RC and WC read and write closed.
fn flags(event: &Event) -> String {
    let flags = [
        (event.is_readable(), "R"),
        (event.is_writable(), "W"),
        (event.is_error(), "E"),
        (event.is_read_closed(), "RC"),
        (event.is_write_closed(), "WC"),
    ];
    let set: Vec<_> = flags
        .into_iter()
        .filter_map(|(set, name)| set.then_some(name))
        .collect();
    set.join(" ")
}

#[track_caller]
fn expect(events: &mut Loop, token: mio::Token, expected: &str) {
    let events = events.poll_now();
    let found: Vec<_> = events
        .iter()
        .filter(|event| event.token() == token)
        .map(flags)
        .collect();
    assert_eq!(found, [expected]);
}

#[test]
fn receiver_with_data() {
    let _quiet = quiet();
    let (mut events, mut sender, _receiver) = Loop::with_pipe();
    sender.write_all(b"x").unwrap();
    expect(&mut events, RECEIVER, "R");
}

#[test]
fn sender_gone_and_empty() {
    let _quiet = quiet();
    let (mut events, sender, _receiver) = Loop::with_pipe();
    drop(sender);
    expect(&mut events, RECEIVER, "RC WC");
}

#[test]
fn sender_gone_and_data_left() {
    let _quiet = quiet();
    let (mut events, mut sender, _receiver) = Loop::with_pipe();
    sender.write_all(b"x").unwrap();
    drop(sender);
    expect(&mut events, RECEIVER, "R RC WC");
}

#[test]
fn receiver_gone_and_space_left() {
    let _quiet = quiet();
    let (mut events, _sender, receiver) = Loop::with_pipe();
    drop(receiver);
    expect(&mut events, SENDER, "W E WC");
}

#[test]
fn receiver_gone_and_full() {
    let _quiet = quiet();
    let (mut events, mut sender, receiver) = Loop::with_pipe();
    while sender.write(&[0; 4096]).is_ok() {}
    drop(receiver);
    expect(&mut events, SENDER, "E WC");
}

/// Slots, not bytes: a full pipe turns writable only when a whole page is free.
#[test]
fn full_pipe_turns_writable_when_a_whole_page_is_free() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let (mut sender, mut receiver) = new_pipe().unwrap();
    while sender.write(&[0; 4096]).is_ok() {}
    events.writable(&mut sender, SENDER);
    let page = rustix::param::page_size();
    std::io::Read::read_exact(&mut receiver, &mut vec![0; page - 1]).unwrap();
    events.expect_none(SENDER);
    std::io::Read::read_exact(&mut receiver, &mut [0; 1]).unwrap();
    expect(&mut events, SENDER, "W");
}
