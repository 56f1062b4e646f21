//! What every Unix promises: system calls that need no event loop, and descriptors.
//!
//! What is for Linux alone here needs the name of a pseudoterminal, or crates that not every Unix has.

mod children;
mod closing;
mod collect;
mod conversions;
mod creation;
mod data;
mod fifo;
mod flow;
#[cfg(target_os = "linux")]
mod interop;
mod model;
#[cfg(target_os = "linux")]
mod multiplex;
mod persistent;
#[cfg(target_os = "linux")]
pub mod program;
#[cfg(target_os = "linux")]
mod pv;
mod readiness;
mod reference;
mod registration;
pub mod stdio;
#[cfg(target_os = "linux")]
mod terminal;
