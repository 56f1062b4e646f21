//! The rows, one module each.

mod bulk;
mod events;
mod fan_out;
mod growth;
mod messages;
mod overhead;
mod ping_pong;
mod pool;
mod relay;
mod sweep;
mod zero_copy;

use anyhow::{Result, bail};

use crate::harness::Row;

/// Every row.
pub fn all() -> Vec<Row> {
    [
        overhead::rows(),
        bulk::rows(),
        messages::rows(),
        events::rows(),
        ping_pong::rows(),
        pool::rows(),
        relay::rows(),
        fan_out::rows(),
        zero_copy::rows(),
        growth::rows(),
        sweep::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The other process of a case.
pub fn child(role: &str, arguments: &[String]) -> Result<()> {
    match role {
        relay::ROLE => relay::child(arguments),
        bulk::ROLE => bulk::child(arguments),
        _ => bail!("no child plays {role:?}"),
    }
}
