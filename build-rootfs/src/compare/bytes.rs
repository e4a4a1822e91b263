//! Measures bytes: of all builds, of the C programs, and what each applet adds.

use super::builds::{Builds, PeerBuild};
use super::plan::{cases, Case, Peer, Set};
use super::report::{FloorRow, MarginalRow, Outcome, Part, SizeRow};
use super::size::{loaded, measure};
use crate::error::Result;
use crate::ledger::Ledger;
use crate::peers::cross::{self, hello, Abi, Code, Flavour, Libc, Shell};
use crate::peers::MUSL;
use std::fs;
use std::path::Path;

/// mote's builds of every set, and the peers' main ones.
pub fn main(builds: &Builds) -> Vec<SizeRow> {
    let mut rows: Vec<SizeRow> = Set::ALL.map(|set| mote(builds, "mote", set, set.applets())).into();
    let lean = Set::ALL.into_iter().filter_map(|set| Some((set, set.lean()?)));
    rows.extend(lean.map(|(set, list)| mote(builds, MOTE_LEAN, set, list)));
    rows.extend(peers(builds, |case| case.abi == Abi::MAIN));
    rows
}

/// The peers' other builds.
pub fn others(builds: &Builds) -> Vec<SizeRow> {
    peers(builds, |case| case.abi != Abi::MAIN)
}

/// The peers' builds that are `wanted`, in the order of the page.
fn peers(builds: &Builds, wanted: impl Fn(&Case) -> bool) -> Vec<SizeRow> {
    let cases: Vec<Case> = cases().into_iter().filter(wanted).collect();
    // A build uses the object files of the last one with the same options.
    let mut order: Vec<usize> = (0..cases.len()).collect();
    order.sort_by_key(|at| (cases[*at].abi, cases[*at].peer, cases[*at].flavour, cases[*at].set));
    let mut rows: Vec<(usize, SizeRow)> =
        order.into_iter().map(|at| (at, peer(builds, &cases[at]))).collect();
    rows.sort_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The name of mote without what can be left out.
pub(super) const MOTE_LEAN: &str = "mote, lean";

fn mote(builds: &Builds, who: &str, set: Set, list: &str) -> SizeRow {
    let bytes = builds.catalogue.resolve(list).and_then(|applets| measure(&builds.mote(&applets)?, &applets));
    SizeRow {
        who: who.into(),
        peer: None,
        set,
        shell: None,
        flavour: None,
        abi: None,
        lto: None,
        lacking: Vec::new(),
        config: Vec::new(),
        bytes: Outcome::of(bytes),
    }
}

fn peer(builds: &Builds, case: &Case) -> SizeRow {
    let built = builds.peer(case);
    let mut row = SizeRow {
        who: case.who(),
        peer: Some(case.peer),
        set: case.set,
        shell: case.shell,
        flavour: Some(case.flavour),
        abi: Some(case.abi),
        lto: None,
        lacking: Vec::new(),
        config: Vec::new(),
        bytes: Outcome::hole(""),
    };
    if let Ok(PeerBuild { built, lacking, .. }) = &built {
        (row.lto, row.lacking) = (Some(built.lto), lacking.clone());
        row.config = built.config.as_deref().map_or(Vec::new(), options);
    }
    row.bytes = Outcome::of(built.and_then(|build| measure(&build.built.binary, &build.applets)));
    row
}

/// The options that are on or have a value.
fn options(config: &Path) -> Vec<String> {
    let text = fs::read_to_string(config).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.strip_prefix("CONFIG_"));
    let set = lines.filter(|line| !line.ends_with("=\"\"") && !line.ends_with("=0"));
    set.map(|line| line.strip_suffix("=y").unwrap_or(line).to_string()).collect()
}

/// The C programs, with each C library, in the smaller of both instruction sets.
pub fn floors(builds: &Builds) -> Vec<FloorRow> {
    let abis = [Abi::MAIN, Abi { code: Code::Thumb, libc: Libc::Glibc }];
    let rows = hello::PROGRAMS.iter().flat_map(|program| {
        abis.map(|abi| {
            let source = if abi.libc == Libc::Musl { builds.source(&MUSL) } else { Ok(()) };
            let build = |lto| hello::build(&builds.cache, *program, abi, lto);
            let built = source.and_then(|()| cross::smaller(build));
            let bytes = built.and_then(|built| measure(&built.binary, &[program.0.to_string()]));
            FloorRow { program: program.0.into(), abi, bytes: Outcome::of(bytes) }
        })
    });
    rows.collect()
}

/// The bytes of text and data that each applet of `seed` adds.
pub fn marginals(builds: &Builds) -> Result<Vec<MarginalRow>> {
    let applets = builds.applets(Set::Seed)?;
    let case =
        |peer, shell, flavour| Case { peer, set: Set::Seed, shell: Some(shell), flavour, abi: Abi::MAIN };
    let peers = [
        case(Peer::BusyBox, Shell::Hush, Flavour::Bare),
        case(Peer::BusyBox, Shell::Hush, Flavour::Rich),
        case(Peer::Toybox, Shell::Toysh, Flavour::Rich),
    ];
    let mut rows: Vec<MarginalRow> =
        applets.iter().map(|applet| MarginalRow { applet: applet.clone(), bytes: Vec::new() }).collect();
    for row in &mut rows {
        row.bytes.push(("mote".to_string(), Outcome::of(of_mote(builds, &applets, &row.applet))));
    }
    // Similar builds follow each other, so that only the change of an applet is compiled.
    for case in &peers {
        for row in &mut rows {
            row.bytes.push((case.who(), Outcome::of(of_peer(builds, case, &row.applet))));
        }
    }
    Ok(rows)
}

fn of_mote(builds: &Builds, applets: &[String], applet: &str) -> Result<i64> {
    let others: Vec<String> = applets.iter().filter(|name| *name != applet).cloned().collect();
    Ok(loaded(&builds.mote(applets)?)? as i64 - loaded(&builds.mote(&others)?)? as i64)
}

fn of_peer(builds: &Builds, case: &Case, applet: &str) -> Result<i64> {
    let whole = builds.peer(case)?.built;
    let less = builds.peer_without(case, applet, whole.lto)?;
    Ok(loaded(&whole.binary)? as i64 - loaded(&less.binary)? as i64)
}

/// mote's parts, of the set `base`.
///
/// # Errors
/// It does not compile.
pub fn parts(builds: &Builds) -> Result<Vec<Part>> {
    let applets = builds.applets(Set::Base)?;
    let ledger = Ledger::read(&builds.mote(&applets)?, &applets)?;
    let rows = ledger.rows.into_iter().filter(|row| row.file > 0);
    Ok(rows.map(|row| Part { kind: row.kind.to_string(), name: row.name, bytes: row.file }).collect())
}
