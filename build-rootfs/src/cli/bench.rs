//! `cargo rootfs bench`.

use super::args::{prepare, unexpected, Args, Word};
use crate::bench::{self, list, subject, table, tools};
use crate::cache::write_atomically;
use crate::error::{Context, Error, Result};
use crate::project::Project;
use crate::target::{Purpose, Target};
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Measures mote's shell on this machine beside dash, bash, and BusyBox's ash and hush; and mote's tools beside those
of BusyBox and Toybox. It counts instructions (with callgrind), processor time, time, private memory, and system
calls (with strace).

Usage: cargo rootfs bench [FILTER] [OPTION]…

  FILTER       run only the benchmarks whose names contain this text
  --list       list the benchmarks
  --only LIST  measure mote, dash and these shells: ash, hush, bash (default: all); measure no tools
  --json FILE  also write the figures to FILE
  --help       show this help

mote is built with the applets of the set tools; BusyBox is built when it is needed first. A time is the least of
five rounds, and memory the most; in each round all programs run in turn. The exit status is 1 if mote misses a
limit.
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
        return Err(Error::usage(format!("no benchmark's name contains `{text}`"))
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
