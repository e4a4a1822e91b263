//! cp: copy files (POSIX.1-2024 cp; -a, -d, -l, -n, -s, -T, -t, -u, -v, -x and long options as GNU and BusyBox have them).
//!
//! Differences from BusyBox: a device or a link that is the DEST is written to, as POSIX has it; -a keeps extended
//! attributes, -x and --preserve.

use sys::fs::{self, Fd};
use sys::zstr::{cut, position_in};
use sys::{Cx, ToBuf, ZStr};
use util::file::copy::{self, over, Known};
use util::file::path::join;
use util::file::target::{self, target};
use util::file::walk::{FOLLOW, FOLLOW_OPERAND};

applet! {
    name: cp,
    dir: "/bin",
    class: NoExec,
    operands: "1..",
    last_wins: "HLPd in",
    usage: "\
[-adfHilLnPpRrsTuvx] SOURCE... DEST
   or: cp [OPTIONS] -t DIR SOURCE...

Copy SOURCE to DEST, or the SOURCEs to the directory DEST.

    -R, --recursive  Directories with all that is in them
    -r  As -R
    -a, --archive  As -dpR, and extended attributes
    -d  As -P, and keep hard links
    -H  With -R, follow a link that is a SOURCE
    -L, --dereference  Follow all links (default without -R)
    -P, --no-dereference  Copy links themselves (default with -R)
    -p  Keep owner, permissions and times
    --preserve[=LIST]  Keep what the LIST says: mode, ownership, timestamps, links, xattr, all
    -f, --force  Remove what cannot be written to
    --remove-destination  Remove what is there first
    -i, --interactive  Ask before anything is replaced
    -n, --no-clobber  Replace nothing
    -u, --update  Replace only what is older
    -l, --link  Make hard links instead of copies
    -s, --symbolic-link  Make symbolic links instead of copies
    -t, --target-directory DIR  Copy to DIR
    -T, --no-target-directory  DEST is the new name even if it is a directory
    --parents   Copy to DEST/SOURCE with all its directories
    -x, --one-file-system  Stay on the SOURCE's file system
    -v, --verbose  Print what is copied
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let Some(how) = options(cx) else { return cx.misuse(b"invalid --preserve") };
    let exact = if cx.has(opt!("T")) { target::EXACT } else { 0 };
    let Some(all) = target(cx, cx.value(slot!("t")), exact) else { return 1 };
    let mut known = Known::default();
    // All modes are exact.
    let umask = fs::umask(0);
    for &source in all.sources {
        let mut path = all.path(source);
        if cx.has(opt!("--parents")) {
            path = all.dest().bytes().buf();
            join(&mut path, source.bytes());
            if !parents(cx, all.dest(), source, 0o777 & !umask) {
                continue;
            }
        }
        let flags = if how & (FOLLOW | FOLLOW_OPERAND) != 0 { 0 } else { fs::AT_SYMLINK_NOFOLLOW };
        let kind = match fs::statx(Fd::CWD, source, flags) {
            Ok(s) => fs::kind(&s),
            Err(e) => {
                cx.fail_on(source, e);
                continue;
            }
        };
        let is_dir = kind == fs::S_IFDIR;
        if is_dir && !cx.has(opt!("aRr")) {
            sys::out::complain(&[cx.name.bytes(), b": omitting directory '", source.bytes(), b"'"]);
            cx.status = 1;
            continue;
        }
        over(cx, source, is_dir, &mut path, how, umask, &mut known);
    }
    fs::umask(umask);
    cx.status
}

/// What the options say; `None` if they are wrong.
fn options(cx: &Cx) -> Option<u32> {
    let mut how = 0;
    let mut set = |given: u64, bits: u32| {
        if cx.has(given) {
            how |= bits;
        }
    };
    set(opt!("ap"), copy::MODE | copy::OWNER | copy::TIMES);
    set(opt!("ad"), copy::LINKS);
    set(opt!("a"), copy::ATTRIBUTES);
    set(opt!("f"), copy::FORCE);
    set(opt!("--remove-destination"), copy::REMOVE);
    set(opt!("n"), copy::KEEP);
    set(opt!("i"), copy::ASK);
    set(opt!("u"), copy::UPDATE);
    set(opt!("l"), copy::HARD);
    set(opt!("s"), copy::SYMBOLIC);
    set(opt!("v"), copy::VERBOSE);
    set(opt!("x"), copy::ONE_SYSTEM);
    let tree = cx.has(opt!("aRr"));
    if !tree {
        how |= copy::CONTENTS;
    }
    if cx.has(opt!("L")) || !tree && !cx.has(opt!("Pd")) {
        how |= FOLLOW | FOLLOW_OPERAND;
    } else if cx.has(opt!("H")) {
        how |= FOLLOW_OPERAND;
    }
    if cx.has(opt!("--preserve")) {
        let mut list = cx.value(slot!("--preserve")).map_or(&b"mode,ownership,timestamps"[..], ZStr::bytes);
        while !list.is_empty() {
            let all = copy::MODE | copy::OWNER | copy::TIMES | copy::LINKS | copy::ATTRIBUTES;
            let what = [copy::MODE, copy::OWNER, copy::TIMES, copy::LINKS, copy::ATTRIBUTES, all];
            let names = b"mode,ownership,timestamps,links,xattr,all";
            how |= what.get(position_in(names, b',', cut(&mut list, b','))?)?;
        }
    }
    Some(how)
}

/// Makes the directories of `source` in `dest`, as far as they are missing: are they there?
fn parents(cx: &mut Cx, dest: ZStr, source: ZStr, mode: u32) -> bool {
    for (n, &b) in source.bytes().iter().enumerate() {
        if b == b'/' && n > 0 {
            let mut path = dest.bytes().buf();
            join(&mut path, source.bytes().get(..n).unwrap_or_default());
            if let Err(e) = fs::mkdirat(Fd::CWD, path.z(), mode) {
                if !fs::stat(path.z()).is_ok_and(|s| fs::kind(&s) == fs::S_IFDIR) {
                    cx.fail(&path, e);
                    return false;
                }
            }
        }
    }
    true
}
