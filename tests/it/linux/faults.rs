//! What the kernel does too seldom to wait for: strace(1) makes it do so.

use std::io::ErrorKind;

use mio_pipe::os::unix::fifo::{self, OpenOptions};
use mio_pipe::{Drained, Receiver, Sender};

use super::util::{contents, under_strace};
use crate::util::{assert_error, pattern};

const FIFO: &str = "MIO_PIPE_TEST_FIFO";

/// Runs `body` with both ends of a FIFO on which system calls fail as strace's `inject` says; `test` is
/// the test that calls this.
#[track_caller]
fn with_faults(test: &str, inject: &str, body: impl FnOnce(Sender, Receiver)) {
    if let Some(path) = std::env::var_os(FIFO) {
        let receiver = OpenOptions::new().open_receiver(&path).unwrap();
        let sender = OpenOptions::new().open_sender(&path).unwrap();
        return body(sender, receiver);
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    fifo::create(&path, 0o600).unwrap();
    let path = path.to_str().unwrap();
    let inject = format!("--inject={inject}");
    if let Some(trace) = under_strace(test, (FIFO, path), &["--trace-path", path, &inject]) {
        assert!(trace.contains("(INJECTED)"), "{trace}");
    }
}

/// Bytes for four slices of `fill` and `drain`.
fn four_slices() -> Vec<u8> {
    pattern(4 * 2 * rustix::param::page_size())
}

#[test]
fn fill_goes_on_after_an_interruption() {
    let test = "linux::faults::fill_goes_on_after_an_interruption";
    with_faults(test, "write:error=EINTR:when=2", |sender, receiver| {
        let data = four_slices();
        assert_eq!(sender.fill(&data).unwrap(), data.len());
        assert!(contents(&receiver) == data);
    });
}

#[test]
fn drain_goes_on_after_an_interruption() {
    let test = "linux::faults::drain_goes_on_after_an_interruption";
    with_faults(test, "read:error=EINTR:when=2", |sender, receiver| {
        let data = four_slices();
        assert_eq!(sender.fill(&data).unwrap(), data.len());
        let mut received = Vec::new();
        assert_eq!(
            receiver.drain(&mut received, usize::MAX).unwrap(),
            Drained::Empty
        );
        assert!(received == data);
    });
}

#[test]
fn fill_leaves_an_error_after_some_bytes_to_the_next_call() {
    let test = "linux::faults::fill_leaves_an_error_after_some_bytes_to_the_next_call";
    with_faults(test, "write:error=EPIPE:when=3+", |sender, receiver| {
        let data = four_slices();
        let half = data.len() / 2;
        assert_eq!(sender.fill(&data).unwrap(), half);
        assert_error(sender.fill(&data[half..]), ErrorKind::BrokenPipe);
        assert!(contents(&receiver) == data[..half]);
    });
}

#[test]
fn drain_keeps_what_was_read_before_an_error() {
    let test = "linux::faults::drain_keeps_what_was_read_before_an_error";
    with_faults(test, "read:error=EIO:when=3", |sender, receiver| {
        let data = four_slices();
        assert_eq!(sender.fill(&data).unwrap(), data.len());
        let mut received = Vec::new();
        let err = receiver.drain(&mut received, usize::MAX).unwrap_err();
        assert_eq!(
            err.raw_os_error(),
            Some(rustix::io::Errno::IO.raw_os_error())
        );
        assert!(received == data[..data.len() / 2]);
        assert_eq!(
            receiver.drain(&mut received, usize::MAX).unwrap(),
            Drained::Empty
        );
        assert!(received == data);
    });
}
