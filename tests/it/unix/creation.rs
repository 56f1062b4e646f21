//! What a new pipe is like, and what happens when there cannot be one.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use mio_pipe::{Builder, Receiver, Sender, new_pipe};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::{FdFlags, fcntl_getfd};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::util::in_own_process;

#[track_caller]
fn assert_flags(fd: BorrowedFd<'_>) {
    assert!(fcntl_getfd(fd).unwrap().contains(FdFlags::CLOEXEC));
    assert!(fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK));
}

#[test]
fn both_ends_are_close_on_exec_and_non_blocking() {
    let (sender, receiver) = new_pipe().unwrap();
    assert_flags(sender.as_fd());
    assert_flags(receiver.as_fd());
    let (sender, receiver) = Builder::new().capacity(8192).new_pipe().unwrap();
    assert_flags(sender.as_fd());
    assert_flags(receiver.as_fd());
}

#[test]
fn ends_are_no_larger_than_those_of_mio() {
    assert_eq!(size_of::<Sender>(), size_of::<mio::unix::pipe::Sender>());
    assert_eq!(
        size_of::<Receiver>(),
        size_of::<mio::unix::pipe::Receiver>()
    );
    assert_eq!(size_of::<Option<Sender>>(), size_of::<Sender>());
}

#[test]
fn creating_and_using_a_pipe_allocates_nothing() {
    let allocations = allocation_counter::measure(|| {
        let (mut sender, mut receiver) = new_pipe().unwrap();
        assert_eq!(sender.write(b"hello").unwrap(), 5);
        assert_eq!(receiver.available().unwrap(), 5);
        assert_eq!(receiver.read(&mut [0; 8]).unwrap(), 5);
        assert!(!sender.is_receiver_dropped().unwrap());
        let clone = receiver.try_clone().unwrap();
        drop((receiver, clone));
        assert!(sender.write(b"x").is_err());
    });
    assert_eq!(allocations.count_total, 0, "{allocations:?}");
}

#[test]
fn out_of_descriptors_is_emfile_and_passes_after_one_drop() {
    in_own_process(
        "unix::creation::out_of_descriptors_is_emfile_and_passes_after_one_drop",
        || {
            let limit = getrlimit(Resource::Nofile);
            setrlimit(
                Resource::Nofile,
                Rlimit {
                    current: Some(64),
                    ..limit
                },
            )
            .unwrap();
            let mut pipes = Vec::new();
            let err = loop {
                match new_pipe() {
                    Ok(pipe) => pipes.push(pipe),
                    Err(err) => break err,
                }
            };
            assert_eq!(
                err.raw_os_error(),
                Some(rustix::io::Errno::MFILE.raw_os_error())
            );
            assert!(pipes.len() >= 20, "{}", pipes.len());
            // A failure leaks nothing: fail often, then see that one drop makes room for one pipe.
            for _ in 0..1000 {
                assert!(new_pipe().is_err());
            }
            let half = std::fs::File::open("/dev/null");
            drop(pipes.pop());
            let pipe = new_pipe().unwrap();
            assert!(new_pipe().is_err());
            drop((pipe, half));
        },
    );
}

/// The lowest free descriptor number: if it does not move, nothing is left open.
fn lowest_free() -> i32 {
    std::fs::File::open("/dev/null").unwrap().as_raw_fd()
}

#[test]
fn a_million_pipes_leave_the_descriptor_count_flat() {
    in_own_process(
        "unix::creation::a_million_pipes_leave_the_descriptor_count_flat",
        || {
            let before = lowest_free();
            for _ in 0..1_000_000 {
                drop(new_pipe().unwrap());
            }
            assert_eq!(lowest_free(), before);
        },
    );
}

#[test]
fn debug_names_the_descriptor() {
    let (sender, receiver) = new_pipe().unwrap();
    let text = format!("{sender:?} {receiver:?}");
    assert!(
        text.contains("Sender") && text.contains("Receiver"),
        "{text}"
    );
    assert!(
        text.contains(&format!("fd: {}", sender.as_raw_fd())),
        "{text}"
    );
}

#[test]
fn set_nonblocking_switches_both_ways() {
    let (sender, mut receiver) = new_pipe().unwrap();
    receiver.set_nonblocking(false).unwrap();
    assert!(!fcntl_getfl(&receiver).unwrap().contains(OFlags::NONBLOCK));
    // The other end has a mode of its own.
    assert_flags(sender.as_fd());
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| receiver.read(&mut [0; 4]).unwrap());
        (&sender).write_all(b"wait").unwrap();
        assert_eq!(reader.join().unwrap(), 4);
    });
    receiver.set_nonblocking(true).unwrap();
    assert_eq!(
        receiver.read(&mut [0; 4]).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
}
