//! cttyhack: give a command a terminal of its own (BusyBox shell/cttyhack.c).

use sys::fs::{self, Fd};
use sys::{buf::concat, process, tty, Cx, ToBuf, ZStr};
use util::command::program;
use util::file::read;

applet! {
    name: cttyhack,
    dir: "/bin",
    class: NoExec,
    parse: Posix,
    usage: "\
[COMMAND [ARG]...]

Run COMMAND with the console's device as its input, output, error and, if it leads
a session, its controlling terminal. Without COMMAND print the path of that.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = &*core::mem::take(&mut cx.args);
    let envp = cx.envp;
    let mut path = b"/dev/tty".buf();
    // Who has a controlling terminal keeps it.
    let own = fs::open(path.z(), fs::O_RDWR, 0);
    if own.is_err() {
        // The last name is that of /dev/console.
        let active = read::file(ZStr::new(c"/sys/class/tty/console/active")).unwrap_or_default();
        let name = active.trim_ascii().rsplit(|&b| b == b' ').next().unwrap_or_default();
        path = concat(&[b"/dev/", if name.is_empty() { b"console" } else { name }]);
    }
    if args.is_empty() {
        cx.out.bytes(&path);
        cx.out.byte(b'\n');
        return 0;
    }
    if own.is_err() {
        match fs::open(path.z(), fs::O_RDWR | fs::O_NOCTTY, 0) {
            Ok(f) => {
                // Another session may have it, or we lead none: the command runs without, then.
                if process::getpid() == process::getsid() {
                    let _ = tty::make_controlling(*f, true);
                }
                for n in 0..3 {
                    if let Err(why) = fs::dup3(*f, Fd(n), 0) {
                        cx.fail(&path, why);
                        return 1;
                    }
                }
            }
            Err(why) => {
                cx.fail(&path, why);
                return 1;
            }
        }
    }
    program::become_it(cx, args, envp)
}
