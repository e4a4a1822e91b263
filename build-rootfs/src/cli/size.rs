//! `cargo rootfs size`.

use super::args::{prepare, unexpected, Args, Word};
use crate::applets::{Catalogue, DEFAULT_SET};
use crate::build::{Options, Plan};
use crate::cache::write_atomically;
use crate::error::{Context, Error, Result};
use crate::ledger::budgets::Budgets;
use crate::ledger::snapshot::{measure, measure_at, Snapshot};
use crate::ledger::{diff, Ledger};
use crate::project::Project;
use crate::target::{Purpose, Target};
use std::fs;

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
  --budget         write the budgets of what is new, lower those of what became smaller, drop those of what is
                   gone; without TARGET for every target that has budgets
  --raise NAME     with --budget: raise the budget of NAME, too, such as `set base`; may be repeated
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
    Budget,
    Save,
}

pub(super) fn main(mut args: Args) -> Result<u8> {
    let project = Project::find()?;
    let targets = Target::names(&project)?;
    let (mut options, mut job, mut raise) = (Options::default(), Job::Table, Vec::new());
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
                "--raise" => {
                    raise.push(args.value()?);
                    continue;
                }
                "--budget" => Job::Budget,
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
            return Err(Error::usage(
                "more than one of --functions, --json, --compare, --check, --budget, --save",
            )
            .fix("give one of them"));
        }
        job = chosen;
    }
    if !raise.is_empty() && job != Job::Budget {
        return Err(Error::usage("--raise without --budget").fix("write `--budget --raise NAME`"));
    }
    if job == Job::Budget && options.target.is_none() {
        return budget_all(&project, &targets, &raise);
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
        Job::Budget => budget(&project, &plan.target, &raise),
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

/// Renews the budgets of all targets that have some.
fn budget_all(project: &Project, targets: &[String], raise: &[String]) -> Result<u8> {
    let mut status = 0;
    for name in targets {
        let target = Target::load(project, name)?;
        if Budgets::file(&target).is_file() {
            prepare(&target, &[Purpose::Mote])?;
            status |= budget(project, &target, raise)?;
        }
    }
    Ok(status)
}

fn budget(project: &Project, target: &Target, raise: &[String]) -> Result<u8> {
    let (budgets, file) = (budgets(target)?, Budgets::file(target));
    let text = fs::read_to_string(&file).context(file.display())?;
    let renewed = budgets.renew(&file, &text, &measure_sets(project, target, &budgets)?, raise)?;
    if renewed.text != text {
        write_atomically(&file, renewed.text.as_bytes(), 0o644)?;
    }
    super::print(&format!("{}: budgets\n{}", target.name, renewed.told))?;
    Ok(u8::from(renewed.broken > 0))
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
