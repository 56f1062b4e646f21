//! Creation: both handles of a pipe that nobody else can open.
//!
//! Windows has no anonymous pipe whose handles are overlapped, so this is a named pipe. What keeps
//! others out of it, each by itself enough:
//!
//! - its name holds 128 bits from the system's random number generator, and is made anew after a
//!   collision;
//! - `FILE_FLAG_FIRST_PIPE_INSTANCE`: a name that exists, because somebody waits there for us, is
//!   refused instead of shared;
//! - one instance: once our own second handle is open, nobody else's can be;
//! - only the owner may open it, and only from this machine.
#![allow(unsafe_code)]

use std::fmt::Write;
use std::fs::OpenOptions;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{FromRawHandle, IntoRawHandle, OwnedHandle, RawHandle};
use std::{io, ptr};

use windows_sys::Win32::Foundation::{
    DUPLICATE_CLOSE_SOURCE, DuplicateHandle, ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY, GENERIC_READ,
    GENERIC_WRITE, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Security::Cryptography::{
    BCRYPT_USE_SYSTEM_PREFERRED_RNG, BCryptGenRandom,
};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, FILE_READ_ATTRIBUTES,
    FILE_WRITE_ATTRIBUTES, PIPE_ACCESS_DUPLEX, PIPE_ACCESS_INBOUND, SECURITY_IDENTIFICATION,
};
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, PIPE_READMODE_BYTE, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PIPE_WAIT,
};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

use super::query::ok;
use super::security::OwnerOnly;

/// Bytes a pipe holds unless a capacity was asked for: what std's pipes to children hold.
pub(super) const DEFAULT_CAPACITY: u32 = 64 * 1024;

/// How often a name that is taken is replaced by another. Chance does not take two of them; somebody
/// who takes them on purpose must not keep us forever.
const ATTEMPTS: usize = 16;

/// Which handle is made first, with what access, and how the second one is opened.
struct Plan {
    server: u32,
    client: u32,
    client_flags: u32,
}

/// `(receiver, sender)`, both overlapped.
///
/// The Receiver is the server, which alone can end the pipe at once. The Sender can be read too, so
/// that its side has something that is pending, and that ends, when the Receiver goes.
pub(super) fn pipe(capacity: u32) -> io::Result<(OwnedHandle, OwnedHandle)> {
    let (receiver, sender) = pair(
        &Plan {
            server: PIPE_ACCESS_DUPLEX,
            client: GENERIC_READ | GENERIC_WRITE,
            client_flags: FILE_FLAG_OVERLAPPED,
        },
        capacity,
        random_name,
    )?;
    Ok((only_readable(receiver)?, sender))
}

/// `(sender, stdin)`: overlapped, and blocking with the access that CreatePipe gives.
pub(super) fn to_child() -> io::Result<(OwnedHandle, OwnedHandle)> {
    pair(
        &Plan {
            server: PIPE_ACCESS_DUPLEX,
            client: GENERIC_READ | FILE_WRITE_ATTRIBUTES,
            client_flags: 0,
        },
        DEFAULT_CAPACITY,
        random_name,
    )
}

/// `(receiver, output)`: overlapped, and blocking with the access that CreatePipe gives.
pub(super) fn from_child() -> io::Result<(OwnedHandle, OwnedHandle)> {
    pair(
        &Plan {
            server: PIPE_ACCESS_INBOUND,
            client: GENERIC_WRITE | FILE_READ_ATTRIBUTES,
            client_flags: 0,
        },
        DEFAULT_CAPACITY,
        random_name,
    )
}

/// Both ends of a new pipe: `(server, client)`. Neither is inheritable.
fn pair(
    plan: &Plan,
    capacity: u32,
    mut name: impl FnMut() -> io::Result<String>,
) -> io::Result<(OwnedHandle, OwnedHandle)> {
    let mut attempts = 1..=ATTEMPTS;
    loop {
        let name = name()?;
        match server(plan, capacity, &name).and_then(|server| Ok((server, client(plan, &name)?))) {
            Err(err) if is_taken(&err) && attempts.next().is_some() => {}
            result => return result,
        }
    }
}

/// Whether `err` can mean that somebody else has the name, or was faster to open our pipe.
fn is_taken(err: &io::Error) -> bool {
    [ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY]
        .iter()
        .any(|&code| err.raw_os_error() == Some(code as i32))
}

fn server(plan: &Plan, capacity: u32, name: &str) -> io::Result<OwnedHandle> {
    let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
    let descriptor = OwnerOnly::new()?;
    let attributes = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: descriptor.as_ptr(),
        bInheritHandle: 0,
    };
    // SAFETY: `CreateNamedPipeW` wants a name that ends in a zero, which the line that makes `name`
    // adds, and attributes whose length is that of the structure and whose descriptor is valid: it
    // belongs to `descriptor`, which lives until the end of this function.
    let handle = unsafe {
        CreateNamedPipeW(
            name.as_ptr(),
            plan.server | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
            PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
            1,
            capacity,
            capacity,
            0,
            &attributes,
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `from_raw_handle` wants a handle that is open and that nobody else owns. The call
    // above has just made it, and did not fail.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle as RawHandle) })
}

fn client(plan: &Plan, name: &str) -> io::Result<OwnedHandle> {
    let file = OpenOptions::new()
        .access_mode(plan.client)
        .share_mode(0)
        .custom_flags(plan.client_flags)
        // Whoever serves the pipe, it is not lent our identity.
        .security_qos_flags(SECURITY_IDENTIFICATION)
        .open(name)?;
    Ok(file.into())
}

/// Gives up the right to write, so that the handle says which end it is.
fn only_readable(handle: OwnedHandle) -> io::Result<OwnedHandle> {
    let mut readable = ptr::null_mut();
    // SAFETY: `GetCurrentProcess` has no precondition; what it returns needs no closing.
    let process = unsafe { GetCurrentProcess() };
    // `DUPLICATE_CLOSE_SOURCE` closes it, whether the call succeeds or not.
    let source = handle.into_raw_handle();
    // SAFETY: `DuplicateHandle` wants an open source that may be closed, and room for the result.
    // The line above gave up the ownership of `source`; `readable` is a local variable.
    ok(unsafe {
        DuplicateHandle(
            process,
            source,
            process,
            &mut readable,
            GENERIC_READ,
            0,
            DUPLICATE_CLOSE_SOURCE,
        )
    })?;
    // SAFETY: as in `server`; the call above did not fail.
    Ok(unsafe { OwnedHandle::from_raw_handle(readable as RawHandle) })
}

fn random_name() -> io::Result<String> {
    let mut bytes = [0; 16];
    // SAFETY: `BCryptGenRandom` wants a buffer of the length it is given, and no algorithm with this
    // flag.
    let status = unsafe {
        BCryptGenRandom(
            ptr::null_mut(),
            bytes.as_mut_ptr(),
            bytes.len() as u32,
            BCRYPT_USE_SYSTEM_PREFERRED_RNG,
        )
    };
    super::query::success(status)?;
    let mut name = String::from(r"\\.\pipe\mio-pipe.");
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan {
        server: PIPE_ACCESS_DUPLEX,
        client: GENERIC_READ | GENERIC_WRITE,
        client_flags: FILE_FLAG_OVERLAPPED,
    };

    #[test]
    fn a_name_that_is_taken_is_replaced() -> io::Result<()> {
        let taken = random_name()?;
        let _squatter = server(&PLAN, 4096, &taken)?;
        let mut asked = 0;
        pair(&PLAN, 4096, || {
            asked += 1;
            match asked {
                1..=3 => Ok(taken.clone()),
                _ => random_name(),
            }
        })?;
        assert_eq!(asked, 4);
        Ok(())
    }

    #[test]
    fn names_that_are_all_taken_are_an_error() -> io::Result<()> {
        let taken = random_name()?;
        let _squatter = server(&PLAN, 4096, &taken)?;
        let mut asked = 0;
        let result = pair(&PLAN, 4096, || {
            asked += 1;
            Ok(taken.clone())
        });
        assert!(result.is_err_and(|err| is_taken(&err)));
        assert_eq!(asked, ATTEMPTS + 1);
        Ok(())
    }

    #[test]
    fn nobody_else_can_open_a_pipe_or_serve_its_name() -> io::Result<()> {
        let name = random_name()?;
        let _ends = pair(&PLAN, 4096, || Ok(name.clone()))?;
        assert!(client(&PLAN, &name).is_err_and(|err| is_taken(&err)));
        assert!(server(&PLAN, 4096, &name).is_err_and(|err| is_taken(&err)));
        Ok(())
    }

    #[test]
    fn names_do_not_repeat() -> io::Result<()> {
        let mut names = std::collections::HashSet::new();
        for _ in 0..1000 {
            assert!(names.insert(random_name()?));
        }
        Ok(())
    }
}
