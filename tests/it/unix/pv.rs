//! The pipe viewer, run as a user would.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::thread;

use rustix::process::Signal;

use super::program::finish;
use super::terminal::Terminal;
use crate::util::{Start, example, pattern};

fn pv() -> Command {
    let mut command = Command::new(example("pv"));
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to the end with `data` through a pipe on its stdin.
#[track_caller]
fn feed(command: &mut Command, data: &[u8]) -> Output {
    let mut child = command.start().unwrap();
    // The command may hold our copies of what it gave to the child.
    *command = Command::new("true");
    let mut stdin = child.stdin.take().unwrap();
    let data = data.to_vec();
    let feeder = thread::spawn(move || stdin.write_all(&data).unwrap());
    let output = finish(child);
    feeder.join().unwrap();
    output
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {stderr}", output.status);
    stderr
}

/// A file that holds `data`, open for reading from its beginning.
#[track_caller]
fn file_with(data: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(data).unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn data_from_pipe_to_pipe_is_the_same() {
    let data = pattern(5_000_000);
    let output = feed(&mut pv(), &data);
    succeeded(&output);
    assert!(output.stdout == data);
}

#[test]
fn data_from_file_to_pipe_is_the_same() {
    let data = pattern(5_000_000);
    let output = pv().stdin(file_with(&data)).captured().unwrap();
    succeeded(&output);
    assert!(output.stdout == data);
}

#[test]
fn data_from_pipe_to_file_is_the_same() {
    let data = pattern(5_000_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = feed(pv().stdout(file.reopen().unwrap()), &data);
    succeeded(&output);
    assert!(fs::read(file.path()).unwrap() == data);
}

#[test]
fn data_from_file_to_file_is_the_same() {
    let data = pattern(5_000_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = pv()
        .stdin(file_with(&data))
        .stdout(file.reopen().unwrap())
        .stderr(Stdio::piped())
        .start()
        .unwrap()
        .wait_with_output()
        .unwrap();
    succeeded(&output);
    assert!(fs::read(file.path()).unwrap() == data);
}

#[test]
fn data_is_appended_to_a_file_that_is_open_for_appending() {
    let data = pattern(1_000_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "before").unwrap();
    let append = File::options().append(true).open(file.path()).unwrap();
    let output = feed(pv().stdout(append), &data);
    succeeded(&output);
    let found = fs::read(file.path()).unwrap();
    assert!(found.strip_prefix(b"before") == Some(&data[..]));
}

#[test]
fn data_between_sockets_is_the_same() {
    let data = pattern(1_000_000);
    let (stdin, mut feeder) = UnixStream::pair().unwrap();
    let (stdout, mut taker) = UnixStream::pair().unwrap();
    let mut command = pv();
    command
        .stdin(OwnedFd::from(stdin))
        .stdout(OwnedFd::from(stdout));
    let child = command.start().unwrap();
    drop(command);
    let sent = data.clone();
    let feeder = thread::spawn(move || {
        feeder.write_all(&sent).unwrap();
        feeder.shutdown(Shutdown::Write).unwrap();
    });
    let mut received = Vec::new();
    taker.read_to_end(&mut received).unwrap();
    feeder.join().unwrap();
    succeeded(&finish(child));
    assert!(received == data);
}

#[test]
fn no_data_is_fine() {
    let output = feed(&mut pv(), b"");
    assert_eq!(succeeded(&output), "0 bytes (0 B) in 0.0 s, 0 B/s\n");
    assert_eq!(output.stdout, b"");
}

#[test]
fn plain_output_is_one_line_at_the_end() {
    let output = feed(&mut pv(), &[b'x'; 3 << 20]);
    let stderr = succeeded(&output);
    let start = "3145728 bytes (3.00 MiB) in ";
    assert!(stderr.starts_with(start), "{stderr}");
    assert!(stderr.ends_with("/s\n"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn size_of_a_file_is_known_from_where_it_stands() {
    let mut file = file_with(&[b'x'; 1000]);
    file.seek(SeekFrom::Start(900)).unwrap();
    let output = pv().stdin(file).captured().unwrap();
    let stderr = succeeded(&output);
    assert!(stderr.starts_with("100 bytes (100 B) in "), "{stderr}");
    assert!(stderr.ends_with("/s, 100%\n"), "{stderr}");
}

#[test]
fn time_left_is_shown_if_the_size_is_known() {
    let mut child = pv()
        .args(["--size", "4K", "--interval", "0.01"])
        .start()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    stdin.write_all(&[b'x'; 1024]).unwrap();
    let line = lines
        .find(|line| line.as_ref().is_ok_and(|line| !line.starts_with("0 ")))
        .unwrap()
        .unwrap();
    assert!(line.starts_with("1024 bytes (1.00 KiB) in "), "{line}");
    assert!(line.contains("/s, 25%, ETA 00:"), "{line}");

    stdin.write_all(&[b'x'; 3072]).unwrap();
    drop(stdin);
    let last = lines.last().unwrap().unwrap();
    assert!(last.starts_with("4096 bytes (4.00 KiB) in "), "{last}");
    assert!(last.ends_with("/s, 100%"), "{last}");
    assert!(finish(child).status.success());
}

#[test]
fn closed_reader_ends_it_quietly_by_sigpipe() {
    let mut child = pv().start().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let feeder = thread::spawn(move || {
        loop {
            if let Err(err) = stdin.write(&[b'x'; 4096]) {
                return err.kind();
            }
        }
    });
    stdout.read_exact(&mut [0; 100_000]).unwrap();
    drop(stdout);
    let output = finish(child);
    assert_eq!(output.status.signal(), Some(Signal::PIPE.as_raw()));
    assert_eq!(feeder.join().unwrap(), ErrorKind::BrokenPipe);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(" bytes ("), "{stderr}");
}

#[test]
fn closed_reader_is_noticed_while_waiting_for_input() {
    let mut child = pv().start().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdin.write_all(b"first").unwrap();
    stdout.read_exact(&mut [0; 5]).unwrap();
    drop(stdout);
    assert_eq!(finish(child).status.signal(), Some(Signal::PIPE.as_raw()));
    drop(stdin);
}

#[test]
fn terminal_gets_a_progress_bar() {
    let terminal = Terminal::new();
    let mut command = pv();
    command.args(["--size", "2M"]).stderr(terminal.stdio());
    let output = feed(&mut command, &[b'x'; 1 << 20]);
    succeeded(&output);
    let screen = terminal.into_screen();
    let last = screen.rsplit('\r').find(|text| text.contains('%')).unwrap();
    assert!(last.contains("1.00 MiB "), "{screen}");
    assert!(last.contains("[====="), "{screen}");
    assert!(last.contains("] 50% ETA "), "{screen}");
}

#[test]
fn terminal_is_read_line_by_line_and_stays_blocking() {
    let mut terminal = Terminal::new();
    let mut child = pv().stdin(terminal.stdio()).start().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    for line in [b"one\n", b"two\n"] {
        terminal.type_in(line);
        let mut found = [0; 4];
        stdout.read_exact(&mut found).unwrap();
        assert_eq!(&found, line);
    }
    assert!(!terminal.is_nonblocking());
    terminal.type_in(b"\x04"); // ^D
    succeeded(&finish(child));
}

#[test]
fn terminal_is_written_to() {
    let terminal = Terminal::new();
    let output = feed(pv().stdout(terminal.stdio()), b"to the screen\n");
    succeeded(&output);
    assert_eq!(terminal.into_screen(), "to the screen\r\n");
}

#[test]
fn errors_are_one_sentence() {
    let output = pv().stdin(File::open("/").unwrap()).captured().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let last = stderr.lines().last().unwrap();
    assert!(last.starts_with("pv: cannot read stdin: "), "{stderr}");

    for args in [["--size", "12Q"], ["--size", "1KK"], ["--interval", "0"]] {
        let output = pv().args(args).captured().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with("error: invalid value "), "{stderr}");
    }
}
