//! One binary for the whole suite. Files here are portable and run unchanged on every platform;
//! what only some platforms promise lives in a folder named after them.

mod children;
mod closing;
mod data;
mod examples;
mod flow;
mod readiness;
// kqueue takes what the others refuse; see PLATFORMS.md.
#[cfg(any(target_os = "linux", target_os = "android", windows))]
mod refusals;
mod registration;
mod spin;
mod util;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;
