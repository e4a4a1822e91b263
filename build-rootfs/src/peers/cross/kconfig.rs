//! Reads and writes the configuration of programs that use Kconfig, like the kernel.

use crate::error::{Context, Error, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// An applet of a multicall binary and the option that switches it on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Applet {
    /// Its name, as it is called.
    pub name: String,
    /// The option, without `CONFIG_`.
    pub option: String,
}

/// The options and applets of a source tree.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Options {
    /// Every option that is on or off, without `CONFIG_`.
    pub switches: BTreeSet<String>,
    /// The applets.
    pub applets: BTreeSet<Applet>,
}

impl Options {
    /// Reads all of the sources in `tree`.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn read(tree: &Path) -> Result<Options> {
        let mut options = Options::default();
        options.walk(tree)?;
        Ok(options)
    }

    fn walk(&mut self, dir: &Path) -> Result<()> {
        for file in fs::read_dir(dir).context(dir.display())?.flatten() {
            let (path, name) = (file.path(), file.file_name().to_string_lossy().into_owned());
            if file.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.walk(&path)?;
            } else if name.ends_with(".c") || name == "Config.in" || name == "Config.src" {
                let bytes = fs::read(&path).context(path.display())?;
                self.parse(&String::from_utf8_lossy(&bytes));
            }
        }
        Ok(())
    }

    /// Options are in Kconfig files, or in comments of C files. Lines about applets follow them.
    fn parse(&mut self, text: &str) {
        let mut open: Option<String> = None;
        for line in text.lines() {
            let line = line.strip_prefix("//config:").unwrap_or(line);
            if let Some(name) = line.strip_prefix("config ") {
                open = Some(name.trim().to_string());
            } else if line.trim_start().starts_with("bool") && line.starts_with([' ', '\t']) {
                self.switches.extend(open.take());
            }
            self.applets.extend(applet(line));
        }
    }

    /// The options of the applets called `names`, and the names that there is no applet for.
    pub fn of_applets(&self, names: &[String]) -> (BTreeSet<String>, Vec<String>) {
        let (mut options, mut lacking) = (BTreeSet::new(), Vec::new());
        for name in names {
            let own: Vec<&Applet> = self.applets.iter().filter(|applet| applet.name == *name).collect();
            if own.is_empty() {
                lacking.push(name.clone());
            }
            options.extend(own.into_iter().map(|applet| applet.option.clone()));
        }
        (options, lacking)
    }
}

/// `//applet:IF_LS(APPLET_NOEXEC(ls, …` (BusyBox), `USE_LS(NEWTOY(ls, …` (Toybox).
fn applet(line: &str) -> Option<Applet> {
    let rest = line.strip_prefix("//applet:IF_").or_else(|| line.strip_prefix("USE_"))?;
    let (option, rest) = rest.split_once('(')?;
    let (_, rest) = rest.split_once("APPLET").or_else(|| rest.split_once("TOY"))?;
    let name = rest.split_once('(')?.1.split([',', ')']).next()?.trim();
    Some(Applet { name: name.to_string(), option: option.to_string() })
}

/// A file for `conf -D`: sets the options `on` and unsets `off`; the others keep their defaults.
pub fn choice<'a>(on: &BTreeSet<String>, off: impl IntoIterator<Item = &'a String>) -> String {
    let on_lines: String = on.iter().map(|name| format!("CONFIG_{name}=y\n")).collect();
    let off = off.into_iter().filter(|name| !on.contains(*name));
    on_lines + &off.map(|name| format!("# CONFIG_{name} is not set\n")).collect::<String>()
}

/// Checks that all of `on` are on in the configuration `text`, and none of `off`.
///
/// # Errors
/// They are not: an option needs another one, or does not exist.
pub fn check<'a>(text: &str, on: &BTreeSet<String>, off: impl IntoIterator<Item = &'a String>) -> Result<()> {
    let set: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("CONFIG_")?.strip_suffix("=y")).collect();
    let missing: Vec<&str> = on.iter().map(String::as_str).filter(|name| !set.contains(name)).collect();
    let off = off.into_iter().filter(|name| !on.contains(*name));
    let extra: Vec<&str> = off.map(String::as_str).filter(|name| set.contains(name)).collect();
    if missing.is_empty() && extra.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!(
        "its configuration differs from what was asked for: off: {}; on: {}",
        missing.join(" "),
        extra.join(" ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn options_and_applets_are_found() {
        let mut options = Options::default();
        options.parse(
            "//config:config LS\n//config:\tbool \"ls\"\n//config:config WIDTH\n//config:\tint \"w\"\n",
        );
        options.parse("//applet:IF_LS(APPLET_NOEXEC(ls, ls, BB_DIR_BIN, SUID, ls))\n");
        options.parse("config CAT\n  bool \"cat\"\nUSE_CAT(NEWTOY(cat, \"uvte\", TOYFLAG_BIN))\n");
        options.parse("USE_CAT(OLDTOY(catv, cat, TOYFLAG_BIN))\n");
        assert_eq!(options.switches, set(&["CAT", "LS"]));
        let (on, lacking) = options.of_applets(&["ls".into(), "catv".into(), "depmod".into()]);
        assert_eq!((on, lacking), (set(&["CAT", "LS"]), vec!["depmod".to_string()]));
    }

    #[test]
    fn choices_name_everything() {
        let text = choice(&set(&["B"]), &set(&["A", "B"]));
        assert_eq!(text, "CONFIG_B=y\n# CONFIG_A is not set\n");
        check("CONFIG_B=y\nCONFIG_C=7\n", &set(&["B"]), &set(&["A", "B"])).unwrap();
        let why = check("CONFIG_A=y\n", &set(&["B"]), &set(&["A"])).unwrap_err().to_string();
        assert!(why.contains("off: B; on: A"), "{why}");
    }
}
