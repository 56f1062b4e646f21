//! What the numbers were measured on.

use std::fs;
use std::thread;

/// Machine, kernel and versions, as lines for the report.
pub fn describe() -> Vec<String> {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy();
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    vec![
        format!("CPU:      {}, {cpus} usable", cpu_model()),
        format!(
            "kernel:   {} {} {}",
            uname.sysname().to_string_lossy(),
            // Without what the one who built it has added.
            release.split('-').next().unwrap_or_default(),
            uname.machine().to_string_lossy()
        ),
        format!("page:     {} bytes", rustix::param::page_size()),
        format!("versions: {}", env!("PEER_VERSIONS")),
    ]
}

fn cpu_model() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or_else(|| "unknown".to_owned(), |(_, model)| model.to_owned())
}
