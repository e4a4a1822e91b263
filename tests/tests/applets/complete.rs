//! No applet without its tests.

use build_rootfs::applets::Catalogue;
use build_rootfs::error::Result;
use libtest_mimic::Failed;
use std::collections::BTreeSet;
use std::fmt::Write;
use tests::project;
use tests::spec::{files, folder, Spec};

/// Every applet of a set has a file with a case in it, and a fault line or the reason why it needs none; and every
/// file is an applet's.
pub(crate) fn check() -> std::result::Result<(), Failed> {
    let mut wrong = String::new();
    let mut wanted = applets().map_err(|why| why.to_string())?;
    // The program itself has cases, too.
    wanted.insert("mote".into());
    let folder = folder();
    for file in files().map_err(|why| why.to_string())? {
        let Ok(spec) = Spec::load(&file) else {
            // It is told where its tests are.
            wanted.remove(file.file_stem().unwrap_or_default().to_string_lossy().as_ref());
            continue;
        };
        let mut complain = |cause: &str, fix: &str| {
            writeln!(wrong, "{}: {cause}\n  fix: {fix}", file.display()).expect("memory");
        };
        if !wanted.remove(&spec.applet) {
            complain("no applet has this name", "name the file as the applet is declared, or remove it");
        }
        if spec.cases.is_empty() {
            complain("no case", "add one: `=== NAME`, a script, `---`, what it prints");
        }
        if spec.faults.is_empty() && spec.no_faults.is_none() {
            complain(
                "no fault line",
                "add one: `=== NAME`, `@faults`, a command; or say at the head why it needs none: \
                 `@faults none: it only prints`",
            );
        }
    }
    for applet in wanted {
        let file = folder.join(format!("{applet}.txt"));
        writeln!(wrong, "{}: not there\n  fix: write its cases, as those of `cat`", file.display())
            .expect("memory");
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(wrong.into())
}

/// The applets of all sets, by the first of their names.
fn applets() -> Result<BTreeSet<String>> {
    let all = Catalogue::load(project())?;
    // A set may leave features out, whose names begin with `-`.
    let names = all.resolve(&all.sets().join(","))?;
    Ok(names.into_iter().filter(|name| !name.starts_with('-')).collect())
}
