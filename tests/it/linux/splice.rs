//! splice and tee: the bytes, the end, and which side would block.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::process::Command;

use mio_pipe::os::linux::{Moved, Side};
use mio_pipe::{Receiver, Sender, new_pipe};

use super::util::contents;
use crate::util::{Loop, RECEIVER, SENDER, Start, assert_error, pattern, quiet};

const INPUT: Moved = Moved::WouldBlock(Side::Input);
const OUTPUT: Moved = Moved::WouldBlock(Side::Output);
const MANY: usize = 1 << 20;

fn filled(data: &[u8]) -> (Sender, Receiver) {
    let (mut sender, receiver) = new_pipe().unwrap();
    sender.write_all(data).unwrap();
    (sender, receiver)
}

fn full() -> (Sender, Receiver) {
    let (mut sender, receiver) = new_pipe().unwrap();
    while sender.write(&[0; 4096]).is_ok() {}
    (sender, receiver)
}

#[test]
fn pipe_to_file_and_file_to_pipe() {
    let _quiet = quiet();
    let data = pattern(50_000);
    let (sender, receiver) = filled(&data);
    let mut file = tempfile::tempfile().unwrap();
    let mut moved = 0;
    while moved < data.len() {
        match receiver.splice_to(&file, MANY).unwrap() {
            Moved::Bytes(n) => moved += n,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(receiver.splice_to(&file, MANY).unwrap(), INPUT);
    drop(sender);
    assert_eq!(receiver.splice_to(&file, MANY).unwrap(), Moved::Eof);

    file.rewind().unwrap();
    let (sender, receiver) = new_pipe().unwrap();
    let mut moved = 0;
    while let Moved::Bytes(n) = sender.splice_from(&file, MANY).unwrap() {
        moved += n;
    }
    assert_eq!(moved, data.len());
    assert_eq!(sender.splice_from(&file, MANY).unwrap(), Moved::Eof);
    assert_eq!(contents(&receiver), data);
}

#[test]
fn file_into_a_full_pipe_waits_for_the_output() {
    let _quiet = quiet();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"more").unwrap();
    file.rewind().unwrap();
    let (sender, _receiver) = full();
    assert_eq!(sender.splice_from(&file, MANY).unwrap(), OUTPUT);
    assert_eq!(file.stream_position().unwrap(), 0);
}

#[test]
fn pipe_to_null_and_the_length_is_respected() {
    let _quiet = quiet();
    let (_sender, receiver) = filled(&pattern(10_000));
    let null = File::create("/dev/null").unwrap();
    assert_eq!(receiver.splice_to(&null, 0).unwrap(), Moved::Bytes(0));
    assert_eq!(receiver.splice_to(&null, 1).unwrap(), Moved::Bytes(1));
    assert_eq!(receiver.splice_to(&null, 4000).unwrap(), Moved::Bytes(4000));
    assert_eq!(receiver.available().unwrap(), 5999);
}

#[test]
fn pipe_and_socket_both_ways_with_each_side_blocking() {
    let _quiet = quiet();
    let (near, mut far) = UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    let data = pattern(30_000);

    // Out: an empty pipe, then bytes, then a socket that is full.
    let (mut sender, receiver) = new_pipe().unwrap();
    assert_eq!(receiver.splice_to(&near, MANY).unwrap(), INPUT);
    sender.write_all(&data).unwrap();
    let mut sent = 0;
    while let Moved::Bytes(n) = receiver.splice_to(&near, MANY).unwrap() {
        sent += n;
    }
    assert_eq!(sent, data.len());
    let mut received = vec![0; sent];
    far.read_exact(&mut received).unwrap();
    assert_eq!(received, data);
    let blocked = loop {
        sender.write_all(b"x").unwrap();
        match receiver.splice_to(&near, MANY).unwrap() {
            Moved::Bytes(_) => {}
            blocked => break blocked,
        }
    };
    assert_eq!(blocked, OUTPUT);

    // In: an empty socket, then bytes, a full pipe, and the end.
    let (near, mut far) = UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    let (sender, receiver) = new_pipe().unwrap();
    assert_eq!(sender.splice_from(&near, MANY).unwrap(), INPUT);
    far.write_all(b"hello").unwrap();
    assert_eq!(sender.splice_from(&near, MANY).unwrap(), Moved::Bytes(5));
    assert_eq!(contents(&receiver), b"hello");
    let (sender, _receiver) = full();
    far.write_all(b"hello").unwrap();
    assert_eq!(sender.splice_from(&near, MANY).unwrap(), OUTPUT);
    let (sender, receiver) = new_pipe().unwrap();
    drop(far);
    assert_eq!(sender.splice_from(&near, MANY).unwrap(), Moved::Bytes(5));
    assert_eq!(sender.splice_from(&near, MANY).unwrap(), Moved::Eof);
    assert_eq!(contents(&receiver), b"hello");
}

#[test]
fn pipe_to_pipe_with_each_side_blocking() {
    let _quiet = quiet();
    let (from_sender, from) = new_pipe().unwrap();
    let (to, to_receiver) = new_pipe().unwrap();
    assert_eq!(from.splice_to(&to, MANY).unwrap(), INPUT);
    assert_eq!(to.splice_from(&from, MANY).unwrap(), INPUT);

    (&from_sender).write_all(b"one").unwrap();
    assert_eq!(from.splice_to(&to, MANY).unwrap(), Moved::Bytes(3));
    (&from_sender).write_all(b"two").unwrap();
    assert_eq!(to.splice_from(&from, MANY).unwrap(), Moved::Bytes(3));
    assert_eq!(contents(&to_receiver), b"onetwo");

    let (to, to_receiver) = full();
    (&from_sender).write_all(b"kept").unwrap();
    assert_eq!(from.splice_to(&to, MANY).unwrap(), OUTPUT);
    assert_eq!(to.splice_from(&from, MANY).unwrap(), OUTPUT);
    assert_eq!(contents(&from), b"kept");

    drop(from_sender);
    contents(&to_receiver);
    assert_eq!(from.splice_to(&to, MANY).unwrap(), Moved::Eof);
    assert_eq!(to.splice_from(&from, MANY).unwrap(), Moved::Eof);
}

#[test]
fn fifo_both_ways() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .captured()
            .unwrap()
            .status
            .success()
    );
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let fifo = File::options()
        .read(true)
        .write(true)
        .custom_flags(nonblocking)
        .open(&path)
        .unwrap();

    let (_sender, receiver) = filled(b"through a fifo");
    assert_eq!(receiver.splice_to(&fifo, MANY).unwrap(), Moved::Bytes(14));
    let (sender, receiver) = new_pipe().unwrap();
    assert_eq!(sender.splice_from(&fifo, MANY).unwrap(), Moved::Bytes(14));
    assert_eq!(contents(&receiver), b"through a fifo");
    assert_eq!(sender.splice_from(&fifo, MANY).unwrap(), INPUT);
}

#[test]
fn tee_copies_and_leaves_everything_in_place() {
    let _quiet = quiet();
    let data = pattern(20_000);
    let (sender, receiver) = filled(&data);
    let (copy, copied) = new_pipe().unwrap();
    assert_eq!(
        receiver.tee_to(&copy, MANY).unwrap(),
        Moved::Bytes(data.len())
    );
    assert_eq!(contents(&copied), data);
    assert_eq!(contents(&receiver), data);

    assert_eq!(receiver.tee_to(&copy, MANY).unwrap(), INPUT);
    (&sender).write_all(b"x").unwrap();
    let (copy, copied) = full();
    assert_eq!(receiver.tee_to(&copy, MANY).unwrap(), OUTPUT);
    contents(&receiver);
    drop(sender);
    contents(&copied);
    assert_eq!(receiver.tee_to(&copy, MANY).unwrap(), Moved::Eof);
}

/// The kernel says EAGAIN here although the input has ended: whoever then waited for the input
/// would wait forever.
#[test]
fn the_end_of_the_input_waits_for_a_full_output() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    drop(sender);
    let (to, to_receiver) = full();
    assert_eq!(receiver.splice_to(&to, MANY).unwrap(), OUTPUT);
    assert_eq!(receiver.tee_to(&to, MANY).unwrap(), OUTPUT);
    assert_eq!(to.splice_from(&receiver, MANY).unwrap(), OUTPUT);
    contents(&to_receiver);
    assert_eq!(receiver.splice_to(&to, MANY).unwrap(), Moved::Eof);
    assert_eq!(receiver.tee_to(&to, MANY).unwrap(), Moved::Eof);
    assert_eq!(to.splice_from(&receiver, MANY).unwrap(), Moved::Eof);
}

#[test]
fn a_closed_output_is_a_broken_pipe_and_loses_nothing() {
    let _quiet = quiet();
    let (_sender, receiver) = filled(b"kept");
    let (to, to_receiver) = new_pipe().unwrap();
    drop(to_receiver);
    assert_error(receiver.splice_to(&to, MANY), ErrorKind::BrokenPipe);
    assert_error(receiver.tee_to(&to, MANY), ErrorKind::BrokenPipe);
    assert_eq!(contents(&receiver), b"kept");
    assert_error(
        to.splice_from(File::open("Cargo.toml").unwrap(), 10),
        ErrorKind::BrokenPipe,
    );
}

#[test]
fn what_cannot_be_spliced_is_einval() {
    let _quiet = quiet();
    let (sender, receiver) = filled(b"kept");
    let appending = tempfile::NamedTempFile::new().unwrap();
    let appending = File::options().append(true).open(appending.path()).unwrap();
    assert_error(
        receiver.splice_to(&appending, MANY),
        ErrorKind::InvalidInput,
    );
    assert_error(receiver.splice_to(&sender, MANY), ErrorKind::InvalidInput);
    assert_error(receiver.tee_to(&sender, MANY), ErrorKind::InvalidInput);
    assert_eq!(contents(&receiver), b"kept");
}

/// A megabyte through two pipes, each step waiting only for the side it was told to wait for: an
/// edge that was lost would hang, a wrong side would spin.
#[test]
fn a_relay_waits_for_the_side_it_is_told_and_never_spins() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let (mut source, mut from) = new_pipe().unwrap();
    let (mut to, mut sink) = new_pipe().unwrap();
    events.readable(&mut from, RECEIVER);
    events.writable(&mut to, SENDER);
    let data = pattern(1 << 20);
    let (mut sent, mut received) = (0, Vec::new());
    let mut calls = 0;

    while received.len() < data.len() {
        if sent < data.len() {
            // A little at a time, so that the input runs dry often.
            sent += source
                .write(&data[sent..data.len().min(sent + 10_000)])
                .unwrap();
        }
        loop {
            calls += 1;
            match from.splice_to(&to, MANY).unwrap() {
                Moved::Bytes(_) => {}
                Moved::Eof => unreachable!(),
                Moved::WouldBlock(Side::Input) => {
                    // Told to wait for input: then there is none, and no event.
                    assert_eq!(from.available().unwrap(), 0);
                    break;
                }
                Moved::WouldBlock(Side::Output) => {
                    // The output is full: emptying it brings the event that was promised.
                    to.try_io(|| Err::<(), _>(ErrorKind::WouldBlock.into()))
                        .unwrap_err();
                    let len = sink.available().unwrap();
                    assert!(len > 0);
                    let mut buf = vec![0; len];
                    sink.read_exact(&mut buf).unwrap();
                    received.extend_from_slice(&buf);
                    events.wait_for(SENDER, |event| event.is_writable());
                }
            }
        }
        let mut buf = vec![0; sink.available().unwrap()];
        sink.read_exact(&mut buf).unwrap();
        received.extend_from_slice(&buf);
    }
    assert_eq!(received, data);
    assert!(calls < 2000, "{calls} calls");
}
