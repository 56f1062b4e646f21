//! Own stdio, opened anew: what is shared with others keeps its mode.

use std::io::{Read, Write};

use mio_pipe::new_pipe;
use mio_pipe::os::unix::stdio;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::unix::stdio::{
    assert_passes, assert_refused, child, is_child, is_nonblocking, spawn, wait_for_word,
};
use crate::util::{Loop, RECEIVER, assert_would_block};

#[test]
fn stdin_of_a_sibling_stays_blocking() {
    let name = "linux::stdio::stdin_of_a_sibling_stays_blocking";
    if is_child(name) {
        let mut events = Loop::new();
        let mut stdin = stdio::stdin().unwrap();
        assert!(!stdin.shares_mode());
        events.readable(&mut stdin, RECEIVER);
        assert_would_block(stdin.read(&mut [0; 16]));
        eprintln!("ready");
        assert_eq!(events.read_to_end(&stdin), b"data");
        // A Receiver like any other.
        let mut receiver = stdin.into_end().unwrap();
        assert_eq!(receiver.read(&mut [0; 16]).unwrap(), 0);
        return;
    }
    let (mut sender, receiver) = new_pipe().unwrap();
    let stdin = receiver.into_blocking_fd().unwrap();
    let sibling = stdin.try_clone().unwrap();
    let mut command = child(name);
    command.stdin(stdin);
    let mut child = spawn(command);
    wait_for_word(&mut child, "ready");
    assert!(!is_nonblocking(&sibling));
    sender.write_all(b"data").unwrap();
    drop(sender);
    assert_passes(child);
}

#[test]
fn stdout_of_a_sibling_stays_blocking() {
    let name = "linux::stdio::stdout_of_a_sibling_stays_blocking";
    if is_child(name) {
        let mut stdout = stdio::stdout().unwrap();
        assert!(!stdout.shares_mode());
        while stdout.write(&[b'x'; 4096]).is_ok() {}
        assert_would_block(stdout.write(b"x"));
        eprintln!("full");
        return;
    }
    let (sender, mut receiver) = new_pipe().unwrap();
    let stdout = sender.into_blocking_fd().unwrap();
    let sibling = stdout.try_clone().unwrap();
    let mut command = child(name);
    command.stdout(stdout);
    let mut child = spawn(command);
    wait_for_word(&mut child, "full");
    assert!(!is_nonblocking(&sibling));
    drop(sibling);
    // The child's test harness has its result to write, and waits for space.
    let mut events = Loop::new();
    events.readable(&mut receiver, RECEIVER);
    let text = events.read_to_end(&receiver);
    assert!(text.contains(&b'x'));
    assert_passes(child);
}

#[test]
fn stdin_that_is_a_terminal_is_refused() {
    let name = "linux::stdio::stdin_that_is_a_terminal_is_refused";
    if is_child(name) {
        return assert_refused("a terminal");
    }
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let path = ptsname(&terminal, Vec::new()).unwrap().into_string();
    let mut command = child(name);
    command.stdin(std::fs::File::open(path.unwrap()).unwrap());
    let child = spawn(command);
    assert_passes(child);
}
