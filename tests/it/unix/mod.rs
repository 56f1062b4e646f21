//! What every Unix promises: system calls that need no event loop, and descriptors.

mod children;
mod closing;
mod collect;
mod conversions;
mod creation;
mod data;
mod fifo;
mod flow;
mod interop;
mod model;
mod multiplex;
mod persistent;
pub mod program;
mod pv;
mod readiness;
mod registration;
pub mod stdio;
mod terminal;
