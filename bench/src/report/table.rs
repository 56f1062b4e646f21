//! The table on standard output.

use std::fmt::{self, Write};

use crate::harness::{Bound, Report, Verdict};

/// A row's table, its targets and its notes.
pub fn table(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = write_table(&mut out, report);
    out
}

fn write_table(out: &mut String, report: &Report) -> fmt::Result {
    writeln!(out, "{}: {}", report.row, report.about)?;
    let names = report.outcomes.iter().map(|o| o.case.chars().count());
    let width = names.max().unwrap_or(0).max(4);
    let unit = report.unit.label();
    let cpu = report.unit.cpu_label();
    writeln!(
        out,
        "  {:width$}  {unit:>10}  {:>10}  {:>10}  {cpu:>10}  {:>8}  {:>9}",
        "case", "min", "max", "ratio", "CPU ratio"
    )?;
    for outcome in &report.outcomes {
        let value = outcome.value;
        writeln!(
            out,
            "  {:width$}  {:>10}  {:>10}  {:>10}  {:>10}  {:>8}  {:>9}{}",
            outcome.case,
            number(value.median),
            number(value.min),
            number(value.max),
            number(outcome.cpu),
            ratio(outcome.ratio),
            ratio(outcome.cpu_ratio),
            if outcome.case == report.reference {
                "  reference"
            } else {
                ""
            },
        )?;
    }
    for verdict in &report.verdicts {
        writeln!(out, "  {}", sentence(verdict))?;
    }
    for note in &report.notes {
        writeln!(out, "  {note}")?;
    }
    Ok(())
}

/// Four significant digits.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let digits = match value.abs() {
        v if v >= 1000.0 => 0,
        v if v >= 100.0 => 1,
        v if v >= 10.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

/// A ratio, or a dash.
pub fn ratio(value: Option<f64>) -> String {
    match value {
        Some(value) if value >= 9.995 => format!("{value:.1}x"),
        Some(value) if value.is_finite() => format!("{value:.2}x"),
        _ => "-".to_owned(),
    }
}

/// A target and whether it is met.
fn sentence(verdict: &Verdict) -> String {
    let (what, sign, bound) = match verdict.target.bound {
        Bound::AtLeast(bound) => ("", ">=", bound),
        Bound::CpuAtMost(bound) => ("CPU ", "<=", bound),
    };
    format!(
        "{} {}: {}{} of {}, target {sign} {}x",
        if verdict.is_met() {
            "met:   "
        } else {
            "missed:"
        },
        verdict.target.case,
        what,
        ratio(Some(verdict.reached)),
        verdict.target.against,
        (bound * 1e3).round() / 1e3,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_few_digits() {
        assert_eq!(number(0.65432), "0.654");
        assert_eq!(number(12.345), "12.35");
        assert_eq!(number(123.45), "123.5");
        assert_eq!(number(12345.6), "12346");
        assert_eq!(number(f64::NAN), "-");
        assert_eq!(ratio(Some(6.321)), "6.32x");
        assert_eq!(ratio(Some(23.44)), "23.4x");
        assert_eq!(ratio(None), "-");
    }
}
