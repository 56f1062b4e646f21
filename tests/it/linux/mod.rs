//! What Linux promises beyond Unix.

mod syscalls;
