//! Bytes through mio's buffers.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};

use mio::Interest;

use crate::util::{Loop, RECEIVER, assert_would_block, pattern};

#[test]
fn ten_thousand_random_writes_and_reads_compare_byte_for_byte() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    let sizes = pattern(30_000);
    let mut expected = VecDeque::new();
    let mut next = 0_u32;
    for size in sizes.chunks_exact(3) {
        let len = match size[0] % 8 {
            0 => usize::from(u16::from_le_bytes([size[1], size[2]])),
            _ => usize::from(size[1]),
        };
        if size[0] & 0x10 == 0 {
            let data: Vec<u8> = (0..len)
                .map(|_| {
                    next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (next >> 24) as u8
                })
                .collect();
            match (&sender).write(&data) {
                Ok(n) => expected.extend(&data[..n]),
                Err(err) => assert_eq!(err.kind(), ErrorKind::WouldBlock),
            }
        } else {
            let mut buf = vec![0; len];
            match (&receiver).read(&mut buf) {
                Ok(n) => assert!(buf[..n].iter().copied().eq(expected.drain(..n))),
                Err(err) => assert_eq!(err.kind(), ErrorKind::WouldBlock),
            }
        }
        if size[0] & 0x20 == 0 {
            events.poll_now();
        }
    }
    drop(sender);
    assert!(expected == events.read_to_end(&receiver));
}

#[test]
fn available_counts_what_has_arrived_and_takes_nothing() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    assert_eq!(receiver.available().unwrap(), 0);
    let data = pattern(10_000);
    events.write_all(&sender, &data);
    events.wait_for(RECEIVER, |event| event.is_readable());
    let mut seen = receiver.available().unwrap();
    while seen < data.len() {
        events.wait_for(RECEIVER, |event| event.is_readable());
        seen = receiver.available().unwrap();
    }
    assert_eq!(seen, data.len());
    assert_eq!(events.read_exact(&receiver, 4000), data[..4000]);
    assert_eq!(receiver.available().unwrap(), 6000);
    drop(sender);
    assert_eq!(events.read_to_end(&receiver), data[4000..]);
    assert_eq!(receiver.available().unwrap(), 0);
}

#[test]
fn registering_anew_announces_what_available_has_counted() {
    let (mut events, sender, mut receiver) = Loop::with_pipe();
    events.write_all(&sender, b"hello");
    events.wait_for(RECEIVER, |event| event.is_readable());
    assert_eq!(receiver.available().unwrap(), 5);
    while !events.poll_now().is_empty() {}
    let registry = events.poll.registry();
    registry
        .reregister(&mut receiver, RECEIVER, Interest::READABLE)
        .unwrap();
    events.wait_for(RECEIVER, |event| event.is_readable());
    let registry = events.poll.registry();
    registry.deregister(&mut receiver).unwrap();
    events.readable(&mut receiver, RECEIVER);
    events.wait_for(RECEIVER, |event| event.is_readable());
    assert_eq!(receiver.available().unwrap(), 5);
    assert_eq!(events.read_exact(&receiver, 5), b"hello");
    assert_would_block((&receiver).read(&mut [0; 1]));
    events.write_all(&sender, b"more");
    assert_eq!(events.read_exact(&receiver, 4), b"more");
}

#[test]
fn unregistered_sender_gives_would_block() {
    let (mut sender, _receiver) = mio_pipe::new_pipe().unwrap();
    assert_would_block(sender.write(b"x"));
}

#[test]
fn deregistered_ends_give_would_block() {
    let (mut events, mut sender, mut receiver) = Loop::with_pipe();
    events.write_all(&sender, b"x");
    assert_eq!(events.read_exact(&receiver, 1), b"x");
    while !events.poll_now().is_empty() {}
    let registry = events.poll.registry();
    registry.deregister(&mut sender).unwrap();
    registry.deregister(&mut receiver).unwrap();
    assert_would_block(sender.write(b"x"));
    assert_would_block(receiver.read(&mut [0; 1]));
}
