//! `cargo rootfs syscalls`.

use super::args::{prepare, unexpected, Args, Word};
use crate::build::{Options, Plan};
use crate::error::{nearest, Context, Error, Result};
use crate::project::Project;
use crate::syscalls::{Calls, Reach};
use crate::target::{Purpose, Target};
use std::collections::BTreeSet;

pub(super) const HELP: &str = "\
Shows which system calls the code of each applet can make, and the other programs of the image.

Usage: cargo rootfs syscalls [TARGET] [OPTION]… [PROGRAM]…

  --applets LIST applets and sets, separated by commas (default: base)
  --config FILE  a rootfs.toml that describes the image (docs/rootfs-toml.md)
  --link WAY     how mote is linked, for targets with more than one way: shared, pie or marked
  --json         print JSON
  --help         show this help

PROGRAM is an applet, or the path of a file in the image: then only those are shown. The lists are those of
the optimised program: what no way from its beginning leads to is not in them (docs/fitted.md).
";

pub(super) fn main(mut args: Args) -> Result<u8> {
    let project = Project::find()?;
    let targets = Target::names(&project)?;
    let (mut options, mut json, mut wanted) = (Options::default(), false, BTreeSet::new());
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        match &word {
            Word::Option(name) if name == "--json" => json = true,
            Word::Value(value) if !targets.contains(value) => drop(wanted.insert(value.clone())),
            _ if args.image_option(&word, &mut options)? => {}
            _ => return Err(unexpected(&word)),
        }
    }
    let plan = Plan::new(&project, &options)?;
    prepare(&plan.target, &[Purpose::Mote])?;
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let mut reach = plan.reach(&project, scratch.path())?;
    choose(&mut reach, &wanted)?;
    if json {
        return super::print(&(serde_json::to_string_pretty(&reach.programs).context("JSON")? + "\n"));
    }
    super::print(&reach.programs.iter().map(|(name, calls)| told(name, calls)).collect::<String>())
}

/// Leaves the programs in `wanted`, or all if there are none.
fn choose(reach: &mut Reach, wanted: &BTreeSet<String>) -> Result<()> {
    for name in wanted {
        if !reach.programs.contains_key(name) {
            let near = nearest(name, reach.programs.keys().map(String::as_str));
            let hint = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let known: Vec<&str> = reach.programs.keys().map(String::as_str).collect();
            return Err(Error::usage(format!("the image has no program `{name}`"))
                .fix(format!("{hint}It has: {}", known.join(", "))));
        }
    }
    if !wanted.is_empty() {
        reach.programs.retain(|name, _| wanted.contains(name));
    }
    Ok(())
}

fn told(name: &str, calls: &Calls) -> String {
    let names: Vec<&str> = calls.names.iter().map(String::as_str).collect();
    let mut text = format!("{name} ({}):", names.len());
    let mut column = text.len();
    for name in names {
        if column + name.len() > 110 {
            text += "\n   ";
            column = 4;
        }
        text += &format!(" {name}");
        column += name.len() + 1;
    }
    for place in &calls.unknown {
        text += &format!("\n    calls numbers made at run time: {place}");
    }
    text + "\n"
}
