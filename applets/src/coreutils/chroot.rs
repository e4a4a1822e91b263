//! chroot: run a command with another root (GNU chroot; BusyBox coreutils/chroot.c).

use sys::{fs, Cx, ZStr};
use util::command::program;

applet! {
    name: chroot,
    dir: "/usr/sbin",
    class: NoExec,
    parse: Posix,
    operands: "1..",
    usage_status: 125,
    usage: "\
DIR [COMMAND [ARG]...]

Run COMMAND (the shell $SHELL or /bin/sh, interactive) with DIR as its root.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = &*core::mem::take(&mut cx.args);
    let envp = cx.envp;
    let [dir, command @ ..] = args else { return 125 };
    // In this order: afterwards the path would mean another place.
    if let Err(why) = fs::chroot(*dir).and_then(|()| fs::chdir(ZStr::new(c"/"))) {
        cx.fail_on(*dir, why);
        return 125;
    }
    if command.is_empty() {
        let shell = cx.env(b"SHELL").filter(|s| !s.is_empty()).unwrap_or(ZStr::new(c"/bin/sh"));
        return program::become_it(cx, &[shell, ZStr::new(c"-i")], envp);
    }
    program::become_it(cx, command, envp)
}
