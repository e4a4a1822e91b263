//! Downloads source packages with apt, without root and without changing the machine. apt reads the machine's list of
//! sources, rewritten for source packages, and keeps its state in a temporary folder.

use crate::error::{Context, Error, Result};
use crate::process::{command, output, run};
use crate::progress::Step;
use std::fs;
use std::path::{Path, PathBuf};

/// Downloads the archives of the source package `package` to a new folder below `scratch`, without Debian's patches.
///
/// # Errors
/// The machine has no list of sources, the network or apt fails, or no source has the package.
pub fn download_source(package: &str, scratch: &Path, step: &Step) -> Result<PathBuf> {
    let dirs = ["sources", "lists/partial", "cache/archives/partial", "files"].map(|dir| scratch.join(dir));
    for dir in &dirs {
        fs::create_dir_all(dir).context(dir.display())?;
    }
    let [sources, _, _, files] = dirs;
    write_sources(&sources)?;
    let config = scratch.join("apt.conf");
    fs::write(&config, configuration(scratch)).context(config.display())?;

    let apt = |arguments: &[&str]| {
        let mut apt = command("apt-get");
        apt.args(arguments).arg("-q").arg("-c").arg(&config).current_dir(&files);
        run(&mut apt, step)
    };
    // The source that fails may not be needed: try the download anyway.
    let updated = apt(&["update"]);
    let fix = "check the network, and that apt's list of sources has Debian 12";
    apt(&["source", "--download-only", "--tar-only", package])
        .map_err(|error| updated.err().unwrap_or(error).fix(fix))?;
    Ok(files)
}

/// apt reads this after the machine's configuration. It switches off the machine's hooks after an update.
fn configuration(scratch: &Path) -> String {
    let at = |name: &str| scratch.join(name).display().to_string();
    format!(
        "#clear APT::Update::Pre-Invoke;\n\
         #clear APT::Update::Post-Invoke;\n\
         #clear APT::Update::Post-Invoke-Success;\n\
         APT::Update::Error-Mode \"any\";\n\
         APT::Sandbox::User \"root\";\n\
         Dir::Etc::sourcelist \"/dev/null\";\n\
         Dir::Etc::sourceparts \"{}\";\n\
         Dir::State::Lists \"{}\";\n\
         Dir::Cache \"{}\";\n",
        at("sources"),
        at("lists"),
        at("cache")
    )
}

/// Copies the machine's lists of sources to `to`, changed to lists of source packages.
fn write_sources(to: &Path) -> Result<()> {
    let shell = output(command("apt-config").args([
        "shell",
        "LIST",
        "Dir::Etc::sourcelist/f",
        "PARTS",
        "Dir::Etc::sourceparts/d",
    ]))?;
    let value = |name: &str| {
        let line = shell.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        PathBuf::from(line.unwrap_or_default().trim_matches('\''))
    };
    let mut lists = vec![value("LIST")];
    lists.extend(fs::read_dir(value("PARTS")).into_iter().flatten().flatten().map(|file| file.path()));
    let mut any = false;
    for list in lists {
        let Ok(text) = fs::read_to_string(&list) else { continue };
        let changed = match list.extension().and_then(|ending| ending.to_str()) {
            Some("list") => one_line_style(&text),
            Some("sources") => deb822_style(&text),
            _ => continue,
        };
        let copy = to.join(list.file_name().unwrap_or_default());
        fs::write(&copy, changed).context(copy.display())?;
        any = true;
    }
    if any {
        return Ok(());
    }
    Err(Error::new("apt has no list of sources on this machine")
        .fix("on Debian 12, give it one in /etc/apt/sources.list.d"))
}

fn one_line_style(text: &str) -> String {
    let entries = text.lines().filter_map(|line| line.trim().strip_prefix("deb "));
    entries.map(|rest| format!("deb-src {}\n", rest.trim())).collect()
}

fn deb822_style(text: &str) -> String {
    let field = |line: &str| line.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("types:"));
    text.lines()
        .map(|line| if field(line) { "Types: deb-src\n".into() } else { format!("{line}\n") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_turn_into_lists_of_sources() {
        let text = "# a comment\ndeb [arch=amd64] http://one/ stable main\ndeb-src http://two/ x y\n";
        assert_eq!(one_line_style(text), "deb-src [arch=amd64] http://one/ stable main\n");
        let text = "Types: deb\nURIs: http://one/\n\ntypes: deb deb-src\nURIs: http://two/\n";
        let expected = "Types: deb-src\nURIs: http://one/\n\nTypes: deb-src\nURIs: http://two/\n";
        assert_eq!(deb822_style(text), expected);
    }
}
