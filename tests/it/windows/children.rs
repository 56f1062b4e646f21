//! What the parent learns of children without asking.

use std::process::Stdio;

use mio_pipe::{Receiver, Sender, child};

use crate::util::{Loop, RECEIVER, SENDER, Start, cat};

#[test]
fn idle_sender_learns_that_the_child_exited() {
    let (mut sender, stdin) = child::stdin().unwrap();
    let mut child = cat().arg("--exit").stdin(stdin).start().unwrap();
    let mut events = Loop::new();
    events.writable(&mut sender, SENDER);
    // mio knows no better flag for it.
    events.wait_for(SENDER, |event| event.is_readable());
    assert!(sender.is_receiver_dropped().unwrap());
    assert!(child.wait().unwrap().success());
}

#[test]
fn pipes_of_std_can_be_asked() {
    let mut child = cat()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .start()
        .unwrap();
    let sender = Sender::from(child.stdin.take().unwrap());
    let receiver = Receiver::from(child.stdout.take().unwrap());
    assert!(!sender.is_receiver_dropped().unwrap());
    assert!(!receiver.is_sender_dropped().unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(sender.is_receiver_dropped().unwrap());
    assert!(receiver.is_sender_dropped().unwrap());
}

#[test]
fn child_whose_output_is_not_wanted_is_told_so() {
    let mut child = cat()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .start()
        .unwrap();
    let mut sender = Sender::from(child.stdin.take().unwrap());
    let mut receiver = Receiver::from(child.stdout.take().unwrap());
    let mut events = Loop::new();
    events.writable(&mut sender, SENDER);
    events.readable(&mut receiver, RECEIVER);
    drop(receiver);
    // The loop closes it.
    events.poll_now();
    events.write_all(&sender, b"for nobody");
    drop(sender);
    while child.try_wait().unwrap().is_none() {
        events.poll(std::time::Duration::from_millis(1));
    }
    assert!(!child.wait().unwrap().success());
}
