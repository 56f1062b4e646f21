use std::io;
use std::os::fd::AsFd;

use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};

use crate::{Receiver, Sender};

impl Sender {
    /// How many bytes the pipe can hold: whole pages, 64 KiB by default.
    ///
    /// Each write starts a page of its own unless it fits into the last one, so that many small
    /// spliced pieces fill a pipe long before this many bytes do.
    ///
    /// # Platform-specific behavior
    ///
    /// - Past `pipe-user-pages-soft` (16384 pages, 1024 default pipes) an unprivileged user's new
    ///   pipes hold two pages.
    ///
    /// # References
    ///
    /// - [`F_GETPIPE_SZ`](https://man7.org/linux/man-pages/man2/F_GETPIPE_SZ.2const.html)
    #[doc(alias = "F_GETPIPE_SZ")]
    pub fn capacity(&self) -> io::Result<usize> {
        capacity(self)
    }

    /// Changes how many bytes the pipe can hold, and returns what was granted: `bytes`, rounded up
    /// to a power of two pages.
    ///
    /// What is in the pipe stays there. After an error the capacity is what it was.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), no raw code: `bytes` is 0, or more than
    ///   2 GiB.
    /// - `EPERM` ([`PermissionDenied`](io::ErrorKind::PermissionDenied)): more than
    ///   `/proc/sys/fs/pipe-max-size` (1 MiB by default), or past the user's limits
    ///   (`pipe-user-pages-soft`, `pipe-user-pages-hard`), without `CAP_SYS_RESOURCE`.
    /// - `EBUSY` ([`ResourceBusy`](io::ErrorKind::ResourceBusy)): more is in the pipe than would
    ///   fit.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = mio_pipe::new_pipe()?;
    /// let granted = sender.set_capacity(200_000)?;
    /// assert!(granted >= 200_000);
    /// assert_eq!(receiver.capacity()?, granted);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # References
    ///
    /// - [`F_SETPIPE_SZ`](https://man7.org/linux/man-pages/man2/F_GETPIPE_SZ.2const.html)
    #[doc(alias = "F_SETPIPE_SZ")]
    pub fn set_capacity(&self, bytes: usize) -> io::Result<usize> {
        set_capacity(self, bytes)
    }
}

impl Receiver {
    /// How many bytes the pipe can hold; see [`Sender::capacity`].
    #[doc(alias = "F_GETPIPE_SZ")]
    pub fn capacity(&self) -> io::Result<usize> {
        capacity(self)
    }

    /// Changes how many bytes the pipe can hold; see [`Sender::set_capacity`].
    ///
    /// # Errors
    ///
    /// Those of [`Sender::set_capacity`].
    #[doc(alias = "F_SETPIPE_SZ")]
    pub fn set_capacity(&self, bytes: usize) -> io::Result<usize> {
        set_capacity(self, bytes)
    }
}

fn capacity(fd: impl AsFd) -> io::Result<usize> {
    Ok(fcntl_getpipe_size(fd)?)
}

fn set_capacity(fd: impl AsFd, bytes: usize) -> io::Result<usize> {
    // The kernel takes 0 for one page, and cannot take more than an int.
    if bytes == 0 || i32::try_from(bytes).is_err() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("a pipe's capacity is 1 byte to 2 GiB, not {bytes} bytes"),
        ));
    }
    Ok(fcntl_setpipe_size(fd, bytes)?)
}
