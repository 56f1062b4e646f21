//! Everything that differs between platforms.

use super::{End, Step};

pub use imp::*;

#[cfg(unix)]
mod imp {
    use std::fs::File;
    use std::io;
    use std::os::fd::{AsFd, AsRawFd};
    use std::process::ExitCode;

    use mio::event::Source;
    use mio::unix::SourceFd;
    use mio::{Interest, Registry, Token};
    use mio_pipe::{Receiver, Sender, os::unix::stdio::Inherited};
    use signal_hook::{consts::SIGPIPE, low_level::emulate_default_handler};

    pub use mio_pipe::os::unix::stdio::{stdin, stdout};

    pub type Stdin = Inherited<Receiver>;
    pub type Stdout = Inherited<Sender>;

    pub fn stdin_file() -> io::Result<File> {
        Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
    }

    pub fn stdout_file() -> io::Result<File> {
        Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
    }

    pub fn register(f: &File, r: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        SourceFd(&f.as_raw_fd()).register(r, token, interest)
    }

    pub fn rearm(f: &File, r: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        match SourceFd(&f.as_raw_fd()).reregister(r, token, interest) {
            // mio's poll(2) selector forgets what was closed on its other side.
            Err(err) if err.kind() == io::ErrorKind::NotFound => register(f, r, token, interest),
            result => result,
        }
    }

    /// Ends this process as if it had not ignored SIGPIPE, as Rust programs do.
    pub fn broken_pipe() -> ExitCode {
        let _ = emulate_default_handler(SIGPIPE);
        ExitCode::from(141)
    }
}

#[cfg(not(unix))]
mod imp {
    use std::fs::File;
    use std::io::{self, ErrorKind};
    use std::os::windows::io::AsHandle;
    use std::process::ExitCode;

    use mio::{Interest, Registry, Token};

    pub type Stdin = mio_pipe::Receiver;
    pub type Stdout = mio_pipe::Sender;

    // Inherited pipes cannot be waited for here: everything is read and written blocking.
    pub fn stdin() -> io::Result<Stdin> {
        Err(ErrorKind::InvalidInput.into())
    }

    pub fn stdout() -> io::Result<Stdout> {
        Err(ErrorKind::InvalidInput.into())
    }

    pub fn stdin_file() -> io::Result<File> {
        Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
    }

    pub fn stdout_file() -> io::Result<File> {
        Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
    }

    pub fn register(_: &File, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    pub use register as rearm;

    pub fn broken_pipe() -> ExitCode {
        ExitCode::FAILURE
    }
}

/// Lets the pipes hold more, if this user may: fewer steps for pv and for its neighbours.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn enlarge(input: &End<Stdin>, output: &End<Stdout>) {
    const CAPACITY: usize = 1 << 20;
    match input {
        End::Pipe(receiver) if receiver.capacity().is_ok_and(|bytes| bytes < CAPACITY) => {
            let _ = receiver.set_capacity(CAPACITY);
        }
        _ => {}
    }
    match output {
        End::Pipe(sender) if sender.capacity().is_ok_and(|bytes| bytes < CAPACITY) => {
            let _ = sender.set_capacity(CAPACITY);
        }
        _ => {}
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn enlarge(_: &End<Stdin>, _: &End<Stdout>) {}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn splice(input: &End<Stdin>, output: &End<Stdout>, len: usize) -> std::io::Result<Step> {
    use std::io::ErrorKind;

    use mio_pipe::os::linux::{Moved, Side};

    let moved = match (input, output) {
        (End::Pipe(receiver), End::Pipe(sender)) => {
            let moved = receiver.splice_to(sender, len)?;
            if moved == Moved::WouldBlock(Side::Output) {
                // The call has seen to the events of its own end only.
                let _ = sender.try_io(|| Err::<(), _>(ErrorKind::WouldBlock.into()));
            }
            moved
        }
        (End::Pipe(receiver), End::Other { file, .. }) => receiver.splice_to(file, len)?,
        (End::Other { file, .. }, End::Pipe(sender)) => sender.splice_from(file, len)?,
        (End::Other { .. }, End::Other { .. }) => {
            return Err(ErrorKind::InvalidInput.into());
        }
    };
    Ok(match moved {
        Moved::Bytes(n) => Step::Moved(n),
        Moved::Eof => Step::Eof,
        Moved::WouldBlock(Side::Input) => Step::WaitForInput,
        Moved::WouldBlock(Side::Output) => Step::WaitForOutput,
    })
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn splice(_: &End<Stdin>, _: &End<Stdout>, _: usize) -> std::io::Result<Step> {
    Err(std::io::ErrorKind::InvalidInput.into())
}
