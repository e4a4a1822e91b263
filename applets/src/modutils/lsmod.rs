//! lsmod: the modules in the kernel (BusyBox modutils/lsmod.c; /proc/modules in `man 5 proc`).

use sys::zstr::cut;
use sys::{fs, Cx, ZStr};
use util::text::lines::Lines;

applet! {
    name: lsmod,
    dir: "/sbin",
    class: NoExec,
    operands: "0",
    usage: "\
(no operands)

List the loaded modules: name, size in bytes, and how many and which modules
use it.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let path = ZStr::new(c"/proc/modules");
    let file = match fs::open_read(path) {
        Ok(file) => file,
        Err(e) => {
            cx.fail_on(path, e);
            return 1;
        }
    };
    let mut lines = Lines::new(file, b'\n');
    cx.out.bytes(b"Module                  Size  Used by\n");
    while lines.read() {
        // name size uses users, each with a comma behind it, or -
        let mut rest = &lines.line[..];
        let name = cut(&mut rest, b' ');
        cx.out.shown(name);
        cx.out.fill(b' ', 19usize.saturating_sub(name.len()));
        cx.out.byte(b' ');
        cx.out.right(cut(&mut rest, b' '), 8);
        cx.out.bytes(b"  ");
        cx.out.bytes(cut(&mut rest, b' '));
        let users = cut(&mut rest, b' ');
        if let Some((_, users)) = users.split_last().filter(|(_, users)| !users.is_empty()) {
            cx.out.byte(b' ');
            cx.out.shown(users);
        }
        cx.out.byte(b'\n');
    }
    if let Some(e) = lines.why {
        cx.fail_on(path, e);
    }
    cx.status
}
