//! ln: make links (POSIX.1-2024 ln; -b, -n, -S, -T, -t and -v as GNU and BusyBox have them).
//!
//! Differences from BusyBox: -L, -P and -t; -f puts the new link in the place of the old file in one step.

use sys::fs::{self, Fd};
use sys::{Buf, Cx, Errno, ToBuf, ZStr};
use util::file::path::beside;
use util::file::target::{self, arrow};

applet! {
    name: ln,
    dir: "/bin",
    class: NoExec,
    operands: "1..",
    last_wins: "LP",
    usage: "\
[-bfLnPsTv] [-S SUFFIX] TARGET... [LINK | DIR]
   or: ln [OPTIONS] -t DIR TARGET...

Make the link LINK to TARGET, or links to the TARGETs in the directory DIR, or
in the working directory for a lone TARGET.

    -s, --symbolic  Symbolic links, not hard ones
    -f, --force  Replace what has the name
    -n, --no-dereference  LINK is replaced even if it is a link to a directory
    -T, --no-target-directory  LINK is the name even if it is a directory
    -t, --target-directory DIR  Make the links in DIR
    -b  Keep what has the name, with SUFFIX behind its name
    -S, --suffix SUFFIX  As -b; default: ~
    -L, --logical  A hard link to what a TARGET that is a symbolic link leads to
    -P, --physical  A hard link to such a TARGET itself (default)
    -v, --verbose  Print what is linked
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut how = target::HERE;
    if cx.has(opt!("T")) {
        how = target::EXACT | target::LINK;
    } else if cx.has(opt!("n")) {
        how |= target::LINK;
    }
    let Some(all) = target::target(cx, cx.value(slot!("t")), how) else { return 1 };
    for &source in all.sources {
        let path = all.path(source);
        let mut done = make(cx, source, &path);
        if done == Err(Errno::EEXIST) && cx.has(opt!("fbS")) {
            done = replace(cx, source, &path);
        }
        match done {
            Ok(()) => {
                if cx.has(opt!("v")) {
                    cx.out.shown(&arrow(source, &path));
                    cx.out.byte(b'\n');
                }
            }
            Err(e) => cx.fail(&arrow(source, &path), e),
        }
    }
    cx.status
}

/// Makes one link where nothing is.
#[inline(never)]
fn make(cx: &Cx, source: ZStr, path: &Buf) -> Result<(), Errno> {
    if cx.has(opt!("s")) {
        return fs::symlinkat(source, Fd::CWD, path.z());
    }
    let follow = if cx.has(opt!("L")) { fs::AT_SYMLINK_FOLLOW } else { 0 };
    fs::linkat(Fd::CWD, source, Fd::CWD, path.z(), follow)
}

/// Makes a link in the place of what is there: beside it, from where it takes the name.
fn replace(cx: &Cx, source: ZStr, path: &Buf) -> Result<(), Errno> {
    let old = fs::lstat(path.z())?;
    if cx.has(opt!("bS")) {
        let mut backup = path.buf();
        backup.extend_from_slice(cx.value(slot!("S")).map_or(b"~", ZStr::bytes));
        fs::renameat2(Fd::CWD, path.z(), Fd::CWD, backup.z(), 0)?;
        let done = make(cx, source, path);
        if done.is_err() {
            // Nothing is lost if it cannot go back: it is there under the other name.
            let _ = fs::renameat2(Fd::CWD, backup.z(), Fd::CWD, path.z(), fs::RENAME_NOREPLACE);
        }
        return done;
    }
    if fs::kind(&old) == fs::S_IFDIR {
        return Err(Errno::EISDIR);
    }
    let new = beside(path, b".ln-");
    make(cx, source, &new)?;
    let done = fs::renameat2(Fd::CWD, new.z(), Fd::CWD, path.z(), 0);
    // It is still there if both are the same file, too.
    let _ = fs::unlinkat(Fd::CWD, new.z(), 0);
    done
}
