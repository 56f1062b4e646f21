//! Pipes to and from children, on every platform.

use std::io::ErrorKind;
use std::io::Write;
use std::process::Stdio;

use mio_pipe::{Receiver, Sender, child};

use crate::util::{Loop, RECEIVER, SENDER, Start, cat, pattern};

#[test]
fn megabytes_pass_through_a_child_both_ways() {
    let mut child = cat()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .start()
        .unwrap();
    let mut sender = Sender::from(child.stdin.take().unwrap());
    let mut receiver = Receiver::from(child.stdout.take().unwrap());
    let mut events = Loop::new();
    events.writable(&mut sender, SENDER);
    events.readable(&mut receiver, RECEIVER);
    let data = pattern(3 << 20);
    assert_eq!(events.exchange(sender, &receiver, &data), data);
    assert!(child.wait().unwrap().success());
}

#[test]
fn stderr_of_a_child_is_received() {
    let mut child = cat()
        .arg("--to-stderr")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .start()
        .unwrap();
    let mut sender = Sender::from(child.stdin.take().unwrap());
    let mut receiver = Receiver::from(child.stderr.take().unwrap());
    let mut events = Loop::new();
    events.writable(&mut sender, SENDER);
    events.readable(&mut receiver, RECEIVER);
    let data = pattern(100_000);
    assert_eq!(events.exchange(sender, &receiver, &data), data);
    assert!(child.wait().unwrap().success());
}

/// The child's ends are blocking: it reads and writes them like any program. With mio's type, or
/// with an end of `new_pipe`, the same child dies of EAGAIN as soon as its stdin is empty.
#[test]
fn child_gets_blocking_ends() {
    let (mut sender, stdin) = child::stdin().unwrap();
    let (stdout, mut receiver) = child::output().unwrap();
    let mut child = cat().stdin(stdin).stdout(stdout).start().unwrap();
    let mut events = Loop::new();
    events.writable(&mut sender, SENDER);
    events.readable(&mut receiver, RECEIVER);
    // One exchange first, so that the child has to wait for more at least once.
    events.write_all(&sender, b"first");
    assert_eq!(events.read_exact(&receiver, 5), b"first");
    let data = pattern(3 << 20);
    assert_eq!(events.exchange(sender, &receiver, &data), data);
    assert!(child.wait().unwrap().success());
}

#[test]
fn stdout_and_stderr_share_one_pipe_in_order() {
    let (stdout, stderr, mut receiver) = child::merged_output().unwrap();
    let mut command = cat();
    command
        .arg("--alternate")
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr);
    let mut child = command.start().unwrap();
    drop(command);
    let mut events = Loop::new();
    events.readable(&mut receiver, RECEIVER);
    let text = String::from_utf8(events.read_to_end(&receiver)).unwrap();
    let expected: String = (0..100).map(|i| format!("out {i}\nerr {i}\n")).collect();
    assert_eq!(text, expected);
    assert!(child.wait().unwrap().success());
}

#[test]
fn child_that_exits_early_breaks_the_pipe() {
    let (mut sender, stdin) = child::stdin().unwrap();
    let mut command = cat();
    command.arg("--exit").stdin(stdin);
    let mut child = command.start().unwrap();
    drop(command);
    assert!(child.wait().unwrap().success());
    let mut events = Loop::new();
    events.writable(&mut sender, SENDER);
    events.run(|| match sender.write(&[0; 4096]) {
        Err(err) if err.kind() == ErrorKind::BrokenPipe => Ok(Some(())),
        result => result.map(|_| None),
    });
}

#[test]
fn killed_child_is_eof() {
    let (stdout, mut receiver) = child::output().unwrap();
    let mut command = cat();
    command.stdin(Stdio::piped()).stdout(stdout);
    let mut child = command.start().unwrap();
    drop(command);
    let mut events = Loop::new();
    events.readable(&mut receiver, RECEIVER);
    child.stdin.as_mut().unwrap().write_all(b"alive").unwrap();
    assert_eq!(events.read_exact(&receiver, 5), b"alive");
    child.kill().unwrap();
    assert_eq!(events.read_to_end(&receiver), b"");
    assert!(!child.wait().unwrap().success());
}
