use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::fcntl_dupfd_cloexec;

/// An end of a pipe that this process was started with: its stdin, stdout or stderr.
///
/// It is used like the [`Receiver`](crate::Receiver) or [`Sender`](crate::Sender) it
/// [derefs](std::ops::Deref) to, and registered like it.
///
/// # Dropping
///
/// With a [shared mode](Inherited::shares_mode) dropping it makes the pipe blocking again, if it was
/// blocking before. A process that is ended by a signal, [`exit`](std::process::exit) or `abort` drops
/// nothing, and leaves it non-blocking for those who share it. When stdout and stderr are one pipe
/// and both are open here, the end that was opened first restores the mode for both: drop it last.
/// And as with every duplicate, [deregister](mio::Registry::deregister) it before dropping it.
#[derive(Debug)]
pub struct Inherited<E> {
    end: E,
    shares_mode: bool,
    // After `end`, and so dropped after it.
    _restore: Option<Restore>,
}

/// Makes the description blocking again when dropped.
#[derive(Debug)]
struct Restore(OwnedFd);

impl Drop for Restore {
    fn drop(&mut self) {
        if let Ok(flags) = fcntl_getfl(&self.0) {
            // A drop has nobody to report an error to, and on an open descriptor there is none.
            let _ = fcntl_setfl(&self.0, flags - OFlags::NONBLOCK);
        }
    }
}

impl<E> Inherited<E> {
    /// Over a description of its own, non-blocking already.
    pub(super) fn own(end: E) -> Inherited<E> {
        Inherited {
            end,
            shares_mode: false,
            _restore: None,
        }
    }

    /// Over the inherited description, which is made non-blocking for the time being.
    pub(super) fn shared(
        fd: BorrowedFd<'_>,
        end: impl FnOnce(OwnedFd) -> E,
    ) -> io::Result<Inherited<E>> {
        let end_fd = fcntl_dupfd_cloexec(fd, 0)?;
        let flags = fcntl_getfl(fd)?;
        let restore = if flags.contains(OFlags::NONBLOCK) {
            None
        } else {
            let restore = fcntl_dupfd_cloexec(fd, 0)?;
            fcntl_setfl(fd, flags | OFlags::NONBLOCK)?;
            Some(Restore(restore))
        };
        Ok(Inherited {
            end: end(end_fd),
            shares_mode: true,
            _restore: restore,
        })
    }

    /// Whether those who share the pipe with this process find it non-blocking while this lives.
    ///
    /// `false`, where the platform can open a pipe anew; see [the module](super).
    pub fn shares_mode(&self) -> bool {
        self.shares_mode
    }

    /// The Receiver or Sender itself, unless there is a mode to restore when it is dropped.
    pub fn into_end(self) -> Result<E, Inherited<E>> {
        if self.shares_mode {
            return Err(self);
        }
        Ok(self.end)
    }
}

crate::os::unix::delegate::delegate_to_end!(Inherited);
