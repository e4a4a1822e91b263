//! Odd surroundings of a command: what its parent ignores, blocks, has closed or limits. The command does what it does
//! elsewhere, or says why not.

use crate::faults::{calls, run_in, Workload};
use crate::place::{held, Place};
use std::collections::BTreeSet;

/// What a command may start with.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// What a shell does before it becomes the command; `$@` is the command.
    script: &'static str,
    /// What the command must do all the same.
    expected: Expected,
}

#[derive(Debug, PartialEq)]
enum Expected {
    /// All of it.
    All,
    /// All but its output: that is a failure, if there is any.
    NoOutput,
}

const ODD: &[Surroundings] = &[
    all("trap '' HUP INT QUIT PIPE ALRM TERM CHLD TSTP TTIN TTOU USR1 USR2 XFSZ; exec \"$@\""),
    all("exec /usr/bin/env --block-signal \"$@\""),
    all("exec \"$@\" <&-"),
    all("exec \"$@\" 2>&-"),
    all("exec \"$@\" <&- 2>&-"),
    Surroundings { script: "exec \"$@\" >&-", expected: Expected::NoOutput },
    Surroundings { script: "exec \"$@\" <&- >&- 2>&-", expected: Expected::NoOutput },
    all("ulimit -S -s 64; exec \"$@\""),
    all("umask 777; umask 022; HOME=/dev/null PWD=/none OLDPWD= IFS=x PS4=y exec \"$@\""),
    all("exec env -i \"$@\""),
];

const fn all(script: &'static str) -> Surroundings {
    Surroundings { script, expected: Expected::All }
}

impl Surroundings {
    /// The words before the command.
    pub(crate) fn words(&self) -> Vec<String> {
        ["/bin/sh", "-c", self.script, "odd"].map(String::from).to_vec()
    }
}

/// Runs a workload in each of the surroundings, and compares with what it does elsewhere.
pub(crate) fn odd(workload: &Workload) {
    // strace would need what is taken away.
    if !workload.scene.pretend.is_empty() {
        return;
    }
    let (_, place, good) = calls(workload);
    let expected = place.content();
    let mut wrong = Vec::new();
    // Without its input it must fail.
    let odd = ODD.iter().filter(|odd| workload.input.is_none() || !odd.script.contains("<&-"));
    for odd in odd {
        let place = Place::new(workload);
        let before = place.content();
        let done = run_in(workload, &place, Some(odd), &[], || {});
        let content = place.content();
        let fails = odd.expected == Expected::NoOutput && !good.out.is_empty();
        let said = odd.script.contains("2>&-") || done.err.is_empty() != fails;
        let shown = fails || done.out == good.out;
        // What it prints must not be in a file that got the number of standard output.
        let whole = if fails {
            let texts = |all| -> BTreeSet<Vec<u8>> { held(all).iter().map(|row| row.2.to_vec()).collect() };
            let known = &texts(&before) | &texts(&expected);
            texts(&content).is_subset(&known)
        } else {
            content == expected && done.after == good.after
        };
        let lost = (workload.kept)(&place).err();
        if done.status.success() == fails || !said || !shown || !whole || lost.is_some() {
            let (status, out, err) = (done.status, &done.out, &done.err);
            wrong.push(format!("{}: {status}, files {whole}, {lost:?}\n{out}\n{err}", odd.script));
        }
    }
    assert!(wrong.is_empty(), "`{}`:\n{}", workload.words, wrong.join("\n"));
}
