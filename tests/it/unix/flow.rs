//! `fill`, `drain` and `SendQueue` where a pipe is a kernel's: what is in it can be counted.

use mio_pipe::{Drained, SendQueue, new_pipe};

use crate::util::{Loop, SENDER, pattern, quiet};

#[test]
fn fill_fills_the_pipe() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    let data = pattern(16 << 20);
    let n = sender.fill(&data).unwrap();
    assert_eq!(receiver.available().unwrap(), n);
    assert!(n < data.len());
    assert_eq!(sender.fill(&data[n..]).unwrap(), 0);
    let mut received = Vec::new();
    assert_eq!(
        receiver.drain(&mut received, usize::MAX).unwrap(),
        Drained::Empty
    );
    assert_eq!(received, data[..n]);
}

#[test]
fn fill_without_a_receiver_is_epipe() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    drop(receiver);
    let err = sender.fill(b"x").unwrap_err();
    assert_eq!(
        err.raw_os_error(),
        Some(rustix::io::Errno::PIPE.raw_os_error())
    );
}

#[test]
fn drain_holds_no_more_memory_than_its_limit() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    let n = sender.fill(&pattern(1 << 20)).unwrap();
    assert!(n > 50_000, "{n}");
    for limit in [1, 100, 8192, 10_000, 20_000] {
        let mut buf = Vec::new();
        let peak = allocation_counter::measure(|| {
            assert_eq!(receiver.drain(&mut buf, limit).unwrap(), Drained::Limit);
        });
        assert_eq!(buf.len(), limit);
        // What a growing vector copies from and to is alive at the same time for a moment.
        assert!(buf.capacity() <= limit, "{} for {limit}", buf.capacity());
        assert!(peak.bytes_max <= 2 * limit as u64, "{peak:?} for {limit}");
    }
}

#[test]
fn drain_into_a_buffer_with_room_allocates_nothing() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    sender.fill(&pattern(10_000)).unwrap();
    let mut buf = Vec::with_capacity(64 * 1024);
    let allocations = allocation_counter::measure(|| {
        assert_eq!(receiver.drain(&mut buf, 1 << 20).unwrap(), Drained::Empty);
    });
    assert_eq!(allocations.count_total, 0);
    assert_eq!(buf, pattern(10_000));
}

#[test]
fn queue_gives_its_memory_back_after_a_burst() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    let mut queue = SendQueue::new();
    let mut received = Vec::with_capacity(1 << 20);
    let left = allocation_counter::measure(|| {
        for _ in 0..5000 {
            queue.send(&sender, &[7; 1000]).unwrap();
        }
        assert!(queue.pending() > 4_000_000 && queue.is_blocked());
        while !queue.flush(&sender).unwrap() {
            received.clear();
            assert_eq!(
                receiver.drain(&mut received, 1 << 20).unwrap(),
                Drained::Empty
            );
        }
    });
    assert!(left.bytes_max > 4_000_000, "{left:?}");
    assert!(left.bytes_current <= 64 * 1024, "{left:?}");
}

#[test]
fn a_queue_behind_a_slow_reader_keeps_order() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    let mut queue = SendQueue::new();
    let (mut received, mut expected) = (Vec::new(), Vec::new());
    for round in 0..2000_usize {
        let message = pattern(round % 3000);
        expected.extend_from_slice(&message);
        queue.send(&sender, &message).unwrap();
        if round % 3 == 0 {
            let _ = receiver.drain(&mut received, 2000).unwrap();
            queue.flush(&sender).unwrap();
        }
    }
    while !queue.flush(&sender).unwrap() {
        let _ = receiver.drain(&mut received, 5000).unwrap();
    }
    drop(sender);
    assert_eq!(
        receiver.drain(&mut received, usize::MAX).unwrap(),
        Drained::Closed
    );
    assert_eq!(received, expected);
}

#[test]
fn short_fill_is_followed_by_a_writable_event() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    events.wait_for(SENDER, |event| event.is_writable());
    let chunk = pattern(300_000);
    for _ in 0..10 {
        let mut sent = 0;
        loop {
            match sender.fill(&chunk).unwrap() {
                0 => break,
                n => sent += n,
            }
        }
        events.read_exact(&receiver, sent);
        events.wait_for(SENDER, |event| event.is_writable());
    }
}
