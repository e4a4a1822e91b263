//! Signals that come from outside: what a parent ignores or blocks, and what comes at any moment.

use rustix::pty::{grantpt, openpt, ptsname, unlockpt, OpenptFlags};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use tests::{applet_dir, command, controlled, fresh, mote, project};

/// The shell as it forks, and as it starts itself anew without an MMU.
const SHELLS: [&str; 2] = ["x86_64", "x86_64+nommu"];

fn sh(target: &str, script: &str) -> Command {
    let mut sh = command(target, &mote(target, "sh"), "sh");
    sh.args(["-c", script]);
    sh
}

/// Starts it with `ignored` ignored and `blocked` blocked.
fn set(command: &mut Command, ignored: &'static [i32], blocked: &'static [i32]) {
    let start = move || {
        // SAFETY: system calls of which each gets what it wants; a set of all zeros is an empty one.
        unsafe {
            let mut set: libc::sigset_t = std::mem::zeroed();
            for &signal in blocked {
                libc::sigaddset(&mut set, signal);
            }
            libc::sigprocmask(libc::SIG_SETMASK, &set, std::ptr::null_mut());
            for &signal in ignored {
                libc::signal(signal, libc::SIG_IGN);
            }
        }
        Ok(())
    };
    // SAFETY: the closure makes system calls: it neither allocates nor takes a lock.
    unsafe { command.pre_exec(start) };
}

/// What it writes to standard output and standard error, and its status.
#[track_caller]
fn said(command: &mut Command) -> (String, String, Option<i32>) {
    let out = command.output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (text(&out.stdout), text(&out.stderr), out.status.code())
}

#[track_caller]
fn prints(command: &mut Command, want: &str) {
    let (out, err, status) = said(command);
    assert_eq!((out.as_str(), err.as_str(), status), (want, "", Some(0)));
}

/// A bit of the masks in /proc.
const CHLD: &str = "0000000000010000";

#[test]
fn who_ignores_sigchld_starts_a_shell_that_waits_for_its_children() {
    let script = "/bin/true; echo $?; if /bin/true; then echo yes; fi; (exit 3); echo $?; /bin/sh -c 'exit 4'; echo $?
        x=$(/bin/sh -c 'exit 5'); echo $?; /bin/sh -c 'exit 6' & wait $!; echo $?; /bin/true & wait; echo $?
        true | (exit 7); echo $?; (/bin/sh -c 'exit 8'; echo $?); trap 'echo trapped' CHLD; /bin/true; echo $?";
    let want = "0\nyes\n3\n4\n5\n6\n0\n7\n8\n0\n";
    // What it starts finds SIGCHLD as the shell did; so does what a subshell starts, and what takes its place.
    let ask = "; f='/bin/grep SigIgn: /proc/self/status'; $f; ($f; :); x=$($f; :); echo \"$x\"; exec $f";
    for target in SHELLS {
        let mut ignored = sh(target, &format!("{script}{ask}"));
        set(&mut ignored, &[libc::SIGCHLD], &[]);
        prints(&mut ignored, &format!("{want}{}", format!("SigIgn:\t{CHLD}\n").repeat(4)));
        // The same after a trap.
        let mut trapped = sh(target, &format!("trap '' CHLD; {}{ask}", script.replace("trap", ": trap")));
        prints(&mut trapped, &format!("{want}{}", format!("SigIgn:\t{CHLD}\n").repeat(4)));
        let reset = "trap '' CHLD; trap - CHLD; /bin/true; echo $?; exec /bin/grep SigIgn: /proc/self/status";
        prints(&mut sh(target, reset), "0\nSigIgn:\t0000000000000000\n");
    }
}

#[test]
fn who_blocks_signals_starts_a_shell_that_gets_them() {
    let script = "trap 'echo USR1' USR1; kill -USR1 $$; /bin/true; echo $?; (trap 'echo TERM' TERM
        kill -TERM $(/bin/sh -c 'echo $PPID'); :); read x </proc/self/stat; /bin/true & wait $!; echo $?";
    // Commands start with the signals blocked that were so at first.
    let ask = "; f='/bin/grep SigBlk: /proc/self/status'; $f; ($f; :); x=$($f; :); echo \"$x\"; exec $f";
    for target in SHELLS {
        let mut blocked = sh(target, &format!("{script}{ask}"));
        set(&mut blocked, &[], &[libc::SIGUSR1, libc::SIGTERM, libc::SIGCHLD]);
        let want = format!("USR1\n0\nTERM\n0\n{}", "SigBlk:\t0000000000014200\n".repeat(4));
        prints(&mut blocked, &want);
    }
}

#[test]
fn jobs_that_the_kernel_does_not_know_are_over() {
    // As if somebody had taken the children away.
    for script in ["/bin/sleep 9 & wait; echo $?", "/bin/sleep 9 & wait $!; echo $?", "/bin/true; echo $?"] {
        let mut strace = fresh("strace");
        strace.args(["-qqo", "/dev/null", "-e", "inject=wait4:error=ECHILD"]);
        strace.arg(mote("x86_64", "sh")).args(["-c", &format!("{script}; kill $! 2>/dev/null; :")]);
        let want = if script.contains("wait;") { "0\n" } else { "127\n" };
        prints(&mut strace, want);
    }
}

#[test]
fn a_mount_helper_that_succeeds_has_succeeded() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mount.mote"), "#!/bin/sh\necho helped\n").unwrap();
    let script = format!(
        "mount -t tmpfs none /sbin; cp {0}/mount.mote /sbin; chmod 755 /sbin/mount.mote; exec {1}/mount -t mote a /mnt",
        dir.path().display(),
        applet_dir("x86_64").display()
    );
    let mut unshare = fresh("unshare");
    unshare.args(["-rm", "sh", "-c", &script]);
    set(&mut unshare, &[libc::SIGCHLD], &[]);
    prints(&mut unshare, "helped\n");
}

/// Sends `signal` to the first child that process `parent` has.
fn signal_a_child(parent: u32, signal: i32) {
    let list = format!("/proc/{parent}/task/{parent}/children");
    loop {
        let children = std::fs::read_to_string(&list).unwrap();
        if let Some(child) = children.split_whitespace().next() {
            // SAFETY: no memory is involved.
            unsafe { libc::kill(child.parse().unwrap(), signal) };
            return;
        }
    }
}

#[test]
fn a_new_process_does_not_run_the_traps_of_its_shell() {
    for command in ["/bin/sleep 0.1", "(/bin/sleep 0.1; :)", "/bin/sleep 0.1 | /bin/cat"] {
        // The first thing that a new process does about signals takes long.
        let mut strace = fresh("strace");
        strace.args(["-qqfo", "/dev/null", "-e", "trace=rt_sigaction"]);
        strace.args([
            "-e",
            "inject=rt_sigaction:delay_enter=700000:when=4",
            mote("x86_64", "sh").to_str().unwrap(),
        ]);
        let script = format!("trap 'echo trapped' TERM; trap : HUP; echo; {command}; echo $?");
        let mut strace = strace.args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = strace.stdout.take().unwrap();
        out.read_exact(&mut [0]).unwrap();
        let list = format!("/proc/{0}/task/{0}/children", strace.id());
        let shell = std::fs::read_to_string(list).unwrap().trim().parse().unwrap();
        signal_a_child(shell, libc::SIGTERM);
        let mut text = String::new();
        out.read_to_string(&mut text).unwrap();
        strace.wait().unwrap();
        assert!(!text.contains("trapped"), "{command}: {text}");
    }
}

/// A shell that says `x` or `y` for each signal of two.
fn counting(target: &str) -> (Child, ChildStdout) {
    let script = "trap 'echo x' USR1; trap 'echo y' USR2; echo r; while :; do :; done";
    let mut child = sh(target, script).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 2]).unwrap();
    (child, out)
}

#[test]
fn of_many_pairs_of_signals_none_is_lost() {
    let emulated = project().root().join("targets/armv5te").is_dir().then_some("armv5te");
    for target in ["x86_64"].into_iter().chain(emulated) {
        let (mut child, mut out) = counting(target);
        for pair in 0..20_000 {
            for signal in [libc::SIGUSR1, libc::SIGUSR2] {
                // SAFETY: no memory is involved.
                unsafe { libc::kill(child.id() as i32, signal) };
            }
            let mut both = [0; 4];
            let mut poll = libc::pollfd { fd: out.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            for half in both.chunks_mut(2) {
                // SAFETY: one pollfd.
                let ready = unsafe { libc::poll(&mut poll, 1, 60_000) };
                assert_eq!(ready, 1, "{target}: a signal of pair {pair} is lost");
                out.read_exact(half).unwrap();
            }
            both.sort_unstable();
            assert_eq!(&both, b"\n\nxy", "{target}, pair {pair}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Runs `init` as process 1 with an inittab of two lines, started in an odd way by `start`.
#[track_caller]
fn init_goes_on(start: &str, ignored: &'static [i32], blocked: &'static [i32]) {
    let root = tempfile::tempdir().unwrap();
    for folder in ["bin", "etc", "dev", "log"] {
        std::fs::create_dir(root.path().join(folder)).unwrap();
    }
    let dir = root.path();
    std::fs::copy(mote("x86_64", "base"), dir.join("bin/mote")).unwrap();
    for name in ["sh", "init", "sleep", "poweroff", "cat", "kill", "mount"] {
        std::os::unix::fs::symlink("mote", dir.join("bin").join(name)).unwrap();
    }
    std::fs::write(dir.join("dev/null"), "").unwrap();
    let lines = "::sysinit:/bin/sh -c 'mkdir /proc; mount -t proc proc /proc; echo one >>/log/out'\n\
        ::sysinit:/bin/sh -c 'echo two >>/log/out; while read k v; do case $k in Sig[BI]*) echo $k $v;; esac; done </proc/self/status >>/log/out'\n\
        ::wait:/bin/sh -c '/bin/sleep 0.1; echo $? >>/log/out'\n\
        ::once:/bin/sh -c 'kill -TERM 1'\n";
    std::fs::write(dir.join("etc/inittab"), lines).unwrap();
    std::fs::create_dir(dir.join("proc")).unwrap();
    let mut unshare = fresh("unshare");
    unshare.args(["-rmpf", "-R"]).arg(dir).args(["/bin/sh", "-c", start]);
    set(&mut unshare, ignored, blocked);
    let _ = unshare.stderr(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    let log = std::fs::read_to_string(dir.join("log/out")).unwrap_or_default();
    let zeros = "0".repeat(16);
    assert_eq!(log, format!("one\ntwo\nSigBlk: {zeros}\nSigIgn: {zeros}\n0\n"), "{start}");
}

#[test]
fn init_works_whatever_it_inherits() {
    const SIGNALS: &[i32] =
        &[libc::SIGCHLD, libc::SIGTERM, libc::SIGUSR1, libc::SIGPIPE, libc::SIGINT, libc::SIGHUP];
    init_goes_on("exec init", &[], &[]);
    init_goes_on("exec init", SIGNALS, &[]);
    init_goes_on("exec init", &[], SIGNALS);
    init_goes_on("exec init <&- >&- 2>&-", SIGNALS, SIGNALS);
    init_goes_on("ulimit -s 64; exec init", &[], &[]);
}

/// The master's end of a terminal at which a shell has prompted, and the shell.
fn at_a_terminal() -> (Child, std::fs::File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = std::fs::OpenOptions::new().read(true).write(true).open(name).unwrap();
    let stdio = || Stdio::from(slave.try_clone().unwrap());
    let mut command = fresh(applet_dir("x86_64").join("sh"));
    controlled(&mut command);
    command.stdin(stdio()).stdout(stdio()).stderr(stdio());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "dumb").env("PS1", "> ");
    (command.spawn().unwrap(), std::fs::File::from(master))
}

/// Reads up to `text`.
#[track_caller]
fn wait_for(terminal: &mut std::fs::File, text: &str) {
    let mut seen = String::new();
    while !seen.ends_with(text) {
        let mut poll = libc::pollfd { fd: terminal.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one pollfd.
        assert_eq!(unsafe { libc::poll(&mut poll, 1, 60_000) }, 1, "no {text:?} in {seen:?}");
        let mut byte = [0];
        terminal.read_exact(&mut byte).unwrap();
        seen.push(byte[0] as char);
    }
}

#[test]
fn ctrl_c_ends_whatever_takes_long() {
    let long = [
        "read x </dev/zero",
        "printf '%2147483647d' 1 >/dev/null",
        "y=$(printf %2147483647d 1)",
        "y=$(printf %2000000d 1); x=${y%%?*0c}",
        "y=$(printf %2000000d 1); x=${y//*0c/q}",
        "a0=1; i=0; while [ $i -lt 60 ]; do eval a$((i+1))=a$i+a$i; i=$((i+1)); done; echo $((a60))",
        "x=$(while :; do :; done)",
        "x=$(sleep 1000 &)",
        "echo ~/$(while :; do :; done)",
        "while :; do uname >/dev/null; done",
        "until false; do mkdir -p /; done",
        "f() { while :; do test x = y; done; }; f",
    ];
    let (mut shell, mut terminal) = at_a_terminal();
    wait_for(&mut terminal, "> ");
    for command in long {
        terminal.write_all(format!("k=no\n\necho g\\o; {command}; k=yes\n").as_bytes()).unwrap();
        wait_for(&mut terminal, "go\r\n");
        // Before it has begun Ctrl-C ends it as well.
        std::thread::sleep(std::time::Duration::from_millis(100));
        terminal.write_all(b"\x03").unwrap();
        wait_for(&mut terminal, "> ");
        // What is typed next is carried out.
        terminal.write_all(b"echo st $? $k.\n").unwrap();
        wait_for(&mut terminal, "\nst 130 no.\r\n");
    }
    shell.kill().unwrap();
    shell.wait().unwrap();
}

#[test]
fn read_with_a_time_comes_to_its_end() {
    let late = "{ printf abc; read y <fifo; echo def; } | { read -t .1 x; echo $? $x; echo >fifo; read y; echo $? $y; }";
    let dir = tempfile::tempdir().unwrap();
    let mut command = sh("x86_64", &format!("/usr/bin/mkfifo fifo none; {late}"));
    prints(command.current_dir(dir.path()), "142 abc\n0 def\n");
    // A signal does not make it wait for ever.
    let script =
        "exec 3<>none; trap : WINCH; { trap '' WINCH; sleep .1; kill -WINCH $$; } & read -t 1 x <&3; echo $?
        trap '' WINCH; trap - WINCH; set -b; sleep .1 & read -t .5 x <&3; echo $?
        read -t .3 x </dev/zero; echo $?; echo in >&3; read -t 2147484 x <&3; echo $? $x
        read -t 4200000 x </dev/null; echo $?; read -t 0 x <&3; echo $?; echo >&3; read -t 0 x <&3; echo $?";
    prints(sh("x86_64", script).current_dir(dir.path()), "156\n142\n142\n0 in\n1\n1\n0\n");
    let mut endless = sh("x86_64", "exec 3<>none; read -t 2147484 x <&3; echo over");
    let mut child = endless.current_dir(dir.path()).stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}
