//! Relays that are libraries: this program again, as a child with a current-thread tokio, or with a
//! mio loop.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, bail};
use tokio::io::{copy_bidirectional, copy_bidirectional_with_sizes};
use tokio::net::{TcpListener, TcpStream};

use super::ours::{self, Way};
use super::process::Relay;
use crate::child::command;
use crate::peers::runtime;

/// What the child is told to be.
pub const ROLE: &str = "relay";

/// Names in the report, and arguments of the child.
pub const KINDS: [(&str, &str); 7] = [
    (super::REFERENCE, "tokio-default"),
    ("tokio copy_bidirectional, 64 KiB", "tokio-64"),
    ("tokio-splice2", "tokio-splice2"),
    ("mio-pipe Relay, Pool, 64 KiB pipes", "ours-64"),
    (OURS, "ours"),
    (OURS_LOW_WATER, "ours-low-water"),
    (
        "mio-pipe Relay, Pool, 1 MiB, events of both sides",
        "ours-always",
    ),
];

pub const OURS: &str = "mio-pipe Relay, Pool, 1 MiB pipes";
pub const OURS_LOW_WATER: &str = "mio-pipe Relay, Pool, 1 MiB, SO_RCVLOWAT";

/// SO_RCVLOWAT where it is set, bytes.
const LOW_WATER: usize = 128 << 10;

pub fn start(kind: &str, listen: u16, to: u16) -> Result<Relay> {
    let arguments = [kind.to_owned(), listen.to_string(), to.to_string()];
    Relay::start(command(ROLE, &arguments)?, listen, None)
}

/// The relay: `arguments` are its kind and the two ports.
pub fn child(arguments: &[String]) -> Result<()> {
    let [kind, listen, to] = arguments else {
        bail!("a relay takes three arguments");
    };
    let (listen, to): (u16, u16) = (listen.parse()?, to.parse()?);
    let mut way = Way {
        capacity: 1 << 20,
        low_water: None,
        always_listens: false,
    };
    match kind.as_str() {
        "ours" => return ours::relay(listen, to, way),
        "ours-64" => {
            way.capacity = 64 << 10;
            return ours::relay(listen, to, way);
        }
        "ours-low-water" => {
            way.low_water = Some(LOW_WATER);
            return ours::relay(listen, to, way);
        }
        "ours-always" => {
            way.always_listens = true;
            return ours::relay(listen, to, way);
        }
        _ => {}
    }
    runtime()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, listen)).await?;
        loop {
            let (mut inner, _) = listener.accept().await?;
            let mut outer = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await?;
            match kind.as_str() {
                "tokio-default" => copy_bidirectional(&mut inner, &mut outer).await.map(drop),
                "tokio-64" => {
                    let size = 64 << 10;
                    copy_bidirectional_with_sizes(&mut inner, &mut outer, size, size)
                        .await
                        .map(drop)
                }
                "tokio-splice2" => tokio_splice2::copy_bidirectional(&mut inner, &mut outer)
                    .await
                    .and_then(|traffic| traffic.into_result().map(drop)),
                _ => bail!("no relay is called {kind:?}"),
            }
            .context("relaying")?;
        }
    })
}
