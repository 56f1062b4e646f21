//! What the tour says of itself, and what it does as a child of itself: ordinary programs with
//! blocking stdio.

use std::ffi::OsStr;
use std::io::{self, BufRead, Read, Write};

use crate::CHUNK;

pub const USAGE: &str = "\
usage: tour [FILE [PROGRAM [ARGUMENT...]]]

A tour of pipes in one event loop: hello, noticing a drop, FILE through PROGRAM and back,
commands to a child. FILE is this program's own executable unless you name one; PROGRAM must
return its input unchanged.";

/// Plays `role`, with an option that only tests use.
pub fn play(role: &str, option: Option<&OsStr>) -> io::Result<()> {
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    match (role, option.and_then(OsStr::to_str)) {
        ("cat", None) => {
            // At once, as `cat` does: `io::copy` leaves the last line in the buffer of `stdout`.
            let mut buf = [0; CHUNK];
            loop {
                match stdin.read(&mut buf)? {
                    0 => break,
                    n => stdout.write_all(&buf[..n])?,
                }
                stdout.flush()?;
            }
        }
        ("cat", Some("--to-stderr")) => drop(io::copy(&mut stdin, &mut io::stderr())?),
        ("cat", Some("--exit")) => {}
        ("cat", Some("--alternate")) => {
            for i in 0..100 {
                writeln!(stdout, "out {i}")?;
                stdout.flush()?;
                eprintln!("err {i}");
            }
        }
        ("upper", None) => {
            let mut bytes = Vec::new();
            stdin.read_to_end(&mut bytes)?;
            stdout.write_all(&bytes.to_ascii_uppercase())?;
        }
        ("worker", None) => {
            for line in stdin.lines() {
                let line = line?;
                let number = line
                    .strip_prefix("square ")
                    .and_then(|n| n.parse::<u64>().ok());
                let number =
                    number.ok_or_else(|| io::Error::other(format!("what is {line:?}?")))?;
                writeln!(stdout, "{}", number * number)?;
            }
        }
        _ => return Err(io::Error::other(format!("no such role: {role}"))),
    }
    stdout.flush()
}
