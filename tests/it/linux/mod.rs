//! What Linux promises beyond Unix.

#[cfg(not(mio_unsupported_force_poll_poll))]
mod epoll;
#[cfg(mio_unsupported_force_poll_poll)]
mod poll2;
mod syscalls;
