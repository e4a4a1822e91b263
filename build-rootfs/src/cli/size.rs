//! `cargo rootfs size`.

use super::args::{prepare, unexpected, Args, Word};
use crate::applets::{Catalogue, DEFAULT_SET};
use crate::build::{Options, Plan};
use crate::error::{Context, Error, Result};
use crate::ledger::budgets::Budgets;
use crate::ledger::snapshot::{measure, measure_at, Snapshot};
use crate::ledger::{diff, Ledger};
use crate::project::Project;
use crate::target::{Purpose, Target};

pub(super) const HELP: &str = "\
Shows whose the bytes of mote are, by applet and by crate. The last column adds up to the file's size.

Usage: cargo rootfs size [TARGET] [OPTION]…

  --applets LIST   applets and sets, separated by commas (default: base)
  --config FILE    take the applets from this rootfs.toml
  --link WAY       how mote is linked, where the target has more than one way: shared, pie, or marked
  --functions      show every function and static, the largest first
  --json           print JSON
  --compare [REV]  show what grew and shrank since the revision REV, which is compiled for that;
                   without REV, since docs/size.json was saved
  --check          hold the sets and the parts to their budgets in targets/TARGET/budgets.toml
  --save           measure the sets that have a budget and write docs/size.json
  --help           show this

The exit status is 1 when a budget is broken.
";

/// What to do with the sizes.
#[derive(Debug, Default, PartialEq, Eq)]
enum Job {
    #[default]
    Table,
    Functions,
    Json,
    Compare(Option<String>),
    Check,
    Save,
}

pub(super) fn main(mut args: Args) -> Result<u8> {
    let project = Project::find()?;
    let targets = Target::names(&project)?;
    let (mut options, mut job) = (Options::default(), Job::Table);
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        if let (Word::Value(value), Job::Compare(revision @ None)) = (&word, &mut job) {
            if !targets.contains(value) {
                *revision = Some(value.clone());
                continue;
            }
        }
        if args.image_option(&word, &mut options)? {
            continue;
        }
        let chosen = match &word {
            Word::Option(name) => match name.as_str() {
                "--functions" => Job::Functions,
                "--json" => Job::Json,
                "--compare" => Job::Compare(args.optional_value()),
                "--check" => Job::Check,
                "--save" => Job::Save,
                _ => return Err(unexpected(&word)),
            },
            Word::Value(_) => return Err(unexpected(&word)),
        };
        if job != Job::Table {
            return Err(Error::usage("more than one of --functions, --json, --compare, --check, --save")
                .fix("give one of them"));
        }
        job = chosen;
    }
    let plan = Plan::new(&project, &options)?;
    prepare(&plan.target, &[Purpose::Mote])?;
    match job {
        Job::Table => super::print(&ledger(&project, &plan)?.table()),
        Job::Functions => super::print(&functions(&ledger(&project, &plan)?)),
        Job::Json => {
            let text = serde_json::to_string_pretty(&ledger(&project, &plan)?).context("JSON")?;
            super::print(&(text + "\n"))
        }
        Job::Compare(revision) => compare(&project, &plan, revision.as_deref()),
        Job::Check => check(&project, &plan.target),
        Job::Save => save(&project, &plan.target),
    }
}

fn ledger(project: &Project, plan: &Plan) -> Result<Ledger> {
    measure(project, &plan.target, &plan.applets.join(","))
}

fn functions(ledger: &Ledger) -> String {
    let mut all: Vec<(u64, &str, &str)> = Vec::new();
    for (owner, part) in &ledger.parts {
        all.extend(part.iter().map(|(name, bytes)| (*bytes, owner.as_str(), name.as_str())));
    }
    all.sort_by(|a, b| b.0.cmp(&a.0).then(a.2.cmp(b.2)));
    all.iter().map(|(bytes, owner, name)| format!("{bytes:>7}  {owner:24}  {name}\n")).collect()
}

fn compare(project: &Project, plan: &Plan, revision: Option<&str>) -> Result<u8> {
    let (target, list) = (&plan.target, plan.applets.join(","));
    let old = match revision {
        Some(revision) => measure_at(project, revision, &target.name, &list)?.parts,
        None if plan.applets != Catalogue::load(project)?.resolve(DEFAULT_SET)? => {
            return Err(Error::usage(format!("docs/size.json holds the set {DEFAULT_SET} alone"))
                .fix("name a revision, which is then compiled: `--compare HEAD`"))
        }
        None => Snapshot::load(project, &target.name)?.parts,
    };
    super::print(&diff::table(&old, &ledger(project, plan)?.parts))
}

fn check(project: &Project, target: &Target) -> Result<u8> {
    let budgets = budgets(target)?;
    let report = budgets.check(&measure_sets(project, target, &budgets)?, saved(project, target)?.as_ref());
    super::print(&report.text)?;
    Ok(u8::from(report.broken > 0))
}

fn save(project: &Project, target: &Target) -> Result<u8> {
    let measured = measure_sets(project, target, &budgets(target)?)?;
    let file = Snapshot::of(project, target, &measured)?.save(project)?;
    super::print(&format!("wrote {}\n", file.display()))
}

fn saved(project: &Project, target: &Target) -> Result<Option<Snapshot>> {
    let there = Snapshot::file(project, &target.name).exists();
    there.then(|| Snapshot::load(project, &target.name)).transpose()
}

fn budgets(target: &Target) -> Result<Budgets> {
    Budgets::load(target)?.ok_or_else(|| {
        Error::new(format!("{}: no budgets.toml", target.dir.display()))
            .fix("write one, or take a target that has one, such as armv5te")
    })
}

fn measure_sets(project: &Project, target: &Target, budgets: &Budgets) -> Result<Vec<(String, Ledger)>> {
    budgets.set.keys().map(|name| Ok((name.clone(), measure(project, target, name)?))).collect()
}
