//! The multiplexer, run as a user would.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};

use mio_pipe::os::unix::fifo;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::program::finish;
use super::terminal::Terminal;
use crate::util::{Start, example};

fn multiplex() -> Command {
    let mut command = Command::new(example("multiplex"));
    command
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[track_caller]
fn run(args: &[&str]) -> Output {
    finish(multiplex().args(args).start().unwrap())
}

#[track_caller]
fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

#[track_caller]
fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// A FIFO for commands to wait at, and its path.
#[track_caller]
fn gate() -> (TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gate");
    fifo::create(&path, 0o600).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

#[test]
fn lines_come_out_whole_and_in_order() {
    const LINES: usize = 300;
    let command = format!(
        "i=0; while [ $i -lt {LINES} ]; do printf 'begin '; printf \"$i \"; echo end; i=$((i+1)); done"
    );
    let output = run(&[&command, &command, &command, &command]);
    assert!(output.status.success(), "{}", stderr(&output));
    let mut next = HashMap::new();
    for line in stdout(&output).lines() {
        let (prefix, text) = line.split_at(4);
        let next = next.entry(prefix).or_insert(0);
        assert_eq!(text, format!("begin {next} end"), "{line}");
        *next += 1;
    }
    let expected = ["[1] ", "[2] ", "[3] ", "[4] "].map(|prefix| (prefix, LINES));
    assert_eq!(next, HashMap::from(expected));
}

#[test]
fn stdout_and_stderr_of_a_command_stay_in_order() {
    let output = run(&["echo one; echo two >&2; echo three; printf four >&2"]);
    assert_eq!(stdout(&output), "[1] one\n[1] two\n[1] three\n[1] four\n");
    assert_eq!(stderr(&output), "");
}

#[test]
fn numbers_are_as_wide_as_the_largest() {
    let output = run(&["echo a", ":", ":", ":", ":", ":", ":", ":", ":", ":"]);
    assert_eq!(stdout(&output), "[ 1] a\n");
}

#[test]
fn color_is_for_terminals_and_those_who_want_it() {
    const PLAIN: &str = "[1] hello\n";
    const COLORED: &str = "\x1b[36m[1]\x1b[0m hello\n";
    let run = |variables: &[(&str, &str)]| {
        let mut command = multiplex();
        command.arg("echo hello").envs(variables.iter().copied());
        let piped = finish(command.start().unwrap());

        let terminal = Terminal::new();
        command.stdout(terminal.stdio());
        let child = command.start().unwrap();
        drop(command);
        assert!(finish(child).status.success());
        let screen = terminal.into_screen().replace("\r\n", "\n");
        (stdout(&piped).to_owned(), screen)
    };
    let both = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(run(&[]), both(PLAIN, COLORED));
    assert_eq!(run(&[("NO_COLOR", "1")]), both(PLAIN, PLAIN));
    assert_eq!(run(&[("CLICOLOR_FORCE", "1")]), both(COLORED, COLORED));
}

#[test]
fn worst_exit_code_wins() {
    assert_eq!(run(&["true", ":"]).status.code(), Some(0));
    let output = run(&["exit 3", "exit 5", "true", "exit 4"]);
    assert_eq!(output.status.code(), Some(5));
    let mut complaints: Vec<_> = stderr(&output).lines().collect();
    complaints.sort_unstable();
    assert_eq!(
        complaints,
        [
            "multiplex: [1] exit status: 3: exit 3",
            "multiplex: [2] exit status: 5: exit 5",
            "multiplex: [4] exit status: 4: exit 4",
        ]
    );
    assert_eq!(run(&["exit 3", "kill -TERM $$"]).status.code(), Some(143));
    assert_eq!(run(&["no-such-program"]).status.code(), Some(127));
}

#[test]
fn command_that_closes_its_output_is_waited_for() {
    let (_dir, gate) = gate();
    let command = format!("exec 3<>{gate}; echo ready; exec >&- 2>&-; read line <&3; exit 5");
    let mut child = multiplex().args([&command]).start().unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "[1] ready\n");
    File::options()
        .write(true)
        .open(&gate)
        .unwrap()
        .write_all(b"\n")
        .unwrap();
    assert_eq!(finish(child).status.code(), Some(5));
}

#[test]
fn long_lines_are_printed_in_parts() {
    let output = run(&[
        "--max-line",
        "8",
        "echo 12345678; echo 1234567890abcdefX; printf 123456789",
    ]);
    assert_eq!(
        stdout(&output),
        "[1] 12345678\n[1] 12345678\n[1] 90abcdef\n[1] X\n[1] 12345678\n[1] 9\n"
    );
}

#[test]
fn lines_pass_unchanged() {
    let output = run(&[r"printf '\033[1mbold\033[0m \377\000 \r\n\n'"]);
    assert_eq!(output.stdout, b"[1] \x1b[1mbold\x1b[0m \xff\0 \r\n[1] \n");
}

#[test]
fn commands_come_from_a_file_too() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"# a comment\n\n  echo from the file\n")
        .unwrap();
    let output = run(&["--file", file.path().to_str().unwrap()]);
    assert_eq!(stdout(&output), "[1] from the file\n");

    let output = run(&["--file", "no/such/file"]);
    assert_eq!(output.status.code(), Some(1));
    let complaint = stderr(&output);
    assert!(
        complaint.starts_with("multiplex: cannot read no/such/file: "),
        "{complaint}"
    );
    assert_eq!(complaint.lines().count(), 1);
}

#[test]
fn signals_reach_every_command_and_what_it_started() {
    for (name, signal) in [("INT", Signal::INT), ("TERM", Signal::TERM)] {
        // The shells wait for what they started, which only the signal ends; it is there once it
        // has said so.
        let started = "sh -c 'echo ready; exec sleep 600'";
        let trap = format!("trap 'echo got {name}; exit 7' {name}; {started}; :");
        let mut child = multiplex().args([&trap, &trap]).start().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut next = |text: &str, count| {
            // Some shells also say what ended sleep(1).
            let lines = lines.by_ref().map(Result::unwrap);
            let lines = lines.filter(|line| line.ends_with(text));
            let mut lines: Vec<_> = lines.take(count).collect();
            lines.sort_unstable();
            lines.join(", ")
        };
        assert_eq!(next("ready", 2), "[1] ready, [2] ready");
        kill_process(Pid::from_child(&child), signal).unwrap();
        let got = format!("[1] got {name}, [2] got {name}");
        assert_eq!(next(name, usize::MAX), got);
        assert_eq!(finish(child).status.code(), Some(7));
    }
}

#[test]
fn closed_reader_ends_it_and_the_commands() {
    let (_dir, gate) = gate();
    let sleeper = format!("exec 3>{gate}; sleep 600");
    let mut child = multiplex().args(["yes", &sleeper]).start().unwrap();
    let mut held = File::open(&gate).unwrap(); // Waits for the sleeper.
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let output = finish(child);
    assert_eq!(output.status.signal(), Some(Signal::PIPE.as_raw()));
    assert_eq!(stderr(&output), "");
    // The sleeper has gone, and with it the last writer.
    assert_eq!(held.read(&mut [0; 1]).unwrap(), 0);
}

/// All of them at the same time: none ends before the last has begun. And on few descriptors,
/// unless the limit is raised.
#[test]
fn a_thousand_commands_run_at_once() {
    const COUNT: usize = 1000;
    let (dir, gate) = gate();
    let file = dir.path().join("commands");
    let command = format!("exec 3<>{gate}; echo begin; read line <&3; echo end\n");
    std::fs::write(&file, command.repeat(COUNT)).unwrap();
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -Sn 256; exec \"$@\"", "sh"])
        .arg(example("multiplex"))
        .arg("--file")
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .start()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let begun: Vec<_> = lines.by_ref().take(COUNT).map(Result::unwrap).collect();
    assert!(
        begun.iter().all(|line| line.ends_with("] begin")),
        "{begun:?}"
    );

    // Each command reads one of these lines, and each has the FIFO open: none is lost.
    let mut opened = File::options().write(true).open(&gate).unwrap();
    opened.write_all(&[b'\n'; COUNT]).unwrap();
    let ended: Vec<_> = lines.map(Result::unwrap).collect();
    assert!(
        ended.iter().all(|line| line.ends_with("] end")),
        "{ended:?}"
    );
    assert_eq!((begun.len(), ended.len()), (COUNT, COUNT));
    assert!(finish(child).status.success());
}
