//! Pool: what is handed out again, and what never is.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;

use mio_pipe::os::linux::{Pipe, Pool};
use mio_pipe::{Builder, new_pipe};

use crate::util::{
    Loop, RECEIVER, SENDER, assert_error, assert_would_block, in_own_process, quiet,
};

fn numbers(pipe: &Pipe) -> (i32, i32) {
    (pipe.sender().as_raw_fd(), pipe.receiver().as_raw_fd())
}

#[test]
fn an_empty_pipe_is_handed_out_again_and_works() {
    let _quiet = quiet();
    let mut pool = Pool::new(Builder::new(), 4);
    assert!(pool.is_empty());
    let pipe = pool.take().unwrap();
    let first = numbers(&pipe);
    // Used, and emptied again.
    pipe.sender().write_all(b"one").unwrap();
    pipe.receiver().read_exact(&mut [0; 3]).unwrap();
    assert!(pool.put(pipe));
    assert_eq!((pool.len(), pool.is_empty()), (1, false));

    let pipe = pool.take().unwrap();
    assert_eq!(numbers(&pipe), first);
    assert!(pool.is_empty());
    assert_would_block(pipe.receiver().read(&mut [0; 8]));
    pipe.sender().write_all(b"two").unwrap();
    let mut buf = [0; 8];
    assert_eq!(pipe.receiver().read(&mut buf).unwrap(), 3);
    assert_eq!(&buf[..3], b"two");
}

#[test]
fn the_pipe_that_came_back_last_is_taken_first() {
    let _quiet = quiet();
    let mut pool = Pool::new(Builder::new(), 4);
    let (a, b) = (pool.take().unwrap(), pool.take().unwrap());
    let last = numbers(&b);
    assert!(pool.put(a) && pool.put(b));
    assert_eq!(numbers(&pool.take().unwrap()), last);
}

#[test]
fn a_pipe_with_bytes_in_it_is_closed() {
    let _quiet = quiet();
    let mut pool = Pool::new(Builder::new(), 4);
    let pipe = pool.take().unwrap();
    let spare = pipe.receiver().try_clone().unwrap();
    pipe.sender().write_all(b"x").unwrap();
    assert!(!pool.put(pipe));
    assert!(pool.is_empty());
    assert!(spare.is_sender_dropped().unwrap());
}

#[test]
fn beyond_the_limit_pipes_are_closed() {
    let mut pool = Pool::new(Builder::new(), 2);
    let pipes: Vec<_> = (0..3).map(|_| pool.take().unwrap()).collect();
    let spare = pipes[2].sender().try_clone().unwrap();
    let kept: Vec<_> = pipes.into_iter().map(|pipe| pool.put(pipe)).collect();
    assert_eq!(kept, [true, true, false]);
    assert_eq!(pool.len(), 2);
    assert!(spare.is_receiver_dropped().unwrap());

    let mut none = Pool::new(Builder::new(), 0);
    let pipe = none.take().unwrap();
    assert!(!none.put(pipe));
}

#[test]
fn shrinking_closes_pipes() {
    let mut pool = Pool::new(Builder::new(), 8);
    let pipes: Vec<_> = (0..3).map(|_| pool.take().unwrap()).collect();
    let spares: Vec<_> = pipes
        .iter()
        .map(|pipe| pipe.sender().try_clone().unwrap())
        .collect();
    assert!(pipes.into_iter().all(|pipe| pool.put(pipe)));
    pool.shrink_to(1);
    assert_eq!(pool.len(), 1);
    let open: Vec<_> = spares
        .iter()
        .map(|sender| !sender.is_receiver_dropped().unwrap())
        .collect();
    assert_eq!(open, [true, false, false]);
}

#[test]
fn pipes_have_the_capacity_that_was_asked_for() {
    let _quiet = quiet();
    let mut builder = Builder::new();
    let mut pool = Pool::new(builder.capacity(256 * 1024).clone(), 1);
    for _ in 0..2 {
        let pipe = pool.take().unwrap();
        assert_eq!(pipe.sender().capacity().unwrap(), 256 * 1024);
        assert!(pool.put(pipe));
    }
}

#[test]
fn a_deregistered_pipe_can_be_registered_by_its_next_user() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let mut pool = Pool::new(Builder::new(), 1);
    for round in 0..3 {
        let (mut sender, mut receiver) = pool.take().unwrap().into_ends();
        events.writable(&mut sender, SENDER);
        events.readable(&mut receiver, RECEIVER);
        events.write_all(&sender, &[round]);
        assert_eq!(events.read_exact(&receiver, 1), [round]);
        let registry = events.poll.registry();
        registry.deregister(&mut sender).unwrap();
        registry.deregister(&mut receiver).unwrap();
        assert!(pool.put(Pipe::from_ends(sender, receiver).unwrap()));
    }
}

#[test]
fn ends_of_two_pipes_are_refused() {
    let _quiet = quiet();
    let (sender, _receiver) = new_pipe().unwrap();
    let (_sender, receiver) = new_pipe().unwrap();
    assert_error(Pipe::from_ends(sender, receiver), ErrorKind::InvalidInput);
}

#[test]
fn taking_and_putting_leaks_no_descriptor() {
    in_own_process(
        "linux::pool::taking_and_putting_leaks_no_descriptor",
        || {
            let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
            let before = open();
            let mut pool = Pool::new(Builder::new(), 8);
            for round in 0..1000 {
                let pipes: Vec<_> = (0..round % 12).map(|_| pool.take().unwrap()).collect();
                for (i, pipe) in pipes.into_iter().enumerate() {
                    if i % 5 == 0 {
                        pipe.sender().write_all(b"left").unwrap();
                    }
                    pool.put(pipe);
                }
                assert_eq!(open(), before + 2 * pool.len());
                assert!(pool.len() <= 8);
            }
            drop(pool);
            assert_eq!(open(), before);
        },
    );
}
