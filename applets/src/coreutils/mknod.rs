//! mknod, mkfifo: make devices and pipes that have a name (POSIX.1-2024 mkfifo; BusyBox coreutils/mknod.c).

use sys::fs::{self, Fd};
use sys::{Cx, ZStr};
use util::file::mode;
use util::text::number::constant_u32;

applet! {
    name: mknod,
    aliases: "mkfifo",
    dir: "/bin",
    class: NoExec,
    operands: "1..",
    usage: "\
[-m MODE] NAME TYPE [MAJOR MINOR]
   or: mkfifo [-m MODE] NAME...

Make the device NAME, or the pipes NAME.

    -m, --mode MODE  Permissions as for chmod; default: 666 less the umask

TYPE:
    b     Block device
    c, u  Character device
    p     Pipe, without MAJOR and MINOR
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let umask = fs::umask(0);
    let status = make(cx, umask);
    fs::umask(umask);
    status
}

/// With a umask of 0, for modes are exact.
fn make(cx: &mut Cx, umask: u32) -> u8 {
    let mut permissions = 0o666 & !umask;
    if let Some(text) = cx.value(slot!("m")) {
        match mode::parse(text.bytes(), 0o666, umask) {
            Some(m) => permissions = m,
            None => return cx.misuse(b"invalid mode"),
        }
    }
    let args = core::mem::take(&mut cx.args);
    if cx.name.base().is(b"mkfifo") {
        for &name in args.iter() {
            one(cx, name, fs::S_IFIFO | permissions, 0);
        }
        return cx.status;
    }
    let (name, kind, numbers) = match args {
        [name, kind, numbers @ ..] => (*name, *kind, &*numbers),
        _ => return cx.misuse(b"missing operand"),
    };
    let device = match (kind.first(), numbers) {
        _ if !kind.rest().is_empty() => None,
        (b'p', []) => Some((fs::S_IFIFO, 0)),
        (letter @ (b'b' | b'c' | b'u'), [major, minor]) => {
            let part = |z: &ZStr, most| constant_u32(z.bytes()).filter(|&n| n <= most);
            let number = part(major, 0xfff).zip(part(minor, 0xfffff)).map(|(a, b)| fs::makedev(a, b));
            number.map(|n| (if letter == b'b' { fs::S_IFBLK } else { fs::S_IFCHR }, n))
        }
        _ => None,
    };
    let Some((kind, device)) = device else { return cx.misuse(b"invalid type or number") };
    one(cx, name, kind | permissions, device);
    cx.status
}

#[inline(never)]
fn one(cx: &mut Cx, name: ZStr, mode: u32, device: u32) {
    if let Err(e) = fs::mknodat(Fd::CWD, name, mode, device) {
        cx.fail_on(name, e);
    }
}
