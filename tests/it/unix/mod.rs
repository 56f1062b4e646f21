//! What every Unix promises: system calls that need no event loop, and descriptors.

mod children;
mod closing;
mod conversions;
mod creation;
mod data;
mod flow;
mod model;
mod readiness;
mod registration;
