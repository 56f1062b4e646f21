//! Packets: boundaries are kept, nothing is split, nothing is thrown away.

use std::io::ErrorKind;

use mio_pipe::Builder;
use mio_pipe::os::linux::{PacketReceiver, PacketSender};

use crate::util::{Loop, RECEIVER, SENDER, assert_error, assert_would_block, pattern, quiet};

fn packet_pipe() -> (PacketSender, PacketReceiver) {
    Builder::new().new_packet_pipe().unwrap()
}

#[test]
fn each_packet_is_received_whole_and_alone() {
    let _quiet = quiet();
    let (sender, receiver) = packet_pipe();
    let packets: Vec<_> = [1, 10, 4095, 4096, 2].map(pattern).into();
    for packet in &packets {
        sender.send(packet).unwrap();
    }
    assert_eq!(
        receiver.available().unwrap(),
        packets.iter().map(Vec::len).sum::<usize>()
    );
    let mut buf = [0; PacketReceiver::BUFFER];
    for packet in &packets {
        assert_eq!(receiver.recv(&mut buf).unwrap(), Some(packet.as_slice()));
    }
    assert_would_block(receiver.recv(&mut buf));
    drop(sender);
    assert_eq!(receiver.recv(&mut buf).unwrap(), None);
    assert_eq!(receiver.recv(&mut buf).unwrap(), None);
}

#[test]
fn packets_that_cannot_be_are_refused() {
    let _quiet = quiet();
    let (sender, receiver) = packet_pipe();
    assert_error(sender.send(b""), ErrorKind::InvalidInput);
    assert_error(
        sender.send(&[0; PacketSender::MAX + 1]),
        ErrorKind::InvalidInput,
    );
    assert_eq!(receiver.available().unwrap(), 0);
}

#[test]
fn a_buffer_that_might_lose_bytes_is_refused() {
    let _quiet = quiet();
    let (sender, receiver) = packet_pipe();
    sender.send(&[7; 4096]).unwrap();
    assert_error(receiver.recv(&mut [0; 4095]), ErrorKind::InvalidInput);
    let mut buf = [0; 5000];
    assert_eq!(
        receiver.recv(&mut buf).unwrap().map(<[u8]>::len),
        Some(4096)
    );
}

#[test]
fn a_packet_takes_a_page_and_capacity_counts_packets() {
    let _quiet = quiet();
    let page = rustix::param::page_size();
    let (sender, receiver) = Builder::new().capacity(4 * page).new_packet_pipe().unwrap();
    for _ in 0..4 {
        sender.send(b"x").unwrap();
    }
    assert_would_block(sender.send(b"x"));
    let mut buf = [0; PacketReceiver::BUFFER];
    receiver.recv(&mut buf).unwrap();
    sender.send(b"x").unwrap();
    drop(receiver);
    assert!(sender.is_receiver_dropped().unwrap());
    assert_error(sender.send(b"x"), ErrorKind::BrokenPipe);
}

#[test]
fn packet_ends_register_and_are_ready() {
    let _quiet = quiet();
    let mut events = Loop::new();
    let (mut sender, mut receiver) = packet_pipe();
    events.writable(&mut sender, SENDER);
    events.readable(&mut receiver, RECEIVER);
    events.wait_for(SENDER, |event| event.is_writable());
    let mut buf = [0; PacketReceiver::BUFFER];
    for round in 0..100_u8 {
        assert_would_block(receiver.recv(&mut buf));
        sender.send(&[round; 100]).unwrap();
        events.wait_for(RECEIVER, |event| event.is_readable());
        assert_eq!(receiver.recv(&mut buf).unwrap(), Some(&[round; 100][..]));
    }
}

#[test]
fn packets_of_many_senders_stay_whole() {
    let (sender, receiver) = packet_pipe();
    let senders: Vec<_> = (0..4).map(|_| sender.try_clone().unwrap()).collect();
    drop(sender);
    let mut counts = [0; 4];
    std::thread::scope(|scope| {
        for (i, mut sender) in senders.into_iter().enumerate() {
            scope.spawn(move || {
                let mut events = Loop::new();
                events.writable(&mut sender, SENDER);
                for len in 1..=1000 {
                    events.run(|| sender.send(&vec![i as u8; len]).map(Some));
                }
            });
        }
        let mut events = Loop::new();
        let mut receiver = receiver;
        events.readable(&mut receiver, RECEIVER);
        let mut buf = [0; PacketReceiver::BUFFER];
        loop {
            let packet = events.run(|| Ok(Some(receiver.recv(&mut buf)?.map(<[u8]>::to_vec))));
            let Some(packet) = packet else { break };
            let sender = usize::from(packet[0]);
            counts[sender] += 1;
            assert_eq!(packet, vec![sender as u8; counts[sender]]);
        }
    });
    assert_eq!(counts, [1000; 4]);
}
