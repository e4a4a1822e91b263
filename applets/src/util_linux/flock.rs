//! flock: run a command with a lock on a file (util-linux flock; BusyBox util-linux/flock.c).

use sys::fs::{self, Fd, LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN};
use sys::time::{self, Timespec, CLOCK_MONOTONIC};
use sys::{num, Cx, Errno, ZStr};
use util::command::program;
use util::time::duration::Duration;

applet! {
    name: flock,
    dir: "/usr/bin",
    class: NoExec,
    parse: Posix,
    operands: "1..",
    last_wins: "sxeu",
    usage: "\
[-sxun] [-w TIME] FD | FILE [-c] COMMAND [ARG]...

Lock the open file FD, or FILE while COMMAND runs.

    -s, --shared  A lock that others may share
    -x, --exclusive  A lock for one only (default)
    -e  As -x
    -u, --unlock  Give up the lock
    -n, --nonblock  Fail with status 1 instead of waiting
    -w, --timeout TIME  Wait TIME seconds at most
    -c, --command  Before COMMAND: a text for the shell
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = &*core::mem::take(&mut cx.args);
    let Some((&file, mut command)) = args.split_first() else { return 1 };
    let mut limit = None;
    if let Some(text) = cx.value(slot!("w")) {
        let Some(d) = Duration::parse(text.bytes()) else { return cx.misuse(b"invalid time") };
        limit = Some(time::now(CLOCK_MONOTONIC).sec + d.sec as i64 + (d.micro > 0) as i64);
    }
    let fd = if command.is_empty() {
        match num::parse_u32(file.bytes()) {
            Some(n) => Fd(n as i32),
            None => return cx.misuse(b"missing COMMAND"),
        }
    } else {
        let flags = fs::O_RDONLY | fs::O_NOCTTY;
        let opened = match fs::open(file, flags | fs::O_CREAT, 0o666) {
            // A directory.
            Err(Errno::EISDIR) => fs::open(file, flags, 0),
            r => r,
        };
        match opened {
            // It stays open in the command, too, and for its children.
            Ok(f) => f.into_fd(),
            Err(why) => {
                cx.fail_on(file, why);
                return 1;
            }
        }
    };
    let how = match () {
        () if cx.has(opt!("u")) => LOCK_UN,
        () if cx.has(opt!("s")) => LOCK_SH,
        () => LOCK_EX,
    };
    let wait = !cx.has(opt!("n"));
    loop {
        let at_once = if wait && limit.is_none() { 0 } else { LOCK_NB };
        match fs::flock(fd, how | at_once) {
            Ok(()) => break,
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                if !wait || limit.is_some_and(|end| time::now(CLOCK_MONOTONIC).sec >= end) {
                    return 1;
                }
                let _ = time::sleep(&mut Timespec { sec: 0, nsec: 50_000_000 });
            }
            Err(why) => {
                cx.fail_on(file, why);
                return 1;
            }
        }
    }
    if command.first().is_some_and(|c| c.is(b"-c") || c.is(b"--command")) {
        command = command.get(1..).unwrap_or_default();
        let [text] = command else { return cx.misuse(b"-c takes one COMMAND") };
        return program::run(cx, &[ZStr::new(c"/bin/sh"), ZStr::new(c"-c"), *text]);
    }
    if command.is_empty() {
        return 0;
    }
    program::run(cx, command)
}
