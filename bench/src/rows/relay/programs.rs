//! Relays that are programs of their own, with configurations that relay one port to another.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use tempfile::{TempDir, tempdir};

use super::process::Relay;

/// A program and how it is set up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Socat,
    HaproxySplice,
    HaproxyLargePipes,
    NginxStream,
}

pub const ALL: [Program; 4] = [
    Program::Socat,
    Program::HaproxySplice,
    Program::HaproxyLargePipes,
    Program::NginxStream,
];

/// Where distributions put nginx' modules.
const NGINX_MODULES: [&str; 3] = [
    "/usr/lib/nginx/modules",
    "/usr/lib64/nginx/modules",
    "/etc/nginx/modules",
];

impl Program {
    /// Its name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Program::Socat => "socat",
            Program::HaproxySplice => "HAProxy, splice",
            Program::HaproxyLargePipes => "HAProxy, splice, 1 MiB pipes",
            Program::NginxStream => "nginx stream",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Program::Socat => "socat",
            Program::HaproxySplice | Program::HaproxyLargePipes => "haproxy",
            Program::NginxStream => "nginx",
        }
    }
}

/// Why a program cannot run here, if so.
pub fn missing(program: Program) -> Option<String> {
    if find(program.file()).is_none() {
        return Some(format!("{} is not installed", program.file()));
    }
    if program == Program::NginxStream && !nginx_has_stream() {
        return Some("nginx has no stream module".to_owned());
    }
    None
}

/// Looks where a shell would, and where servers are.
fn find(file: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(file))
        .find(|path| path.is_file())
}

fn nginx_module() -> Option<PathBuf> {
    NGINX_MODULES
        .iter()
        .map(|folder| Path::new(folder).join("ngx_stream_module.so"))
        .find(|path| path.is_file())
}

fn nginx_has_stream() -> bool {
    // `-V` lists what was compiled in; "=dynamic" is a module apart.
    let built_in = || {
        let output = Command::new(find("nginx")?).arg("-V").output().ok()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        Some(text.split_whitespace().any(|word| word == "--with-stream"))
    };
    nginx_module().is_some() || built_in() == Some(true)
}

/// Starts `program` such that it relays `listen` to `to`, on loopback.
pub fn start(program: Program, listen: u16, to: u16) -> Result<Relay> {
    let folder = tempdir()?;
    let mut command = Command::new(find(program.file()).unwrap_or_default());
    match program {
        Program::Socat => {
            command
                .arg(format!("TCP-LISTEN:{listen},bind=127.0.0.1,reuseaddr,fork"))
                .arg(format!("TCP:127.0.0.1:{to}"));
        }
        Program::HaproxySplice => {
            command
                .args(["-db", "-f"])
                .arg(haproxy(&folder, "", listen, to)?);
        }
        Program::HaproxyLargePipes => {
            let pipes = "tune.pipesize 1048576";
            command
                .args(["-db", "-f"])
                .arg(haproxy(&folder, pipes, listen, to)?);
        }
        Program::NginxStream => {
            command
                .arg("-p")
                .arg(folder.path())
                .args(["-e", "stderr", "-c"])
                .arg(nginx(&folder, listen, to)?);
        }
    }
    Relay::start(command, listen, Some(folder))
}

fn haproxy(folder: &TempDir, global: &str, listen: u16, to: u16) -> Result<PathBuf> {
    let text = format!(
        "global
    nbthread 1
    maxconn 1000
    {global}
defaults
    mode tcp
    option splice-request
    option splice-response
    timeout connect 10s
    timeout client 60s
    timeout server 60s
listen relay
    bind 127.0.0.1:{listen}
    server sink 127.0.0.1:{to}
"
    );
    let path = folder.path().join("haproxy.cfg");
    fs::write(&path, text)?;
    Ok(path)
}

fn nginx(folder: &TempDir, listen: u16, to: u16) -> Result<PathBuf> {
    let load = nginx_module()
        .map(|path| format!("load_module {};", path.display()))
        .unwrap_or_default();
    let text = format!(
        "{load}
daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
stream {{
    server {{
        listen 127.0.0.1:{listen};
        proxy_pass 127.0.0.1:{to};
    }}
}}
"
    );
    let path = folder.path().join("nginx.conf");
    fs::write(&path, text)?;
    Ok(path)
}
