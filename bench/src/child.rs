//! This program again, as the other process of a case.
//!
//! The child gets its pipe as stdout. It says that it is ready by a line on stderr, waits for a byte on
//! stdin, and reports its CPU time in nanoseconds in a second line.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// The first argument of a child.
pub const FLAG: &str = "--child";

/// A command that runs this program as a child in `role`.
pub fn command(role: &str, arguments: &[String]) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(FLAG).arg(role).args(arguments);
    Ok(command)
}

/// A child that sends into a pipe.
pub struct Writer {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Writer {
    /// Starts it and waits until it is ready.
    pub fn start(role: &str, arguments: &[String], pipe: OwnedFd) -> Result<Writer> {
        let mut child = command(role, arguments)?
            .stdin(Stdio::piped())
            .stdout(pipe)
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().context("stderr is a pipe")?;
        let mut stderr = BufReader::new(stderr);
        let mut line = String::new();
        stderr.read_line(&mut line)?;
        if line.trim() != "ready" {
            bail!("the child failed: {line}");
        }
        Ok(Writer { child, stderr })
    }

    /// Lets it go.
    pub fn go(&self) -> Result<()> {
        let mut stdin = self.child.stdin.as_ref().context("stdin is a pipe")?;
        Ok(stdin.write_all(b"!")?)
    }

    /// Waits for its end and returns the CPU time it took.
    pub fn finish(mut self) -> Result<Duration> {
        let mut text = String::new();
        self.stderr.read_to_string(&mut text)?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the child failed, {status}: {text}");
        }
        Ok(Duration::from_nanos(text.trim().parse()?))
    }
}

/// In the child: says that it is ready and waits to be let go.
pub fn ready() -> Result<()> {
    eprintln!("ready");
    std::io::stdin().read_exact(&mut [0])?;
    Ok(())
}

/// In the child: its pipe.
pub fn pipe() -> Result<OwnedFd> {
    // The standard library's stdout keeps the descriptor open to the end, which is soon.
    Ok(std::io::stdout().as_fd().try_clone_to_owned()?)
}
