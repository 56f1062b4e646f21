//! What goes in comes out: whole, in order, once.

use std::io::{IoSlice, IoSliceMut, Read, Write};

use mio_pipe::Builder;

use crate::util::{Loop, assert_would_block, pattern};

#[test]
fn bytes_arrive_in_order() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    let data = pattern(1 << 20);
    assert_eq!(events.exchange(sender, &receiver, &data), data);
}

#[test]
fn ends_work_through_shared_references() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    let (mut sender, mut receiver) = (&sender, &receiver);
    let n = events.run(|| sender.write(b"shared").map(Some));
    assert_eq!(n, 6);
    sender.flush().unwrap();
    let mut buf = [0; 16];
    let n = events.run(|| receiver.read(&mut buf).map(Some));
    assert_eq!(&buf[..n], b"shared");
}

#[test]
fn filling_up_gives_would_block_and_loses_nothing() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    let data = pattern(10 << 20);
    let mut sent = 0;
    // A first write must go through the loop on every platform; then until it says no.
    sent += events.run(|| (&sender).write(&data[..1000]).map(Some));
    while sent < data.len() {
        match (&sender).write(&data[sent..][..1000]) {
            Ok(n) => sent += n,
            refused => {
                assert_would_block(refused);
                break;
            }
        }
    }
    assert!(sent < data.len(), "a pipe took {sent} bytes");
    assert_eq!(events.read_exact(&receiver, sent), data[..sent]);
    assert_would_block((&receiver).read(&mut [0; 1]));
}

#[test]
fn empty_pipe_gives_would_block() {
    let (_events, _sender, receiver) = Loop::with_pipe();
    assert_would_block((&receiver).read(&mut [0; 1]));
    assert_would_block((&receiver).read_vectored(&mut [IoSliceMut::new(&mut [0; 1])]));
}

#[test]
fn unregistered_receiver_gives_would_block() {
    let (_sender, mut receiver) = mio_pipe::new_pipe().unwrap();
    assert_would_block(receiver.read(&mut [0; 1]));
}

#[test]
fn vectored_io_keeps_order() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    let slices = [
        IoSlice::new(b"one"),
        IoSlice::new(b""),
        IoSlice::new(b"three"),
    ];
    let n = events.run(|| (&sender).write_vectored(&slices).map(Some));
    assert_eq!(n, 8);
    let (mut a, mut b, mut c) = ([0; 2], [0; 0], [0; 10]);
    let mut slices = [
        IoSliceMut::new(&mut a),
        IoSliceMut::new(&mut b),
        IoSliceMut::new(&mut c),
    ];
    let n = events.run(|| (&receiver).read_vectored(&mut slices).map(Some));
    assert_eq!(n, 8);
    assert_eq!((&a, &c[..6]), (b"on", &b"ethree"[..]));
}

/// More slices than one system call takes (IOV_MAX, 1024 on Linux): a short count, no error.
#[test]
fn vectored_write_takes_more_slices_than_the_os() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    let data = pattern(5000);
    let mut sent = 0;
    while sent < data.len() {
        let slices: Vec<_> = data[sent..].chunks(1).map(IoSlice::new).collect();
        sent += events.run(|| (&sender).write_vectored(&slices).map(Some));
    }
    assert_eq!(events.read_exact(&receiver, data.len()), data);
}

#[test]
fn vectored_read_takes_more_slices_than_the_os() {
    let (mut events, sender, receiver) = Loop::with_pipe();
    let data = pattern(5000);
    events.write_all(&sender, &data);
    let mut received = Vec::new();
    while received.len() < data.len() {
        let mut bytes = vec![0; 5000];
        let mut slices: Vec<_> = bytes.chunks_mut(1).map(IoSliceMut::new).collect();
        let n = events.run(|| (&receiver).read_vectored(&mut slices).map(Some));
        received.extend_from_slice(&bytes[..n]);
    }
    assert_eq!(received, data);
}

#[test]
fn builder_capacity_is_a_wish_that_loses_nothing() {
    for capacity in [1, 4096, 1 << 20, 1 << 30] {
        let mut events = Loop::new();
        let (mut sender, mut receiver) = Builder::new().capacity(capacity).new_pipe().unwrap();
        events.writable(&mut sender, crate::util::SENDER);
        events.readable(&mut receiver, crate::util::RECEIVER);
        let data = pattern(300_000);
        assert_eq!(events.exchange(sender, &receiver, &data), data);
    }
}
