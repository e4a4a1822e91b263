//! `cargo rootfs setup`.

use super::args::{unexpected, Args, Word};
use crate::error::{Error, Result};
use crate::project::Project;
use crate::setup::{install, needs, table, Need};
use crate::target::{Purpose, Target};

pub(super) const HELP: &str = "\
Shows what this machine needs for all commands, and installs what is missing with apt-get. Without root it prints
the command to run. Each other command installs what it needs in the same way.

Usage: cargo rootfs setup [OPTION]

  --check  only show; the exit status is 1 if something is missing
  --help   show this help
";

const ALL: &[Purpose] =
    &[Purpose::Mote, Purpose::Kernel, Purpose::Boot, Purpose::Test, Purpose::Bench, Purpose::Compare];

pub(super) fn main(mut args: Args) -> Result<u8> {
    let mut check = false;
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        match &word {
            Word::Option(name) if name == "--check" => check = true,
            _ => return Err(unexpected(&word)),
        }
    }
    let project = Project::find()?;
    let needs = all_needs(&project)?;
    super::print(&table(&needs))?;
    let missing = needs.iter().filter(|need| !need.present).count();
    if check && missing > 0 {
        return Err(
            Error::new(format!("{missing} needed programs are missing")).fix("run `cargo rootfs setup`")
        );
    }
    install(&needs)?;
    if missing > 0 {
        super::print(&format!("\nafter the installation:\n{}", table(&all_needs(&project)?)))?;
    }
    Ok(0)
}

/// The needs of all targets for all purposes, without duplicates.
fn all_needs(project: &Project) -> Result<Vec<Need>> {
    let mut all: Vec<Need> = Vec::new();
    for name in Target::names(project)? {
        for need in needs(&Target::load(project, &name)?, ALL) {
            if !all.iter().any(|known| known.what == need.what) {
                all.push(need);
            }
        }
    }
    all.sort_by_key(|need| need.purpose);
    Ok(all)
}
