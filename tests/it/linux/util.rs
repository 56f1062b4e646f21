//! Words of the tests that move data between pipes, and of those that look at system calls.

use std::io::Read;
use std::process::Command;

use mio_pipe::Receiver;

use crate::util::Start;

/// Sizes below `below`, the same for the same seed.
pub fn sizes(mut seed: u64, below: usize) -> impl FnMut() -> usize {
    move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    }
}

/// Takes everything out of a pipe that is in it now.
#[track_caller]
pub fn contents(mut receiver: &Receiver) -> Vec<u8> {
    let mut data = vec![0; receiver.available().unwrap()];
    receiver.read_exact(&mut data).unwrap();
    data
}

/// Runs a test of this binary under strace(1), with a variable set by which it knows, and returns the
/// trace; `None` where strace is not installed.
#[track_caller]
pub fn under_strace(
    test: &str,
    (variable, value): (&str, &str),
    options: &[&str],
) -> Option<String> {
    if Command::new("strace").arg("-V").captured().is_err() {
        assert!(
            std::env::var_os("CI").is_none(),
            "the gate must install strace"
        );
        eprintln!("skipped: strace(1) is not installed");
        return None;
    }
    let log = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new("strace")
        .args(["--follow-forks", "--quiet=all", "--signal=none", "--output"])
        .arg(log.path())
        .args(options)
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--test-threads=1"])
        .env(variable, value)
        .captured()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{variable}={value}: {text}"
    );
    Some(std::fs::read_to_string(log.path()).unwrap())
}
