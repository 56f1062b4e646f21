//! How much a pipe can hold.

use std::io::{ErrorKind, Write};

use mio_pipe::{Builder, Drained, new_pipe};
use rustix::io::Errno;
use rustix::process::{Gid, Uid};

use crate::util::{assert_error, in_own_process, pattern};

#[test]
fn capacity_is_granted_in_powers_of_two_pages() {
    let page = rustix::param::page_size();
    let (sender, receiver) = new_pipe().unwrap();
    for (asked, granted) in [
        (1, page),
        (page, page),
        (page + 1, 2 * page),
        (100 * page, 128 * page),
        (page, page),
    ] {
        assert_eq!(sender.set_capacity(asked).unwrap(), granted);
        assert_eq!(sender.capacity().unwrap(), granted);
        assert_eq!(receiver.capacity().unwrap(), granted);
    }
    assert_eq!(receiver.set_capacity(2 * page).unwrap(), 2 * page);
}

#[test]
fn a_pipe_holds_its_capacity() {
    let (sender, receiver) = Builder::new().capacity(256 * 1024).new_pipe().unwrap();
    assert_eq!(sender.capacity().unwrap(), 256 * 1024);
    assert_eq!(sender.fill(&vec![1; 1 << 20]).unwrap(), 256 * 1024);
    assert_eq!(receiver.available().unwrap(), 256 * 1024);
}

#[test]
fn zero_and_too_large_are_invalid_input_and_change_nothing() {
    let (sender, _receiver) = new_pipe().unwrap();
    let before = sender.capacity().unwrap();
    for bytes in [0, (1 << 31) + 1, usize::MAX] {
        let err = sender.set_capacity(bytes).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidInput, "{bytes}");
        assert!(err.to_string().contains(&bytes.to_string()), "{err}");
    }
    assert_eq!(sender.capacity().unwrap(), before);
}

#[test]
fn below_what_is_buffered_is_ebusy_and_loses_nothing() {
    let (sender, receiver) = new_pipe().unwrap();
    let data = pattern(40_000);
    assert_eq!(sender.fill(&data).unwrap(), data.len());
    let before = sender.capacity().unwrap();
    let err = sender.set_capacity(4096).unwrap_err();
    assert_eq!(err.raw_os_error(), Some(Errno::BUSY.raw_os_error()));
    assert_error(receiver.set_capacity(1), ErrorKind::ResourceBusy);
    assert_eq!(sender.capacity().unwrap(), before);
    let mut received = Vec::new();
    assert_eq!(
        receiver.drain(&mut received, usize::MAX).unwrap(),
        Drained::Empty
    );
    assert_eq!(received, data);
}

/// Gives up root for good; `false` if this process has no root to give up.
fn become_nobody() -> bool {
    if !rustix::process::geteuid().is_root() {
        return false;
    }
    // Only this thread: libc's wrapper would change all of them, which is not needed here.
    rustix::thread::set_thread_groups(&[]).unwrap();
    rustix::thread::set_thread_gid(Gid::from_raw(65534)).unwrap();
    rustix::thread::set_thread_uid(Uid::from_raw(65534)).unwrap();
    true
}

#[test]
fn beyond_the_limit_is_eperm_for_an_unprivileged_user() {
    in_own_process(
        "linux::capacity::beyond_the_limit_is_eperm_for_an_unprivileged_user",
        || {
            become_nobody();
            let max: usize = std::fs::read_to_string("/proc/sys/fs/pipe-max-size")
                .unwrap()
                .trim()
                .parse()
                .unwrap();
            let (sender, _receiver) = new_pipe().unwrap();
            let before = sender.capacity().unwrap();
            let err = sender.set_capacity(max + 1).unwrap_err();
            assert_eq!(err.raw_os_error(), Some(Errno::PERM.raw_os_error()));
            assert_eq!(err.kind(), ErrorKind::PermissionDenied);
            assert_eq!(sender.capacity().unwrap(), before);
            // A wish is no condition.
            let (sender, _receiver) = Builder::new().capacity(max + 1).new_pipe().unwrap();
            assert_eq!(sender.capacity().unwrap(), before);
        },
    );
}

#[test]
fn pipes_past_the_soft_limit_of_pages_are_small_but_work() {
    in_own_process(
        "linux::capacity::pipes_past_the_soft_limit_of_pages_are_small_but_work",
        || {
            use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
            let limit = getrlimit(Resource::Nofile);
            setrlimit(
                Resource::Nofile,
                Rlimit {
                    current: limit.maximum,
                    ..limit
                },
            )
            .unwrap();
            become_nobody();
            let page = rustix::param::page_size();
            let soft: usize = std::fs::read_to_string("/proc/sys/fs/pipe-user-pages-soft")
                .unwrap()
                .trim()
                .parse()
                .unwrap();
            let mut pipes = Vec::new();
            let (mut sender, receiver) = loop {
                let pipe = new_pipe().unwrap();
                if pipe.0.capacity().unwrap() < 16 * page {
                    break pipe;
                }
                pipes.push(pipe);
                assert!(pipes.len() <= soft / 16 + 1, "no limit at {soft} pages");
            };
            // Growing is refused, and says so; what there is works.
            let small = sender.capacity().unwrap();
            assert!(small <= 2 * page, "{small}");
            let err = sender.set_capacity(64 * page).unwrap_err();
            assert_eq!(err.raw_os_error(), Some(Errno::PERM.raw_os_error()));
            sender.write_all(b"small but working").unwrap();
            assert_eq!(receiver.available().unwrap(), 17);
        },
    );
}
