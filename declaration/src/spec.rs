//! The options that a usage text declares.

use crate::{Decl, OPTIONS, SLOTS};

/// An option.
pub(crate) struct Opt<'d> {
    /// `\x01` when it has only a long name.
    letter: char,
    /// Empty when it has only a letter.
    long: &'d str,
    /// `:` when it takes an argument, `?` when its long form may take one.
    takes: &'static str,
}

impl Decl {
    /// The options that the option lines of the usage text stand for. An option line is indented by four blanks (six
    /// where only a long form follows) and starts with `-`: `-x`, `-x ARG`, `-x, --long`, `-x, --long=ARG`,
    /// `--long[=ARG]`; two blanks end it.
    pub(crate) fn options(&self) -> Result<Vec<Opt<'_>>, String> {
        let lines = self.usage.lines().filter(|l| l.starts_with("    ") && l.trim_start().starts_with('-'));
        let options: Vec<Opt> = lines.map(|line| self.option(line)).collect::<Result<_, _>>()?;
        let wrong = |what: String| Err(format!("{}: {what}", self.file.display()));
        let slots = options.iter().filter(|o| !o.takes.is_empty()).count();
        if options.len() > OPTIONS {
            return wrong(format!("{} options; {OPTIONS} are possible", options.len()));
        }
        if slots > SLOTS {
            return wrong(format!("{slots} options with arguments; {SLOTS} are possible"));
        }
        for number in &self.numbers {
            if slot(&options, &number.option).is_none() {
                return wrong(format!("numbers: `{}` is no option with an argument", number.option));
            }
        }
        Ok(options)
    }

    fn option<'d>(&self, line: &'d str) -> Result<Opt<'d>, String> {
        let wrong = || format!("{}: cannot read the option line `{}`", self.file.display(), line.trim());
        let head = line.trim_start().split("  ").next().unwrap_or_default();
        let mut option = Opt { letter: '\x01', long: "", takes: "" };
        for form in head.split(", ") {
            if let Some(l) = form.strip_prefix("--") {
                let end = l.find(['=', '[', ' ']).unwrap_or(l.len());
                let rest;
                (option.long, rest) = l.split_at(end);
                option.takes = match rest {
                    "" => option.takes,
                    r if r.starts_with("[=") => "?",
                    _ => ":",
                };
            } else {
                let mut c = form.strip_prefix('-').ok_or_else(wrong)?.chars();
                option.letter = c.next().ok_or_else(wrong)?;
                option.takes = match c.as_str() {
                    "" => option.takes,
                    r if r.starts_with(' ') => ":",
                    _ => return Err(wrong()),
                };
            }
        }
        Ok(option)
    }

    /// The option spec (`sys::opts`).
    ///
    /// # Errors
    /// An option line cannot be read.
    pub fn spec(&self) -> Result<String, String> {
        let mut spec = String::new();
        for option in self.options()? {
            spec.push(option.letter);
            spec.push_str(option.takes);
            if !option.long.is_empty() {
                spec.push_str(&format!("({})", option.long));
            }
        }
        for group in self.last_wins.split(' ').filter(|g| !g.is_empty()) {
            spec.push('|');
            spec.push_str(group);
        }
        Ok(spec)
    }

    /// The place of an option (a letter or `--long`) among those that take an argument.
    ///
    /// # Errors
    /// An option line cannot be read.
    pub fn slot(&self, name: &str) -> Result<usize, String> {
        Ok(slot(&self.options()?, name).unwrap_or_default())
    }
}

fn slot(options: &[Opt], name: &str) -> Option<usize> {
    let mut slots = options.iter().filter(|o| !o.takes.is_empty());
    slots.position(|o| match name.strip_prefix("--") {
        Some(long) => o.long == long,
        None => name.chars().eq([o.letter]),
    })
}
