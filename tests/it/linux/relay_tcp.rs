//! Relay between two TCP connections: both directions, half-close, reset.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener};

use mio::net::TcpStream;
use mio::{Interest, Token};
use mio_pipe::os::linux::{Next, Pipe, Relay, Side};
use mio_pipe::{Builder, new_pipe};

use crate::util::{Loop, RECEIVER, SENDER, assert_error, pattern, quiet};

const MANY: usize = 1 << 20;
const INPUT: Next = Next::Wait(Side::Input);

fn relay(capacity: usize) -> Relay {
    Relay::new(Pipe::new(Builder::new().capacity(capacity)).unwrap()).unwrap()
}

/// Two ends of a TCP connection over loopback.
fn tcp() -> (std::net::TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let far = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (near, _) = listener.accept().unwrap();
    near.set_nonblocking(true).unwrap();
    (far, TcpStream::from_std(near))
}

/// For mio's poll(2) selector.
fn arm(stream: &TcpStream) {
    stream
        .try_io(|| Err::<(), _>(ErrorKind::WouldBlock.into()))
        .unwrap_err();
}

/// A relay between two TCP connections, `client` and `server`, until both directions are done;
/// returns the bytes of each direction and how many steps they took.
#[track_caller]
fn run_both_ways(
    mut client: TcpStream,
    mut server: TcpStream,
    capacity: usize,
    limit: usize,
) -> ([usize; 2], usize) {
    const CLIENT: Token = SENDER;
    const SERVER: Token = RECEIVER;
    let mut events = Loop::new();
    let both = Interest::READABLE | Interest::WRITABLE;
    let registry = events.poll.registry();
    registry.register(&mut client, CLIENT, both).unwrap();
    registry.register(&mut server, SERVER, both).unwrap();

    let mut relays = [relay(capacity), relay(capacity)];
    let (mut next, mut moved, mut steps) = ([Next::Again; 2], [0; 2], 0);
    loop {
        for i in 0..2 {
            let (input, output) = if i == 0 {
                (&client, &server)
            } else {
                (&server, &client)
            };
            while next[i] == Next::Again {
                let step = relays[i].step(input, output, limit).unwrap();
                assert!(step.taken <= limit);
                steps += 1;
                moved[i] += step.given;
                next[i] = step.next;
                match next[i] {
                    INPUT => {
                        assert_eq!(relays[i].buffered(), 0);
                        arm(input);
                    }
                    Next::Wait(Side::Output) => arm(output),
                    Next::Again => {}
                    Next::Done => output.shutdown(Shutdown::Write).unwrap(),
                }
            }
        }
        if next == [Next::Done; 2] {
            return (moved, steps);
        }
        events.run_events(|event| {
            let client = event.token() == CLIENT;
            let mut wanted = false;
            for (i, input) in [client, !client].into_iter().enumerate() {
                wanted |= match next[i] {
                    INPUT => input && event.is_readable() | event.is_read_closed(),
                    Next::Wait(Side::Output) => !input && event.is_writable(),
                    _ => false,
                };
            }
            wanted
        });
        // Which of the two it was for does not matter: a step too many does no harm.
        for next in &mut next {
            if *next != Next::Done {
                *next = Next::Again;
            }
        }
    }
}

/// Writes pieces of many sizes, closes its direction, and reads until the other is closed.
fn talk(
    stream: std::net::TcpStream,
    data: Vec<u8>,
    seed: usize,
) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut writing = stream.try_clone().unwrap();
        let writer = std::thread::spawn(move || {
            let (mut left, mut i) = (&data[..], seed);
            while !left.is_empty() {
                i = i.wrapping_mul(1_103_515_245).wrapping_add(12_345);
                let (piece, rest) = left.split_at(left.len().min(1 + i % 40_000));
                writing.write_all(piece).unwrap();
                left = rest;
            }
            writing.shutdown(Shutdown::Write).unwrap();
        });
        let mut received = Vec::new();
        let mut stream = stream;
        stream.read_to_end(&mut received).unwrap();
        writer.join().unwrap();
        received
    })
}

#[test]
fn tcp_both_ways_with_half_close_byte_for_byte() {
    for (capacity, limit) in [(1 << 20, 4 << 20), (4096, MANY), (64 * 1024, 5000)] {
        let (far_client, client) = tcp();
        let (far_server, server) = tcp();
        let request = pattern(3_000_001);
        let response: Vec<u8> = pattern(5_000_003).into_iter().rev().collect();
        let server_side = talk(far_server, response.clone(), 7);
        let client_side = talk(far_client, request.clone(), 3);
        let (moved, _) = run_both_ways(client, server, capacity, limit);
        assert_eq!(moved, [request.len(), response.len()]);
        assert!(server_side.join().unwrap() == request);
        assert!(client_side.join().unwrap() == response);
    }
}

/// The request ends long before the response starts: one direction is done, the other goes on.
#[test]
fn one_direction_ends_and_the_other_goes_on() {
    let _quiet = quiet();
    let (mut far_client, client) = tcp();
    let (mut far_server, server) = tcp();
    let peers = std::thread::spawn(move || {
        far_client.write_all(b"request").unwrap();
        far_client.shutdown(Shutdown::Write).unwrap();
        let mut request = Vec::new();
        far_server.read_to_end(&mut request).unwrap();
        // Only now, when the first direction is closed on both sides.
        far_server.write_all(b"the response").unwrap();
        drop(far_server);
        let mut response = Vec::new();
        far_client.read_to_end(&mut response).unwrap();
        (request, response)
    });
    let (moved, steps) = run_both_ways(client, server, 65_536, MANY);
    assert_eq!(moved, [7, 12]);
    assert!(steps < 40, "{steps} steps");
    let (request, response) = peers.join().unwrap();
    assert_eq!(
        (&request[..], &response[..]),
        (&b"request"[..], &b"the response"[..])
    );
}

/// A socket reports an error once and its end ever after: the Relay does not take one for the other.
#[test]
fn a_reset_input_stays_an_error_and_never_becomes_the_end() {
    let _quiet = quiet();
    let (far, near) = tcp();
    rustix::net::sockopt::set_socket_linger(&far, Some(std::time::Duration::ZERO)).unwrap();
    drop(far);
    let (output, _sink) = new_pipe().unwrap();
    let mut relay = relay(65_536);
    for _ in 0..3 {
        assert_error(relay.step(&near, &output, MANY), ErrorKind::ConnectionReset);
        assert_eq!(relay.failed_side(), Some(Side::Input));
        assert!(!relay.is_input_ended());
    }
}
