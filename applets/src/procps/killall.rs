//! killall: send a signal to the processes of a program (BusyBox procps/kill.c; psmisc killall).

use sys::time::{self, Timespec};
use sys::{process, signal, Cx, List};
use util::proc::each::{each, is_named};

applet! {
    name: killall,
    dir: "/usr/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-lqvw] [-SIGNAL | -s SIGNAL] NAME...

Send SIGNAL (TERM) to the processes that have one of the NAMEs.

    -s, --signal SIGNAL  Signal to send
    -l, --list  List the signals
    -q, --quiet  Say nothing where no process has the NAME
    -v, --verbose  Tell which processes get the signal
    -w, --wait  Wait until they have ended
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut args = core::mem::take(&mut cx.args);
    let mut sig = Some(signal::SIGTERM);
    let given = args.first().and_then(|a| signal::number(a.strip_prefix(b"-")?.bytes()));
    if given.is_some() {
        sig = given;
        args = args.get_mut(1..).unwrap_or_default();
    }
    let (mut quiet, mut verbose, mut wait) = (false, false, false);
    let mut walk = sys::opts::Walk::new(args, SPEC, true);
    while let Some(step) = walk.next() {
        match step {
            Err(w) => return cx.wrong(w),
            Ok(f) => match (f.letter, f.value) {
                (_, Some(name)) => sig = signal::number(name.bytes()),
                (b'q', _) => quiet = true,
                (b'v', _) => verbose = true,
                (b'w', _) => wait = true,
                _ => {
                    let mut list = [sys::ZStr::new(c"-l")];
                    cx.args = &mut [];
                    let mut of_kill = Cx::raw(cx.name, &mut list, cx.out, cx.envp, cx.table);
                    return util::command::kill::run(&mut of_kill, &mut |_, _| None);
                }
            },
        }
    }
    let names = &*walk.operands();
    let Some(sig) = sig else { return cx.misuse(b"invalid signal") };
    if names.is_empty() {
        return cx.misuse(b"missing NAME");
    }
    let own = process::getpid();
    let mut killed = List::new();
    for name in names {
        let before = killed.len();
        let done = each(&mut |p, line| {
            if p.pid == own || !is_named(&p.comm, line, name.bytes(), true) {
                return;
            }
            match process::kill(p.pid as i32, sig) {
                Ok(()) => killed.push(p.pid as i32),
                Err(why) => cx.fail(&p.comm, why),
            }
        });
        if let Err(why) = done {
            cx.fail(b"/proc", why);
            return 1;
        }
        if killed.len() == before {
            if !quiet {
                cx.error(name.bytes(), b"no process killed");
            }
            cx.status = 1;
        }
        for &pid in killed.get(before..).unwrap_or_default().iter().filter(|_| verbose) {
            cx.out.z(*name);
            cx.out.byte(b'(');
            cx.out.dec(pid as u64);
            cx.out.bytes(b") killed\n");
        }
    }
    for &pid in killed.iter().filter(|_| wait) {
        while process::kill(pid, 0).is_ok() {
            let _ = time::sleep(&mut Timespec { sec: 0, nsec: 50_000_000 });
        }
    }
    cx.status
}
