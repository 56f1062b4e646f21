//! A log collector: creates a FIFO, takes lines from any number of writers that come and go, and
//! appends them whole to a file.
//!
//! ```sh
//! collect /tmp/log.fifo all.log &
//! echo "a line" > /tmp/log.fifo
//! ```
//!
//! What stays whole: a line that a program writes with **one** write of up to `PIPE_BUF` bytes (512 at
//! least, 4096 on Linux), however many programs write at the same time. A longer line, or one that is
//! written in several pieces, may have pieces of others' lines in it: a FIFO does not say who
//! wrote what, and no reader can put that right.
//!
//! What is bounded: memory, to the longest line allowed and two buffers.

use std::process::ExitCode;

#[cfg(unix)]
mod collector;

#[cfg(unix)]
fn main() -> ExitCode {
    collector::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("collect: this system has no FIFOs");
    ExitCode::FAILURE
}
