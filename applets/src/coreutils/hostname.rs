//! hostname: tell or set the name of the machine (BusyBox networking/hostname.c).
//!
//! Differences from BusyBox: -d, -f and -i ask /etc/hosts only.

use sys::zstr::{cut, position};
use sys::{system, Cx, ToBuf, ZStr};
use util::file::read;

applet! {
    name: hostname,
    dir: "/bin",
    class: NoFork,
    operands: "0..1",
    usage: "\
[-dfis] [NAME | -F FILE]

Print the name of the machine, or set it.

    -s  Up to the first dot
    -f  The full name, from /etc/hosts
    -d  What follows the first dot of the full name
    -i  The addresses of the name
    -F, --file FILE  Set the name that FILE has
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut name = cx.arg(0).map(|a| a.bytes().buf());
    if let Some(file) = cx.value(slot!("F")) {
        match read::file(file) {
            Ok(text) => {
                let mut rest = &text[..];
                while !rest.is_empty() && name.as_ref().is_none_or(|n| n.is_empty()) {
                    let mut line = cut(&mut rest, b'\n');
                    line = cut(&mut line, b'#').trim_ascii();
                    name = Some(line.buf());
                }
            }
            Err(why) => {
                cx.fail_on(file, why);
                return 1;
            }
        }
    }
    if cx.value(slot!("F")).is_some() || name.is_some() {
        let name = name.unwrap_or_default();
        if name.is_empty() {
            return cx.misuse(b"empty name");
        }
        if let Err(why) = system::sethostname(&name) {
            cx.fail(&name, why);
        }
        return cx.status;
    }
    let u = system::uname();
    let own = u.field(1);
    let mut name = own;
    let mut hosts = read::file_if_there(ZStr::new(c"/etc/hosts")).unwrap_or_default();
    hosts.iter_mut().filter(|b| **b == b'\t' || **b == b'\r').for_each(|b| *b = b' ');
    if cx.has(opt!("fdi")) {
        let mut found = false;
        let mut rest = &hosts[..];
        while !rest.is_empty() {
            let mut line = cut(&mut rest, b'\n');
            let mut words = cut(&mut line, b'#').split(|&b| b == b' ').filter(|w| !w.is_empty());
            let Some(address) = words.next() else { continue };
            let mut names = words.clone();
            if !words.any(|w| w == own) {
                continue;
            }
            if cx.has(opt!("i")) {
                if found {
                    cx.out.byte(b' ');
                }
                cx.out.bytes(address);
            } else if !found {
                name = names.next().unwrap_or(own);
            }
            found = true;
        }
        // A name with a dot is full by itself.
        if !found && (cx.has(opt!("i")) || position(own, b'.').is_none()) {
            cx.error(own, b"not in /etc/hosts");
            return 1;
        }
    }
    if cx.has(opt!("i")) {
        name = b"";
    } else if cx.has(opt!("d")) {
        cut(&mut name, b'.');
    } else if cx.has(opt!("s")) {
        name = cut(&mut name, b'.');
    }
    cx.out.shown(name);
    cx.out.byte(b'\n');
    0
}
