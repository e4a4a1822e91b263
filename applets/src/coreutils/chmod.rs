//! chmod: change modes (POSIX.1-2024 chmod; -c, -f and -v as GNU and BusyBox have them).

use sys::fs::{self, Statx};
use sys::zstr::position;
use sys::{Cx, Errno, ZStr};
use util::file::mode;
use util::file::walk::{walk_as, Step, Walk, FOLLOW_OPERAND};

applet! {
    name: chmod,
    dir: "/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-Rcfv] MODE FILE...

Change the permissions of the FILEs: MODE is octal, or clauses such as
u=rwx,g-w,+X with commas between them.

    -R  Directories with all that is in them; links in them are left alone
    -c  Print what is changed
    -f  No messages about files
    -v  Print all
",
}

// The options, by their places here.
const LETTERS: &[u8] = b"Rcfv";
const TREE: u32 = 1;
const CHANGES: u32 = 2;
const QUIET: u32 = 4;
const VERBOSE: u32 = 8;

struct Change {
    mode: ZStr<'static>,
    opts: u32,
    umask: u32,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    let umask = fs::umask(0);
    fs::umask(umask);
    let mut opts = 0;
    let mut mode = None;
    let (mut files, mut all) = (0, false);
    for n in 0..args.len() {
        let Some(&arg) = args.get(n) else { break };
        if !all && arg.is(b"--") {
            all = true;
        } else if let (false, Some(bits)) = (all, options(arg)) {
            opts |= bits;
        } else if mode.is_none() {
            mode = Some(arg);
        } else if let Some(place) = args.get_mut(files) {
            *place = arg;
            files += 1;
        }
    }
    let (Some(mode), 1..) = (mode, files) else { return cx.misuse(b"missing operand") };
    if mode::parse(mode.bytes(), 0, umask).is_none() {
        return cx.misuse(b"invalid mode");
    }
    let how = &Change { mode, opts, umask };
    for &file in args.get(..files).unwrap_or_default() {
        // A directory that is one, not a link to one, must stay the one that is meant.
        let mut link = true;
        let mut kind = Ok(0);
        if opts & TREE != 0 {
            kind = fs::lstat(file).map(|s| fs::kind(&s));
            link = kind == Ok(fs::S_IFLNK);
            if link {
                kind = fs::stat(file).map(|s| fs::kind(&s));
            }
        }
        let follow = if link { FOLLOW_OPERAND } else { 0 };
        walk_as(cx, file, kind == Ok(fs::S_IFDIR), follow, &mut |w, step| {
            let done = match step {
                Step::Leave => Ok(()),
                Step::Unreadable(e) => Err(e),
                _ => kind.and_then(|_| change(w, how, link)),
            };
            if let Err(e) = done {
                w.cx.status = 1;
                if how.opts & QUIET == 0 {
                    w.fail(e);
                }
            }
            true
        });
    }
    cx.status
}

/// The options in an argument, if it is one of them.
fn options(arg: ZStr) -> Option<u32> {
    let letters = arg.strip_prefix(b"-").filter(|l| !l.is_empty())?;
    let mut bits = 0;
    for &c in letters.bytes() {
        bits |= 1 << position(LETTERS, c)?;
    }
    Some(bits)
}

/// Changes one file.
#[inline(never)]
fn change(w: &mut Walk, how: &Change, link: bool) -> Result<(), Errno> {
    let (dir, operand) = (w.dir, link && w.depth == 0);
    let follow = if operand { 0 } else { fs::AT_SYMLINK_NOFOLLOW };
    let s = &fs::statx(dir, w.name(), follow);
    let s: &Statx = match s {
        Ok(s) => s,
        Err(e) => return Err(*e),
    };
    if fs::kind(s) == fs::S_IFLNK {
        return Ok(());
    }
    let old = s.stx_mode as u32;
    let new = mode::parse(how.mode.bytes(), old, how.umask).unwrap_or(old);
    if operand {
        fs::fchmodat(dir, w.name(), new)?;
    } else {
        fs::lchmodat(dir, w.name(), new)?;
    }
    if how.opts & VERBOSE != 0 || how.opts & CHANGES != 0 && old & 0o7777 != new {
        w.cx.out.bytes(b"mode of '");
        w.cx.out.shown(&w.path);
        w.cx.out.bytes(b"' changed to ");
        w.cx.out.number(new as u64, 8, 4, b'0');
        let text = mode::string(new);
        w.cx.out.bytes(b" (");
        w.cx.out.bytes(text.get(1..).unwrap_or_default());
        w.cx.out.bytes(b")\n");
    }
    Ok(())
}
