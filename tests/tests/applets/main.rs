//! The tests of `tests/applets/NAME.txt`: each case and each fault line is a test with a name of its own.
//!
//! | test | what it does |
//! |---|---|
//! | `cat::numbers_lines` | runs a case here, on x86-64 |
//! | `cat::numbers_lines::lean` | runs it with a mote without the features that can be left out |
//! | `cat::numbers_lines::armv5te` | runs it with the ARMv5TE binary under qemu-user |
//! | `cat::numbers_lines::calls` | holds what it calls to the lists of `cargo rootfs syscalls` |
//! | `cat::calls::two_files` | so for a fault line, without faults |
//! | `cat::faults::two_files` | makes each system call of a fault line fail |
//! | `cat::lasting::two_files` | makes each fail from some call on, as on a disk that stays full |
//! | `cat::full::two_files` | lets its output go to a full device |
//! | `cat::odd::two_files` | starts it in odd surroundings: signals ignored or blocked, descriptors closed, a small stack |
//! | `mv::kills::a_tree`, `mv::races::a_tree` | other kinds of faults, where the line asks for them |
//!
//! The same cases run in booted guests, too (`arm_suites.rs`, `nommu_suites.rs`).

mod cases;
mod complete;
mod faults;
mod odd;
mod place;
mod races;
mod scene;

use libtest_mimic::{Arguments, Trial};
use std::path::Path;
use std::process::ExitCode;
use tests::spec::{files, Spec};

/// Options of a test program that take a value.
const WITH_VALUE: &[&str] = &["--test-threads", "--skip", "--logfile", "--color", "--format", "-Z"];

fn main() -> ExitCode {
    let (filters, arguments) = arguments(std::env::args());
    let mut trials = trials();
    trials.retain(|trial| {
        let fits = |filter: &String| {
            if arguments.exact {
                trial.name() == filter
            } else {
                trial.name().contains(filter)
            }
        };
        filters.is_empty() || filters.iter().any(fits)
    });
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The filters, and the rest of the arguments: the crate takes one filter only, libtest any number. The crate also
/// fills names up with blanks, with which `cargo rootfs test` asks for them once more.
fn arguments(all: impl Iterator<Item = String>) -> (Vec<String>, Arguments) {
    let (mut filters, mut options) = (Vec::new(), Vec::new());
    let mut all = all.peekable();
    options.extend(all.next());
    while let Some(word) = all.next() {
        if !word.starts_with('-') {
            filters.push(word.trim_end().to_string());
        } else {
            let value = if WITH_VALUE.contains(&word.as_str()) { all.next() } else { None };
            options.extend([Some(word), value].into_iter().flatten());
        }
    }
    (filters, Arguments::from_iter(options))
}

fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("every_applet_of_a_set_has_cases", complete::check)];
    for file in files().unwrap_or_else(|why| panic!("{why}")) {
        match of_file(&file) {
            Ok(more) => trials.extend(more),
            Err(mistake) => {
                let name = file.file_stem().unwrap_or_default().to_string_lossy();
                let mistake = mistake.to_string();
                trials.push(Trial::test(format!("{name}::file"), || Err(mistake.into())));
            }
        }
    }
    trials
}

fn of_file(file: &Path) -> build_rootfs::error::Result<Vec<Trial>> {
    let spec = Spec::load(file)?;
    let mut trials = cases::trials(&spec);
    trials.extend(faults::trials(&spec)?);
    Ok(trials)
}
