//! find: search trees of files (POSIX.1-2024 find; more tests and actions as GNU, BusyBox and Toybox have them).
//!
//! Differences from BusyBox: -anewer, -cnewer, -newerXY, -lname, -ilname, -uid, -gid, -nouser, -nogroup, -okdir, -readable,
//! -writable; all that is needed of a file is asked for only when a test needs it.

mod parse;
mod test;

use parse::Step;
use sys::fs::{self, Statx};
use sys::{tty, Buf, Cx, Errno, List, ZStr};
use util::file::walk::{self, walk_as, Walk, FOLLOW, FOLLOW_OPERAND, STOPPABLE};
use util::login::accounts::Names;
use util::text::regex::Regex;

applet! {
    name: find,
    dir: "/usr/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-HLP] [PATH]... [EXPRESSION]

Look at all files below the PATHs, or the working directory, and do what the
EXPRESSION says; -print if it says nothing.

  -H  Follow links that are a PATH
  -L  Follow all links; also -follow
  -P  Follow none (default)

Options: -depth -maxdepth N -mindepth N -mount -xdev
Operators: ( EXPR ), ! EXPR, -not EXPR, EXPR [-a] EXPR, EXPR -o EXPR, EXPR , EXPR
Tests, where N may be +N (more) or -N (less):
  -name -iname -path -ipath -wholename -lname -ilname PATTERN
  -regex -iregex EXPR  The whole path, a basic regular expression
  -type LETTERS  b c d f l p s, with commas
  -perm [-/]MODE  Exactly these permissions, all, or any of them
  -size N[bckwMG]  Units of 512 bytes, or of 1, 1K, 2, 1M, 1G
  -mtime -atime -ctime N  Days ago; -mmin -amin -cmin: minutes
  -newer -anewer -cnewer FILE  Than FILE; -newerXY: X of it than Y of FILE,
      both of a c m, Y also t: a time
  -user -group NAME, -uid -gid N, -nouser, -nogroup
  -links -inum N, -samefile FILE, -empty, -true, -false
  -readable -writable -executable
Actions:
  -print, -print0, -prune, -quit, -delete
  -exec PROGRAM [ARG]... ;  Run it, {} is the path; -ok asks before
  -exec PROGRAM [ARG]... {} +  Run it for many at once
  -execdir, -okdir  Run it in the file's directory
",
}

/// All that is known while files are looked at.
struct Find<'w> {
    steps: List<Step<'w>>,
    regexes: List<Regex>,
    /// Paths for -exec … +, NUL-terminated, for each.
    gathered: List<Buf>,
    flags: u32,
    most: u64,
    least: u64,
    now: i64,
    users: Names,
    groups: Names,
    terminal: bool,
    /// What is being looked at: its status, if it was asked for.
    status: Option<Statx>,
    prune: bool,
    /// The device of the operand.
    device: (u32, u32),
}

// Flags.
const FOLLOWS: u32 = 1;
const FOLLOWS_OPERAND: u32 = 2;
const DEPTH: u32 = 4;
const XDEV: u32 = 8;
/// There is an action besides -prune.
const ACTS: u32 = 16;

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    let mut words = &*args;
    let mut flags = 0;
    while let [word, rest @ ..] = words {
        flags = match word.bytes() {
            b"-L" => FOLLOWS | FOLLOWS_OPERAND,
            b"-H" => FOLLOWS_OPERAND,
            b"-P" => 0,
            _ => break,
        };
        words = rest;
    }
    let first = words.iter().position(|w| matches!(w.first(), b'-' | b'(' | b'!')).unwrap_or(words.len());
    let (paths, words) = words.split_at_checked(first).unwrap_or_default();
    let Some(mut f) = parse::parse(cx, words, flags) else { return 1 };
    f.terminal = tty::is(cx.out.fd());
    let dot = [ZStr::new(c".")];
    for &path in if paths.is_empty() { &dot[..] } else { paths } {
        if !operand(cx, &mut f, path) {
            break;
        }
    }
    for n in 0..f.gathered.len() {
        test::flush(cx, &mut f, n);
    }
    cx.status
}

/// Looks at the tree at `path`; no if that was the last one.
fn operand(cx: &mut Cx, f: &mut Find, path: ZStr) -> bool {
    let mut how = STOPPABLE;
    if f.flags & FOLLOWS != 0 {
        how |= FOLLOW;
    }
    let mut status = Err(Errno::ENOENT);
    if f.flags & FOLLOWS_OPERAND != 0 {
        how |= FOLLOW_OPERAND;
        status = fs::stat(path);
    }
    if status.is_err() {
        status = fs::lstat(path);
    }
    let s = match &status {
        Ok(s) => s,
        Err(e) => {
            cx.fail_on(path, *e);
            return true;
        }
    };
    f.device = (s.stx_dev_major, s.stx_dev_minor);
    let mut goes_on = true;
    walk_as(cx, path, fs::kind(s) == fs::S_IFDIR, how, &mut |w, step| {
        let descends = visit(w, f, step);
        w.stop |= w.cx.out.failed();
        goes_on = !w.stop;
        descends && !w.stop
    });
    goes_on
}

/// Looks at one file; is it a directory to go into?
#[inline(never)]
fn visit(w: &mut Walk, f: &mut Find, step: walk::Step) -> bool {
    f.status = None;
    f.prune = false;
    let depth = w.depth as u64;
    let late = f.flags & DEPTH != 0;
    let mut descends = false;
    let mut looks = true;
    match step {
        walk::Step::File => {}
        walk::Step::Enter => {
            descends = depth < f.most;
            if descends && f.flags & XDEV != 0 {
                let device = f.device;
                descends = f.status(w).is_none_or(|s| (s.stx_dev_major, s.stx_dev_minor) == device);
            }
            looks = !late || !descends;
        }
        walk::Step::Leave => looks = late,
        walk::Step::Unreadable(e) => {
            w.fail(e);
            looks = late;
        }
    }
    if looks && depth >= f.least {
        test::look(w, f);
    }
    descends && (late || !f.prune)
}

impl Find<'_> {
    /// The file's status, links followed where that is asked for and they lead somewhere.
    #[inline(never)]
    fn status(&mut self, w: &mut Walk) -> Option<&Statx> {
        if self.status.is_none() {
            let follows = self.flags & FOLLOWS != 0 || self.flags & FOLLOWS_OPERAND != 0 && w.depth == 0;
            let dir = w.dir;
            let mut status = Err(Errno::ENOENT);
            if follows {
                status = fs::statx(dir, w.name(), 0);
            }
            if status.is_err() {
                status = w.stat();
            }
            match status {
                Ok(s) => self.status = Some(s),
                Err(e) => w.fail(e),
            }
        }
        self.status.as_ref()
    }
}
