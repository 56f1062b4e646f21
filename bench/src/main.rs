//! See the library of the same name.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    mio_pipe_bench::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("mio-pipe-bench measures on Linux only");
}
