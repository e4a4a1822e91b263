//! Gathers how many cases of the peers' own test-suites everybody passes. The harness is the tests' own, in
//! the crate `tests`: it counts, and tells in JSON.

use super::builds::Workshop;
use super::report::{Found, SuiteRow};
use crate::error::{Context, Error, Result};
use crate::progress::Step;
use crate::suite::host_cargo;
use serde::{Deserialize, Serialize};
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

/// Runs them all.
///
/// # Errors
/// The harness does not compile, or ends before its end.
pub fn all(shop: &Workshop) -> Result<Vec<SuiteRow>> {
    let step = Step::start("test-suites of BusyBox and Toybox");
    let mut cargo = host_cargo(shop.project);
    cargo.args(["run", "--quiet", "--release", "--package", "tests", "--bin", "pass-counts"]);
    let output = cargo.stderr(Stdio::inherit()).output().context("cargo")?;
    if !output.status.success() {
        return Err(Error::new(format!("the harness of the test-suites: {}", output.status)));
    }
    step.done();
    rows(&String::from_utf8_lossy(&output.stdout))
}

/// The counts, suite by suite, in their order.
fn rows(text: &str) -> Result<Vec<SuiteRow>> {
    let mut rows: Vec<SuiteRow> = Vec::new();
    for line in text.lines() {
        let count: Count = serde_json::from_str(line).context("the harness of the test-suites")?;
        let passed = match (count.passed, count.why) {
            (Some(passed), _) => Found::Is(passed),
            (None, why) => Found::hole(why.unwrap_or_default()),
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
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_become_rows() {
        let count = |suite: &str, who: &str, passed: Option<usize>| {
            let why = passed.is_none().then(|| "no source".to_string());
            let count = Count { suite: suite.into(), who: who.into(), passed, cases: 9, why };
            serde_json::to_string(&count).unwrap() + "\n"
        };
        let text = count("a", "mote", Some(7)) + &count("b", "mote", Some(8)) + &count("a", "ash", None);
        let rows = rows(&text).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].passed[0], ("mote".to_string(), Found::Is(7)));
        assert_eq!(rows[0].passed[1].1.why(), Some("no source"));
        assert!(super::rows("nonsense").is_err());
    }
}
