//! `cargo rootfs bench`.

use super::args::{prepare, unexpected, Args, Word};
use crate::bench::{self, list, subject, table, tools};
use crate::cache::write_atomically;
use crate::error::{Context, Error, Result};
use crate::project::Project;
use crate::target::{Purpose, Target};
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Measures mote's shell on this machine beside dash, BusyBox's ash and hush, and bash, and mote's tools beside
BusyBox's and Toybox's: instructions (by callgrind), processor time, time, private memory, system calls (by
strace).

Usage: cargo rootfs bench [FILTER] [OPTION]…

  FILTER       only the benchmarks whose names hold this text
  --list       show the benchmarks' names, and what they do
  --only LIST  measure mote, dash and these: ash, hush, bash (default: all; BusyBox is built at first);
               no tools are measured then
  --json FILE  write the figures there, too
  --help       show this

mote is built with the applets of the set base. Time is the least of five rounds in which all take turns,
memory the most. The exit status is 1 when mote misses what it must reach.
";

pub(super) fn main(mut args: Args) -> Result<u8> {
    let (mut filter, mut only, mut json): (Option<String>, Option<String>, Option<PathBuf>) =
        (None, None, None);
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        match &word {
            Word::Option(name) if name == "--list" => return list_them(),
            Word::Option(name) if name == "--only" => only = Some(args.value()?),
            Word::Option(name) if name == "--json" => json = Some(PathBuf::from(args.value()?)),
            Word::Value(value) if filter.is_none() => filter = Some(value.clone()),
            _ => return Err(unexpected(&word)),
        }
    }
    let chosen = |name: &str| filter.as_ref().is_none_or(|text| name.contains(text));
    let with_shells = list::BENCHMARKS.iter().any(|b| chosen(b.name));
    let with_tools = only.is_none() && list::TOOLS.iter().any(|b| chosen(b.name));
    if let Some(text) = filter.as_ref().filter(|_| !with_shells && !with_tools) {
        return Err(Error::usage(format!("no benchmark's name holds `{text}`"))
            .fix("`cargo rootfs bench --list` lists them"));
    }
    let project = Project::find()?;
    prepare(&Target::load(&project, subject::NATIVE)?, &[Purpose::Mote, Purpose::Bench])?;
    let mut rows = Vec::new();
    if with_shells {
        let subjects = subject::Subjects::find(&project, only.as_deref())?;
        let shells = bench::run(&subjects, filter.as_deref())?;
        super::print(&table::table(&shells))?;
        rows.extend(shells);
    }
    if with_tools {
        let tools = tools::run(&tools::find(&project)?, filter.as_deref())?;
        let gap = if with_shells { "\n" } else { "" };
        super::print(&format!("{gap}{}", table::table(&tools)))?;
        rows.extend(tools);
    }
    if let Some(file) = json {
        let text = serde_json::to_string_pretty(&rows).context("JSON")? + "\n";
        write_atomically(&file, text.as_bytes(), 0o644)?;
    }
    Ok(rows.iter().any(|row| row.reached == Some(false)) as u8)
}

fn list_them() -> Result<u8> {
    let line = |name, what, counter: list::Counter| format!("{name:<20} {what}, in {}\n", counter.unit());
    let shells = list::BENCHMARKS.iter().map(|b| line(b.name, b.what, b.counter));
    let tools = list::TOOLS.iter().map(|b| line(b.name, b.what, b.counter));
    super::print(&shells.chain(tools).collect::<String>())
}
