//! Expressions: from words to steps.

use super::{Find, ACTS, DEPTH, FOLLOWS, FOLLOWS_OPERAND, XDEV};
use sys::fs::{self, Statx, Timestamp};
use sys::zstr::{position, position_in};
use sys::{num, out, time, Buf, Cx, List, ZStr};
use util::file::id::{id, Id};
use util::file::mode;
use util::login::accounts::{Names, GROUP, PASSWD};
use util::text::regex::{self, Regex};
use util::time::parse::{parse as parse_time, STRING};

/// Tests and actions that take no argument, in the order of [`Op`].
const ALONE: &[u8] =
    b"-print,-print0,-prune,-quit,-delete,-true,-false,-empty,-nouser,-nogroup,-executable,-writable,\
-readable,-depth,-d,-xdev,-mount,-follow,-noleaf";
/// And those that take one.
const WITH: &[u8] =
    b"-name,-iname,-path,-ipath,-wholename,-iwholename,-lname,-ilname,-regex,-iregex,-type,-perm,-size,\
-mtime,-atime,-ctime,-mmin,-amin,-cmin,-newer,-anewer,-cnewer,-user,-group,-uid,-gid,-links,-inum,-samefile,\
-maxdepth,-mindepth";

/// What a step does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Print,
    Print0,
    Prune,
    Quit,
    Delete,
    True,
    False,
    Empty,
    NoUser,
    NoGroup,
    /// May the caller do what `n` says?
    Access,
    Name,
    Path,
    Link,
    Regex,
    Type,
    /// Sign 0: exactly, 1: any, 2: all.
    Perm,
    Size,
    /// Which time (m, a, c) is in `which`, the unit in `n2`.
    Age,
    Newer,
    User,
    Group,
    Links,
    Inode,
    Same,
    Exec,
    Not,
    /// Goes on at step `n` if the last result was true, or false.
    JumpTrue,
    JumpFalse,
}

/// A step of the expression.
#[derive(Clone)]
pub(super) struct Step<'w> {
    pub(super) op: Op,
    /// Letters of either case are the same.
    pub(super) fold: bool,
    /// 0: as `n`, 1: more, 2: less.
    pub(super) sign: u8,
    /// Which time, or how a program is started.
    pub(super) which: u8,
    pub(super) n: u64,
    pub(super) nsec: u32,
    pub(super) text: ZStr<'static>,
    pub(super) id: Option<Id>,
    /// Words of a command.
    pub(super) words: &'w [ZStr<'static>],
}

/// How -exec and its kin start a program: asking before, in the directory, with many paths.
pub(super) const ASKS: u8 = 1;
pub(super) const IN_DIR: u8 = 2;
pub(super) const MANY: u8 = 4;

/// The deepest parentheses.
const NESTING: u32 = 50;

const fn step(op: Op) -> Step<'static> {
    let text = ZStr::new(c"");
    Step { op, fold: false, sign: 0, which: 0, n: 0, nsec: 0, text, id: None, words: &[] }
}

struct Parser<'w> {
    name: ZStr<'static>,
    zone: Option<ZStr<'static>>,
    words: &'w [ZStr<'static>],
    f: Find<'w>,
    depth: u32,
}

/// The steps of the expression in `words`; `None` after a report.
pub(super) fn parse<'w>(cx: &mut Cx, words: &'w [ZStr<'static>], flags: u32) -> Option<Find<'w>> {
    let f = Find {
        steps: List::new(),
        regexes: List::new(),
        gathered: List::new(),
        flags,
        most: u64::MAX,
        least: 0,
        now: time::now(time::CLOCK_REALTIME).sec,
        users: Names::new(ZStr::new(PASSWD)),
        groups: Names::new(ZStr::new(GROUP)),
        terminal: false,
        status: None,
        prune: false,
        device: (0, 0),
    };
    let mut p = Parser { name: cx.name, zone: cx.env(b"TZ"), words, f, depth: 0 };
    if !p.words.is_empty() {
        p.list()?;
        if let Some(&word) = p.words.first() {
            return p.wrong(word, b"not expected here");
        }
    }
    let mut f = p.f;
    if f.flags & ACTS == 0 {
        if !f.steps.is_empty() {
            let end = f.steps.len() as u64 + 2;
            f.steps.push(Step { n: end, ..step(Op::JumpFalse) });
        }
        f.steps.push(step(Op::Print));
    }
    Some(f)
}

impl<'w> Parser<'w> {
    fn wrong<T>(&self, word: ZStr, why: &[u8]) -> Option<T> {
        out::complain(&[self.name.bytes(), b": ", word.bytes(), b": ", why]);
        None
    }

    /// Takes the next word if it is one of `these`.
    #[inline(never)]
    fn take(&mut self, these: &[u8]) -> bool {
        match self.words {
            [word, rest @ ..] if position_in(these, b' ', word.bytes()).is_some() => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }

    /// Expressions with commas between them: the last one counts.
    fn list(&mut self) -> Option<()> {
        self.either()?;
        while self.take(b",") {
            self.either()?;
        }
        Some(())
    }

    /// Those with -o between them.
    fn either(&mut self) -> Option<()> {
        self.all(&mut |p| p.both(), b"-o -or", Op::JumpTrue)
    }

    /// Those with -a or nothing between them.
    fn both(&mut self) -> Option<()> {
        self.all(&mut |p| p.one(), b"-a -and", Op::JumpFalse)
    }

    /// One or more of what `part` reads; after each, `jump` leads to the end.
    #[inline(never)]
    fn all(&mut self, part: &mut dyn FnMut(&mut Self) -> Option<()>, mark: &[u8], jump: Op) -> Option<()> {
        let mut jumps: List<usize> = List::new();
        loop {
            part(self)?;
            if !self.take(mark) {
                let more = match self.words.first() {
                    Some(w) => jump == Op::JumpFalse && !matches!(w.bytes(), b")" | b"," | b"-o" | b"-or"),
                    None => false,
                };
                if !more {
                    break;
                }
            }
            jumps.push(self.f.steps.len());
            self.f.steps.push(step(jump));
        }
        let end = self.f.steps.len() as u64;
        for &at in &jumps {
            if let Some(jump) = self.f.steps.get_mut(at) {
                jump.n = end;
            }
        }
        Some(())
    }

    fn one(&mut self) -> Option<()> {
        let mut not = false;
        while self.take(b"! -not") {
            not = !not;
        }
        if self.take(b"(") {
            self.depth += 1;
            if self.depth > NESTING {
                return self.wrong(ZStr::new(c"("), b"nested too deeply");
            }
            self.list()?;
            self.depth -= 1;
            if !self.take(b")") {
                return self.wrong(ZStr::new(c"("), b"not closed");
            }
        } else {
            self.primary()?;
        }
        if not {
            self.f.steps.push(step(Op::Not));
        }
        Some(())
    }

    fn primary(&mut self) -> Option<()> {
        let Some((&word, rest)) = self.words.split_first() else {
            return self.wrong(ZStr::new(c"expression"), b"something is missing at its end");
        };
        self.words = rest;
        let name = word.bytes();
        if let Some(n) = position_in(ALONE, b',', name) {
            let step = self.alone(n);
            self.f.steps.push(step);
            return Some(());
        }
        if let Some(kind) = position_in(b"-exec,-ok,-execdir,-okdir", b',', name) {
            return self.command(word, kind as u8);
        }
        let newer = name.strip_prefix(b"-newer").filter(|xy| xy.len() == 2);
        let Some(n) = position_in(WITH, b',', name).or(newer.map(|_| usize::MAX)) else {
            return self.wrong(word, b"unknown");
        };
        let Some((&arg, rest)) = self.words.split_first() else {
            return self.wrong(word, b"an argument is missing");
        };
        self.words = rest;
        let done = match newer {
            Some(&[x, y]) => self.newer(x, y, arg),
            _ => self.with(n, arg),
        };
        match done {
            Some(step) => self.f.steps.push(step),
            None => return self.wrong(arg, b"invalid argument"),
        }
        Some(())
    }

    fn alone(&mut self, n: usize) -> Step<'w> {
        let op = match n {
            0 => Op::Print,
            1 => Op::Print0,
            2 => Op::Prune,
            3 => Op::Quit,
            4 => Op::Delete,
            6 => Op::False,
            7 => Op::Empty,
            8 => Op::NoUser,
            9 => Op::NoGroup,
            10..=12 => Op::Access,
            _ => Op::True,
        };
        self.f.flags |= match n {
            0 | 1 | 3 => ACTS,
            4 => ACTS | DEPTH,
            13 | 14 => DEPTH,
            15 | 16 => XDEV,
            17 => FOLLOWS | FOLLOWS_OPERAND,
            _ => 0,
        };
        // X_OK, W_OK and R_OK are 1, 2 and 4.
        Step { n: 1 << (n & 7).saturating_sub(2), ..step(op) }
    }

    /// The step for test `n` of [`WITH`]; `None` if its argument is wrong.
    fn with(&mut self, n: usize, arg: ZStr<'static>) -> Option<Step<'w>> {
        let text = arg.bytes();
        Some(match n {
            0..=7 => {
                let fold = n & 1 != 0;
                let op = [Op::Name, Op::Path, Op::Path, Op::Link].get(n >> 1).copied()?;
                Step { text: arg, fold, ..step(op) }
            }
            8 | 9 => {
                let how = regex::WHOLE | if n == 9 { regex::IGNORE_CASE } else { 0 };
                let at = self.f.regexes.len() as u64;
                self.f.regexes.push(Regex::new(text, how).ok()?);
                Step { n: at, ..step(Op::Regex) }
            }
            10 => {
                let mut bits = 0;
                for &c in text.iter().filter(|&&c| c != b',') {
                    // By the four bits of the type.
                    bits |= 1 << position(b"?pc?d?b?f?l?s", c).filter(|_| c != b'?')?;
                }
                Step { n: Some(bits).filter(|&b| b != 0)?, ..step(Op::Type) }
            }
            11 => {
                let sign = position(b"/-+", *text.first()?);
                // `+` is the old form of `/`, and may begin a mode.
                let bare = if sign.is_some() { text.get(1..)? } else { text };
                let (sign, mode) = match mode::parse(bare, 0, 0) {
                    Some(mode) => (sign.map_or(0, |s| if s == 1 { 2 } else { 1 }), mode),
                    None => (0, mode::parse(text, 0, 0)?),
                };
                Step { sign, n: mode as u64, ..step(Op::Perm) }
            }
            12 => {
                let (sign, text) = signed(text);
                let (n, unit) = num::prefix(text, 10)?;
                let shift = match unit {
                    b"" | b"b" => 9,
                    b"c" => 0,
                    b"w" => 1,
                    b"k" => 10,
                    b"M" => 20,
                    b"G" => 30,
                    _ => return None,
                };
                Step { sign, n, which: shift, ..step(Op::Size) }
            }
            13..=18 => {
                let step = number(Op::Age, text)?;
                let minutes = n > 15;
                let which = *b"mac".get((n - 13) % 3)?;
                Step { which, nsec: if minutes { 60 } else { 24 * 3600 }, ..step }
            }
            19..=21 => return self.newer(*b"mac".get(n - 19)?, b'm', arg),
            22 => Step { n: self.f.users.id(text)? as u64, ..step(Op::User) },
            23 => Step { n: self.f.groups.id(text)? as u64, ..step(Op::Group) },
            24 => number(Op::User, text)?,
            25 => number(Op::Group, text)?,
            26 => number(Op::Links, text)?,
            27 => number(Op::Inode, text)?,
            28 => Step { id: Some(id(&fs::stat(arg).ok()?)), ..step(Op::Same) },
            29 => {
                self.f.most = num::parse(text, 10)?;
                step(Op::True)
            }
            _ => {
                self.f.least = num::parse(text, 10)?;
                step(Op::True)
            }
        })
    }

    /// Is time `x` of a file later than time `y` of the file `arg`, or than that time?
    fn newer(&mut self, x: u8, y: u8, arg: ZStr<'static>) -> Option<Step<'w>> {
        position(b"mac", x)?;
        let (sec, nsec) = if y == b't' {
            let t = parse_time(arg.bytes(), STRING, self.f.now, self.zone)?;
            (t.sec, t.nsec as u32)
        } else {
            let s = fs::stat(arg).ok()?;
            let t = position(b"mac", y).map(|_| time_of(&s, y))?;
            (t.tv_sec, t.tv_nsec)
        };
        Some(Step { which: x, n: sec as u64, nsec, ..step(Op::Newer) })
    }

    /// The command up to `;` or `{} +`.
    fn command(&mut self, word: ZStr, mut kind: u8) -> Option<()> {
        // -ok and -okdir ask; -execdir and -okdir run in the directory.
        let all = self.words;
        for (n, w) in all.iter().enumerate() {
            let words = all.get(..n)?;
            let many = w.is(b"+") && kind & ASKS == 0 && words.last().is_some_and(|w| w.is(b"{}"));
            if !(many || w.is(b";")) {
                continue;
            }
            let words = if many { words.get(..n - 1)? } else { words };
            if words.is_empty() {
                break;
            }
            self.words = all.get(n + 1..)?;
            if many {
                kind |= MANY;
            }
            self.f.flags |= ACTS;
            let n = self.f.gathered.len() as u64;
            if many {
                self.f.gathered.push(Buf::new());
            }
            self.f.steps.push(Step { which: kind, n, words, ..step(Op::Exec) });
            return Some(());
        }
        self.wrong(word, b"; or + is missing")
    }
}

/// One of the times of a file, by its letter.
pub(super) fn time_of(s: &Statx, which: u8) -> &Timestamp {
    match which {
        b'a' => &s.stx_atime,
        b'c' => &s.stx_ctime,
        _ => &s.stx_mtime,
    }
}

/// Takes `+` or `-` off: the sign of a [`Step`].
fn signed(text: &[u8]) -> (u8, &[u8]) {
    match text {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (2, rest),
        _ => (0, text),
    }
}

fn number(op: Op, text: &[u8]) -> Option<Step<'static>> {
    let (sign, digits) = signed(text);
    Some(Step { sign, n: num::parse(digits, 10)?, ..step(op) })
}
