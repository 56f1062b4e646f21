//! A terminal, for tools that behave otherwise on one.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// The side of a pseudoterminal on which the user sits.
pub struct Terminal {
    user: File,
    program: OwnedFd,
}

impl Terminal {
    #[track_caller]
    pub fn new() -> Terminal {
        let user = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&user).unwrap();
        unlockpt(&user).unwrap();
        let path = ptsname(&user, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let program = openat(CWD, path, flags, Mode::empty()).unwrap();
        // Without a size nobody draws a bar.
        let size = rustix::termios::Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        rustix::termios::tcsetwinsize(&program, size).unwrap();
        Terminal {
            user: user.into(),
            program,
        }
    }

    /// Standard input, output or error of a program on this terminal.
    #[track_caller]
    pub fn stdio(&self) -> Stdio {
        self.program.try_clone().unwrap().into()
    }

    #[track_caller]
    pub fn type_in(&mut self, text: &[u8]) {
        self.user.write_all(text).unwrap();
    }

    /// Whether the terminal, as the programs on it share it, is non-blocking.
    #[track_caller]
    pub fn is_nonblocking(&self) -> bool {
        let flags = rustix::fs::fcntl_getfl(&self.program).unwrap();
        flags.contains(OFlags::NONBLOCK)
    }

    /// What is on the screen, once every program has left the terminal. Also what was typed: it is
    /// echoed.
    #[track_caller]
    pub fn into_screen(self) -> String {
        let Terminal { mut user, program } = self;
        drop(program);
        let mut screen = Vec::new();
        let mut buf = [0; 4096];
        // The last one who left is an end of file, or on Linux EIO.
        while let Ok(n @ 1..) = user.read(&mut buf) {
            screen.extend_from_slice(&buf[..n]);
        }
        String::from_utf8(screen).unwrap()
    }
}
