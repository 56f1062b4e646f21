//! Handles: how many, whose, and how large the pipe behind them is.

use std::io::Write;
use std::os::windows::io::AsHandle;
use std::process::Stdio;

use mio::Token;
use mio_pipe::{Builder, new_pipe};

use super::util::{handle_count, inbound_size, is_inheritable};
use crate::util::{Loop, RECEIVER, SENDER, Start, cat, in_own_process};

#[test]
fn no_handle_is_inheritable() {
    let (sender, receiver) = new_pipe().unwrap();
    let (stdin_sender, _stdin) = mio_pipe::child::stdin().unwrap();
    let (_stdout, stdout_receiver) = mio_pipe::child::output().unwrap();
    for handle in [
        sender.as_handle(),
        receiver.as_handle(),
        stdin_sender.as_handle(),
        stdout_receiver.as_handle(),
    ] {
        assert!(!is_inheritable(handle));
    }
}

/// A child that had inherited a Sender, or the end that is meant for another child, would keep the
/// Receiver from ever reading EOF.
#[test]
fn no_handle_is_inherited_by_a_child() {
    let mut events = Loop::new();
    let (sender, mut receiver) = new_pipe().unwrap();
    let (stdout, mut stdout_receiver) = mio_pipe::child::output().unwrap();
    events.readable(&mut receiver, RECEIVER);
    events.readable(&mut stdout_receiver, Token(10));

    let mut bystander = cat()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .start()
        .unwrap();
    drop((sender, stdout));
    assert_eq!(events.read_to_end(&receiver), b"");
    assert_eq!(events.read_to_end(&stdout_receiver), b"");
    assert!(bystander.try_wait().unwrap().is_none());
    drop(bystander.stdin.take());
    assert!(bystander.wait().unwrap().success());
}

#[test]
fn ten_thousand_pipes_leave_the_handle_count_flat() {
    in_own_process(
        "windows::creation::ten_thousand_pipes_leave_the_handle_count_flat",
        || {
            let mut events = Loop::new();
            let mut cycle = |n: usize| {
                for i in 0..n {
                    let (mut sender, mut receiver) = new_pipe().unwrap();
                    match i % 4 {
                        0 => {}
                        1 => events.readable(&mut receiver, RECEIVER),
                        2 => events.writable(&mut sender, SENDER),
                        _ => {
                            events.readable(&mut receiver, RECEIVER);
                            events.writable(&mut sender, SENDER);
                            assert_eq!(sender.write(b"x").unwrap(), 1);
                        }
                    }
                    drop(sender);
                    drop(receiver);
                    events.poll_now();
                }
                while !events.poll_now().is_empty() {}
            };
            cycle(100);
            let before = handle_count();
            cycle(10_000);
            assert_eq!(handle_count(), before);
        },
    );
}

#[test]
fn a_thousand_pipes_work_at_once() {
    let mut events = Loop::new();
    let mut pipes = Vec::new();
    for i in 0..1000 {
        let (mut sender, mut receiver) = new_pipe().unwrap();
        events.writable(&mut sender, Token(2 * i));
        events.readable(&mut receiver, Token(2 * i + 1));
        pipes.push((sender, receiver));
    }
    for (i, (sender, _)) in pipes.iter().enumerate() {
        events.write_all(sender, &i.to_le_bytes());
    }
    for (i, (_, receiver)) in pipes.iter().enumerate() {
        assert_eq!(events.read_exact(receiver, 8), i.to_le_bytes());
    }
    for (sender, receiver) in pipes {
        drop(sender);
        assert_eq!(events.read_to_end(&receiver), b"");
    }
}

#[test]
fn capacity_is_what_was_asked_for() {
    let (_sender, receiver) = new_pipe().unwrap();
    assert_eq!(inbound_size(receiver.as_handle()), 64 * 1024);
    let (_sender, receiver) = Builder::new().capacity(256 * 1024).new_pipe().unwrap();
    assert_eq!(inbound_size(receiver.as_handle()), 256 * 1024);
}

#[test]
fn a_write_takes_no_more_than_the_capacity() {
    for (capacity, taken) in [(4096, 64 * 1024), (256 * 1024, 256 * 1024)] {
        let mut events = Loop::new();
        let (mut sender, _receiver) = Builder::new().capacity(capacity).new_pipe().unwrap();
        events.writable(&mut sender, SENDER);
        events.wait_for(SENDER, |event| event.is_writable());
        assert_eq!(sender.write(&vec![0; 1 << 20]).unwrap(), taken);
    }
}
