//! Both ends inside other event loops, and in and out of other crates' types.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread;

use mio_pipe::{Drained, Receiver, SendQueue, Sender, new_pipe};
use rustix::fs::{OFlags, fcntl_getfl};

use crate::util::{DEADLINE, Loop, RECEIVER, assert_error, in_own_process, pattern};

/// More than any pipe holds, so that the two sides must wait for each other many times.
const LEN: usize = 3_000_000;

/// Bytes received in one go.
const TURN: usize = 100_000;

fn queue_of(data: &[u8]) -> SendQueue {
    let mut queue = SendQueue::new();
    queue.push(data);
    queue
}

// `AsyncFd` is a `SourceFd` of mio, and that gets one event and no more from mio's poll(2) selector:
// nothing arms it again.
#[cfg(not(mio_unsupported_force_poll_poll))]
mod tokio {
    use ::tokio::io::Interest;
    use ::tokio::io::unix::AsyncFd;
    use ::tokio::runtime::Builder;

    use super::*;

    fn run<T>(future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        runtime.block_on(future)
    }

    fn async_fd<E: AsRawFd>(end: E, interest: Interest) -> io::Result<AsyncFd<E>> {
        // SAFETY: an end owns its descriptor, which is open and the same one until the end is
        // dropped; and nothing here puts another end in its place.
        let registered = unsafe { AsyncFd::register_with_interest(end, interest) };
        Ok(registered?)
    }

    async fn send(sender: Sender, data: Vec<u8>) -> io::Result<()> {
        let sender = async_fd(sender, Interest::WRITABLE)?;
        let mut queue = queue_of(&data);
        loop {
            let mut guard = sender.writable().await?;
            if queue.flush(guard.get_inner())? {
                return Ok(());
            }
            guard.clear_ready(); // The pipe is full.
        }
    }

    async fn receive(receiver: Receiver) -> io::Result<Vec<u8>> {
        let receiver = async_fd(receiver, Interest::READABLE)?;
        let mut received = Vec::new();
        loop {
            let mut guard = receiver.readable().await?;
            match guard.get_inner().drain(&mut received, TURN)? {
                Drained::Empty => guard.clear_ready(),
                Drained::Limit => {} // It is ready still.
                Drained::Closed => return Ok(received),
            }
        }
    }

    #[test]
    fn async_fd_carries_data_up_to_the_end() {
        let data = pattern(LEN);
        let (sender, receiver) = new_pipe().unwrap();
        let sent = data.clone();
        let received = run(async {
            let sending = ::tokio::spawn(send(sender, sent));
            let received = receive(receiver).await?;
            sending.await??;
            Ok(received)
        });
        assert!(received.unwrap() == data);
    }

    #[test]
    fn async_fd_notices_a_closed_receiver() {
        let (sender, receiver) = new_pipe().unwrap();
        let result = run(async {
            let sending = ::tokio::spawn(send(sender, pattern(LEN)));
            async_fd(receiver, Interest::READABLE)?
                .async_io(Interest::READABLE, |mut receiver| {
                    receiver.read(&mut [0; 10])
                })
                .await?;
            sending.await?
        });
        assert_error(result, ErrorKind::BrokenPipe);
    }

    /// The ends are non-blocking already, as tokio's own types demand.
    #[test]
    fn its_own_pipe_types_take_the_ends() {
        use ::tokio::net::unix::pipe;

        let (sender, receiver) = new_pipe().unwrap();
        run(async {
            let sender = pipe::Sender::from_owned_fd(sender.into())?;
            let receiver = pipe::Receiver::from_owned_fd(receiver.into())?;
            sender.writable().await?;
            assert_eq!(sender.try_write(b"hello")?, 5);
            receiver.readable().await?;
            assert_eq!(receiver.try_read(&mut [0; 10])?, 5);

            // And back.
            let sender = Sender::from_fd(sender.into_nonblocking_fd()?)?;
            let receiver = Receiver::from_fd(receiver.into_nonblocking_fd()?)?;
            assert_eq!(sender.fill(b"hello")?, 5);
            assert_eq!(receiver.available()?, 5);
            Ok(())
        })
        .unwrap();
    }
}

mod async_io {
    use ::async_io::{Async, block_on};

    use super::*;

    async fn send(sender: Sender, data: &[u8]) -> io::Result<()> {
        let sender = Async::new_nonblocking(sender)?;
        let mut queue = queue_of(data);
        let flush = |sender: &Sender| match queue.flush(sender)? {
            true => Ok(()),
            false => Err(ErrorKind::WouldBlock.into()),
        };
        sender.write_with(flush).await
    }

    async fn receive(receiver: Receiver) -> io::Result<Vec<u8>> {
        let receiver = Async::new_nonblocking(receiver)?;
        let mut received = Vec::new();
        let drain = |receiver: &Receiver| match receiver.drain(&mut received, LEN + 1)? {
            Drained::Empty => Err(ErrorKind::WouldBlock.into()),
            Drained::Closed => Ok(()),
            Drained::Limit => Err(io::Error::other("too much")),
        };
        receiver.read_with(drain).await?;
        Ok(received)
    }

    #[test]
    fn async_carries_data_up_to_the_end() {
        let data = pattern(LEN);
        let (sender, receiver) = new_pipe().unwrap();
        thread::scope(|scope| {
            let sending = scope.spawn(|| block_on(send(sender, &data)));
            assert!(block_on(receive(receiver)).unwrap() == data);
            sending.join().unwrap().unwrap();
        });
    }

    #[test]
    fn async_notices_a_closed_receiver() {
        let (sender, receiver) = new_pipe().unwrap();
        thread::scope(|scope| {
            let sending = scope.spawn(|| block_on(send(sender, &pattern(LEN))));
            let receiver = Async::new_nonblocking(receiver).unwrap();
            block_on(receiver.read_with(|mut receiver| receiver.read(&mut [0; 10]))).unwrap();
            drop(receiver);
            assert_error(sending.join().unwrap(), ErrorKind::BrokenPipe);
        });
    }
}

mod polling {
    use ::polling::{Event, Events, Poller};

    use super::*;

    #[test]
    fn poller_carries_data_up_to_the_end() {
        let data = pattern(LEN);
        let poller = Poller::new().unwrap();
        let (sender, receiver) = new_pipe().unwrap();
        // SAFETY: both ends are deleted from the poller before they are dropped, below.
        unsafe { poller.add(&sender, Event::writable(1)) }.unwrap();
        // SAFETY: as above.
        unsafe { poller.add(&receiver, Event::readable(2)) }.unwrap();
        let mut queue = queue_of(&data);
        let mut sender = Some(sender);
        let mut received = Vec::new();
        let mut events = Events::new();
        'outer: loop {
            events.clear();
            assert_ne!(poller.wait(&mut events, Some(DEADLINE)).unwrap(), 0);
            for event in events.iter() {
                match (event.key, &sender) {
                    (1, Some(open)) if queue.flush(open).unwrap() => {
                        poller.delete(open).unwrap();
                        sender = None;
                    }
                    // An interest is good for one event.
                    (1, Some(open)) => poller.modify(open, Event::writable(1)).unwrap(),
                    (2, _) => match receiver.drain(&mut received, TURN).unwrap() {
                        Drained::Closed => break 'outer,
                        _ => poller.modify(&receiver, Event::readable(2)).unwrap(),
                    },
                    _ => unreachable!(),
                }
            }
        }
        poller.delete(&receiver).unwrap();
        assert!(received == data);
    }
}

mod calloop {
    use ::calloop::generic::Generic;
    use ::calloop::{EventLoop, Interest, Mode, PostAction};

    use super::*;

    /// What the callbacks share.
    struct State {
        queue: SendQueue,
        received: Vec<u8>,
        closed: bool,
    }

    #[test]
    fn generic_carries_data_up_to_the_end() {
        for mode in [Mode::Level, Mode::Edge] {
            let data = pattern(LEN);
            let mut events = EventLoop::<State>::try_new().unwrap();
            let (sender, receiver) = new_pipe().unwrap();
            let source = Generic::new(sender, Interest::WRITE, mode);
            events
                .handle()
                .insert_source(source, |_, sender, state| {
                    Ok(match state.queue.flush(sender)? {
                        true => PostAction::Remove, // Dropped: the other side reads the end.
                        false => PostAction::Continue,
                    })
                })
                .unwrap();
            let source = Generic::new(receiver, Interest::READ, mode);
            events
                .handle()
                .insert_source(source, |_, receiver, state| {
                    loop {
                        match receiver.drain(&mut state.received, TURN)? {
                            Drained::Empty => return Ok(PostAction::Continue),
                            Drained::Limit => {}
                            Drained::Closed => {
                                state.closed = true;
                                return Ok(PostAction::Remove);
                            }
                        }
                    }
                })
                .unwrap();
            let mut state = State {
                queue: queue_of(&data),
                received: Vec::new(),
                closed: false,
            };
            while !state.closed {
                events.dispatch(DEADLINE, &mut state).unwrap();
            }
            assert!(state.received == data);
        }
    }
}

mod signal_hook {
    use ::signal_hook::consts::SIGUSR1;
    use ::signal_hook::low_level::{pipe, raise, unregister};

    use super::*;

    #[test]
    fn signals_are_written_into_a_sender() {
        in_own_process(
            "unix::interop::signal_hook::signals_are_written_into_a_sender",
            || {
                let (sender, mut receiver) = new_pipe().unwrap();
                let id = pipe::register(SIGUSR1, sender).unwrap();
                let mut events = Loop::new();
                events.readable(&mut receiver, RECEIVER);
                events.expect_none(RECEIVER);
                for _ in 0..3 {
                    raise(SIGUSR1).unwrap();
                    let event = events.wait_for(RECEIVER, |_| true);
                    let mut bytes = Vec::new();
                    let drained = receiver.drain_event(&event, &mut bytes, 10).unwrap();
                    assert_eq!((bytes.len(), drained), (1, Drained::Empty));
                }
                // A full pipe harms nobody: the event was sent already, and the handler never waits.
                for _ in 0..100_000 {
                    raise(SIGUSR1).unwrap();
                }
                let mut bytes = Vec::new();
                assert_eq!(receiver.drain(&mut bytes, LEN).unwrap(), Drained::Empty);
                assert!(!bytes.is_empty());

                assert!(unregister(id));
                assert_eq!(events.read_to_end(&receiver), b"");
            },
        );
    }
}

#[test]
fn tempfile_takes_what_comes_and_gives_it_back() {
    let data = pattern(50_000);
    let (sender, receiver) = new_pipe().unwrap();
    assert_eq!(sender.fill(&data).unwrap(), data.len());
    drop(sender);
    let mut file = tempfile::tempfile().unwrap();
    assert_eq!(io::copy(&mut &receiver, &mut file).unwrap(), 50_000);

    file.rewind().unwrap();
    let (mut sender, receiver) = new_pipe().unwrap();
    assert_eq!(io::copy(&mut file, &mut sender).unwrap(), 50_000);
    let mut received = Vec::new();
    assert_eq!(receiver.drain(&mut received, LEN).unwrap(), Drained::Empty);
    assert!(received == data);

    // A file is no pipe: it comes back as it was.
    let err = Receiver::from_fd(file).unwrap_err();
    let mut file = File::from(err.into_fd());
    file.rewind().unwrap();
    assert_eq!(file.read_to_end(&mut Vec::new()).unwrap(), 50_000);
}

fn is_nonblocking(fd: &OwnedFd) -> bool {
    fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK)
}

#[test]
fn std_pipe_reader_and_writer_come_in() {
    let (reader, writer) = io::pipe().unwrap();
    let (fd, mut receiver) = (reader.as_raw_fd(), Receiver::from_fd(reader).unwrap());
    let sender = Sender::from_fd(writer).unwrap();
    assert_eq!(receiver.as_raw_fd(), fd);
    let mut events = Loop::new();
    events.readable(&mut receiver, RECEIVER);
    assert_error(receiver.read(&mut [0; 10]), ErrorKind::WouldBlock);
    assert_eq!(sender.fill(b"hello").unwrap(), 5);
    drop(sender);
    assert_eq!(events.read_to_end(&receiver), b"hello");
}

#[test]
fn std_pipe_reader_in_the_wrong_direction_comes_back() {
    let (reader, mut writer) = io::pipe().unwrap();
    let err = Sender::from_fd(reader).unwrap_err();
    assert_eq!(err.error().kind(), ErrorKind::InvalidInput);
    let fd = err.into_fd();
    assert!(!is_nonblocking(&fd));
    writer.write_all(b"hello").unwrap();
    assert_eq!(io::PipeReader::from(fd).read(&mut [0; 10]).unwrap(), 5);
}

#[test]
fn ends_go_out_as_std_pipe_reader_and_writer() {
    let (sender, receiver) = new_pipe().unwrap();
    let (sender, receiver) = (sender.into_blocking_fd(), receiver.into_blocking_fd());
    let (sender, receiver) = (sender.unwrap(), receiver.unwrap());
    assert!(!is_nonblocking(&sender) && !is_nonblocking(&receiver));
    let mut writer = io::PipeWriter::from(sender);
    let mut reader = io::PipeReader::from(receiver);
    let data = pattern(LEN);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Blocking: `write_all` waits, where on a Sender it would fail in the middle.
            writer.write_all(&data).unwrap();
            drop(writer);
        });
        let mut received = Vec::new();
        reader.read_to_end(&mut received).unwrap();
        assert!(received == data);
    });
}
