//! What the documentation says about applets: README's table and `docs/applets.md`.

use crate::{Decl, ANY};
use std::fmt::Write;

const TABLE_START: &str = "<!-- applets: made from the declarations -->\n";
const TABLE_END: &str = "<!-- end of applets -->\n";
const DIFFERENCES: &str = "Differences from BusyBox: ";

/// `readme` with the table of applets as declared: name, synopsis, first sentence. `None` without the marks of the
/// table.
pub fn readme(readme: &str, all: &[Decl]) -> Option<String> {
    let (head, rest) = readme.split_once(TABLE_START)?;
    let (_, tail) = rest.split_once(TABLE_END)?;
    let mut text = format!("{head}{TABLE_START}| applet | arguments | what it does |\n|---|---|---|\n");
    for decl in all {
        let synopsis = decl.usage.lines().next().unwrap_or_default();
        let cell = |s: &str| s.replace('|', "\\|").replace('<', "&lt;");
        let synopsis = synopsis.replace('|', "\\|");
        let _ = writeln!(text, "| {} | `{synopsis}` | {} |", names(decl), cell(&sentence(decl)));
    }
    Some(text + TABLE_END + tail)
}

/// The page of all applets, by field.
///
/// # Errors
/// An applet's file does not name its sources.
pub fn applets(all: &[Decl]) -> Result<String, String> {
    let mut text = String::from(
        "# Applets\n\nThis page is made from the declarations in `applets/src/` by `MOTE_UPDATE=1 cargo rootfs test \
         readme`. Under each\napplet stands what its `--help` prints, where its link goes, the sources that it follows, and \
         its differences from\nBusyBox where they are known.\n",
    );
    let mut fields: Vec<String> = all.iter().map(field).collect();
    fields.sort();
    fields.dedup();
    for name in fields {
        let _ = writeln!(text, "\n## {name}");
        for decl in all.iter().filter(|decl| field(decl) == name) {
            let usage = decl.usage.trim_end();
            let links: Vec<String> = decl.names.iter().map(|name| format!("`{}/{name}`", decl.dir)).collect();
            let _ = writeln!(text, "\n### {}\n\n```text\nUsage: {} {usage}\n```\n", names(decl), decl.name());
            let _ = writeln!(text, "- Link: {}", links.join(", "));
            if let Some(operands) = operands(decl) {
                let _ = writeln!(text, "- Operands: {operands}");
            }
            if decl.usage_status != 1 {
                let _ = writeln!(text, "- Status of a mistake on the command line: {}", decl.usage_status);
            }
            let _ = writeln!(text, "- Sources: {}", sources(decl)?);
            if let Some(differences) = decl.head.iter().find_map(|p| p.strip_prefix(DIFFERENCES)) {
                let _ = writeln!(text, "- {DIFFERENCES}{differences}");
            }
        }
    }
    Ok(text)
}

fn names(decl: &Decl) -> String {
    format!("`{}`", decl.names.join("`, `"))
}

/// The first sentence behind the synopsis.
fn sentence(decl: &Decl) -> String {
    let text = decl.usage.split_once('\n').map_or("", |(_, text)| text);
    let more = |l: &&str| l.trim_start().starts_with("or:") || l.trim().is_empty();
    let body: Vec<&str> = text.lines().skip_while(more).collect();
    let paragraph = body.split(|l| l.is_empty()).next().unwrap_or_default().join(" ");
    paragraph.split(". ").next().unwrap_or_default().trim_end_matches(['.', ';']).into()
}

/// The folder of the applet's file.
fn field(decl: &Decl) -> String {
    let mut parts = decl.file.iter().skip_while(|part| *part != "src").skip(1);
    parts.next().unwrap_or_default().to_string_lossy().into_owned()
}

fn operands(decl: &Decl) -> Option<String> {
    match decl.operands {
        (0, ANY) => None,
        (0, 0) => Some("none".into()),
        (least, ANY) => Some(format!("{least} or more")),
        (least, most) if least == most => Some(format!("{least}")),
        (least, most) => Some(format!("{least} to {most}")),
    }
}

/// What stands in parentheses in the first paragraph of the file's head.
fn sources(decl: &Decl) -> Result<&str, String> {
    let first = decl.head.first().map_or("", |paragraph| paragraph);
    let inner = first.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
    inner.map(|(inner, _)| inner).ok_or_else(|| {
        format!(
            "{}: the head names no sources\n  fix: begin it with `//! {}: what it does (POSIX.1-2024 {1}; BusyBox \
             FILE).`",
            decl.file.display(),
            decl.name()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::tests::declared;

    fn decl() -> Decl {
        let mut decl = declared("run_parts", "    operands: \"1..2\",\n    usage_status: 2,\n").unwrap();
        decl.file = "/x/applets/src/debianutils/run_parts.rs".into();
        decl.head = vec!["run-parts: run (POSIX; `man 8 run-parts`).".into(), "More.".into()];
        decl.usage = "[-n N] A|B\n   or: run-parts -x\n\nRun the <parts>. Not\nmore.\n".into();
        decl
    }

    #[test]
    fn the_table_of_the_readme_is_replaced() {
        let old = format!("a\n{TABLE_START}old\n{TABLE_END}b\n");
        let row = "| `run-parts` | `[-n N] A\\|B` | Run the &lt;parts> |\n";
        let head = "| applet | arguments | what it does |\n|---|---|---|\n";
        let new = format!("a\n{TABLE_START}{head}{row}{TABLE_END}b\n");
        assert_eq!(readme(&old, &[decl()]), Some(new));
        assert_eq!(readme("a\n", &[decl()]), None);
    }

    #[test]
    fn the_page_has_all_that_is_declared() {
        let mut decl = decl();
        let page = applets(&[decl.clone()]).unwrap();
        let end = "\n## debianutils\n\n### `run-parts`\n\n```text\nUsage: run-parts [-n N] A|B\n   or: run-parts -x\n\n\
                   Run the <parts>. Not\nmore.\n```\n\n- Link: `/bin/run-parts`\n- Operands: 1 to 2\n- Status of a \
                   mistake on the command line: 2\n- Sources: POSIX; `man 8 run-parts`\n";
        assert!(page.ends_with(end), "{page}");
        decl.head.push("Differences from BusyBox: none.".into());
        assert!(applets(&[decl.clone()]).unwrap().ends_with("\n- Differences from BusyBox: none.\n"));
        decl.head.clear();
        assert!(applets(&[decl]).unwrap_err().contains("the head names no sources\n  fix: begin it with"));
    }
}
