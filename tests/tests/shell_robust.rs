//! The shell in bad company: whatever the system refuses, it says so in a line, ends with the right status,
//! and neither hangs nor crashes nor grows.

use std::fs::{self, File};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tests::{command, fresh, mote};

/// No script here takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(600);

fn sh(script: &str) -> Command {
    let mut sh = command("x86_64", &mote("x86_64", "sh"), "sh");
    sh.args(["-c", script]).stdin(Stdio::null());
    sh
}

/// As [`sh`], where the system calls fail that strace's `inject` names.
fn tampered(inject: &str, arguments: &[&str]) -> Command {
    let mut strace = fresh("strace");
    strace.args(["-o", "/dev/null", "-e"]).arg(format!("inject={inject}"));
    strace.arg(mote("x86_64", "sh")).args(arguments).stdin(Stdio::null());
    // So the binary is the shell under any name.
    strace
}

struct Said {
    out: String,
    err: String,
    status: Option<i32>,
}

/// Runs it to its end, which must come by itself and in time.
#[track_caller]
fn run(command: &mut Command) -> Said {
    let start = Instant::now();
    let Output { stdout, stderr, status } = command.output().unwrap();
    assert!(start.elapsed() < PATIENCE);
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let said = Said { out: text(stdout), err: text(stderr), status: status.code() };
    assert!(said.status.is_some_and(|s| !(128 + 4..=128 + 11).contains(&s)), "{status}: {}", said.err);
    said
}

/// Output, status, and part of the message of `script`.
#[track_caller]
fn check(command: &mut Command, out: &str, status: i32, message: &str) {
    let said = run(command);
    assert_eq!((said.out.as_str(), said.status), (out, Some(status)), "{}", said.err);
    assert!(said.err.contains(message), "`{message}` is not in: {}", said.err);
    assert!(said.err.is_empty() == message.is_empty(), "{}", said.err);
}

#[test]
fn any_of_the_first_descriptors_may_be_closed() {
    let script = "x=$(echo y); echo $x; echo err >&2; cat <<E | cat\ndoc\nE\nread z; : > f; exit 5";
    for closed in 0..8 {
        let closing = |bit: u32, text: &'static str| if closed >> bit & 1 == 1 { text } else { "" };
        let redirections = [closing(0, "<&-"), closing(1, ">&-"), closing(2, "2>&-")].join(" ");
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        fs::write(&inner, script).unwrap();
        // As a subshell: the command that it is runs with the descriptors that are left.
        let said = run(sh(&format!("(. {}) {redirections}", inner.display())).current_dir(dir.path()));
        assert_eq!(said.status, Some(5), "{redirections}: {}", said.err);
        assert_eq!(said.out, if closed & 2 == 0 { "y\ndoc\n" } else { "" }, "{redirections}");
        assert_eq!(said.err.contains("err\n"), closed & 4 == 0, "{redirections}");
        assert!(dir.path().join("f").is_file(), "{redirections}");
        if closed & 6 == 2 {
            assert!(said.err.contains("echo: line 1: write error: Bad file descriptor"), "{}", said.err);
        }
    }
}

#[test]
fn every_builtin_that_writes_tells_that_it_could_not() {
    let builtins = [
        "alias",
        "alias a",
        "cd -",
        "command -V echo",
        "command -v echo",
        "echo x",
        "export -p",
        "jobs",
        "kill -l",
        "kill -l 1",
        "printf x",
        "pwd",
        "readonly -p",
        "set",
        "set +o",
        "set -o",
        "times",
        "trap",
        "type echo",
        "ulimit",
        "ulimit -a",
        "umask",
        "umask -S",
        "eval echo x",
        "command echo x",
    ];
    for builtin in builtins {
        let script = format!(
            "alias a=b; trap : USR1; readonly r=1; OLDPWD=/; sleep 1 & {builtin} > /dev/full; echo $?"
        );
        check(&mut sh(&script), "1\n", 0, "write error: No space left on device\n");
    }
}

#[test]
fn a_full_device_fails_what_writes_to_it() {
    check(&mut sh("{ echo a; echo b >&2; } > /dev/full; echo $?"), "0\n", 0, "write error: No space left");
    check(&mut sh("f() { echo a; }; f > /dev/full || echo no"), "no\n", 0, "write error: No space left");
    check(&mut sh("(echo a) > /dev/full; echo $?"), "1\n", 0, "write error: No space left");
    check(&mut sh("set -e; echo a > /dev/full; echo no"), "", 1, "write error: No space left");
    check(&mut sh("echo a | cat > /dev/full; echo $?"), "1\n", 0, "No space left");
}

#[test]
fn words_of_a_megabyte_are_words() {
    let (dir, long) = (tempfile::tempdir().unwrap(), "a".repeat(1 << 20));
    let script = format!(
        "echo {long} | wc -c; x={long}; echo ${{#x}}; y=$x$x$x; echo ${{#y}}\n\
         case $x in a*a) echo yes;; esac; set -- $x; z=${{1%?}}; echo ${{#z}}; echo \"$x\" | wc -c\n\
         cat <<E | wc -c\n{long}\nE\nfor i in {}; do n=$((n+1)); done; echo $n\n\
         f() {{ echo $#; }}; f {}\ncase x in {}x) echo yes;; esac\necho $(({}1))\n",
        "c ".repeat(300_000),
        "x ".repeat(300_000),
        "a|".repeat(300_000),
        "1+".repeat(100_000)
    );
    let file = dir.path().join("long");
    fs::write(&file, script).unwrap();
    let want = "1048577\n1048576\n3145728\nyes\n1048575\n1048577\n1048577\n300000\n300000\nyes\n100001\n";
    check(&mut sh(&format!(". {}", file.display())), want, 0, "");
    // Lengths in the tree have three bytes.
    fs::write(&file, format!("echo {} | wc -c", "a".repeat(17 << 20))).unwrap();
    check(&mut sh(&format!(". {}", file.display())), "", 2, "syntax error: command too long");
}

#[test]
fn text_that_ends_too_early_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("script");
    let truncated = [
        "if true; then echo",
        "echo \"abc",
        "echo 'abc",
        "f() {",
        "case x in",
        "case x in x",
        "case x in x)",
        "for i in a b",
        "for i in a; do",
        "while",
        "until :; do",
        "echo $(echo",
        "echo ${x",
        "echo $((1+",
        "echo `ls",
        "[[ a",
        "[[ a =~ (",
        "(",
        "a=(",
        "echo $'ab\\",
        "a &&",
        "a |",
        "echo $(cat <<E\n",
        "function",
        "function f",
        "{",
        "x=${y:-\"",
        "echo ${x/a",
        "echo ${x:1",
        "((1",
        "echo \"$(",
        "echo \"${x#'",
        "a <",
        "a 2>",
        "a <<",
        "a <<<",
        "a <<'E",
        "a;;",
    ];
    for text in truncated {
        fs::write(&file, text).unwrap();
        let said = run(command("x86_64", &mote("x86_64", "sh"), "sh").arg(&file).stdin(Stdio::null()));
        assert_eq!((said.out.as_str(), said.status), ("", Some(2)), "{text}: {}", said.err);
        assert!(said.err.contains("syntax error") && said.err.lines().count() == 1, "{text}: {}", said.err);
    }
    // A here-document ends with the text, a backslash there is itself.
    for (text, out) in [("cat <<E\nabc", "abc"), ("echo \\", "\\\n"), ("cat <<\\", ""), ("echo a\\\n", "a\n")]
    {
        fs::write(&file, text).unwrap();
        check(&mut sh(&format!(". {}", file.display())), out, 0, "");
    }
}

#[test]
fn a_script_that_cannot_be_read_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display().to_string();
    let sh_of = |arguments: &[&str]| {
        let mut sh = command("x86_64", &mote("x86_64", "sh"), "sh");
        sh.args(arguments).stdin(Stdio::null());
        sh
    };
    check(&mut sh_of(&[&path]), "", 126, ": Is a directory\n");
    check(&mut sh(&format!("trap 'echo bye' EXIT; . {path}; echo no")), "bye\n", 2, ": Is a directory");
    check(sh_of(&[]).stdin(File::open(dir.path()).unwrap()), "", 128, "read error: Is a directory\n");
    let file = dir.path().join("script");
    fs::write(&file, "if :\nthen echo a\nfi\n").unwrap();
    let file = file.display().to_string();
    check(&mut tampered("read:error=EIO:when=1+", &[&file]), "", 126, ": I/O error\n");
    check(&mut tampered("read:error=EIO:when=2+", &[&file]), "", 128, "read error: I/O error\n");
    check(&mut tampered("read:error=EINTR:when=1", &[&file]), "a\n", 0, "");
    check(&mut sh_of(&["/no/such"]), "", 127, "can't open '/no/such': No such file or directory\n");
}

#[test]
fn a_refused_fork_is_told_and_ends_the_script() {
    let scripts = [
        "(echo a); echo no",
        "x=$(ls); echo no",
        "ls | cat; echo no",
        "sleep 0 & echo no",
        "ls; echo no",
        "if ls; then echo no; else echo no; fi",
        "f() { ls; }; f || echo no",
        "{ ls; } 2> /dev/full; echo no",
    ];
    for script in scripts {
        let script = format!("trap 'echo bye' EXIT; {script}");
        let said = run(&mut tampered("fork,vfork,clone,clone3:error=EAGAIN", &["-c", &script]));
        assert_eq!((said.out.as_str(), said.status), ("bye\n", Some(2)), "{script}: {}", said.err);
        let told = said.err.contains("can't fork: Resource temporarily unavailable\n");
        assert!(told || script.contains("full"), "{script}: {}", said.err);
    }
}

#[test]
fn too_few_descriptors_lose_nothing() {
    let pipe = "can't create pipe: Too many open files\n";
    for script in ["x=$(ls /); echo no", "echo a | cat; echo no", "cat <<E\nx\nE\necho no"] {
        check(&mut sh(&format!("ulimit -n 3; {script}")), "", 2, pipe);
    }
    // The pipe to the second command is closed when there is none to the third.
    let script = "files() { for f in /proc/$$/fd/*; do printf \"${f##*/} \"; done; echo; }
        trap files EXIT; files; : | : | :";
    let said = run(&mut tampered("pipe2:error=EMFILE:when=2", &["-c", script]));
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(matches!(lines[..], [before, after] if before == after), "{}", said.out);
    assert!(said.err.ends_with(pipe), "{}", said.err);
    // What needs no process needs no pipe.
    check(&mut sh("ulimit -n 3; x=$(echo a); echo $x"), "a\n", 0, "");
    let dir = tempfile::tempdir().unwrap();
    let script = "ulimit -n 3; { echo x; } > f; echo $?; echo y > f; echo $?; echo *; echo z";
    check(sh(script).current_dir(dir.path()), "1\n1\n*\nz\n", 0, "Invalid argument\n");
    let script = "{ ulimit -n 20; } ; i=3; while [ $i -lt 30 ]; do eval \"exec $i< /dev/null\" || exit; i=$((i+1)); done";
    check(&mut sh(script), "", 1, "Too many open files\n");
    let script = "ulimit -n 12; x=$(echo a); echo $x; { echo y; } > f; cat f; echo z | cat";
    check(sh(script).current_dir(dir.path()), "a\ny\nz\n", 0, "");
}

#[test]
fn no_memory_ends_a_shell_with_a_message() {
    let grow = "x=a; while :; do x=$x$x; done";
    check(&mut sh(&format!("ulimit -v 4000; {grow}")), "", 1, "out of memory\n");
    // What runs in a subshell takes only that along, a substitution, too.
    check(
        &mut sh(&format!(
            "ulimit -v 4000; ({grow}); echo $?; y=$( ({grow}); echo $?); echo $y; z=$({grow}); echo $?"
        )),
        "1\n1\n1\n",
        0,
        "out of memory\n",
    );
    // The kernel takes no argument of more than 128 KiB.
    let long = "x=aaaaaaaaaaaaaaaa; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do x=$x$x; done";
    check(&mut sh(&format!("{long}; ls $x; echo $?")), "126\n", 0, "ls: Argument list too long\n");
    check(&mut sh(&format!("{long}; export x; ls; echo $?")), "126\n", 0, "ls: Argument list too long\n");
}

#[test]
fn signals_interrupt_waiting_but_lose_nothing() {
    let later = "(sleep 0.3; kill -USR1 $$) &";
    let script = |rest: &str| format!("trap 'echo usr' USR1; {}", rest.replace("LATER", later));
    // `wait` ends with the signal, everything else goes on.
    check(&mut sh(&script("LATER sleep 1; echo $?; wait; echo $?")), "usr\n0\n0\n", 0, "");
    check(&mut sh(&script("LATER sleep 2 & wait $!; echo $?; kill $!")), "usr\n138\n", 0, "");
    check(
        &mut sh(&script("LATER (sleep 0.8; echo line) | { read x; echo $? $x; }; wait")),
        "0 line\nusr\n",
        0,
        "",
    );
    check(&mut sh(&script("LATER x=$(sleep 0.8; echo v); echo $x")), "usr\nv\n", 0, "");
    check(&mut sh(&script("LATER sleep 0.8 | sleep 0.8 | cat; echo $?")), "usr\n0\n", 0, "");
    let dir = tempfile::tempdir().unwrap();
    let fifo = script("mkfifo f; LATER (sleep 0.8; echo line > f) & read x < f; echo $? $x; wait");
    check(sh(&fifo).current_dir(dir.path()), "usr\n0 line\n", 0, "");
    check(
        &mut sh("trap 'echo usr; exit 9' USR1; (sleep 0.3; kill -USR1 $$) & while :; do :; done"),
        "usr\n",
        9,
        "",
    );
    check(&mut tampered("wait4:error=EINTR:when=1", &["-c", "(exit 4); echo $?; wait"]), "4\n", 0, "");
    check(&mut tampered("write:error=EINTR:when=1", &["-c", "echo a; echo b"]), "a\nb\n", 0, "");
}

/// Runs `work` with `i` from 1 to `turns` and says how much the shell has grown from the first tenth on.
fn growth(work: &str, turns: u32) -> String {
    format!(
        "size() {{ while read a b c; do case $a in VmHWM:) s=$b;; esac; done < /proc/$$/status; }}
         i=0; while [ $i -lt {turns} ]; do i=$((i+1)); {work}
         [ $i = {} ] && {{ size; first=$s; }}; done; size; echo $((s - first <= 16)) $first $s >&2
         [ $s -le $((first + 16)) ]",
        turns / 10
    )
}

#[test]
fn a_million_turns_take_no_more_memory_than_some() {
    let said = run(&mut sh(&growth("x=a$i; y=${x#a}; :", 1_000_000)));
    assert_eq!(said.status, Some(0), "{}", said.err);
}

#[test]
fn a_hundred_thousand_calls_take_no_more_memory_than_some() {
    let work = "f $i 'a b' <<E\nline $i\nE\n";
    let script = format!(
        "f() {{ local l=$1; set -- \"$@\" x; read k; eval 'm=$l'; return 3; }}\n{}",
        growth(work, 100_000)
    );
    let said = run(&mut sh(&script));
    assert_eq!(said.status, Some(0), "{}", said.err);
}

#[test]
fn a_hundred_thousand_substitutions_take_no_more_memory_than_some() {
    let said = run(&mut sh(&growth("x=$(echo a$i)", 100_000)));
    assert_eq!(said.status, Some(0), "{}", said.err);
}
