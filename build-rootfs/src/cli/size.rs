//! `cargo rootfs size`.

use super::args::{prepare, unexpected, Args, Word};
use crate::build::{Options, Plan};
use crate::compile::compile;
use crate::error::{Context, Result};
use crate::ledger::Ledger;
use crate::project::Project;
use crate::target::Purpose;

pub(super) const HELP: &str = "\
Shows whose the bytes of mote are, by applet and by crate. The last column adds up to the file's size.

Usage: cargo rootfs size [TARGET] [OPTION]…

  --applets LIST  applets and sets, separated by commas (default: base)
  --config FILE   take the applets from this rootfs.toml
  --json          print JSON
  --help          show this
";

pub(super) fn main(mut args: Args) -> Result<u8> {
    let (mut options, mut json) = (Options::default(), false);
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        if args.image_option(&word, &mut options)? {
            continue;
        }
        match &word {
            Word::Option(name) if name == "--json" => json = true,
            _ => return Err(unexpected(&word)),
        }
    }
    let project = Project::find()?;
    let plan = Plan::new(&project, &options)?;
    prepare(&plan.target, &[Purpose::Mote])?;
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let binary = compile(&project, &plan.target, &plan.applets, scratch.path())?;
    let ledger = Ledger::read(&binary.twin, &plan.applets)?;
    let text =
        if json { serde_json::to_string_pretty(&ledger).context("JSON")? + "\n" } else { ledger.table() };
    super::print(&text)
}
