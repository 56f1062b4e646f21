//! Reads the peers' versions from Cargo.lock, so that a report names what was really measured.

use std::path::Path;
use std::{env, fs};

const PEERS: [&str; 8] = [
    "mio",
    "tokio",
    "async-io",
    "os_pipe",
    "interprocess",
    "rustix",
    "tokio-splice2",
    "mio-pipe",
];

fn main() {
    let manifest = env::var("CARGO_MANIFEST_DIR").expect("Cargo sets it");
    let lock = Path::new(&manifest).join("../Cargo.lock");
    println!("cargo:rerun-if-changed={}", lock.display());
    let lock = fs::read_to_string(lock).unwrap_or_default();
    let versions: Vec<String> = PEERS
        .iter()
        .map(|name| format!("{name} {}", versions_of(&lock, name)))
        .collect();
    println!("cargo:rustc-env=PEER_VERSIONS={}", versions.join(", "));
}

/// Cargo.lock holds `name = "..."` and, on the next line, `version = "..."`.
fn versions_of(lock: &str, name: &str) -> String {
    let wanted = format!("name = \"{name}\"");
    let lines: Vec<&str> = lock.lines().collect();
    let found: Vec<&str> = lines
        .windows(2)
        .filter(|pair| pair[0] == wanted)
        .filter_map(|pair| pair[1].strip_prefix("version = \"")?.strip_suffix('"'))
        .collect();
    if found.is_empty() {
        "(version unknown)".to_owned()
    } else {
        found.join(" and ")
    }
}
