//! Clocks, and threads that start together.

use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};
use std::{error, fmt, thread};

use anyhow::{Result, anyhow, bail};
use rustix::thread::CpuSet;
use rustix::time::{ClockId, clock_gettime};

use crate::harness::Sample;

/// CPU time, user and system, of all threads of this process, also of those a peer starts by itself.
fn process_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A moment on both clocks.
#[derive(Clone, Copy)]
struct Moment {
    wall: Instant,
    cpu: Duration,
}

impl Moment {
    fn now() -> Moment {
        Moment {
            wall: Instant::now(),
            cpu: process_cpu(),
        }
    }
}

/// A running measurement.
pub struct Watch(Moment);

/// A finished one.
pub struct Lap {
    from: Moment,
    to: Moment,
}

impl Watch {
    /// Starts.
    pub fn start() -> Watch {
        Watch(Moment::now())
    }

    /// Stops.
    pub fn stop(self) -> Lap {
        Lap {
            from: self.0,
            to: Moment::now(),
        }
    }
}

impl Lap {
    /// What it came to.
    pub fn sample(self, amount: u64) -> Sample {
        Sample {
            wall: self.to.wall - self.from.wall,
            cpu: self.to.cpu - self.from.cpu,
            amount,
            bytes: 0,
        }
    }
}

/// Where the threads of a case run. Left to the scheduler, two ends of a pipe sometimes share a core
/// and sometimes do not, which changes the numbers more than anything else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// As the scheduler likes.
    Free,
    /// Each on its own core.
    TwoCores,
    /// Both on the first core.
    OneCore,
}

impl Placement {
    /// Moves the calling thread, the `index`th of its case, to its place.
    pub fn apply(self, index: usize) -> Result<()> {
        self.check()?;
        let cpus = cpus();
        match self {
            Placement::Free => Ok(()),
            Placement::OneCore => pin(cpus[0]),
            Placement::TwoCores => pin(cpus[index]),
        }
    }

    /// Fails with [`TooFewCores`] if there is no such place.
    pub fn check(self) -> Result<()> {
        if self == Placement::TwoCores && cpus().len() < 2 {
            return Err(TooFewCores.into());
        }
        Ok(())
    }
}

/// A case needs a core more than there are.
#[derive(Debug)]
pub struct TooFewCores;

impl fmt::Display for TooFewCores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only one core is usable")
    }
}

impl error::Error for TooFewCores {}

/// Where threads wait for each other when they are set up.
pub struct Start {
    state: Mutex<(usize, bool)>,
    changed: Condvar,
}

impl Start {
    /// Waits until both threads are here, and starts the watch. Fails if the other one failed.
    pub fn go(&self) -> Result<Watch> {
        let mut state = self.state.lock().expect("no thread panics holding it");
        state.0 += 1;
        self.changed.notify_all();
        while state.0 < 2 && !state.1 {
            state = self.changed.wait(state).expect("as above");
        }
        if state.1 {
            bail!("the other thread failed");
        }
        Ok(Watch::start())
    }

    fn fail(&self) {
        self.state.lock().expect("as above").1 = true;
        self.changed.notify_all();
    }
}

/// Runs two threads that call [`Start::go`] when they are set up and return the stopped watch:
/// from the first start to the last stop, and the CPU time of the whole process in between.
pub fn two_threads(
    amount: u64,
    placement: Placement,
    a: impl FnOnce(&Start) -> Result<Lap> + Send,
    b: impl FnOnce(&Start) -> Result<Lap> + Send,
) -> Result<Sample> {
    placement.check()?;
    let start = Start {
        state: Mutex::new((0, false)),
        changed: Condvar::new(),
    };
    let start = &start;
    let (a, b) = thread::scope(|scope| {
        let a = scope.spawn(move || {
            let result = placement.apply(0).and_then(|()| a(start));
            result.inspect_err(|_| start.fail())
        });
        let b = scope.spawn(move || {
            let result = placement.apply(1).and_then(|()| b(start));
            result.inspect_err(|_| start.fail())
        });
        (a.join(), b.join())
    });
    let panicked = |_| anyhow!("a thread panicked");
    // The sender's failure is often the receiver's doing: show both.
    let (a, b) = match (a.map_err(panicked)?, b.map_err(panicked)?) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(a), Err(b)) => bail!("{a:#}; {b:#}"),
        (Err(err), _) | (_, Err(err)) => return Err(err),
    };
    let both = Lap {
        from: Moment {
            wall: a.from.wall.min(b.from.wall),
            cpu: a.from.cpu.min(b.from.cpu),
        },
        to: Moment {
            wall: a.to.wall.max(b.to.wall),
            cpu: a.to.cpu.max(b.to.cpu),
        },
    };
    Ok(both.sample(amount))
}

/// Keeps the calling thread on one CPU.
fn pin(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    rustix::thread::sched_setaffinity(None, &set)?;
    Ok(())
}

/// The CPUs this process may use.
fn cpus() -> Vec<usize> {
    match rustix::thread::sched_getaffinity(None) {
        Ok(set) => (0..CpuSet::MAX_CPU)
            .filter(|&cpu| set.is_set(cpu))
            .collect(),
        Err(_) => Vec::new(),
    }
}
