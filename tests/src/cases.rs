//! Scripts of `tests/*_cases.txt`.

/// Script, expected output, expected status.
pub type Case = (&'static str, &'static str, i32);

fn read(all: &'static str) -> Vec<Case> {
    let sections = all.split("=== ").skip(1);
    let read = |section: &'static str| {
        let (status, rest) = section.split_once('\n')?;
        let (script, out) = rest.split_once("---\n")?;
        Some((script, out, status.parse().ok()?))
    };
    sections.map(|s| read(s).unwrap_or_else(|| panic!("not a case: {s}"))).collect()
}

/// Those about the shell's language.
pub fn cases() -> Vec<Case> {
    read(include_str!("../tests/shell_cases.txt"))
}

/// Those about applets.
pub fn applet_cases() -> Vec<Case> {
    read(include_str!("../tests/applet_cases.txt"))
}

/// Those about applets where there is no MMU, and a small kernel.
pub fn applet_cases_without_mmu() -> Vec<Case> {
    read(include_str!("../tests/applet_nommu_cases.txt"))
}
