//! This process's own stdin, stdout and stderr, each in a process of its own.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use mio_pipe::os::unix::fifo::{self, OpenOptions};
use mio_pipe::os::unix::stdio::{self, Inherited};
use mio_pipe::{Receiver, Sender, new_pipe};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::Errno;

use crate::util::{Loop, RECEIVER, SENDER, Start, assert_would_block, pattern};

const CHILD: &str = "MIO_PIPE_TEST_STDIO";

/// Whether this is the process that [`child`] has started for the test of this name.
pub fn is_child(name: &str) -> bool {
    std::env::var_os(CHILD).is_some_and(|child| child == name)
}

/// Runs the test `name` alone, in a child.
pub fn child(name: &str) -> Command {
    child_of(&std::env::current_exe().unwrap(), name)
}

fn child_of(program: &std::path::Path, name: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args([name, "--exact", "--nocapture"])
        .env(CHILD, name)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// Spawns `command` and drops it, and with it the ends that it holds.
#[track_caller]
pub fn spawn(mut command: Command) -> Child {
    command.start().unwrap()
}

/// Waits until the child has written `word` on a line of its own to its stderr.
#[track_caller]
pub fn wait_for_word(child: &mut Child, word: &str) {
    let stderr = BufReader::new(child.stderr.as_mut().unwrap());
    let mut said = String::new();
    for line in stderr.lines() {
        let line = line.unwrap();
        if line == word {
            return;
        }
        said = said + &line + "\n";
    }
    panic!("the child did not say {word:?} but:\n{said}");
}

#[track_caller]
pub fn assert_passes(child: Child) {
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
}

#[track_caller]
pub fn is_nonblocking(fd: &OwnedFd) -> bool {
    fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK)
}

#[test]
fn stdin_is_received_in_an_event_loop_and_blocking_afterwards() {
    let name = "unix::stdio::stdin_is_received_in_an_event_loop_and_blocking_afterwards";
    if is_child(name) {
        let mut events = Loop::new();
        let mut stdin = stdio::stdin().unwrap();
        events.readable(&mut stdin, RECEIVER);
        assert_would_block(stdin.read(&mut [0; 16]));
        eprintln!("ready");
        let received = events.read_to_end(&stdin);
        assert!(received == pattern(1 << 20));
        events.poll.registry().deregister(&mut stdin).ok();
        return;
    }
    let (mut sender, receiver) = new_pipe().unwrap();
    let stdin = receiver.into_blocking_fd().unwrap();
    let sibling = stdin.try_clone().unwrap();
    let mut command = child(name);
    command.stdin(stdin);
    let mut child = spawn(command);
    wait_for_word(&mut child, "ready");
    let mut events = Loop::new();
    events.writable(&mut sender, SENDER);
    events.write_all(&sender, &pattern(1 << 20));
    drop(sender);
    assert_passes(child);
    assert!(!is_nonblocking(&sibling));
}

#[test]
fn stdout_and_stderr_are_sent_in_an_event_loop_and_blocking_afterwards() {
    let name = "unix::stdio::stdout_and_stderr_are_sent_in_an_event_loop_and_blocking_afterwards";
    if is_child(name) {
        let send = |mut sender: Inherited<Sender>, data: &[u8]| {
            let mut events = Loop::new();
            events.writable(&mut sender, SENDER);
            events.write_all(&sender, data);
            events.poll.registry().deregister(&mut sender).unwrap();
        };
        send(stdio::stdout().unwrap(), &pattern(1 << 20));
        send(stdio::stderr().unwrap(), b"to stderr\n");
        // What the test harness has to say comes after that.
        return wait_for_go();
    }
    let (sender, mut receiver) = new_pipe().unwrap();
    let stdout = sender.into_blocking_fd().unwrap();
    let sibling = stdout.try_clone().unwrap();
    let mut command = child(name);
    command.stdin(Stdio::piped()).stdout(stdout);
    let mut child = spawn(command);
    let mut events = Loop::new();
    events.readable(&mut receiver, RECEIVER);
    // After the first words of the child's test harness.
    let data = pattern(1 << 20);
    let mut text = Vec::new();
    let mut buf = vec![0; 64 * 1024];
    while !text.ends_with(&data[data.len() - 64..]) {
        let n = events.run(|| receiver.read(&mut buf).map(Some));
        text.extend_from_slice(&buf[..n]);
    }
    assert!(text.ends_with(&data));
    wait_for_word(&mut child, "to stderr");
    drop(child.stdin.take());
    assert_passes(child);
    assert!(!is_nonblocking(&sibling));
}

/// Runs the test `name` in a child with this as its stdin.
#[track_caller]
fn run_with_stdin(name: &str, stdin: impl Into<Stdio>) {
    let mut command = child(name);
    command.stdin(stdin);
    assert_passes(spawn(command));
}

/// In the child: that stdin is refused for being `what`.
#[track_caller]
pub fn assert_refused(what: &str) {
    let err = stdio::stdin().unwrap_err();
    assert_eq!(err.kind(), ErrorKind::InvalidInput, "{err}");
    assert_eq!(
        err.to_string(),
        format!("stdin is not a pipe or FIFO, but {what}")
    );
}

#[test]
fn stdin_that_is_a_file_is_refused() {
    let name = "unix::stdio::stdin_that_is_a_file_is_refused";
    if is_child(name) {
        return assert_refused("a regular file");
    }
    run_with_stdin(name, File::open("Cargo.toml").unwrap());
}

#[test]
fn stdin_that_is_a_socket_is_refused() {
    let name = "unix::stdio::stdin_that_is_a_socket_is_refused";
    if is_child(name) {
        return assert_refused("a socket");
    }
    let (stdin, _peer) = UnixStream::pair().unwrap();
    run_with_stdin(name, OwnedFd::from(stdin));
}

/// So it is with stdin that was closed: std puts /dev/null in its place before `main`.
#[test]
fn stdin_that_is_dev_null_is_refused() {
    let name = "unix::stdio::stdin_that_is_dev_null_is_refused";
    if is_child(name) {
        return assert_refused("a character device");
    }
    run_with_stdin(name, Stdio::null());
}

#[test]
fn stdin_that_is_a_writing_end_is_refused() {
    let name = "unix::stdio::stdin_that_is_a_writing_end_is_refused";
    if is_child(name) {
        let err = stdio::stdin().unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidInput, "{err}");
        assert!(err.to_string().contains("open for writing only"), "{err}");
        return;
    }
    let (sender, _receiver) = new_pipe().unwrap();
    run_with_stdin(name, OwnedFd::from(sender));
}

/// In the child: says that it is ready, and waits until its stdin is closed.
fn wait_for_go() {
    eprintln!("ready");
    assert_eq!(std::io::stdin().read(&mut [0]).unwrap(), 0);
}

/// Runs the test `name` in a child with `sender` as its stdout, and takes `receiver` away when the
/// child's test harness has written its first words.
#[track_caller]
fn run_without_reader(name: &str, sender: Sender, receiver: Receiver) {
    let mut command = child(name);
    command
        .stdin(Stdio::piped())
        .stdout(sender.into_blocking_fd().unwrap());
    let mut child = spawn(command);
    wait_for_word(&mut child, "ready");
    drop(receiver);
    drop(child.stdin.take());
    wait_for_word(&mut child, "passed");
    // Its exit code says nothing: the test harness cannot write its last words.
    child.wait_with_output().unwrap();
}

#[test]
fn stdout_whose_reader_left_is_broken() {
    let name = "unix::stdio::stdout_whose_reader_left_is_broken";
    if is_child(name) {
        wait_for_go();
        let mut stdout = stdio::stdout().unwrap();
        let err = stdout.write(b"x").unwrap_err();
        assert_eq!(err.kind(), ErrorKind::BrokenPipe, "{err}");
        eprintln!("passed");
        return;
    }
    let (sender, receiver) = new_pipe().unwrap();
    run_without_reader(name, sender, receiver);
}

/// The permissions of the FIFO changed after it was opened: nobody may open it anew, except root,
/// who becomes somebody else for this.
#[test]
fn stdin_that_cannot_be_opened_anew_is_made_blocking_again_when_dropped() {
    let name = "unix::stdio::stdin_that_cannot_be_opened_anew_is_made_blocking_again_when_dropped";
    if is_child(name) {
        let is_nonblocking = || {
            let flags = fcntl_getfl(std::io::stdin()).unwrap();
            flags.contains(OFlags::NONBLOCK)
        };
        for _ in 0..2 {
            let mut events = Loop::new();
            let mut stdin = stdio::stdin().unwrap();
            assert!(stdin.shares_mode());
            assert!(is_nonblocking());
            events.readable(&mut stdin, RECEIVER);
            events.wait_for(RECEIVER, |event| event.is_readable());
            assert_eq!(events.read_exact(&stdin, 2), b"xy");
            events.poll.registry().deregister(&mut stdin).unwrap();
            let stdin = stdin.into_end().unwrap_err();
            drop(stdin);
            assert!(!is_nonblocking());
        }
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let set_mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let path = dir.path().join("fifo");
    fifo::create(&path, 0o600).unwrap();
    let receiver = OpenOptions::new().open_receiver(&path).unwrap();
    let mut sender = OpenOptions::new().open_sender(&path).unwrap();
    sender.write_all(b"xyxy").unwrap();
    set_mode(&path, 0);
    // Where the other user can reach it. Copied by a process of its own: a child that another test
    // starts meanwhile would inherit the open file, and what is open for writing does not run.
    let program = dir.path().join("test");
    let mut copy = Command::new("cp");
    copy.arg(std::env::current_exe().unwrap()).arg(&program);
    assert!(copy.captured().unwrap().status.success());
    set_mode(&program, 0o755);
    set_mode(dir.path(), 0o755);

    let mut command = child_of(&program, name);
    command
        .current_dir(dir.path())
        .stdin(receiver.into_blocking_fd().unwrap());
    if rustix::process::geteuid().is_root() {
        std::os::unix::process::CommandExt::uid(&mut command, 65534);
    }
    assert_passes(spawn(command));
}

/// On Linux opening it anew meets the rule of every FIFO; elsewhere it is not opened.
#[test]
fn stdout_that_is_a_fifo_without_a_reader_is_enxio_or_broken() {
    let name = "unix::stdio::stdout_that_is_a_fifo_without_a_reader_is_enxio_or_broken";
    if is_child(name) {
        wait_for_go();
        match stdio::stdout() {
            Err(err) => assert_eq!(err.raw_os_error(), Some(Errno::NXIO.raw_os_error())),
            Ok(mut stdout) => {
                let err = stdout.write(b"x").unwrap_err();
                assert_eq!(err.kind(), ErrorKind::BrokenPipe, "{err}");
            }
        }
        eprintln!("passed");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    fifo::create(&path, 0o600).unwrap();
    let receiver = OpenOptions::new().open_receiver(&path).unwrap();
    let sender = OpenOptions::new().open_sender(&path).unwrap();
    run_without_reader(name, sender, receiver);
}
