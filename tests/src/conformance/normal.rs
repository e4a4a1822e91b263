//! What two shells may say differently: the wording of a diagnostic.
//!
//! A diagnostic is a line that begins with the name of the shell or of its script (`ash: `, `hush: `,
//! `sh: `, `bash: `, `dash: `, `toybox: `, `SHELL: `, `./NAME.tests: `, a path that ends in one of these)
//! and a text behind it, the number of a line before the text or not (`line 3: `, `3: `), or one that
//! names a line of its script (`0: shift: line 0: `). What ash says of wrong options without naming itself
//! is one, too: `Illegal option -x`, `No arg for -x option`, `unset: invalid option -- x`.
//!
//! A diagnostic becomes the one word `diagnostic`, so that its place in the output and the fact that there
//! is one still count. Nothing else changes: what a script itself prints, statuses among it, is compared to
//! the letter.

/// Names under which shells speak.
const SPEAKERS: &[&str] = &["ash", "hush", "sh", "bash", "dash", "busybox", "toybox", "mote", "SHELL"];

/// `output` with each diagnostic replaced.
pub fn normalise(output: &[u8]) -> Vec<u8> {
    let mut normal = Vec::with_capacity(output.len());
    for line in output.split_inclusive(|byte| *byte == b'\n') {
        if is_diagnostic(line) {
            normal.extend(b"diagnostic\n");
        } else {
            normal.extend(line);
        }
    }
    normal
}

/// What hush_test's `run-all` does to the output of a case: the quotes go from lines about wrong options.
pub fn of_hush(output: &[u8]) -> Vec<u8> {
    let lines = output.split_inclusive(|byte| *byte == b'\n').map(|line| match () {
        () if holds(line, b": invalid option ") => {
            line.iter().filter(|byte| **byte != b'\'').copied().collect()
        }
        () => line.to_vec(),
    });
    lines.collect::<Vec<_>>().concat()
}

fn holds(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}

fn names_a_line(line: &[u8]) -> bool {
    const BEFORE: &[u8] = b": line ";
    line.windows(BEFORE.len()).enumerate().any(|(at, window)| {
        let rest = &line[at + BEFORE.len()..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        window == BEFORE && digits > 0 && rest[digits..].starts_with(b": ")
    })
}

fn is_diagnostic(line: &[u8]) -> bool {
    if line.starts_with(b"Illegal option -")
        || line.starts_with(b"No arg for -")
        || holds(line, b": invalid option -- ")
    {
        return true;
    }
    if names_a_line(line) {
        return true;
    }
    let Some(end) = line.windows(2).position(|pair| pair == b": ") else { return false };
    let (speaker, text) = (&line[..end], &line[end + 2..]);
    if text.trim_ascii().is_empty() {
        return false;
    }
    let name = speaker.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let script = name != speaker && (name.ends_with(b".tests") || name.ends_with(b".sh"));
    script || SPEAKERS.iter().any(|speaker| speaker.as_bytes() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_go_as_in_run_all() {
        let before = b"it's\nunset: invalid option -- 'm'\n";
        assert_eq!(of_hush(before), b"it's\nunset: invalid option -- m\n");
        assert_eq!(normalise(&of_hush(before)), b"it's\ndiagnostic\n");
        assert_eq!(normalise(b"Illegal option -x\n"), b"diagnostic\n");
    }

    #[test]
    fn only_diagnostics_change() {
        let before =
            b"Done: 0\nash: 1: x: not found\n./a.tests: line 3: x: command not found\nhush: \nsh: a\n";
        let after = b"Done: 0\ndiagnostic\ndiagnostic\nhush: \ndiagnostic\n";
        assert_eq!(normalise(before), after);
        assert_eq!(normalise(b"0: shift: line 0: x\nx: line up: y\n"), b"diagnostic\nx: line up: y\n");
        assert_eq!(normalise(b"a.tests: x\nbash's: y\nno end"), b"a.tests: x\nbash's: y\nno end");
        assert_eq!(normalise(b"/tmp/bin/hush: can't open 'x'\n"), b"diagnostic\n");
    }
}
