//! The differences between two ledgers, like those of the kernel's bloat-o-meter.

use super::Parts;
use std::collections::{BTreeMap, BTreeSet};

/// A function, static or owner whose size has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// The old size in bytes; 0 if it is new.
    pub old: u64,
    /// The new size in bytes; 0 if it is gone.
    pub new: u64,
}

impl Change {
    /// The growth in bytes.
    pub fn delta(&self) -> i64 {
        self.new as i64 - self.old as i64
    }
}

/// The owners that changed, the one that grew most first.
pub fn owners(old: &Parts, new: &Parts) -> Vec<Change> {
    let sums =
        |parts: &Parts| parts.iter().map(|(owner, part)| (owner.clone(), part.values().sum())).collect();
    changes(&sums(old), &sums(new))
}

/// The functions and statics that changed, the one that grew most first.
pub fn functions(old: &Parts, new: &Parts) -> Vec<Change> {
    changes(&flat(old), &flat(new))
}

/// As [`functions`], of one owner alone.
pub fn functions_of(owner: &str, old: &Parts, new: &Parts) -> Vec<Change> {
    let one = |parts: &Parts| parts.get(owner).cloned().unwrap_or_default();
    changes(&one(old), &one(new))
}

/// Both as a table, with totals.
pub fn table(old: &Parts, new: &Parts) -> String {
    let (functions, owners) = (functions(old, new), owners(old, new));
    if functions.is_empty() && owners.is_empty() {
        return "nothing changed\n".to_string();
    }
    let count = |is: fn(&Change) -> bool| functions.iter().filter(|change| is(change)).count();
    let up: i64 = functions.iter().map(Change::delta).filter(|delta| *delta > 0).sum();
    let down: i64 = functions.iter().map(Change::delta).filter(|delta| *delta < 0).sum();
    let total = Change { name: "file".into(), old: sum(old), new: sum(new) };
    format!(
        "add/remove: {}/{} grow/shrink: {}/{} up/down: {up}/{down} ({:+})\n{}\n{}{}",
        count(|change| change.old == 0),
        count(|change| change.new == 0),
        count(|change| change.old > 0 && change.new > change.old),
        count(|change| change.new > 0 && change.new < change.old),
        up + down,
        lines("function", &functions),
        lines("part", &owners),
        line(&total),
    )
}

/// Changes as lines under a heading.
pub fn lines(heading: &str, changes: &[Change]) -> String {
    let head = format!("{heading:62}  {:>7}  {:>7}  {:>7}\n", "old", "new", "delta");
    head + &changes.iter().map(line).collect::<String>()
}

fn line(change: &Change) -> String {
    let some = |bytes: u64| if bytes == 0 { "-".to_string() } else { bytes.to_string() };
    let (name, delta) = (&change.name, change.delta());
    format!("{name:62}  {:>7}  {:>7}  {delta:>+7}\n", some(change.old), some(change.new))
}

fn sum(parts: &Parts) -> u64 {
    parts.values().flat_map(BTreeMap::values).sum()
}

fn flat(parts: &Parts) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (owner, part) in parts {
        for (name, bytes) in part {
            let name = if name.is_empty() { owner } else { name };
            *all.entry(name.clone()).or_default() += bytes;
        }
    }
    all
}

fn changes(old: &BTreeMap<String, u64>, new: &BTreeMap<String, u64>) -> Vec<Change> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let bytes = |map: &BTreeMap<String, u64>, name| map.get(name).copied().unwrap_or(0);
    let all = names.into_iter().map(|name| Change {
        name: name.clone(),
        old: bytes(old, name),
        new: bytes(new, name),
    });
    let mut changed: Vec<Change> = all.filter(|change| change.old != change.new).collect();
    changed.sort_by_key(|change| std::cmp::Reverse(change.delta()));
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &[(&str, &str, u64)]) -> Parts {
        let mut parts = Parts::new();
        for (owner, name, bytes) in text {
            parts.entry(owner.to_string()).or_default().insert(name.to_string(), *bytes);
        }
        parts
    }

    #[test]
    fn what_grew_most_comes_first_and_totals_add_up() {
        let old = parts(&[("applet cat", "run", 100), ("applet cat", "gone", 10), ("crate sys", "out", 50)]);
        let new = parts(&[("applet cat", "run", 90), ("applet cat", "new", 40), ("crate sys", "out", 50)]);
        let names: Vec<_> = functions(&old, &new).into_iter().map(|change| change.name).collect();
        assert_eq!(names, ["new", "gone", "run"]);
        let grown = owners(&old, &new);
        assert_eq!((grown.len(), grown[0].delta()), (1, 20));
        let table = table(&old, &new);
        assert!(table.starts_with("add/remove: 1/1 grow/shrink: 0/1 up/down: 40/-20 (+20)\n"), "{table}");
        let last: Vec<&str> = table.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(last, ["file", "160", "180", "+20"]);
    }

    #[test]
    fn nothing_changed_is_said() {
        let same = parts(&[("file padding", "", 3)]);
        assert_eq!(table(&same, &same), "nothing changed\n");
    }
}
