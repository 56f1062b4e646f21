//! FIFOs that stay open while the others come and go.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use mio_pipe::os::unix::fifo::{OpenOptions, ReaderWait};

use super::fifo::{new_fifo, write_line};
use crate::util::{Loop, RECEIVER, SENDER, assert_error, assert_would_block, pattern, quiet};

#[test]
fn lines_of_a_thousand_writers_that_come_and_go_arrive_once_and_whole() {
    const THREADS: usize = 4;
    const WRITERS: usize = 250;
    let (_dir, path) = new_fifo();
    let mut events = Loop::new();
    let mut receiver = OpenOptions::new().open_persistent_receiver(&path).unwrap();
    events.readable(&mut receiver, RECEIVER);

    let mut text = Vec::new();
    let mut wakeups = 0;
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let path = &path;
            scope.spawn(move || {
                for writer in 0..WRITERS {
                    // No longer than the least PIPE_BUF that POSIX allows.
                    let tail = "x".repeat(writer % 500);
                    write_line(path, &format!("{thread}-{writer} {tail}\n"));
                }
            });
        }
        let mut lines = 0;
        let mut buf = [0; 4096];
        events.run_events(|_| {
            wakeups += 1;
            loop {
                match receiver.read(&mut buf) {
                    Ok(n) => {
                        assert_ne!(n, 0, "EOF from a persistent Receiver");
                        lines += buf[..n].iter().filter(|&&byte| byte == b'\n').count();
                        text.extend_from_slice(&buf[..n]);
                    }
                    Err(err) if err.kind() == ErrorKind::WouldBlock => break,
                    Err(err) => panic!("{err}"),
                }
            }
            lines == THREADS * WRITERS
        });
    });

    let text = String::from_utf8(text).unwrap();
    let found: HashSet<&str> = text.lines().collect();
    assert_eq!(text.lines().count(), THREADS * WRITERS);
    for thread in 0..THREADS {
        for writer in 0..WRITERS {
            let line = format!("{thread}-{writer} {}", "x".repeat(writer % 500));
            assert!(found.contains(line.as_str()), "no {line:?}");
        }
    }
    // One for each write, were none of them to find more than one line; twice that is generous. A
    // loop that spins while no writer is there has no bound.
    assert!(wakeups <= 2 * THREADS * WRITERS, "{wakeups} wake-ups");
    assert_would_block(receiver.read(&mut [0; 16]));
    events.expect_none(RECEIVER);
}

#[test]
fn persistent_receiver_without_a_writer_is_neither_at_eof_nor_spinning() {
    let _quiet = quiet();
    let (_dir, path) = new_fifo();
    let mut events = Loop::new();
    let mut receiver = OpenOptions::new().open_persistent_receiver(&path).unwrap();
    events.readable(&mut receiver, RECEIVER);

    // Before any writer.
    assert_would_block(receiver.read(&mut [0; 16]));
    for _ in 0..100 {
        events.expect_none(RECEIVER);
    }
    // While writers come, write nothing, and go: no more than a wake-up for each.
    let mut wakeups = 0;
    for _ in 0..100 {
        drop(File::options().write(true).open(&path).unwrap());
        assert_would_block(receiver.read(&mut [0; 16]));
        wakeups += events.poll_now().len();
    }
    assert!(wakeups <= 100, "{wakeups} wake-ups");
    // Between writers.
    for round in 0..100 {
        let line = format!("{round}\n");
        write_line(&path, &line);
        events.wait_for(RECEIVER, |event| event.is_readable());
        let mut buf = [0; 16];
        let n = receiver.read(&mut buf).unwrap();
        assert_eq!(&buf[..n], line.as_bytes());
        assert_would_block(receiver.read(&mut buf));
        events.expect_none(RECEIVER);
    }
    assert!(!receiver.is_sender_dropped().unwrap());
}

#[test]
fn persistent_receiver_turned_into_its_end_reads_eof_after_the_last_writer() {
    let _quiet = quiet();
    let (_dir, path) = new_fifo();
    let mut events = Loop::new();
    let mut receiver = OpenOptions::new().open_persistent_receiver(&path).unwrap();
    events.readable(&mut receiver, RECEIVER);
    let mut sender = OpenOptions::new().open_sender(&path).unwrap();
    sender.write_all(b"last words").unwrap();
    fs::remove_file(&path).unwrap();
    let receiver = receiver.into_end();
    drop(sender);
    assert_eq!(events.read_to_end(&receiver), b"last words");
}

#[test]
fn persistent_sender_waits_for_a_reader_without_spinning() {
    let _quiet = quiet();
    let (_dir, path) = new_fifo();
    let mut events = Loop::new();
    let mut sender = OpenOptions::new().open_persistent_sender(&path).unwrap();
    events.writable(&mut sender, SENDER);

    let data = pattern(1 << 20);
    let mut sent = 0;
    let full = loop {
        match sender.write(&data[sent..]) {
            Ok(n) => sent += n,
            Err(err) => break err,
        }
    };
    assert_eq!(full.kind(), ErrorKind::WouldBlock);
    // What came for the writes that went in; after it, nothing.
    events.poll_now();
    assert_would_block(sender.write(&data[sent..]));
    for _ in 0..100 {
        events.expect_none(SENDER);
    }
    // A reader that comes and goes without reading changes nothing.
    drop(OpenOptions::new().open_receiver(&path).unwrap());
    assert_would_block(sender.write(&data[sent..]));

    thread::scope(|scope| {
        let received = scope.spawn(|| {
            let mut received = vec![0; data.len()];
            File::open(&path)
                .unwrap()
                .read_exact(&mut received)
                .unwrap();
            received
        });
        events.write_all(&sender, &data[sent..]);
        assert!(received.join().unwrap() == data);
    });
}

#[test]
fn reader_wait_tries_ever_less_often_until_there_is_a_reader() {
    let _quiet = quiet();
    let (_dir, path) = new_fifo();
    let options = OpenOptions::new();
    let mut wait = ReaderWait::new();
    let mut now = Instant::now();
    let end = now + Duration::from_secs(60);
    let mut tries = 0;
    let mut delays = Vec::new();
    assert_eq!(wait.timeout(now), Duration::ZERO);
    while now < end {
        let open = || {
            tries += 1;
            options.open_sender(&path)
        };
        assert!(wait.try_open(now, open).unwrap().is_none());
        let timeout = wait.timeout(now);
        delays.push(timeout.as_millis());
        // Other events come in between: they cost no system call.
        let early = now + timeout - Duration::from_nanos(1);
        assert!(wait.try_open(early, || unreachable!()).unwrap().is_none());
        now += timeout;
    }
    assert_eq!(delays[..11], [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512]);
    assert_eq!(tries, delays.len());
    assert!(tries < 130, "{tries} tries in a minute");

    let _receiver = options.open_receiver(&path).unwrap();
    let open = || options.open_sender(&path);
    assert!(wait.try_open(now, open).unwrap().is_some());
    // And it can be used again.
    assert_eq!(wait.timeout(now), Duration::ZERO);
}

#[test]
fn reader_wait_reports_every_other_error() {
    let _quiet = quiet();
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let open = || OpenOptions::new().open_sender(&missing);
    let result = ReaderWait::new().try_open(Instant::now(), open);
    assert_error(result, ErrorKind::NotFound);
}
