//! What the steps of an expression do with a file.

use super::parse::{time_of, Op, Step, ASKS, IN_DIR, MANY};
use super::Find;
use sys::fs::{self, Dir, Fd, Statx};
use sys::process::Status;
use sys::zstr::Texts;
use sys::{num, out, Buf, Cx, List, ToBuf, ZStr};
use util::command::child::{self, Child};
use util::file::ask;
use util::file::id::id;
use util::file::walk::Walk;
use util::text::{after, find, pattern};

/// Bytes of paths that a command gets at once.
const MOST: usize = if cfg!(mote_nommu) { 4096 } else { 128 << 10 };

/// Does what the expression says about a file.
#[inline(never)]
pub(super) fn look(w: &mut Walk, f: &mut Find) {
    let mut result = true;
    let mut at = 0;
    while let Some(step) = f.steps.get(at) {
        at += 1;
        match step.op {
            Op::Not => result = !result,
            Op::JumpTrue | Op::JumpFalse => {
                if result == (step.op == Op::JumpTrue) {
                    at = step.n as usize;
                }
            }
            _ => {
                let step = step.clone();
                result = does(w, f, &step);
            }
        }
    }
}

#[inline(never)]
fn does(w: &mut Walk, f: &mut Find, step: &Step) -> bool {
    let dir = w.dir;
    match step.op {
        Op::Print | Op::Print0 => {
            let end = if step.op == Op::Print { b'\n' } else { 0 };
            print(w, f.terminal, end);
            true
        }
        Op::Prune => {
            f.prune = true;
            true
        }
        Op::Quit => {
            w.stop = true;
            true
        }
        Op::Delete => delete(w),
        Op::True => true,
        Op::Access => fs::accessat(dir, w.name(), step.n as u32).is_ok(),
        Op::Name => {
            let path = &w.path;
            let end = path.iter().rposition(|&b| b != b'/').map_or(0, |n| n + 1);
            let path = path.get(..end).unwrap_or_default();
            let name = path.rsplit(|&b| b == b'/').next().unwrap_or_default();
            matches(step, if end == 0 { &w.path } else { name })
        }
        Op::Path => matches(step, &w.path),
        Op::Link => {
            let mut text = [0; fs::PATH];
            fs::readlinkat(dir, w.name(), &mut text).is_ok_and(|to| matches(step, to))
        }
        Op::Regex => f.regexes.get(step.n as usize).is_some_and(|r| r.find(&w.path, 0, &mut [])),
        Op::Exec => command(w, f, step),
        Op::Type if w.kind != 0 && (w.kind != fs::S_IFLNK || f.flags & super::FOLLOWS == 0) => {
            step.n >> (w.kind >> 12) & 1 != 0
        }
        Op::Empty => {
            let Some(s) = f.status(w) else { return false };
            match fs::kind(s) {
                fs::S_IFREG => s.stx_size == 0,
                fs::S_IFDIR => {
                    let read = Dir::open(dir, w.name(), 0).and_then(|mut d| d.next().map(|e| e.is_none()));
                    read.unwrap_or_else(|e| {
                        w.fail(e);
                        false
                    })
                }
                _ => false,
            }
        }
        Op::NoUser | Op::NoGroup => {
            let Some(s) = f.status(w) else { return false };
            let (user, id) =
                (step.op == Op::NoUser, if step.op == Op::NoUser { s.stx_uid } else { s.stx_gid });
            let names = if user { &mut f.users } else { &mut f.groups };
            // A number without a name is told as its digits.
            num::parse_u32(names.name(id)) == Some(id)
        }
        _ => {
            let now = f.now;
            f.status(w).is_some_and(|s| of_status(step, s, now))
        }
    }
}

/// The tests of what the status tells.
#[inline(never)]
fn of_status(step: &Step, s: &Statx, now: i64) -> bool {
    let value = match step.op {
        Op::Type => return step.n >> (s.stx_mode as u32 >> 12 & 15) & 1 != 0,
        Op::False => return false,
        Op::Perm => {
            let (mode, wanted) = (s.stx_mode as u32 & 0o7777, step.n as u32);
            return match step.sign {
                0 => mode == wanted,
                1 => mode & wanted != 0 || wanted == 0,
                _ => mode & wanted == wanted,
            };
        }
        Op::Newer => {
            let t = time_of(s, step.which);
            return (t.tv_sec, t.tv_nsec) > (step.n as i64, step.nsec);
        }
        Op::Same => return step.id == Some(id(s)),
        Op::Age => {
            let age = now - time_of(s, step.which).tv_sec;
            if age < 0 {
                return step.sign == 2;
            }
            let (minutes, _) = num::div_rem(age as u64, 60);
            if step.nsec == 60 {
                minutes
            } else {
                num::div_rem(minutes, 24 * 60).0
            }
        }
        Op::Size => {
            let unit = (1 << step.which) - 1;
            (s.stx_size >> step.which) + (s.stx_size & unit != 0) as u64
        }
        Op::User => s.stx_uid as u64,
        Op::Group => s.stx_gid as u64,
        Op::Links => s.stx_nlink as u64,
        _ => s.stx_ino,
    };
    match step.sign {
        0 => value == step.n,
        1 => value > step.n,
        _ => value < step.n,
    }
}

#[inline(never)]
fn print(w: &mut Walk, terminal: bool, end: u8) {
    if terminal && end != 0 {
        w.cx.out.masked(&w.path);
    } else {
        w.cx.out.bytes(&w.path);
    }
    w.cx.out.byte(end);
}

/// Removes the file or the empty directory; the working directory stays.
fn delete(w: &mut Walk) -> bool {
    if w.path == b"." {
        return true;
    }
    let dir = w.dir;
    let flags = if w.stat().is_ok_and(|s| fs::kind(&s) == fs::S_IFDIR) { fs::AT_REMOVEDIR } else { 0 };
    let done = fs::unlinkat(dir, w.name(), flags);
    if let Err(e) = done {
        w.fail(e);
    }
    done.is_ok()
}

/// Does the pattern match the whole text?
#[inline(never)]
fn matches(step: &Step, text: &[u8]) -> bool {
    if !step.fold {
        return pattern::matches(step.text.bytes(), text, 0);
    }
    let lower = |text: &[u8]| -> Buf { text.iter().map(u8::to_ascii_lowercase).collect() };
    pattern::matches(&lower(step.text.bytes()), &lower(text), 0)
}

/// Runs a command for a file, or notes the file for later.
fn command(w: &mut Walk, f: &mut Find, step: &Step) -> bool {
    let inside = step.which & IN_DIR != 0;
    let mut path = w.path.buf();
    if inside {
        path.clear();
        if w.depth > 0 {
            path.extend_from_slice(b"./");
        }
        path.extend_from_slice(w.name().bytes());
    }
    let place = (inside && w.depth > 0).then_some(w.dir);
    if step.which & MANY != 0 && place.is_none() {
        let n = step.n as usize;
        let Some(all) = f.gathered.get_mut(n) else { return false };
        all.extend_from_slice(&path);
        all.push(0);
        if all.len() >= MOST {
            flush(w.cx, f, n);
        }
        return true;
    }
    let mut words: List<Buf> = List::new();
    for word in step.words {
        let mut new = Buf::new();
        let mut rest = word.bytes();
        while let Some(n) = find(rest, b"{}") {
            new.extend_from_slice(rest.get(..n).unwrap_or_default());
            new.extend_from_slice(&path);
            rest = after(rest, n + 2);
        }
        new.extend_from_slice(rest);
        words.push(new);
    }
    if step.which & MANY != 0 {
        words.push(path);
    }
    if step.which & ASKS != 0 && !ask::yes(w.cx, b"run for", &w.path) {
        return false;
    }
    let all: List<ZStr> = words.iter().map(|word| word.z()).collect();
    let done = start(w.cx, &all, place) == Some(true);
    if step.which & MANY != 0 && !done {
        w.cx.status = 1;
    }
    done || step.which & MANY != 0
}

/// Runs command `n` of those for many paths, if some have been gathered.
pub(super) fn flush(cx: &mut Cx, f: &mut Find, n: usize) {
    let Some(paths) = f.gathered.get_mut(n).map(core::mem::take).filter(|paths| !paths.is_empty()) else {
        return;
    };
    let step = f.steps.iter().find(|s| s.op == Op::Exec && s.which & MANY != 0 && s.n == n as u64);
    let mut all: List<ZStr> = step.map_or(&[][..], |s| s.words).iter().copied().collect();
    let mut at = 0;
    for text in Texts::new(&paths) {
        if !text.is_empty() {
            all.push(paths.z_from(at));
        }
        at += text.len() + 1;
    }
    if start(cx, &all, None) != Some(true) {
        cx.status = 1;
    }
}

/// Runs a command: has it ended well? `None` after a report.
#[inline(never)]
fn start(cx: &mut Cx, words: &[ZStr], dir: Option<Fd>) -> Option<bool> {
    let mut child = Child { words, envp: cx.envp, dir, quiet: false };
    match child::wait(cx, &mut child) {
        Ok(status) => Some(status == Status(0)),
        Err(why) => {
            cx.status = 1;
            out::fail(cx.name, words.first().map_or(b"", |w| w.bytes()), why);
            None
        }
    }
}
