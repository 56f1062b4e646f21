//! Measures `mio-pipe` against its peers.
//!
//! Arguments and the order of things are here. [`harness`] runs the rows, which are in [`rows`], one
//! module each, whose documentation says what is measured and what to expect; [`peers`] has the
//! libraries to compare with, and [`report`] what becomes of the results.

#![cfg(target_os = "linux")]
#![deny(unsafe_code)]

mod child;
mod harness;
mod machine;
mod measure;
mod pages;
mod payload;
mod peers;
mod ready;
mod report;
mod rows;
mod stats;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use harness::Row;
use measure::TooFewCores;

/// Measures mio-pipe against its peers: interleaved rounds, medians, ratios to each row's reference.
#[derive(Parser)]
struct Arguments {
    /// Rows to run, separated by commas; `bulk` also selects `bulk/threads`. By default all but
    /// those that --list marks.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<String>,
    /// Rounds, at least 7, or 3 with --quick, which are the defaults.
    #[arg(long)]
    rounds: Option<usize>,
    /// Smaller amounts and fewer rounds: whether it works, not how fast it is.
    #[arg(long)]
    quick: bool,
    /// Writes the results as a list of objects.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draws the results.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Names the rows and their cases, and measures nothing.
    #[arg(long)]
    list: bool,
}

/// The program.
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let result = match &arguments[..] {
        [_, flag, role, rest @ ..] if flag == child::FLAG => rows::child(role, rest),
        _ => run(&Arguments::parse()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("error: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let least = if arguments.quick { 3 } else { 7 };
    let rounds = arguments.rounds.unwrap_or(least);
    if rounds < least {
        bail!("--rounds {rounds} is too few: at least {least}");
    }
    if arguments.list {
        return list(&arguments.rows);
    }
    let rows = select(rows::all(), &arguments.rows)?;

    let mut heading = machine::describe();
    heading.push(format!(
        "rounds:   {rounds}, interleaved and rotated; medians; ratios within a round"
    ));
    for line in &heading {
        println!("{line}");
    }
    let runs: usize = rows.iter().map(|row| row.cases.len() * (rounds + 1)).sum();
    let progress = ProgressBar::new(runs as u64).with_style(ProgressStyle::with_template(
        "{bar:30} {pos}/{len} {elapsed} (left: {eta}) {wide_msg}",
    )?);
    let mut reports = Vec::new();
    for row in rows {
        let name = row.name.clone();
        let result = harness::run(row, rounds, arguments.quick, &mut |what| {
            progress.set_message(what.to_owned());
            progress.inc(1);
        });
        match result {
            Err(err) if err.is::<TooFewCores>() => {
                progress.suspend(|| println!("\nskipped {name}: {}", err.root_cause()));
            }
            result => {
                let report = result?;
                progress.suspend(|| print!("\n{}", report::table::table(&report)));
                reports.push(report);
            }
        }
    }
    progress.finish_and_clear();

    if let Some(path) = &arguments.json {
        let text = report::json::json(&reports)?;
        fs::write(path, text + "\n").with_context(|| format!("writing {}", path.display()))?;
    }
    if let Some(path) = &arguments.svg {
        report::svg::draw(path, &reports, &heading)?;
    }
    Ok(())
}

fn list(wanted: &[String]) -> Result<()> {
    let rows = rows::all();
    let rows = if wanted.is_empty() {
        rows
    } else {
        select(rows, wanted)?
    };
    for row in &rows {
        let mark = if row.on_request {
            " (only when named)"
        } else {
            ""
        };
        println!("{}: {}{mark}", row.name, row.about);
        row.cases
            .iter()
            .for_each(|case| println!("  {}", case.name));
    }
    Ok(())
}

/// The rows that were asked for, in the program's order; all if none was.
fn select(rows: Vec<Row>, wanted: &[String]) -> Result<Vec<Row>> {
    let matches = |row: &Row, name: &str| {
        row.name == name
            || row
                .name
                .split('/')
                .next()
                .is_some_and(|group| group == name)
    };
    for name in wanted {
        if !rows.iter().any(|row| matches(row, name)) {
            let known: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
            bail!("no row is called {name:?}; there are {}", known.join(", "));
        }
    }
    Ok(rows
        .into_iter()
        .filter(|row| match wanted {
            [] => !row.on_request,
            _ => wanted.iter().any(|name| matches(row, name)),
        })
        .collect())
}
