//! halt, poweroff, reboot: take the machine down (BusyBox init/halt.c).

use sys::fs::{self, Fd};
use sys::system::{self, Reboot};
use sys::time;
use sys::zstr::cut;
use sys::{num, process, signal, Cx, Errno, ZStr};
use util::time::duration::Duration;

applet! {
    name: halt,
    aliases: "poweroff reboot",
    dir: "/sbin",
    class: NoExec,
    operands: "0",
    numbers: "d=0..4294967294",
    usage: "\
[-fnw] [-d SEC]

Halt the machine, turn it off (poweroff) or start it again (reboot).

    -d SEC  Wait first
    -n      Do not sync
    -f      Force: do not go through init
    -w      Only write a wtmp record
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let name = cx.name.bytes();
    let (sig, what) = if name.ends_with(b"reboot") {
        (signal::SIGTERM, Reboot::Restart)
    } else if name.ends_with(b"poweroff") {
        (signal::SIGUSR2, Reboot::PowerOff)
    } else {
        (signal::SIGUSR1, Reboot::Halt)
    };
    if let Some(d) = cx.value(slot!("d")) {
        let Some(time) = Duration::parse(d.bytes()) else {
            cx.error(d.bytes(), b"not a number of seconds");
            return 1;
        };
        if let Err(e) = time::sleep(&mut time.timespec()) {
            cx.fail(b"-d", e);
            return 1;
        }
    }
    match record() {
        // Without -w the record is a courtesy to those who keep the file.
        Err(e) if cx.has(opt!("w")) => cx.fail(WTMP.to_bytes(), e),
        _ => {}
    }
    if cx.has(opt!("w")) {
        return cx.status;
    }
    if !cx.has(opt!("n")) {
        system::sync();
    }
    if cx.has(opt!("f")) {
        if let Err(e) = system::reboot(what) {
            cx.fail(b"-f", e);
        }
    } else if let Err(e) = process::kill(1, sig) {
        cx.fail(b"process 1", e);
    } else if !listens(sig) {
        cx.error(b"process 1", b"does not take the signal; use -f");
    }
    cx.status
}

static WTMP: &core::ffi::CStr = c"/var/log/wtmp";

/// Appends a shutdown record to wtmp (`man 5 utmp`) if that file is kept.
#[inline(never)]
fn record() -> Result<(), Errno> {
    let f = fs::open(ZStr::new(WTMP), fs::O_WRONLY | fs::O_APPEND | fs::O_CLOEXEC, 0)?;
    let mut r = [0u8; 384];
    let now = time::now(time::CLOCK_REALTIME).sec as u32;
    let release = system::uname();
    // Type RUN_LVL, line, id, user, host, time.
    let mut put = |at: usize, bytes: &[u8]| r.iter_mut().skip(at).zip(bytes).for_each(|(slot, &b)| *slot = b);
    put(0, &[1]);
    put(8, b"~~");
    put(40, b"~~\0\0shutdown");
    put(76, release.field(2));
    put(340, &now.to_le_bytes());
    fs::write_all(*f, &r)
}

/// Does process 1 block (to take it when it waits) or catch the signal? The kernel throws away any other. An
/// `init` is believed: while one waits for signals as ours does, the kernel shows them as not blocked.
/// Without /proc nobody can tell, and the answer is yes.
#[inline(never)]
fn listens(sig: u32) -> bool {
    let mut text = [0; 2048];
    let status = fs::read_start(Fd::CWD, ZStr::new(c"/proc/1/status"), &mut text);
    takes(status.unwrap_or_default(), sig)
}

/// [`listens`] for the text of a `status` file.
fn takes(status: &[u8], sig: u32) -> bool {
    let mut rest = status;
    if matches!(cut(&mut rest, b'\n'), b"Name:\tinit" | b"Name:\tlinuxrc") {
        return true;
    }
    let mut known = false;
    while !rest.is_empty() {
        let line = cut(&mut rest, b'\n');
        if let Some(set) = line.strip_prefix(b"SigBlk:\t").or_else(|| line.strip_prefix(b"SigCgt:\t")) {
            known = true;
            if num::parse(set, 16).unwrap_or(0) & signal::bit(sig) != 0 {
                return true;
            }
        }
    }
    !known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deaf_process_1_is_noticed() {
        let s = |set: &str| format!("Name:\tsh\nSigBlk:\t{set}\nSigIgn:\t0\nSigCgt:\t0000000000000001\n");
        assert!(takes(s("ffffffffffffffff").as_bytes(), signal::SIGTERM));
        assert!(!takes(s("0000000000000000").as_bytes(), signal::SIGTERM));
        assert!(takes(s("0000000000000000").as_bytes(), signal::SIGHUP));
        assert!(takes(b"", signal::SIGTERM) && takes(b"Name:\tinit\nSigBlk:\t0\n", signal::SIGTERM));
    }
}
