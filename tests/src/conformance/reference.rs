//! What can be expected of a suite: the cases that the implementation passes which it was written for, in
//! `tests/references/`. `cargo rootfs compare --references` writes them, see [`super::renew`].

use build_rootfs::error::{Context, Error, Result};
use build_rootfs::peers::{Peer, BUSYBOX, TOYBOX};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// A suite, its name the file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suite {
    /// BusyBox's `shell/ash_test`.
    Ash,
    /// BusyBox's `shell/hush_test`.
    Hush,
    /// BusyBox's `testsuite`, of applets.
    BusyBox,
    /// Toybox's `tests`, of applets.
    Toybox,
}

/// Who runs a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum User {
    /// Root; everybody in a guest is.
    Root,
    /// Anybody else.
    Other,
}

/// Who passes a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Users {
    /// Everybody.
    All,
    /// Only this one.
    Only(User),
}

/// Behind the name of a case that not everybody passes.
const MARKS: [(&str, User); 2] = [("  [root]", User::Root), ("  [user]", User::Other)];

impl User {
    /// Who we are.
    pub fn me() -> User {
        if rustix::process::geteuid().is_root() {
            User::Root
        } else {
            User::Other
        }
    }
}

impl Suite {
    /// All of them.
    pub const ALL: [Suite; 4] = [Suite::Ash, Suite::Hush, Suite::BusyBox, Suite::Toybox];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Suite::Ash => "ash_test",
            Suite::Hush => "hush_test",
            Suite::BusyBox => "busybox",
            Suite::Toybox => "toybox",
        }
    }

    /// Whose it is.
    pub fn peer(self) -> Peer {
        if self == Suite::Toybox {
            TOYBOX
        } else {
            BUSYBOX
        }
    }

    fn file(self) -> PathBuf {
        crate::project().root().join("tests/references").join(self.name()).with_extension("txt")
    }

    /// The cases that `user` passes by the suite's own implementation.
    ///
    /// # Errors
    /// The file cannot be read, or is of another release of the peer.
    pub fn expected(self, user: User) -> Result<BTreeSet<String>> {
        let file = self.file();
        let text = fs::read_to_string(&file).context(file.display())?;
        if !text.contains(self.peer().sha256) {
            let why = format!("{}: not of {}", file.display(), self.peer().archive);
            return Err(Error::new(why).fix("cargo rootfs compare --references"));
        }
        let cases = read(&text).into_iter();
        Ok(cases.filter(|(_, users)| users.have(user)).map(|(case, _)| case.to_string()).collect())
    }

    /// Those of the cases that are about one of `applets`.
    ///
    /// # Errors
    /// As [`Suite::expected`].
    pub fn expected_of(self, applets: &[String], user: User) -> Result<BTreeSet<String>> {
        let mut cases = self.expected(user)?;
        cases.retain(|case| applets.iter().any(|applet| is_of(case, applet)));
        Ok(cases)
    }

    /// Writes what everybody passes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(self, cases: &BTreeMap<String, Users>) -> Result<()> {
        let file = self.file();
        if let Some(dir) = file.parent() {
            fs::create_dir_all(dir).context(dir.display())?;
        }
        fs::write(&file, self.text(cases)).context(file.display())
    }

    fn text(self, cases: &BTreeMap<String, Users>) -> String {
        let (name, peer) = (self.name(), self.peer());
        let but = if self == Suite::Toybox { "; of sh.test, what bash passes" } else { "" };
        let mut text = format!(
            "# Cases of {name} that {} {} passes each time{but}.\n# {}, SHA-256 {}.\n\
             # [root]: only as root; [user]: only as another user.\n\
             # Written by `cargo rootfs compare --references`.\n",
            peer.package,
            peer.version(),
            peer.archive,
            peer.sha256
        );
        for (case, users) in cases {
            let mark =
                MARKS.iter().find(|(_, user)| *users == Users::Only(*user)).map_or("", |(mark, _)| mark);
            writeln!(text, "{case}{mark}").expect("a string");
        }
        text
    }
}

impl Users {
    fn have(self, user: User) -> bool {
        self == Users::All || self == Users::Only(user)
    }
}

/// Whether `case` of a suite of applets is about `applet`: a script in a folder of its name (`cat/cat-prints-a-file`), or
/// part of a script of its name (`cat.tests: …`, `cat.test: …`).
fn is_of(case: &str, applet: &str) -> bool {
    let rest = case.strip_prefix(applet).unwrap_or_default();
    ["/", ".tests: ", ".test: "].iter().any(|next| rest.starts_with(next))
}

fn read(text: &str) -> BTreeMap<&str, Users> {
    let line = |line| {
        let marked = MARKS.iter().find_map(|(mark, user)| Some((str::strip_suffix(line, *mark)?, *user)));
        marked.map_or((line, Users::All), |(case, user)| (case, Users::Only(user)))
    };
    text.lines().filter(|line| !line.starts_with('#')).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let cases = [("a", Users::All), ("b: c", Users::Only(User::Root)), ("d", Users::Only(User::Other))];
        let owned = cases.iter().map(|(case, users)| (case.to_string(), *users)).collect();
        let text = Suite::BusyBox.text(&owned);
        assert!(text.contains("\nb: c  [root]\n") && text.contains(BUSYBOX.sha256), "{text}");
        assert_eq!(read(&text), cases.into());
    }

    #[test]
    fn cases_belong_to_applets() {
        assert!(is_of("ls/ls-1-works", "ls") && is_of("ls.tests: x", "ls") && is_of("ls.test: x", "ls"));
        assert!(!is_of("lsattr.test: x", "ls") && !is_of("ls", "ls"));
    }

    #[test]
    fn files_are_of_the_releases_and_sorted() {
        for suite in Suite::ALL {
            let all = fs::read_to_string(suite.file()).unwrap();
            let cases = read(&all);
            let written: Vec<&str> = all.lines().filter(|line| !line.starts_with('#')).collect();
            assert_eq!(cases.len(), written.len(), "{}: a case stands twice", suite.name());
            let owned = cases.into_iter().map(|(case, users)| (case.to_string(), users)).collect();
            assert!(suite.text(&owned) == all, "{}: not as the command writes it", suite.name());
            assert!(suite.expected(User::Root).unwrap().len() > 100);
        }
    }
}
