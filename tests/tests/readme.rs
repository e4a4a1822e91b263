//! The README tells what the sources say.

use build_rootfs::ledger::budgets::Budgets;
use build_rootfs::ledger::snapshot::Snapshot;
use build_rootfs::target::{Target, DEFAULT};
use declaration::Decl;
use std::fmt::Write;

const START: &str = "<!-- applets: made from the declarations -->\n";
const END: &str = "<!-- end of applets -->\n";

/// The applet table: name, synopsis, first sentence.
fn table(all: &[Decl]) -> String {
    let mut t = String::from("| applet | arguments | what it does |\n|---|---|---|\n");
    for d in all {
        let (synopsis, text) = d.usage.split_once('\n').unwrap_or((&d.usage, ""));
        let more = |l: &&str| l.trim_start().starts_with("or:") || l.trim().is_empty();
        let body: Vec<&str> = text.lines().skip_while(more).collect();
        let paragraph = body.split(|l| l.is_empty()).next().unwrap_or_default().join(" ");
        let sentence = paragraph.split(". ").next().unwrap_or_default().trim_end_matches(['.', ';']);
        let sentence = sentence.split(" - ").next().unwrap_or_default();
        let names = d.names.join("`, `");
        let cell = |s: &str| s.replace('|', "\\|").replace('<', "&lt;");
        let _ = writeln!(
            t,
            "| `{names}` | `{}` | {} |",
            synopsis.replace('|', "\\|"),
            cell(sentence.trim().trim_end_matches(';'))
        );
    }
    t
}

#[test]
fn readme_lists_every_applet_as_declared() {
    let root = tests::project().root();
    let file = root.join("README.md");
    let readme = std::fs::read_to_string(&file).unwrap();
    let all = declaration::read_all(&root.join("applets/src")).unwrap();
    let (head, rest) = readme.split_once(START).expect("README.md has the applet table's first mark");
    let (old, tail) = rest.split_once(END).expect("README.md has the applet table's last mark");
    let new = table(&all);
    if old != new && std::env::var_os("MOTE_UPDATE").is_some() {
        std::fs::write(&file, format!("{head}{START}{new}{END}{tail}")).unwrap();
        return;
    }
    assert!(
        old == new,
        "the applet table is out of date: run `MOTE_UPDATE=1 cargo rootfs test readme`\n{new}"
    );
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
