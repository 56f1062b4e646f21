//! FIFOs: created, and opened as what they are.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use mio_pipe::os::unix::fifo::{self, CreateOptions, OpenOptions};
use rustix::fs::{FileType, Mode, OFlags, fcntl_getfl, fstat};
use rustix::io::{Errno, FdFlags, fcntl_getfd};
use tempfile::TempDir;

use crate::util::{assert_would_block, in_own_process, quiet};

#[track_caller]
pub fn new_fifo() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    fifo::create(&path, 0o600).unwrap();
    (dir, path)
}

fn mode_of(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[track_caller]
fn assert_errno<T: std::fmt::Debug>(result: std::io::Result<T>, errno: Errno) {
    let err = result.unwrap_err();
    assert_eq!(err.raw_os_error(), Some(errno.raw_os_error()), "{err:?}");
}

/// A program that knows nothing of event loops: opens, writes one line, leaves.
pub fn write_line(path: &Path, line: &str) {
    let mut file = File::options().write(true).open(path).unwrap();
    assert_eq!(file.write(line.as_bytes()).unwrap(), line.len());
}

#[test]
fn plain_receiver_reads_eof_while_no_writer_is_there() {
    let _quiet = quiet();
    let (_dir, path) = new_fifo();
    let mut receiver = OpenOptions::new().open_receiver(&path).unwrap();
    assert_eq!(receiver.read(&mut [0; 16]).unwrap(), 0);
    let sender = OpenOptions::new().open_sender(&path).unwrap();
    assert_would_block(receiver.read(&mut [0; 16]));
    drop(sender);
    assert_eq!(receiver.read(&mut [0; 16]).unwrap(), 0);
    write_line(&path, "again\n");
    assert_eq!(receiver.read(&mut [0; 16]).unwrap(), 6);
    assert_eq!(receiver.read(&mut [0; 16]).unwrap(), 0);
}

#[test]
fn sender_without_a_reader_is_enxio() {
    let _quiet = quiet();
    let (_dir, path) = new_fifo();
    assert_errno(OpenOptions::new().open_sender(&path), Errno::NXIO);
}

#[test]
fn symbolic_link_is_eloop() {
    let _quiet = quiet();
    let (dir, path) = new_fifo();
    let link = dir.path().join("link");
    symlink(&path, &link).unwrap();
    let options = OpenOptions::new();
    assert_errno(options.open_receiver(&link), Errno::LOOP);
    assert_errno(options.open_sender(&link), Errno::LOOP);
    assert_errno(options.open_persistent_receiver(&link), Errno::LOOP);
    assert_errno(options.open_persistent_sender(&link), Errno::LOOP);
}

#[test]
fn what_is_no_fifo_is_refused_by_name() {
    let _quiet = quiet();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "kept").unwrap();
    let socket = dir.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    for (path, what) in [
        (file.as_path(), "a regular file"),
        (dir.path(), "a directory"),
        (&socket, "a socket"),
        (Path::new("/dev/null"), "a character device"),
    ] {
        let options = OpenOptions::new();
        for err in [
            options.open_receiver(path).unwrap_err(),
            options.open_sender(path).unwrap_err(),
            options.open_persistent_receiver(path).unwrap_err(),
            options.open_persistent_sender(path).unwrap_err(),
        ] {
            assert_eq!(err.kind(), ErrorKind::InvalidInput);
            let expected = format!("{}: not a FIFO, but {what}", path.display());
            assert_eq!(err.to_string(), expected);
        }
    }
    assert_eq!(fs::read(&file).unwrap(), b"kept");
}

/// The look at the path before opening is not the check: between the two somebody puts a file in the
/// place of the FIFO, and back, as fast as possible.
#[test]
fn what_is_put_there_while_it_is_opened_is_never_taken_for_a_fifo() {
    let (dir, path) = new_fifo();
    let fifo = dir.path().join("the fifo");
    let file = dir.path().join("the file");
    fs::hard_link(&path, &fifo).unwrap();
    fs::write(&file, "kept").unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let next = dir.path().join("next");
            while !done.load(Relaxed) {
                for what in [&file, &fifo] {
                    fs::hard_link(what, &next).unwrap();
                    fs::rename(&next, &path).unwrap();
                }
            }
        });
        // Judged afterwards: a panic in here would leave the other thread running.
        let results: Vec<_> = (0..50_000)
            .map(|_| OpenOptions::new().open_receiver(&path))
            .map(|result| {
                result.map(|receiver| FileType::from_raw_mode(fstat(&receiver).unwrap().st_mode))
            })
            .collect();
        done.store(true, Relaxed);
        for result in results {
            match result {
                Ok(file_type) => assert_eq!(file_type, FileType::Fifo),
                Err(err) => assert_eq!(err.kind(), ErrorKind::InvalidInput, "{err}"),
            }
        }
    });
}

#[test]
fn fifo_of_another_owner_is_refused() {
    let _quiet = quiet();
    let (_dir, path) = new_fifo();
    let owner = fs::metadata(&path).unwrap().uid();
    OpenOptions::new()
        .owner(owner)
        .open_receiver(&path)
        .unwrap();
    let result = OpenOptions::new().owner(owner + 1).open_receiver(&path);
    let err = result.unwrap_err();
    assert_eq!(err.kind(), ErrorKind::PermissionDenied);
    assert_eq!(
        err.to_string(),
        format!(
            "{}: owned by user {owner}, not by user {}",
            path.display(),
            owner + 1
        )
    );
}

#[test]
fn fifo_of_a_wider_mode_is_refused() {
    let _quiet = quiet();
    let (_dir, path) = new_fifo();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
    for allowed in [0o620, 0o660, 0o777] {
        let mut options = OpenOptions::new();
        options.mode_within(allowed).open_receiver(&path).unwrap();
    }
    for allowed in [0o600, 0o420, 0o000] {
        let mut options = OpenOptions::new();
        let err = options
            .mode_within(allowed)
            .open_receiver(&path)
            .unwrap_err();
        assert_eq!(err.kind(), ErrorKind::PermissionDenied);
        let said = format!("its mode 0620 grants more than {allowed:04o}");
        assert!(err.to_string().ends_with(&said), "{err}");
    }
}

#[test]
fn create_replaces_nothing_and_follows_nothing() {
    let _quiet = quiet();
    let (dir, path) = new_fifo();
    let file = dir.path().join("file");
    fs::write(&file, "kept").unwrap();
    let target = dir.path().join("target");
    let dangling = dir.path().join("dangling");
    symlink(&target, &dangling).unwrap();
    let before = fs::symlink_metadata(&path).unwrap().ino();
    for there in [&path, &file, &dangling] {
        for ignore in [false, true] {
            let mut options = CreateOptions::new();
            let result = options.mode(0o666).ignore_umask(ignore).create(there);
            assert_errno(result, Errno::EXIST);
        }
    }
    assert_eq!(fs::symlink_metadata(&path).unwrap().ino(), before);
    assert_eq!(mode_of(&path), 0o600);
    assert_eq!(fs::read(&file).unwrap(), b"kept");
    assert!(!target.exists());
}

#[test]
fn umask_is_respected_unless_told_otherwise() {
    in_own_process(
        "unix::fifo::umask_is_respected_unless_told_otherwise",
        || {
            let dir = tempfile::tempdir().unwrap();
            let umask = Mode::from_raw_mode(0o027);
            rustix::process::umask(umask);
            let respected = dir.path().join("respected");
            fifo::create(&respected, 0o666).unwrap();
            assert_eq!(mode_of(&respected), 0o640);
            let ignored = dir.path().join("ignored");
            let mut options = CreateOptions::new();
            options.mode(0o622).ignore_umask(true);
            options.create(&ignored).unwrap();
            assert_eq!(mode_of(&ignored), 0o622);
            assert_eq!(
                rustix::process::umask(umask),
                umask,
                "the umask was changed"
            );
        },
    );
}

#[test]
fn directory_is_held_by_its_descriptor_whatever_its_path_becomes() {
    let _quiet = quiet();
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old");
    let new = dir.path().join("new");
    fs::create_dir(&old).unwrap();
    let held = File::open(&old).unwrap();
    fs::rename(&old, &new).unwrap();
    fs::create_dir(&old).unwrap();

    match CreateOptions::new().create_at(&held, "fifo") {
        // Apple and DragonFly BSD cannot; there the rest is tested alone.
        Err(err) if err.kind() == ErrorKind::Unsupported => {
            fifo::create(new.join("fifo"), 0o600).unwrap();
        }
        result => result.unwrap(),
    }
    let options = OpenOptions::new();
    let mut receiver = options.open_receiver_at(&held, "fifo").unwrap();
    let mut sender = options.open_sender_at(&held, "fifo").unwrap();
    sender.write_all(b"here").unwrap();
    assert_eq!(receiver.read(&mut [0; 16]).unwrap(), 4);
    options.open_persistent_receiver_at(&held, "fifo").unwrap();
    options.open_persistent_sender_at(&held, "fifo").unwrap();
    assert!(new.join("fifo").exists());
    assert!(!old.join("fifo").exists());

    let file = tempfile::tempfile().unwrap();
    let result = options.open_receiver_at(&file, "fifo");
    assert_errno(result, Errno::NOTDIR);
}

#[test]
fn opened_ends_are_non_blocking_and_close_on_exec() {
    let _quiet = quiet();
    #[track_caller]
    fn check(fd: impl AsFd) {
        assert!(fcntl_getfl(&fd).unwrap().contains(OFlags::NONBLOCK));
        assert!(fcntl_getfd(&fd).unwrap().contains(FdFlags::CLOEXEC));
    }
    let (_dir, path) = new_fifo();
    let options = OpenOptions::new();
    let receiver = options.open_receiver(&path).unwrap();
    check(&receiver);
    check(options.open_sender(&path).unwrap());
    check(options.open_persistent_receiver(&path).unwrap());
    check(options.open_persistent_sender(&path).unwrap());
}
