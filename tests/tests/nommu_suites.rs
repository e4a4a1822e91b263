//! The peers' suites and our own cases on a machine without an MMU, with nothing but mote in it: what passes on
//! x86_64 passes there, too, but for the known differences; and a text that processes share prints what a plain PIE
//! prints.

use build_rootfs::applets::Catalogue;
use build_rootfs::cache::Cache;
use build_rootfs::error::{Error, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::thread;
use tests::batch::{Batch, Told};
use tests::conformance::guest::{self, Printed, Shells};
use tests::conformance::known::Known;
use tests::conformance::place::{sealed, search_path};
use tests::conformance::shell::Suite;
use tests::conformance::{reference, summary, write, Report};
use tests::{applet_cases, applet_cases_without_mmu, applet_dir, project, Case};

/// What the jobs printed with shared text, then as a plain PIE, and the shells' cases.
struct Both {
    ash: Shells,
    hush: Shells,
    shared: Printed,
    pie: Printed,
}

/// Its kernel has no network.
const NOT_THERE: &str = "ifconfig";
/// Jobs whose output need not be the same twice, and why.
const VARYING: &[(&str, &str)] = &[
    ("toybox ps.test", "it holds numbers of processes"),
    (
        "ash-misc/exitcode_trap6",
        "a signal comes before or while the shell waits: how fast programs start decides",
    ),
    ("hush-misc/exitcode_trap6", "the same case"),
];

/// The names that the image's mote answers to.
fn names() -> Result<Vec<String>> {
    let all = Catalogue::load(project())?;
    let paths = all.paths(&all.resolve("base")?);
    let names = paths.iter().filter_map(|path| Some(path.rsplit_once('/')?.1.to_string()));
    Ok(names.filter(|name| name != NOT_THERE).collect())
}

/// Our own cases of applets.
fn own() -> Vec<Case> {
    applet_cases().into_iter().chain(applet_cases_without_mmu()).collect()
}

fn run() -> Result<Both> {
    let (cache, names) = (Cache::open()?, names()?);
    let mut batch = Batch::new();
    let ash = Shells::add(&mut batch, &cache, Suite::Ash)?;
    let hush = Shells::add(&mut batch, &cache, Suite::Hush)?;
    guest::add_busybox(&mut batch, &cache, &names)?;
    guest::add_toybox(&mut batch, &cache, &names)?;
    for (n, (script, ..)) in own().iter().enumerate() {
        batch.file(&format!("own/{n}"), script);
        batch.job(&format!("own {n}"), "", 30, &format!("sh /own/{n}"));
    }
    let (shared, pie) = thread::scope(|scope| {
        let pie = scope.spawn(|| batch.run("suites", "pie"));
        (batch.run("suites", "shared"), pie.join().unwrap_or_else(|why| std::panic::resume_unwind(why)))
    });
    Ok(Both { ash, hush, shared, pie })
}

fn both() -> &'static Both {
    static BOTH: OnceLock<Both> = OnceLock::new();
    BOTH.get_or_init(|| run().unwrap_or_else(|error| panic!("{error}")))
}

fn check(suite: &str, reference: BTreeSet<String>, report: &Report) -> Result<()> {
    let known = Known::of_the_project()?;
    let here = format!("{suite} on thumbv7em");
    let dir = tests::out().join(here.replace(' ', "-"));
    write(report, &dir)?;
    println!("{here}: {}", summary(report));
    // Where a name holds a device of the machine that the suite first ran on, there is no such case here.
    let mut expected = known.rest(suite, reference);
    expected.retain(|case| !case.contains(" /dev/"));
    let wrong = known.check(&here, &expected, report);
    assert!(wrong.is_empty(), "{}\n\n{} cases; more in {}", wrong.join("\n"), wrong.len(), dir.display());
    Ok(())
}

fn shell(suite: Suite) -> Result<()> {
    let both = both();
    let cases = if suite == Suite::Ash { &both.ash } else { &both.hush };
    let reference = reference::shell(&Cache::open()?, suite)?;
    check(&format!("{}_test", suite.name()), reference, &cases.report(&both.shared)?)
}

#[test]
fn ash_test() {
    shell(Suite::Ash).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn hush_test() {
    shell(Suite::Hush).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn busybox_testsuite() {
    let expected = || reference::busybox(&Cache::open()?, &names()?);
    let work = || check("busybox", expected()?, &guest::report("busybox", &both().shared));
    work().unwrap_or_else(|error: Error| panic!("{error}"));
}

#[test]
fn toybox_tests() {
    let expected = || reference::toybox(&Cache::open()?, &names()?);
    let work = || check("toybox", expected()?, &guest::report("toybox", &both().shared));
    work().unwrap_or_else(|error: Error| panic!("{error}"));
}

/// What is wrong with a case, if anything is.
fn differs((script, out, status): Case, told: (&[u8], Option<i32>)) -> Option<String> {
    let right = told == (out.as_bytes(), Some(status));
    let shown =
        || format!("{script}--- {status}\n{out}--- {:?}\n{}", told.1, String::from_utf8_lossy(told.0));
    (!right).then(shown)
}

#[test]
fn cases_of_applets() {
    let printed = &both().shared;
    let told = |n: usize| printed.get(&format!("own {n}")).expect("the job ran");
    let judged = own().into_iter().enumerate().filter_map(|(n, case)| {
        let Told { output, status } = told(n);
        differs(case, (output, status.map(i32::from)))
    });
    let wrong: Vec<String> = judged.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn cases_of_applets_on_x86_64() {
    let mut wrong = Vec::new();
    let dir = applet_dir("x86_64");
    let root = rustix::process::geteuid().is_root();
    for case in applet_cases().into_iter().filter(|case| root || !case.0.contains("mount ")) {
        let room = tempfile::tempdir().expect("a temporary folder");
        let mut command = sealed(&[&dir.join("sh"), Path::new("-c"), Path::new("exec 2>&1; . \"$CASE\"")]);
        let file = room.path().join("case");
        fs::write(&file, case.0).expect("a file");
        let room = room.path().join("room");
        fs::create_dir(&room).expect("a folder");
        command.env("PATH", search_path(&[&dir])).env("CASE", file).current_dir(room);
        let done = command.output().expect("a shell");
        wrong.extend(differs(case, (&done.stdout, done.status.code())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn shared_text_prints_what_a_plain_pie_prints() {
    let Both { shared, pie, .. } = both();
    let text = |told: &Told| format!("{:?}\n{}", told.status, String::from_utf8_lossy(&told.output));
    let varies = |name: &str| VARYING.iter().any(|(job, _)| *job == name);
    let wrong: Vec<String> = shared
        .iter()
        .filter(|(name, told)| !varies(name) && Some(*told) != pie.get(*name))
        .map(|(name, told)| {
            format!("{name}: {}\n---\n{}", text(told), pie.get(name).map(text).unwrap_or_default())
        })
        .collect();
    let unknown: Vec<_> = VARYING.iter().filter(|(job, _)| !shared.contains_key(*job)).collect();
    assert!(unknown.is_empty(), "no such job: {unknown:?}");
    assert!(wrong.is_empty(), "{}\n{} of {} jobs", wrong.join("\n"), wrong.len(), shared.len());
    assert_eq!(shared.len(), pie.len());
}
