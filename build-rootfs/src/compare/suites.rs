//! Gathers how many cases of the peers' own test-suites everybody passes. The harness is the tests' own, in
//! the crate `tests`: it counts, and tells in JSON.

use super::builds::Builds;
use super::report::{Outcome, SuiteRow};
use crate::error::{Context, Error, Result};
use crate::progress::Step;
use crate::suite::host_cargo;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// One run of one suite, a line of the harness's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The suite's name.
    pub suite: String,
    /// Who ran it.
    pub who: String,
    /// How many cases passed; none when it could not be run.
    pub passed: Option<usize>,
    /// How many there are, those that do not apply left out.
    pub cases: usize,
    /// Why it could not be run.
    pub why: Option<String>,
}

/// Runs them all. When the harness ends before its time, what it has told stays.
///
/// # Errors
/// The harness does not compile, or ends before it has told anything.
pub fn all(builds: &Builds) -> Result<Vec<SuiteRow>> {
    let step = Step::start("test-suites of BusyBox and Toybox");
    let mut cargo = host_cargo(builds.project);
    cargo.args(["run", "--quiet", "--release", "--package", "tests", "--bin", "pass-counts"]);
    let mut harness = cargo.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().context("cargo")?;
    let mut counts = Vec::new();
    for line in harness.stdout.take().into_iter().flat_map(|output| BufReader::new(output).lines()) {
        let line = line.context(HARNESS)?;
        let count: Count = serde_json::from_str(&line).context(HARNESS)?;
        step.line(&format!("{}, {}", count.suite, count.who));
        counts.push(count);
    }
    let status = harness.wait().context("cargo")?;
    step.done();
    let early = (!status.success()).then(|| format!("the harness ended before it came to this: {status}"));
    match early {
        Some(why) if counts.is_empty() => Err(Error::new(why)),
        early => Ok(rows(counts, early.as_deref())),
    }
}

const HARNESS: &str = "the harness of the test-suites";

/// The counts, suite by suite, in their order. `early`: why there are no more of them.
fn rows(counts: Vec<Count>, early: Option<&str>) -> Vec<SuiteRow> {
    let mut rows: Vec<SuiteRow> = Vec::new();
    for count in counts {
        let passed = match (count.passed, count.why) {
            (Some(passed), _) => Outcome::Value(passed),
            (None, why) => Outcome::hole(why.unwrap_or_default()),
        };
        match rows.iter_mut().find(|row| row.suite == count.suite) {
            Some(row) => {
                row.cases = row.cases.max(count.cases);
                row.passed.push((count.who, passed));
            }
            None => rows.push(SuiteRow {
                suite: count.suite,
                passed: vec![(count.who, passed)],
                cases: count.cases,
            }),
        }
    }
    if let Some(why) = early {
        let passed = vec![("all others".to_string(), Outcome::hole(why))];
        rows.push(SuiteRow { suite: "the rest of the suites".into(), passed, cases: 0 });
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_become_rows() {
        let count = |suite: &str, who: &str, passed: Option<usize>| {
            let why = passed.is_none().then(|| "no source".to_string());
            Count { suite: suite.into(), who: who.into(), passed, cases: 9, why }
        };
        let counts =
            [count("a", "mote", Some(7)), count("b", "mote", Some(8)), count("a", "ash", None)].to_vec();
        let early = super::rows(counts.clone(), Some("killed"));
        assert_eq!(early[2].passed[0].1.hole_reason(), Some("killed"));
        let rows = rows(counts, None);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].passed[0], ("mote".to_string(), Outcome::Value(7)));
        assert_eq!(rows[0].passed[1].1.hole_reason(), Some("no source"));
    }
}
