//! `fill`, `drain` and `SendQueue`: large amounts and small messages, on every platform.

use std::io::ErrorKind;

use mio_pipe::{Drained, Receiver, SendQueue, Sender};

use crate::util::{Loop, RECEIVER, SENDER, pattern, quiet};

/// Fills and drains in turns until everything came through and the end was seen.
#[track_caller]
fn pump(events: &mut Loop, sender: Sender, receiver: &Receiver, data: &[u8]) -> Vec<u8> {
    let (mut sender, mut sent, mut received) = (Some(sender), 0, Vec::new());
    events.run(|| {
        if let Some(open) = &sender {
            sent += open.fill(&data[sent..])?;
            if sent == data.len() {
                sender = None;
            }
        }
        match receiver.drain(&mut received, 1 << 20)? {
            Drained::Closed => Ok(Some(())),
            Drained::Limit => Ok(None),
            Drained::Empty => Err(ErrorKind::WouldBlock.into()),
        }
    });
    received
}

#[test]
fn fill_and_drain_move_everything_once_and_in_order() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    let data = pattern(8 << 20);
    assert_eq!(pump(&mut events, sender, &receiver, &data), data);
}

#[test]
fn fill_of_nothing_is_nothing() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    events.wait_for(SENDER, |event| event.is_writable());
    assert_eq!(sender.fill(b"").unwrap(), 0);
    drop(sender);
    assert_eq!(events.read_to_end(&receiver), b"");
}

#[test]
fn drain_respects_its_limit_and_appends() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    let data = pattern(1000);
    events.write_all(&sender, &data);
    events.wait_for(RECEIVER, |event| event.is_readable());
    let mut buf = b"kept".to_vec();
    assert_eq!(receiver.drain(&mut buf, 0).unwrap(), Drained::Limit);
    assert_eq!(receiver.drain(&mut buf, 10).unwrap(), Drained::Limit);
    assert_eq!(buf.len(), 14);
    assert_eq!(receiver.drain(&mut buf, 989).unwrap(), Drained::Limit);
    assert_eq!(receiver.drain(&mut buf, 1).unwrap(), Drained::Limit);
    assert_eq!(&buf[..4], b"kept");
    assert_eq!(buf[4..], data);
    assert_eq!(receiver.drain(&mut buf, 1).unwrap(), Drained::Empty);
}

#[test]
fn drain_says_empty_then_closed() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    let mut buf = Vec::new();
    assert_eq!(receiver.drain(&mut buf, 10).unwrap(), Drained::Empty);
    drop(sender);
    events.run(|| match receiver.drain(&mut buf, 10)? {
        Drained::Closed => Ok(Some(())),
        _ => Err(ErrorKind::WouldBlock.into()),
    });
    assert_eq!(receiver.drain(&mut buf, 10).unwrap(), Drained::Closed);
    assert!(buf.is_empty());
}

#[test]
fn an_event_follows_each_empty_drain() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    let mut buf = Vec::new();
    for round in 0..500_u32 {
        events.write_all(&sender, &round.to_ne_bytes());
        let event = events.wait_for(RECEIVER, |event| event.is_readable());
        buf.clear();
        // Spurious events are legal: drain until this round's bytes are there.
        let mut drained = receiver.drain_event(&event, &mut buf, 4096).unwrap();
        while buf.len() < 4 {
            assert_eq!(drained, Drained::Empty);
            let event = events.wait_for(RECEIVER, |event| event.is_readable());
            drained = receiver.drain_event(&event, &mut buf, 4096).unwrap();
        }
        assert_eq!(drained, Drained::Empty);
        assert_eq!(buf, round.to_ne_bytes());
    }
}

/// The end came before the event: nothing else would say so.
#[test]
fn drain_event_sees_the_end_that_came_with_the_last_bytes() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    events.write_all(&sender, b"last");
    drop(sender);
    let mut buf = Vec::new();
    events.run_events(|event| {
        event.token() == RECEIVER
            && receiver.drain_event(event, &mut buf, 4096).unwrap() == Drained::Closed
    });
    assert_eq!(buf, b"last");
}

#[test]
fn messages_arrive_whole_and_in_order_through_a_queue() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    let mut queue = SendQueue::new();
    let mut expected = Vec::new();
    for i in 0..20_000 {
        let message = pattern(1 + i % 97);
        expected.extend_from_slice(&message);
        queue.send(&sender, &message).unwrap();
    }
    let mut received = Vec::new();
    let mut sender = Some(sender);
    events.run(|| {
        if let Some(open) = &sender {
            if queue.flush(open)? {
                sender = None;
            }
        }
        match receiver.drain(&mut received, usize::MAX)? {
            Drained::Closed => Ok(Some(())),
            _ => Err(ErrorKind::WouldBlock.into()),
        }
    });
    assert_eq!(received, expected);
}

/// A slow reader, sends of random sizes and reads of random sizes: compared byte for byte.
#[test]
fn random_partial_writes_lose_and_repeat_nothing() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    let data = pattern(4 << 20);
    let sizes: Vec<usize> = pattern(8192)
        .chunks(2)
        .map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])))
        .collect();
    let mut sizes = sizes.iter().copied().cycle();
    let mut next = move || sizes.next().unwrap_or(1);

    let mut queue = SendQueue::new();
    let (mut sent, mut received) = (0, Vec::new());
    let mut sender = Some(sender);
    events.run(|| {
        if let Some(open) = &sender {
            while sent < data.len() && queue.pending() < 256 * 1024 {
                let len = next().min(data.len() - sent);
                match len % 3 {
                    0 => queue.push(&data[sent..][..len]),
                    _ => queue.send(open, &data[sent..][..len])?,
                }
                sent += len;
            }
            if queue.flush(open)? && sent == data.len() {
                sender = None;
            }
        }
        match receiver.drain(&mut received, next())? {
            Drained::Closed => Ok(Some(())),
            Drained::Limit => Ok(None),
            Drained::Empty => Err(ErrorKind::WouldBlock.into()),
        }
    });
    assert_eq!(received, data);
}

#[test]
fn queue_keeps_what_a_broken_pipe_did_not_take() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    events.wait_for(SENDER, |event| event.is_writable());
    drop(receiver);
    let mut queue = SendQueue::new();
    queue.push(b"first ");
    // Until the error shows, what was written is gone with the pipe; what follows is kept.
    let err = loop {
        match sender.fill(b"x") {
            Ok(_) => events.poll(std::time::Duration::from_millis(1)),
            Err(err) => break err,
        };
    };
    assert_eq!(err.kind(), ErrorKind::BrokenPipe);
    assert_eq!(
        queue.flush(&sender).unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
    let large = pattern(100_000);
    assert_eq!(
        queue.send(&sender, &large).unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
    assert_eq!(
        queue.flush(&sender).unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
    assert_eq!(queue.into_pending(), [b"first ", large.as_slice()].concat());

    let mut queue = SendQueue::new();
    assert_eq!(
        queue.send(&sender, &large).unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
    assert_eq!(queue.into_pending(), large);
}

#[test]
fn empty_queue_needs_no_writable_interest() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let (mut sender, mut receiver) = mio_pipe::new_pipe().unwrap();
    events.writable(&mut sender, SENDER);
    events.readable(&mut receiver, RECEIVER);
    events.wait_for(SENDER, |event| event.is_writable());
    let mut queue = SendQueue::new();
    queue.send(&sender, b"small").unwrap();
    assert!(!queue.is_blocked());
    assert_eq!(queue.pending(), 5);
    assert!(queue.flush(&sender).unwrap());
    assert!(queue.flush(&sender).unwrap());
    assert_eq!((queue.pending(), queue.is_blocked()), (0, false));
    assert_eq!(events.read_exact(&receiver, 5), b"small");
}

#[test]
fn short_fill_can_go_on_once_emptied() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    let data = pattern(300_000);
    for _ in 0..10 {
        let sent = events.run(|| match sender.fill(&data)? {
            0 => Err(ErrorKind::WouldBlock.into()),
            n => Ok(Some(n)),
        });
        assert_eq!(events.read_exact(&receiver, sent), data[..sent]);
    }
}
