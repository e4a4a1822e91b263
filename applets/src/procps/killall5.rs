//! killall5: send a signal to all processes outside this session (BusyBox procps/kill.c; sysvinit killall5).

use sys::{num, process, signal, Cx, List};
use util::proc::each::each;
use util::proc::stat::SESSION;

applet! {
    name: killall5,
    dir: "/sbin",
    class: NoExec,
    parse: Args,
    usage: "\
[-l] [-SIGNAL] [-o PID]...

Send SIGNAL (TERM) to all processes but process 1, kernel threads and those of this
session; status 2 if there are none.

    -l  List the signals
    -o PID  Not to this one
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut args = core::mem::take(&mut cx.args);
    let mut sig = signal::SIGTERM;
    if let Some(given) = args.first().and_then(|a| signal::number(a.strip_prefix(b"-")?.bytes())) {
        sig = given;
        args = args.get_mut(1..).unwrap_or_default();
    }
    let mut omitted = List::new();
    let mut walk = sys::opts::Walk::new(args, SPEC, true);
    while let Some(step) = walk.next() {
        match step {
            Err(w) => return cx.wrong(w),
            Ok(f) => match f.value {
                Some(pid) => match num::parse_u32(pid.bytes()) {
                    Some(pid) => omitted.push(pid),
                    None => return cx.misuse(b"invalid PID"),
                },
                None => {
                    let mut list = [sys::ZStr::new(c"-l")];
                    let mut of_kill = Cx::raw(cx.name, &mut list, cx.out, cx.envp, cx.table);
                    return util::command::kill::run(&mut of_kill, &mut |_, _| None);
                }
            },
        }
    }
    if !walk.operands().is_empty() {
        return cx.misuse(b"extra operand");
    }
    let (own, session) = (process::getpid(), process::getsid());
    // So that none of them starts others meanwhile.
    if sig != signal::SIGSTOP && sig != signal::SIGCONT {
        let _ = process::kill(-1, signal::SIGSTOP);
    }
    let mut none = 2;
    let done = each(&mut |p, line| {
        // Kernel threads have no command line, nor have the dead.
        let spared = p.pid == 1 || p.pid == own || p.field(SESSION) == session as u64 || line.is_empty();
        if !spared && !omitted.contains(&p.pid) && process::kill(p.pid as i32, sig).is_ok() {
            none = 0;
        }
    });
    if sig != signal::SIGSTOP && sig != signal::SIGCONT {
        let _ = process::kill(-1, signal::SIGCONT);
    }
    if let Err(why) = done {
        cx.fail(b"/proc", why);
        return 1;
    }
    none
}
