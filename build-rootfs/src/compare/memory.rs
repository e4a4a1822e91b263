//! Where the RAM of systems is: mote and BusyBox on each kernel that is built here, in the smallest RAM for a workload.

use super::builds::Builds;
use super::guests::{put_binary, put_peer};
use super::plan::{Peer, Set};
use super::ram::{census, smallest_ram, Search, Workload};
use super::report::{MemoryRow, Outcome};
use super::text::table;
use crate::build::{Options, Plan};
use crate::census::{Census, Group};
use crate::error::{Error, Result};
use crate::progress::Step;
use crate::target::DEFAULT;

/// The kernels: target and name.
const KERNELS: [(&str, &str); 5] = [
    (DEFAULT, "min"),
    (DEFAULT, "net"),
    (DEFAULT, "xip"),
    (DEFAULT, "xip-tiny"),
    (super::nommu::TARGET, "xip"),
];
const SEARCH: Search = Search { step: 4, most: 8192 };
const SET: Set = Set::Seed;

/// Boots all of them.
///
/// # Errors
/// There is no folder for the images.
pub fn all(builds: &Builds) -> Result<Vec<MemoryRow>> {
    let mut rows = Vec::new();
    for (target, kernel) in KERNELS {
        rows.push(row(builds, target, kernel, None));
        // The peers are not built for machines without an MMU.
        if target == DEFAULT {
            rows.push(row(builds, target, kernel, Some(Peer::BusyBox)));
        }
    }
    Ok(rows)
}

fn row(builds: &Builds, target: &str, kernel: &str, peer: Option<Peer>) -> MemoryRow {
    let (kernel, who) = (format!("{target}, {kernel}"), peer.map_or("mote", Peer::name).to_string());
    let hole = super::report::reason;
    match measured(builds, target, kernel.split(", ").nth(1).unwrap_or_default(), peer) {
        Ok((prompt, spawns, census)) => MemoryRow {
            kernel,
            who,
            prompt_kib: Outcome::Value(prompt),
            spawns_kib: Outcome::Value(spawns),
            census: Outcome::Value(census),
        },
        Err(error) => MemoryRow {
            kernel,
            who,
            prompt_kib: Outcome::hole(hole(&error)),
            spawns_kib: Outcome::hole(hole(&error)),
            census: Outcome::hole(hole(&error)),
        },
    }
}

fn measured(builds: &Builds, target: &str, kernel: &str, peer: Option<Peer>) -> Result<(u32, u32, Census)> {
    let scratch = tempfile::tempdir().map_err(|why| Error::new(format!("a temporary folder: {why}")))?;
    let options = Options {
        target: Some(target.into()),
        applets: Some(SET.applets().into()),
        kernel: Some(kernel.into()),
        out: Some(scratch.path().join("image")),
        ..Options::default()
    };
    let plan = Plan::new(builds.project, &options)?;
    let system = plan.build(builds.project)?.system;
    let mut system = system.ok_or_else(|| Error::new("this target has no kernel to boot"))?;
    match peer {
        Some(peer) => put_peer(&mut system, builds, peer, SET.applets())?,
        None if target == DEFAULT => {
            let applets = builds.applets(SET)?;
            put_binary(&mut system, &builds.mote(&applets)?, &applets).map(drop)?;
        }
        None => {}
    }
    let who = peer.map_or("mote", Peer::name);
    let step = Step::start(format!("the RAM of {who} on the kernel {kernel} of {target}"));
    let search =
        |workload| smallest_ram(&system, workload, SEARCH, |kib| step.line(&format!("{kib} KiB of RAM")));
    let (prompt, spawns) = (search(Workload::Prompt)?, search(Workload::Spawns)?);
    system.ram = format!("{spawns}k");
    let census = census(&system, &plan.kernel()?, Workload::Spawns)?;
    step.done();
    Ok((prompt, spawns, census))
}

/// The section of the page.
pub fn section(rows: &[MemoryRow], picture: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let figure = |figure: &Outcome<u32>| figure.value().map_or("(hole)".into(), |kib| kib.to_string());
    let line = |row: &MemoryRow| {
        let census = row.census.value();
        let group = |group: &Group| census.map_or("–".into(), |census| census.kib(*group).to_string());
        let first =
            [format!("{}: {}", row.kernel, row.who), figure(&row.prompt_kib), figure(&row.spawns_kib)];
        first.into_iter().chain(Group::ALL.iter().map(group)).collect::<Vec<_>>()
    };
    let head: Vec<&str> = ["", "prompt", "spawns"].into_iter().chain(Group::ALL.map(Group::name)).collect();
    format!(
        "## RAM, page by page\n\n\
         The set `{}` on each kernel that is built here; BusyBox with hush, bare. *prompt* and *spawns*: the smallest RAM \
         in KiB for a prompt, and for a prompt, a program started 200 times and a pipeline of three. The other columns \
         say where that RAM is at the end of it, in KiB: `cargo rootfs ram --explain` counts every page of the guest's \
         memory.\n\n{picture}{}",
        SET.name(),
        table(&head, &rows.iter().map(line).collect::<Vec<_>>())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::census::Row;

    #[test]
    fn the_section_has_a_column_for_each_group() {
        let row = |group, pages| Row { group, name: "x".into(), pages, note: String::new() };
        let census = Census { rows: vec![row(Group::Slab, 25), row(Group::Free, 3)], variables: Vec::new() };
        let rows = [MemoryRow {
            kernel: "armv5te, min".into(),
            who: "mote".into(),
            prompt_kib: Outcome::Value(96),
            spawns_kib: Outcome::Value(112),
            census: Outcome::Value(census),
        }];
        let text = section(&rows, "");
        assert!(text.contains("| armv5te, min: mote | 96 | 112 |") && text.contains("| 100 |"), "{text}");
        assert!(section(&[], "").is_empty());
    }
}
