//! Descriptors in and out.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::process::Command;

use mio_pipe::os::unix::FromFdError;
use mio_pipe::{Receiver, Sender, new_pipe};
use rustix::fs::{OFlags, fcntl_getfl};

use crate::util::{Start, assert_would_block};

/// Asserts that the descriptor was refused with that sentence and handed back as it was.
#[track_caller]
fn assert_refused<T: std::fmt::Debug>(
    result: Result<T, FromFdError>,
    fd: i32,
    flags: OFlags,
    sentence: &str,
) {
    let err = result.unwrap_err();
    assert_eq!(err.error().kind(), ErrorKind::InvalidInput);
    assert_eq!(err.to_string(), sentence);
    assert_eq!(err.as_raw_fd(), fd);
    assert_eq!(
        fcntl_getfl(err.as_fd()).unwrap(),
        flags,
        "the mode was changed"
    );
    let fd = err.into_fd();
    assert!(rustix::fs::fstat(&fd).is_ok());
}

#[test]
fn regular_file_is_refused_and_handed_back() {
    let file = tempfile::tempfile().unwrap();
    let (raw, flags) = (file.as_raw_fd(), fcntl_getfl(&file).unwrap());
    let sentence = "not a pipe or FIFO, but a regular file";
    assert_refused(Sender::from_fd(file), raw, flags, sentence);
    let file = tempfile::tempfile().unwrap();
    let (raw, flags) = (file.as_raw_fd(), fcntl_getfl(&file).unwrap());
    assert_refused(Receiver::from_fd(file), raw, flags, sentence);
}

#[test]
fn directory_is_refused_and_handed_back() {
    let dir = File::open("/").unwrap();
    let (raw, flags) = (dir.as_raw_fd(), fcntl_getfl(&dir).unwrap());
    assert_refused(
        Receiver::from_fd(dir),
        raw,
        flags,
        "not a pipe or FIFO, but a directory",
    );
}

#[test]
fn socket_is_refused_and_handed_back() {
    let (socket, _other) = UnixStream::pair().unwrap();
    let (raw, flags) = (socket.as_raw_fd(), fcntl_getfl(&socket).unwrap());
    assert_refused(
        Sender::from_fd(socket),
        raw,
        flags,
        "not a pipe or FIFO, but a socket",
    );
}

#[test]
fn character_device_is_refused_and_handed_back() {
    let device = File::open("/dev/null").unwrap();
    let (raw, flags) = (device.as_raw_fd(), fcntl_getfl(&device).unwrap());
    assert_refused(
        Receiver::from_fd(device),
        raw,
        flags,
        "not a pipe or FIFO, but a character device",
    );
}

/// Through a FIFO, because pipe(2) makes ends that are open for both directions on some systems.
#[test]
fn wrong_direction_is_refused_and_handed_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .captured()
            .unwrap()
            .status
            .success()
    );
    let nonblocking = OFlags::NONBLOCK.bits() as i32;
    let read = File::options()
        .read(true)
        .custom_flags(nonblocking)
        .open(&path)
        .unwrap();
    let write = File::options()
        .write(true)
        .custom_flags(nonblocking)
        .open(&path)
        .unwrap();

    let (raw, flags) = (read.as_raw_fd(), fcntl_getfl(&read).unwrap());
    let sentence = "a Sender needs the writing end, but this one is open for reading only";
    assert_refused(Sender::from_fd(read), raw, flags, sentence);
    let (raw, flags) = (write.as_raw_fd(), fcntl_getfl(&write).unwrap());
    let sentence = "a Receiver needs the reading end, but this one is open for writing only";
    assert_refused(Receiver::from_fd(write), raw, flags, sentence);
}

#[test]
fn a_descriptor_that_is_open_for_both_directions_will_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    mio_pipe::os::unix::fifo::create(&path, 0o600).unwrap();
    let both = File::options().read(true).write(true).open(&path).unwrap();
    let mut sender = Sender::from_fd(both.try_clone().unwrap()).unwrap();
    let mut receiver = Receiver::from_fd(both).unwrap();
    sender.write_all(b"both").unwrap();
    assert_eq!(receiver.read(&mut [0; 8]).unwrap(), 4);
}

#[test]
fn error_converts_into_an_io_error() {
    fn open() -> std::io::Result<Receiver> {
        Ok(Receiver::from_fd(File::open("/dev/null")?)?)
    }
    assert_eq!(open().unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn conversion_makes_a_blocking_pipe_non_blocking() {
    let (read, write) = rustix::pipe::pipe().unwrap();
    let mut receiver = Receiver::from_fd(read).unwrap();
    let mut sender = Sender::from_fd(write).unwrap();
    assert_would_block(receiver.read(&mut [0; 1]));
    while sender.write(&[0; 4096]).is_ok() {}
    assert_would_block(sender.write(&[0; 4096]));
}

#[test]
fn raw_conversion_leaves_the_mode() {
    use std::os::fd::{FromRawFd, IntoRawFd};
    let (read, _write) = rustix::pipe::pipe().unwrap();
    // SAFETY: the descriptor is open and was just given away by its owner.
    let receiver = unsafe { Receiver::from_raw_fd(read.into_raw_fd()) };
    assert!(!fcntl_getfl(&receiver).unwrap().contains(OFlags::NONBLOCK));
}

#[test]
fn ends_go_out_and_come_back() {
    let (sender, receiver) = new_pipe().unwrap();
    let numbers = (sender.as_raw_fd(), receiver.as_raw_fd());
    let (write, read): (OwnedFd, OwnedFd) = (sender.into(), receiver.into());
    assert_eq!((write.as_raw_fd(), read.as_raw_fd()), numbers);
    let mut sender = Sender::from_fd(write).unwrap();
    let mut receiver = Receiver::from_fd(read).unwrap();
    sender.write_all(b"x").unwrap();
    assert_eq!(receiver.read(&mut [0; 4]).unwrap(), 1);
}

#[test]
fn into_blocking_fd_clears_the_mode() {
    let (sender, receiver) = new_pipe().unwrap();
    for fd in [
        sender.into_blocking_fd().unwrap(),
        receiver.into_blocking_fd().unwrap(),
    ] {
        assert!(!fcntl_getfl(&fd).unwrap().contains(OFlags::NONBLOCK));
    }
}
