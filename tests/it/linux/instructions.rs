//! An operation costs no more instructions in user space than mio's own: counted by callgrind, which
//! gives the same number whatever else the machine does.

use std::collections::HashMap;
use std::hint::black_box;
use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::process::Command;

use mio_pipe::new_pipe;

use crate::util::Start;

const TEST: &str = "linux::instructions::no_operation_takes_more_instructions_than_mio";
const COUNTED: &str = "MIO_PIPE_TEST_COUNTED";
const ROUNDS: u64 = 100;

/// Two functions for an operation, under names that are found again in callgrind's output.
macro_rules! operations {
    ($($name:ident, $ours:ident, $mios:ident, |$sender:ident, $receiver:ident| $body:expr;)*) => {
        $(
            #[unsafe(no_mangle)]
            #[inline(never)]
            extern "C" fn $ours(
                $sender: &mut mio_pipe::Sender, $receiver: &mut mio_pipe::Receiver,
            ) {
                $body
            }

            #[unsafe(no_mangle)]
            #[inline(never)]
            extern "C" fn $mios(
                $sender: &mut mio::unix::pipe::Sender, $receiver: &mut mio::unix::pipe::Receiver,
            ) {
                $body
            }
        )*

        fn run() {
            let (mut sender, mut receiver) = new_pipe().unwrap();
            let (mut mios_sender, mut mios_receiver) = mio::unix::pipe::new().unwrap();
            for _ in 0..ROUNDS {
                $(
                    $ours(&mut sender, &mut receiver);
                    $mios(&mut mios_sender, &mut mios_receiver);
                )*
                ours_new();
                mios_new();
            }
        }

        const PAIRS: &[(&str, &str, &str)] = &[
            $((stringify!($name), stringify!($ours), stringify!($mios)),)*
            ("new", "ours_new", "mios_new"),
        ];
    };
}

operations! {
    write, ours_write, mios_write, |sender, _receiver| {
        black_box(sender.write(black_box(b"x"))).unwrap();
    };
    read, ours_read, mios_read, |_sender, receiver| {
        black_box(receiver.read(black_box(&mut [0; 1]))).unwrap();
    };
    would_block, ours_would_block, mios_would_block, |_sender, receiver| {
        assert!(black_box(receiver.read(black_box(&mut [0; 1]))).is_err());
    };
    write_vectored, ours_write_vectored, mios_write_vectored, |sender, _receiver| {
        let slices = [IoSlice::new(b"a"), IoSlice::new(b"b")];
        black_box(sender.write_vectored(black_box(&slices))).unwrap();
    };
    read_vectored, ours_read_vectored, mios_read_vectored, |_sender, receiver| {
        let (mut a, mut b) = ([0; 1], [0; 1]);
        let mut slices = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
        black_box(receiver.read_vectored(black_box(&mut slices))).unwrap();
    };
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn ours_new() {
    drop(black_box(new_pipe().unwrap()));
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn mios_new() {
    drop(black_box(mio::unix::pipe::new().unwrap()));
}

#[test]
fn no_operation_takes_more_instructions_than_mio() {
    if std::env::var_os(COUNTED).is_some() {
        return run();
    }
    if cfg!(debug_assertions) {
        eprintln!("skipped: instructions count in release builds only");
        return;
    }
    if Command::new("valgrind")
        .arg("--version")
        .captured()
        .is_err()
    {
        assert!(
            std::env::var_os("CI").is_none(),
            "the gate must install valgrind"
        );
        eprintln!("skipped: valgrind is not installed");
        return;
    }
    let profile = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--compress-strings=no",
            "--compress-pos=no",
        ])
        .arg(format!("--callgrind-out-file={}", profile.path().display()))
        .args(["--toggle-collect=ours_*", "--toggle-collect=mios_*"])
        .arg(std::env::current_exe().unwrap())
        .args([TEST, "--exact", "--test-threads=1"])
        .env(COUNTED, "1")
        .captured()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let profile = std::fs::read_to_string(profile.path()).unwrap();
    let costs = inclusive(&profile);
    for (name, ours, mios) in PAIRS {
        let per_call = |name: &str| costs[name] / ROUNDS;
        let (ours, mios) = (per_call(ours), per_call(mios));
        println!("{name}: {ours} instructions, mio {mios}");
        assert!(ours > 10, "{name} was not counted");
        assert!(
            ours <= mios,
            "{name}: {ours} instructions, and mio's {mios}"
        );
    }
}

/// Instructions in each function and what it called, from a callgrind profile. A function's lines are
/// "position cost", its own and, after "calls=", those of a callee.
fn inclusive(profile: &str) -> HashMap<&str, u64> {
    let mut costs = HashMap::new();
    let mut function = "";
    for line in profile.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            function = name;
        } else if line.starts_with(|c: char| c.is_ascii_digit()) {
            let cost = line
                .split(' ')
                .nth(1)
                .and_then(|cost| cost.parse::<u64>().ok());
            *costs.entry(function).or_default() += cost.unwrap_or(0);
        }
    }
    costs
}
