//! `cargo rootfs bench`.

use super::args::{prepare, unexpected, Args, Word};
use crate::bench::{self, list, subject, table};
use crate::cache::write_atomically;
use crate::error::{Context, Error, Result};
use crate::project::Project;
use crate::target::{Purpose, Target};
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Measures mote's shell on this machine beside dash, BusyBox's ash and hush, and bash: instructions (by
callgrind), processor time, private memory, system calls (by strace).

Usage: cargo rootfs bench [FILTER] [OPTION]…

  FILTER       only the benchmarks whose names hold this text
  --list       show the benchmarks' names, and what they do
  --only LIST  measure mote, dash and these: ash, hush, bash (default: all; BusyBox is built at first)
  --json FILE  write the figures there, too
  --help       show this

mote is built with the applets of the set base. Processor time is the least of five rounds in which the
shells take turns, memory the most. The exit status is 1 when mote misses what it must reach.
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
    if let Some(text) =
        filter.as_ref().filter(|text| !list::BENCHMARKS.iter().any(|b| b.name.contains(*text)))
    {
        return Err(Error::usage(format!("no benchmark's name holds `{text}`"))
            .fix("`cargo rootfs bench --list` lists them"));
    }
    let project = Project::find()?;
    prepare(&Target::load(&project, subject::NATIVE)?, &[Purpose::Mote, Purpose::Bench])?;
    let subjects = subject::Subjects::find(&project, only.as_deref())?;
    let rows = bench::run(&subjects, filter.as_deref())?;
    if let Some(file) = json {
        let text = serde_json::to_string_pretty(&rows).context("JSON")? + "\n";
        write_atomically(&file, text.as_bytes(), 0o644)?;
    }
    super::print(&table::table(&rows))?;
    Ok(rows.iter().any(|row| row.reached == Some(false)) as u8)
}

fn list_them() -> Result<u8> {
    let line = |b: &list::Benchmark| format!("{:<20} {}, in {}\n", b.name, b.what, b.counter.unit());
    super::print(&list::BENCHMARKS.iter().map(line).collect::<String>())
}
