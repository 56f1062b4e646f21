use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawMode, fchmod, fstat, openat, unlinkat};

use crate::os::unix::from_fd::{invalid_input, other_than_fifo};

#[cfg_attr(
    any(target_vendor = "apple", target_os = "dragonfly"),
    path = "create/mkfifo_without_at.rs"
)]
mod mkfifo;

/// Makes a FIFO with the permission bits of `mode` that the process's umask lets through.
///
/// It never replaces what is there and never follows a symbolic link in the last place of `path`.
/// To have exactly `mode`, or a path relative to a directory, use [`CreateOptions`].
///
/// # Errors
///
/// - kind [`AlreadyExists`](io::ErrorKind::AlreadyExists), `EEXIST`: something is there, be it a FIFO
///   or a symbolic link that leads nowhere. It is left as it was.
/// - kind [`NotFound`](io::ErrorKind::NotFound), `ENOENT`: a directory of the path is missing.
/// - kind [`PermissionDenied`](io::ErrorKind::PermissionDenied), `EACCES`: the directory cannot be
///   written to; `EPERM`: its file system has no FIFOs.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::io::ErrorKind;
/// use mio_pipe::os::unix::fifo;
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("log");
/// fifo::create(&path, 0o600)?;
/// assert_eq!(fifo::create(&path, 0o600).unwrap_err().kind(), ErrorKind::AlreadyExists);
/// # Ok(())
/// # }
/// ```
///
/// # References
///
/// - [mkfifo(3)](https://man7.org/linux/man-pages/man3/mkfifo.3.html)
/// - [POSIX `mkfifo`](https://pubs.opengroup.org/onlinepubs/9799919799/functions/mkfifo.html)
#[doc(alias = "mkfifo")]
pub fn create(path: impl AsRef<Path>, mode: u32) -> io::Result<()> {
    CreateOptions::new().mode(mode).create(path)
}

/// How to make a FIFO: its permissions, the part of the umask, and relative to what.
///
/// # Examples
///
/// A FIFO that every user may write to, whatever the umask is:
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::os::unix::fs::PermissionsExt;
/// use mio_pipe::os::unix::fifo::CreateOptions;
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("log");
/// CreateOptions::new().mode(0o622).ignore_umask(true).create(&path)?;
/// assert_eq!(path.metadata()?.permissions().mode() & 0o7777, 0o622);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct CreateOptions {
    mode: u32,
    ignore_umask: bool,
}

impl Default for CreateOptions {
    fn default() -> CreateOptions {
        CreateOptions {
            mode: 0o600,
            ignore_umask: false,
        }
    }
}

impl CreateOptions {
    /// Starts with mode `0o600`, for the owner alone, and a umask that is respected.
    pub fn new() -> CreateOptions {
        CreateOptions::default()
    }

    /// The permission bits, of which the umask is taken away. By default `0o600`.
    ///
    /// Readers need the read bit and writers the write bit. A [`Persistent`](super::Persistent) end
    /// needs both.
    pub fn mode(&mut self, mode: u32) -> &mut CreateOptions {
        self.mode = mode & 0o7777;
        self
    }

    /// Whether the mode is set as it was given, whatever the umask is. By default `false`.
    ///
    /// The umask belongs to the whole process, so it is not touched. Instead the FIFO is made for its
    /// owner alone, opened, and given its mode through the descriptor. A writer of the same user that
    /// opens it in that instant finds a reader that leaves at once.
    pub fn ignore_umask(&mut self, ignore: bool) -> &mut CreateOptions {
        self.ignore_umask = ignore;
        self
    }

    /// Makes the FIFO; see [`create`](create()).
    ///
    /// # Errors
    ///
    /// Those of [`create`](create()). When the mode could not be set as
    /// [`ignore_umask`](CreateOptions::ignore_umask) asks, the FIFO is removed again:
    ///
    /// - kind [`PermissionDenied`](io::ErrorKind::PermissionDenied), `EACCES`: the umask takes the
    ///   right to read away from the owner;
    /// - kind [`InvalidInput`](io::ErrorKind::InvalidInput), no raw code: in that instant
    ///   somebody put something else in its place. That is left alone.
    pub fn create(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.create_in(CWD, path.as_ref())
    }

    /// Makes the FIFO at `path`, relative to the directory `dir`; see [`create`](create()).
    ///
    /// Whatever happens to the path that leads to `dir`, the FIFO appears in that directory.
    ///
    /// # Platform-specific behavior
    ///
    /// - Apple, DragonFly BSD: works for absolute paths only.
    ///
    /// # Errors
    ///
    /// Those of [`CreateOptions::create`], and
    ///
    /// - kind [`NotADirectory`](io::ErrorKind::NotADirectory), `ENOTDIR`: `dir` is no directory;
    /// - kind [`Unsupported`](io::ErrorKind::Unsupported), no raw code: the platform cannot.
    #[doc(alias = "mkfifoat")]
    pub fn create_at(&self, dir: impl AsFd, path: impl AsRef<Path>) -> io::Result<()> {
        self.create_in(dir.as_fd(), path.as_ref())
    }

    fn create_in(&self, dir: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
        // `RawMode` is narrower than `u32` on some systems; `mode` has kept the bits that count.
        let mode = Mode::from_raw_mode(self.mode as RawMode);
        if !self.ignore_umask {
            return mkfifo::mkfifo_at(dir, path, mode);
        }
        mkfifo::mkfifo_at(dir, path, Mode::RUSR | Mode::WUSR)?;
        // chmod(2) on the path would follow a symbolic link that was put there since.
        let fd = match open_new(dir, path) {
            Ok(fd) => fd,
            Err(err) => {
                // Without a descriptor nothing tells whether the FIFO is still the one just made.
                // If it is a FIFO at all it was made for this purpose.
                remove_fifo(dir, path);
                return Err(err);
            }
        };
        let set = fchmod(&fd, mode).map_err(io::Error::from);
        if set.is_err() {
            remove_fifo(dir, path);
        }
        set
    }
}

fn open_new(dir: BorrowedFd<'_>, path: &Path) -> io::Result<OwnedFd> {
    let flags =
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
    let fd = openat(dir, path, flags, Mode::empty())?;
    match other_than_fifo(FileType::from_raw_mode(fstat(&fd)?.st_mode)) {
        None => Ok(fd),
        Some(what) => Err(invalid_input(format!(
            "{} was replaced by {what} as soon as it was made",
            path.display()
        ))),
    }
}

/// Takes a FIFO away that could not be finished. Failing at that as well adds nothing to the error
/// that is being reported.
fn remove_fifo(dir: BorrowedFd<'_>, path: &Path) {
    let stat = rustix::fs::statat(dir, path, AtFlags::SYMLINK_NOFOLLOW);
    if stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo) {
        let _ = unlinkat(dir, path, AtFlags::empty());
    }
}
