//! The scripts of `tests/shell_cases.txt`.

/// Script, expected output, expected status of every case.
pub fn cases() -> Vec<(&'static str, &'static str, i32)> {
    let all = include_str!("../tests/shell_cases.txt");
    let sections = all.split("=== ").skip(1);
    let read = |section: &'static str| {
        let (status, rest) = section.split_once('\n')?;
        let (script, out) = rest.split_once("---\n")?;
        Some((script, out, status.parse().ok()?))
    };
    sections.map(|s| read(s).unwrap_or_else(|| panic!("not a case: {s}"))).collect()
}
