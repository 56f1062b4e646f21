//! Clones, and closing without an event loop.

use std::io::{ErrorKind, Read, Write};
use std::thread;

use mio_pipe::new_pipe;
use rustix::io::Errno;

use crate::util::{Loop, RECEIVER, SENDER, assert_error, assert_would_block, pattern, quiet};

#[test]
fn eof_and_broken_pipe_come_at_once_and_stay() {
    let _quiet = quiet();
    let (mut sender, mut receiver) = new_pipe().unwrap();
    sender.write_all(b"left").unwrap();
    drop(sender);
    assert_eq!(receiver.read(&mut [0; 16]).unwrap(), 4);
    for _ in 0..3 {
        assert_eq!(receiver.read(&mut [0; 16]).unwrap(), 0);
    }

    let (mut sender, receiver) = new_pipe().unwrap();
    drop(receiver);
    for _ in 0..3 {
        let err = sender.write(b"x").unwrap_err();
        assert_eq!(err.kind(), ErrorKind::BrokenPipe);
        assert_eq!(err.raw_os_error(), Some(Errno::PIPE.raw_os_error()));
    }
}

#[test]
fn pipe_stays_open_until_the_last_sender_goes() {
    let _quiet = quiet();
    let (sender, mut receiver) = new_pipe().unwrap();
    let mut senders = vec![sender];
    for _ in 0..3 {
        senders.push(senders[0].try_clone().unwrap());
    }
    while let Some(sender) = senders.pop() {
        assert_would_block(receiver.read(&mut [0; 1]));
        assert!(!receiver.is_sender_dropped().unwrap());
        drop(sender);
    }
    assert_eq!(receiver.read(&mut [0; 1]).unwrap(), 0);
    assert!(receiver.is_sender_dropped().unwrap());
}

#[test]
fn pipe_stays_open_until_the_last_receiver_goes() {
    let _quiet = quiet();
    let (mut sender, receiver) = new_pipe().unwrap();
    let clone = receiver.try_clone().unwrap();
    drop(receiver);
    assert_eq!(sender.write(b"x").unwrap(), 1);
    assert!(!sender.is_receiver_dropped().unwrap());
    drop(clone);
    assert_error(sender.write(b"x"), ErrorKind::BrokenPipe);
}

#[test]
fn clones_are_close_on_exec_and_share_the_mode() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    let clone = receiver.try_clone().unwrap();
    let flags = rustix::io::fcntl_getfd(&clone).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    receiver.set_nonblocking(false).unwrap();
    let mode = rustix::fs::fcntl_getfl(&clone).unwrap();
    assert!(!mode.contains(rustix::fs::OFlags::NONBLOCK));
    drop(sender);
}

#[test]
fn a_clone_can_be_registered_on_its_own() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let (mut sender, receiver) = new_pipe().unwrap();
    let mut clone = receiver.try_clone().unwrap();
    drop(receiver);
    events.readable(&mut clone, RECEIVER);
    events.writable(&mut sender, SENDER);
    events.write_all(&sender, b"x");
    events.wait_for(RECEIVER, |event| event.is_readable());
    events.poll.registry().deregister(&mut clone).unwrap();
}

#[test]
fn asking_does_not_mistake_data_for_the_end() {
    let _quiet = quiet();
    let (mut sender, receiver) = new_pipe().unwrap();
    while sender.write(&[0; 4096]).is_ok() {}
    assert!(!sender.is_receiver_dropped().unwrap());
    assert!(!receiver.is_sender_dropped().unwrap());
    drop(receiver);
    assert!(sender.is_receiver_dropped().unwrap());
}

#[test]
fn data_from_another_thread_arrives_before_its_drop() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let (mut sender, mut receiver) = mio_pipe::new_pipe().unwrap();
    events.readable(&mut receiver, RECEIVER);
    let data = pattern(1 << 20);
    let received = thread::scope(|scope| {
        let data = &data;
        scope.spawn(move || {
            let mut events = Loop::new();
            events.writable(&mut sender, SENDER);
            events.write_all(&sender, data);
        });
        events.read_to_end(&receiver)
    });
    assert_eq!(received, data);
}
