//! The reader of `tests/applets/NAME.txt`.

use super::{Case, FaultLine, Machine, Named, Spec};
use build_rootfs::error::{nearest, Error, Result};
use std::collections::BTreeSet;
use std::path::Path;

/// Tags of a case, and those of a fault line.
const CASE_TAGS: &[&str] = &["root", "only", "not"];
const FAULT_TAGS: &[&str] = &["faults", "folder", "scene", "keeps", "also", "input"];

/// A section: the lines from `=== NAME` to the next one, and the number of the first.
struct Section<'a> {
    name: &'a str,
    line: usize,
    tags: Vec<Tag<'a>>,
    /// What follows the tags, and the number of its first line.
    body: (usize, Vec<&'a str>),
}

/// `@WORD ARGUMENT: REASON`.
#[derive(Clone, Copy)]
struct Tag<'a> {
    word: &'a str,
    argument: &'a str,
    reason: &'a str,
    line: usize,
}

pub(super) fn mistake(
    file: &Path,
    line: usize,
    cause: impl std::fmt::Display,
    fix: impl Into<String>,
) -> Error {
    Error::new(format!("{}:{line}: {cause}", file.display())).fix(fix)
}

/// What the text of `file` says.
pub(super) fn read(file: &Path, text: &str) -> Result<Spec> {
    let applet = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let reader = Reader { file, applet: &applet };
    let (head, sections) = reader.sections(text)?;
    let (mut cases, mut faults) = (Vec::new(), Vec::new());
    for section in &sections {
        match section.tags.iter().any(|tag| tag.word == "faults") {
            true => faults.push(reader.fault_line(section)?),
            false => cases.push(reader.case(section)?),
        }
    }
    let no_faults = reader.no_faults(&head, &faults)?;
    Ok(Spec { applet, file: file.to_path_buf(), cases, faults, no_faults })
}

struct Reader<'a> {
    file: &'a Path,
    applet: &'a str,
}

impl Reader<'_> {
    fn wrong<T>(&self, line: usize, cause: impl std::fmt::Display, fix: impl Into<String>) -> Result<T> {
        Err(mistake(self.file, line, cause, fix))
    }

    /// The tags before the first section, and the sections.
    fn sections<'a>(&self, text: &'a str) -> Result<(Vec<Tag<'a>>, Vec<Section<'a>>)> {
        let (mut head, mut sections, mut names) = (Vec::new(), Vec::<Section>::new(), BTreeSet::new());
        for (line, text) in (1..).zip(text.lines()) {
            if let Some(name) = text.strip_prefix("===") {
                let name = name.trim();
                let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
                if name.is_empty() || !name.bytes().all(good) {
                    return self.wrong(
                        line,
                        format!("`{name}` is not a name"),
                        "write `=== NAME` with small letters, digits and `_`, such as `=== numbers_lines`",
                    );
                }
                if !names.insert(name) {
                    return self.wrong(line, format!("a second `{name}`"), "give each a name of its own");
                }
                sections.push(Section { name, line, tags: Vec::new(), body: (line + 1, Vec::new()) });
            } else if let Some(section) = sections.last_mut() {
                match text.strip_prefix('@').filter(|_| section.body.1.is_empty()) {
                    Some(tag) => {
                        section.tags.push(tag_of(tag, line));
                        section.body.0 = line + 1;
                    }
                    None => section.body.1.push(text),
                }
            } else if let Some(tag) = text.strip_prefix('@') {
                head.push(tag_of(tag, line));
            } else if !text.is_empty() && !text.starts_with('#') {
                return self.wrong(
                    line,
                    "text before the first `=== NAME`",
                    "begin the line with `#` if it is a comment, or put `=== NAME` before it",
                );
            }
        }
        Ok((head, sections))
    }

    fn no_faults(&self, head: &[Tag], faults: &[FaultLine]) -> Result<Option<String>> {
        let mut why = None;
        for tag in head {
            if (tag.word, tag.argument) != ("faults", "none") {
                return self.wrong(
                    tag.line,
                    format!("`@{}` before the first `=== NAME`", tag.word),
                    "only `@faults none: WHY` stands there",
                );
            }
            self.reason(tag)?;
            if let Some(line) = faults.first() {
                return self.wrong(
                    line.line,
                    format!("a fault line, though line {} says that there are none", tag.line),
                    "remove one of them",
                );
            }
            why = Some(tag.reason.to_string());
        }
        Ok(why)
    }

    /// Refuses tags that are unknown here, or that stand twice.
    fn known(&self, section: &Section, known: &[&str]) -> Result<()> {
        for (n, tag) in section.tags.iter().enumerate() {
            if !known.contains(&tag.word) {
                let near = nearest(tag.word, known.iter().copied());
                let hint = near.map(|near| format!("did you mean `@{near}`? ")).unwrap_or_default();
                let all: Vec<String> = known.iter().map(|word| format!("@{word}")).collect();
                return self.wrong(
                    tag.line,
                    format!("unknown tag `@{}`", tag.word),
                    format!("{hint}Known here: {}", all.join(", ")),
                );
            }
            if section.tags[..n].iter().any(|other| other.word == tag.word) {
                let cause = format!("a second `@{}`", tag.word);
                return self.wrong(tag.line, cause, "write all in one line, with commas between");
            }
        }
        Ok(())
    }

    fn reason(&self, tag: &Tag) -> Result<()> {
        match tag.reason.is_empty() {
            true => self.wrong(
                tag.line,
                format!("`@{} {}` without a reason", tag.word, tag.argument),
                format!("say why: `@{} {}: WHY`", tag.word, tag.argument),
            ),
            false => Ok(()),
        }
    }

    fn case(&self, section: &Section) -> Result<Case> {
        self.known(section, CASE_TAGS)?;
        let (first, body) = &section.body;
        let Some(at) = body.iter().position(|line| *line == "---" || line.starts_with("--- ")) else {
            return self.wrong(
                section.line,
                format!("the case `{}` has no line `---`", section.name),
                "put `---` between the script and what it prints, or `--- 2` if its status is 2; \
                 a fault line has `@faults`",
            );
        };
        let status = match body[at][3..].trim() {
            "" => 0,
            number => match number.parse::<u8>() {
                Ok(number) => i32::from(number),
                Err(_) => {
                    let cause = format!("`{number}` is not an exit status");
                    return self.wrong(first + at, cause, "write a number up to 255, or nothing for 0");
                }
            },
        };
        let lines = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let script = lines(&body[..at]);
        if script.trim().is_empty() {
            return self.wrong(section.line, "a case without a script", "write it before `---`");
        }
        // The empty lines before the next section are for the eye.
        let end = body.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        Ok(Case {
            name: format!("{}::{}", self.applet, section.name),
            script,
            output: lines(&body[at + 1..end.max(at + 1)]),
            status,
            root: section.tags.iter().any(|tag| tag.word == "root"),
            machines: self.machines(section)?,
            line: section.line,
        })
    }

    fn machines(&self, section: &Section) -> Result<Vec<Machine>> {
        let mut machines = Machine::ALL.to_vec();
        for tag in section.tags.iter().filter(|tag| tag.word != "root") {
            self.reason(tag)?;
            let mut meant = Vec::new();
            for word in tag.argument.split(',').map(str::trim) {
                match Machine::named(word) {
                    Some(machines) => meant.extend(machines),
                    None => {
                        let all: Vec<&str> = Machine::words().collect();
                        let near = nearest(word, all.iter().copied());
                        let hint = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
                        let fix = format!("{hint}Machines: {}", all.join(", "));
                        return self.wrong(tag.line, format!("unknown machine `{word}`"), fix);
                    }
                }
            }
            machines.retain(|machine| meant.contains(machine) == (tag.word == "only"));
        }
        match machines.is_empty() {
            true => self.wrong(section.line, "a case that runs nowhere", "let a machine be left by its tags"),
            false => Ok(machines),
        }
    }

    fn fault_line(&self, section: &Section) -> Result<FaultLine> {
        self.known(section, FAULT_TAGS)?;
        let (first, body) = &section.body;
        let mut lines = (*first..).zip(body).filter(|(_, text)| !text.is_empty());
        let Some((_, words)) = lines.next() else {
            return self.wrong(section.line, "a fault line without a command", "write it below the tags");
        };
        if let Some((line, _)) = lines.next() {
            return self.wrong(
                line,
                "a fault line has one line, the command",
                "give each command a section of its own; a script cannot stand here",
            );
        }
        if words.split(' ').next() != Some(self.applet) {
            let fix =
                format!("write `{} ARGUMENT…`: words with a blank between, no shell runs them", self.applet);
            return self.wrong(*first, format!("`{words}` does not run {}", self.applet), fix);
        }
        let mut names = Vec::new();
        for tag in &section.tags {
            let bare = tag.word == "faults";
            if bare != tag.argument.is_empty() || !tag.reason.is_empty() {
                let fix = if bare { "write `@faults` alone" } else { "write one name behind it" };
                return self.wrong(tag.line, format!("`@{}` with `{}`", tag.word, tag.argument), fix);
            }
            // Only `@also` takes several.
            let all: Vec<&str> = match tag.word {
                "also" => tag.argument.split(',').map(str::trim).collect(),
                _ => vec![tag.argument],
            };
            names.extend(all.iter().map(|name| (tag.word, Named { name: name.to_string(), line: tag.line })));
        }
        let all_of = |word: &str| -> Vec<Named> {
            names.iter().filter(|(tag, _)| *tag == word).map(|(_, named)| named.clone()).collect()
        };
        Ok(FaultLine {
            name: section.name.to_string(),
            words: words.to_string(),
            kinds: all_of("also"),
            folder: all_of("folder").pop(),
            scene: all_of("scene").pop(),
            keeps: all_of("keeps").pop(),
            input: all_of("input").pop().map(|named| named.name),
            line: section.line,
        })
    }
}

/// The parts of a tag, without its `@`.
fn tag_of(text: &str, line: usize) -> Tag<'_> {
    let (text, reason) = text.split_once(':').unwrap_or((text, ""));
    let (word, argument) = text.split_once(' ').unwrap_or((text, ""));
    Tag { word: word.trim(), argument: argument.trim(), reason: reason.trim(), line }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Result<Spec> {
        read(Path::new("cat.txt"), text)
    }

    #[test]
    fn a_case_has_a_name_a_script_and_what_it_prints() {
        let spec = spec(
            "# About cat.\n\n=== reads\ncat a\ncat b\n---\none\n\ntwo\n\n=== fails\ncat no\n--- 1\ncat: no\n",
        );
        let spec = spec.unwrap();
        let [reads, fails] = &spec.cases[..] else { panic!("{spec:?}") };
        assert_eq!((reads.name.as_str(), reads.script.as_str()), ("cat::reads", "cat a\ncat b\n"));
        assert_eq!((reads.output.as_str(), reads.status, reads.line), ("one\n\ntwo\n", 0, 3));
        assert_eq!((fails.output.as_str(), fails.status), ("cat: no\n", 1));
        assert_eq!(reads.machines, Machine::ALL);
        assert!(reads.differs(b"one\n\ntwo\n", Some(0)).is_none());
        assert!(reads.differs(b"one\n\ntwo\n", Some(1)).unwrap().contains("got: 1"));
        assert!(reads.differs(b"one\n", Some(0)).is_some() && reads.differs(b"one\n\ntwo\n", None).is_some());
    }

    #[test]
    fn a_case_may_print_nothing() {
        for text in ["=== a\ntrue\n---\n", "=== a\ntrue\n---\n\n\n", "=== a\ntrue\n---\n\n=== b\ntrue\n---\n"]
        {
            assert_eq!(spec(text).unwrap().cases[0].output, "");
        }
    }

    #[test]
    fn tags_say_where_a_case_runs() {
        let text = "=== a\n@root\n@only mmu: fork\n@not armv5te, qemu-user: too slow\n@echo x\n---\n";
        assert!(spec(text).unwrap_err().to_string().contains("cat.txt:5: unknown tag `@echo`"));
        let case = spec(&text.replace("@echo", "echo")).unwrap().cases.remove(0);
        assert_eq!(
            (case.root, case.machines, case.script),
            (true, vec![Machine::Native, Machine::Lean], "echo x\n".into())
        );
    }

    #[test]
    fn a_fault_line_names_what_it_finds_and_what_is_left() {
        let text =
            "=== x\n@faults\n@folder files\n@keeps bystander\n@also kills, short_writes\ncat one two\n\n";
        let line = spec(text).unwrap().faults.remove(0);
        let named = |name: &str, line| Named { name: name.into(), line };
        assert_eq!((line.name.as_str(), line.words.as_str(), line.line), ("x", "cat one two", 1));
        assert_eq!((line.folder, line.keeps), (Some(named("files", 3)), Some(named("bystander", 4))));
        assert_eq!((line.kinds, line.scene), (vec![named("kills", 5), named("short_writes", 5)], None));
    }

    #[test]
    fn an_applet_without_fault_lines_says_why() {
        let spec = |text| spec(text).map(|spec| spec.no_faults);
        assert_eq!(spec("@faults none: it prints: no more\n").unwrap().unwrap(), "it prints: no more");
        assert_eq!(spec("=== a\n:\n---\n").unwrap(), None);
    }

    #[test]
    fn mistakes_have_line_cause_and_fix() {
        for (text, cause, fix) in [
            ("echo\n", ":1: text before the first", "`#`"),
            ("\n=== two words\n", ":2: `two words` is not a name", "such as"),
            ("=== a\n:\n---\n=== a\n", ":4: a second `a`", "of its own"),
            ("=== a\necho x\nx\n", ":1: the case `a` has no line `---`", "`--- 2`"),
            ("=== a\n:\n--- no\n", ":3: `no` is not an exit status", "up to 255"),
            ("=== a\n@rot\n:\n---\n", ":2: unknown tag `@rot`", "did you mean `@root`?"),
            ("=== a\n@root\n@root\n:\n---\n", ":3: a second `@root`", "one line"),
            ("=== a\n@only native\n:\n---\n", ":2: `@only native` without a reason", "@only native: WHY"),
            ("=== a\n@not armv5: x\n:\n---\n", ":2: unknown machine `armv5`", "did you mean `armv5te`?"),
            ("=== a\n@only native: x\n@not host: y\n:\n---\n", ":1: a case that runs nowhere", "machine"),
            ("=== a\n---\n", ":1: a case without a script", "before `---`"),
            ("=== a\n@faults\n", ":1: a fault line without a command", "below the tags"),
            ("=== a\n@faults\ncat\n---\n", ":4: a fault line has one line", "section of its own"),
            ("=== a\n@faults\nls\n", ":3: `ls` does not run cat", "`cat ARGUMENT…`"),
            ("=== a\n@faults files\ncat\n", ":2: `@faults` with `files`", "alone"),
            ("=== a\n@faults\n@folder\ncat\n", ":3: `@folder` with ``", "one name"),
            ("@faults none\n", ":1: `@faults none` without a reason", "WHY"),
            ("@root\n", ":1: `@root` before the first", "@faults none: WHY"),
            ("@faults none: x\n=== a\n@faults\ncat\n", ":2: a fault line, though line 1", "remove one"),
        ] {
            let told = spec(text).expect_err(text).to_string();
            assert!(told.contains(&format!("cat.txt{cause}")) && told.contains(fix), "{text}{told}");
        }
    }
}
