//! timeout: end a command that takes too long (GNU timeout; BusyBox coreutils/timeout.c).
//!
//! Differences from BusyBox: the statuses of GNU, and the signal goes to all that the command has started, too.

use sys::signal::{self, Action, How, Set};
use sys::time::{self, Timespec, CLOCK_MONOTONIC};
use sys::{out, process, Cx, Errno};
use util::command::program;
use util::time::duration::Duration;

applet! {
    name: timeout,
    dir: "/usr/bin",
    class: NoExec,
    parse: Posix,
    operands: "2..",
    usage_status: 125,
    usage: "\
[-fv] [-s SIGNAL] [-k TIME] [--preserve-status] TIME COMMAND [ARG]...

Run COMMAND, and send it SIGNAL (TERM) if it still runs after TIME: seconds, or
with a suffix s, m, h or d. The status is then 124, else that of COMMAND.

    -s, --signal SIGNAL  Signal to send
    -k, --kill-after TIME  Send KILL if it still runs TIME after that
    -f, --foreground  Signal COMMAND only, which may use the terminal
    -v, --verbose  Say when a signal is sent
    --preserve-status  The status of COMMAND in any case
",
}

/// What ends the command before its time: passed on to it.
const PASSED: [u32; 4] = [signal::SIGHUP, signal::SIGINT, signal::SIGQUIT, signal::SIGTERM];
const MISUSE: u8 = 125;
const TIMED_OUT: u8 = 124;

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = &*core::mem::take(&mut cx.args);
    let (Some((limit, command)), mut kill_after) = (args.split_first(), None) else { return MISUSE };
    let Some(limit) = Duration::parse(limit.bytes()) else { return cx.misuse(b"invalid time") };
    if let Some(text) = cx.value(slot!("k")) {
        kill_after = Duration::parse(text.bytes());
        if kill_after.is_none() {
            return cx.misuse(b"invalid time");
        }
    }
    let name = cx.value(slot!("s")).map_or(&b"TERM"[..], |s| s.bytes());
    let Some(mut sig) = signal::number(name) else { return cx.misuse(b"invalid signal") };
    let group = !cx.has(opt!("f"));
    if group {
        // It fails for the leader of a session, whose group is its own.
        let _ = process::setpgid(0, 0);
    }
    // Otherwise the kernel would not tell how it ended.
    let _ = signal::action(signal::SIGCHLD, Action::DEFAULT);
    let set: Set = PASSED.iter().fold(signal::bit(signal::SIGCHLD), |set, &s| set | signal::bit(s));
    let before = signal::mask(How::Block, set);
    let pid = match program::start(cx, command, before) {
        Ok(pid) => pid,
        Err(status) => return status,
    };
    let mut end = (limit != Duration::default()).then(|| after(limit));
    let mut timed_out = false;
    loop {
        match process::wait4(pid, process::WNOHANG) {
            Ok((0, _)) => {}
            Ok((_, status)) => {
                let status = program::code(status);
                let killed = sig == signal::SIGKILL && status == 128 + signal::SIGKILL as u8;
                return if timed_out && !cx.has(opt!("--preserve-status")) && !killed {
                    TIMED_OUT
                } else {
                    status
                };
            }
            Err(why) => {
                cx.fail(b"wait", why);
                return MISUSE;
            }
        }
        let rest = end.as_ref().map(until);
        let send = match signal::timedwait(set, rest.as_ref()) {
            Err(Errno::EAGAIN) => {
                if timed_out {
                    sig = signal::SIGKILL;
                }
                timed_out = true;
                end = kill_after.take().map(after);
                if cx.has(opt!("v")) {
                    let command = command.first().map_or(&b""[..], |c| c.bytes());
                    out::complain(&[b"timeout: sending signal ", signal::name(sig), b" to '", command, b"'"]);
                }
                sig
            }
            Ok(other) if other != signal::SIGCHLD => other,
            _ => continue,
        };
        let _ = process::kill(pid, send);
        if group && send > 0 {
            // It comes to us, too. As GNU's does, we end with the others where it cannot be ignored.
            let _ = signal::action(send, Action::IGNORE);
            let _ = process::kill(0, send);
            let _ = signal::timedwait(signal::bit(send), Some(&Timespec::default()));
        }
        if send != signal::SIGCONT {
            let _ = process::kill(pid, signal::SIGCONT);
        }
    }
}

/// When `d` will be over.
fn after(d: Duration) -> Timespec {
    let (now, d) = (time::now(CLOCK_MONOTONIC), d.timespec());
    Timespec { sec: now.sec + d.sec, nsec: now.nsec + d.nsec }
}

/// How long it is until `end`; nothing if that is over.
fn until(end: &Timespec) -> Timespec {
    let now = time::now(CLOCK_MONOTONIC);
    let mut left = Timespec { sec: end.sec - now.sec, nsec: end.nsec - now.nsec };
    while left.nsec < 0 {
        left = Timespec { sec: left.sec - 1, nsec: left.nsec + 1_000_000_000 };
    }
    while left.nsec >= 1_000_000_000 {
        left = Timespec { sec: left.sec + 1, nsec: left.nsec - 1_000_000_000 };
    }
    if left.sec < 0 {
        left = Timespec::default();
    }
    left
}
