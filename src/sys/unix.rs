//! The Unix back-end: mio's own pipe ends, with descriptors made and checked here.
//!
//! mio's types are kept as they are, because what they hold is private and matters: on the selectors
//! that have no edges of their own (poll(2), event ports) mio re-arms an end only if the system call
//! that found nothing to do ran inside *its* `try_io`.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::process::{ChildStderr, ChildStdin, ChildStdout, Stdio};

use mio::event::{self, Source};
use mio::unix::{SourceFd, pipe};
use mio::{Interest, Registry, Token};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{fcntl_dupfd_cloexec, ioctl_fionread, retry_on_intr};

use super::Options;

#[cfg_attr(
    any(
        target_vendor = "apple",
        target_os = "aix",
        target_os = "haiku",
        target_os = "nto"
    ),
    path = "unix/kernel_without_pipe2.rs"
)]
#[cfg_attr(
    any(target_os = "linux", target_os = "android"),
    path = "unix/kernel_linux.rs"
)]
mod kernel;
mod selector;

pub(crate) use kernel::io_slice;
pub(crate) use selector::SHORT_READ_ARMS;

/// One end of a pipe: mio's type, plus what both directions have in common.
pub(crate) struct End<S>(S);

pub(crate) type Sender = End<pipe::Sender>;
pub(crate) type Receiver = End<pipe::Receiver>;

/// What mio's two types share without a trait of mio's to say so.
pub(crate) trait MioEnd:
    event::Source + AsFd + AsRawFd + IntoRawFd + From<OwnedFd> + Into<OwnedFd>
{
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()>;
    fn try_io<T>(&self, f: impl FnOnce() -> io::Result<T>) -> io::Result<T>;
}

impl MioEnd for pipe::Sender {
    #[inline]
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        pipe::Sender::set_nonblocking(self, nonblocking)
    }

    fn try_io<T>(&self, f: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        pipe::Sender::try_io(self, f)
    }
}

impl MioEnd for pipe::Receiver {
    #[inline]
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        pipe::Receiver::set_nonblocking(self, nonblocking)
    }

    fn try_io<T>(&self, f: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        pipe::Receiver::try_io(self, f)
    }
}

#[inline]
pub(crate) fn new_pipe(options: &Options) -> io::Result<(Sender, Receiver)> {
    let (read, write) = kernel::pipe(options)?;
    Ok((End::from(write), End::from(read)))
}

pub(crate) fn child_stdin() -> io::Result<(Sender, Stdio)> {
    let (sender, receiver) = new_pipe(&Options::default())?;
    Ok((sender, receiver.into_blocking_fd()?.into()))
}

pub(crate) fn child_output() -> io::Result<(OwnedFd, Receiver)> {
    let (sender, receiver) = new_pipe(&Options::default())?;
    Ok((sender.into_blocking_fd()?, receiver))
}

impl<S: MioEnd> End<S> {
    #[inline]
    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }

    #[inline]
    pub(crate) fn try_io<T>(&self, f: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if SHORT_READ_ARMS {
            // The kernel keeps the registration, and mio has nothing to do that could fail.
            return self.0.try_io(f);
        }
        // Elsewhere mio arms the end, which fails if the selector has dropped it; what the operation
        // said is what the caller has to know.
        let mut blocked = false;
        let result = self
            .0
            .try_io(|| f().inspect_err(|err| blocked = err.kind() == io::ErrorKind::WouldBlock));
        match result {
            Err(_) if blocked => Err(io::ErrorKind::WouldBlock.into()),
            result => result,
        }
    }

    pub(crate) fn id(&self) -> usize {
        self.0.as_raw_fd() as usize
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(End::from(fcntl_dupfd_cloexec(&self.0, 0)?))
    }

    pub(crate) fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        self.set_nonblocking(false)?;
        Ok(self.0.into())
    }

    /// Replaces mio's source by a fresh one over the same descriptor: whatever mio remembered about
    /// a registration is gone, the descriptor stays open under the same number.
    #[allow(unsafe_code)]
    fn forget_registration(&mut self) {
        // SAFETY: `from_raw_fd` wants a descriptor that is open and owned by nobody else. It is
        // open, because `self.0` owns it; and `self.0` gives that ownership up two lines below,
        // through `into_raw_fd`, which does not close. Nothing in between can panic or return.
        let fd = unsafe { OwnedFd::from_raw_fd(self.0.as_raw_fd()) };
        let old = mem::replace(&mut self.0, S::from(fd));
        let _ = old.into_raw_fd();
    }

    /// Deregisters the end if `refusal` is mio's own and mio is wrong: its debug builds note the wrong
    /// `Registry` when an end that is registered with one is offered to another. The selector knows
    /// better, so it has the last word.
    fn take_from_selector(&mut self, registry: &Registry, refusal: &io::Error) -> bool {
        // Selectors' errors have a code, or no text.
        let taken = refusal.get_ref().is_some()
            && SourceFd(&self.0.as_raw_fd()).deregister(registry).is_ok();
        if taken {
            self.forget_registration();
        }
        taken
    }

    /// Whether the selector has dropped this end by itself, as mio's poll(2) selector does once the
    /// other side is gone, while mio's source still believes in its registration.
    fn is_orphaned(&self) -> bool {
        // A `WouldBlock` makes the source arm itself, and that fails.
        let armed = self
            .0
            .try_io(|| Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        armed.is_err_and(|err| err.kind() == io::ErrorKind::NotFound)
    }

    /// Asks poll(2), without waiting, which of `flags` (and hang-up or error) hold.
    fn poll_now(&self, flags: PollFlags) -> io::Result<PollFlags> {
        let mut fds = [PollFd::new(&self.0, flags)];
        retry_on_intr(|| {
            poll(
                &mut fds,
                Some(&Timespec {
                    tv_sec: 0,
                    tv_nsec: 0,
                }),
            )
        })?;
        let found = fds[0].revents();
        if found.contains(PollFlags::NVAL) {
            return Err(rustix::io::Errno::BADF.into());
        }
        Ok(found)
    }
}

impl Sender {
    #[inline]
    pub(crate) fn write(&self, buf: &[u8]) -> io::Result<usize> {
        self.try_io(|| Ok(rustix::io::write(&self.0, buf)?))
    }

    #[inline]
    pub(crate) fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_io(|| Ok(rustix::io::writev(&self.0, bufs)?))
    }

    pub(crate) fn is_receiver_dropped(&self) -> io::Result<bool> {
        // Linux says ERR for a pipe without readers, the BSDs and Apple say HUP.
        let found = self.poll_now(PollFlags::OUT)?;
        Ok(found.intersects(PollFlags::ERR | PollFlags::HUP))
    }
}

impl Receiver {
    #[inline]
    pub(crate) fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.try_io(|| Ok(rustix::io::read(&self.0, buf)?))
    }

    #[inline]
    pub(crate) fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.try_io(|| Ok(rustix::io::readv(&self.0, bufs)?))
    }

    #[allow(unsafe_code)]
    pub(crate) fn read_into(&self, buf: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
        let spare = buf.spare_capacity_mut();
        let len = spare.len().min(limit);
        let n = self.try_io(|| Ok(rustix::io::read(&self.0, &mut spare[..len])?.0.len()))?;
        let new_len = buf.len() + n;
        // SAFETY: `set_len` wants `new_len` to be within the capacity and everything before it to be
        // initialised. `n` is the length of the slice that `read` returned as initialised, which is
        // a prefix of `spare[..len]`, which starts at the old length and lies within the capacity.
        unsafe { buf.set_len(new_len) };
        Ok(n)
    }

    pub(crate) fn is_sender_dropped(&self) -> io::Result<bool> {
        Ok(self.poll_now(PollFlags::IN)?.contains(PollFlags::HUP))
    }

    pub(crate) fn available(&self) -> io::Result<usize> {
        let bytes = ioctl_fionread(&self.0)?;
        Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
    }
}

/// Whether a failed `register` was refused by the selector, and not by the check that mio's debug
/// builds make before they ask the selector.
///
/// After a refusal by the selector those builds still believe that the end is registered. A system
/// call's error has a code and mio's check has none; mio's poll(2) selector has none either, so that
/// its wording is all there is to know it by.
fn refused_by_selector(err: &io::Error) -> bool {
    err.raw_os_error().is_some() || err.to_string().contains("this `Registry`")
}

impl<S: MioEnd> event::Source for End<S> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        let mut result = self.0.register(registry, token, interests);
        if result.is_err() && self.is_orphaned() {
            self.forget_registration();
            result = self.0.register(registry, token, interests);
        }
        if result.as_ref().is_err_and(refused_by_selector) {
            self.forget_registration();
        }
        result?;
        if selector::DROPPED_RECEIVER_HAS_NO_EVENT && interests.is_writable() {
            let closed = self.poll_now(PollFlags::OUT)?;
            if closed.intersects(PollFlags::ERR | PollFlags::HUP) {
                // Better an error now than an event that never comes.
                let _ = self.0.deregister(registry);
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
        Ok(())
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        match self.0.reregister(registry, token, interests) {
            Err(err) if self.take_from_selector(registry, &err) => {
                self.0.register(registry, token, interests)
            }
            Err(err) if self.is_orphaned() => {
                self.forget_registration();
                Err(err)
            }
            result => result,
        }
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self.0.deregister(registry) {
            Err(err) if self.take_from_selector(registry, &err) => Ok(()),
            result => result,
        }
    }
}

impl<S: MioEnd> From<OwnedFd> for End<S> {
    /// Takes the descriptor as it is: neither checked nor made non-blocking.
    fn from(fd: OwnedFd) -> Self {
        End(S::from(fd))
    }
}

impl<S: MioEnd> From<End<S>> for OwnedFd {
    fn from(end: End<S>) -> Self {
        end.0.into()
    }
}

impl<S: MioEnd> AsFd for End<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl<S: MioEnd> fmt::Debug for End<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_fd().fmt(f)
    }
}

/// An end over a child's stdio, non-blocking.
fn from_child<S: MioEnd>(fd: OwnedFd) -> End<S> {
    let end = End::<S>::from(fd);
    // Switching the mode of an open descriptor cannot fail (FIONBIO and F_SETFL have no error that
    // applies to one), and `From` has no way to say so if it did.
    let _ = end.set_nonblocking(true);
    end
}

impl From<ChildStdin> for Sender {
    fn from(stdin: ChildStdin) -> Self {
        from_child(stdin.into())
    }
}

impl From<ChildStdout> for Receiver {
    fn from(stdout: ChildStdout) -> Self {
        from_child(stdout.into())
    }
}

impl From<ChildStderr> for Receiver {
    fn from(stderr: ChildStderr) -> Self {
        from_child(stderr.into())
    }
}
