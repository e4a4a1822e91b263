//! The classes of the declarations: an applet that runs as a function of the shell, or in a fork without exec, leaves the
//! shell as it was, however often it is called.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;
use tests::{applet_dir, fresh, mote, project, ALL};

/// What an applet is called with, where `--help` says too little of what it does. The folder has a file `f` of two
/// lines and an empty folder `d`.
static WORDS: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    let words = [
        ("basename", "/a/b.c .c"),
        ("cat", "f"),
        ("chmod", "644 f"),
        ("cut", "-c 1 f"),
        ("dirname", "/a/b"),
        ("echo", "a b"),
        ("expr", "1 + 2"),
        ("grep", "-q o f"),
        ("head", "-n 1 f"),
        ("kill", "-0 $$"),
        ("ls", "f"),
        ("mkdir", "d"),
        ("mktemp", "-u"),
        ("mv", "f f"),
        ("printf", "%s-%d a 1"),
        ("pwd", ""),
        ("readlink", "-f f"),
        ("rm", "-f none"),
        ("sed", "s/o/0/ f"),
        ("stat", "f"),
        ("test", "-f f"),
        ("touch", "f"),
        ("tr", "a b <f"),
        ("true", ""),
        ("false", ""),
        ("uname", "-a"),
        ("wc", "f"),
    ];
    BTreeMap::from(words)
});

/// What is looked at, by the shell itself.
const LOOK: &str = "look() {
    while read -r key value; do
        case $key in VmData: | SigBlk: | SigIgn: | SigCgt: ) echo $key $value;; esac
    done </proc/$$/status
    echo /proc/$$/fd/* $PWD $(umask) $-
}
";

/// For each applet of `class`: `times` calls after `before` calls that may make room for what is kept.
fn trial(class: &str, before: u32, times: u32) {
    let decls = declaration::read_all(&project().root().join("applets/src")).unwrap();
    let mut wrong = String::new();
    let mut tried = 0;
    for decl in decls.iter().filter(|decl| decl.class == class) {
        let name = decl.name();
        let words = WORDS.get(name).copied().unwrap_or("--help");
        let room = tempfile::tempdir().unwrap();
        std::fs::write(room.path().join("f"), "one\ntwo\n").unwrap();
        std::fs::create_dir(room.path().join("d")).unwrap();
        let call = format!("{name} {words} >/dev/null 2>&1 || :");
        let script = format!(
            "{LOOK}calls() {{ i=0; while [ $i -lt $1 ]; do {call}; i=$((i + 1)); done; }}\n\
             look >/dev/null; calls {before}; look >a; calls {times}; look >b\n\
             while read -r x && read -r y <&3; do [ \"$x\" = \"$y\" ] || echo \"$x, then $y\"; done <a 3<b"
        );
        let mut shell = fresh(mote("x86_64", ALL));
        shell.args(["sh", "-c", &script]).current_dir(room.path());
        shell.env("PATH", applet_dir("x86_64"));
        let output = shell.output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let looked = std::fs::read_to_string(room.path().join("b")).unwrap_or_default();
        if !output.status.success() || !said.is_empty() || looked.lines().count() != 5 {
            writeln!(wrong, "{call}\n{said}{looked}").unwrap();
        }
        tried += 1;
    }
    assert!(tried > 5 && wrong.is_empty(), "{tried} applets: {wrong}");
}

#[test]
fn functions_of_the_shell_leave_it_as_it_was() {
    trial("NoFork", 1000, 100_000);
}

#[test]
fn forks_of_the_shell_leave_it_as_it_was() {
    trial("NoExec", 100, 2_000);
}
