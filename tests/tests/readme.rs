//! README and `docs/applets.md` tell what the sources say.

use build_rootfs::ledger::budgets::Budgets;
use build_rootfs::ledger::snapshot::Snapshot;
use build_rootfs::target::{Target, DEFAULT};
use declaration::{page, Decl};

/// Holds a file to the text that it should have, which `MOTE_UPDATE=1` writes.
fn holds(name: &str, new: &str) {
    let file = tests::project().root().join(name);
    let old = std::fs::read_to_string(&file).unwrap_or_default();
    if old != new && std::env::var_os("MOTE_UPDATE").is_some() {
        std::fs::write(&file, new).unwrap();
        return;
    }
    assert!(old == new, "{name} is out of date: run `MOTE_UPDATE=1 cargo rootfs test readme`\n{new}");
}

fn declarations() -> Vec<Decl> {
    declaration::read_all(&tests::project().root().join("applets/src")).unwrap()
}

#[test]
fn readme_lists_every_applet_as_declared() {
    let readme = std::fs::read_to_string(tests::project().root().join("README.md")).unwrap();
    let new = page::readme(&readme, &declarations()).expect("README.md has the marks of the applet table");
    holds("README.md", &new);
}

#[test]
fn the_page_of_the_applets_is_as_declared() {
    holds("docs/applets.md", &page::applets(&declarations()).unwrap_or_else(|why| panic!("{why}")));
}

/// How the README calls the sets whose bytes it tells.
const SETS: [(&str, &str); 4] =
    [("`true` alone", "true"), ("the shell alone", "sh"), ("`seed`", "seed"), ("`base`", "base")];

/// The cells of the README's row that begins with `label`.
fn row<'a>(readme: &'a str, label: &str) -> Vec<&'a str> {
    let start = format!("| {label}");
    let row = readme.lines().find(|line| line.starts_with(&start));
    row.unwrap_or_else(|| panic!("no row `{label}`")).trim_matches('|').split('|').map(str::trim).collect()
}

fn number(cell: &str) -> Option<u64> {
    cell.trim_end_matches("\\*").replace(',', "").parse().ok()
}

#[test]
fn the_page_of_the_comparison_tells_the_sizes_of_the_ledger() {
    let project = tests::project();
    let page = std::fs::read_to_string(project.root().join("docs/comparison.md")).unwrap();
    let saved = Snapshot::load(project, DEFAULT).unwrap_or_else(|e| panic!("{e}"));
    // The sets are the first table's heading, mote's bytes its first row.
    let (heading, bytes) = (row(&page, " | true |"), row(&page, "mote |"));
    for (n, set) in heading.iter().enumerate().skip(1) {
        let set = if *set == "shell" { "sh" } else { set };
        let again = "`cargo rootfs size --save && cargo rootfs compare`";
        assert_eq!(number(bytes[n]), saved.sets.get(set).copied(), "{set}: {again}");
    }
    let readme = std::fs::read_to_string(project.root().join("README.md")).unwrap();
    for (column, peer) in [(2, "BusyBox, hush, rich |"), (3, "Toybox, rich |")] {
        for (n, (label, _)) in SETS.iter().enumerate() {
            assert_eq!(
                number(row(&readme, label)[column]),
                number(row(&page, peer)[n + 1]),
                "{label}: {peer}"
            );
        }
    }
}

#[test]
fn readme_tells_the_sizes_of_the_ledger_and_the_goals_of_the_budgets() {
    let project = tests::project();
    let readme = std::fs::read_to_string(project.root().join("README.md")).unwrap();
    let saved = Snapshot::load(project, DEFAULT).unwrap_or_else(|e| panic!("{e}"));
    let budgets = Budgets::load(&Target::load(project, DEFAULT).unwrap()).unwrap().unwrap();
    for (label, set) in SETS {
        let cells = row(&readme, label);
        assert_eq!(number(cells[1]), saved.sets.get(set).copied(), "{label}: mote's bytes");
        assert_eq!(number(cells[4]), budgets.set[set].goal, "{label}: the goal");
    }
}
