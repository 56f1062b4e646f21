//! The words the tests are written in.

use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use mio::event::{Event, Source};
use mio::{Events, Interest, Poll, Token};
use mio_pipe::{Receiver, Sender};

/// How long a test waits for what must happen. Long, because emulated machines are slow; a test
/// that passes never waits for it.
pub const DEADLINE: Duration = Duration::from_secs(60);

pub const SENDER: Token = Token(1);
pub const RECEIVER: Token = Token(2);

/// An event loop under test.
pub struct Loop {
    pub poll: Poll,
    events: Events,
}

impl Loop {
    #[track_caller]
    pub fn new() -> Loop {
        Loop::with_event_capacity(64)
    }

    #[track_caller]
    pub fn with_event_capacity(capacity: usize) -> Loop {
        Loop {
            poll: Poll::new().unwrap(),
            events: Events::with_capacity(capacity),
        }
    }

    /// A pipe with both ends registered under `SENDER` and `RECEIVER`.
    #[track_caller]
    pub fn with_pipe() -> (Loop, Sender, Receiver) {
        let this = Loop::new();
        let (mut sender, mut receiver) = mio_pipe::new_pipe().unwrap();
        this.writable(&mut sender, SENDER);
        this.readable(&mut receiver, RECEIVER);
        (this, sender, receiver)
    }

    #[track_caller]
    pub fn readable(&self, source: &mut impl Source, token: Token) {
        self.poll
            .registry()
            .register(source, token, Interest::READABLE)
            .unwrap();
    }

    #[track_caller]
    pub fn writable(&self, source: &mut impl Source, token: Token) {
        self.poll
            .registry()
            .register(source, token, Interest::WRITABLE)
            .unwrap();
    }

    /// What is ready within `timeout`.
    #[track_caller]
    pub fn poll(&mut self, timeout: Duration) -> Vec<Event> {
        loop {
            match self.poll.poll(&mut self.events, Some(timeout)) {
                Ok(()) => return self.events.iter().cloned().collect(),
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                Err(err) => panic!("poll: {err}"),
            }
        }
    }

    /// What is ready now.
    #[track_caller]
    pub fn poll_now(&mut self) -> Vec<Event> {
        self.poll(Duration::ZERO)
    }

    /// Polls until an event of `token` satisfies `wanted`, and returns it.
    #[track_caller]
    pub fn wait_for(&mut self, token: Token, wanted: impl Fn(&Event) -> bool) -> Event {
        let deadline = Instant::now() + DEADLINE;
        let mut seen = Vec::new();
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            for event in self.poll(left) {
                if event.token() == token && wanted(&event) {
                    return event;
                }
                seen.push(event);
            }
        }
        panic!("no such event of {token:?} within {DEADLINE:?}; saw {seen:#?}");
    }

    /// Asserts that nothing is ready for `token` now.
    #[track_caller]
    pub fn expect_none(&mut self, token: Token) {
        let events = self.poll_now();
        assert!(
            events.iter().all(|event| event.token() != token),
            "unexpected: {events:#?}"
        );
    }

    /// Lets `step` run until it is done: each `WouldBlock` waits for the next event of any source.
    #[track_caller]
    pub fn run<T>(&mut self, mut step: impl FnMut() -> io::Result<Option<T>>) -> T {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match step() {
                Ok(Some(done)) => return done,
                Ok(None) => continue,
                Err(err) if err.kind() == ErrorKind::Interrupted => continue,
                Err(err) if err.kind() == ErrorKind::WouldBlock => {}
                Err(err) => panic!("{err}"),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not done within {DEADLINE:?}");
            self.poll(left);
        }
    }

    /// Hands every event to `each` until it returns `true`.
    #[track_caller]
    pub fn run_events(&mut self, mut each: impl FnMut(&Event) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            for event in self.poll(left) {
                if each(&event) {
                    return;
                }
            }
        }
        panic!("not done within {DEADLINE:?}");
    }

    #[track_caller]
    pub fn write_all(&mut self, mut sender: &Sender, mut data: &[u8]) {
        while !data.is_empty() {
            let n = self.run(|| sender.write(data).map(Some));
            data = &data[n..];
        }
    }

    #[track_caller]
    pub fn read_exact(&mut self, mut receiver: &Receiver, len: usize) -> Vec<u8> {
        let mut data = vec![0; len];
        let mut filled = 0;
        while filled < len {
            let n = self.run(|| receiver.read(&mut data[filled..]).map(Some));
            assert_ne!(n, 0, "EOF after {filled} of {len} bytes");
            filled += n;
        }
        data
    }

    #[track_caller]
    pub fn read_to_end(&mut self, mut receiver: &Receiver) -> Vec<u8> {
        let mut data = Vec::new();
        let mut buf = vec![0; 64 * 1024];
        loop {
            match self.run(|| receiver.read(&mut buf).map(Some)) {
                0 => return data,
                n => data.extend_from_slice(&buf[..n]),
            }
        }
    }

    /// Sends `data` and closes, while receiving until the end: for pipes through a child.
    #[track_caller]
    pub fn exchange(&mut self, sender: Sender, mut receiver: &Receiver, data: &[u8]) -> Vec<u8> {
        let mut sender = Some(sender);
        let mut sent = 0;
        let mut received = Vec::new();
        let mut buf = vec![0; 64 * 1024];
        self.run(|| {
            if let Some(open) = &mut sender {
                match open.write(&data[sent..]) {
                    Ok(n) => sent += n,
                    Err(err) if err.kind() == ErrorKind::WouldBlock => {}
                    Err(err) => return Err(err),
                }
                if sent == data.len() {
                    sender = None;
                }
            }
            match receiver.read(&mut buf)? {
                0 => return Ok(Some(())),
                n => received.extend_from_slice(&buf[..n]),
            }
            Ok(None)
        });
        received
    }
}

#[track_caller]
pub fn assert_would_block<T: std::fmt::Debug>(result: io::Result<T>) {
    assert_error(result, ErrorKind::WouldBlock);
}

#[track_caller]
pub fn assert_error<T: std::fmt::Debug>(result: io::Result<T>, kind: ErrorKind) {
    match result {
        Ok(value) => panic!("expected {kind:?}, got Ok({value:?})"),
        Err(err) => assert_eq!(err.kind(), kind, "{err:?}"),
    }
}

/// `len` bytes that repeat only after a long while, the same in each run.
pub fn pattern(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    })
    .take(len)
    .collect()
}

/// The path of an example, which `cargo test` has built beside this binary.
#[track_caller]
pub fn example(name: &str) -> PathBuf {
    let deps = std::env::current_exe().unwrap();
    let mut path = deps.ancestors().nth(2).unwrap().join("examples").join(name);
    path.set_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        path.exists(),
        "{} is missing: cargo build --examples",
        path.display()
    );
    path
}

/// A child that copies its stdin to its stdout, on every platform.
#[track_caller]
pub fn cat() -> Command {
    let mut command = Command::new(example("tour"));
    command.arg("--role=cat");
    command
}

/// Held for writing while a child is being started, and for reading by tests for which a dropped end
/// must be gone at once: from its fork to its exec a child holds every descriptor of this process.
static STARTING: RwLock<()> = RwLock::new(());

/// While this lives no child is started, so that what is closed is closed. Whoever holds it must not
/// start one.
pub fn quiet() -> RwLockReadGuard<'static, ()> {
    STARTING.read().unwrap_or_else(PoisonError::into_inner)
}

/// Starting children, one at a time and not while somebody wants [`quiet`].
pub trait Start {
    /// As `spawn`.
    fn start(&mut self) -> io::Result<Child>;

    /// As `output`, with stdout and stderr captured.
    fn captured(&mut self) -> io::Result<Output>;
}

impl Start for Command {
    fn start(&mut self) -> io::Result<Child> {
        let _starting = STARTING.write().unwrap_or_else(PoisonError::into_inner);
        self.spawn()
    }

    fn captured(&mut self) -> io::Result<Output> {
        self.stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .start()?
            .wait_with_output()
    }
}

/// Runs `body` in a process of its own: for what would disturb other tests, as limits and signals
/// do. `name` is the test's own path, `module::test`.
#[track_caller]
pub fn in_own_process(name: &str, body: impl FnOnce()) {
    const ALONE: &str = "MIO_PIPE_TEST_ALONE";
    if std::env::var_os(ALONE).is_some_and(|alone| alone == name) {
        return body();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(ALONE, name)
        .stdin(Stdio::null())
        .captured()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{name}: {}\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}
