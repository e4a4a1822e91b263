//! The applet table of `README.md`, made from the applets' declarations.

use crate::applets::Catalogue;
use crate::cache::write_atomically;
use crate::error::{Context, Error, Result};
use crate::project::Project;
use std::fs;
use std::path::PathBuf;

const BEGIN: &str = "<!-- applets: made from the declarations -->\n";
const END: &str = "<!-- end of applets -->\n";

/// Writes the table anew.
///
/// # Errors
/// A file cannot be read or written, or the README has lost the table's place.
pub fn write(project: &Project) -> Result<()> {
    let (file, old, new) = both(project)?;
    if old != new {
        write_atomically(&file, new.as_bytes(), 0o644)?;
    }
    Ok(())
}

/// Checks that the table is that of the declarations.
///
/// # Errors
/// It is not, or as [`write()`].
pub fn check(project: &Project) -> Result<()> {
    let (file, old, new) = both(project)?;
    if old == new {
        return Ok(());
    }
    Err(Error::new(format!("{}: its applet table is not that of the declarations", file.display()))
        .fix("run `cargo rootfs readme`"))
}

fn both(project: &Project) -> Result<(PathBuf, String, String)> {
    let file = project.root().join("README.md");
    let old = fs::read_to_string(&file).context(file.display())?;
    let table = table(&Catalogue::load(project)?);
    let new = replaced(&old, &table).ok_or_else(|| {
        Error::new(format!("{}: no place for the applet table", file.display())).fix(format!(
            "put the lines `{}` and `{}` where it belongs",
            BEGIN.trim(),
            END.trim()
        ))
    })?;
    Ok((file, old, new))
}

fn replaced(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{table}{END}{after}"))
}

fn table(catalogue: &Catalogue) -> String {
    let mut out = String::from("| applet | what it does | link in |\n|---|---|---|\n");
    for (names, usage, dir) in catalogue.described() {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        out += &format!("| {} | {} | {dir} |\n", names.join(", "), purpose(usage).replace('|', "\\|"));
    }
    out
}

/// The first paragraph behind the synopsis, up to its first full stop or semicolon.
fn purpose(usage: &str) -> String {
    let lines = usage.lines().skip_while(|line| !line.is_empty()).skip_while(|line| line.is_empty());
    let lines: Vec<&str> = lines.take_while(|line| !line.is_empty() && !line.starts_with("  ")).collect();
    let text = lines.join(" ");
    let end = [". ", "; "].iter().filter_map(|stop| text.find(stop)).min();
    end.map_or(text.trim_end_matches(['.', ':']), |end| &text[..end]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purpose_is_the_first_sentence() {
        assert_eq!(purpose("[FILE]\n\nList FILEs; . if there is none.\n"), "List FILEs");
        assert_eq!(
            purpose("[-a] [FILE]...\n\nWrite the\nFILEs out. Or not.\n\n    -a  All\n"),
            "Write the FILEs out"
        );
        assert_eq!(purpose("\n\nDo nothing, well.\n"), "Do nothing, well");
    }

    #[test]
    fn only_the_table_is_replaced() {
        let text = format!("a\n{BEGIN}old\n{END}b\n");
        assert_eq!(replaced(&text, "new\n").unwrap(), format!("a\n{BEGIN}new\n{END}b\n"));
        assert_eq!(replaced("a\n", "new\n"), None);
    }
}
