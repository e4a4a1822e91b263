//! Programs under test start with the same signals, limits, descriptors and variables, whatever the tests were started
//! with.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use tests::{command, fresh, mote, project};

/// What is open is looked at first: a shell may open more.
const LOOK: &str =
    "ls /proc/self/fd; grep -E '^Sig(Blk|Ign)|^NoNewPrivs' /proc/self/status; umask; ulimit -s; \
    ulimit -n; ulimit -c; ulimit -t; env | sort | grep -vE '^(_|PWD|OLDPWD|SHLVL|PATH|HOME|TMPDIR)='; \
    cut -d' ' -f7 /proc/self/stat; [ \"$(cut -d' ' -f6 /proc/self/stat)\" = $$ ] && echo leads; cat";

const FRESH: &str = "0\n1\n2\n3\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n\
    NoNewPrivs:\t0\n0022\n8192\n1024\n0\nunlimited\nLC_ALL=C.UTF-8\n0\nleads\n";

/// Signals that are ignored (one of them the C library keeps for itself), and the set of those that are blocked.
const IGNORED: [libc::c_int; 8] =
    [libc::SIGINT, libc::SIGQUIT, libc::SIGHUP, libc::SIGPIPE, libc::SIGTERM, libc::SIGUSR1, 33, 40];
const BLOCKED: u64 = 1 << (libc::SIGUSR2 - 1) | 1 << (libc::SIGALRM - 1);

fn said(mut command: Command) -> String {
    let output = command.args(["-c", LOOK]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// By Debian's shell, and by mote's.
fn programs() -> [String; 2] {
    [fresh("/bin/sh"), command("x86_64", &mote("x86_64", "sh"), "sh")].map(said)
}

#[test]
fn programs_start_afresh() {
    assert_eq!(programs(), [FRESH, FRESH]);
}

/// What the next test runs: it is started with everything odd.
#[test]
#[ignore = "started by programs_start_afresh_from_odd_surroundings"]
fn odd_surroundings() {
    // SIGCHLD is ignored: to ask for this makes us learn again how a child ends.
    fresh("true");
    let inherited = said(Command::new("/bin/sh"));
    for odd in ["0077\n", "PS1=odd\n", "POSIXLY_CORRECT=1\n", "\n9\n", "\n100\n"] {
        assert!(inherited.contains(odd), "{odd}: {inherited}");
    }
    assert!(!inherited.contains("SigIgn:\t0000000000000000"), "{inherited}");
    assert_eq!(programs(), [FRESH, FRESH]);
}

#[test]
fn programs_start_afresh_from_odd_surroundings() {
    // Built now: not all of the surroundings are fit for a compiler.
    mote("x86_64", "sh");
    let file = File::open(project().root().join("Cargo.toml")).unwrap();
    let extra = file.as_raw_fd();
    let spoil = move || {
        let action = [libc::SIG_IGN as u64, 0, 0, 0];
        for signal in IGNORED.into_iter().chain([libc::SIGCHLD]) {
            // SAFETY: the kernel reads an action from `action`, which is as large as one at least.
            unsafe {
                libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), std::ptr::null::<u64>(), 8)
            };
        }
        let blocked = BLOCKED;
        let limit = libc::rlimit { rlim_cur: 100, rlim_max: 4096 };
        // SAFETY: these read from where they are told and change this process, which is to become another program.
        unsafe {
            let none = std::ptr::null::<u64>();
            libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const blocked, none, 8);
            libc::umask(0o077);
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
            libc::dup2(extra, 9);
            libc::close(0);
        }
        io::Result::Ok(())
    };
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--ignored", "--exact", "odd_surroundings"]);
    for (name, value) in [
        ("PS1", "odd"),
        ("ENV", "/nowhere"),
        ("POSIXLY_CORRECT", "1"),
        ("LC_ALL", "POSIX"),
        ("CDPATH", "/"),
        ("IFS", "x"),
    ] {
        again.env(name, value);
    }
    // SAFETY: the closure makes system calls: it neither allocates nor takes a lock.
    unsafe { again.pre_exec(spoil) };
    let output = again.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
