//! The peers' suites and our own cases on the ARMv5TE board, with nothing but mote in it: what passes on x86_64
//! passes there, too, but for the known differences. So the program is tested that is shipped, which `compact` has
//! made.

use std::sync::OnceLock;
use tests::conformance::guest::Printed;
use tests::spec::Machine;
use tests::suites::Suites;

fn told() -> &'static (Suites, Printed) {
    static TOLD: OnceLock<(Suites, Printed)> = OnceLock::new();
    TOLD.get_or_init(|| {
        let suites = Suites::new("armv5te", Machine::Armv5te, 60).unwrap_or_else(|error| panic!("{error}"));
        let printed = suites.run(None);
        (suites, printed)
    })
}

fn check(suite: &str) {
    let (suites, printed) = told();
    suites.check(suite, printed);
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
    let (suites, printed) = told();
    suites.check_own(printed, &[]);
}
