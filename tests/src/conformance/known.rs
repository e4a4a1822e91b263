//! `known-differences.toml`: what mote fails and the suite's own implementation passes. A ratchet: what
//! fails and is not listed is an error, and so is what is listed and passes.

use super::{Report, Verdict};
use build_rootfs::error::{Context, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    #[serde(default)]
    difference: Vec<Difference>,
}

/// Cases of a suite that fail for one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    suite: String,
    reason: String,
    /// They pass at times.
    #[serde(default)]
    unstable: bool,
    /// They fail only where subshells fork.
    #[serde(default)]
    forking: bool,
    cases: Vec<String>,
}

impl Known {
    /// Reads the one of this checkout.
    ///
    /// # Errors
    /// It cannot be read, or is wrong: with the line.
    pub fn of_the_project() -> Result<Known> {
        Known::load(&crate::project().root().join("tests/known-differences.toml"))
    }

    /// Reads `file`.
    ///
    /// # Errors
    /// It cannot be read, or is wrong: with the line.
    pub fn load(file: &Path) -> Result<Known> {
        let text = fs::read_to_string(file).context(file.display())?;
        toml::from_str(&text).context(file.display())
    }

    /// What is known of a shell that starts its subshells without fork.
    #[must_use]
    pub fn without_fork(mut self) -> Known {
        self.difference.retain(|difference| !difference.forking);
        self
    }

    /// Those of `expected` that are not known to fail, nor to pass at times only.
    pub fn rest(&self, suite: &str, expected: BTreeSet<String>) -> BTreeSet<String> {
        let reasons = self.reasons(suite);
        expected.into_iter().filter(|case| !reasons.contains_key(case.as_str())).collect()
    }

    fn reasons(&self, suite: &str) -> BTreeMap<&str, &Difference> {
        let of_suite = self.difference.iter().filter(|difference| difference.suite == suite);
        of_suite
            .flat_map(|difference| difference.cases.iter().map(move |case| (case.as_str(), difference)))
            .collect()
    }

    /// What is wrong with `ours`, given the cases that the suite's own implementation passes: a line each.
    pub fn check(&self, suite: &str, expected: &BTreeSet<String>, ours: &Report) -> Vec<String> {
        let reasons = self.reasons(suite);
        let mut wrong = Vec::new();
        for case in expected {
            match (ours.get(case), reasons.get(case.as_str())) {
                (Some(verdict), Some(listed)) if verdict.passed() && !listed.unstable => {
                    wrong.push(format!("{suite}: {case} passes, but is listed as: {}", listed.reason));
                }
                (Some(verdict), None) if !verdict.passed() => {
                    let why = if let Verdict::Failed(why) = verdict { why.trim_end() } else { "skipped" };
                    wrong.push(format!("{suite}: {case} fails:\n{why}"));
                }
                (None, None) => wrong.push(format!("{suite}: {case} did not run")),
                _ => {}
            }
        }
        let unknown = reasons.keys().filter(|case| !expected.contains(**case));
        wrong.extend(unknown.map(|case| {
            format!("{suite}: {case} is listed, but the suite's own implementation does not pass it")
        }));
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_a_ratchet() {
        let known: Known = toml::from_str(
            "[[difference]]\nsuite = \"s\"\nreason = \"because\"\ncases = [\"fixed\", \"bad\", \"gone\"]\n",
        )
        .unwrap();
        let expected = ["good", "fixed", "bad", "worse", "missing"].map(String::from).into();
        let failed = Verdict::Failed("-a\n+b\n".into());
        let unstable =
            "[[difference]]\nsuite = \"s\"\nreason = \"race\"\nunstable = true\ncases = [\"good\"]\n";
        let unstable: Known = toml::from_str(unstable).unwrap();
        let once = ["good".to_string()].into();
        for verdict in [Verdict::Exact, Verdict::Failed(String::new())] {
            assert!(unstable.check("s", &once, &[("good".to_string(), verdict)].into()).is_empty());
        }
        let ours = [
            ("good", Verdict::Exact),
            ("fixed", Verdict::Normalised),
            ("bad", failed.clone()),
            ("worse", failed.clone()),
            ("theirs", failed),
        ];
        let ours = ours.map(|(name, verdict)| (name.to_string(), verdict)).into();
        assert_eq!(
            known.check("s", &expected, &ours),
            [
                "s: fixed passes, but is listed as: because",
                "s: missing did not run",
                "s: worse fails:\n-a\n+b",
                "s: gone is listed, but the suite's own implementation does not pass it",
            ]
        );
        assert!(known.check("other", &expected, &ours).len() == 3);
        let forking = "[[difference]]\nsuite = \"s\"\nreason = \"fork\"\nforking = true\ncases = [\"bad\"]\n";
        let forking: Known = toml::from_str(forking).unwrap();
        let (bad, ours) = (["bad".to_string()].into(), ours);
        assert!(forking.check("s", &bad, &ours).is_empty());
        assert_eq!(forking.without_fork().check("s", &bad, &ours), ["s: bad fails:\n-a\n+b"]);
    }
}
