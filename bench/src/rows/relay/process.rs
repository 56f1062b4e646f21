//! A relay that runs as a process of its own.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// How long a relay may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running relay. It ends when dropped.
pub struct Relay {
    child: Child,
    port: u16,
    /// Where its configuration is.
    _folder: Option<TempDir>,
}

impl Relay {
    /// Starts `command`, which is to listen on `port`.
    pub fn start(mut command: Command, port: u16, folder: Option<TempDir>) -> Result<Relay> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {command:?}"))?;
        Ok(Relay {
            child,
            port,
            _folder: folder,
        })
    }

    /// Connects to it, once it listens.
    pub fn connect(&mut self) -> Result<TcpStream> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
                // With nobody listening, a connection can happen to come from the port it goes to.
                Ok(stream) if stream.local_addr()? == stream.peer_addr()? => {}
                Ok(stream) => return Ok(stream),
                Err(err) if Instant::now() > deadline => return Err(err.into()),
                Err(_) => {}
            }
            if let Some(status) = self.child.try_wait()? {
                let mut text = String::new();
                if let Some(stderr) = &mut self.child.stderr {
                    stderr.read_to_string(&mut text)?;
                }
                bail!("the relay ended, {status}: {text}");
            }
            sleep(Duration::from_millis(5));
        }
    }

    /// The CPU time it took so far: its threads' and that of the children it waited for.
    ///
    /// `schedstat` has nanoseconds of each thread, while wait4(2) could tell only at the end and would
    /// count the start, too.
    pub fn cpu(&self) -> Result<Duration> {
        let mut last = self.cpu_now()?;
        // Until it stands still: what it does to close the connections is part of its work.
        loop {
            sleep(Duration::from_millis(10));
            let now = self.cpu_now()?;
            if now == last {
                return Ok(now);
            }
            last = now;
        }
    }

    fn cpu_now(&self) -> Result<Duration> {
        let folder = format!("/proc/{}", self.child.id());
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("{folder}/task"))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            let first = text.split(' ').next().unwrap_or_default();
            nanoseconds += first.parse::<u64>().context("schedstat")?;
        }
        let stat = fs::read_to_string(format!("{folder}/stat"))?;
        let ticks = children_ticks(&stat).context("stat")?;
        let per_second = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_nanos(
            nanoseconds + ticks * 1_000_000_000 / per_second,
        ))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// User and system time of the children that were waited for, fields 16 and 17 of /proc/PID/stat.
fn children_ticks(stat: &str) -> Option<u64> {
    // The second field is the name, in parentheses, and may contain anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(13);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn childrens_time_is_found_behind_an_odd_name() {
        let stat = "1 (a) b) S 4 5 6 7 8 9 10 11 12 13 14 15 160 170 18 19";
        assert_eq!(children_ticks(stat), Some(330));
    }
}
