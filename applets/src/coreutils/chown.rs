//! chown, chgrp: change owners and groups (POSIX.1-2024 chown, chgrp; -c, -f and -v as GNU and BusyBox have them).

use sys::fs;
use sys::zstr::position;
use sys::{num, Cx, Errno, ZStr};
use util::file::walk::{walk_as, Step, Walk, FOLLOW, FOLLOW_OPERAND};
use util::login::accounts::{self, Names, GROUP, PASSWD};

applet! {
    name: chown,
    aliases: "chgrp",
    dir: "/bin",
    class: NoExec,
    operands: "2..",
    last_wins: "HLP",
    usage: "\
[-RHLPcfhv] OWNER[:[GROUP]] | :GROUP FILE...
   or: chgrp [-RHLPcfhv] GROUP FILE...

Change owner and group of the FILEs: names or numbers. OWNER: means the group
that OWNER logs in with; OWNER.GROUP does if no user is called so.

    -R  Directories with all that is in them, links themselves
    -H  With -R, follow a link that is a FILE
    -L  With -R, follow all links
    -P  With -R, follow none (default)
    -h  Links themselves, not what they lead to
    -c  Print what is changed
    -f  No messages about files
    -v  Print all
",
}

/// What leaves an owner or group as it is (`man 2 chown`).
const SAME: u32 = u32::MAX;

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    let Some((&spec, files)) = args.split_first() else { return 1 };
    let owner =
        if cx.name.base().is(b"chgrp") { group(spec.bytes()).map(|g| (SAME, g)) } else { parse(spec) };
    let Some(owner) = owner else {
        cx.error(spec.bytes(), b"no such user or group");
        return 1;
    };
    let mut how = 0;
    if cx.has(opt!("R")) {
        if cx.has(opt!("L")) {
            how = FOLLOW | FOLLOW_OPERAND;
        } else if cx.has(opt!("H")) {
            how = FOLLOW_OPERAND;
        }
    }
    for &file in files {
        let flags = if how == 0 { fs::AT_SYMLINK_NOFOLLOW } else { 0 };
        let mut kind = Ok(0);
        if cx.has(opt!("R")) {
            kind = fs::statx(fs::Fd::CWD, file, flags).map(|s| fs::kind(&s));
        }
        walk_as(cx, file, kind == Ok(fs::S_IFDIR), how, &mut |w, step| {
            let done = match step {
                Step::Leave => Ok(()),
                Step::Unreadable(e) => Err(e),
                _ => kind.and_then(|_| change(w, owner, how)),
            };
            if let Err(e) = done {
                w.cx.status = 1;
                if !w.cx.has(opt!("f")) {
                    w.fail(e);
                }
            }
            true
        });
    }
    cx.status
}

/// Owner and group that an operand names.
#[inline(never)]
fn parse(spec: ZStr) -> Option<(u32, u32)> {
    let text = spec.bytes();
    let user = |name: &[u8]| Names::new(ZStr::new(PASSWD)).id(name).filter(|&n| n != SAME);
    let mut mark = position(text, b':');
    if mark.is_none() {
        if let Some(owner) = user(text) {
            return Some((owner, SAME));
        }
        mark = position(text, b'.');
    }
    let (name, rest) = text.split_at_checked(mark?)?;
    let owner = if name.is_empty() { SAME } else { user(name)? };
    let group = match rest.get(1..)? {
        b"" if name.is_empty() => SAME,
        b"" => accounts::login_group(name)?,
        name => group(name)?,
    };
    Some((owner, group))
}

fn group(name: &[u8]) -> Option<u32> {
    Names::new(ZStr::new(GROUP)).id(name).filter(|&n| n != SAME)
}

/// Changes one file.
#[inline(never)]
fn change(w: &mut Walk, (user, group): (u32, u32), how: u32) -> Result<(), Errno> {
    let dir = w.dir;
    let tree = w.cx.has(opt!("R"));
    let follow = !w.cx.has(opt!("h")) && (!tree || how != 0);
    let flags = if follow { 0 } else { fs::AT_SYMLINK_NOFOLLOW };
    let mut tell = w.cx.has(opt!("v"));
    if w.cx.has(opt!("c")) {
        let s = fs::statx(dir, w.name(), flags)?;
        tell |= user != SAME && user != s.stx_uid || group != SAME && group != s.stx_gid;
    }
    fs::fchownat(dir, w.name(), user, group, flags)?;
    if tell {
        w.cx.out.bytes(b"changed ownership of '");
        w.cx.out.shown(&w.path);
        w.cx.out.bytes(b"' to ");
        put(w, user);
        w.cx.out.byte(b':');
        put(w, group);
        w.cx.out.byte(b'\n');
    }
    Ok(())
}

/// Writes a number, nothing for what stays.
fn put(w: &mut Walk, id: u32) {
    if id != SAME {
        let mut digits = [0; 64];
        w.cx.out.bytes(num::digits(&mut digits, id as u64, 10));
    }
}
