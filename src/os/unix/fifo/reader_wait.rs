use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::Sender;

/// Waits for a reader of a FIFO by trying to open it, ever less often.
///
/// Selectors have no event for "a reader has opened the FIFO". The
/// [persistent Sender](super::OpenOptions::open_persistent_sender) does without: it waits for a
/// reader to *read*. When nothing may be written before a reader is there, because it would be stale
/// by then, the FIFO has to be tried now and again. This type says when: 1 ms after the first
/// failure, twice that after each further one, and never more than 512 ms later. That is two
/// wake-ups a second in the long run, and a reader is noticed half a second after it came, or sooner.
///
/// It knows no path and no clock, so that it works with every way to open and with your loop's own
/// timers.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::time::Instant;
///
/// use mio::{Events, Poll};
/// use mio_pipe::os::unix::fifo::{self, OpenOptions, ReaderWait};
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("log");
/// fifo::create(&path, 0o600)?;
/// # let reader = std::thread::spawn({
/// #     let path = path.clone();
/// #     move || std::fs::read(path)
/// # });
///
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// let options = OpenOptions::new();
/// let mut wait = ReaderWait::new();
/// let sender = loop {
///     if let Some(sender) = wait.try_open(Instant::now(), || options.open_sender(&path))? {
///         break sender;
///     }
///     poll.poll(&mut events, Some(wait.timeout(Instant::now())))?;
///     // Other events are handled here; coming back early costs no system call.
/// };
/// # drop(sender);
/// # reader.join().unwrap()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ReaderWait {
    /// When the next try is due; the first is at once.
    due: Option<Instant>,
    delay: Duration,
}

const FIRST_DELAY: Duration = Duration::from_millis(1);
const LAST_DELAY: Duration = Duration::from_millis(512);

impl Default for ReaderWait {
    fn default() -> ReaderWait {
        ReaderWait {
            due: None,
            delay: FIRST_DELAY,
        }
    }
}

impl ReaderWait {
    /// Starts with a try that is due at once.
    pub fn new() -> ReaderWait {
        ReaderWait::default()
    }

    /// Calls `open` if a try is due at `now`, and returns the Sender if there was a reader.
    ///
    /// `None` says that there was none, or that no try is due yet: ask again when
    /// [`timeout`](ReaderWait::timeout) has passed.
    ///
    /// # Errors
    ///
    /// Those of `open`, but for `ENXIO`, which is the one that is waited out.
    pub fn try_open(
        &mut self,
        now: Instant,
        open: impl FnOnce() -> io::Result<Sender>,
    ) -> io::Result<Option<Sender>> {
        if self.due.is_some_and(|due| now < due) {
            return Ok(None);
        }
        match open() {
            Err(err) if err.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => {
                self.due = now.checked_add(self.delay);
                self.delay = LAST_DELAY.min(self.delay * 2);
                Ok(None)
            }
            result => {
                *self = ReaderWait::new();
                result.map(Some)
            }
        }
    }

    /// How long after `now` the next try is due: what [`Poll::poll`](mio::Poll::poll) takes as its
    /// timeout.
    pub fn timeout(&self, now: Instant) -> Duration {
        self.due
            .map_or(Duration::ZERO, |due| due.saturating_duration_since(now))
    }
}
