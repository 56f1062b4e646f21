//! A TCP relay that never touches the bytes: socket to pipe to socket, inside the kernel.
//!
//! ```text
//! cargo run --release --example relay -- --listen 127.0.0.1:8080 --connect 127.0.0.1:80
//! ```
//!
//! Each direction of a connection is a `Relay`; when one side stops sending, that is passed on and
//! the other direction goes on. A pipe is taken from a `Pool` only while bytes are on their way, so
//! that thousands of idle connections need none. Ctrl-C prints what was done.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod connection;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::relay;

/// Elsewhere there is no splice(2).
#[cfg(not(target_os = "linux"))]
fn relay() -> Result<(), String> {
    Err("this program needs splice(2), which only Linux has".to_owned())
}

fn main() -> ExitCode {
    match relay() {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("relay: {sentence}");
            ExitCode::FAILURE
        }
    }
}
