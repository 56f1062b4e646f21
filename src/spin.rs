use std::io;

/// Tries again for a moment before the loop goes to sleep, where that has proved worthwhile.
///
/// Going to sleep in a poll and being woken up from it takes far longer than a read. When an answer
/// is on its way, because the other side runs on another core and answers at once, a few more
/// tries get it sooner than sleeping does: two threads that play ping-pong are an order of
/// magnitude faster. When both sides share a core the same tries only keep the other side from
/// running, and everything gets slower.
///
/// So this learns. While tries succeed it goes on making them; when they keep failing it stops, and
/// only looks once in a while whether things have changed. What that costs is bounded: in the long run
/// one call in two hundred makes tries in vain.
///
/// # How to use it
///
/// Put it in front of the poll: run the operation through [`run`](Spin::run), and poll when even that
/// returns `WouldBlock`. Use one Spin for one conversation. It is for few of them, and for answers
/// within microseconds: a loop with many sources usually has something else to do.
///
/// # Examples
///
/// ```
/// # #[cfg(unix)]
/// # fn main() -> std::io::Result<()> {
/// use std::io::{ErrorKind, Read, Write};
/// use mio::{Events, Interest, Poll, Token};
/// use mio_pipe::{Spin, new_pipe};
///
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// let (mut sender, answers) = new_pipe()?;
/// let (questions, mut receiver) = new_pipe()?;
/// poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
///
/// let other = std::thread::spawn(move || {
///     answers.set_nonblocking(false)?; // This side blocks, for brevity.
///     let mut buf = [0; 1];
///     while (&answers).read(&mut buf)? == 1 {
///         (&questions).write_all(&buf)?;
///     }
///     std::io::Result::Ok(())
/// });
///
/// let mut spin = Spin::new(Spin::TRIES);
/// let mut buf = [0; 1];
/// for i in 0..100 {
///     sender.write_all(&[i])?;
///     loop {
///         match spin.run(|| receiver.read(&mut buf)) {
///             Ok(_) => break,
///             Err(err) if err.kind() == ErrorKind::WouldBlock => poll.poll(&mut events, None)?,
///             Err(err) => return Err(err),
///         }
///     }
///     assert_eq!(buf, [i]);
/// }
/// drop(sender);
/// other.join().unwrap()
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct Spin {
    tries: u32,
    /// How many calls may still be in vain before it stops trying.
    credit: u32,
    /// The next call may wait for a side that is asleep.
    patient: bool,
    /// While it has stopped: how many calls until it tries again.
    pause: u32,
    looks: u32,
    random: u32,
}

/// Credit of a new Spin, and the most it can have: both sides must find into step first, which takes
/// some calls in vain.
const FULL: u32 = 64;

/// What a call that succeeded earns. Calls in vain cost 1.
const EARNED: u32 = 8;

/// How many times as many tries the first call makes, and each call after one that succeeded. Two
/// sides that both sleep between messages never meet in the time that an answer takes: one of them
/// must wait for as long as it takes the other to wake up. Once they are in step nobody waits that
/// long.
const PATIENCE: u32 = 10;

/// One look in so many is patient.
const PATIENT_LOOKS: u32 = 128;

/// Credit for looking whether things have changed. Both sides look at times of their own, and must
/// coincide, so this is more than one call.
const LOOK: u32 = 2;

/// Calls between two looks: this many on average. With `LOOK` it sets what is lost where spinning is of
/// no use, and how long it takes to notice that it is of use again: some `PAUSE * PAUSE / LOOK` calls.
const PAUSE: u32 = 500;

impl Spin {
    /// A number of tries that suits a pipe: what a wake-up costs, in reads.
    pub const TRIES: u32 = 100;

    /// Makes up to `tries` further tries in each call of [`run`](Spin::run); 0 makes none. The first
    /// call, and one that follows on a success, make up to 10 times as many, in which the other side can
    /// wake up.
    pub fn new(tries: u32) -> Spin {
        Spin {
            tries,
            credit: FULL,
            patient: true,
            pause: 0,
            looks: 0,
            random: 0x9E37_79B9,
        }
    }

    /// Runs `operation`, and again for as long as it returns
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) and tries are left.
    ///
    /// # Errors
    ///
    /// Those of `operation`. After `WouldBlock`, poll.
    pub fn run<T>(&mut self, mut operation: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        let mut result = operation();
        if !would_block(&result) || !self.is_worthwhile() {
            return result;
        }
        let patience = if self.patient { PATIENCE } else { 1 };
        for _ in 0..self.tries.saturating_mul(patience) {
            result = operation();
            if !would_block(&result) {
                self.credit = FULL.min(self.credit + EARNED);
                self.patient = true;
                return result;
            }
        }
        self.patient = false;
        self.credit -= 1;
        if self.credit == 0 {
            self.pause = self.next_pause();
        }
        result
    }

    /// Whether the next call of [`run`](Spin::run) would try more than once.
    pub fn is_spinning(&self) -> bool {
        self.credit > 0 && self.tries > 0
    }

    fn is_worthwhile(&mut self) -> bool {
        if self.credit == 0 {
            self.pause -= 1;
            if self.pause > 0 {
                return false;
            }
            self.credit = LOOK;
            self.looks = self.looks.wrapping_add(1);
            self.patient = self.looks % PATIENT_LOOKS == 0;
        }
        true
    }

    /// From half of `PAUSE` to one and a half, at random (xorshift): two sides that looked in turns
    /// would never meet.
    fn next_pause(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        PAUSE / 2 + self.random % PAUSE
    }
}

impl Default for Spin {
    /// With [`Spin::TRIES`].
    fn default() -> Spin {
        Spin::new(Spin::TRIES)
    }
}

fn would_block<T>(result: &io::Result<T>) -> bool {
    matches!(result, Err(err) if err.kind() == io::ErrorKind::WouldBlock)
}
