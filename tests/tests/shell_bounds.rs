//! Bounds of the shell: many names, small stacks, what a loop leaves behind.

use std::process::Command;
use tests::{command, fresh, mote};

const SHELLS: [&str; 2] = ["x86_64", "x86_64+nommu"];

fn sh(target: &str, script: &str) -> Command {
    let mut sh = command(target, &mote(target, "sh"), "sh");
    sh.args(["-c", script]);
    sh
}

/// What it writes to standard output and standard error, and its status.
#[track_caller]
fn said(command: &mut Command) -> (String, String, Option<i32>) {
    let out = command.output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (text(&out.stdout), text(&out.stderr), out.status.code())
}

#[test]
fn more_names_than_sixteen_bits_count() {
    let script = "i=0; while [ $i -lt 66000 ]; do eval \"v$i=$i\"; i=$((i+1)); done; g() { echo called; }
        echo $i $v0 $v65534 $v65535 $v65536 $v65999; g; (late=1; echo $v65999 $late; g; :); unset v65536; echo .$v65536.";
    for target in SHELLS {
        let want = "66000 0 65534 65535 65536 65999\ncalled\n65999 1\ncalled\n..\n";
        assert_eq!(said(&mut sh(target, script)), (want.into(), String::new(), Some(0)), "{target}");
    }
}

#[test]
fn nesting_is_bounded_by_the_stack_that_there_is() {
    let scripts = [
        "f() { f; }; f",
        "f() { x=$(f); }; f",
        "f() { eval f; }; f",
        "f() { /bin/true; f; }; f",
        "f() { g | /bin/cat; f; }; g() { :; }; f",
        "f() { while :; do if case x in x) f;; esac; then :; fi; done; }; f",
        "f() { [[ x =~ y ]]; printf '%q %f' a 1; f; }; f",
        "x='('; while [ ${#x} -lt 20000 ]; do x=$x$x; done; eval \": \\$(($x\"",
    ];
    for kilobytes in [48, 64, 128, 256, 8192] {
        for script in scripts {
            // Set from outside or by the shell itself, with an environment that is as large as a part of it.
            for inside in [true, false] {
                let limit = format!("ulimit -s {kilobytes}");
                let mut shell = if inside {
                    sh("x86_64", &format!("{limit}; {script}"))
                } else {
                    let mut outer = fresh("sh");
                    outer.args(["-c", &format!("{limit}; exec \"$0\" -c \"$1\"")]);
                    outer.arg(mote("x86_64", "sh")).arg(script);
                    outer
                };
                shell.env("MUCH", "x".repeat(16_000));
                let (_, err, status) = said(&mut shell);
                let told = err.contains("nested too deeply") || err.contains("recursion");
                assert!(
                    told && status.is_some_and(|s| s < 128),
                    "{kilobytes} KB, {script}: {status:?}, {err}"
                );
            }
        }
    }
}

#[test]
fn a_descriptor_by_name_takes_no_other_ones_place() {
    let dir = tempfile::tempdir().unwrap();
    let script = "{ exec {v}>file; } 2>&-; echo error >&2; echo out >&$v; read x <file; echo $x; exec {v}>&-
        { exec {v}<file; } <&- 2>&- ; read x <&$v; echo $x; true {w}<&7; echo $?";
    let (out, err, status) = said(sh("x86_64", script).current_dir(dir.path()));
    assert_eq!((out.as_str(), status), ("out\nout\n1\n", Some(0)), "{err}");
    assert!(err.starts_with("error\n") && err.contains("7: Bad file descriptor"), "{err}");
}

#[test]
fn a_read_error_is_no_end_of_a_substitution() {
    let (out, err, status) = said(&mut sh("x86_64", "x=$(</); echo $? $x; x=$(<//) && echo no; :"));
    assert_eq!((out.as_str(), status), ("1\n", Some(0)));
    assert_eq!(err.matches("read error: Is a directory").count(), 2, "{err}");
    let mut strace = fresh("strace");
    strace.args(["-qqo", "/dev/null", "-e", "inject=read:error=EIO"]).arg(mote("x86_64", "sh"));
    let (out, err, status) = said(strace.args(["-c", "x=$(/bin/true); echo $? $x"]));
    assert_eq!((out.as_str(), status), ("1\n", Some(0)));
    assert!(err.contains("read error: I/O error"), "{err}");
}
