//! groups: tell the groups of a user (BusyBox coreutils/id.c).

use sys::{process, Cx, ZStr};
use util::login::accounts::{self, Names, GROUP};

applet! {
    name: groups,
    dir: "/usr/bin",
    class: NoFork,
    operands: "0..1",
    usage: "\
[USER]

Print the names of the groups that USER, or this process, is in.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let all = match cx.arg(0) {
        Some(who) => match accounts::of_user(cx, who) {
            Some((_, all)) => all,
            None => return 1,
        },
        None => {
            let mut own = match process::groups() {
                Ok(own) => own,
                Err(why) => {
                    cx.fail(b"groups", why);
                    return 1;
                }
            };
            let group = process::getegid();
            if !own.contains(&group) {
                own.insert(0, group);
            }
            own
        }
    };
    let mut names = Names::new(ZStr::new(GROUP));
    for (n, &id) in all.iter().enumerate() {
        if n > 0 {
            cx.out.byte(b' ');
        }
        cx.out.shown(names.name(id));
    }
    cx.out.byte(b'\n');
    if let Some(why) = names.why {
        cx.fail(GROUP.to_bytes(), why);
    }
    cx.status
}
