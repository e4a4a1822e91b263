//! The shell as scripts see it: natively, under qemu-user, and with subshells as on a machine without an MMU.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use tests::{cases, command, fresh, mote};

const TARGETS: [&str; 3] = ["x86_64", "x86_64+nommu", "armv5te"];
/// The two ways to start a subshell, natively.
const WAYS: [&str; 2] = ["x86_64", "x86_64+nommu"];

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
    for way in WAYS {
        let said = |script: &str| {
            let out = run(way, script);
            (text(&out.stderr), out.status.code())
        };
        assert_eq!(said("(no-such-command; exit)"), ("sh: no-such-command: not found\n".into(), Some(127)));
        assert_eq!(said("no-such-command"), ("sh: no-such-command: not found\n".into(), Some(127)));
        assert_eq!(said("/dev/null"), ("sh: /dev/null: Permission denied\n".into(), Some(126)));
        assert_eq!(said("cd /no/such").1, Some(1));
        let (err, status) = said("if then\n");
        assert!(err.contains("syntax error") && status == Some(2), "{err}");
        assert_eq!(said("readonly x=1\nx=2; echo no"), ("sh: x: is read only\n".into(), Some(2)));
        assert_eq!(said("echo hi > /no/such/file; exit 5").1, Some(5));
        let (err, status) = said(": > /no/such/file; echo no");
        assert!(err.contains("can't create") && status == Some(1) || status == Some(2), "{err}");
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("script");
        std::fs::write(&file, "echo one\n\ncd /no/such\nexit 3\n").unwrap();
        let out = sh(way).arg(&file).output().unwrap();
        assert_eq!(out.status.code(), Some(3));
        assert!(
            text(&out.stderr).contains("script: cd: line 3: can't cd to /no/such"),
            "{}",
            text(&out.stderr)
        );
    }
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
    for way in WAYS {
        let mut child =
            sh(way).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let script = b"read x; (read x; echo got $x); cat\nfor read\nfor both\nfor cat\n";
        child.stdin.take().unwrap().write_all(script).unwrap();
        let out = child.wait_with_output().unwrap();
        assert_eq!(text(&out.stdout), "got for both\nfor cat\n");
    }
}

#[test]
fn nesting_is_bounded_by_an_error() {
    for way in WAYS {
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
            let out = sh(way).arg(&file).current_dir(dir.path()).output().unwrap();
            assert!(matches!(out.status.code(), Some(1..=127)), "{start}: {:?}", out.status);
            assert!(!out.stderr.is_empty(), "{start}");
        }
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
    for way in WAYS {
        let script = "exec \"$0\" -c 'echo hi; read x; cat /no/such; x=$(echo y); [ $x = y ]' 0<&- 1>&- 2>&-";
        let file = mote(way, "sh");
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("sh");
        std::os::unix::fs::symlink(file, &link).unwrap();
        let out = sh(way).args(["-c", script]).arg(&link).output().unwrap();
        assert_eq!(out.status.code(), Some(0));
    }
}

/// What no turn of a loop keeps: arithmetic, `case`, functions with locals, texts that grow and are cut, parameters,
/// traps, aliases, substitutions of builtins, here-documents.
const TURNS: &str = r#"
size() { while read a b c; do case $a in VmRSS:|VmData:) echo $b;; esac; done < /proc/$$/status; }
turn() {
    local l=$1 v
    : $((n = (n * 3 + l) % 1000))
    case $l in *7) v=seven;; *[0-3]) v=low;; *) v=${l%?};; esac
    s=$s$v$l; while [ ${#s} -gt 40 ]; do s=${s#?????}; done
    set -- $s "$v" "${l}x"; shift
    trap "n=$n" USR1; trap - USR1
    alias a$((l % 10))="b $v"; x=$(echo "$v"); p=${s/l/--}
    read a b <<-END
	$v $l $s
	END
}
i=0; n=1; s=
while [ $((i += 1)) -le FIRST ]; do turn $i; done; first=$(size)
while [ $((i += 1)) -le LAST ]; do turn $i; done; last=$(size)
[ "$first" = "$last" ] || echo $first, $last
"#;

#[test]
fn a_million_turns_take_no_more_memory_than_ten_thousand() {
    for (way, turns) in [("x86_64", "1000000"), ("x86_64+nommu", "100000")] {
        let out = run(way, &TURNS.replace("FIRST", "10000").replace("LAST", turns));
        assert_eq!((text(&out.stdout), text(&out.stderr)), (String::new(), String::new()), "{way}");
        assert!(out.status.success());
    }
}

#[test]
fn memory_stays_constant() {
    for way in WAYS {
        let script = "
        size() { while read a b c; do case $a in VmRSS:) echo $b;; esac; done < /proc/$$/status; }
            work() { f() { local l=$1; return 3; }; f $1; x=$(echo a); eval 'y=${x#b}$1'; set -- a b c; }
            i=0; while [ $i -lt 300 ]; do work $i; i=$((i+1)); done; first=$(size)
            while [ $i -lt 3000 ]; do work $i; i=$((i+1)); done; last=$(size)
            [ $last -le $((first + 16)) ] || echo $first $last";
        let out = run(way, script);
        assert_eq!(text(&out.stdout), "");
    }
}

#[test]
fn subshells_without_fork_do_not_fork() {
    let way = "x86_64+nommu";
    let twin = std::fs::read(mote(way, "sh").with_extension("sym")).unwrap();
    let has = |name: &[u8]| twin.windows(name.len()).any(|part| part == name);
    assert!(has(b"process5start") && !has(b"process4fork"));
    // It is called what it was called, though its file is a link in /proc.
    assert_eq!(text(&run(way, "(read c < /proc/self/comm; echo $c); :").stdout), "sh\n");
    // Each is a new process, so that the bound of the stack does not hold.
    let out = run(way, "f() { (f; echo $?); }; f");
    assert_eq!(text(&out.stderr), "sh: nested too deeply\n");
    assert!(text(&out.stdout).starts_with("2\n"), "{}", text(&out.stdout));
    // What looks like a state and is none.
    let out = sh(way).arg("\u{1}7").output().unwrap();
    assert_eq!((text(&out.stderr).as_str(), out.status.code()), ("sh: no state to be read\n", Some(2)));
}

#[test]
fn subshells_without_fork_need_no_proc() {
    let root = tempfile::tempdir().unwrap();
    let bin = root.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for name in ["sh", "other"] {
        std::fs::copy(mote("x86_64+nommu", "sh"), bin.join(name)).unwrap();
    }
    let script = "#!/bin/sh\n(cd /bin; echo $1 $(echo two) $(echo three | (read x; echo $x)))\n";
    std::fs::write(bin.join("script"), script).unwrap();
    std::fs::set_permissions(bin.join("script"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    std::fs::write(bin.join("plain"), &script["#!/bin/sh\n".len()..]).unwrap();
    std::fs::set_permissions(bin.join("plain"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let start = |command: &[&str]| {
        let mut unshare = fresh("unshare");
        unshare.args(["--map-root-user", "chroot"]).arg(root.path()).args(command).output().unwrap()
    };
    for command in
        [&["/bin/script", "1"][..], &["/bin/other", "-c", "/bin/plain 1"], &["/bin/sh", "/bin/script", "1"]]
    {
        let out = start(command);
        assert_eq!(
            (text(&out.stdout).as_str(), text(&out.stderr).as_str()),
            ("1 two three\n", ""),
            "{command:?}"
        );
    }
    // Not even the file is there any more.
    std::fs::remove_file(bin.join("sh")).unwrap();
    let out = start(&["/bin/other", "-c", "(cd /; :); echo $?"]);
    assert_eq!(text(&out.stdout), "0\n");
}

/// Without /proc a FIFO takes the place of a descriptor's path.
#[test]
fn process_substitution_without_proc_leaves_nothing_behind() {
    let root = tempfile::tempdir().unwrap();
    for name in ["bin", "tmp"] {
        std::fs::create_dir(root.path().join(name)).unwrap();
    }
    std::fs::copy(mote("x86_64", "sh"), root.path().join("bin/sh")).unwrap();
    // Nobody opens the second and the third.
    let script = "read x < <(echo one); echo $x; : <(echo two) >(read y); echo three > >(read z; echo $z)\n:";
    let mut unshare = fresh("timeout");
    unshare.args(["20", "unshare", "--map-root-user", "chroot"]).arg(root.path());
    // Whoever goes on holds the output open.
    let out = unshare.args(["/bin/sh", "-c", script]).output().unwrap();
    assert_eq!(
        (text(&out.stdout).as_str(), out.status.code()),
        ("one\nthree\n", Some(0)),
        "{}",
        text(&out.stderr)
    );
    assert_eq!(std::fs::read_dir(root.path().join("tmp")).unwrap().count(), 0);
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

#[test]
fn a_million_turns_hold_memory_constant() {
    // What the kernel counts as the shell's own, in KiB; a fork reads it, and the shell reads that.
    let script = "
        size() { while read a b c; do case $a in RssAnon:) echo $b;; esac; done < /proc/$$/status; }
        f() { local l=$1 m; m=$l; return 3; }
        g() { v=$1; echo ${v#1}; }
        turns() { i=0; while [ $i -lt $1 ]; do i=$((i+1)); done; }
        calls() { i=0; while [ $i -lt $1 ]; do f $i; i=$((i+1)); done; }
        substitutions() { i=0; while [ $i -lt $1 ]; do x=$(echo $i; y=$i) z=$(g $i); i=$((i+1)); done; }
        programs() { i=0; while [ $i -lt $1 ]; do x=$(/bin/true) z=$(cd /; echo $i); i=$((i+1)); done; }
        work() { turns $1; calls $2; substitutions $3; programs $4; }
        work 100 100 100 100; first=$(size)
        work 1000000 100000 100000 200; last=$(size)
        [ $last -le $first ] || echo $first $last; echo $i $x.";
    let out = run("x86_64", script);
    assert_eq!(text(&out.stdout), "200 .\n", "{}", text(&out.stderr));
}

#[test]
fn a_directory_is_no_script() {
    for way in WAYS {
        assert_eq!(sh(way).arg("/").output().unwrap().status.code(), Some(126));
        assert_eq!(run(way, ". /; echo not").status.code(), Some(2));
        assert_eq!(text(&run(way, "command . /; echo $?").stdout), "2\n");
    }
}

#[test]
fn what_is_too_long_for_the_tree_is_told() {
    let long = format!("{}\n", "x".repeat(1023)).repeat(16385);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("script");
    for script in [
        format!("cat <<A; cat <<B\n{long}A\nsecond\nB\n"),
        format!("echo $(cat <<A\n{long}A\n)\n"),
        format!("echo $(: '{long}')\n"),
        format!("x='{long}'\n"),
    ] {
        std::fs::write(&file, script).unwrap();
        for way in WAYS {
            let out = sh(way).arg(&file).output().unwrap();
            assert!(text(&out.stderr).ends_with("syntax error: command too long\n"));
            assert_eq!((text(&out.stdout), out.status.code()), (String::new(), Some(2)));
        }
    }
}
