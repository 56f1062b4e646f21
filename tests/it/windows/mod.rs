//! What Windows promises: handles, named pipes, and what mio's completion port makes of them.

mod children;
mod closing;
mod conversions;
mod creation;
mod data;
mod registration;
mod util;
