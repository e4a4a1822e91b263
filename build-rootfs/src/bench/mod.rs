//! Measures mote and its peers: instructions, processor time, system calls, memory.
//!
//! [`list`] holds the benchmarks as data, [`subject`] finds the shells, [`measure`] measures them, [`tools`] measures
//! the tools, and [`table`] prints the results.

pub mod list;
pub mod measure;
pub mod subject;
pub mod table;
pub mod tools;

use crate::error::Result;
use crate::progress::Step;
use list::{Benchmark, Bound, Counter};
use serde::Serialize;
use subject::Subjects;

/// Rounds of a figure that is not the same in every run. All shells take their turn in each round.
pub(crate) const ROUNDS: usize = 5;

/// One shell's figure.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// The shell.
    pub shell: &'static str,
    /// The figure, in the benchmark's unit; none if the shell has no such program.
    pub value: Option<f64>,
}

/// A benchmark and its figures.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// The task.
    pub what: &'static str,
    /// The unit of the figures.
    pub unit: &'static str,
    /// The figures, mote's first.
    pub figures: Vec<Figure>,
    /// The program that mote is compared with.
    pub against: &'static str,
    /// mote's figure divided by that of the other program, if it has one.
    pub ratio: Option<f64>,
    /// The limit of mote's figure, as text.
    pub must: Option<String>,
    /// Whether mote keeps the limit; none if there is no limit.
    pub reached: Option<bool>,
}

impl Counter {
    /// The unit of its figures.
    pub fn unit(self) -> &'static str {
        match self {
            Counter::Instructions => "instructions",
            Counter::ProcessorTime => "ms of processor time",
            Counter::SystemCalls => "system calls",
            Counter::PrivateMemory => "KiB of private memory",
            Counter::Time => "ms",
        }
    }

    /// Combines the figures of several rounds. For time it takes the least, since other processes only add to it. For
    /// memory it takes the most, since it depends on where the kernel puts the stack. All other figures are the same
    /// in every round.
    pub(crate) fn of_rounds(self, figures: impl Iterator<Item = f64>) -> Option<f64> {
        figures.reduce(if self == Counter::PrivateMemory { f64::max } else { f64::min })
    }
}

/// Runs the benchmarks whose names hold `filter`.
///
/// # Errors
/// A measurement failed.
pub fn run(subjects: &Subjects, filter: Option<&str>) -> Result<Vec<Row>> {
    let chosen = list::BENCHMARKS.iter().filter(|b| filter.is_none_or(|part| b.name.contains(part)));
    chosen.map(|benchmark| row(subjects, benchmark)).collect()
}

fn row(subjects: &Subjects, benchmark: &Benchmark) -> Result<Row> {
    let step = Step::start(format!("{}: {}", benchmark.name, benchmark.what));
    let counter = benchmark.counter;
    let rounds = match counter {
        Counter::ProcessorTime | Counter::PrivateMemory | Counter::Time => ROUNDS,
        Counter::Instructions | Counter::SystemCalls => 1,
    };
    let mut measured: Vec<Vec<f64>> = vec![Vec::new(); subjects.all.len()];
    for round in 1..=rounds {
        for (subject, figures) in subjects.all.iter().zip(&mut measured) {
            step.line(&format!("{}, round {round} of {rounds}", subject.name));
            let once = measure::once(subject, benchmark.run, counter, &subjects.tiny);
            figures.extend(once.map_err(|error| error.within(benchmark.name))?);
        }
    }
    step.done();
    let values = measured.into_iter().map(|figures| counter.of_rounds(figures.into_iter()));
    let figures = subjects.all.iter().zip(values).map(|(s, value)| Figure { shell: s.name, value }).collect();
    Ok(evaluate(benchmark.name, benchmark.what, counter, benchmark.bound, figures))
}

/// Compares the figures of a benchmark; mote's is the first one.
fn evaluate(
    name: &'static str,
    what: &'static str,
    counter: Counter,
    bound: Option<Bound>,
    figures: Vec<Figure>,
) -> Row {
    let mote = figures.first().and_then(|figure| figure.value);
    let others = figures.iter().skip(1);
    let (against, other) = match bound {
        Some(Bound::OfBest(_)) => ("the best", others.filter_map(|figure| figure.value).reduce(f64::min)),
        _ => ("dash", others.filter(|figure| figure.shell == "dash").find_map(|figure| figure.value)),
    };
    let ratio = mote.zip(other).filter(|(_, other)| *other > 0.0).map(|(mote, other)| mote / other);
    let (must, reached) = match bound {
        None => (None, None),
        Some(Bound::OfDash(most) | Bound::OfBest(most)) => {
            (Some(format!("{most:.2} of {against}")), Some(ratio.is_some_and(|ratio| ratio <= most)))
        }
        Some(Bound::AtMost(most)) => (Some(most.to_string()), mote.map(|mote| mote <= most as f64)),
    };
    Row { name, what, unit: counter.unit(), figures, against, ratio, must, reached }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Rows as they come out of a run.
    pub(crate) fn rows() -> Vec<Row> {
        let with = |n: usize, values: [Option<f64>; 3]| {
            let Benchmark { name, what, counter, bound, .. } = list::BENCHMARKS[n];
            let figures = ["mote", "dash", "bash"].into_iter().zip(values);
            let figures = figures.map(|(shell, value)| Figure { shell, value }).collect();
            evaluate(name, what, counter, bound, figures)
        };
        vec![
            with(0, [Some(14_000.0), Some(220_000.0), Some(2_500_000.0)]),
            with(1, [Some(300.0), Some(200.0), None]),
            with(7, [Some(12.0), Some(104.0), Some(1300.5)]),
        ]
    }

    #[test]
    fn bounds_are_judged() {
        let rows = rows();
        assert_eq!(
            rows.iter().map(|row| row.reached).collect::<Vec<_>>(),
            [Some(true), Some(false), Some(true)]
        );
        assert_eq!(rows[1].ratio, Some(1.5));
        assert_eq!(rows[2].must.as_deref(), Some("16"));
    }

    #[test]
    fn the_best_of_the_others_counts() {
        let of = |values: [f64; 3]| {
            let figures = ["mote", "BusyBox", "Toybox"].into_iter().zip(values);
            let figures = figures.map(|(shell, value)| Figure { shell, value: Some(value) }).collect();
            let row = evaluate("ls", "", Counter::Time, Some(Bound::OfBest(1.0)), figures);
            (row.ratio, row.reached, row.must)
        };
        assert_eq!(of([3.0, 2.0, 4.0]), (Some(1.5), Some(false), Some("1.00 of the best".into())));
        assert_eq!(of([3.0, 4.0, 6.0]).1, Some(true));
    }

    #[test]
    fn rounds_are_summed_up() {
        assert_eq!(Counter::ProcessorTime.of_rounds([3.0, 2.0, 4.0].into_iter()), Some(2.0));
        assert_eq!(Counter::PrivateMemory.of_rounds([12.0, 16.0].into_iter()), Some(16.0));
        assert_eq!(Counter::SystemCalls.of_rounds([].into_iter()), None);
    }

    #[test]
    fn names_are_unique() {
        let tools = list::TOOLS.iter().map(|b| b.name);
        let mut names: Vec<_> = list::BENCHMARKS.iter().map(|b| b.name).chain(tools).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
