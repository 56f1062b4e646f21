//! Relays that are libraries: this program again, as a child with a current-thread tokio.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, bail};
use tokio::io::{copy_bidirectional, copy_bidirectional_with_sizes};
use tokio::net::{TcpListener, TcpStream};

use super::process::Relay;
use crate::child::command;
use crate::peers::runtime;

/// What the child is told to be.
pub const ROLE: &str = "relay";

/// Names in the report, and arguments of the child.
pub const KINDS: [(&str, &str); 3] = [
    (super::REFERENCE, "tokio-default"),
    ("tokio copy_bidirectional, 64 KiB", "tokio-64"),
    ("tokio-splice2", "tokio-splice2"),
];

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
