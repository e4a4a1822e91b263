//! tee: copy standard input to files, too (POSIX.1-2024 tee).

use sys::fs::{self, Fd, Owned};
use sys::signal::{self, Action, SIGINT};
use sys::{Cx, List, ZStr};

applet! {
    name: tee,
    dir: "/usr/bin",
    class: NoExec,
    usage: "\
[-ai] [FILE]...

Copy standard input to standard output and to each FILE.

    -a, --append  Append to the FILEs
    -i, --ignore-interrupts  Ignore SIGINT
",
}

const BUF: usize = if cfg!(mote_nommu) { 512 } else { 16384 };

pub(crate) fn run(cx: &mut Cx) -> u8 {
    if cx.has(opt!("i")) {
        let _ = signal::action(SIGINT, Action::IGNORE);
    }
    // A reader that has gone must not end what the others get.
    let flags = if cx.has(opt!("a")) { fs::O_APPEND } else { fs::O_TRUNC };
    let mut files: List<(Owned, ZStr)> = List::new();
    for &name in core::mem::take(&mut cx.args).iter() {
        // Above the standard descriptors: a file must not become the output that is closed.
        let file = fs::open(name, fs::O_WRONLY | fs::O_CREAT | fs::O_CLOEXEC | flags, 0o666)
            .and_then(|file| fs::dup_above(*file, 3));
        match file {
            Ok(file) => files.push((Owned::new(file), name)),
            Err(why) => cx.fail_on(name, why),
        }
    }
    let mut buf = [0; BUF];
    loop {
        let n = match fs::read(Fd::STDIN, &mut buf) {
            Ok(0) => return cx.status,
            Ok(n) => n,
            Err(why) => {
                cx.fail(b"-", why);
                return cx.status;
            }
        };
        let text = buf.get(..n).unwrap_or_default();
        cx.out.unbuffered(text);
        files.retain(|(file, name)| match fs::write_all(**file, text) {
            Ok(()) => true,
            Err(why) => {
                cx.fail_on(*name, why);
                false
            }
        });
        if files.is_empty() && cx.out.failed() {
            return cx.status;
        }
    }
}
