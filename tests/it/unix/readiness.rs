//! Events exactly as Unix selectors give them: edges, flags, and closed peers.

use std::io::{Read, Write};

use mio::{Interest, Token, event::Event};
use mio_pipe::{EventExt, new_pipe};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::util::{Loop, RECEIVER, SENDER, in_own_process, quiet};

#[test]
fn receiver_with_data_is_readable_as_soon_as_registered() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let (mut sender, mut receiver) = new_pipe().unwrap();
    sender.write_all(b"x").unwrap();
    events.readable(&mut receiver, RECEIVER);
    events.wait_for(RECEIVER, |event| event.is_readable());
}

#[test]
fn full_sender_has_no_event_once_registered() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let (mut sender, _receiver) = new_pipe().unwrap();
    while sender.write(&[0; 4096]).is_ok() {}
    events.writable(&mut sender, SENDER);
    events.expect_none(SENDER);
}

#[test]
fn an_edge_is_reported_once() {
    let _quiet = quiet();
    let (mut events, mut sender, _receiver) = Loop::with_pipe();
    sender.write_all(b"x").unwrap();
    events.wait_for(RECEIVER, |event| event.is_readable());
    events.expect_none(RECEIVER);
}

#[test]
fn reregister_reports_what_is_ready_again() {
    let _quiet = quiet();
    let (mut events, mut sender, mut receiver) = Loop::with_pipe();
    sender.write_all(b"x").unwrap();
    for _ in 0..3 {
        events.wait_for(RECEIVER, |event| event.is_readable());
        events
            .poll
            .registry()
            .reregister(&mut receiver, RECEIVER, Interest::READABLE)
            .unwrap();
    }
}

#[test]
fn sender_is_writable_again_after_a_page_is_free() {
    let _quiet = quiet();
    let (mut events, mut sender, mut receiver) = Loop::with_pipe();
    events.wait_for(SENDER, |event| event.is_writable());
    while sender.write(&[0; 4096]).is_ok() {}
    events.expect_none(SENDER);
    receiver.read_exact(&mut vec![0; 16 * 1024]).unwrap();
    events.wait_for(SENDER, |event| event.is_writable());
    assert_eq!(sender.write(&[1; 4096]).unwrap(), 4096);
}

fn sender_dropped(event: &Event) -> bool {
    assert!(!event.is_writable());
    event.is_sender_dropped()
}

#[test]
fn receiver_gets_the_closed_event_when_empty() {
    let _quiet = quiet();
    let (mut events, sender, mut receiver) = Loop::with_pipe();
    drop(sender);
    let event = events.wait_for(RECEIVER, sender_dropped);
    assert!(event.is_read_closed());
    assert_eq!(receiver.read(&mut [0; 4]).unwrap(), 0);
}

#[test]
fn receiver_gets_the_closed_event_with_data_left() {
    let _quiet = quiet();
    let (mut events, mut sender, mut receiver) = Loop::with_pipe();
    sender.write_all(b"left").unwrap();
    drop(sender);
    let event = events.wait_for(RECEIVER, sender_dropped);
    assert!(event.is_readable() && event.is_read_closed());
    assert_eq!(receiver.read(&mut [0; 16]).unwrap(), 4);
    assert_eq!(receiver.read(&mut [0; 16]).unwrap(), 0);
}

#[test]
fn sender_gets_the_closed_event_with_space_left() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    events.wait_for(SENDER, |event| event.is_writable());
    drop(receiver);
    let event = events.wait_for(SENDER, |event| event.is_receiver_dropped());
    assert!(event.is_write_closed());
    drop(sender);
}

#[test]
fn sender_gets_the_closed_event_when_full() {
    let _quiet = quiet();
    let (mut events, mut sender, receiver) = Loop::with_pipe();
    events.wait_for(SENDER, |event| event.is_writable());
    while sender.write(&[0; 4096]).is_ok() {}
    drop(receiver);
    let event = events.wait_for(SENDER, |event| event.is_receiver_dropped());
    assert!(event.is_write_closed());
}

#[test]
fn an_end_registered_after_its_peer_went_gets_the_event_too() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let (mut sender, receiver) = new_pipe().unwrap();
    drop(receiver);
    events.writable(&mut sender, SENDER);
    events.wait_for(SENDER, |event| event.is_receiver_dropped());

    let (sender, mut receiver) = new_pipe().unwrap();
    drop(sender);
    events.readable(&mut receiver, RECEIVER);
    events.wait_for(RECEIVER, |event| event.is_sender_dropped());
}

#[test]
fn data_is_no_sign_of_a_dropped_peer() {
    let _quiet = quiet();
    let (mut events, mut sender, _receiver) = Loop::with_pipe();
    let event = events.wait_for(SENDER, |event| event.is_writable());
    assert!(!event.is_receiver_dropped());
    sender.write_all(b"x").unwrap();
    let event = events.wait_for(RECEIVER, |event| event.is_readable());
    assert!(!event.is_sender_dropped());
}

/// Raises the soft limit on descriptors, and says how many pipes it then allows.
fn pipes_within_limit(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    );
    let current = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    wanted.min((usize::try_from(current).unwrap_or(usize::MAX) - 32) / 2)
}

#[test]
fn thousands_of_pipes_are_all_seen_through_eight_events() {
    in_own_process(
        "unix::readiness::thousands_of_pipes_are_all_seen_through_eight_events",
        || {
            let count = pipes_within_limit(4000);
            assert!(
                count >= 400,
                "the limit on descriptors allows only {count} pipes"
            );
            let mut events = Loop::with_event_capacity(8);
            let mut pipes = Vec::new();
            for i in 0..count {
                let (sender, mut receiver) = new_pipe().unwrap();
                events.readable(&mut receiver, Token(i));
                pipes.push((sender, receiver));
            }
            for (sender, _) in &mut pipes {
                sender.write_all(b"x").unwrap();
            }
            let mut seen = vec![0; count];
            events.run_events(|event| {
                seen[event.token().0] += 1;
                seen.iter().all(|&times| times > 0)
            });
            assert!(seen.iter().all(|&times| times == 1), "an edge came twice");
        },
    );
}

#[test]
fn empty_receiver_has_no_event_once_registered() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let (_sender, mut receiver) = new_pipe().unwrap();
    events.readable(&mut receiver, RECEIVER);
    events.expect_none(RECEIVER);
}

#[test]
fn full_sender_is_writable_again_once_emptied() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    let mut writer = &sender;
    let chunk = [7; 4096];
    for _ in 0..10 {
        let mut sent = events.run(|| writer.write(&chunk).map(Some));
        while let Ok(n) = writer.write(&chunk) {
            sent += n;
        }
        events.read_exact(&receiver, sent);
        events.wait_for(SENDER, |event| event.is_writable());
    }
}
