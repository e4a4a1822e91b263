//! Scripts of `tests/shell_cases.txt` and `tests/shell_reading_cases.txt`.

/// Script, expected output, expected status.
pub type Case = (&'static str, &'static str, i32);

/// Those about the shell's language.
pub fn cases() -> Vec<Case> {
    let files = [include_str!("../tests/shell_cases.txt"), include_str!("../tests/shell_reading_cases.txt")];
    let sections = files.into_iter().flat_map(|file| file.split("=== ").skip(1));
    let read = |section: &'static str| {
        let (status, rest) = section.split_once('\n')?;
        let (script, out) = rest.split_once("---\n")?;
        Some((script, out, status.parse().ok()?))
    };
    sections.map(|s| read(s).unwrap_or_else(|| panic!("not a case: {s}"))).collect()
}
