//! init: process 1 (BusyBox init/init.c; the crate `init` has it all).

use sys::Cx;

applet! {
    name: init,
    aliases: "linuxrc",
    dir: "/sbin",
    class: Exec,
    parse: Raw,
    usage: "\
[-q | -s | single | 1]

Run what /etc/inittab says, as process 1. Its lines are TTY::ACTION:PROCESS,
where ACTION is
  sysinit     run first, one after the other
  wait        run next, one after the other
  once        run next, all at once
  respawn     run next, and again when it ends
  askfirst    as respawn, but wait for Enter first
  ctrlaltdel  run on Ctrl-Alt-Del
  shutdown    run before the machine goes down
  restart     replace process 1 on SIGQUIT
A - in front of PROCESS makes a login shell with a controlling terminal.
SIGHUP reads the file again, SIGUSR1 halts, SIGUSR2 powers off, SIGTERM
reboots, SIGTSTP starts nothing more until SIGCONT.

    -q  Have process 1 read the file again
    -s  As process 1 (also single or 1): only a shell on the console
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    if sys::applet::HELP && sys::process::getpid() != 1 && cx.arg(0).is_some_and(|a| a.is(b"--help")) {
        cx.help();
        return 0;
    }
    let table = cx.table;
    let applet = |name: &[u8]| table.find(name).is_some();
    let mut call = ::init::Call { args: core::mem::take(&mut cx.args), envp: cx.envp, applet: &applet };
    match ::init::main(&mut call) {
        Ok(()) => 0,
        Err((what, why)) => {
            cx.fail(what, why);
            1
        }
    }
}
