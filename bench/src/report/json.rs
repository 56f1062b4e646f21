//! A list of objects, one for each case.

use serde::Serialize;

use crate::harness::Report;

#[derive(Serialize)]
struct Entry<'a> {
    row: &'a str,
    case: &'a str,
    unit: &'a str,
    median: f64,
    min: f64,
    max: f64,
    cpu: f64,
    ratio: Option<f64>,
    cpu_ratio: Option<f64>,
    reference: &'a str,
}

/// All rows as JSON text. Ratios are null where the reference did not run.
pub fn json(reports: &[Report]) -> serde_json::Result<String> {
    let entries: Vec<Entry<'_>> = reports
        .iter()
        .flat_map(|report| report.outcomes.iter().map(move |outcome| (report, outcome)))
        .map(|(report, outcome)| Entry {
            row: &report.row,
            case: &outcome.case,
            unit: report.unit.label(),
            median: outcome.value.median,
            min: outcome.value.min,
            max: outcome.value.max,
            cpu: outcome.cpu,
            ratio: outcome.ratio,
            cpu_ratio: outcome.cpu_ratio,
            reference: &report.reference,
        })
        .collect();
    serde_json::to_string_pretty(&entries)
}
