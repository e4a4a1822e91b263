//! which: tell where commands are (BusyBox debianutils/which.c).

use sys::fs;
use sys::zstr::{cut, position};
use sys::{buf::concat, Cx, ToBuf};

applet! {
    name: which,
    dir: "/usr/bin",
    class: NoFork,
    usage: "\
[-a] COMMAND...

Print the paths of the COMMANDs.

    -a  All that are in PATH, not only the first
",
}

/// As programs are looked for without PATH.
const PATH: &[u8] = b"/sbin:/usr/sbin:/bin:/usr/bin";

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    for a in args.iter() {
        let name = a.bytes();
        let path = cx.env(b"PATH").map_or(PATH, |p| p.bytes());
        let mut dirs = if position(name, b'/').is_some() { b"" } else { path };
        let mut found = false;
        loop {
            let dir = cut(&mut dirs, b':');
            let file = if dir.is_empty() { name.buf() } else { concat(&[dir, b"/", name]) };
            let regular = fs::stat(file.z()).is_ok_and(|s| fs::kind(&s) == fs::S_IFREG);
            if regular && fs::access(file.z(), fs::X_OK).is_ok() {
                cx.out.shown(&file);
                cx.out.byte(b'\n');
                found = true;
                if !cx.has(opt!("a")) {
                    break;
                }
            }
            if dirs.is_empty() {
                break;
            }
        }
        if !found {
            cx.status = 1;
        }
    }
    cx.status
}
