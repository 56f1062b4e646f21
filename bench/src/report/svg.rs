//! The tables as a picture: a bar for each case, as long as its value.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::table::{number, ratio};
use crate::harness::{Outcome, Report, Unit};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const WIDTH: i32 = 1040;
const LINE: i32 = 20;
const MARGIN: i32 = 20;
/// Where the columns begin, or end if they are numbers, pixels.
const BAR: i32 = 380;
const BAR_LENGTH: i32 = 300;
const VALUE: i32 = 780;
const RATIO: i32 = 870;
const CPU_RATIO: i32 = 1000;

const OURS: RGBColor = RGBColor(32, 110, 190);
const PEER: RGBColor = RGBColor(170, 178, 188);
const LIMIT: RGBColor = RGBColor(225, 215, 185);
const FAINT: RGBColor = RGBColor(110, 110, 110);

/// Draws all rows into `path`; `heading` are the lines above them.
pub fn draw(path: &Path, reports: &[Report], heading: &[String]) -> Result<()> {
    let lines = |report: &Report| 2 + report.outcomes.len() + report.notes.len() + 1;
    let count = heading.len() + 1 + reports.iter().map(lines).sum::<usize>();
    let height = 2 * MARGIN + LINE * count as i32;
    let area = SVGBackend::new(path, (WIDTH as u32, height as u32)).into_drawing_area();
    let failed = |err| anyhow!("drawing {}: {err}", path.display());
    paint(&area, reports, heading).map_err(failed)?;
    area.present().map_err(failed)
}

fn paint(area: &Area<'_>, reports: &[Report], heading: &[String]) -> Drawn {
    area.fill(&WHITE)?;
    let mut page = Page { area, y: MARGIN };
    for line in heading {
        page.text(MARGIN, HPos::Left, line, &FAINT, false)?;
        page.y += LINE;
    }
    page.y += LINE;
    reports.iter().try_for_each(|report| page.row(report))
}

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

struct Page<'a, 'b> {
    area: &'a Area<'b>,
    y: i32,
}

impl Page<'_, '_> {
    fn row(&mut self, report: &Report) -> Drawn {
        let title = format!("{}: {}", report.row, report.about);
        self.text(MARGIN, HPos::Left, &title, &BLACK, true)?;
        self.y += LINE;
        let better = match report.unit {
            Unit::Nanoseconds | Unit::Bytes => "less is better",
            _ => "more is better",
        };
        self.text(BAR, HPos::Left, better, &FAINT, false)?;
        self.text(VALUE, HPos::Right, report.unit.label(), &FAINT, false)?;
        self.text(RATIO, HPos::Right, "ratio", &FAINT, false)?;
        self.text(CPU_RATIO, HPos::Right, "CPU ratio", &FAINT, false)?;
        self.y += LINE;
        // A limit may be far away: it must not make all others look alike.
        let longest = report
            .outcomes
            .iter()
            .filter(|outcome| !is_limit(outcome))
            .map(|outcome| outcome.value.max)
            .fold(0.0, f64::max);
        for outcome in &report.outcomes {
            self.case(outcome, longest)?;
            self.y += LINE;
        }
        for note in &report.notes {
            self.text(MARGIN, HPos::Left, note, &FAINT, false)?;
            self.y += LINE;
        }
        self.y += LINE;
        Ok(())
    }

    fn case(&self, outcome: &Outcome, longest: f64) -> Drawn {
        let color = match outcome {
            outcome if is_limit(outcome) => LIMIT,
            outcome if outcome.case.starts_with("mio-pipe") => OURS,
            _ => PEER,
        };
        let at = |value: f64| BAR + (value / longest * f64::from(BAR_LENGTH)) as i32;
        let end = |value: f64| at(value).clamp(BAR + 1, BAR + BAR_LENGTH);
        let (top, bottom) = (self.y + 4, self.y + LINE - 4);
        let bar = [(BAR, top), (end(outcome.value.median), bottom)];
        self.area.draw(&Rectangle::new(bar, color.filled()))?;
        let middle = self.y + LINE / 2;
        let whisker = [
            (end(outcome.value.min), middle),
            (end(outcome.value.max), middle),
        ];
        self.area.draw(&PathElement::new(whisker, BLACK))?;
        self.text(MARGIN, HPos::Left, &outcome.case, &BLACK, false)?;
        let value = number(outcome.value.median);
        self.text(VALUE, HPos::Right, &value, &BLACK, false)?;
        self.text(RATIO, HPos::Right, &ratio(outcome.ratio), &BLACK, true)?;
        let cpu = ratio(outcome.cpu_ratio);
        self.text(CPU_RATIO, HPos::Right, &cpu, &BLACK, false)
    }

    fn text(&self, x: i32, side: HPos, text: &str, color: &RGBColor, bold: bool) -> Drawn {
        let style = if bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        let font = ("sans-serif", 13, style).into_font().color(color);
        let font = font.pos(Pos::new(side, VPos::Center));
        let place = (x, self.y + LINE / 2);
        self.area.draw(&Text::new(text.to_owned(), place, font))
    }
}

fn is_limit(outcome: &Outcome) -> bool {
    outcome.case.starts_with("limit")
}
