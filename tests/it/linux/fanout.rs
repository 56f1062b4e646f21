//! Fanout: every byte to every output, once and in order, whoever is slow and whoever goes away.

use std::io::{ErrorKind, Read, Write};

use mio::Token;
use mio_pipe::os::linux::{Fanout, Next, Side, Step};
use mio_pipe::{Builder, EventExt, Receiver, Sender, new_pipe};

use super::util::{contents, sizes};
use crate::util::{Loop, pattern, quiet};

const MANY: usize = 1 << 20;
const INPUT: Next = Next::Wait(Side::Input);
const OUTPUT: Next = Next::Wait(Side::Output);

/// A fan-out to pipes of these capacities, in bytes, with tokens from 0 on.
fn fanout(capacities: &[usize]) -> (Sender, Fanout, Vec<Receiver>) {
    let (source, input) = new_pipe().unwrap();
    let mut fanout = Fanout::new(input);
    let readers = add(&mut fanout, 0, capacities);
    (source, fanout, readers)
}

fn add(fanout: &mut Fanout, first: usize, capacities: &[usize]) -> Vec<Receiver> {
    let mut readers = Vec::new();
    for (i, capacity) in capacities.iter().enumerate() {
        let (sender, receiver) = Builder::new().capacity(*capacity).new_pipe().unwrap();
        fanout.add(Token(first + i), sender);
        readers.push(receiver);
    }
    readers
}

fn waiting(fanout: &Fanout) -> Vec<usize> {
    fanout.waiting().map(|token| token.0).collect()
}

/// Readers of every appetite, writes of every size, outputs of every capacity.
#[test]
fn every_output_gets_every_byte_once_and_in_order() {
    for (seed, count) in [(1, 1), (2, 2), (3, 5), (4, 32)] {
        let capacities = [4096, 65_536, 1 << 20, 8192];
        let capacities: Vec<_> = (0..count).map(|i| capacities[i % 4]).collect();
        let (source, mut fanout, readers) = fanout(&capacities);
        let data = pattern(700_000);
        let mut source = Some(source);
        let mut size = sizes(seed, 30_000);
        let (mut sent, mut received) = (0, vec![Vec::new(); count]);
        let mut given = 0;
        loop {
            if let Some(open) = &source {
                let end = data.len().min(sent + size());
                sent += open.fill(&data[sent..end]).unwrap();
                if sent == data.len() {
                    source = None;
                }
            }
            let step = fanout.step(1 + size()).unwrap();
            given += step.given;
            for (i, mut reader) in readers.iter().enumerate() {
                // Every third is hardly ever read.
                let mut buf = vec![0; size() / (1 + 20 * usize::from(i % 3 == 2))];
                if let Ok(n) = reader.read(&mut buf) {
                    received[i].extend_from_slice(&buf[..n]);
                }
                assert!(received[i] == data[..received[i].len()], "output {i}");
            }
            if step.next == Next::Done {
                break;
            }
        }
        assert_eq!(given, count * data.len());
        for (reader, mut received) in readers.iter().zip(received) {
            received.extend_from_slice(&contents(reader));
            assert!(received == data);
        }
    }
}

#[test]
fn waits_for_the_input_when_it_is_empty_and_is_done_at_its_end() {
    let _quiet = quiet();
    let (mut source, mut fanout, readers) = fanout(&[65_536, 65_536]);
    let nothing = Step {
        taken: 0,
        given: 0,
        next: INPUT,
    };
    assert_eq!(fanout.step(MANY).unwrap(), nothing);
    source.write_all(b"hello").unwrap();
    let step = fanout.step(MANY).unwrap();
    assert_eq!(
        step,
        Step {
            taken: 5,
            given: 10,
            next: INPUT
        }
    );
    source.write_all(b" world").unwrap();
    drop(source);
    let step = fanout.step(MANY).unwrap();
    assert_eq!(
        step,
        Step {
            taken: 6,
            given: 12,
            next: Next::Done
        }
    );
    assert_eq!(fanout.step(MANY).unwrap().next, Next::Done);
    for reader in &readers {
        assert_eq!(contents(reader), b"hello world");
    }
}

#[test]
fn waits_for_the_slowest_and_names_it() {
    let _quiet = quiet();
    let (source, mut fanout, readers) = fanout(&[65_536, 4096, 65_536, 4096]);
    let data = pattern(20_000);
    assert_eq!(source.fill(&data).unwrap(), data.len());
    let step = fanout.step(MANY).unwrap();
    assert_eq!(step.next, OUTPUT);
    assert_eq!(waiting(&fanout), [1, 3]);
    // The fast ones have everything already.
    assert_eq!(contents(&readers[0]), data);
    assert_eq!(contents(&readers[2]), data);

    let mut slow = [contents(&readers[1]), Vec::new()];
    assert_eq!(slow[0], data[..4096]);
    assert_eq!(fanout.step(MANY).unwrap().next, OUTPUT);
    assert_eq!(waiting(&fanout), [3]);
    loop {
        slow[0].extend_from_slice(&contents(&readers[1]));
        slow[1].extend_from_slice(&contents(&readers[3]));
        match fanout.step(MANY).unwrap().next {
            INPUT => break,
            next => assert_eq!(next, OUTPUT),
        }
    }
    slow[0].extend_from_slice(&contents(&readers[1]));
    slow[1].extend_from_slice(&contents(&readers[3]));
    assert!(slow[0] == data && slow[1] == data);
    assert!(
        contents(&readers[0]).is_empty(),
        "the fast ones got nothing twice"
    );
}

#[test]
fn the_end_of_the_input_waits_for_full_outputs() {
    let _quiet = quiet();
    let (source, mut fanout, readers) = fanout(&[4096, 4096]);
    source.fill(&pattern(5000)).unwrap();
    drop(source);
    assert_eq!(fanout.step(MANY).unwrap().next, OUTPUT);
    contents(&readers[0]);
    assert_eq!(fanout.step(MANY).unwrap().next, OUTPUT);
    assert_eq!(waiting(&fanout), [1]);
    contents(&readers[1]);
    assert_eq!(fanout.step(MANY).unwrap().next, Next::Done);
    for reader in &readers {
        assert_eq!(contents(reader), pattern(5000)[4096..]);
    }
}

#[test]
fn the_limit_is_kept_and_says_again() {
    let _quiet = quiet();
    let (source, mut fanout, readers) = fanout(&[65_536, 65_536, 65_536]);
    let data = pattern(10_000);
    source.fill(&data).unwrap();
    let step = fanout.step(0).unwrap();
    assert_eq!(
        step,
        Step {
            taken: 0,
            given: 0,
            next: Next::Again
        }
    );
    for _ in 0..10 {
        let step = fanout.step(1000).unwrap();
        assert_eq!(
            step,
            Step {
                taken: 1000,
                given: 3000,
                next: Next::Again
            }
        );
    }
    assert_eq!(fanout.step(1000).unwrap().next, INPUT);
    assert!(readers.iter().all(|reader| contents(reader) == data));
}

/// Whoever goes away, and wherever it was, the others get everything once.
#[test]
fn a_lost_output_is_reported_and_disturbs_nobody() {
    // The one that dies is: fast; the slowest and alone; one of two that are slowest.
    for (capacities, dies) in [
        (vec![65_536, 4096, 65_536], 0),
        (vec![65_536, 4096, 65_536], 1),
        (vec![4096, 65_536, 4096], 2),
    ] {
        let (source, mut fanout, readers) = fanout(&capacities);
        let data = pattern(30_000);
        source.fill(&data).unwrap();
        assert_eq!(fanout.step(MANY).unwrap().next, OUTPUT);

        let mut readers: Vec<_> = readers.into_iter().map(Some).collect();
        let mut received = vec![Vec::new(); 3];
        readers[dies] = None;
        source.fill(&data).unwrap();
        drop(source);
        loop {
            let next = fanout.step(MANY).unwrap().next;
            for (reader, received) in readers.iter().zip(&mut received) {
                if let Some(reader) = reader {
                    received.extend_from_slice(&contents(reader));
                }
            }
            if next == Next::Done {
                break;
            }
        }
        let lost = fanout.next_lost().unwrap();
        assert_eq!(lost.token, Token(dies));
        assert_eq!(lost.error.kind(), ErrorKind::BrokenPipe);
        assert!(lost.sender.is_receiver_dropped().unwrap());
        assert!(fanout.next_lost().is_none());
        assert_eq!(fanout.len(), 2);
        for (i, received) in received.iter().enumerate() {
            if i != dies {
                assert!(*received == [&data[..], &data[..]].concat(), "output {i}");
            }
        }
    }
}

#[test]
fn without_the_slow_one_the_others_go_on_and_miss_nothing() {
    let _quiet = quiet();
    let (source, mut fanout, readers) = fanout(&[65_536, 4096, 65_536]);
    let data = pattern(100_000);
    let mut sent = source.fill(&data).unwrap();
    assert_eq!(fanout.step(MANY).unwrap().next, OUTPUT);
    let mut fast = [contents(&readers[0]), contents(&readers[2])];
    assert_eq!(fanout.step(MANY).unwrap().next, OUTPUT);

    let slow = fanout.remove(Token(1)).unwrap();
    assert!(fanout.remove(Token(1)).is_none());
    while sent < data.len() || fast[0].len() < data.len() {
        sent += source.fill(&data[sent..]).unwrap();
        assert_eq!(fanout.step(MANY).unwrap().next, INPUT);
        fast[0].extend_from_slice(&contents(&readers[0]));
        fast[1].extend_from_slice(&contents(&readers[2]));
    }
    assert!(fast[0] == data && fast[1] == data);
    assert_eq!(contents(&readers[1]), data[..4096]);
    drop(slow);
    assert!(readers[1].is_sender_dropped().unwrap());
}

#[test]
fn a_new_output_starts_with_what_not_everybody_has() {
    let _quiet = quiet();
    let (mut source, mut fanout, readers) = fanout(&[65_536, 4096]);
    let data = pattern(10_000);
    source.write_all(&data).unwrap();
    let step = fanout.step(MANY).unwrap();
    assert_eq!((step.taken, step.next), (4096, OUTPUT));
    let late = add(&mut fanout, 7, &[65_536]);
    let mut slow = contents(&readers[1]);
    while fanout.step(MANY).unwrap().next != INPUT {
        slow.extend_from_slice(&contents(&readers[1]));
    }
    slow.extend_from_slice(&contents(&readers[1]));
    assert_eq!(slow, data);
    assert_eq!(contents(&readers[0]), data);
    assert_eq!(contents(&late[0]), data[4096..]);
}

#[test]
fn without_outputs_the_input_is_kept() {
    let _quiet = quiet();
    let (mut source, mut fanout, _) = fanout(&[]);
    source.write_all(b"kept").unwrap();
    assert_eq!(fanout.step(MANY).unwrap().next, OUTPUT);
    assert!(fanout.is_empty() && waiting(&fanout).is_empty());
    let readers = add(&mut fanout, 0, &[4096]);
    assert_eq!(fanout.step(MANY).unwrap().next, INPUT);
    assert_eq!(contents(&readers[0]), b"kept");
}

#[test]
fn the_parts_say_who_has_what() {
    let _quiet = quiet();
    let (mut source, mut fanout, readers) = fanout(&[65_536, 4096]);
    let data = pattern(10_000);
    source.write_all(&data).unwrap();
    assert_eq!(fanout.step(MANY).unwrap().next, OUTPUT);
    let (input, outputs) = fanout.into_parts();
    let rest = contents(&input);
    for ((_, sender, ahead), reader) in outputs.into_iter().zip(&readers) {
        let mut received = contents(reader);
        let mut left = &rest[ahead..];
        while !left.is_empty() {
            left = &left[sender.fill(left).unwrap()..];
            received.extend_from_slice(&contents(reader));
        }
        assert_eq!(received, data);
    }
}

/// Everything through events: the fan-out steps when the side it waits for has one, and not more
/// often than that.
#[test]
fn driven_by_events_it_neither_hangs_nor_spins() {
    let _quiet = quiet();
    const SOURCE: Token = Token(100);
    const IN: Token = Token(101);
    const OUTPUTS: usize = 6;
    let mut events = Loop::new();
    let (mut source, mut input) = new_pipe().unwrap();
    events.writable(&mut source, SOURCE);
    events.readable(&mut input, IN);
    let mut fanout = Fanout::new(input);
    let mut readers = Vec::new();
    for i in 0..OUTPUTS {
        let capacity = [4096, 65_536][i % 2];
        let (mut sender, mut receiver) = Builder::new().capacity(capacity).new_pipe().unwrap();
        events.writable(&mut sender, Token(i));
        events.readable(&mut receiver, Token(200 + i));
        fanout.add(Token(i), sender);
        readers.push(receiver);
    }

    let data = pattern(1_000_000);
    let (mut sent, mut received) = (0, vec![Vec::new(); OUTPUTS]);
    let mut source = Some(source);
    let (mut next, mut steps, mut wakes) = (Next::Again, 0, 0);
    loop {
        if let Some(open) = &source {
            sent += open.fill(&data[sent..]).unwrap();
            if sent == data.len() {
                source = None;
            }
        }
        while next == Next::Again {
            next = fanout.step(MANY).unwrap().next;
            steps += 1;
        }
        for (reader, received) in readers.iter().zip(&mut received) {
            let _ = reader.drain(received, MANY).unwrap();
        }
        if next == Next::Done {
            break;
        }
        let waiting = waiting(&fanout);
        let happened = events.poll(crate::util::DEADLINE);
        assert!(
            !happened.is_empty(),
            "hangs: waits for {next:?} of {waiting:?}"
        );
        let woken = happened.iter().any(|event| match next {
            INPUT => event.token() == IN,
            _ => waiting.contains(&event.token().0) && !event.is_receiver_dropped(),
        });
        if woken {
            next = Next::Again;
            wakes += 1;
        }
    }
    assert!(received.iter().all(|received| *received == data));
    assert!(
        steps <= wakes + data.len() / 4096 + 1,
        "{steps} steps for {wakes} events"
    );
}
