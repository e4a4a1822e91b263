//! mote without the features that can be left out: what POSIX asks for is there, and what is not there says so.
//!
//! The cases of the applets run on it, too: the tests `…::lean` in `applets/`.

use build_rootfs::cache::Cache;
use build_rootfs::error::Result;
use build_rootfs::process::which;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tests::conformance::known::Known;
use tests::conformance::reference::{self, User};
use tests::conformance::shell::{Run, Suite};
use tests::conformance::{summary, write};
use tests::differential::Shells;
use tests::scripts::{script, PROLOGUE};
use tests::{cases, command, fresh, mote, Guest, Options};

/// Natively, with the shell alone.
const LEAN: &str = "sh-lean";
/// Generated scripts that are tried.
const SCRIPTS: u64 = 200;

fn dash() -> PathBuf {
    which("dash").expect("dash: `cargo rootfs setup` installs it")
}

fn sh(applets: &str) -> Command {
    command("x86_64", &mote("x86_64", applets), "sh")
}

fn run(mut shell: Command, script: &str, dir: &Path) -> Output {
    shell.args(["-c", script]).current_dir(dir).env("HOME", "/root").output().expect("a shell")
}

/// Scripts with what is left out: the feature, the script, the status, and what is told.
const REFUSED: &[(&str, &str, i32, &str)] = &[
    ("bash", "[[ a = a ]]", 127, "[[: not found"),
    ("bash", "if [[ a =~ a ]]; then echo wrong; fi; [[ x ]]", 127, "[[: not found"),
    ("bash", "function f { echo wrong; }", 2, "syntax error"),
    ("bash", "function f() { echo wrong; }", 2, "syntax error: unexpected \"(\""),
    ("bash", "echo wrong &> f", 2, "syntax error: unexpected \"&>\""),
    ("bash", "echo wrong &>> f", 2, "syntax error: unexpected \"&>>\""),
    ("bash", "echo wrong >& f", 2, "bad fd number"),
    ("bash", "cat <<< wrong", 2, "syntax error: unexpected \"<<<\""),
    ("bash", "cat <(echo wrong)", 2, "syntax error: unexpected \"(\""),
    ("bash", "echo wrong > >(cat)", 2, "syntax error"),
    ("bash", "echo wrong >(cat)", 2, "syntax error"),
    ("bash", "exec {v}>f", 2, "syntax error: unexpected \"{v}\""),
    ("bash", "echo wrong |& cat", 2, "syntax error: unexpected \"|&\""),
    ("bash", "case x in x) : ;;& y) : ;; esac", 2, "syntax error: unexpected \";;&\""),
    ("bash", "((x = 1))", 2, "syntax error: unexpected \"((x = 1))\""),
    ("bash", "for ((i = 0; i < 3; i++)); do echo wrong; done", 2, "syntax error"),
    ("bash", "echo $[1 + 2]", 2, "syntax error: unexpected \"$[\""),
    ("bash", "echo $((2 ** 3))", 2, "arithmetic: syntax error"),
    ("bash", "echo $((16#ff))", 2, "arithmetic: syntax error"),
    ("bash", "let x=1", 127, "let: not found"),
    ("bash", "source /dev/null", 127, "source: not found"),
    ("bash", "x=1; x+=2", 127, "x+=2: not found"),
    ("bash", "export x+=2", 2, "x+: bad variable name"),
    ("bash", "x=abc; echo ${x/b/c}", 2, "bad substitution"),
    ("bash", "x=abc; echo ${x//b/c}", 2, "bad substitution"),
    ("bash", "x=abc; echo ${x:1:2}", 2, "bad substitution"),
    ("bash", "x=abc; echo ${x: -1}", 2, "bad substitution"),
    ("bash", "x=abc; echo ${x^}", 2, "bad substitution"),
    ("bash", "x=abc; echo ${x,,}", 2, "bad substitution"),
    ("bash", "x=abc; echo ${x@Q}", 2, "bad substitution"),
    ("bash", "x=HOME; echo ${!x}", 2, "bad substitution"),
    ("bash", "echo ${!HO*}", 2, "bad substitution"),
    ("bash", "read -p wrong x", 2, "illegal option -p"),
    ("bash", "read -t 1 x", 2, "illegal option -t"),
    ("bash", "read -n 1 x", 2, "illegal option -n"),
    ("bash", "read -s x", 2, "illegal option -s"),
    ("bash", "read -u 0 x", 2, "illegal option -u"),
    ("bash", "exec -a wrong true", 127, "-a: not found"),
    ("bash", "wait -n", 2, "illegal option -n"),
    ("edit", "fc -l", 127, "fc: not found"),
    ("jobs", "set -m", 2, "illegal option -m"),
    ("jobs", "set -o monitor", 2, "illegal option -o monitor"),
    ("jobs", "set -b", 2, "illegal option -b"),
    ("jobs", "jobs", 127, "jobs: not found"),
    ("jobs", "fg", 127, "fg: not found"),
    ("jobs", "bg", 127, "bg: not found"),
    ("jobs", "wait %1", 2, "%1: Illegal number"),
    ("jobs", "kill %1", 1, "%1: no such job or process"),
    ("help", "sh --help; exit 2", 2, "sh: --help: unknown option"),
];

#[test]
fn what_is_left_out_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut wrong = String::new();
    for (feature, script, status, why) in REFUSED {
        // Of one feature alone, and of all.
        for applets in [&format!("sh,-{feature}"), LEAN] {
            let out = run(sh(applets), script, dir.path());
            let told = String::from_utf8_lossy(&out.stderr);
            if out.status.code() != Some(*status) || !told.contains(why) || !out.stdout.is_empty() {
                wrong += &format!("{applets}: {script}: {out:?}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none(), "a refused command made a file");
}

#[test]
fn what_is_refused_without_a_feature_is_there_with_it() {
    let dir = tempfile::tempdir().unwrap();
    for (feature, script, status, why) in REFUSED.iter().filter(|row| row.0 != "jobs" || row.1 == "jobs") {
        let out = run(sh("sh"), script, dir.path());
        let told = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.code() != Some(*status) || !told.contains(why), "{feature}: {script}: {out:?}");
    }
}

#[test]
fn what_posix_makes_of_it_is_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let out = run(sh(LEAN), "echo {a,b} {1..3} $'a\\tb'; echo a{b}>c; cat c; [ x ] && echo test", dir.path());
    assert_eq!(String::from_utf8_lossy(&out.stdout), "{a,b} {1..3} a\tb\na{b}\ntest\n");
}

/// Cases that dash passes and that are about what is left out: the first three wait for `%1`, the last one has `((…))`,
/// a subshell in a subshell to dash.
const BEYOND: &[&str] = &["misc/wait4", "misc/wait5", "signals/signal1", "z_slow/many_ifs"];

/// The messages of what is left out.
const SAID: &[&str] = &["not found", "syntax error", "bad substitution", "illegal option", "bad fd number"];

#[test]
fn cases_of_the_shell_that_dash_passes() {
    let dir = tempfile::tempdir().unwrap();
    let (mut passed, mut wrong) = (0, String::new());
    for (script, out, status) in cases() {
        let right = |got: &Output| got.stdout == out.as_bytes() && got.status.code() == Some(status);
        let got = run(sh(LEAN), script, dir.path());
        if right(&got) {
            passed += 1;
            continue;
        }
        let told = String::from_utf8_lossy(&got.stderr).into_owned();
        // Braces are nothing to POSIX but text.
        let silent = !SAID.iter().any(|said| told.contains(said))
            && !script.contains("{a,b}")
            && !script.contains("{1..");
        if silent || right(&run(fresh(dash()), script, dir.path())) {
            wrong += &format!("{script}got {got:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(passed * 4 > cases().len() * 3, "{passed} of {}", cases().len());
}

#[test]
fn generated_scripts_do_what_dash_and_bash_agree_on() {
    let bash = which("bash").expect("bash");
    let shells = Shells { dash: dash(), bash, mote: mote("x86_64", LEAN) };
    let dir = tempfile::tempdir().unwrap();
    let mut agreed = 0;
    for seed in 0..SCRIPTS {
        let whole = format!("{PROLOGUE}{}", script(seed));
        let Some(answers) = shells.ask(&whole, dir.path()).unwrap() else { continue };
        agreed += 1;
        // A script may be a race, which ends one way or the other.
        let differs = answers.mote != answers.known && (0..3).all(|_| shells.differs(&whole, dir.path()));
        assert!(!differs, "script {seed}:\n{whole}\n{:?}\n{:?}", answers.known, answers.mote);
    }
    assert!(agreed * 3 > SCRIPTS, "dash and bash agree on {agreed} of {SCRIPTS} only");
}

/// The cases that `shell` passes.
fn passes(cache: &Cache, suite: Suite, shell: &Path, name: &str) -> Result<(BTreeSet<String>, String)> {
    let report = Run::prepare(cache, suite, (shell, name), None)?.run()?;
    write(&report, &tests::out().join(format!("lean-{}-{name}", suite.name())))?;
    let passed = report.iter().filter(|(_, verdict)| verdict.passed()).map(|(case, _)| case.clone());
    Ok((passed.collect(), summary(&report)))
}

/// What the suite's own shell, dash and mote pass, mote passes without its features, too.
fn conforms(suite: Suite, of: reference::Suite) -> Result<()> {
    let cache = Cache::open()?;
    let name = if suite == Suite::Ash { "ash" } else { "sh" };
    let (lean, told) = passes(&cache, suite, &mote("x86_64", LEAN), name)?;
    println!("{} on {LEAN}: {told}", suite.name());
    let expected = Known::of_the_project()?.rest(of.name(), of.expected(User::me())?);
    let failed: BTreeSet<String> = expected.difference(&lean).cloned().collect();
    let (dash, _) = passes(&cache, suite, &dash(), "dash")?;
    let wrong = failed.intersection(&dash).filter(|case| !BEYOND.iter().any(|beyond| case.ends_with(beyond)));
    let wrong: Vec<&String> = wrong.collect();
    assert!(wrong.is_empty(), "dash passes these: {wrong:#?}");
    Ok(())
}

#[test]
fn ash_test() {
    conforms(Suite::Ash, reference::Suite::Ash).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn hush_test() {
    conforms(Suite::Hush, reference::Suite::Hush).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn boots_to_a_prompt() {
    let options = Options { applets: Some("seed-lean".into()), ..Options::default() };
    let mut guest = Guest::boot("lean", &options);
    guest.expect("# ");
    assert_eq!(guest.command("echo ok-$((6*7)); : & wait $!; echo $?", "# "), "ok-42\n0\n");
    assert_eq!(guest.command("false || ls -d /bin /proc | cat", "# "), "/bin\n/proc\n");
    assert_eq!(guest.command("jobs; echo $?", "# "), "-/bin/sh: jobs: not found\n127\n");
    assert_eq!(guest.command("uname() { cat; }; echo x | uname", "# "), "x\n");
    // No command waits for Ctrl-C in vain.
    guest.send("echo g''o; while :; do :; done\n");
    guest.expect("go");
    guest.send("\x03");
    guest.expect("# ");
    assert_eq!(guest.command("echo $?", "# "), "130\n");
}

#[test]
fn the_shell_alone_is_the_first_process() {
    let tool = env!("CARGO_BIN_EXE_rootfs");
    let words = ["boot", "--applets", LEAN, "--run", "echo $$; [[ x ]]; exit 3"];
    let output = tests::rootfs(tool).args(words).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(!output.stdout.is_empty());
}
