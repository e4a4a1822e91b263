//! `cargo rootfs compare`.

use super::args::{prepare, unexpected, Args, Word};
use crate::cache::write_atomically;
use crate::compare::kept::save;
use crate::compare::part::Part;
use crate::compare::report::Report;
use crate::compare::{self, page, plot, suites, Wanted};
use crate::error::{Context, Error, Result};
use crate::project::Project;
use crate::target::{Purpose, Target, DEFAULT};
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "comparison.md";

pub(super) const HELP: &str = "\
Compares mote with BusyBox and Toybox, built here from Debian's sources for the same machine (ARMv5TE), and
writes docs/comparison.md with its pictures, and docs/comparison.json, which holds what was measured for later
runs.

Usage: cargo rootfs compare [TARGET] [OPTION]…
       cargo rootfs compare --references

  TARGET               measure what is about this target, and take the rest as it was measured before (default:
                         all of them): armv5te; thumbv7em: nommu; x86_64: speed and suites

  --only PART[,PART]…  measure these parts again, and take the others as they were measured before:
                         bytes      of mote and the peers, Thumb code, static with musl; packed or not, and
                                    of the whole initramfs
                         floors     bytes of the smallest C programs
                         map        mote by crate and applet
                         guests     in QEMU: the smallest RAM to a working prompt, what is free there, the
                                    instructions up to it
                         nommu      mote without an MMU (Cortex-M, in QEMU): bytes, and the smallest RAM with
                                    the root file system in flash and in RAM
                         speed      instructions and time of the shells, of starting programs, and of ls, rm,
                                    ps and cat, here
                         suites     cases passed of BusyBox's and Toybox's test-suites
                         marginals  bytes that each applet adds
                         others     bytes of the peers' builds with ARM code and with glibc
  --quick              bytes, floors and map only; the others as they were measured before
  --references         find what BusyBox and Toybox pass of their own test-suites, as root and as nobody, and
                         write tests/references, from which the tests take what to expect; nothing else. It takes
                         half an hour, and root
  --json FILE          write the figures there, too, holes with their reasons among them
  --out DIR            write the page and its pictures there (default: docs in the checkout)
  --help               show this

A part that was measured before is taken over as long as nothing has changed that it depends on: mote's
sources, this tool, the peers, compilers, QEMU, the machine. So a run that was ended goes on where it was:
the page is written after each part. What was not asked for is taken as it was measured last, of whichever
commit, which the page tells. The peers' builds are kept in the cache, too: the first run takes an hour
or two, one after a change of mote ten to twenty minutes, one without a change seconds.

The peers have bare and default options, each with and without LTO, of which the smaller counts. What cannot
be had or does not build is a hole in the page, with its reason, and the rest goes on. The exit status is 1
when a part that was asked for or a peer's binary is missing.
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
        let why = "TARGET, --quick, --only and --references: one of them";
        return Err(Error::usage(why).fix("leave the others out"));
    }
    if references {
        prepare(&Target::load(&project, Part::Suites.target())?, &[Purpose::Test])?;
        return suites::renew_references(&project).map(|()| 0);
    }
    let again = only.is_some();
    let parts = only.unwrap_or_else(|| {
        let about = |part: &Part| target.as_ref().is_none_or(|target| part.target() == target);
        Part::ALL.into_iter().filter(|part| about(part) && (!quick || part.is_quick())).collect()
    });
    let wanted = Wanted { parts, again };
    for (name, purposes) in needed(&wanted) {
        prepare(&Target::load(&project, name)?, &purposes)?;
    }
    let dir = out.unwrap_or_else(|| project.root().join("docs"));
    // Better now than after an hour.
    for place in std::iter::once(dir.as_path()).chain(json.as_deref().map(folder)) {
        writable(place)?;
    }
    let report = compare::run(&project, &wanted, |report, parts| {
        save(&dir, parts)?;
        write(report, &dir, json.as_deref())
    })?;
    // What was not asked for is no failure.
    let missing: Vec<(String, String)> =
        report.holes().into_iter().filter(|(_, why)| !why.starts_with(compare::LEFT_OUT)).collect();
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

/// The targets that the parts need, and what for. The default one tells the versions, whatever is measured.
fn needed(wanted: &Wanted) -> Vec<(&'static str, Vec<Purpose>)> {
    let mut purposes = vec![Purpose::Mote, Purpose::Compare];
    let asks = |part| wanted.asks_for(part);
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
