//! What Linux promises beyond Unix.

mod capacity;
#[cfg(not(mio_unsupported_force_poll_poll))]
mod epoll;
mod fanout;
mod faults;
mod instructions;
mod multiplex;
mod packet;
mod page_ring;
#[cfg(mio_unsupported_force_poll_poll)]
mod poll2;
mod pool;
mod pv;
mod relay;
mod relay_example;
mod relay_tcp;
mod splice;
mod stdio;
mod syscalls;
mod util;
