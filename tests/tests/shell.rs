//! The shell as scripts see it, natively and under qemu-user.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tests::{command, mote};

const TARGETS: [&str; 2] = ["x86_64", "armv5te"];

fn sh(target: &str) -> Command {
    let mut sh = command(target, &mote(target, "sh"), "sh");
    sh.stdin(Stdio::null());
    sh
}

fn run(target: &str, script: &str) -> Output {
    sh(target).args(["-c", script]).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Script, expected output, expected status.
fn cases() -> Vec<(&'static str, &'static str, i32)> {
    let all = include_str!("shell_cases.txt");
    let sections = all.split("=== ").skip(1);
    let read = |section: &'static str| {
        let (status, rest) = section.split_once('\n')?;
        let (script, out) = rest.split_once("---\n")?;
        Some((script, out, status.parse().ok()?))
    };
    sections.map(|s| read(s).unwrap_or_else(|| panic!("not a case: {s}"))).collect()
}

#[test]
fn scripts_print_what_they_should() {
    assert!(cases().len() > 80);
    let dir = tempfile::tempdir().unwrap();
    let mut wrong = String::new();
    for target in TARGETS {
        for (script, out, status) in cases() {
            let got = sh(target)
                .args(["-c", script])
                .current_dir(dir.path())
                .env("HOME", "/root")
                .output()
                .unwrap();
            if text(&got.stdout) != out || got.status.code() != Some(status) {
                wrong += &format!("{target}: {script}got {:?}: {}", got.status.code(), text(&got.stdout));
                wrong += &text(&got.stderr);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn errors_name_the_place() {
    let said = |script: &str| {
        let out = run("x86_64", script);
        (text(&out.stderr), out.status.code())
    };
    assert_eq!(said("no-such-command"), ("sh: no-such-command: not found\n".into(), Some(127)));
    assert_eq!(said("/dev/null"), ("sh: /dev/null: Permission denied\n".into(), Some(126)));
    assert_eq!(said("cd /no/such").1, Some(1));
    let (err, status) = said("if then\n");
    assert!(err.contains("syntax error") && status == Some(2), "{err}");
    assert_eq!(said("readonly x=1\nx=2; echo no"), ("sh: x: is read only\n".into(), Some(2)));
    assert_eq!(said("echo hi > /no/such/file; exit 5").1, Some(5));
    let (err, status) = said(": > /no/such/file; echo no");
    assert!(err.contains("nonexistent directory") && status == Some(1) || status == Some(2), "{err}");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("script");
    std::fs::write(&file, "echo one\n\ncd /no/such\nexit 3\n").unwrap();
    let out = sh("x86_64").arg(&file).output().unwrap();
    assert_eq!(out.status.code(), Some(3));
    assert!(text(&out.stderr).contains("script: cd: line 3: can't cd to /no/such"), "{}", text(&out.stderr));
}

#[test]
fn a_failed_write_is_reported() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let out = sh("x86_64").args(["-c", "echo x; echo $? >&2"]).stdout(full).output().unwrap();
    let err = text(&out.stderr);
    assert!(err.contains("No space left on device") && err.ends_with("\n1\n"), "{err}");
}

#[test]
fn standard_input_is_read_by_line() {
    let mut child =
        sh("x86_64").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"read x; cat\nfor read\nfor cat\n").unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(text(&out.stdout), "for cat\n");
}

#[test]
fn nesting_is_bounded_by_an_error() {
    let n = 100_000;
    let deep = [
        "(".repeat(n),
        format!("{}:;{}", "{ ".repeat(n), "} ;".repeat(n)),
        format!("echo {}{}", "$(".repeat(n), ")".repeat(n)),
        format!("echo $(({}1{}))", "(".repeat(n), ")".repeat(n)),
        format!("echo {}{}", "\"${x-".repeat(n), "}\"".repeat(n)),
        "f() { f; }; f".into(),
        "f() { eval f; }; f".into(),
        "f() { . ./again; }; echo f > again; f".into(),
    ];
    let dir = tempfile::tempdir().unwrap();
    for script in deep {
        let start = script.chars().take(30).collect::<String>();
        let file = dir.path().join("script");
        std::fs::write(&file, &script).unwrap();
        let out = sh("x86_64").arg(&file).current_dir(dir.path()).output().unwrap();
        assert!(matches!(out.status.code(), Some(1..=127)), "{start}: {:?}", out.status);
        assert!(!out.stderr.is_empty(), "{start}");
    }
}

#[test]
fn junk_does_no_harm() {
    // xorshift: the same junk in every run.
    let mut x = 0x2545_f491_4f6c_dd1du64;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("junk");
    let syntax: &[u8] = b"${}()|&;<>\"'`\\\n x=1#[]*?!-:+%/~ if fi do done case esac";
    for round in 0..60 {
        let junk: Vec<u8> = (0..3000)
            .map(|_| {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                if round % 2 == 0 {
                    x as u8
                } else {
                    syntax[(x % syntax.len() as u64) as usize]
                }
            })
            .collect();
        std::fs::write(&file, &junk).unwrap();
        // Only parsed: who knows what it would do.
        let out = sh("x86_64").arg("-n").arg(&file).output().unwrap();
        assert!(out.status.code().is_some(), "round {round}: {:?}", out.status);
    }
}

#[test]
fn descriptors_may_be_closed() {
    let script = "exec \"$0\" -c 'echo hi; read x; cat /no/such; x=$(echo y); [ $x = y ]' 0<&- 1>&- 2>&-";
    let file = mote("x86_64", "sh");
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("sh");
    std::os::unix::fs::symlink(file, &link).unwrap();
    let out = sh("x86_64").args(["-c", script]).arg(&link).output().unwrap();
    assert_eq!(out.status.code(), Some(0));
}

#[test]
fn memory_stays_constant() {
    let script = "
        size() { while read a b c; do case $a in VmRSS:) echo $b;; esac; done < /proc/$$/status; }
        work() { f() { local l=$1; return 3; }; f $1; x=$(echo a); eval 'y=${x#b}$1'; set -- a b c; }
        i=0; while [ $i -lt 300 ]; do work $i; i=$((i+1)); done; first=$(size)
        while [ $i -lt 3000 ]; do work $i; i=$((i+1)); done; last=$(size)
        [ $last -le $((first + 16)) ] || echo $first $last";
    let start = Instant::now();
    let out = run("x86_64", script);
    assert_eq!(text(&out.stdout), "");
    assert!(start.elapsed() < Duration::from_secs(120));
}

#[test]
fn scripts_are_found_in_path() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("myscript"), "echo \"$0 $1\"\n").unwrap();
    for target in TARGETS {
        let path = format!("{}:/usr/bin:/bin", dir.path().display());
        let out = sh(target).args(["myscript", "x"]).env("PATH", path).output().unwrap();
        assert_eq!((text(&out.stdout).as_str(), out.status.code()), ("myscript x\n", Some(0)), "{target}");
        assert_eq!(sh(target).arg("myscript").output().unwrap().status.code(), Some(127), "{target}");
    }
}

#[test]
fn files_at_the_start_can_be_left_out() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".profile"), "echo profile\n").unwrap();
    std::fs::write(dir.path().join("rc"), "echo rc\n").unwrap();
    let said = |options: &[&str]| {
        let mut sh = sh("x86_64");
        sh.args(options).env("HOME", dir.path()).env("ENV", dir.path().join("rc"));
        text(&sh.args(["-i", "-c", "echo command"]).output().unwrap().stdout)
    };
    assert_eq!(said(&[]), "rc\ncommand\n");
    assert_eq!(said(&["--norc"]), "command\n");
    assert_eq!(said(&["-l"]), "profile\nrc\ncommand\n");
    assert_eq!(said(&["--noprofile", "--norc", "-l"]), "command\n");
    assert_eq!(said(&["--nosuch"]), "");
}
