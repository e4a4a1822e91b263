//! Chooses modules of a kernel with their dependencies, and the lines of its tables that describe them (`man 5
//! modules.dep`).

use crate::error::{nearest, Context, Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Tables of which only the lines about the chosen modules are used. The name is the last word of a line, or the
/// second one.
const BY_LAST_WORD: [&str; 2] = ["modules.alias", "modules.symbols"];
const SOFTDEP: &str = "modules.softdep";
const BUILTIN: &str = "modules.builtin";
const DEP: &str = "modules.dep";

/// The tables of a kernel's modules.
#[derive(Debug)]
pub struct Tables {
    /// For each module, the paths of the modules that it needs.
    needs: BTreeMap<String, Vec<String>>,
    /// The path of each module, by name.
    paths: BTreeMap<String, String>,
    /// The names of the modules that are built into the kernel.
    builtin: BTreeSet<String>,
    /// The names of the modules that a module should be loaded with.
    soft: BTreeMap<String, Vec<String>>,
    text: BTreeMap<&'static str, String>,
}

/// The kernel's name of the module at `path`.
fn module_name(path: &str) -> String {
    let base = path.rsplit('/').next().unwrap_or(path);
    base.split('.').next().unwrap_or(base).replace('-', "_")
}

impl Tables {
    /// Reads the tables in `dir`, a `lib/modules/RELEASE`.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn read(dir: &Path) -> Result<Tables> {
        let mut text = BTreeMap::new();
        for name in BY_LAST_WORD.into_iter().chain([SOFTDEP, BUILTIN, DEP]) {
            let file = dir.join(name);
            text.insert(name, fs::read_to_string(&file).context(file.display())?);
        }
        let lines = text[DEP].lines().filter_map(|line| line.split_once(':'));
        let words = |text: &str| text.split_whitespace().map(String::from).collect();
        let needs: BTreeMap<String, Vec<String>> =
            lines.map(|(path, rest)| (path.to_string(), words(rest))).collect();
        let paths = needs.keys().map(|path| (module_name(path), path.clone())).collect();
        let builtin = text[BUILTIN].lines().map(module_name).collect();
        let mut soft: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in text[SOFTDEP].lines() {
            let mut words = line.split_whitespace();
            if let (Some("softdep"), Some(name)) = (words.next(), words.next()) {
                let others = words.filter(|word| !word.ends_with(':')).map(module_name);
                soft.entry(name.replace('-', "_")).or_default().extend(others);
            }
        }
        Ok(Tables { needs, paths, builtin, soft, text })
    }

    /// Paths of all modules.
    pub fn all(&self) -> BTreeSet<String> {
        self.needs.keys().cloned().collect()
    }

    /// The paths of the module `name` and of all modules that it needs or should be loaded with. Empty if it is built
    /// into the kernel.
    ///
    /// # Errors
    /// The kernel has no such module.
    pub fn with_needs(&self, name: &str) -> Result<BTreeSet<String>> {
        let mut chosen = BTreeSet::new();
        let name = module_name(name);
        if self.paths.contains_key(&name) {
            self.collect(&name, &mut chosen);
        } else if !self.builtin.contains(&name) {
            let error = Error::new(format!("the kernel has no module `{name}`"));
            let known = self.paths.keys().chain(&self.builtin).map(String::as_str);
            return Err(match nearest(&name, known) {
                Some(near) => error.fix(format!("did you mean `{near}`?")),
                None => {
                    error.fix("name a module like `virtio_blk`; `modules = \"all\"` includes all modules")
                }
            });
        }
        Ok(chosen)
    }

    fn collect(&self, name: &str, chosen: &mut BTreeSet<String>) {
        // A module of the softdep table may be missing, or be named by an alias: it is left out then.
        let Some(path) = self.paths.get(name) else { return };
        if !chosen.insert(path.clone()) {
            return;
        }
        let needs = self.needs[path].iter().map(|path| module_name(path));
        for other in needs.chain(self.soft.get(name).into_iter().flatten().cloned()) {
            self.collect(&other, chosen);
        }
    }

    /// The names and texts of the tables for an image with the modules `chosen`.
    pub fn excerpt(&self, chosen: &BTreeSet<String>) -> Vec<(&'static str, String)> {
        let names: BTreeSet<String> = chosen.iter().map(|path| module_name(path)).collect();
        let about = |word: Option<&str>| word.is_some_and(|word| names.contains(&module_name(word)));
        let keep = |table: &'static str, wanted: &dyn Fn(&str) -> bool| {
            let lines = self.text[table].lines().filter(|line| wanted(line));
            (table, lines.map(|line| format!("{line}\n")).collect())
        };
        let mut tables = vec![
            keep(DEP, &|line| line.split_once(':').is_some_and(|(path, _)| chosen.contains(path))),
            keep(SOFTDEP, &|line| about(line.split_whitespace().nth(1))),
            (BUILTIN, self.text[BUILTIN].clone()),
        ];
        tables.extend(BY_LAST_WORD.map(|table| {
            keep(table, &|line| line.starts_with("alias ") && about(line.split_whitespace().last()))
        }));
        tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Tables {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            (DEP, "k/a-b.ko.xz: k/c.ko.xz k/d.ko.xz\nk/c.ko.xz: k/d.ko.xz\nk/d.ko.xz:\nk/e.ko.xz:\n"),
            (SOFTDEP, "# comment\nsoftdep d pre: e crypto-x post: b\nsoftdep e pre: d\n"),
            (BUILTIN, "k/in-it.ko\n"),
            ("modules.alias", "# comment\nalias pci:1 a_b\nalias fs-e e\n"),
            ("modules.symbols", "alias symbol:s c\n"),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        Tables::read(dir.path()).unwrap()
    }

    #[test]
    fn needs_come_along() {
        let tables = tables();
        let chosen = tables.with_needs("a-b").unwrap();
        assert_eq!(chosen, tables.all());
        assert_eq!(tables.with_needs("e").unwrap().len(), 2);
        assert!(tables.with_needs("in_it").unwrap().is_empty());
    }

    #[test]
    fn a_missing_module_names_the_nearest() {
        let text = tables().with_needs("a_bb").unwrap_err().to_string();
        assert!(text.contains("no module `a_bb`") && text.contains("did you mean `a_b`"), "{text}");
    }

    #[test]
    fn tables_tell_of_what_is_there() {
        let tables = tables();
        let excerpt: BTreeMap<_, _> = tables.excerpt(&tables.with_needs("e").unwrap()).into_iter().collect();
        assert_eq!(excerpt[DEP], "k/d.ko.xz:\nk/e.ko.xz:\n");
        assert_eq!(excerpt["modules.alias"], "alias fs-e e\n");
        assert_eq!(excerpt["modules.symbols"], "");
        assert_eq!(excerpt[SOFTDEP].lines().count(), 2);
        assert_eq!(excerpt[BUILTIN], "k/in-it.ko\n");
    }
}
