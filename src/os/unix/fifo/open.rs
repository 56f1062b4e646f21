use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::Errno;

use super::Persistent;
use crate::os::unix::from_fd::{invalid_input, other_than_fifo};
use crate::{Receiver, Sender};

/// How to open a FIFO, and what it has to be.
///
/// Every function here opens without waiting for the other side, non-blocking and close-on-exec. The
/// ones whose name ends in `_at` take a path relative to a directory, whatever happens to the path
/// that leads there.
///
/// # Errors
///
/// All of them share these:
///
/// - `ELOOP` (kind not stable in std): the path ends in a symbolic link;
/// - kind [`InvalidInput`](io::ErrorKind::InvalidInput), no raw code: what is there is not a FIFO.
///   The message names the path and says what it is;
/// - kind [`PermissionDenied`](io::ErrorKind::PermissionDenied), no raw code: the FIFO has another
///   [owner](OpenOptions::owner) or a wider [mode](OpenOptions::mode_within) than was asked for;
/// - kind [`PermissionDenied`](io::ErrorKind::PermissionDenied), `EACCES`: the permissions of
///   the FIFO or of a directory on the way forbid it;
/// - kind [`NotFound`](io::ErrorKind::NotFound), `ENOENT`: nothing is there;
/// - `EMFILE` or `ENFILE` (kind not stable in std): the process or the system is out of descriptors.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::io::ErrorKind;
/// use mio_pipe::os::unix::fifo::OpenOptions;
///
/// let err = OpenOptions::new().open_receiver("Cargo.toml").unwrap_err();
/// assert_eq!(err.kind(), ErrorKind::InvalidInput);
/// assert_eq!(err.to_string(), "Cargo.toml: not a FIFO, but a regular file");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    owner: Option<u32>,
    mode_within: Option<u32>,
}

impl OpenOptions {
    /// Starts without a condition on owner and mode.
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// Opens the FIFO only if this user owns it. By default any owner will do.
    pub fn owner(&mut self, uid: u32) -> &mut OpenOptions {
        self.owner = Some(uid);
        self
    }

    /// Opens the FIFO only if it grants no permission that `mode` lacks: with `0o620`, reading to
    /// its owner, writing to its owner and group, and nothing to others. By default any mode will do.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::ErrorKind;
    /// use mio_pipe::os::unix::fifo::{CreateOptions, OpenOptions};
    ///
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("open to all");
    /// CreateOptions::new().mode(0o666).ignore_umask(true).create(&path)?;
    ///
    /// let err = OpenOptions::new().mode_within(0o620).open_receiver(&path).unwrap_err();
    /// assert_eq!(err.kind(), ErrorKind::PermissionDenied);
    /// # Ok(())
    /// # }
    /// ```
    pub fn mode_within(&mut self, mode: u32) -> &mut OpenOptions {
        self.mode_within = Some(mode);
        self
    }

    /// Opens the receiving end, whether or not a writer is there.
    ///
    /// Each time the last writer leaves, the Receiver reads EOF; a later writer ends that. **Until
    /// the first writer comes, a read returns `Ok(0)` as well**, with no event to go with it: the OS
    /// makes no difference. Unless a writer is known to be there, or the end of what one group of
    /// writers says is what you wait for, open a
    /// [persistent Receiver](OpenOptions::open_persistent_receiver).
    ///
    /// # Errors
    ///
    /// Those listed [above](OpenOptions#errors).
    pub fn open_receiver(&self, path: impl AsRef<Path>) -> io::Result<Receiver> {
        self.receiver_in(CWD, path.as_ref())
    }

    /// Like [`open_receiver`](OpenOptions::open_receiver), relative to the directory `dir`.
    ///
    /// # Errors
    ///
    /// Those listed [above](OpenOptions#errors), and
    ///
    /// - kind [`NotADirectory`](io::ErrorKind::NotADirectory), `ENOTDIR`: `dir` is no directory.
    #[doc(alias = "openat")]
    pub fn open_receiver_at(&self, dir: impl AsFd, path: impl AsRef<Path>) -> io::Result<Receiver> {
        self.receiver_in(dir.as_fd(), path.as_ref())
    }

    /// Opens the sending end, which takes a reader that is there.
    ///
    /// # Errors
    ///
    /// Those listed [above](OpenOptions#errors), and
    ///
    /// - `ENXIO` (kind not stable in std): no reader yet. [`ReaderWait`](super::ReaderWait) tries
    ///   again at the right times; a
    ///   [persistent Sender](OpenOptions::open_persistent_sender) needs no reader.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use mio_pipe::os::unix::fifo::{self, OpenOptions};
    ///
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("log");
    /// fifo::create(&path, 0o600)?;
    ///
    /// let options = OpenOptions::new();
    /// let err = options.open_sender(&path).unwrap_err();
    /// assert_eq!(err.raw_os_error(), Some(rustix::io::Errno::NXIO.raw_os_error()));
    ///
    /// let _receiver = options.open_receiver(&path)?;
    /// let _sender = options.open_sender(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn open_sender(&self, path: impl AsRef<Path>) -> io::Result<Sender> {
        self.sender_in(CWD, path.as_ref())
    }

    /// Like [`open_sender`](OpenOptions::open_sender), relative to the directory `dir`.
    ///
    /// # Errors
    ///
    /// Those of [`open_sender`](OpenOptions::open_sender), and
    ///
    /// - kind [`NotADirectory`](io::ErrorKind::NotADirectory), `ENOTDIR`: `dir` is no directory.
    pub fn open_sender_at(&self, dir: impl AsFd, path: impl AsRef<Path>) -> io::Result<Sender> {
        self.sender_in(dir.as_fd(), path.as_ref())
    }

    /// Opens a receiving end that outlives its writers; see [`Persistent`].
    ///
    /// # Errors
    ///
    /// Those listed [above](OpenOptions#errors). The permission to write is needed too: `EACCES`
    /// without it.
    pub fn open_persistent_receiver(
        &self,
        path: impl AsRef<Path>,
    ) -> io::Result<Persistent<Receiver>> {
        self.persistent_receiver_in(CWD, path.as_ref())
    }

    /// Like [`open_persistent_receiver`](OpenOptions::open_persistent_receiver), relative to the
    /// directory `dir`.
    ///
    /// # Errors
    ///
    /// Those of [`open_persistent_receiver`](OpenOptions::open_persistent_receiver), and
    ///
    /// - kind [`NotADirectory`](io::ErrorKind::NotADirectory), `ENOTDIR`: `dir` is no directory.
    pub fn open_persistent_receiver_at(
        &self,
        dir: impl AsFd,
        path: impl AsRef<Path>,
    ) -> io::Result<Persistent<Receiver>> {
        self.persistent_receiver_in(dir.as_fd(), path.as_ref())
    }

    /// Opens a sending end that needs no reader and outlives its readers; see [`Persistent`].
    ///
    /// # Errors
    ///
    /// Those listed [above](OpenOptions#errors). The permission to read is needed too: `EACCES`
    /// without it.
    pub fn open_persistent_sender(&self, path: impl AsRef<Path>) -> io::Result<Persistent<Sender>> {
        self.persistent_sender_in(CWD, path.as_ref())
    }

    /// Like [`open_persistent_sender`](OpenOptions::open_persistent_sender), relative to the directory
    /// `dir`.
    ///
    /// # Errors
    ///
    /// Those of [`open_persistent_sender`](OpenOptions::open_persistent_sender), and
    ///
    /// - kind [`NotADirectory`](io::ErrorKind::NotADirectory), `ENOTDIR`: `dir` is no directory.
    pub fn open_persistent_sender_at(
        &self,
        dir: impl AsFd,
        path: impl AsRef<Path>,
    ) -> io::Result<Persistent<Sender>> {
        self.persistent_sender_in(dir.as_fd(), path.as_ref())
    }

    fn receiver_in(&self, dir: BorrowedFd<'_>, path: &Path) -> io::Result<Receiver> {
        let (fd, _) = self.open(dir, path, OFlags::RDONLY)?;
        Ok(Receiver { inner: fd.into() })
    }

    fn sender_in(&self, dir: BorrowedFd<'_>, path: &Path) -> io::Result<Sender> {
        let (fd, _) = self.open(dir, path, OFlags::WRONLY)?;
        Ok(Sender { inner: fd.into() })
    }

    fn persistent_receiver_in(
        &self,
        dir: BorrowedFd<'_>,
        path: &Path,
    ) -> io::Result<Persistent<Receiver>> {
        let (read, write) = self.open_both(dir, path)?;
        Ok(Persistent::new(Receiver { inner: read.into() }, write))
    }

    fn persistent_sender_in(
        &self,
        dir: BorrowedFd<'_>,
        path: &Path,
    ) -> io::Result<Persistent<Sender>> {
        let (read, write) = self.open_both(dir, path)?;
        Ok(Persistent::new(
            Sender {
                inner: write.into(),
            },
            read,
        ))
    }

    /// Opens the FIFO twice: `(read, write)`. Opening it once with O_RDWR would do on most systems,
    /// but POSIX leaves that undefined, and the one descriptor could then be read by mistake.
    fn open_both(&self, dir: BorrowedFd<'_>, path: &Path) -> io::Result<(OwnedFd, OwnedFd)> {
        // In this order the second open finds a reader.
        let (read, read_stat) = self.open(dir, path, OFlags::RDONLY)?;
        let (write, write_stat) = self.open(dir, path, OFlags::WRONLY)?;
        if (read_stat.st_dev, read_stat.st_ino) != (write_stat.st_dev, write_stat.st_ino) {
            return Err(invalid_input(format!(
                "{}: replaced by another FIFO while it was being opened",
                path.display()
            )));
        }
        Ok((read, write))
    }

    fn open(
        &self,
        dir: BorrowedFd<'_>,
        path: &Path,
        access: OFlags,
    ) -> io::Result<(OwnedFd, Stat)> {
        // Only opening tells for certain, but opening is not free of effects: a device may act, and
        // a socket answers ENXIO, which means "no reader yet" for a FIFO.
        self.check(path, &statat(dir, path, AtFlags::SYMLINK_NOFOLLOW)?)?;
        let flags = access | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
        let fd = openat(dir, path, flags, Mode::empty())?;
        let stat = fstat(&fd)?;
        self.check(path, &stat)?;
        Ok((fd, stat))
    }

    fn check(&self, path: &Path, stat: &Stat) -> io::Result<()> {
        let file_type = FileType::from_raw_mode(stat.st_mode);
        if file_type == FileType::Symlink {
            // Said here and not left to O_NOFOLLOW, for which some systems have codes of their own.
            return Err(Errno::LOOP.into());
        }
        if let Some(what) = other_than_fifo(file_type) {
            return Err(invalid_input(format!(
                "{}: not a FIFO, but {what}",
                path.display()
            )));
        }
        if let Some(owner) = self.owner {
            if stat.st_uid != owner {
                return Err(denied(format!(
                    "{}: owned by user {}, not by user {owner}",
                    path.display(),
                    stat.st_uid
                )));
            }
        }
        if let Some(allowed) = self.mode_within {
            // `RawMode` has 16 bits on some systems and 32 on others.
            #[allow(clippy::useless_conversion)]
            let mode = u32::from(Mode::from_raw_mode(stat.st_mode).bits()) & 0o7777;
            if mode & !allowed != 0 {
                return Err(denied(format!(
                    "{}: its mode {mode:04o} grants more than {allowed:04o}",
                    path.display()
                )));
            }
        }
        Ok(())
    }
}

fn denied(sentence: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, sentence)
}
