//! Budgets: how big a set and a part of the binary may be, from `targets/TARGET/budgets.toml`.

use super::diff::{functions_of, lines, owners};
use super::snapshot::Snapshot;
use super::{Ledger, Parts};
use crate::applets::DEFAULT_SET;
use crate::config::parse;
use crate::error::{Context, Error, Result};
use crate::target::Target;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// How many functions are shown of a part that is over its budget.
const SHOWN: usize = 8;
/// Kinds of parts that need a budget: what belongs to the file itself and to the standard library follows
/// from the rest.
const KINDS: &[&str] =
    &["applet ", "shared ", "crate sh", "crate sys", "crate util", "crate init", "crate mote"];

/// The budgets of a target; all numbers are bytes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// The whole file with the applets of a set, or one applet alone.
    pub set: BTreeMap<String, SetBudget>,
    /// Code and constants by part, as `cargo rootfs size` names it, in the file with the set `base`.
    pub part: BTreeMap<String, u64>,
}

/// The budget of a set.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetBudget {
    /// More fails the tests.
    pub budget: u64,
    /// What it is to become.
    pub goal: Option<u64>,
}

/// What came of a check.
#[derive(Debug)]
pub struct Report {
    /// A table of all budgets, then who is over and which functions grew.
    pub text: String,
    /// How many budgets are broken, or are missing.
    pub broken: usize,
}

impl Budgets {
    /// The file of a target's budgets.
    pub fn file(target: &Target) -> PathBuf {
        target.dir.join("budgets.toml")
    }

    /// The target's budgets; none when it has no file of them.
    ///
    /// # Errors
    /// The file cannot be read, or says something wrong: the message has the line, the cause and the fix.
    pub fn load(target: &Target) -> Result<Option<Budgets>> {
        let file = Budgets::file(target);
        match file.is_file() {
            true => Budgets::parse(&file, fs::read_to_string(&file).context(file.display())?).map(Some),
            false => Ok(None),
        }
    }

    fn parse(file: &Path, text: String) -> Result<Budgets> {
        let (budgets, _) = parse::<Budgets>(file, text, "the head of this file")?;
        if !budgets.set.contains_key(DEFAULT_SET) {
            return Err(Error::new(format!("{}: the set {DEFAULT_SET} has no budget", file.display()))
                .fix(format!("add `[set.{DEFAULT_SET}]` with `budget = …`")));
        }
        Ok(budgets)
    }

    /// Holds the measured sets to their budgets. `saved` tells who grew since.
    pub fn check(&self, measured: &[(String, Ledger)], saved: Option<&Snapshot>) -> Report {
        let mut report = Report { text: head(saved), broken: 0 };
        let mut over = String::new();
        let mut sets: Vec<_> = measured.iter().collect();
        sets.sort_by_key(|(_, ledger)| ledger.total.file);
        for (name, ledger) in sets {
            let Some(set) = self.set.get(name) else { continue };
            let was = saved.and_then(|saved| saved.sets.get(name)).copied();
            let row =
                Row { name: format!("set {name}"), budget: Some(set.budget), now: ledger.total.file, was };
            report.add(&row, set.goal);
        }
        let empty = Parts::new();
        let old = saved.map_or(&empty, |saved| &saved.parts);
        if let Some((_, base)) = measured.iter().find(|(name, _)| name == DEFAULT_SET) {
            let before = |part: &str| old.get(part).map(|part| part.values().sum::<u64>());
            for name in self.parts_to_check(&base.parts) {
                let now = base.parts.get(&name).map_or(0, |part| part.values().sum());
                let row = Row { budget: self.part.get(&name).copied(), now, was: before(&name), name };
                if !report.add(&row, None) {
                    over += &grown(&row.name, old, &base.parts);
                }
            }
            let broken = report.broken > 0 && over.is_empty() && saved.is_some();
            if broken {
                over =
                    format!("\nwhat changed in the set base\n{}", lines("part", &owners(old, &base.parts)));
            }
        }
        report.text += &over;
        report
    }

    /// Every part that has a budget or needs one.
    fn parts_to_check(&self, parts: &Parts) -> BTreeSet<String> {
        parts.keys().filter(|name| needs_budget(name)).chain(self.part.keys()).cloned().collect()
    }
}

/// Whether a part needs a budget.
pub(super) fn needs_budget(part: &str) -> bool {
    KINDS.iter().any(|kind| part.starts_with(kind))
}

struct Row {
    name: String,
    budget: Option<u64>,
    now: u64,
    was: Option<u64>,
}

impl Report {
    /// Adds a line; whether the budget is kept.
    fn add(&mut self, row: &Row, goal: Option<u64>) -> bool {
        let verdict = match row.budget {
            None => "  NO BUDGET: `size --budget` adds one",
            Some(_) if row.now == 0 => "  GONE: `size --budget` removes it",
            Some(budget) if row.now > budget => "  OVER",
            Some(_) => "",
        };
        let some = |number: Option<u64>| number.map_or("-".to_string(), |number| number.to_string());
        let delta = match row.was {
            Some(was) if was != row.now => format!("{:+}", row.now as i64 - was as i64),
            Some(_) => String::new(),
            None => "new".to_string(),
        };
        self.text += format!(
            "{:24}  {:>8}  {:>8}  {:>8}  {delta:>8}{verdict}\n",
            row.name,
            goal.map_or(String::new(), |goal| goal.to_string()),
            some(row.budget),
            row.now,
        )
        .as_str();
        self.broken += usize::from(!verdict.is_empty());
        verdict.is_empty()
    }
}

fn head(saved: Option<&Snapshot>) -> String {
    let since = saved.map_or("no snapshot".to_string(), |saved| format!("since {}", saved.commit));
    format!("{:24}  {:>8}  {:>8}  {:>8}  {since:>8}\n", "", "goal", "budget", "bytes")
}

/// The functions of a part that grew most.
fn grown(part: &str, old: &Parts, new: &Parts) -> String {
    let mut functions = functions_of(part, old, new);
    functions.retain(|change| change.delta() > 0);
    functions.truncate(SHOWN);
    match functions.is_empty() {
        true => String::new(),
        false => format!("\nwhat grew in {part}\n{}", lines("function", &functions)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Row as LedgerRow, Sections};

    fn budgets(text: &str) -> Result<Budgets> {
        Budgets::parse(Path::new("budgets.toml"), text.to_string())
    }

    fn measured(cat: u64) -> (String, Ledger) {
        let parts = Parts::from([("applet cat".to_string(), BTreeMap::from([("run".to_string(), cat)]))]);
        let total =
            LedgerRow { kind: "file", name: "total".into(), bytes: Sections::default(), file: cat + 500 };
        ("base".to_string(), Ledger { rows: Vec::new(), total, parts })
    }

    fn saved(cat: u64) -> Snapshot {
        let (name, ledger) = measured(cat);
        Snapshot {
            target: "armv5te".into(),
            toolchain: "rustc".into(),
            commit: "c0ffee".into(),
            sets: BTreeMap::from([(name, ledger.total.file)]),
            parts: ledger.parts,
        }
    }

    const TEXT: &str = "[set.base]\nbudget = 1600\ngoal = 1000\n[part]\n\"applet cat\" = 1100\n";

    #[test]
    fn within_its_budget_nothing_is_broken() {
        let report = budgets(TEXT).unwrap().check(&[measured(1100)], Some(&saved(1100)));
        assert_eq!(report.broken, 0, "{}", report.text);
        assert!(report.text.contains("c0ffee"));
    }

    #[test]
    fn who_grew_is_named() {
        let report = budgets(TEXT).unwrap().check(&[measured(3100)], Some(&saved(1000)));
        assert_eq!(report.broken, 2, "{}", report.text);
        let rows: Vec<Vec<&str>> =
            report.text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(rows.contains(&vec!["set", "base", "1000", "1600", "3600", "+2100", "OVER"]), "{rows:?}");
        assert!(rows.contains(&vec!["applet", "cat", "1100", "3100", "+2100", "OVER"]), "{rows:?}");
        assert!(report.text.contains("what grew in applet cat"), "{}", report.text);
        assert!(rows.contains(&vec!["run", "1000", "3100", "+2100"]), "{rows:?}");
    }

    #[test]
    fn new_parts_want_a_budget_and_old_budgets_a_part() {
        let text = TEXT.replace("cat", "dog");
        let report = budgets(&text).unwrap().check(&[measured(1000)], None);
        assert_eq!(report.broken, 2, "{}", report.text);
        assert!(report.text.contains("NO BUDGET") && report.text.contains("GONE"), "{}", report.text);
    }

    #[test]
    fn mistakes_name_the_line() {
        let error = budgets("[set.base]\nbudgte = 3\n").unwrap_err().to_string();
        assert!(error.contains("budgets.toml:2") && error.contains("did you mean `budget`?"), "{error}");
        assert!(budgets("[set]\n[part]\n").unwrap_err().to_string().contains("[set.base]"));
    }
}
