//! setsid: run a command in a session of its own (util-linux setsid; BusyBox util-linux/setsid.c).

use sys::env::Envp;
use sys::fs::Fd;
use sys::signal::{self, Action};
use sys::{process, tty, Cx, Errno, ZStr};
use util::command::program;

applet! {
    name: setsid,
    dir: "/usr/bin",
    class: NoExec,
    parse: Posix,
    operands: "1..",
    usage: "\
[-cfw] COMMAND [ARG]...

Run COMMAND in a session of its own.

    -c, --ctty  The terminal of standard input becomes that of the session
    -f, --fork  Always as a new process
    -w, --wait  Wait for COMMAND, and exit with its status
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = &*core::mem::take(&mut cx.args);
    // The leader of a group can lead no session; a new process leads nothing.
    if process::getpgid(0) != Ok(process::getpid() as i32) && !cx.has(opt!("f")) {
        let why = lead(&mut Leader { args, envp: cx.envp, terminal: cx.has(opt!("c")) });
        return program::failed(cx.name, args, why);
    }
    let _ = signal::action(signal::SIGCHLD, Action::DEFAULT);
    let mut leader = Leader { args, envp: cx.envp, terminal: cx.has(opt!("c")) };
    match process::spawn(&mut leader, lead) {
        Err(why) => program::failed(cx.name, args, why),
        Ok(pid) if cx.has(opt!("w")) => process::wait(pid).map_or(1, program::code),
        Ok(_) => 0,
    }
}

struct Leader<'l> {
    args: &'l [ZStr<'static>],
    envp: Envp,
    terminal: bool,
}

/// Makes a session and becomes the command; the reason why not.
fn lead(l: &mut Leader) -> Errno {
    if let Err(why) = process::setsid() {
        return why;
    }
    if l.terminal {
        if let Err(why) = tty::make_controlling(Fd::STDIN, true) {
            return why;
        }
    }
    sys::program::exec(l.args, l.envp)
}
