//! Rows, cases and rounds: what is measured in which order.
//!
//! A [`Row`] is a question, its [`Case`]s are the answers to compare. All cases of a row run once in
//! each round, one after the other, and each round starts with another case. So whatever else the
//! machine does at the time meets every case alike, and the ratio of two cases *of the same round*
//! says more than either of their times. Reported are medians over the rounds.
//!
//! Before the first round every case runs once with its data checked byte for byte, which also warms
//! it up. The rounds themselves check lengths and samples of the data.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::stats::{self, Spread};

/// What one run of a case is to do.
#[derive(Clone, Copy, Debug)]
pub struct Shot {
    /// Compare every byte that arrives, which costs time.
    pub check_all: bool,
    /// Use the smaller amount.
    pub quick: bool,
}

impl Shot {
    /// `full`, or `quick` where that is asked for or time is not taken.
    pub fn amount(&self, full: u64, quick: u64) -> u64 {
        if self.quick || self.check_all {
            quick
        } else {
            full
        }
    }
}

/// What one run of a case took.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Time by the clock.
    pub wall: Duration,
    /// User and system time of all threads and processes that count.
    pub cpu: Duration,
    /// Bytes, messages, events: what the row's unit counts.
    pub amount: u64,
    /// The memory it took, where that is what counts; otherwise 0.
    pub bytes: u64,
}

/// How a sample becomes a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// GiB per second, and CPU seconds per GiB. More is better.
    GibPerSecond,
    /// Million messages per second, and CPU nanoseconds per message. More is better.
    MillionPerSecond,
    /// Thousand each second, and CPU microseconds for each. More is better.
    ThousandPerSecond,
    /// Nanoseconds, and CPU nanoseconds, for each. Less is better.
    Nanoseconds,
    /// Bytes of memory, and CPU nanoseconds to make it, for each. Less is better.
    Bytes,
}

const GIB: f64 = (1_u64 << 30) as f64;

impl Unit {
    /// The unit of the values.
    pub fn label(self) -> &'static str {
        match self {
            Unit::GibPerSecond => "GiB/s",
            Unit::MillionPerSecond => "M/s",
            Unit::ThousandPerSecond => "k/s",
            Unit::Nanoseconds => "ns",
            Unit::Bytes => "bytes",
        }
    }

    /// The unit of the CPU times.
    pub fn cpu_label(self) -> &'static str {
        match self {
            Unit::GibPerSecond => "CPU s/GiB",
            Unit::ThousandPerSecond => "CPU us",
            Unit::MillionPerSecond | Unit::Nanoseconds | Unit::Bytes => "CPU ns",
        }
    }

    fn value(self, sample: &Sample) -> f64 {
        let amount = sample.amount as f64;
        let wall = sample.wall.as_secs_f64();
        match self {
            Unit::GibPerSecond => amount / GIB / wall,
            Unit::MillionPerSecond => amount / 1e6 / wall,
            Unit::ThousandPerSecond => amount / 1e3 / wall,
            Unit::Nanoseconds => wall * 1e9 / amount,
            Unit::Bytes => sample.bytes as f64 / amount,
        }
    }

    fn cpu(self, sample: &Sample) -> f64 {
        let each = sample.cpu.as_secs_f64() / sample.amount as f64;
        match self {
            Unit::GibPerSecond => each * GIB,
            Unit::ThousandPerSecond => each * 1e6,
            Unit::MillionPerSecond | Unit::Nanoseconds | Unit::Bytes => each * 1e9,
        }
    }
}

type Run = Box<dyn FnMut(&Shot) -> Result<Sample>>;

/// One way of doing what the row is about.
pub struct Case {
    /// Unique within its row.
    pub name: String,
    run: Run,
}

/// Which of a result's ratios a [`Target`] speaks of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// The ratio of values is at least this.
    AtLeast(f64),
    /// The ratio of CPU times is at most this.
    CpuAtMost(f64),
}

/// What a case is meant to reach, compared with the row's reference or with another case.
#[derive(Clone, Debug)]
pub struct Target {
    /// The name of the case.
    pub case: String,
    /// The name of the case it is compared with.
    pub against: String,
    /// How far it is to come.
    pub bound: Bound,
}

/// A question, and the ways to answer it.
pub struct Row {
    /// Such as `bulk` or `bulk/threads`. What is before the slash selects it too.
    pub name: String,
    /// One line for the report.
    pub about: String,
    /// The unit of all its values.
    pub unit: Unit,
    /// The case that has ratio 1.
    pub reference: String,
    /// The cases, in the order of the report.
    pub cases: Vec<Case>,
    /// What the cases are meant to reach.
    pub targets: Vec<Target>,
    /// Runs only when it is named.
    pub on_request: bool,
    /// Sentences: what could not be measured here, and why.
    pub notes: Vec<String>,
}

impl Row {
    /// A row without cases.
    pub fn new(name: &str, about: &str, unit: Unit, reference: &str) -> Row {
        Row {
            name: name.to_owned(),
            about: about.to_owned(),
            unit,
            reference: reference.to_owned(),
            cases: Vec::new(),
            targets: Vec::new(),
            on_request: false,
            notes: Vec::new(),
        }
    }

    /// Adds a case.
    pub fn case(
        &mut self,
        name: impl Into<String>,
        run: impl FnMut(&Shot) -> Result<Sample> + 'static,
    ) {
        self.cases.push(Case {
            name: name.into(),
            run: Box::new(run),
        });
    }

    /// Adds a target against the row's reference.
    pub fn target(&mut self, case: &str, bound: Bound) {
        let against = self.reference.clone();
        self.target_against(case, &against, bound);
    }

    /// Adds a target against another case.
    pub fn target_against(&mut self, case: &str, against: &str, bound: Bound) {
        self.targets.push(Target {
            case: case.to_owned(),
            against: against.to_owned(),
            bound,
        });
    }

    /// Adds a sentence to the report.
    pub fn note(&mut self, sentence: impl Into<String>) {
        self.notes.push(sentence.into());
    }
}

/// What a case came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The case's name.
    pub case: String,
    /// Values, in the row's unit.
    pub value: Spread,
    /// CPU time for each, median, in the unit's CPU unit.
    pub cpu: f64,
    /// Median of the rounds' ratios to the reference, if it ran.
    pub ratio: Option<f64>,
    /// The same of CPU times.
    pub cpu_ratio: Option<f64>,
}

/// A target and what became of it.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What was to be reached.
    pub target: Target,
    /// What was reached.
    pub reached: f64,
}

impl Verdict {
    /// Whether the target is met.
    pub fn is_met(&self) -> bool {
        match self.target.bound {
            Bound::AtLeast(bound) => self.reached >= bound,
            Bound::CpuAtMost(bound) => self.reached <= bound,
        }
    }
}

/// A row with everything that was measured.
pub struct Report {
    /// [`Row::name`].
    pub row: String,
    /// [`Row::about`].
    pub about: String,
    /// [`Row::unit`].
    pub unit: Unit,
    /// [`Row::reference`].
    pub reference: String,
    /// One for each case.
    pub outcomes: Vec<Outcome>,
    /// One for each target whose cases ran.
    pub verdicts: Vec<Verdict>,
    /// [`Row::notes`].
    pub notes: Vec<String>,
}

/// Runs a row: once to check, then `rounds` rounds. Calls `step` before each run of a case.
pub fn run(mut row: Row, rounds: usize, quick: bool, step: &mut dyn FnMut(&str)) -> Result<Report> {
    let count = row.cases.len();
    let mut samples = vec![Vec::with_capacity(rounds); count];
    for round in 0..=rounds {
        let shot = Shot {
            check_all: round == 0,
            quick,
        };
        for index in stats::rotation(count, round) {
            let case = &mut row.cases[index];
            step(&format!("{}: {}", row.name, case.name));
            let sample = (case.run)(&shot)
                .with_context(|| format!("row {}, case {}", row.name, case.name))?;
            if round > 0 {
                samples[index].push(sample);
            }
        }
    }
    Ok(report(&row, &samples))
}

fn report(row: &Row, samples: &[Vec<Sample>]) -> Report {
    let values: Vec<Vec<f64>> = map(samples, |sample| row.unit.value(sample));
    let cpus: Vec<Vec<f64>> = map(samples, |sample| row.unit.cpu(sample));
    let find = |name: &str| row.cases.iter().position(|case| case.name == name);
    let reference = find(&row.reference);
    let outcomes = (0..row.cases.len())
        .map(|index| Outcome {
            case: row.cases[index].name.clone(),
            value: stats::spread(&values[index]),
            cpu: stats::median(&cpus[index]),
            ratio: reference.map(|r| stats::median_ratio(&values[index], &values[r])),
            cpu_ratio: reference.map(|r| stats::median_ratio(&cpus[index], &cpus[r])),
        })
        .collect();
    let verdicts = row
        .targets
        .iter()
        .filter_map(|target| {
            let (case, against) = (find(&target.case)?, find(&target.against)?);
            let from = match target.bound {
                Bound::AtLeast(_) => &values,
                Bound::CpuAtMost(_) => &cpus,
            };
            Some(Verdict {
                target: target.clone(),
                reached: stats::median_ratio(&from[case], &from[against]),
            })
        })
        .collect();
    Report {
        row: row.name.clone(),
        about: row.about.clone(),
        unit: row.unit,
        reference: row.reference.clone(),
        outcomes,
        verdicts,
        notes: row.notes.clone(),
    }
}

fn map(samples: &[Vec<Sample>], f: impl Fn(&Sample) -> f64) -> Vec<Vec<f64>> {
    samples
        .iter()
        .map(|case| case.iter().map(&f).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seconds: u64, amount: u64) -> Sample {
        Sample {
            wall: Duration::from_secs(seconds),
            cpu: Duration::from_secs(2 * seconds),
            amount,
            bytes: 0,
        }
    }

    #[test]
    fn units_turn_samples_into_values() {
        assert_eq!(Unit::GibPerSecond.value(&sample(2, 1 << 30)), 0.5);
        assert_eq!(Unit::GibPerSecond.cpu(&sample(2, 1 << 30)), 4.0);
        assert_eq!(Unit::MillionPerSecond.value(&sample(2, 1_000_000)), 0.5);
        assert_eq!(Unit::Nanoseconds.value(&sample(2, 1_000_000_000)), 2.0);
        assert_eq!(Unit::Nanoseconds.cpu(&sample(2, 1_000_000_000)), 4.0);
    }

    #[test]
    fn every_case_is_checked_once_and_then_runs_in_every_round() {
        use std::{cell::RefCell, rc::Rc};
        let runs = Rc::new(RefCell::new(Vec::new()));
        let mut row = Row::new("row", "", Unit::Nanoseconds, "b");
        for name in ["a", "b", "c"] {
            let runs = Rc::clone(&runs);
            row.case(name, move |shot| {
                runs.borrow_mut().push((name, shot.check_all));
                Ok(sample(if name == "a" { 3 } else { 1 }, 1))
            });
        }
        row.target("a", Bound::CpuAtMost(2.0));
        row.target_against("b", "c", Bound::AtLeast(1.0));
        row.target("absent", Bound::AtLeast(1.0));
        let report = run(row, 2, true, &mut |_| {}).unwrap();

        let runs: Vec<_> = runs.borrow().clone();
        assert_eq!(runs[..3], [("a", true), ("b", true), ("c", true)]);
        assert_eq!(runs[3..6], [("b", false), ("c", false), ("a", false)]);
        assert_eq!(runs[6..], [("c", false), ("a", false), ("b", false)]);
        assert_eq!(report.outcomes[0].ratio, Some(3.0));
        assert_eq!(report.outcomes[1].ratio, Some(1.0));
        let met: Vec<bool> = report.verdicts.iter().map(Verdict::is_met).collect();
        assert_eq!(met, [false, true]);
    }

    #[test]
    fn a_row_without_its_reference_has_no_ratios() {
        let mut row = Row::new("row", "", Unit::Nanoseconds, "absent");
        row.case("a", |_| Ok(sample(1, 1)));
        let report = run(row, 3, true, &mut |_| {}).unwrap();
        assert_eq!(report.outcomes[0].ratio, None);
    }
}
