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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness;

    /// Runs every case once, with all of its data checked.
    fn check(rows: Vec<Row>) {
        if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
            return; // Some cases want two cores.
        }
        for row in rows {
            let (name, cases) = (row.name.clone(), row.cases.len());
            let report = harness::run(row, 0, true, &mut |_| {});
            let report = report.unwrap_or_else(|err| panic!("{name}: {err:#}"));
            assert_eq!(report.outcomes.len(), cases);
        }
    }

    #[test]
    fn pool_cases_give_empty_pipes() {
        check(pool::rows());
    }

    #[test]
    fn fan_out_cases_deliver_to_every_output() {
        check(fan_out::rows());
    }

    #[test]
    fn zero_copy_cases_deliver_what_was_sent() {
        check(zero_copy::rows());
    }

    #[test]
    fn ping_pong_cases_answer() {
        check(ping_pong::rows());
    }

    #[test]
    fn growth_cases_run() {
        let mut rows = growth::rows();
        for row in &mut rows {
            // Transfers of a GiB are too long for a test.
            row.cases
                .retain(|case| !case.name.ends_with("GiB") && !case.name.contains("256 MiB"));
        }
        check(rows);
    }

    #[test]
    fn targets_name_cases_that_exist() {
        // Except programs that are not installed.
        for row in all().iter().filter(|row| !row.name.starts_with("relay")) {
            for target in row.targets.iter().filter(|_| !row.cases.is_empty()) {
                for name in [&target.case, &target.against] {
                    let found = row.cases.iter().any(|case| case.name == *name);
                    assert!(found, "{}: no case {name:?}", row.name);
                }
            }
        }
    }
}
