//! What only Linux tells about the multiplexer: its memory.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use mio_pipe::os::unix::fifo;

use crate::unix::program::finish;
use crate::util::{Start, example};

/// A child prints 1 GiB faster than it is read, and not one newline.
#[test]
fn memory_does_not_grow_with_what_is_printed() {
    const PRINTED: usize = 1 << 30;
    const PART: usize = 64 * 1024;
    const AROUND: usize = "[1] \n".len();

    let dir = tempfile::tempdir().unwrap();
    let gate = dir.path().join("gate");
    fifo::create(&gate, 0o600).unwrap();
    let last = format!("exec 3<>{}; read line <&3", gate.display());
    let mut child = Command::new(example("multiplex"))
        .args(["head -c 1G /dev/zero", &last])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .start()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut part = vec![0; PART + AROUND];
    for _ in 0..PRINTED / PART {
        stdout.read_exact(&mut part).unwrap();
        assert!(part.starts_with(b"[1] \0") && part.ends_with(b"\0\n"));
    }
    // It still runs, for the other child's sake.
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = (status.lines())
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kib: usize = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kib < 16 * 1024, "{peak}");

    let mut gate = File::options().write(true).open(&gate).unwrap();
    gate.write_all(b"\n").unwrap();
    assert_eq!(stdout.read_to_end(&mut part).unwrap(), 0);
    assert!(finish(child).status.success());
}
