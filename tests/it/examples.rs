//! The examples, run as a newcomer would.

use std::process::{Command, Output};

use crate::util::{Start, example};

#[track_caller]
fn run(command: &mut Command) -> (Output, String) {
    let output = command.captured().unwrap();
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output, text)
}

#[test]
fn hello_prints_what_was_received() {
    let (output, text) = run(&mut Command::new(example("hello")));
    assert!(output.status.success(), "{text}");
    assert_eq!(text.trim_end(), format!("received: {:?}", b"Hello world"));
}

#[test]
fn dropped_notices_the_drop() {
    let (output, text) = run(&mut Command::new(example("dropped")));
    assert!(output.status.success(), "{text}");
    assert_eq!(text.trim_end(), "Sender dropped!");
}

#[test]
fn tour_runs_on_its_default() {
    let (output, text) = run(&mut Command::new(example("tour")));
    assert!(output.status.success(), "{text}");
    for part in [
        "a. hello",
        "b. dropped",
        "c. child",
        "d. commands",
        "byte for byte",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn tour_streams_a_file_of_ones_choice() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), crate::util::pattern(777_777)).unwrap();
    let (output, text) = run(Command::new(example("tour")).arg(file.path()));
    assert!(output.status.success(), "{text}");
    assert!(text.contains("777777 bytes"), "{text}");
}

#[test]
fn tour_names_a_file_that_is_missing() {
    let (output, text) = run(Command::new(example("tour")).arg("no/such/file"));
    assert_eq!(output.status.code(), Some(1), "{text}");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.starts_with("tour: cannot read no/such/file: "),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn tour_names_a_program_that_is_missing() {
    let (output, text) = run(Command::new(example("tour"))
        .arg(example("tour"))
        .arg("no-such-program"));
    assert_eq!(output.status.code(), Some(1), "{text}");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.starts_with("tour: cannot start no-such-program: "),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn tour_notices_a_program_that_changes_the_data() {
    let tour = example("tour");
    let (output, text) = run(Command::new(&tour)
        .args([tour.as_os_str(), tour.as_os_str()])
        .arg("--role=upper"));
    assert_eq!(output.status.code(), Some(1), "{text}");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("differs"), "{message}");
}

#[test]
fn tour_explains_itself() {
    let (output, text) = run(Command::new(example("tour")).arg("--help"));
    assert!(output.status.success());
    assert!(text.starts_with("usage: tour [FILE"), "{text}");
}
