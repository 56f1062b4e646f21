//! Children that are ordinary Unix programs.

use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

use mio_pipe::{Receiver, Sender, child, new_pipe};
use rustix::fs::{OFlags, fcntl_getfl};

use crate::util::{Loop, RECEIVER, SENDER, Start, pattern};

#[test]
fn converted_stdio_is_non_blocking() {
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .start()
        .unwrap();
    let sender = Sender::from(child.stdin.take().unwrap());
    let stdout = Receiver::from(child.stdout.take().unwrap());
    let stderr = Receiver::from(child.stderr.take().unwrap());
    assert!(fcntl_getfl(&sender).unwrap().contains(OFlags::NONBLOCK));
    assert!(fcntl_getfl(&stdout).unwrap().contains(OFlags::NONBLOCK));
    assert!(fcntl_getfl(&stderr).unwrap().contains(OFlags::NONBLOCK));
    drop(sender);
    assert!(child.wait().unwrap().success());
}

/// `cat` fails at once with "Resource temporarily unavailable" (EAGAIN) if its stdin is an end that
/// `mio::unix::pipe` made: that one stays non-blocking. A blocking end waits.
#[test]
fn child_survives_an_end_that_was_made_blocking() {
    let (mut sender, stdin) = new_pipe().unwrap();
    let (stdout, mut receiver) = new_pipe().unwrap();
    let mut command = Command::new("cat");
    command
        .stdin(stdin.into_blocking_fd().unwrap())
        .stdout(stdout.into_blocking_fd().unwrap());
    let mut child = command.start().unwrap();
    drop(command);
    let mut events = Loop::new();
    events.writable(&mut sender, SENDER);
    events.readable(&mut receiver, RECEIVER);
    events.write_all(&sender, b"first");
    assert_eq!(events.read_exact(&receiver, 5), b"first");
    let data = pattern(1 << 20);
    assert_eq!(events.exchange(sender, &receiver, &data), data);
    assert!(child.wait().unwrap().success());
}

/// The other half of the test above: what the conversion prevents does happen without it.
#[test]
fn child_dies_of_a_non_blocking_end() {
    let (sender, stdin) = new_pipe().unwrap();
    let output = Command::new("cat")
        .env("LC_ALL", "C")
        .stdin(std::os::fd::OwnedFd::from(stdin))
        .captured()
        .unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("temporarily unavailable"), "{message}");
    drop(sender);
}

#[test]
fn command_that_is_kept_keeps_the_pipe_open() {
    let (stdout, mut receiver) = child::output().unwrap();
    let mut command = Command::new("true");
    command.stdout(stdout);
    assert!(command.start().unwrap().wait().unwrap().success());
    assert!(!receiver.is_sender_dropped().unwrap());
    drop(command);
    let mut events = Loop::new();
    events.readable(&mut receiver, RECEIVER);
    assert_eq!(events.read_to_end(&receiver), b"");
}

#[test]
fn other_children_inherit_nothing() {
    let (stdout, mut receiver) = child::output().unwrap();
    let (_sender, _receiver) = new_pipe().unwrap();
    // While `stdout` is open, start somebody who outlives this test's interest in it.
    let mut sleeper = Command::new("cat").stdin(Stdio::piped()).start().unwrap();
    let mut command = Command::new("echo");
    command.arg("done").stdout(stdout);
    assert!(command.start().unwrap().wait().unwrap().success());
    drop(command);
    let mut events = Loop::new();
    events.readable(&mut receiver, RECEIVER);
    // EOF comes although `sleeper` still runs.
    assert_eq!(events.read_to_end(&receiver), b"done\n");
    assert!(sleeper.try_wait().unwrap().is_none());
    drop(sleeper.stdin.take());
    sleeper.wait().unwrap();
}

#[test]
fn peer_killed_with_sigkill_breaks_the_pipe_after_the_fact() {
    let (mut sender, stdin) = child::stdin().unwrap();
    let mut command = Command::new("cat");
    command.stdin(stdin).stdout(Stdio::null());
    let mut child = command.start().unwrap();
    drop(command);
    let mut events = Loop::new();
    events.writable(&mut sender, SENDER);
    child.kill().unwrap();
    child.wait().unwrap();
    events.run(|| match sender.write(&[0; 4096]) {
        Err(err) if err.kind() == ErrorKind::BrokenPipe => Ok(Some(())),
        result => result.map(|_| None),
    });
}
