//! System calls on pipes that no event loop knows of.

use std::io::{IoSlice, Read, Write};
use std::os::fd::{FromRawFd, IntoRawFd};
use std::sync::Barrier;

use mio_pipe::{Receiver, Sender, new_pipe};
use rustix::io::Errno;

use crate::util::{Loop, RECEIVER, assert_would_block, pattern, quiet};

#[test]
fn write_is_short_when_the_pipe_fills_up_then_would_block() {
    let _quiet = quiet();
    let (mut sender, mut receiver) = new_pipe().unwrap();
    let data = pattern(16 << 20);
    let n = sender.write(&data).unwrap();
    assert!(n > 0 && n < data.len(), "{n}");
    assert_would_block(sender.write(b"x"));
    assert_would_block(sender.write_vectored(&[IoSlice::new(b"x")]));
    assert_eq!(receiver.available().unwrap(), n);
    let mut received = vec![0; n];
    receiver.read_exact(&mut received).unwrap();
    assert_eq!(received, data[..n]);
    assert_would_block(receiver.read(&mut [0; 1]));
}

#[test]
fn available_is_exact() {
    let _quiet = quiet();
    let (mut sender, mut receiver) = new_pipe().unwrap();
    assert_eq!(receiver.available().unwrap(), 0);
    let mut expected = 0;
    for len in [1, 2, 511, 512, 513, 4095, 4096, 1] {
        sender.write_all(&vec![1; len]).unwrap();
        expected += len;
        assert_eq!(receiver.available().unwrap(), expected);
    }
    receiver.read_exact(&mut [0; 100]).unwrap();
    assert_eq!(receiver.available().unwrap(), expected - 100);
    drop(sender);
    assert_eq!(receiver.available().unwrap(), expected - 100);
}

#[test]
fn the_wrong_end_is_ebadf() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    // SAFETY: both descriptors are open and were just given away by their owners.
    let (mut receiver, mut sender) = unsafe {
        (
            Receiver::from_raw_fd(sender.into_raw_fd()),
            Sender::from_raw_fd(receiver.into_raw_fd()),
        )
    };
    let err = sender.write(b"x").unwrap_err();
    assert_eq!(err.raw_os_error(), Some(Errno::BADF.raw_os_error()));
    let err = receiver.read(&mut [0; 1]).unwrap_err();
    assert_eq!(err.raw_os_error(), Some(Errno::BADF.raw_os_error()));
}

/// POSIX: a write of at most PIPE_BUF (at least 512) bytes is whole, whoever else writes.
#[test]
fn records_of_many_writers_are_never_torn() {
    const WRITERS: usize = 8;
    const RECORDS: usize = 2000;
    const LEN: usize = 512;

    let (sender, mut receiver) = new_pipe().unwrap();
    let senders: Vec<_> = (0..WRITERS).map(|_| sender.try_clone().unwrap()).collect();
    drop(sender);
    let mut events = Loop::new();
    events.readable(&mut receiver, RECEIVER);
    let barrier = Barrier::new(WRITERS);
    let received = std::thread::scope(|scope| {
        for (writer, mut sender) in senders.into_iter().enumerate() {
            let barrier = &barrier;
            scope.spawn(move || {
                sender.set_nonblocking(false).unwrap();
                barrier.wait();
                for record in 0..RECORDS {
                    let mut bytes = [writer as u8; LEN];
                    bytes[1..3].copy_from_slice(&(record as u16).to_ne_bytes());
                    assert_eq!(sender.write(&bytes).unwrap(), LEN);
                }
            });
        }
        events.read_to_end(&receiver)
    });
    assert_eq!(received.len(), WRITERS * RECORDS * LEN);
    let mut next = [0; WRITERS];
    for record in received.chunks(LEN) {
        let writer = record[0] as usize;
        assert!(
            record[3..].iter().all(|&byte| byte == record[0]),
            "torn: {record:?}"
        );
        assert_eq!(u16::from_ne_bytes([record[1], record[2]]), next[writer]);
        next[writer] += 1;
    }
}

#[test]
fn try_io_returns_what_the_operation_returned() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    assert_eq!(
        sender
            .try_io(|| Ok(rustix::io::write(&sender, b"abc")?))
            .unwrap(),
        3
    );
    let mut buf = [0; 8];
    assert_eq!(
        receiver
            .try_io(|| Ok(rustix::io::read(&receiver, &mut buf)?))
            .unwrap(),
        3
    );
    assert_would_block(receiver.try_io(|| Ok(rustix::io::read(&receiver, &mut buf)?)));
}

#[test]
fn would_block_inside_try_io_is_followed_by_an_event() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    for _ in 0..3 {
        let mut buf = [0; 8];
        assert_would_block(receiver.try_io(|| Ok(rustix::io::read(&receiver, &mut buf)?)));
        events.write_all(&sender, b"x");
        events.wait_for(RECEIVER, |event| event.is_readable());
        assert_eq!(
            receiver
                .try_io(|| Ok(rustix::io::read(&receiver, &mut buf)?))
                .unwrap(),
            1
        );
    }
}
