//! A program that a test runs.

use std::process::{Child, Output};

use crate::util::DEADLINE;

/// Waits for a child that was started, and for everything it still has to say.
#[track_caller]
pub fn finish(mut child: Child) -> Output {
    // Not for this test to hold open: the child may wait for the end of its input.
    drop(child.stdin.take());
    let id = child.id();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(DEADLINE) {
        Ok(output) => output.unwrap(),
        Err(_) => panic!("process {id} did not end within {DEADLINE:?}"),
    }
}
