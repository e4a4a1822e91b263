//! From an expression to its program.

use super::*;
use crate::text::pattern::{holds, BYTES};
use crate::text::{find, has, take};
use sys::{num, ToBuf};

type Why = &'static [u8];

/// The most steps of a program: intervals within intervals make many.
const MOST: usize = if cfg!(mote_nommu) { 2000 } else { 1 << 21 };
/// The deepest parentheses.
const DEPTH: u32 = if cfg!(mote_nommu) { 20 } else { 200 };
/// The highest number of an interval (POSIX `RE_DUP_MAX`, as GNU has it).
const DUP_MAX: u64 = 0x7fff;

const TOO_BIG: Why = b"Regular expression too big";

/// For [`Compiler::how`]: a literal here is not in each match.
const NO_LITERAL: u32 = 256;

/// No operator, but a character that stands for itself; and the end.
const PLAIN: u8 = 0;
const END: u8 = 1;

struct Compiler<'e> {
    rest: &'e [u8],
    how: u32,
    steps: List<Step>,
    groups: usize,
    loops: u16,
    /// The groups of the lists' expressions before this one.
    base: usize,
    depth: u32,
    bounds: List<u32>,
    /// The sets, as patterns of one element.
    sets: List<Buf>,
    asserts: bool,
    back: bool,
    /// Nothing that takes a character is before this place of the alternative.
    begins: bool,
    /// What stands for itself just before this place, and the longest of it so far.
    run: Buf,
    literal: Buf,
    /// Is there anything else?
    more: bool,
}

#[inline(never)]
pub(super) fn compile(expression: &[u8], how: u32) -> Result<Regex, Why> {
    let mut c = Compiler {
        rest: expression,
        how,
        steps: List::new(),
        groups: 0,
        loops: 0,
        base: 0,
        depth: 0,
        bounds: List::new(),
        sets: List::new(),
        asserts: false,
        back: false,
        begins: true,
        run: Buf::new(),
        literal: Buf::new(),
        more: false,
    };
    c.bound(0);
    c.character(b'\n' as u32);
    c.alternatives()?;
    if !c.rest.is_empty() {
        return Err(b"Unmatched ) or \\)");
    }
    c.end_run();
    for (kind, around) in [(WHOLE, b"^$"), (WORD, b"()")] {
        if how & kind != 0 {
            c.put(0, ASSERT, around[0] as i32);
            c.put(usize::MAX, ASSERT, around[1] as i32);
            c.asserts = true;
            c.more = true;
            c.classes();
        }
    }
    c.finish()
}

/// The other case of a letter. Beyond ASCII: Latin-1, Greek and Cyrillic.
#[inline(never)]
fn swap(c: u32) -> u32 {
    for &(low, n, by) in CASES {
        let (low, n, by) = (low as u32, n as u32, by as u32);
        if c.wrapping_sub(low) < n {
            return c + by;
        }
        if c.wrapping_sub(low + by) < n {
            return c - by;
        }
    }
    c
}

/// The first large letter, how many there are, and how far behind the small ones are.
static CASES: &[(u16, u8, u8)] = &[
    (0x41, 26, 32),
    (0xc0, 23, 32),
    (0xd8, 7, 32),
    (0x391, 17, 32),
    (0x3a3, 9, 32),
    (0x410, 32, 32),
    (0x400, 16, 80),
];

/// Where the classes of [`pattern`] begin and end.
static CLASSES: &[u8] = b"\t\n\x0e !0:AG[_`ag{\x7f\x80";

fn pattern_how(how: u32) -> u32 {
    if how & CHARACTERS != 0 {
        pattern::CHARACTERS
    } else {
        0
    }
}

/// From so many times to so many, and what is behind it.
type Interval<'e> = (usize, usize, &'e [u8]);

impl<'e> Compiler<'e> {
    /// What stands here, and how many bytes it has: an operator by its character, a backslash for an escape, [`PLAIN`].
    #[inline(never)]
    fn peek(&self) -> (u8, usize) {
        let extended = self.how & EXTENDED != 0;
        match *self.rest {
            [] => (END, 0),
            [b'\n', ..] if self.how & LINES == LINES => (b'\n', 1),
            _ if self.how & FIXED != 0 => (PLAIN, 1),
            [b'\\', c, ..] if !extended && has(b"(){|+?", c) => (c, 2),
            [b'\\', ..] => (b'\\', 2),
            [c, ..] if has(b"*.[^$", c) || extended && has(b"(){|+?", c) => (c, 1),
            _ => (PLAIN, 1),
        }
    }

    fn skip(&mut self, n: usize) {
        self.rest = after(self.rest, n);
    }

    /// Puts a step in front of step `at`.
    #[inline(never)]
    fn put(&mut self, at: usize, op: u16, n: i32) {
        self.steps.insert(at, Step { op, group: self.groups as u16, n });
    }

    fn alternatives(&mut self) -> Result<(), Why> {
        // Where the jump behind the alternative before this one belongs.
        let mut jump = None;
        loop {
            let start = self.steps.len();
            self.begins = true;
            let (op, n) = loop {
                let next = self.peek();
                match next.0 {
                    END | b'|' | b'\n' => break next,
                    b')' if self.depth > 0 || self.how & EXTENDED == 0 => break next,
                    _ => self.piece()?,
                }
                if self.steps.len() > MOST {
                    return Err(TOO_BIG);
                }
            };
            let more = op == b'|' || op == b'\n' && self.depth == 0;
            if more {
                self.skip(n);
                self.put(start, EITHER, (self.steps.len() - start) as i32 + 2);
                if self.depth == 0 {
                    self.none_needed();
                }
                if op == b'\n' {
                    self.base = self.groups;
                }
            }
            // It leads behind this alternative: to the end, or to this one's own jump.
            if let Some(at) = jump {
                self.put(at, JUMP, (self.steps.len() - at) as i32 + 1);
            }
            if !more {
                return Ok(());
            }
            jump = Some(self.steps.len());
        }
    }

    /// The literal is no longer needed in each match.
    fn none_needed(&mut self) {
        self.more = true;
        self.literal.clear();
        self.run.clear();
        // Nothing becomes longer than this.
        self.how |= NO_LITERAL;
    }

    fn end_run(&mut self) {
        if self.run.len() > self.literal.len() && self.how & NO_LITERAL == 0 {
            self.literal = core::mem::take(&mut self.run);
        }
        self.run.clear();
    }

    /// One character or parenthesis, and how often it may come.
    fn piece(&mut self) -> Result<(), Why> {
        let start = self.steps.len();
        let begins = core::mem::replace(&mut self.begins, false);
        let extended = self.how & EXTENDED != 0;
        let (op, n) = self.peek();
        let run = self.run.len();
        let mut single = false;
        match op {
            b'(' => self.parenthesis()?,
            b'^' if extended || begins => {
                self.skip(n);
                self.assert(op);
                self.begins = true;
            }
            b'$' if extended || self.ends() => {
                self.skip(n);
                self.assert(op);
            }
            b'\\' => single = self.escape()?,
            // Behind nothing, a star repeats nothing in an extended expression, and stands for itself in a basic one.
            b'*' | b'+' | b'?' if begins && extended => {}
            b'{' if begins && self.interval()?.is_some() => {
                return Err(b"Invalid preceding regular expression")
            }
            _ => {
                if n == 2 {
                    self.skip(1);
                }
                single = self.one(op)?;
            }
        }
        let mut repeated = false;
        loop {
            let (op, n) = self.peek();
            let (least, most) = match op {
                b'*' if !self.begins || extended => (0, usize::MAX),
                b'+' if !self.begins || extended => (1, usize::MAX),
                b'?' if !self.begins || extended => (0, 1),
                b'{' => match self.interval()? {
                    Some((least, most, rest)) => {
                        self.rest = rest;
                        (least, most)
                    }
                    None => break,
                },
                _ => break,
            };
            if op != b'{' {
                self.skip(n);
            }
            if !repeated {
                // It may come another number of times.
                self.run.truncate(run);
                self.end_run();
            }
            repeated = true;
            self.repeat(start, least, most)?;
        }
        if repeated || !single {
            self.more = true;
            self.end_run();
        }
        Ok(())
    }

    fn parenthesis(&mut self) -> Result<(), Why> {
        let start = self.steps.len();
        self.skip(self.peek().1);
        self.depth += 1;
        if self.depth > DEPTH || self.groups >= u16::MAX as usize {
            return Err(TOO_BIG);
        }
        self.groups += 1;
        let group = self.groups as u16;
        self.end_run();
        let how = self.how;
        self.how |= NO_LITERAL;
        self.alternatives()?;
        self.how = how;
        self.run.clear();
        self.more = true;
        self.depth -= 1;
        let (op, n) = self.peek();
        if op != b')' {
            return Err(b"Unmatched ( or \\(");
        }
        self.skip(n);
        self.begins = false;
        let n = (self.steps.len() - start) as i32 + 2;
        self.steps.insert(start, Step { op: OPEN, group, n });
        self.steps.push(Step { op: CLOSE, group, n: 0 });
        Ok(())
    }

    #[inline(never)]
    fn assert(&mut self, letter: u8) {
        self.asserts = true;
        self.put(usize::MAX, ASSERT, letter as i32);
    }

    /// Is the `$` here the last of its alternative?
    fn ends(&self) -> bool {
        let rest = after(self.rest, 1);
        matches!(rest, [] | [b'\\', b')' | b'|', ..])
            || rest.first() == Some(&b'\n') && self.how & LINES == LINES
    }

    /// Takes what begins with a backslash: is it a character that stands for itself?
    fn escape(&mut self) -> Result<bool, Why> {
        let &[_, c, ..] = self.rest else { return Err(b"Trailing backslash") };
        if has(b"bB<>`'", c) {
            self.skip(2);
            self.assert(c);
            self.classes();
            return Ok(false);
        }
        if let b'1'..=b'9' = c {
            self.skip(2);
            let group = self.base + (c - b'0') as usize;
            if group > self.groups {
                return Err(b"Invalid back reference");
            }
            self.steps.push(Step { op: BACK, group: group as u16, n: 0 });
            self.back = true;
            return Ok(false);
        }
        self.skip(1);
        let set: &[u8] = match c {
            b'w' => b"[[:alnum:]_]",
            b'W' => b"[^[:alnum:]_]",
            b's' => b"[[:space:]]",
            b'S' => b"[^[:space:]]",
            b'n' | b't' => {
                self.skip(1);
                let byte = if c == b'n' { b'\n' } else { b'\t' };
                return Ok(self.stands(byte as u32, &[byte]));
            }
            _ => return self.one(PLAIN),
        };
        self.skip(1);
        self.classes();
        self.set(set);
        Ok(false)
    }

    /// The interval here, and what is behind it. `None`: it is none, and an extended expression takes it as it is.
    #[inline(never)]
    fn interval(&self) -> Result<Option<Interval<'e>>, Why> {
        let extended = self.how & EXTENDED != 0;
        let mut rest = after(self.rest, self.peek().1);
        let number = |rest: &mut &'e [u8], none: u64| match num::prefix(rest, 10) {
            Some((n, behind)) => {
                *rest = behind;
                n
            }
            None => none,
        };
        let first = rest;
        let least = number(&mut rest, 0);
        let comma = take(&mut rest, b",").is_some();
        let most = if comma { number(&mut rest, u64::MAX) } else { least };
        let none = rest.len() == first.len();
        let close: &[u8] = if extended { b"}" } else { b"\\}" };
        match rest.strip_prefix(close) {
            Some(behind) if !none && least <= most => {
                if least > DUP_MAX || most > DUP_MAX && most != u64::MAX {
                    return Err(TOO_BIG);
                }
                Ok(Some((least as usize, most.min(usize::MAX as u64) as usize, behind)))
            }
            None if extended => Ok(None),
            None if find(rest, close).is_none() => Err(b"Unmatched { or \\{"),
            _ => Err(b"Invalid content of {}"),
        }
    }

    /// Has what was compiled from step `start` on come so many times.
    #[inline(never)]
    fn repeat(&mut self, start: usize, least: usize, most: usize) -> Result<(), Why> {
        let what: List<Step> = self.steps.get(start..).unwrap_or_default().iter().copied().collect();
        self.steps.truncate(start);
        let grouped = what.first().is_some_and(|s| s.op == OPEN || s.op == LOOP);
        if grouped {
            self.loops += 1;
            self.steps.push(Step { op: LOOP, group: 0, n: 0 });
        }
        let unit = what.len() + grouped as usize;
        let endless = most == usize::MAX;
        let copies = if endless { least.max(1) } else { most };
        if (unit + 1).saturating_mul(copies) > MOST {
            return Err(TOO_BIG);
        }
        for i in 0..copies {
            if i >= least {
                let end = if endless { unit + 2 } else { (copies - i) * (unit + 1) };
                self.put(usize::MAX, FORK, end as i32);
            }
            if grouped {
                let n = (self.steps.len() - start) as i32;
                self.steps.push(Step { op: TURN, group: self.loops, n });
            }
            what.iter().for_each(|&s| self.steps.push(s));
        }
        if endless {
            if least > 0 {
                self.put(usize::MAX, FORK, 2);
            }
            self.put(usize::MAX, JUMP, -(unit as i32) - 1);
        }
        let n = (self.steps.len() - start) as i32;
        if let Some(head) = self.steps.get_mut(start).filter(|_| grouped) {
            head.n = n;
        }
        Ok(())
    }

    /// One character, or a set of them: does it stand for itself?
    #[inline(never)]
    fn one(&mut self, op: u8) -> Result<bool, Why> {
        if op == b'.' {
            self.skip(1);
            self.set(if self.how & NEWLINE != 0 { b"[^\n]" } else { b"?" });
            return Ok(false);
        }
        if op == b'[' {
            self.bracket()?;
            return Ok(false);
        }
        let before = self.rest;
        let c = self.next();
        Ok(self.stands(c, part(before, 0, before.len() - self.rest.len())))
    }

    /// Takes a character.
    fn next(&mut self) -> u32 {
        character(&mut self.rest, pattern_how(self.how))
    }

    /// A character that stands for itself: is it so, or does its other case stand here, too?
    #[inline(never)]
    fn stands(&mut self, c: u32, bytes: &[u8]) -> bool {
        if self.how & IGNORE_CASE != 0 && swap(c) != c {
            let mut p = b"\\".buf();
            p.extend_from_slice(bytes);
            self.character(c);
            self.set(&p);
            return false;
        }
        self.character(c);
        self.put(usize::MAX, CHAR, c as i32);
        if c == b'\n' as u32 && self.how & LINES == LINES {
            return false;
        }
        self.run.extend_from_slice(bytes);
        true
    }

    #[inline(never)]
    fn set(&mut self, p: &[u8]) {
        let n = self.sets.iter().position(|s| s == p).unwrap_or(self.sets.len());
        if n == self.sets.len() {
            self.sets.push(p.buf());
        }
        self.put(usize::MAX, SET, n as i32);
    }

    /// A bracket expression, as [`pattern`] wants it: there a backslash quotes, and `!` is as `^`.
    fn bracket(&mut self) -> Result<(), Why> {
        const UNMATCHED: Why = b"Unmatched [, [^, [:, [., or [=";
        let mut p = b"[".buf();
        self.skip(1);
        let not = take(&mut self.rest, b"^").is_some();
        if not {
            p.push(b'^');
            if self.how & NEWLINE != 0 {
                p.push(b'\n');
            }
        }
        let mut first = true;
        // The last character, while it may begin a range, and whether a dash came behind it.
        let mut low = END_OF_RANGE;
        let mut range = false;
        loop {
            let before = self.rest;
            match *before {
                [] => return Err(UNMATCHED),
                [b']', ..] if !first => break,
                [b'[', kind @ (b':' | b'.' | b'='), ..] => {
                    let text = after(before, 2);
                    let end = find(text, &[kind, b']']).ok_or(UNMATCHED)?;
                    let name = part(text, 0, end);
                    self.rest = after(text, end + 2);
                    if kind == b':' {
                        if !pattern::is_class(name) {
                            return Err(b"Invalid character class name");
                        }
                        self.classes();
                        p.extend_from_slice(part(before, 0, end + 4));
                        (low, range) = (END_OF_RANGE, false);
                        first = false;
                        continue;
                    }
                    let mut name = name;
                    let c = character(&mut name, pattern_how(self.how));
                    if !name.is_empty() || end == 0 {
                        return Err(b"Invalid collation character");
                    }
                    p.push(b'\\');
                    p.extend_from_slice(part(text, 0, end));
                    self.element(c, &mut low, &mut range)?;
                }
                [b'-', next, ..] if !first && next != b']' && low != END_OF_RANGE && !range => {
                    self.skip(1);
                    p.push(b'-');
                    range = true;
                }
                _ => {
                    let c = self.next();
                    p.push(b'\\');
                    p.extend_from_slice(part(before, 0, before.len() - self.rest.len()));
                    self.element(c, &mut low, &mut range)?;
                }
            }
            first = false;
        }
        self.skip(1);
        p.push(b']');
        self.set(&p);
        Ok(())
    }

    /// A character of a bracket expression, which may end a range that began with `low`.
    fn element(&mut self, c: u32, low: &mut u32, range: &mut bool) -> Result<(), Why> {
        self.character(c);
        if *range && *low > c {
            return Err(b"Invalid range end");
        }
        *low = if *range { END_OF_RANGE } else { c };
        *range = false;
        Ok(())
    }

    /// Tells characters from `low` on from those before.
    #[inline(never)]
    fn bound(&mut self, low: u32) {
        let at = self.bounds.partition_point(|&b| b < low);
        if self.bounds.get(at) != Some(&low) {
            self.bounds.insert(at, low);
        }
    }

    /// Tells `c` from all others, and its other case as well if that matters.
    #[inline(never)]
    fn character(&mut self, c: u32) {
        self.bound(c);
        self.bound(c + 1);
        let other = swap(c);
        if self.how & IGNORE_CASE != 0 {
            self.bound(other);
            self.bound(other + 1);
            for &(low, n, by) in CASES {
                let low = low as u32;
                for b in [low, low + n as u32, low + by as u32, low + by as u32 + n as u32] {
                    self.bound(b);
                }
            }
        }
    }

    /// Tells the classes of characters from one another.
    #[inline(never)]
    fn classes(&mut self) {
        for &c in CLASSES {
            self.bound(c as u32);
        }
        self.bound(BYTES);
    }

    /// With all bounds known: what is of which class.
    #[inline(never)]
    fn finish(self) -> Result<Regex, Why> {
        let how = pattern_how(self.how);
        let mut sets = Buf::new();
        let mut kinds = Buf::new();
        let classes = self.bounds.len();
        let lines = self.how & LINES == LINES;
        let mut bits = 0;
        for p in self.sets.iter() {
            for &c in self.bounds.iter() {
                let mut is = holds(&mut &p[..], c, how);
                if self.how & IGNORE_CASE != 0 {
                    let other = holds(&mut &p[..], swap(c), how);
                    // What is not in a set is not in it in either case.
                    is = if p.get(1) == Some(&b'^') { is && other } else { is || other };
                }
                if bits & 7 == 0 {
                    sets.push(0);
                }
                if let Some(b) = sets.get_mut(bits >> 3).filter(|_| is && !(lines && c == b'\n' as u32)) {
                    *b |= 1 << (bits & 7);
                }
                bits += 1;
            }
        }
        for &c in self.bounds.iter() {
            let word = holds(&mut &b"[[:alnum:]_]"[..], c, how);
            kinds.push(if c == b'\n' as u32 {
                LINE_END
            } else if word {
                IN_WORD
            } else {
                OTHER
            });
        }
        kinds.push(EDGE);
        let mut regex = Regex {
            steps: self.steps,
            groups: self.groups,
            how: self.how,
            bounds: self.bounds,
            table: List::new(),
            kinds,
            sets,
            asserts: self.asserts,
            loops: self.loops,
            back: self.back,
            is_literal: !self.more && !self.literal.is_empty(),
            literal: self.literal,
            cache: Cell::default(),
            gave_up: Cell::new(false),
        };
        for b in 0..=255 {
            let c = character(&mut &[b][..], 0);
            let class = regex.class_of(c) as u16;
            regex.table.push(class);
        }
        for n in 0..regex.steps.len() {
            let step = regex.step(n);
            let class = regex.class_of(step.n as u32);
            if let Some(s) = regex.steps.get_mut(n) {
                if s.op == CHAR {
                    s.n = if lines && s.n == b'\n' as i32 { -1 } else { class as i32 };
                } else if s.op == SET {
                    s.n *= classes as i32;
                }
            }
        }
        Ok(regex)
    }
}

/// No character that a range may begin with came before.
const END_OF_RANGE: u32 = u32::MAX;
