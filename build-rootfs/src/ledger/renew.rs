//! What `cargo rootfs size --budget` writes into `targets/TARGET/budgets.toml`.

use super::budgets::{needs_budget, Budgets};
use super::Ledger;
use crate::applets::DEFAULT_SET;
use crate::error::{nearest, Context, Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use toml_edit::{value, DocumentMut};

/// The new file, and what changed in it.
#[derive(Debug)]
pub struct Renewed {
    /// The file's text.
    pub text: String,
    /// A line for each budget that changed, or that is broken and stays.
    pub told: String,
    /// How many are broken and stay.
    pub broken: usize,
}

/// A budget, and what was measured.
struct Measured {
    /// As the tables show it: `set base`, `applet cat`.
    name: String,
    old: Option<u64>,
    now: u64,
    /// What it is to become when it is written.
    new: u64,
}

impl Budgets {
    /// Gives what is new a budget, lowers those of what became smaller, and drops those of what is gone, in `text`,
    /// the file's text, whose comments stay. A budget is raised only if `raise` has its name.
    ///
    /// # Errors
    /// `raise` names what has no budget, or the text is not the file's.
    pub fn renew(
        &self,
        file: &Path,
        text: &str,
        measured: &[(String, Ledger)],
        raise: &[String],
    ) -> Result<Renewed> {
        let all = self.beside(measured);
        for name in raise {
            if !all.iter().any(|row| row.name == *name) {
                let near = nearest(name, all.iter().map(|row| row.name.as_str()));
                let fix = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
                return Err(Error::usage(format!("--raise `{name}`: nothing has this name"))
                    .fix(format!("{fix}`cargo rootfs size --check` shows the names")));
            }
        }
        let mut toml: DocumentMut = text.parse().context(file.display())?;
        let mut renewed = Renewed { text: String::new(), told: String::new(), broken: 0 };
        for row in &all {
            let Measured { name, old, now, new } = row;
            let what = match old {
                Some(_) if *now == 0 => "gone",
                None => "new",
                Some(old) if now > old && raise.contains(name) => "raised",
                Some(old) if now > old => {
                    renewed.broken += 1;
                    let over = now - old;
                    writeln!(
                        renewed.told,
                        "{name:24}  {old:>8}  OVER by {over}: make it smaller, or --raise \"{name}\""
                    )
                    .context("memory")?;
                    continue;
                }
                Some(old) if new < old => "lowered",
                Some(_) => continue,
            };
            let old = old.map_or("-".to_string(), |old| old.to_string());
            let shown = if *now == 0 { "-".to_string() } else { new.to_string() };
            writeln!(renewed.told, "{name:24}  {old:>8}  {shown:>8}  {what}").context("memory")?;
            put(&mut toml, row);
        }
        if let Some(parts) = toml["part"].as_table_mut() {
            parts.sort_values();
        }
        renewed.text = toml.to_string();
        Ok(renewed)
    }

    fn beside(&self, measured: &[(String, Ledger)]) -> Vec<Measured> {
        let mut all = Vec::new();
        for (name, ledger) in measured {
            let Some(set) = self.set.get(name) else { continue };
            let now = ledger.total.file;
            // What has reached its goal may use all of it.
            let new = of_a_file(now).max(set.goal.unwrap_or(0));
            all.push(Measured { name: format!("set {name}"), old: Some(set.budget), now, new });
        }
        let Some((_, base)) = measured.iter().find(|(name, _)| name == DEFAULT_SET) else { return all };
        let now: BTreeMap<&String, u64> =
            base.parts.iter().map(|(name, part)| (name, part.values().sum())).collect();
        let named = now.keys().copied().filter(|name| needs_budget(name)).chain(self.part.keys());
        for name in named.collect::<BTreeSet<_>>() {
            let now = now.get(name).copied().unwrap_or(0);
            let old = self.part.get(name).copied();
            all.push(Measured { name: name.clone(), old, now, new: of_a_part(now) });
        }
        all
    }
}

/// The budget of a file of so many bytes: a quarter of a percent of room, since `compact` finds more or less to share
/// when anything changes.
fn of_a_file(bytes: u64) -> u64 {
    bytes + bytes / 400
}

/// The budget of a part of so many bytes: 1.5 % of room, at least 24 bytes, in whole eights: `compact` moves some bytes
/// between parts when anything changes.
fn of_a_part(bytes: u64) -> u64 {
    (bytes + (bytes * 15 / 1000).max(24)).next_multiple_of(8)
}

fn put(toml: &mut DocumentMut, row: &Measured) {
    let new = i64::try_from(row.new).unwrap_or(i64::MAX);
    // Assigning a value that is there would drop the comment behind it.
    let set = |item: &mut toml_edit::Item| match item.as_value_mut() {
        Some(old) => {
            let decor = old.decor().clone();
            *old = new.into();
            *old.decor_mut() = decor;
        }
        None => *item = value(new),
    };
    match row.name.strip_prefix("set ") {
        Some(name) => set(&mut toml["set"][name]["budget"]),
        None if row.now == 0 => {
            toml["part"].as_table_mut().and_then(|parts| parts.remove(&row.name));
        }
        None => set(&mut toml["part"][&row.name]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Parts, Row, Sections};

    const TEXT: &str = "# The head.\n\n[set.base]\nbudget = 3000 # why\ngoal = 1000\n\n[part]\n\
                        # About cat.\n\"applet cat\" = 1104\n\"applet ls\" = 500\n\"applet old\" = 8\n";

    fn renew(cat: u64, raise: &[&str]) -> Result<Renewed> {
        let part = |bytes| BTreeMap::from([("run".to_string(), bytes)]);
        let parts = [("applet cat", cat), ("applet dog", 30), ("applet ls", 500), ("file padding", 3)];
        let parts: Parts = parts.into_iter().map(|(name, bytes)| (name.to_string(), part(bytes))).collect();
        let total = Row { kind: "file", name: "total".into(), bytes: Sections::default(), file: cat + 1000 };
        let ledger = Ledger { rows: Vec::new(), total, parts };
        let file = Path::new("budgets.toml");
        let budgets: Budgets = toml::from_str(TEXT).unwrap();
        let raise: Vec<String> = raise.iter().map(|name| name.to_string()).collect();
        budgets.renew(file, TEXT, &[("base".to_string(), ledger)], &raise)
    }

    #[test]
    fn new_ones_come_smaller_ones_are_lowered_and_old_ones_go() {
        let renewed = renew(800, &[]).unwrap();
        let expected = "# The head.\n\n[set.base]\nbudget = 1804 # why\ngoal = 1000\n\n[part]\n\
                        # About cat.\n\"applet cat\" = 824\n\"applet dog\" = 56\n\"applet ls\" = 500\n";
        assert_eq!(renewed.text, expected, "{}", renewed.told);
        assert_eq!(renewed.broken, 0);
        let told: Vec<Vec<&str>> =
            renewed.told.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(told.contains(&vec!["applet", "dog", "-", "56", "new"]), "{told:?}");
        assert!(told.contains(&vec!["applet", "old", "8", "-", "gone"]), "{told:?}");
    }

    #[test]
    fn none_is_raised_unless_it_is_named() {
        let renewed = renew(2200, &["applet cat"]).unwrap();
        assert!(renewed.text.contains("\"applet cat\" = 2240") && renewed.text.contains("budget = 3000"));
        assert_eq!(renewed.broken, 1);
        assert!(
            renewed.told.contains("OVER by 200: make it smaller, or --raise \"set base\""),
            "{}",
            renewed.told
        );
        let renewed = renew(2200, &["applet cat", "set base"]).unwrap();
        assert!(renewed.text.contains("budget = 3208 # why") && renewed.broken == 0, "{}", renewed.text);
    }

    #[test]
    fn what_is_within_its_room_stays() {
        let renewed = renew(1100, &[]).unwrap();
        assert!(renewed.text.contains("\"applet cat\" = 1104"), "{}", renewed.text);
    }

    #[test]
    fn a_goal_is_a_budget_for_who_reached_it() {
        assert!(renew(0, &[]).unwrap().text.contains("budget = 1002"));
        assert_eq!((of_a_file(1498), of_a_file(135_914)), (1501, 136_253));
        assert_eq!((of_a_part(8), of_a_part(588), of_a_part(9164)), (32, 616, 9304));
    }

    #[test]
    fn unknown_names_show_the_nearest() {
        let told = renew(1, &["applet cta"]).unwrap_err().to_string();
        assert!(told.contains("did you mean `applet cat`?"), "{told}");
    }
}
