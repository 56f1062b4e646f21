//! The program itself: does it run, and are its reports what they are said to be?

#![cfg(target_os = "linux")]

use std::process::{Command, Output};

use rustix::thread::CpuSet;
use serde_json::Value;

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mio-pipe-bench"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

#[test]
fn json_has_an_object_for_each_case_and_svg_is_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("results.json");
    let svg = folder.path().join("results.svg");
    let output = bench(&[
        "--quick",
        "--rows",
        "overhead",
        "--json",
        json.to_str().expect("UTF-8"),
        "--svg",
        svg.to_str().expect("UTF-8"),
    ]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(errors, "", "no progress bar without a terminal");

    let text = std::fs::read_to_string(json).expect("a file");
    let list: Vec<Value> = serde_json::from_str(&text).expect("a list");
    assert!(list.len() >= 16);
    for entry in &list {
        for key in ["row", "case", "unit", "reference"] {
            assert!(entry[key].is_string(), "{key} of {entry}");
        }
        for key in ["median", "min", "max", "cpu", "ratio", "cpu_ratio"] {
            assert!(entry[key].is_f64(), "{key} of {entry}");
        }
        assert_eq!(entry.as_object().map(|object| object.len()), Some(10));
        let [min, median, max] = ["min", "median", "max"].map(|key| entry[key].as_f64());
        assert!(min <= median && median <= max, "{entry}");
    }
    let is_reference = |entry: &&Value| entry["case"] == entry["reference"];
    let references: Vec<&Value> = list.iter().filter(is_reference).collect();
    assert_eq!(references.len(), 2);
    assert!(references.iter().all(|entry| entry["ratio"] == 1.0));

    let svg = std::fs::read_to_string(svg).expect("a file");
    assert!(svg.starts_with("<svg") && svg.contains("overhead/create"));
}

#[test]
fn relays_deliver_what_was_sent() {
    let output = bench(&["--quick", "--rows", "relay"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8_lossy(&output.stdout);
    for case in [
        "mio-pipe Relay, Pool, 1 MiB pipes ",
        "mio-pipe Relay, Pool, 1 MiB, SO_RCVLOWAT ",
    ] {
        assert!(text.contains(case), "{case} of {text}");
    }
}

#[test]
fn rows_that_need_two_cores_are_skipped_where_there_is_one() {
    let all = rustix::thread::sched_getaffinity(None).expect("a set");
    let first = (0..CpuSet::MAX_CPU).find(|&cpu| all.is_set(cpu));
    let mut one = CpuSet::new();
    one.set(first.expect("a core"));
    // This thread's, which the program inherits.
    rustix::thread::sched_setaffinity(None, &one).expect("a core of our own");
    let output = bench(&["--quick", "--rows", "bulk/two-cores,ping-pong"]);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    for line in [
        "skipped bulk/two-cores: ",
        "skipped ping-pong/two-cores-1: ",
        "ping-pong/one-core-1: ",
    ] {
        assert!(text.lines().any(|it| it.starts_with(line)), "{text}");
    }
}

#[test]
fn an_unknown_row_is_named_together_with_the_known_ones() {
    let output = bench(&["--rows", "overhead,speed"]);
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("\"speed\""), "{errors}");
    assert!(errors.contains("bulk/two-cores"), "{errors}");
}

#[test]
fn too_few_rounds_are_refused() {
    let output = bench(&["--rounds", "3"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("at least 7"));
}

#[test]
fn list_names_every_row_without_running_it() {
    let output = bench(&["--list"]);
    let text = String::from_utf8_lossy(&output.stdout);
    for row in [
        "overhead/create",
        "bulk/threads",
        "messages/two-cores-64",
        "events/9900",
        "ping-pong/one-core-1",
        "relay",
        "fan-out/32-1024K",
        "pool",
        "zero-copy",
        "growth/bytes",
        "growth/events",
        "growth/memory-kernel",
    ] {
        assert!(text.lines().any(|line| line.starts_with(row)), "{row}");
    }
}
