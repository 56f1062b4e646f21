//! Random programs against a model of a pipe: a queue of bytes, two counts of open ends, and the
//! events that are owed.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};

use mio::{Interest, Token};
use mio_pipe::{Drained, Receiver, SendQueue, Sender};
use proptest::prelude::*;

use crate::util::{Loop, RECEIVER, SENDER, in_own_process, pattern};

#[derive(Debug, Clone)]
enum Step {
    Write(usize),
    Fill(usize),
    Send(usize),
    Flush,
    Read(usize),
    Drain(usize),
    DrainEvent(usize),
    CloneSender,
    DropClone,
    DropSender,
    DropReceiver,
    ReregisterReceiver,
    ReregisterSender,
    Ask,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let len = prop_oneof![0..20_usize, 4090..4100_usize, 0..70_000_usize];
    let step = prop_oneof![
        4 => len.clone().prop_map(Step::Write),
        4 => len.clone().prop_map(Step::Fill),
        4 => len.clone().prop_map(Step::Send),
        2 => Just(Step::Flush),
        4 => len.clone().prop_map(Step::Read),
        4 => len.clone().prop_map(Step::Drain),
        4 => len.prop_map(Step::DrainEvent),
        1 => Just(Step::CloneSender),
        1 => Just(Step::DropClone),
        1 => Just(Step::DropSender),
        1 => Just(Step::DropReceiver),
        2 => Just(Step::ReregisterReceiver),
        2 => Just(Step::ReregisterSender),
        2 => Just(Step::Ask),
    ];
    prop::collection::vec(step, 1..80)
}

struct World {
    events: Loop,
    sender: Option<Sender>,
    clones: Vec<Sender>,
    receiver: Option<Receiver>,
    queue: SendQueue,
    /// What the pipe holds, what the queue holds, and the next bytes to send.
    piped: VecDeque<u8>,
    queued: VecDeque<u8>,
    source: std::iter::Cycle<std::vec::IntoIter<u8>>,
    /// The end said "not now" and has had no event since.
    reader_waits: bool,
    writer_waits: bool,
}

impl World {
    fn new() -> World {
        let (events, sender, receiver) = Loop::with_pipe();
        World {
            events,
            sender: Some(sender),
            clones: Vec::new(),
            receiver: Some(receiver),
            queue: SendQueue::new(),
            piped: VecDeque::new(),
            queued: VecDeque::new(),
            source: pattern(65_521).into_iter().cycle(),
            reader_waits: false,
            writer_waits: false,
        }
    }

    fn take(&mut self, len: usize) -> Vec<u8> {
        self.source.by_ref().take(len).collect()
    }

    /// Bytes that left the pipe must be the oldest ones in it.
    fn received(&mut self, bytes: &[u8]) {
        assert!(bytes.len() <= self.piped.len());
        let expected: Vec<u8> = self.piped.drain(..bytes.len()).collect();
        assert!(bytes == expected, "wrong bytes");
    }

    fn senders(&self) -> usize {
        self.clones.len() + usize::from(self.sender.is_some())
    }

    /// A write was refused: the pipe is full or nobody reads.
    fn refused(&mut self, kind: ErrorKind) {
        match kind {
            ErrorKind::WouldBlock => {
                assert!(!self.piped.is_empty() && self.receiver.is_some());
                self.writer_waits = true;
            }
            ErrorKind::BrokenPipe => assert!(self.receiver.is_none()),
            other => panic!("{other:?}"),
        }
    }

    fn drained(&mut self, drained: Drained, got: &[u8], limit: usize) {
        self.received(got);
        match drained {
            Drained::Limit => assert_eq!(got.len(), limit),
            Drained::Empty => {
                assert!(self.piped.is_empty() && self.senders() > 0);
                self.reader_waits = true;
            }
            Drained::Closed => assert!(self.piped.is_empty() && self.senders() == 0),
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Write(len) => {
                let bytes = self.take(len);
                let Some(mut sender) = self.sender.as_ref() else {
                    return;
                };
                match sender.write(&bytes) {
                    Ok(n) => self.piped.extend(&bytes[..n]),
                    Err(err) => self.refused(err.kind()),
                }
            }
            Step::Fill(len) => {
                let bytes = self.take(len);
                let Some(sender) = &self.sender else { return };
                match sender.fill(&bytes) {
                    Ok(n) => {
                        self.piped.extend(&bytes[..n]);
                        self.writer_waits |= n < len;
                    }
                    Err(err) => self.refused(err.kind()),
                }
            }
            Step::Send(len) => {
                let bytes = self.take(len);
                let Some(sender) = &self.sender else { return };
                self.queued.extend(&bytes);
                let was_blocked = self.queue.is_blocked();
                let result = self.queue.send(sender, &bytes).map(|()| was_blocked);
                self.queue_moved(result);
            }
            Step::Flush => {
                let Some(sender) = &self.sender else { return };
                let result = self.queue.flush(sender).map(|_| false);
                self.queue_moved(result);
            }
            Step::Read(len) => {
                let Some(mut receiver) = self.receiver.as_ref() else {
                    return;
                };
                let mut buf = vec![0; len];
                match receiver.read(&mut buf) {
                    Ok(0) if len > 0 => assert!(self.piped.is_empty() && self.senders() == 0),
                    Ok(n) => self.received(&buf[..n]),
                    Err(err) => {
                        assert_eq!(err.kind(), ErrorKind::WouldBlock);
                        assert!(self.piped.is_empty() && self.senders() > 0);
                        self.reader_waits = true;
                    }
                }
            }
            Step::Drain(limit) => {
                let Some(receiver) = &self.receiver else {
                    return;
                };
                let mut buf = Vec::new();
                let drained = receiver.drain(&mut buf, limit).unwrap();
                self.drained(drained, &buf, limit);
            }
            Step::DrainEvent(limit) => {
                let events = self.poll();
                let Some(event) = events.iter().find(|event| event.token() == RECEIVER) else {
                    return;
                };
                let Some(receiver) = &self.receiver else {
                    return;
                };
                let mut buf = Vec::new();
                let drained = receiver.drain_event(event, &mut buf, limit).unwrap();
                self.drained(drained, &buf, limit);
            }
            Step::CloneSender => {
                if let Some(sender) = &self.sender {
                    self.clones.push(sender.try_clone().unwrap());
                }
            }
            Step::DropClone => drop(self.clones.pop()),
            Step::DropSender => {
                if let Some(mut sender) = self.sender.take() {
                    // A duplicated end is deregistered by hand. poll(2) may have done it already.
                    let _ = self.events.poll.registry().deregister(&mut sender);
                    self.writer_waits = false;
                }
            }
            Step::DropReceiver => {
                self.receiver = None;
                self.reader_waits = false;
            }
            Step::ReregisterReceiver => {
                if let Some(receiver) = &mut self.receiver {
                    register_again(&self.events, receiver, RECEIVER, Interest::READABLE);
                }
            }
            Step::ReregisterSender => {
                if let Some(sender) = &mut self.sender {
                    register_again(&self.events, sender, SENDER, Interest::WRITABLE);
                }
            }
            Step::Ask => {
                if let Some(sender) = &self.sender {
                    assert_eq!(
                        sender.is_receiver_dropped().unwrap(),
                        self.receiver.is_none()
                    );
                }
                if let Some(receiver) = &self.receiver {
                    assert_eq!(receiver.is_sender_dropped().unwrap(), self.senders() == 0);
                    assert_eq!(receiver.available().unwrap(), self.piped.len());
                }
            }
        }
    }

    /// Takes over what the queue moved into the pipe, whether or not it then failed. A queue that was
    /// blocked already did not try again, and is owed nothing new.
    fn queue_moved(&mut self, was_blocked: std::io::Result<bool>) {
        let moved = self.queued.len() - self.queue.pending();
        self.piped.extend(self.queued.drain(..moved));
        match was_blocked {
            Ok(was_blocked) => self.writer_waits |= self.queue.is_blocked() && !was_blocked,
            Err(err) => self.refused(err.kind()),
        }
    }

    /// Polls, and checks that whoever waits and is ready got an event.
    fn poll(&mut self) -> Vec<mio::event::Event> {
        let events = self.events.poll_now();
        let has = |token: Token| events.iter().any(|event| event.token() == token);
        if self.reader_waits && (!self.piped.is_empty() || self.senders() == 0) {
            assert!(has(RECEIVER), "an event is owed to the Receiver");
        }
        if self.writer_waits && (self.piped.is_empty() || self.receiver.is_none()) {
            assert!(has(SENDER), "an event is owed to the Sender");
        }
        self.reader_waits &= !has(RECEIVER);
        self.writer_waits &= !has(SENDER);
        events
    }
}

/// Re-registers; where the selector has dropped the end by itself, registers.
fn register_again(
    events: &Loop,
    source: &mut impl mio::event::Source,
    token: Token,
    interest: Interest,
) {
    let registry = events.poll.registry();
    if registry.reregister(source, token, interest).is_err() {
        registry.register(source, token, interest).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    fn random_programs(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.poll();
    }
}

/// In a process of its own: a child that another test starts holds our descriptors until its exec,
/// and so a pipe open that the model takes for closed.
#[test]
fn random_programs_behave_like_a_queue_of_bytes() {
    in_own_process(
        "unix::model::random_programs_behave_like_a_queue_of_bytes",
        random_programs,
    );
}

/// The model itself must be able to fail: a byte that is lost shows.
#[test]
#[should_panic(expected = "wrong bytes")]
fn the_model_notices_a_lost_byte() {
    let mut world = World::new();
    world.step(&Step::Write(100));
    let mut receiver = world.receiver.as_ref().unwrap();
    assert_eq!(receiver.read(&mut [0; 1]).unwrap(), 1);
    world.step(&Step::Read(99));
}
