//! Relay: every byte once and in order, the end passed on, the right side waited for.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use mio_pipe::os::linux::{Next, Pipe, Pool, Relay, Side, Step};
use mio_pipe::{Builder, Receiver, Sender, new_pipe};

use super::util::contents;
use crate::util::{Loop, SENDER, assert_error, pattern, quiet};

const MANY: usize = 1 << 20;
const INPUT: Next = Next::Wait(Side::Input);
const OUTPUT: Next = Next::Wait(Side::Output);

fn relay(capacity: usize) -> Relay {
    Relay::new(Pipe::new(Builder::new().capacity(capacity)).unwrap()).unwrap()
}

fn full() -> (Sender, Receiver) {
    let (sender, receiver) = new_pipe().unwrap();
    while sender.fill(&[0; 4096]).unwrap() > 0 {}
    (sender, receiver)
}

fn file_of(data: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(data).unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn waits_for_an_empty_input_and_a_full_output_and_is_done_at_the_end() {
    let _quiet = quiet();
    let (source, input) = new_pipe().unwrap();
    let (output, sink) = full();
    let mut relay = relay(65_536);
    let step = relay.step(&input, &output, MANY).unwrap();
    assert_eq!(
        step,
        Step {
            taken: 0,
            given: 0,
            next: INPUT
        }
    );

    (&source).write_all(b"hello").unwrap();
    let step = relay.step(&input, &output, MANY).unwrap();
    assert_eq!(
        step,
        Step {
            taken: 5,
            given: 0,
            next: OUTPUT
        }
    );
    assert_eq!(relay.buffered(), 5);

    // The end of the input does not overtake what is buffered.
    drop(source);
    for _ in 0..2 {
        assert_eq!(relay.step(&input, &output, MANY).unwrap().next, OUTPUT);
    }
    assert!(relay.is_input_ended());
    contents(&sink);
    let step = relay.step(&input, &output, MANY).unwrap();
    assert_eq!(
        step,
        Step {
            taken: 0,
            given: 5,
            next: Next::Done
        }
    );
    assert_eq!(contents(&sink), b"hello");
    assert_eq!(relay.step(&input, &output, MANY).unwrap().next, Next::Done);
}

/// A full pipe in between is not an empty input: pieces of a byte each use up its slots while the
/// output has no room, and the next step must not stop where the input would seem to.
#[test]
fn slots_used_up_are_not_taken_for_an_empty_input() {
    let _quiet = quiet();
    let (mut far, near) = UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    let data = pattern(150);
    for byte in data.chunks(1) {
        far.write_all(byte).unwrap();
    }
    let (output, sink) = new_pipe().unwrap();
    output.set_capacity(1 << 20).unwrap();
    while output.fill(&[0; 4096]).unwrap() > 0 {}
    let mut relay = relay(65_536);
    let step = relay.step(&near, &output, MANY).unwrap();
    assert_eq!(step.next, OUTPUT);
    assert!(step.taken < data.len(), "{step:?}");
    contents(&sink);
    loop {
        match relay.step(&near, &output, MANY).unwrap().next {
            INPUT => break,
            next => assert_eq!(next, Next::Again),
        }
    }
    assert_eq!(contents(&sink), data);
}

#[test]
fn the_limit_is_kept_and_says_again() {
    let _quiet = quiet();
    let data = pattern(100_000);
    let file = file_of(&data);
    let (output, sink) = new_pipe().unwrap();
    output.set_capacity(1 << 20).unwrap();
    let mut relay = relay(65_536);
    for _ in 0..100 {
        let step = relay.step(&file, &output, 1000).unwrap();
        assert_eq!(
            step,
            Step {
                taken: 1000,
                given: 1000,
                next: Next::Again
            }
        );
    }
    assert_eq!(relay.step(&file, &output, 1000).unwrap().next, Next::Done);
    assert_eq!(contents(&sink), data);
}

/// With one page of capacity each round moves a page, however much the limit allows.
#[test]
fn a_step_is_bounded_whatever_the_limit() {
    let _quiet = quiet();
    let zero = File::open("/dev/zero").unwrap();
    let null = File::create("/dev/null").unwrap();
    let mut relay = relay(1);
    let page = rustix::param::page_size();
    let step = relay.step(&zero, &null, usize::MAX).unwrap();
    assert_eq!(step.next, Next::Again);
    assert!(step.taken > 0 && step.taken <= 48 * page, "{step:?}");
}

#[test]
fn a_limit_of_zero_only_gives() {
    let _quiet = quiet();
    let (output, sink) = new_pipe().unwrap();
    let pipe = Pipe::new(&Builder::new()).unwrap();
    pipe.sender().write_all(b"first ").unwrap();
    let mut relay = Relay::new(pipe).unwrap();
    let file = file_of(b"second");
    let step = relay.step(&file, &output, 0).unwrap();
    assert_eq!(
        step,
        Step {
            taken: 0,
            given: 6,
            next: Next::Again
        }
    );
    assert_eq!(relay.step(&file, &output, MANY).unwrap().next, Next::Done);
    assert_eq!(contents(&sink), b"first second");
}

#[test]
fn a_closed_output_is_a_broken_pipe_and_the_bytes_are_kept() {
    let _quiet = quiet();
    let file = file_of(b"kept");
    let (output, sink) = new_pipe().unwrap();
    drop(sink);
    let mut relay = relay(65_536);
    for _ in 0..2 {
        assert_error(relay.step(&file, &output, MANY), ErrorKind::BrokenPipe);
        assert_eq!(relay.failed_side(), Some(Side::Output));
    }
    assert_eq!(relay.buffered(), 4);
    assert_eq!(contents(relay.into_pipe().receiver()), b"kept");
}

#[test]
fn what_cannot_be_spliced_is_einval() {
    let _quiet = quiet();
    let mut relay = relay(65_536);
    let directory = File::open(".").unwrap();
    let null = File::create("/dev/null").unwrap();
    let err = relay.step(&directory, &null, MANY).unwrap_err();
    assert!(
        [ErrorKind::InvalidInput, ErrorKind::IsADirectory].contains(&err.kind()),
        "{err:?}"
    );
    assert_eq!(relay.failed_side(), Some(Side::Input));
}

#[test]
fn the_pipe_goes_back_to_its_pool_whenever_the_input_is_waited_for() {
    let _quiet = quiet();
    let mut pool = Pool::new(Builder::new(), 1);
    let (source, input) = new_pipe().unwrap();
    let (output, sink) = new_pipe().unwrap();
    let mut expected = Vec::new();
    let mut received = Vec::new();
    for round in 0..100 {
        let data = pattern(round * 37);
        (&source).write_all(&data).unwrap();
        expected.extend_from_slice(&data);
        let mut relay = Relay::new(pool.take().unwrap()).unwrap();
        assert_eq!(relay.step(&input, &output, MANY).unwrap().next, INPUT);
        assert!(pool.put(relay.into_pipe()));
        received.extend_from_slice(&contents(&sink));
    }
    assert_eq!(received, expected);
}

/// A slow reader of little appetite: each step waits for the one side that blocks, and the number of
/// steps is what the events justify.
#[test]
fn a_slow_output_costs_one_step_for_each_event() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let data = pattern(2 << 20);
    let file = file_of(&data);
    let (mut output, sink) = new_pipe().unwrap();
    events.writable(&mut output, SENDER);
    let mut relay = relay(1 << 20);
    let (mut steps, mut waits, mut received) = (0, 0, Vec::new());
    loop {
        let step = relay.step(&file, &output, MANY).unwrap();
        steps += 1;
        match step.next {
            Next::Again => {}
            Next::Done => break,
            next => {
                assert_eq!(next, OUTPUT);
                waits += 1;
                output
                    .try_io(|| Err::<(), io::Error>(ErrorKind::WouldBlock.into()))
                    .unwrap_err();
                assert!(sink.available().unwrap() > 0);
                received.extend_from_slice(&contents(&sink));
                events.wait_for(SENDER, |event| event.is_writable());
            }
        }
    }
    received.extend_from_slice(&contents(&sink));
    assert!(received == data);
    assert!(steps <= waits + 4, "{steps} steps for {waits} waits");
    assert!(waits <= 2 * (data.len() / 65_536), "{waits} waits");
}

#[test]
fn input_and_output_may_be_borrowed_descriptors() {
    let _quiet = quiet();
    let file = file_of(b"hello");
    let (output, sink) = new_pipe().unwrap();
    let step = relay(4096)
        .step(file.as_fd(), output.as_fd(), MANY)
        .unwrap();
    assert_eq!(step.next, Next::Done);
    assert_eq!(contents(&sink), b"hello");
}
