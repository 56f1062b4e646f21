//! `examples/relay`: a TCP relay as a user runs it, over loopback.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

use crate::util::{DEADLINE, Start, example, in_own_process, pattern};

/// A relay that is running, ended when dropped.
struct Relay {
    child: Child,
    stdout: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Relay {
    #[track_caller]
    fn start(target: SocketAddr, options: &[&str]) -> Relay {
        let mut child = Command::new(example("relay"))
            .args(["--listen=127.0.0.1:0", &format!("--connect={target}")])
            .args(options)
            .stdout(Stdio::piped())
            .start()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.split(' ').nth(1).unwrap().parse().unwrap();
        Relay {
            child,
            stdout,
            address,
        }
    }

    #[track_caller]
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    /// A field of /proc/PID/status.
    #[track_caller]
    fn status(&self, field: &str) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    /// Ends it by `signal` and returns what it reports.
    #[track_caller]
    fn end(mut self, signal: Signal) -> String {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let mut report = String::new();
        self.stdout.read_to_string(&mut report).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {report}");
        report
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that takes `count` connections before it answers any, and then answers each with its
/// request, reversed, once the request has ended.
fn reversing(count: usize) -> (SocketAddr, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let streams: Vec<_> = (0..count).map(|_| listener.accept().unwrap().0).collect();
        for mut stream in streams {
            let mut request = Vec::new();
            stream.read_to_end(&mut request).unwrap();
            request.reverse();
            stream.write_all(&request).unwrap();
        }
    });
    (address, server)
}

fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).unwrap();
}

/// What connection `i` sends: of many sizes, none like another.
fn request(i: usize) -> Vec<u8> {
    let size = match i % 10 {
        0 => 300_000,
        1 => 0,
        _ => i * 7 % 5000,
    };
    let mut request = i.to_le_bytes().to_vec();
    request.extend(pattern(size + i).drain(i..));
    request
}

/// Opens `count` connections, sends everything, and checks every answer.
#[track_caller]
fn converse(relay: &Relay, count: usize) -> usize {
    let mut streams: Vec<_> = (0..count).map(|_| relay.connect()).collect();
    let mut bytes = 0;
    for (i, stream) in streams.iter_mut().enumerate() {
        stream.write_all(&request(i)).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
    }
    for (i, stream) in streams.iter_mut().enumerate() {
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        response.reverse();
        assert!(
            response == request(i),
            "connection {i}: {} bytes",
            response.len()
        );
        bytes += response.len();
    }
    bytes
}

#[test]
fn more_than_a_thousand_connections_at_a_time_byte_for_byte() {
    in_own_process(
        "linux::relay_example::more_than_a_thousand_connections_at_a_time_byte_for_byte",
        || {
            const COUNT: usize = 1200;
            raise_descriptor_limit();
            let (target, server) = reversing(COUNT);
            let relay = Relay::start(target, &[]);
            let bytes = converse(&relay, COUNT);
            server.join().unwrap();
            let memory: usize = relay.status("VmHWM").parse().unwrap();
            assert!(memory < 32 * 1024, "{memory} KiB");
            let report = relay.end(Signal::TERM);
            assert!(report.contains(&format!("{COUNT} connections")), "{report}");
            assert!(
                report.contains(&format!("at most {COUNT} at a time")),
                "{report}"
            );
            let bytes = format!("{bytes} bytes to the server, {bytes} bytes back");
            assert!(report.contains(&bytes), "{bytes}: {report}");
            assert!(report.contains("0 failures"), "{report}");
        },
    );
}

/// The memory for bytes on their way is bounded by the number of pipes, and who gets none waits.
#[test]
fn few_pipes_serve_many_connections() {
    const COUNT: usize = 100;
    let (target, server) = reversing(COUNT);
    let relay = Relay::start(target, &["--pipes=2", "--capacity=4"]);
    converse(&relay, COUNT);
    server.join().unwrap();
    let report = relay.end(Signal::INT);
    let peak = report.split("at most ").nth(2).unwrap();
    let peak: u32 = peak.split(' ').next().unwrap().parse().unwrap();
    assert!((1..=2).contains(&peak), "{report}");
    assert!(report.contains("0 failures"), "{report}");
}

#[test]
fn beyond_the_limit_connections_wait_for_their_turn() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = Relay::start(listener.local_addr().unwrap(), &["--connections=2"]);
    let mut streams: Vec<_> = (0..6).map(|_| relay.connect()).collect();
    for stream in &mut streams {
        let (mut server, _) = listener.accept().unwrap();
        server.write_all(b"your turn").unwrap();
        drop(server);
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        assert_eq!(response, b"your turn");
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let report = relay.end(Signal::TERM);
    assert!(report.contains("6 connections"), "{report}");
    assert!(report.contains("at most 2 at a time"), "{report}");
}

/// Megabytes both ways at once, and a side that closes early.
#[test]
fn bulk_both_ways_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = Relay::start(listener.local_addr().unwrap(), &[]);
    let data = pattern(8 << 20);
    let both = |stream: TcpStream, send: Vec<u8>| {
        thread::spawn(move || {
            let mut writing = stream.try_clone().unwrap();
            let writer = thread::spawn(move || {
                writing.write_all(&send).unwrap();
                writing.shutdown(Shutdown::Write).unwrap();
            });
            let (mut stream, mut received) = (stream, Vec::new());
            stream.read_to_end(&mut received).unwrap();
            writer.join().unwrap();
            received
        })
    };
    let client = both(relay.connect(), data.clone());
    let server = both(listener.accept().unwrap().0, data[..3 << 20].to_vec());
    assert!(server.join().unwrap() == data);
    assert!(client.join().unwrap() == data[..3 << 20]);
    assert!(relay.end(Signal::TERM).contains("0 failures"));
}

/// A reader that reads nothing stops its sender, and the relay sleeps: it neither buffers without
/// end nor spins.
#[test]
fn with_a_reader_that_does_not_read_it_sleeps() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = Relay::start(listener.local_addr().unwrap(), &[]);
    let client = relay.connect();
    let (mut server, _) = listener.accept().unwrap();
    server.set_nonblocking(true).unwrap();
    let begin = Instant::now();
    let (mut sent, mut asleep) = (0, 0);
    // Asleep and taking nothing, many times in a row: at rest.
    while asleep < 1000 {
        assert!(
            begin.elapsed() < DEADLINE,
            "never at rest after {sent} bytes"
        );
        match server.write(&[1; 65_536]) {
            Ok(n) => (sent, asleep) = (sent + n, 0),
            Err(err) => {
                assert_eq!(err.kind(), ErrorKind::WouldBlock);
                match relay.status("State:").as_str() {
                    "S" => asleep += 1,
                    _ => asleep = 0,
                }
            }
        }
    }
    assert!(sent < 64 << 20, "{sent} bytes are on their way");
    drop(server);
    let mut received = Vec::new();
    (&client).read_to_end(&mut received).unwrap();
    assert_eq!(received.len(), sent);
    drop(client);
    let report = relay.end(Signal::TERM);
    assert!(report.contains(&format!("{sent} bytes back")), "{report}");
}

#[test]
fn a_target_that_refuses_closes_the_connection_and_is_counted() {
    // Bound and not listening: it refuses, and nobody else can have the port meanwhile.
    let bound = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&bound, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let target = SocketAddr::try_from(getsockname(&bound).unwrap()).unwrap();
    let relay = Relay::start(target, &[]);
    let mut response = Vec::new();
    match relay.connect().read_to_end(&mut response) {
        Ok(n) => assert_eq!(n, 0),
        Err(err) => assert_eq!(err.kind(), ErrorKind::ConnectionReset),
    }
    let report = relay.end(Signal::TERM);
    assert!(
        report.contains("1 failures, the last: Connection refused"),
        "{report}"
    );
}

#[test]
fn a_client_that_resets_disturbs_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = Relay::start(listener.local_addr().unwrap(), &[]);
    let rude = relay.connect();
    let (mut rude_server, _) = listener.accept().unwrap();
    let mut polite = relay.connect();
    let (mut polite_server, _) = listener.accept().unwrap();
    rustix::net::sockopt::set_socket_linger(&rude, Some(std::time::Duration::ZERO)).unwrap();
    drop(rude);
    // The server of the rude one learns of it.
    assert!(matches!(rude_server.read(&mut [0; 1]), Ok(0) | Err(_)));
    polite.write_all(b"still").unwrap();
    let mut buf = [0; 5];
    polite_server.read_exact(&mut buf).unwrap();
    assert_eq!(&buf, b"still");
    assert!(relay.end(Signal::TERM).contains("2 connections"));
}

#[test]
fn mistakes_are_told_in_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(example("relay"))
            .args(arguments)
            .captured()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let (listen, connect) = (format!("--listen={taken}"), "--connect=127.0.0.1:9");
    let (code, text) = run(&[&listen, connect]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.starts_with(&format!("relay: cannot listen on {taken}: ")),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");

    let (code, text) = run(&["--listen=127.0.0.1:0", connect, "--connections=4000000000"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("descriptors, and the limit is"), "{text}");

    for arguments in [
        &["--listen=nowhere", connect] as &[&str],
        &[connect],
        &["--listen=127.0.0.1:0", connect, "--pipes=0"],
    ] {
        let (code, text) = run(arguments);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.starts_with("error: "), "{text}");
    }
    let (code, text) = run(&["--help"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("--listen") && text.contains("--capacity"),
        "{text}"
    );
}
