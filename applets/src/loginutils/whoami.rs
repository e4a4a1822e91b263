//! whoami: tell the name of the user (BusyBox coreutils/whoami.c).

use sys::{num, process, Cx, ZStr};
use util::login::accounts::{Names, PASSWD};

applet! {
    name: whoami,
    dir: "/usr/bin",
    class: NoFork,
    operands: "0",
    usage: "\
(no operands)

Print the name of the effective user.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let id = process::geteuid();
    let mut names = Names::new(ZStr::new(PASSWD));
    if let Some(name) = names.known(id) {
        cx.out.shown(name);
        cx.out.byte(b'\n');
        return 0;
    }
    match names.why {
        Some(why) => cx.fail(PASSWD.to_bytes(), why),
        None => {
            let mut digits = [0; 64];
            cx.error(num::digits(&mut digits, id as u64, 10), b"no name for this user");
        }
    }
    1
}
