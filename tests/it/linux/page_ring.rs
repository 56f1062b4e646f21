//! PageRing: what was sent is what is read, whenever it is read and whatever happens to the ring.

use std::io::{ErrorKind, Read, Write};

use mio_pipe::os::linux::{Moved, PageRing};
use mio_pipe::{Builder, Drained, Receiver, Sender, new_pipe};

use super::util::{contents, sizes, under_strace};
use crate::util::{Loop, RECEIVER, SENDER, assert_error, assert_would_block, pattern, quiet};

const MANY: usize = 1 << 20;

fn pipe(capacity: usize) -> (Sender, Receiver) {
    Builder::new().capacity(capacity).new_pipe().unwrap()
}

/// Sends `data` in pieces of up to `piece` bytes while reading pieces of up to `read`.
#[track_caller]
fn pump(ring: &mut PageRing, mut receiver: &Receiver, data: &[u8], piece: usize, read: usize) {
    let (mut write_size, mut read_size) = (sizes(1, piece), sizes(2, read));
    let (mut sent, mut received) = (0, 0);
    let mut buf = vec![0; read];
    while received < data.len() {
        let end = data.len().min(sent + 1 + write_size());
        let left = &data[sent..end];
        sent += match end % 2 {
            0 => ring.fill(left).unwrap(),
            _ => ring
                .fill_with(|room| {
                    let n = room.len().min(left.len());
                    room[..n].copy_from_slice(&left[..n]);
                    // What comes after is free memory, to be scribbled on.
                    room[n..].fill(0xEE);
                    n
                })
                .unwrap(),
        };
        let len = 1 + read_size();
        match receiver.read(&mut buf[..len]) {
            Ok(n) => {
                assert!(buf[..n] == data[received..][..n], "at {received}");
                received += n;
            }
            Err(err) => {
                assert_eq!(err.kind(), ErrorKind::WouldBlock);
                assert_eq!(ring.pending(), 0, "an empty pipe, and bytes kept back");
            }
        }
        ring.flush().unwrap();
    }
    assert_eq!((ring.pending(), ring.flush().unwrap()), (0, true));
}

#[test]
fn random_sizes_arrive_byte_for_byte() {
    let _quiet = quiet();
    let data = pattern(3_000_000);
    for capacity in [4096, 65_536, 1 << 20] {
        for (piece, read) in [(100_000, 100_000), (5000, 200_000), (200_000, 5000)] {
            let (sender, receiver) = pipe(capacity);
            let mut ring = PageRing::new(sender, 0).unwrap();
            pump(&mut ring, &receiver, &data, piece, read);
        }
    }
}

#[test]
fn this_kernel_gives_pages() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    let mut ring = PageRing::new(sender, 0).unwrap();
    assert!(ring.is_zero_copy());
    assert_eq!(ring.fill(b"hello").unwrap(), 5);
    assert!(ring.is_zero_copy());
    assert_eq!(contents(&receiver), b"hello");
}

/// The ring is written over and over, the reader comes late: nothing that is still in the pipe is
/// touched.
#[test]
fn bytes_in_the_pipe_are_never_written_over() {
    let _quiet = quiet();
    let data = pattern(10 << 20);
    let (sender, receiver) = new_pipe().unwrap();
    let mut ring = PageRing::new(sender, 0).unwrap();
    let (mut sent, mut received) = (0, Vec::new());
    let mut size = sizes(3, 70_000);
    while received.len() < data.len() {
        // Until nothing goes any more, and then one read of no great length.
        while sent < data.len() {
            match ring.fill(&data[sent..]).unwrap() {
                0 => break,
                n => sent += n,
            }
        }
        let _ = ring.flush().unwrap();
        let _ = receiver.drain(&mut received, 1 + size()).unwrap();
    }
    assert!(received == data);
}

/// A reader that passes pages on, to a pipe that keeps as much as the ring was told: it is read only
/// when it is full.
#[test]
fn downstream_sees_every_byte_if_it_keeps_no_more_than_was_said() {
    let _quiet = quiet();
    let data = pattern(6 << 20);
    for (capacity, downstream) in [(65_536, 65_536), (65_536, 1 << 20), (4096, 65_536)] {
        let (sender, receiver) = pipe(capacity);
        let (onward, sink) = pipe(downstream);
        let mut ring = PageRing::new(sender, downstream).unwrap();
        let (mut sent, mut received) = (0, Vec::new());
        while received.len() < data.len() {
            sent += ring.fill(&data[sent..]).unwrap();
            match receiver.splice_to(&onward, 10_000).unwrap() {
                Moved::Bytes(_) => {
                    // As far ahead as it can get, before anybody looks at what is downstream.
                    sent += ring.fill(&data[sent..]).unwrap();
                }
                _ => {
                    let half = sink.available().unwrap() / 2 + 1;
                    let _ = sink.drain(&mut received, half).unwrap();
                }
            }
        }
        assert!(received == data, "{capacity} {downstream}");
    }
}

#[test]
fn what_is_in_the_pipe_outlives_the_ring() {
    let _quiet = quiet();
    let data = pattern(60_000);
    let (sender, receiver) = new_pipe().unwrap();
    let mut ring = PageRing::new(sender, 0).unwrap();
    assert_eq!(ring.fill(&data).unwrap(), data.len());
    drop(ring);
    // Memory that is mapped now may well get the ring's addresses.
    let other = vec![0xAB_u8; 4 << 20];
    let mut received = Vec::new();
    assert_eq!(
        receiver.drain(&mut received, MANY).unwrap(),
        Drained::Closed
    );
    assert!(received == data);
    drop(other);
}

#[test]
fn a_full_pipe_leaves_bytes_pending_and_an_event_follows() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    events.wait_for(SENDER, |event| event.is_writable());
    let capacity = sender.capacity().unwrap();
    let mut ring = PageRing::new(sender, 0).unwrap();
    let data = pattern(1 << 20);
    let (mut sent, mut received) = (0, Vec::new());
    for _ in 0..20 {
        // Until the ring has no room either: everything beyond the pipe is pending.
        loop {
            match ring.fill(&data[sent % data.len()..]).unwrap() {
                0 => break,
                n => sent += n,
            }
        }
        assert_eq!(receiver.available().unwrap(), capacity);
        assert_eq!(ring.pending(), sent - received.len() - capacity);
        assert!(!ring.flush().unwrap());
        assert_eq!(
            ring.fill_with(|_| unreachable!("there is no room"))
                .unwrap(),
            0
        );

        received.extend_from_slice(&events.read_exact(&receiver, capacity));
        events.wait_for(SENDER, |event| event.is_writable());
        let _ = ring.flush().unwrap();
    }
    let (_sender, pending) = ring.into_parts();
    received.extend_from_slice(&contents(&receiver));
    received.extend_from_slice(&pending);
    assert_eq!(received.len(), sent);
    assert!(
        received
            .chunks(data.len())
            .all(|chunk| *chunk == data[..chunk.len()])
    );
}

#[test]
fn driven_by_events_everything_arrives() {
    let _quiet = quiet();
    let (mut events, sender, receiver) = Loop::with_pipe();
    let mut ring = Some(PageRing::new(sender, 0).unwrap());
    let data = pattern(8 << 20);
    let (mut sent, mut received) = (0, Vec::new());
    events.run(|| {
        if let Some(open) = &mut ring {
            sent += open.fill(&data[sent..])?;
            if sent == data.len() && open.flush()? {
                ring = None;
            }
        }
        match receiver.drain(&mut received, MANY)? {
            Drained::Closed => Ok(Some(())),
            Drained::Limit => Ok(None),
            Drained::Empty => Err(ErrorKind::WouldBlock.into()),
        }
    });
    assert!(received == data);
}

#[test]
fn a_capacity_that_grows_later_loses_neither_bytes_nor_events() {
    let _quiet = quiet();
    let data = pattern(4 << 20);
    let (mut events, sender, receiver) = Loop::with_pipe();
    let mut ring = PageRing::new(sender, 0).unwrap();
    let mut sent = ring.fill(&data[..100_000]).unwrap();
    receiver.set_capacity(1 << 20).unwrap();
    // More than the old ring: it must notice that the pipe is not what is full.
    sent += ring.fill(&data[sent..]).unwrap();
    assert!(receiver.available().unwrap() > 200_000);
    let mut received = Vec::new();
    events.run(|| {
        sent += ring.fill(&data[sent..])?;
        match receiver.drain(&mut received, MANY)? {
            _ if received.len() == data.len() => Ok(Some(())),
            Drained::Limit => Ok(None),
            _ => Err(ErrorKind::WouldBlock.into()),
        }
    });
    assert!(received == data);
}

#[test]
fn writes_of_others_in_between_make_it_neither_hang_nor_corrupt() {
    let data = pattern(2_000_000);
    let (sender, receiver) = new_pipe().unwrap();
    let mut other = sender.try_clone().unwrap();
    let mut ring = PageRing::new(sender, 0).unwrap();
    let (mut sent, mut foreign, mut received) = (0, 0, Vec::new());
    while sent < data.len() || ring.pending() > 0 || receiver.available().unwrap() > 0 {
        // Bytes of the ring are never 0xFF, those of the other are nothing else.
        if let Ok(n) = other.write(&[0xFF; 3000]) {
            foreign += n;
        }
        let left = &data[sent..data.len().min(sent + 20_000)];
        sent += ring
            .fill(&left.iter().map(|byte| byte & 0x7F).collect::<Vec<_>>())
            .unwrap();
        let _ = ring.flush().unwrap();
        let _ = receiver.drain(&mut received, 30_000).unwrap();
    }
    let ours: Vec<u8> = received
        .iter()
        .copied()
        .filter(|byte| *byte != 0xFF)
        .collect();
    assert_eq!(received.len() - ours.len(), foreign);
    assert!(ours.iter().zip(&data).all(|(a, b)| *a == b & 0x7F));
    assert_eq!(ours.len(), data.len());
}

#[test]
fn a_closed_reader_is_a_broken_pipe_and_the_bytes_are_kept() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    let mut ring = PageRing::new(sender, 0).unwrap();
    drop(receiver);
    // Taken, and reported by the next call and each one after it.
    assert_eq!(ring.fill(b"kept").unwrap(), 4);
    for _ in 0..2 {
        assert_error(ring.fill(b"not taken"), ErrorKind::BrokenPipe);
        assert_error(ring.fill_with(|_| unreachable!()), ErrorKind::BrokenPipe);
        assert_error(ring.flush(), ErrorKind::BrokenPipe);
    }
    assert_eq!(ring.pending(), 4);
    let (sender, pending) = ring.into_parts();
    assert_eq!(pending, b"kept");
    assert!(sender.is_receiver_dropped().unwrap());
}

#[test]
fn more_than_the_room_counts_as_all_of_it_and_nothing_as_nothing() {
    let _quiet = quiet();
    let (sender, receiver) = new_pipe().unwrap();
    let mut ring = PageRing::new(sender, 0).unwrap();
    assert_eq!(ring.fill_with(|_| 0).unwrap(), 0);
    assert_eq!(ring.fill(b"").unwrap(), 0);
    assert_would_block((&receiver).read(&mut [0; 8]));
    let mut offered = 0;
    let taken = ring
        .fill_with(|room| {
            assert!(
                room.iter().all(|byte| *byte == 0),
                "memory of somebody else"
            );
            room.fill(7);
            offered = room.len();
            usize::MAX
        })
        .unwrap();
    assert_eq!(taken, offered);
    assert_eq!(contents(&receiver), vec![7; offered]);
}

#[test]
fn too_large_a_ring_is_out_of_memory() {
    let _quiet = quiet();
    for downstream in [usize::MAX, isize::MAX as usize] {
        let (sender, _receiver) = new_pipe().unwrap();
        let ring = PageRing::new(sender, downstream);
        assert_error(ring.map(drop), ErrorKind::OutOfMemory);
    }
}

#[test]
fn several_rings_in_parallel_keep_apart() {
    let threads: Vec<_> = (0..4_u8)
        .map(|i| {
            std::thread::spawn(move || {
                let data: Vec<u8> = pattern(4 << 20).iter().map(|byte| byte ^ i).collect();
                let mut events = Loop::new();
                let (mut sender, receiver) = new_pipe().unwrap();
                events.writable(&mut sender, SENDER);
                let mut ring = PageRing::new(sender, 0).unwrap();
                let reader = std::thread::spawn(move || {
                    let mut events = Loop::new();
                    let mut receiver = receiver;
                    events.readable(&mut receiver, RECEIVER);
                    events.read_to_end(&receiver)
                });
                let mut sent = 0;
                events.run(|| {
                    sent += ring.fill(&data[sent..])?;
                    match ring.flush()? && sent == data.len() {
                        true => Ok(Some(())),
                        false => Err(ErrorKind::WouldBlock.into()),
                    }
                });
                drop(ring);
                assert!(reader.join().unwrap() == data);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

const FALLBACK: &str = "linux::page_ring::without_vmsplice_the_result_is_the_same";
const WITHOUT: &str = "MIO_PIPE_TEST_WITHOUT_VMSPLICE";

/// The kernel, or a sandbox, refuses: strace(1) makes it do so.
#[test]
fn without_vmsplice_the_result_is_the_same() {
    if let Some(when) = std::env::var_os(WITHOUT) {
        let data = pattern(1_000_000);
        let (sender, receiver) = new_pipe().unwrap();
        let mut ring = PageRing::new(sender, 0).unwrap();
        // Refused at once, or only when it comes to bytes.
        assert_eq!(ring.is_zero_copy(), when != "1+");
        pump(&mut ring, &receiver, &data, 100_000, 50_000);
        assert!(!ring.is_zero_copy());
        return;
    }
    for (error, when) in [
        ("ENOSYS", "1+"),
        ("EPERM", "1+"),
        ("EINVAL", "2+"),
        ("EPERM", "7+"),
    ] {
        let inject = format!("--inject=vmsplice:error={error}:when={when}");
        let options = ["--trace=vmsplice", &inject];
        if let Some(trace) = under_strace(FALLBACK, (WITHOUT, when), &options) {
            assert!(trace.contains("(INJECTED)"), "{trace}");
        }
    }
}
