//! id: tell who somebody is (POSIX.1-2024 id; BusyBox coreutils/id.c).

use sys::{process, Cx, List, ZStr};
use util::login::accounts::{self, Names, GROUP, PASSWD};

applet! {
    name: id,
    dir: "/usr/bin",
    class: NoFork,
    operands: "0..1",
    last_wins: "ugG",
    usage: "\
[-ugGnr] [USER]

Print user and groups of USER, a name or number, or of this process.

    -u, --user  Only the effective user
    -g, --group  Only the effective group
    -G, --groups  Only all groups
    -n, --name  Names instead of numbers, with -u, -g or -G
    -r, --real  The real user or group, with -u or -g
",
}

/// Writes `id` and its name, both or as the options want one; no if -n finds no name.
#[inline(never)]
fn show(cx: &mut Cx, names: &mut Names, before: &[u8], id: u32) {
    let name = names.known(id);
    cx.out.bytes(before);
    let only = cx.has(opt!("ugG"));
    if !(only && cx.has(opt!("n"))) {
        cx.out.dec(id as u64);
    }
    match name {
        Some(name) if only && cx.has(opt!("n")) => cx.out.shown(name),
        Some(name) if !only => {
            cx.out.byte(b'(');
            cx.out.shown(name);
            cx.out.byte(b')');
        }
        None if cx.has(opt!("n")) => {
            cx.out.dec(id as u64);
            cx.status = 1;
        }
        _ => {}
    }
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    if cx.has(opt!("nr")) && !cx.has(opt!("ugG")) {
        return cx.misuse(b"-n and -r need -u, -g or -G");
    }
    let (mut users, mut groups) = (Names::new(ZStr::new(PASSWD)), Names::new(ZStr::new(GROUP)));
    let (mut user, mut group) = (process::getuid(), process::getgid());
    let (mut user_now, mut group_now) = (process::geteuid(), process::getegid());
    let all: List<u32>;
    if let Some(who) = cx.arg(0) {
        let Some((uid, found)) = accounts::of_user(cx, who) else { return 1 };
        group = found.first().copied().unwrap_or_default();
        (user, user_now, group_now) = (uid, uid, group);
        all = found;
    } else {
        let mut own = match process::groups() {
            Ok(own) => own,
            Err(why) => {
                cx.fail(b"groups", why);
                return 1;
            }
        };
        // POSIX wants the effective and the real one, too.
        for id in [group, group_now] {
            if !own.contains(&id) {
                own.insert(0, id);
            }
        }
        all = own;
    }
    if cx.has(opt!("r")) {
        (user_now, group_now) = (user, group);
    }
    if cx.has(opt!("u")) {
        show(cx, &mut users, b"", user_now);
    } else if cx.has(opt!("g")) {
        show(cx, &mut groups, b"", group_now);
    } else {
        let mut before: &[u8] = b"";
        if !cx.has(opt!("G")) {
            show(cx, &mut users, b"uid=", user);
            show(cx, &mut groups, b" gid=", group);
            if user_now != user {
                show(cx, &mut users, b" euid=", user_now);
            }
            if group_now != group {
                show(cx, &mut groups, b" egid=", group_now);
            }
            before = b" groups=";
        }
        for &id in all.iter() {
            show(cx, &mut groups, before, id);
            before = if cx.has(opt!("G")) { b" " } else { b"," };
        }
    }
    cx.out.byte(b'\n');
    if let Some(why) = users.why.or(groups.why) {
        cx.fail(b"/etc/passwd, /etc/group", why);
    }
    cx.status
}
