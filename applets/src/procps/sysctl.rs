//! sysctl: tell or set the kernel's parameters (BusyBox procps/sysctl.c).

use sys::fs::{self, Fd};
use sys::zstr::{cut, position};
use sys::{buf::concat, Buf, Cx, Errno, ToBuf, ZStr};
use util::file::read;
use util::file::walk::{self, Step};

applet! {
    name: sysctl,
    dir: "/sbin",
    class: NoExec,
    usage: "\
[-enNqw] [-a | -p [FILE]... | NAME[=VALUE]...]

Print the kernel's parameters, or set them. NAME is net.ipv4.ip_forward or
net/ipv4/ip_forward; a folder stands for all in it.

    -a, --all  All of them
    -p, --load  Set what the FILEs (/etc/sysctl.conf) say
    -w, --write  Each operand must be NAME=VALUE
    -e, --ignore  No word about NAMEs that are not there
    -n, --values  Print values without names
    -N, --names  Print names without values
    -q, --quiet  Do not print what is set
",
}

const ROOT: &[u8] = b"/proc/sys/";

/// The path of the parameter `name`. The first mark decides: a name with a slash first is a path; else dots and slashes
/// change places, and a dot that no folder stands for stays (`eth0.100`).
fn path(name: &[u8]) -> Buf {
    let dot = position(name, b'.').unwrap_or(name.len());
    if position(name, b'/').is_some_and(|slash| slash < dot) {
        return concat(&[ROOT, name]);
    }
    let mut path = concat(&[ROOT, name]);
    for b in path.iter_mut().skip(ROOT.len()) {
        *b = match *b {
            b'.' => b'/',
            b'/' => b'.',
            other => other,
        };
    }
    // A name that holds a dot itself: the shortest parts that are there count.
    let mut end = ROOT.len();
    while end < path.len() && fs::stat(path.z()).is_err() {
        let rest = path.get(end..).unwrap_or_default();
        let Some(n) = position(rest, b'/') else { break };
        let part = path.get(..end + n).unwrap_or_default().buf();
        if fs::stat(part.z()).is_err() {
            path.replace(end + n, 1, b".");
        }
        end += n + 1;
    }
    path
}

/// The name of what is at `path`.
fn name(path: &[u8]) -> Buf {
    let mut name = path.get(ROOT.len()..).unwrap_or_default().buf();
    for b in name.iter_mut() {
        *b = match *b {
            b'.' => b'/',
            b'/' => b'.',
            other => other,
        };
    }
    name
}

#[inline(never)]
fn report(cx: &mut Cx, name: &[u8], why: Errno) {
    if why != Errno::ENOENT || !cx.has(opt!("e")) {
        cx.fail(name, why);
    }
}

/// Prints the parameter at `path`, whose name may be one that only the kernel writes.
#[inline(never)]
fn show(cx: &mut Cx, path: &Buf) {
    let name = name(path);
    if cx.has(opt!("N")) {
        cx.out.bytes(&name);
        cx.out.byte(b'\n');
        return;
    }
    let text = match read::file(path.z()) {
        Ok(text) => text,
        // One that can only be written, and of all those that have no value yet.
        Err(Errno::EACCES) => return,
        Err(Errno::EIO) if cx.has(opt!("a")) => return,
        Err(why) => return report(cx, &name, why),
    };
    let mut rest = &text[..];
    while !rest.is_empty() {
        let line = cut(&mut rest, b'\n');
        print(cx, &name, line);
    }
}

fn print(cx: &mut Cx, name: &[u8], value: &[u8]) {
    if !cx.has(opt!("n")) {
        cx.out.bytes(name);
        cx.out.bytes(b" = ");
    }
    cx.out.bytes(value);
    cx.out.byte(b'\n');
}

/// Prints all at `path`.
fn show_all(cx: &mut Cx, path: &Buf) {
    let is_dir = match fs::stat(path.z()) {
        Ok(s) => fs::kind(&s) == fs::S_IFDIR,
        Err(why) => return report(cx, &name(path), why),
    };
    walk::walk(cx, path.z(), is_dir, &mut |w, step| {
        match step {
            Step::File => {
                let path = core::mem::take(&mut w.path);
                show(w.cx, &path);
                w.path = path;
            }
            Step::Unreadable(why) => w.fail(why),
            _ => {}
        }
        true
    });
}

#[inline(never)]
fn set(cx: &mut Cx, key: &[u8], value: &[u8]) {
    let path = path(key);
    let done = fs::open(path.z(), fs::O_WRONLY | fs::O_TRUNC, 0)
        .and_then(|f| fs::write_all(*f, &concat(&[value, b"\n"])));
    match done {
        Err(why) => report(cx, key, why),
        Ok(()) if !cx.has(opt!("q")) => print(cx, &name(&path), value),
        Ok(()) => {}
    }
}

/// Sets what the lines of `file` say.
fn load(cx: &mut Cx, file: ZStr) {
    let text = if file.is(b"-") {
        let mut text = Buf::new();
        read::to_end(Fd::STDIN, &mut text).map(|()| text)
    } else {
        read::file(file)
    };
    let text = match text {
        Ok(text) => text,
        Err(why) => return cx.fail(file.bytes(), why),
    };
    let mut rest = &text[..];
    while !rest.is_empty() {
        let line = cut(&mut rest, b'\n').trim_ascii();
        if matches!(line.first(), None | Some(b'#' | b';')) {
            continue;
        }
        let Some(n) = position(line, b'=') else {
            cx.error(line, b"is no NAME=VALUE");
            continue;
        };
        let (key, value) = line.split_at_checked(n).unwrap_or_default();
        let (key, value) = (key.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii());
        set(cx, key, value);
    }
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = &*core::mem::take(&mut cx.args);
    if cx.has(opt!("p")) {
        let usual = [ZStr::new(c"/etc/sysctl.conf")];
        for file in if args.is_empty() { &usual[..] } else { args } {
            load(cx, *file);
        }
        return cx.status;
    }
    if cx.has(opt!("a")) {
        show_all(cx, &ROOT.get(..ROOT.len() - 1).unwrap_or_default().buf());
        return cx.status;
    }
    if args.is_empty() {
        return cx.misuse(b"missing NAME");
    }
    for a in args {
        let text = a.bytes();
        match position(text, b'=') {
            Some(n) if n > 0 => {
                let (key, value) = text.split_at_checked(n).unwrap_or_default();
                set(cx, key, value.get(1..).unwrap_or_default());
            }
            None if !cx.has(opt!("w")) => show_all(cx, &path(text)),
            _ => cx.error(text, b"is no NAME=VALUE"),
        }
    }
    cx.status
}
