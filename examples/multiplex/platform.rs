//! Everything that differs between platforms.

pub use imp::*;

#[cfg(unix)]
mod imp {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsFd;
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::{Child, Command, ExitCode, ExitStatus};

    use mio_pipe::{Receiver, Sender, new_pipe, os::unix::stdio::Inherited};
    use rustix::process::{Pid, Resource, getrlimit, kill_process_group, setrlimit};
    use signal_hook::consts::SIGPIPE;
    use signal_hook::low_level::{emulate_default_handler, pipe};

    pub use mio_pipe::os::unix::stdio::stdout;
    pub use rustix::process::Signal;

    pub type Stdout = Inherited<Sender>;

    pub fn stdout_file() -> io::Result<File> {
        Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
    }

    /// A pipe for each signal, into which its handler writes a byte.
    pub fn signals() -> io::Result<Vec<(Signal, Receiver)>> {
        let mut signals = Vec::new();
        for signal in [Signal::CHILD, Signal::INT, Signal::TERM] {
            let (sender, receiver) = new_pipe()?;
            pipe::register(signal.as_raw(), sender)?;
            signals.push((signal, receiver));
        }
        Ok(signals)
    }

    /// In a process group of its own: a signal then reaches whatever the shell has started, and a
    /// terminal's ^C reaches it once, through us, instead of twice.
    pub fn shell(line: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]).process_group(0);
        command
    }

    /// Signals the process group of a child that was not waited for yet: after that its number may
    /// be somebody else's.
    pub fn forward(signal: Signal, child: &mut Child) {
        // An error would say that everybody in the group has ended.
        let _ = kill_process_group(Pid::from_child(child), signal);
    }

    pub fn try_wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
        child.try_wait()
    }

    /// As a shell has it.
    pub fn code(status: ExitStatus) -> u8 {
        let code = (status.code()).or_else(|| Some(128 + status.signal()?));
        code.and_then(|code| u8::try_from(code).ok())
            .unwrap_or(u8::MAX)
    }

    /// Raises the limit on open descriptors, if it must be and may be.
    pub fn allow_descriptors(count: u64) {
        let mut limit = getrlimit(Resource::Nofile);
        if limit.current.is_some_and(|current| current < count) {
            limit.current = Some(limit.maximum.map_or(count, |maximum| maximum.min(count)));
            // Whoever cannot be started for want of descriptors is complained about.
            let _ = setrlimit(Resource::Nofile, limit);
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
    use std::process::{Child, Command, ExitCode, ExitStatus};

    use mio_pipe::{Receiver, Sender};

    pub type Stdout = Sender;

    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Signal(u8);

    impl Signal {
        pub const CHILD: Signal = Signal(0);
        pub const TERM: Signal = Signal(1);
    }

    // An inherited pipe cannot be waited for here: it is written to blocking.
    pub fn stdout() -> io::Result<Stdout> {
        Err(ErrorKind::InvalidInput.into())
    }

    pub fn stdout_file() -> io::Result<File> {
        Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
    }

    /// None: the console itself sends ^C to every program in it.
    pub fn signals() -> io::Result<Vec<(Signal, Receiver)>> {
        Ok(Vec::new())
    }

    pub fn shell(line: &str) -> Command {
        let mut command = Command::new("cmd");
        command.args(["/C", line]);
        command
    }

    pub fn forward(_: Signal, child: &mut Child) {
        let _ = child.kill();
    }

    /// Waits, as nothing else would say when.
    pub fn try_wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
        child.wait().map(Some)
    }

    pub fn code(status: ExitStatus) -> u8 {
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        code.unwrap_or(u8::MAX)
    }

    pub fn allow_descriptors(_: u64) {}

    pub fn broken_pipe() -> ExitCode {
        ExitCode::FAILURE
    }
}
