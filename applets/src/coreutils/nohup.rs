//! nohup: run a command that goes on when the terminal is gone (POSIX.1-2024 nohup).

use sys::fs::{self, Fd};
use sys::out::complain;
use sys::signal::{self, Action};
use sys::{tty, Cx};
use util::command::program;

applet! {
    name: nohup,
    dir: "/usr/bin",
    class: NoExec,
    parse: Posix,
    operands: "1..",
    usage_status: 125,
    usage: "\
COMMAND [ARG]...

Run COMMAND with hangups ignored. Output to a terminal goes to nohup.out, or to
$HOME/nohup.out if that cannot be written; input from one is empty.
",
}

/// What POSIX gives to whoever finds no file for the output.
const FAILED: u8 = 127;

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = &*core::mem::take(&mut cx.args);
    let envp = cx.envp;
    let hidden = tty::is(Fd::STDIN);
    if hidden {
        // Reading fails, so that nothing takes it for an end.
        let opened = fs::open(sys::ZStr::new(c"/dev/null"), fs::O_WRONLY, 0);
        if let Err(why) = opened.and_then(|f| fs::dup3(*f, Fd::STDIN, 0)) {
            cx.fail(b"/dev/null", why);
            return FAILED;
        }
    }
    let to_file = tty::is(Fd::STDOUT);
    let errors = tty::is(Fd::STDERR);
    let mut at = Fd::STDOUT;
    if to_file || errors && fs::fcntl(Fd::STDOUT, fs::F_GETFD, 0).is_err() {
        let mut path = sys::ToBuf::buf(&b"nohup.out"[..]);
        let flags = fs::O_WRONLY | fs::O_CREAT | fs::O_APPEND;
        let mut opened = fs::open(path.z(), flags, 0o600);
        if opened.is_err() {
            if let Some(home) = cx.env(b"HOME") {
                path.replace(0, 0, &sys::buf::concat(&[home.bytes(), b"/"]));
                opened = fs::open(path.z(), flags, 0o600);
            }
        }
        match opened {
            Ok(f) => at = f.into_fd(),
            Err(why) => {
                cx.fail(&path, why);
                return FAILED;
            }
        }
        complain(&[b"nohup: output goes to ", &path]);
    }
    let _ = signal::action(signal::SIGHUP, Action::IGNORE);
    for (wanted, fd) in [(to_file, Fd::STDOUT), (errors, Fd::STDERR)] {
        if wanted && at != fd {
            if let Err(why) = fs::dup3(at, fd, 0) {
                cx.fail(b"nohup.out", why);
                return FAILED;
            }
        }
    }
    program::become_it(cx, args, envp)
}
