//! The log collector, run as a user would.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::util::{DEADLINE, Start, example};

/// A collector that takes lines, in a directory of its own.
struct Collector {
    child: Option<Child>,
    dir: TempDir,
}

impl Collector {
    #[track_caller]
    fn start(args: &[&str]) -> Collector {
        Collector::start_in(tempfile::tempdir().unwrap(), args)
    }

    #[track_caller]
    fn start_in(dir: TempDir, args: &[&str]) -> Collector {
        let mut child = Command::new(example("collect"))
            .args(args)
            .args([dir.path().join("fifo"), dir.path().join("log")])
            .stderr(Stdio::piped())
            .start()
            .unwrap();
        let mut line = String::new();
        let stderr = child.stderr.as_mut().unwrap();
        BufReader::new(stderr).read_line(&mut line).unwrap();
        assert!(line.starts_with("collect: from "), "{line}");
        Collector {
            child: Some(child),
            dir,
        }
    }

    fn fifo(&self) -> PathBuf {
        self.dir.path().join("fifo")
    }

    fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Ends the collector as `signal` does, and returns what it has collected.
    #[track_caller]
    fn stop(&mut self, signal: Signal) -> String {
        let child = self.child.take().unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {stderr}", output.status);
        assert!(!self.fifo().exists(), "the FIFO was left behind");
        fs::read_to_string(self.dir.path().join("log")).unwrap()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn open(path: &Path) -> File {
    File::options().write(true).open(path).unwrap()
}

#[track_caller]
fn refused(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.captured().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}

#[test]
fn lines_of_a_thousand_writers_are_appended_once_and_whole() {
    let mut collector = Collector::start(&[]);
    let fifo = collector.fifo();
    thread::scope(|scope| {
        for thread in 0..4 {
            let fifo = &fifo;
            scope.spawn(move || {
                for writer in 0..250 {
                    let tail = "y".repeat(writer % 500);
                    let line = format!("{thread}-{writer} {tail}\n");
                    open(fifo).write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
    let log = collector.stop(Signal::TERM);
    assert_eq!(log.lines().count(), 1000);
    let found: HashSet<&str> = log.lines().collect();
    for thread in 0..4 {
        for writer in 0..250 {
            let line = format!("{thread}-{writer} {}", "y".repeat(writer % 500));
            assert!(found.contains(line.as_str()), "no {line:?}");
        }
    }
}

#[test]
fn writers_that_stay_are_mixed_line_by_line() {
    let mut collector = Collector::start(&[]);
    let fifo = collector.fifo();
    thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let mut writer = open(&fifo);
            scope.spawn(move || {
                let line = format!("{}\n", name.repeat(511));
                for _ in 0..500 {
                    writer.write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
    let log = collector.stop(Signal::TERM);
    for name in ["a", "b", "c"] {
        let line = name.repeat(511);
        assert_eq!(log.lines().filter(|&found| found == line).count(), 500);
    }
    assert_eq!(log.lines().count(), 1500);
}

#[test]
fn lines_are_appended_to_what_the_file_holds() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("log"), "before\n").unwrap();
    let mut collector = Collector::start_in(dir, &[]);
    open(&collector.fifo()).write_all(b"after\n").unwrap();
    assert_eq!(collector.stop(Signal::INT), "before\nafter\n");
}

#[test]
fn unfinished_last_line_is_ended() {
    let mut collector = Collector::start(&[]);
    open(&collector.fifo()).write_all(b"whole\ncut o").unwrap();
    open(&collector.fifo()).write_all(b"ff").unwrap();
    assert_eq!(collector.stop(Signal::INT), "whole\ncut off\n");
}

#[test]
fn longer_lines_than_allowed_are_cut() {
    let mut collector = Collector::start(&["--max-line=4"]);
    open(&collector.fifo())
        .write_all(b"1234\n12345\n123456789\n\nx\n")
        .unwrap();
    let log = collector.stop(Signal::TERM);
    assert_eq!(log, "1234\n1234\n5\n1234\n5678\n9\n\nx\n");
}

#[test]
fn line_that_never_ends_does_not_grow_the_memory() {
    const MIB: usize = 1 << 20;
    let mut collector = Collector::start(&[]);
    let mut writer = open(&collector.fifo());
    for _ in 0..64 {
        writer.write_all(&vec![b'z'; MIB]).unwrap();
    }
    // Where there is no /proc the bound on the lines has to do.
    if let Ok(status) = fs::read_to_string(format!("/proc/{}/status", collector.id())) {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.unwrap().trim().trim_end_matches(" kB");
        let kib: usize = kib.parse().unwrap();
        assert!(kib < 32 * 1024, "{kib} KiB");
    }
    drop(writer);
    let log = collector.stop(Signal::TERM);
    assert!(log.lines().all(|line| line.len() == 65536));
    assert_eq!(log.lines().count(), 64 * MIB / 65536);
}

#[test]
fn writer_that_floods_the_fifo_does_not_keep_it_from_stopping() {
    let collector = Collector::start(&[]);
    let mut writer = open(&collector.fifo());
    thread::scope(move |scope| {
        // In here, so that the writer ends with it when an assertion fails.
        let mut collector = collector;
        let flood = scope.spawn(move || {
            let lines = b"to the end\n".repeat(46);
            let mut written = 0;
            // Until the collector is gone: BrokenPipe.
            while writer.write_all(&lines).is_ok() {
                written += 46;
            }
            written
        });
        // Some of it has been collected.
        let log = collector.dir.path().join("log");
        let deadline = Instant::now() + DEADLINE;
        while fs::metadata(&log).unwrap().len() < 1 << 20 {
            assert!(Instant::now() < deadline, "nothing was collected");
            thread::yield_now();
        }
        let log = collector.stop(Signal::TERM);
        assert!(log.lines().count() <= flood.join().unwrap());
        assert!(log.lines().all(|line| line == "to the end"));
    });
}

#[test]
fn mode_is_given_whatever_the_umask_is() {
    use std::os::unix::fs::PermissionsExt;
    let mut collector = Collector::start(&["--mode=622"]);
    let mode = fs::metadata(collector.fifo()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o622);
    collector.stop(Signal::TERM);
}

#[test]
fn what_is_there_already_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let there = dir.path().join("there");
    fs::write(&there, "kept").unwrap();
    let mut command = Command::new(example("collect"));
    let message = refused(command.args([&there, &dir.path().join("log")]));
    assert!(message.starts_with(&format!("collect: cannot create {}: ", there.display())));
    assert_eq!(fs::read(&there).unwrap(), b"kept");
}

#[test]
fn file_that_cannot_be_opened_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("no such directory").join("log");
    let mut command = Command::new(example("collect"));
    let message = refused(command.args([&dir.path().join("fifo"), &missing]));
    assert!(message.starts_with(&format!("collect: cannot open {}: ", missing.display())));
    assert!(!dir.path().join("fifo").exists());
}

#[test]
fn help_explains_what_stays_whole() {
    let output = Command::new(example("collect")).arg("--help").captured();
    let output = output.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for part in ["stays whole", "--max-line", "--mode", "SIGTERM"] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}
