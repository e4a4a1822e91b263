//! The option spec that a usage text stands for.

use crate::Decl;

impl Decl {
    /// The option spec (`sys::opts`) that the option lines of the usage text stand for. An option line is
    /// indented by four blanks (six where only a long form follows) and starts with `-`: `-x`, `-x ARG`,
    /// `-x, --long`, `-x, --long=ARG`, `--long[=ARG]`; two blanks end it.
    ///
    /// # Errors
    /// An option line cannot be read.
    pub fn spec(&self) -> Result<String, String> {
        let mut spec = String::new();
        for line in self.usage.lines().filter(|l| l.starts_with("    ") && l.trim_start().starts_with('-')) {
            let head = line.trim_start().split("  ").next().unwrap_or_default();
            let wrong = || format!("{}: cannot read the option line `{}`", self.file.display(), line.trim());
            let (mut letter, mut long, mut takes) = ('\x01', "", "");
            for form in head.split(", ") {
                if let Some(l) = form.strip_prefix("--") {
                    let end = l.find(['=', '[', ' ']).unwrap_or(l.len());
                    let rest;
                    (long, rest) = l.split_at(end);
                    takes = match rest {
                        "" => takes,
                        r if r.starts_with("[=") => "?",
                        _ => ":",
                    };
                } else {
                    let mut c = form.strip_prefix('-').ok_or_else(wrong)?.chars();
                    letter = c.next().ok_or_else(wrong)?;
                    takes = match c.as_str() {
                        "" => takes,
                        r if r.starts_with(' ') => ":",
                        _ => return Err(wrong()),
                    };
                }
            }
            spec.push(letter);
            spec.push_str(takes);
            if !long.is_empty() {
                spec.push_str(&format!("({long})"));
            }
        }
        for group in self.last_wins.split(' ').filter(|g| !g.is_empty()) {
            spec.push('|');
            spec.push_str(group);
        }
        Ok(spec)
    }
}
