//! Handles in and out, and what is different on Windows.
//!
//! # Raw and checked
//!
//! [`Sender::from_handle`](crate::Sender::from_handle) and
//! [`Receiver::from_handle`](crate::Receiver::from_handle) take anything that owns a handle
//! (`OwnedHandle`, `File`, `ChildStdin`, ...) and check that it is an overlapped end of a pipe that is
//! open in the right direction. Their error hands the handle back. `from_raw_handle` takes the handle
//! as it is, and is `unsafe`, as for every type of std.
//!
//! # What a pipe is
//!
//! Both ends are overlapped handles of a named pipe that nobody else can open: a name of 128 random
//! bits, first and only instance, no remote clients, access for the owner alone, not inheritable.
//! There are no threads.
//!
//! # What mio's event loop cannot do
//!
//! mio makes readiness out of completions, with buffers of its own. Therefore:
//!
//! - **Register first.** Nothing can be read or written before an end is registered: everything is
//!   [`WouldBlock`](std::io::ErrorKind::WouldBlock), but for a side that is known to be gone.
//! - **Interest is ignored.** Both kinds of events come for both ends: a Receiver is called writable
//!   when it is registered, a Sender readable when its Receiver goes. Look at what the event says, or
//!   just try, and take `WouldBlock` for an answer.
//! - **Events never say that the other side is gone.** The flags of [`EventExt`](crate::EventExt) are
//!   not set. There is an event, but the read or the write says what happened: `Ok(0)`, and
//!   [`BrokenPipe`](std::io::ErrorKind::BrokenPipe).
//! - **A poll may end early without an event**, when what was cancelled has ended.
//! - **A write is taken, and goes out later.** One write at a time is under way, of what the pipe
//!   holds at most (64 KiB, or more if that was asked for). The next is `WouldBlock` until the loop
//!   has seen the first one end; then a writable event comes. What went wrong meanwhile is the result
//!   of the *next* write, and whether the other side got the bytes is not known.
//! - **Bytes move only while the loop runs.** A Sender that was dropped stays open until the loop has
//!   seen its last write end. Whoever wants everything to arrive waits for the writable event after
//!   the last write before dropping the [`Poll`](mio::Poll) or ending the process: a write that is
//!   under way then may be lost, and EOF may not come.
//! - **One loop, for good.** An end that was registered with one `Poll` is refused by every other
//!   (`AlreadyExists`), also after it was deregistered. A handle that was taken out of it is refused
//!   too (`ERROR_INVALID_PARAMETER`). The ends keep the loop's completion port open, and closing one
//!   works after the `Poll` was dropped.
//! - **No clones and no blocking mode.** `try_clone`, `try_io` and `set_nonblocking(false)` are
//!   [`Unsupported`](std::io::ErrorKind::Unsupported). For a child, [`child`](crate::child) makes ends
//!   that are blocking from the start.
//!
//! The examples and the portable tests of this crate are written in the way that works everywhere.
//!
//! # Who learns what when
//!
//! | | the other side is told |
//! |---|---|
//! | a Receiver of `new_pipe` is dropped | at once |
//! | a Sender of `new_pipe` is dropped | `is_sender_dropped` at once; EOF when the loop has run |
//! | any other end is dropped | when the loop has run |
//! | a child exits | at once |
//!
//! An idle Sender gets an event for it, unless it was made of std's `ChildStdin` or of another handle
//! that may not be read: that one learns it from its next write, or from
//! [`is_receiver_dropped`](crate::Sender::is_receiver_dropped).
//!
//! # Examples
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::fs::File;
//! use mio_pipe::Receiver;
//!
//! let err = Receiver::from_handle(File::open("Cargo.toml")?).unwrap_err();
//! assert_eq!(err.to_string(), "not a pipe, but a file or directory");
//! let file = File::from(err.into_handle()); // Nothing is lost.
//! # Ok(())
//! # }
//! ```
//!
//! # References
//!
//! - [Named pipe security and access rights](https://learn.microsoft.com/windows/win32/ipc/named-pipe-security-and-access-rights)
//! - [`CreateNamedPipeW`](https://learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-createnamedpipew)

mod from_handle;
mod handle;

pub use from_handle::FromHandleError;
