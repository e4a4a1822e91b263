//! `cargo rootfs compare`.

use super::args::{prepare, unexpected, Args, Word};
use crate::cache::write_atomically;
use crate::compare::report::Report;
use crate::compare::{self, page, plot};
use crate::error::{Context, Result};
use crate::project::Project;
use crate::target::{Purpose, Target, DEFAULT};
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "comparison.md";

pub(super) const HELP: &str = "\
Compares mote with BusyBox and Toybox, built here from Debian's sources for the same machine (ARMv5TE), and
writes docs/comparison.md with its pictures.

Usage: cargo rootfs compare [OPTION]…

  --quick      bytes of the main builds only (Thumb code, static with musl): no other machine code, no
               marginal bytes, nothing booted, no speed, no test-suites
  --json FILE  write the figures there, too, holes with their reasons among them
  --out DIR    write the page and its pictures there (default: docs in the checkout)
  --help       show this

Measured are, for mote and every peer: bytes of the binary and of the whole initramfs, packed and not; what
each applet adds; in QEMU the smallest RAM to a working prompt, what is free there, and the instructions up
to it; on this machine instructions and time of shell work, ls, cat and starting programs; cases passed of
BusyBox's and Toybox's test-suites. The peers have bare and default options, each with and without LTO, of
which the smaller counts.

Builds are cached: the first run takes an hour or two, later ones much less. The page is written after each
part: a run that is ended leaves what it has. What cannot be had or does
not build is a hole in the page, with its reason, and the rest goes on. The exit status is 1 when a whole part
or a peer's binary is missing.
";

pub(super) fn main(mut args: Args) -> Result<u8> {
    let (mut quick, mut json, mut out): (bool, Option<PathBuf>, Option<PathBuf>) = (false, None, None);
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        match &word {
            Word::Option(name) if name == "--quick" => quick = true,
            Word::Option(name) if name == "--json" => json = Some(PathBuf::from(args.value()?)),
            Word::Option(name) if name == "--out" => out = Some(PathBuf::from(args.value()?)),
            _ => return Err(unexpected(&word)),
        }
    }
    let project = Project::find()?;
    let all =
        [Purpose::Mote, Purpose::Compare, Purpose::Kernel, Purpose::Boot, Purpose::Test, Purpose::Bench];
    let purposes = if quick { &all[..2] } else { &all[..] };
    prepare(&Target::load(&project, DEFAULT)?, purposes)?;
    let dir = out.unwrap_or_else(|| project.root().join("docs"));
    // Better now than after an hour.
    for place in std::iter::once(dir.as_path()).chain(json.as_deref().map(folder)) {
        writable(place)?;
    }
    let report = compare::run(&project, quick, |report| write(report, &dir, json.as_deref()))?;
    // What --quick leaves out is no failure.
    let missing: Vec<(String, String)> =
        report.holes().into_iter().filter(|(_, why)| why != compare::bytes::QUICK).collect();
    for (place, why) in &missing {
        eprintln!("hole: {place}: {why}");
    }
    super::print(&format!("{}: written, with {} holes\n", dir.join(PAGE).display(), missing.len()))?;
    Ok(u8::from(report.incomplete(compare::bytes::QUICK)))
}

/// Where a file is.
fn folder(file: &Path) -> &Path {
    file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// That `dir` is there, or can be made, and takes files.
fn writable(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir)
        .and_then(|()| tempfile::NamedTempFile::new_in(dir))
        .context(dir.display())
        .map(drop)
}

/// Writes the page with its pictures, and the figures for machines.
fn write(report: &Report, dir: &Path, json: Option<&Path>) -> Result<()> {
    let pictures = plot::all(report)?;
    for (name, text) in &pictures {
        write_atomically(&dir.join(name), text.as_bytes(), 0o644)?;
    }
    write_atomically(&dir.join(PAGE), page::page(report, &pictures).as_bytes(), 0o644)?;
    if let Some(json) = json {
        let text = serde_json::to_string_pretty(report).context("JSON")? + "\n";
        write_atomically(json, text.as_bytes(), 0o644)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_takes_no_files_is_told_at_once() {
        let dir = tempfile::tempdir().unwrap();
        writable(&dir.path().join("new/one")).unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(writable(&dir.path().join("file")).unwrap_err().to_string().contains("/file"));
        assert_eq!(folder(Path::new("x.json")), Path::new("."));
        assert_eq!(folder(Path::new("/a/x.json")), Path::new("/a"));
    }

    #[test]
    fn page_pictures_and_figures_are_written() {
        let dir = tempfile::tempdir().unwrap();
        let json = dir.path().join("all.json");
        write(&compare::report::tests::sample(), dir.path(), Some(&json)).unwrap();
        let page = fs::read_to_string(dir.path().join(PAGE)).unwrap();
        for name in ["comparison-bytes.svg", "comparison-ram.svg", "comparison-map.svg"] {
            assert!(page.contains(&format!("]({name})")) && dir.path().join(name).is_file(), "{name}");
        }
        let figures: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
        assert_eq!(figures["sizes"][0]["bytes"]["sstripped"], 80_000);
        assert_eq!(figures["sizes"][4]["bytes"]["hole"], "it does | not compile");
        assert_eq!(figures["setting"]["commit"], "0123456789ab");
    }
}
