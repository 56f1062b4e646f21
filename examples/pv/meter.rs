//! What is shown on stderr: a progress bar on a terminal, plain lines elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{BinaryBytes, FormattedDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often the progress bar moves while no byte does.
const TICK: Duration = Duration::from_millis(200);

pub struct Meter {
    /// On a terminal; plain lines otherwise.
    bar: Option<ProgressBar>,
    size: Option<u64>,
    done: u64,
    started: Instant,
    /// When the next plain line is due, if there are any before the last.
    next: Option<Instant>,
    interval: Option<Duration>,
}

impl Meter {
    pub fn new(size: Option<u64>, interval: Option<Duration>) -> Meter {
        let started = Instant::now();
        let bar = (interval.is_none() && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::stderr());
            let template = match size {
                Some(_) => {
                    "{bytes} {elapsed_precise} {bytes_per_sec} [{wide_bar}] {percent}% ETA {eta}"
                }
                None => "{bytes} {elapsed_precise} {bytes_per_sec}",
            };
            match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style.progress_chars("=> ")),
                Err(_) => bar,
            }
        });
        Meter {
            bar,
            size,
            done: 0,
            started,
            next: interval.map(|interval| started + interval),
            interval,
        }
    }

    pub fn add(&mut self, bytes: usize) {
        self.done += bytes as u64;
        match &self.bar {
            Some(bar) => bar.set_position(self.done),
            None => self.tick(),
        }
    }

    /// Shows the time that passes.
    pub fn tick(&mut self) {
        if let Some(bar) = &self.bar {
            bar.tick();
        }
        let now = Instant::now();
        if let (Some(next), Some(interval)) = (self.next.filter(|&next| next <= now), self.interval)
        {
            self.print(true);
            // Lines that were missed, because stdout was blocking, are not made up for.
            self.next = Some((next + interval).max(now));
        }
    }

    /// How long the event loop may sleep until the next tick.
    pub fn timeout(&self) -> Option<Duration> {
        match &self.bar {
            Some(_) => Some(TICK),
            None => (self.next).map(|next| next.saturating_duration_since(Instant::now())),
        }
    }

    pub fn finish(&self) {
        match &self.bar {
            Some(bar) => bar.abandon(), // Stays as it is: it need not have come to the end.
            None => self.print(false),
        }
    }

    fn print(&self, eta: bool) {
        let elapsed = self.started.elapsed();
        let rate = self.done as f64 / elapsed.as_secs_f64().max(1e-9);
        let mut line = format!(
            "{} bytes ({}) in {:.1} s, {}/s",
            self.done,
            BinaryBytes(self.done),
            elapsed.as_secs_f64(),
            BinaryBytes(rate as u64),
        );
        if let Some(size) = self.size {
            let percent = 100.0 * self.done as f64 / size.max(1) as f64;
            line += &format!(", {percent:.0}%");
            let left = size.saturating_sub(self.done) as f64 / rate;
            if let (true, Ok(left)) = (eta && left > 0.0, Duration::try_from_secs_f64(left)) {
                line += &format!(", ETA {}", FormattedDuration(left));
            }
        }
        // Who closed stderr does not want to know.
        let _ = writeln!(io::stderr(), "{line}");
    }
}
