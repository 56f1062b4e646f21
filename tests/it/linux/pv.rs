//! What the pipe viewer does on Linux alone.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::fs::{OFlags, fcntl_getfl};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::unix::program::finish;
use crate::util::{Start, example};

/// Whoever shares stdin and stdout with it still has them blocking while it runs.
#[test]
fn shared_stdio_stays_blocking() {
    let (stdin, feeder) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    let (taker, stdout) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    let child = Command::new(example("pv"))
        .stdin(stdin.try_clone().unwrap())
        .stdout(stdout.try_clone().unwrap())
        .stderr(Stdio::piped())
        .start()
        .unwrap();
    let mut feeder = File::from(feeder);
    feeder.write_all(b"hello").unwrap();
    File::from(taker).read_exact(&mut [0; 5]).unwrap();
    let blocking = |fd: &OwnedFd| !fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK);
    assert!(blocking(&stdin) && blocking(&stdout));
    drop((feeder, stdin, stdout));
    finish(child);
}

/// Every byte is moved by splice(2): nothing is read, and nothing written but the line on stderr.
#[test]
fn data_is_spliced_not_copied() {
    if Command::new("strace").arg("-V").captured().is_err() {
        assert!(
            std::env::var_os("CI").is_none(),
            "the gate must install strace"
        );
        eprintln!("skipped: strace(1) is not installed");
        return;
    }
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut input = tempfile::tempfile().unwrap();
    input.set_len(5_000_000).unwrap();
    input.flush().unwrap();
    let mut child = Command::new("strace")
        .args([
            "--quiet=all",
            "--signal=none",
            "--trace=read,write,splice",
            "--output",
        ])
        .arg(log.path())
        .arg(example("pv"))
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .start()
        .unwrap();
    let mut received = Vec::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_end(&mut received).unwrap();
    let output = finish(child);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(received.len(), 5_000_000);
    let log = std::fs::read_to_string(log.path()).unwrap();
    let calls = |start: &str| log.lines().filter(|line| line.starts_with(start)).count();
    assert!(calls("splice(") > 1, "{log}");
    assert_eq!(calls("read(0,") + calls("write(1,"), 0, "{log}");
}
