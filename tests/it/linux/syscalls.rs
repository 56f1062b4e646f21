//! Each operation is exactly one system call: counted by strace(1), not read from the source.

use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd};

use mio::{Events, Interest, Poll, Token};
use mio_pipe::os::linux::{Fanout, PageRing, Pool, Relay};
use mio_pipe::{Builder, Drained, Receiver, SendQueue, Sender, child, new_pipe};

use super::util::under_strace;

const TEST: &str = "linux::syscalls::each_operation_is_the_system_calls_it_says";
const TRACED: &str = "MIO_PIPE_TEST_TRACED";

/// Shows in the trace as a write to descriptor 999, which is not open.
fn mark(operation: &str) {
    // SAFETY: the descriptor is used in one call that the kernel refuses, and never closed.
    let nobody = unsafe { BorrowedFd::borrow_raw(999) };
    rustix::io::write(nobody, operation.as_bytes()).unwrap_err();
}

fn traced<T>(operation: &str, f: impl FnOnce() -> T) -> T {
    mark(operation);
    let result = f();
    mark("-");
    result
}

fn operations() {
    let (mut sender, mut receiver) = traced("new_pipe", || new_pipe().unwrap());
    let mut buf = [0; 64];
    traced("write", || sender.write(b"hello").unwrap());
    traced("write_vectored", || {
        sender
            .write_vectored(&[IoSlice::new(b"a"), IoSlice::new(b"b")])
            .unwrap()
    });
    traced("flush", || sender.flush().unwrap());
    traced("available", || receiver.available().unwrap());
    traced("read", || receiver.read(&mut buf[..5]).unwrap());
    traced("read_vectored", || {
        let (a, b) = buf.split_at_mut(1);
        receiver
            .read_vectored(&mut [IoSliceMut::new(a), IoSliceMut::new(b)])
            .unwrap()
    });
    traced("read nothing", || receiver.read(&mut buf).unwrap_err());
    traced("is_receiver_dropped", || {
        sender.is_receiver_dropped().unwrap()
    });
    traced("is_sender_dropped", || {
        receiver.is_sender_dropped().unwrap()
    });
    traced("set_nonblocking", || sender.set_nonblocking(true).unwrap());
    let slices = vec![1; 4 * 2 * rustix::param::page_size()];
    traced("fill of four slices", || {
        assert_eq!(sender.fill(&slices).unwrap(), slices.len())
    });
    let mut drained = Vec::with_capacity(slices.len());
    traced("drain of four slices", || {
        assert_eq!(
            receiver.drain(&mut drained, slices.len()).unwrap(),
            Drained::Limit
        );
    });
    let mut queue = SendQueue::new();
    traced("send of little", || queue.send(&sender, b"little").unwrap());
    traced("flush of little", || assert!(queue.flush(&sender).unwrap()));
    traced("flush of nothing", || {
        assert!(queue.flush(&sender).unwrap())
    });
    queue.send(&sender, &vec![2; 1 << 20]).unwrap();
    assert!(queue.is_blocked());
    traced("send while blocked", || {
        queue.send(&sender, &slices).unwrap()
    });
    receiver.drain(&mut drained, usize::MAX).map(drop).unwrap();

    let clone = traced("try_clone", || sender.try_clone().unwrap());
    drop(clone);

    let poll = Poll::new().unwrap();
    traced("register", || {
        poll.registry()
            .register(&mut sender, Token(0), Interest::WRITABLE)
            .unwrap();
    });
    traced("reregister", || {
        poll.registry()
            .reregister(&mut sender, Token(1), Interest::WRITABLE)
            .unwrap();
    });
    traced("deregister", || {
        poll.registry().deregister(&mut sender).unwrap()
    });

    poll.registry()
        .register(&mut receiver, Token(2), Interest::READABLE)
        .unwrap();
    sender.write_all(b"some").unwrap();
    let mut poll = poll;
    let mut events = Events::with_capacity(8);
    poll.poll(&mut events, None).unwrap();
    let event = events.iter().next().unwrap();
    drained.clear();
    traced("drain_event", || {
        assert_eq!(
            receiver.drain_event(event, &mut drained, 64).unwrap(),
            Drained::Empty
        );
    });
    poll.registry().deregister(&mut receiver).unwrap();

    let fd = traced("into OwnedFd", || std::os::fd::OwnedFd::from(sender));
    let sender = traced("from_fd", || Sender::from_fd(fd).unwrap());
    let fd = traced("into_blocking_fd", || receiver.into_blocking_fd().unwrap());
    let receiver = traced("from_fd of a blocking one", || {
        Receiver::from_fd(fd).unwrap()
    });
    drop((sender, receiver));
    drop(traced("child::stdin", || child::stdin().unwrap()));
    drop(traced("child::output", || child::output().unwrap()));
    drop(traced("child::merged_output", || {
        child::merged_output().unwrap()
    }));
    drop(traced("capacity", || {
        Builder::new().capacity(8192).new_pipe().unwrap()
    }));
    turns();
    fast_paths();
}

/// A pipe holds 16 pages, and a slice is two.
fn turns() {
    let page = rustix::param::page_size();
    let more_than_fits = vec![1; 20 * page];
    let fill = |sender: &Sender| assert_eq!(sender.fill(&more_than_fits).unwrap(), 16 * page);
    let mut received = Vec::with_capacity(more_than_fits.len());
    let mut drain = |receiver: &Receiver| {
        received.clear();
        let drained = receiver.drain(&mut received, usize::MAX).unwrap();
        assert_eq!(drained, Drained::Empty);
    };

    let (sender, receiver) = new_pipe().unwrap();
    traced("fill for the first time", || fill(&sender));
    traced("drain for the first time", || drain(&receiver));
    fill(&sender);
    drain(&receiver);
    traced("fill by turns", || fill(&sender));
    traced("drain by turns", || drain(&receiver));
    for _ in 1..32 {
        fill(&sender);
        drain(&receiver);
    }
    traced("fill after 32 turns", || fill(&sender));
    traced("drain after 32 turns", || drain(&receiver));

    let (sender, receiver) = new_pipe().unwrap();
    for _ in 0..2 {
        sender.fill(b"message").unwrap();
        drain(&receiver);
    }
    fill(&sender);
    traced("drain after equal messages", || drain(&receiver));

    let (sender, receiver) = new_pipe().unwrap();
    for slices in [1, 2] {
        sender.fill(&more_than_fits[..slices * 2 * page]).unwrap();
        drain(&receiver);
        fill(&sender);
        drain(&receiver);
    }
    traced("fill while the Receiver reads", || fill(&sender));
    traced("drain while the Sender writes", || drain(&receiver));

    for _ in 0..2 {
        fill(&sender);
        drain(&receiver);
    }
    // 64 ends are known, by their descriptors.
    let clones: Vec<Sender> = (0..64).map(|_| sender.try_clone().unwrap()).collect();
    let place = |sender: &Sender| sender.as_raw_fd() % 64;
    let same = clones.iter().find(|end| place(end) == place(&sender));
    traced("fill in another end's place", || fill(same.unwrap()));
}

fn fast_paths() {
    const ALL: usize = 1 << 20;
    let mut pool = Pool::new(Builder::new(), 1);
    let pipe = traced("Pool::take of none", || pool.take().unwrap());
    traced("Pool::put", || assert!(pool.put(pipe)));
    let pipe = traced("Pool::take", || pool.take().unwrap());

    let (mut source, input) = new_pipe().unwrap();
    let (output, sink) = new_pipe().unwrap();
    source.write_all(&[1; 10_000]).unwrap();
    let mut relay = traced("Relay::new", || Relay::new(pipe).unwrap());
    traced("Relay::step", || {
        assert_eq!(relay.step(&input, &output, ALL).unwrap().given, 10_000)
    });
    drop((output, sink));

    let mut fanout = Fanout::new(input);
    let mut sinks = Vec::new();
    for i in 0..3 {
        let (output, sink) = new_pipe().unwrap();
        fanout.add(Token(i), output);
        sinks.push(sink);
    }
    source.write_all(&[1; 10_000]).unwrap();
    traced("Fanout::step", || {
        assert_eq!(fanout.step(10_000).unwrap().given, 30_000)
    });

    let (sender, receiver) = new_pipe().unwrap();
    let mut ring = PageRing::new(sender, 0).unwrap();
    traced("PageRing::fill_with", || {
        assert_eq!(ring.fill_with(|room| room.len()).unwrap(), 65_536)
    });
    assert_eq!(receiver.available().unwrap(), 65_536);
}

fn expected() -> Vec<(&'static str, Vec<&'static str>)> {
    // mio's poll(2) selector lives in user space, and wakes whoever polls.
    let selector = match cfg!(mio_unsupported_force_poll_poll) {
        true => vec!["write", "read", "futex"],
        false => vec!["epoll_ctl"],
    };
    // ... and arms an end after a read that would block.
    let drain_event = match cfg!(mio_unsupported_force_poll_poll) {
        true => vec!["read", "read", "write", "read", "futex"],
        false => vec!["read"],
    };
    vec![
        ("new_pipe", vec!["pipe2"]),
        ("write", vec!["write"]),
        ("write_vectored", vec!["writev"]),
        ("flush", vec![]),
        ("available", vec!["ioctl"]),
        ("read", vec!["read"]),
        ("read_vectored", vec!["readv"]),
        ("read nothing", vec!["read"]),
        ("is_receiver_dropped", vec!["ppoll"]),
        ("is_sender_dropped", vec!["ppoll"]),
        ("set_nonblocking", vec!["ioctl"]),
        ("fill of four slices", vec!["write"; 4]),
        ("drain of four slices", vec!["read"; 4]),
        ("send of little", vec![]),
        ("flush of little", vec!["write"]),
        ("flush of nothing", vec![]),
        ("send while blocked", vec![]),
        ("try_clone", vec!["fcntl"]),
        ("register", selector.clone()),
        ("reregister", selector.clone()),
        ("deregister", selector),
        ("drain_event", drain_event),
        ("into OwnedFd", vec![]),
        ("from_fd", vec!["fstat", "fcntl"]),
        ("into_blocking_fd", vec!["ioctl"]),
        ("from_fd of a blocking one", vec!["fstat", "fcntl", "fcntl"]),
        ("child::stdin", vec!["pipe2", "ioctl"]),
        ("child::output", vec!["pipe2", "ioctl"]),
        ("child::merged_output", vec!["pipe2", "ioctl", "fcntl"]),
        ("capacity", vec!["pipe2", "fcntl"]),
        // The last one would block.
        ("fill for the first time", vec!["write"; 9]),
        ("drain for the first time", vec!["read"; 9]),
        ("fill by turns", vec!["write"; 2]),
        ("drain by turns", vec!["read"; 2]),
        ("fill after 32 turns", vec!["write"; 9]),
        ("drain after 32 turns", vec!["read"; 9]),
        ("fill while the Receiver reads", vec!["write"; 9]),
        ("drain while the Sender writes", vec!["read"; 9]),
        ("drain after equal messages", vec!["read"; 9]),
        ("fill in another end's place", vec!["write"; 9]),
        ("Pool::take of none", vec!["pipe2"]),
        ("Pool::put", vec!["ioctl"]),
        ("Pool::take", vec![]),
        ("Relay::new", vec!["ioctl"]),
        // In, out, and nothing more to be had.
        ("Relay::step", vec!["splice"; 3]),
        ("Fanout::step", vec!["tee", "tee", "splice"]),
        ("PageRing::fill_with", vec!["vmsplice"]),
    ]
}

#[test]
fn each_operation_is_the_system_calls_it_says() {
    if std::env::var_os(TRACED).is_some() {
        return operations();
    }
    let Some(log) = under_strace(TEST, (TRACED, "1"), &[]) else {
        return;
    };
    let found = between_marks(&log);
    for (operation, calls) in expected() {
        let (_, traced) = found.iter().find(|(name, _)| name == operation).unwrap();
        assert_eq!(*traced, calls, "{operation}");
    }
    assert_eq!(found.len(), expected().len());
}

/// The calls after each mark, up to the mark "-", of the thread that set it.
fn between_marks(log: &str) -> Vec<(String, Vec<&str>)> {
    let mut found = Vec::new();
    let mut current: Option<(&str, String, Vec<&str>)> = None;
    for line in log.lines() {
        let (thread, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        if let Some(rest) = call.strip_prefix("write(999, \"") {
            let name = rest.split('"').next().unwrap();
            if name == "-" {
                let (_, name, calls) = current.take().unwrap();
                found.push((name, calls));
            } else {
                current = Some((thread, name.to_owned(), Vec::new()));
            }
        } else if let Some((marked, _, calls)) = &mut current {
            if thread == *marked {
                let name = call.split('(').next().unwrap();
                // What the allocator does is its own affair.
                if !["mmap", "munmap", "mremap", "brk"].contains(&name) {
                    calls.push(name);
                }
            }
        }
    }
    found
}
