//! The peers' suites and our own cases on a machine without an MMU, with nothing but mote in it: what passes on
//! x86_64 passes there, too, but for the known differences; and a text that processes share prints what a plain PIE
//! prints.

use std::sync::OnceLock;
use std::thread;
use tests::batch::Told;
use tests::conformance::guest::Printed;
use tests::spec::Machine;
use tests::suites::Suites;

/// What the jobs printed with shared text, then as a plain PIE.
struct Both {
    suites: Suites,
    shared: Printed,
    pie: Printed,
}

/// Jobs whose output need not be the same twice, and why.
const VARYING: &[(&str, &str)] = &[
    ("toybox ps.test", "it holds numbers of processes"),
    (
        "ash-misc/exitcode_trap6",
        "a signal comes before or while the shell waits: how fast programs start decides",
    ),
    ("hush-misc/exitcode_trap6", "the same case"),
];

fn both() -> &'static Both {
    static BOTH: OnceLock<Both> = OnceLock::new();
    BOTH.get_or_init(|| {
        let suites =
            Suites::new("thumbv7em", Machine::Thumbv7em, 30).unwrap_or_else(|error| panic!("{error}"));
        let (shared, pie) = thread::scope(|scope| {
            let pie = scope.spawn(|| suites.run(Some("pie")));
            let shared = suites.run(Some("shared"));
            (shared, pie.join().unwrap_or_else(|why| std::panic::resume_unwind(why)))
        });
        Both { suites, shared, pie }
    })
}

fn check(suite: &str) {
    let both = both();
    both.suites.check(suite, &both.shared);
}

#[test]
fn ash_test() {
    check("ash_test");
}

#[test]
fn hush_test() {
    check("hush_test");
}

#[test]
fn busybox_testsuite() {
    check("busybox");
}

#[test]
fn toybox_tests() {
    check("toybox");
}

#[test]
fn cases_of_applets() {
    let both = both();
    both.suites.check_own(&both.shared, &[]);
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
