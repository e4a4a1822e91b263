//! `cargo rootfs compare`.

use super::args::{prepare, unexpected, Args, Word};
use crate::cache::write_atomically;
use crate::compare::part::Part;
use crate::compare::report::{Report, LEFT_OUT};
use crate::compare::results::save;
use crate::compare::{self, page, plot, suites, Selection};
use crate::error::{Context, Error, Result};
use crate::project::Project;
use crate::target::{Purpose, Target, DEFAULT};
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "comparison.md";

pub(super) const HELP: &str = "\
Compares mote with BusyBox and Toybox, which are built from Debian's sources for the same machine (ARMv5TE).
Writes the page docs/comparison.md with its pictures, and the results in docs/comparison.json.

Usage: cargo rootfs compare [TARGET] [OPTION]…
       cargo rootfs compare --references

  TARGET               measure only the parts about this target (default: all parts). armv5te; thumbv7em: nommu;
                       x86_64: speed and suites

  --only PART[,PART]…  measure only these parts, even if their stored results are valid:
                         bytes      size of mote and the peers (Thumb code, static with musl), also compressed,
                                    and of the whole initramfs
                         floors     size of the smallest C programs
                         map        size of mote by crate and applet
                         guests     in QEMU: the smallest RAM to a working prompt, the free memory there, and
                                    the instructions to get there
                         nommu      mote without an MMU (Cortex-M, in QEMU): size, and the smallest RAM with
                                    the root file system in flash and in RAM
                         memory     the smallest RAM for a workload on each kernel that is built here, and where every
                                    KiB of it is, mote beside BusyBox
                         speed      on this machine: instructions and time of the shells, of starting programs,
                                    and of ls, rm, ps and cat
                         suites     passed cases of BusyBox's and Toybox's test suites
                         marginals  bytes that each applet adds
                         others     size of the peers with ARM code and with glibc
  --quick              measure only bytes, floors and map
  --references         find out which cases of their own test suites BusyBox and Toybox pass, as root and as nobody,
                         and write tests/references, which tells the tests what to expect; measure nothing. It
                         takes half an hour and must run as root
  --json FILE          also write the figures to FILE, and the reasons of those that are missing
  --out DIR            write the page and its pictures to DIR (default: docs in the checkout)
  --help               show this help

A stored result is used again until one of its inputs changes: mote's sources, this tool, the peers, compilers,
QEMU, or the machine. The page is written after each part, so an interrupted run continues where it stopped. Parts
that are not selected keep their last results, and the page names the commit of each. The peers' builds are
cached: the first run takes one to two hours, a run after a change of mote ten to twenty minutes, and a run without
a change seconds.

The peers are built with few options and with their default options, each with and without LTO; the smaller
build counts. A figure that cannot be measured is a hole in the page, with its reason. The exit status is 1 if
a selected part or the binary of a peer is missing.
";

pub(super) fn main(mut args: Args) -> Result<u8> {
    let project = Project::find()?;
    let (mut target, mut quick, mut only, mut json, mut out) = (None, false, None, None, None);
    let mut references = false;
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        match &word {
            Word::Option(name) if name == "--quick" => quick = true,
            Word::Option(name) if name == "--references" => references = true,
            Word::Option(name) if name == "--only" => only = Some(parts(&args.value()?)?),
            Word::Option(name) if name == "--json" => json = Some(PathBuf::from(args.value()?)),
            Word::Option(name) if name == "--out" => out = Some(PathBuf::from(args.value()?)),
            Word::Value(name) if target.is_none() => target = Some(Target::load(&project, name)?.name),
            _ => return Err(unexpected(&word)),
        }
    }
    let chosen = [target.is_some(), quick, only.is_some(), references];
    if chosen.iter().filter(|given| **given).count() > 1 {
        let why = "TARGET, --quick, --only and --references exclude each other";
        return Err(Error::usage(why).fix("use only one of them"));
    }
    if references {
        prepare(&Target::load(&project, Part::Suites.target())?, &[Purpose::Test])?;
        return suites::renew_references(&project).map(|()| 0);
    }
    let remeasure = only.is_some();
    let parts = only.unwrap_or_else(|| {
        let about = |part: &Part| target.as_ref().is_none_or(|target| part.target() == target);
        Part::ALL.into_iter().filter(|part| about(part) && (!quick || part.is_quick())).collect()
    });
    let selection = Selection { parts, remeasure };
    for (name, purposes) in needed(&selection) {
        prepare(&Target::load(&project, name)?, &purposes)?;
    }
    let dir = out.unwrap_or_else(|| project.root().join("docs"));
    // Find out now, not after an hour.
    for place in std::iter::once(dir.as_path()).chain(json.as_deref().map(folder)) {
        writable(place)?;
    }
    let report = compare::run(&project, &selection, |report, parts| {
        save(&dir, parts)?;
        write(report, &dir, json.as_deref())
    })?;
    // Parts that were not selected are no failure.
    let missing: Vec<(String, String)> =
        report.holes().into_iter().filter(|(_, why)| !why.starts_with(LEFT_OUT)).collect();
    for (place, why) in &missing {
        eprintln!("hole: {place}: {why}");
    }
    let holes = report.holes().len();
    super::print(&format!("{}: written, with {holes} holes\n", dir.join(PAGE).display()))?;
    Ok(u8::from(report.incomplete()))
}

/// A list of parts, separated by commas.
fn parts(list: &str) -> Result<Vec<Part>> {
    list.split(',').map(Part::of).collect()
}

/// The targets that the parts need, and the purposes. The default target is always among them, since the report lists
/// the versions of its tools.
fn needed(selection: &Selection) -> Vec<(&'static str, Vec<Purpose>)> {
    let mut purposes = vec![Purpose::Mote, Purpose::Compare];
    let asks = |part| selection.contains(part);
    if asks(Part::Guests) {
        purposes.extend([Purpose::Kernel, Purpose::Boot]);
    }
    if asks(Part::Speed) || asks(Part::Suites) {
        purposes.extend([Purpose::Test, Purpose::Bench]);
    }
    let mut targets = vec![(DEFAULT, purposes)];
    if asks(Part::Nommu) {
        targets.push((Part::Nommu.target(), vec![Purpose::Mote, Purpose::Kernel, Purpose::Boot]));
    }
    targets
}

/// The folder of a file.
fn folder(file: &Path) -> &Path {
    file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Checks that `dir` exists or can be made, and that files can be written to it.
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
