//! The functions of awk.

use super::cell::{self, printf, Cell};
use super::characters::{bytes, length};
use super::code::*;
use super::lex::{self, word as keyword};
use super::math;
use super::run::Awk;
use super::stream::status;
use sys::text::Text;
use sys::{num, process, shell, time, Buf, List};
use util::text::regex::Span;
use util::text::{after, part};
use util::time::calendar::{seconds, Civil};
use util::time::{strftime, tz};

impl Awk<'_, '_> {
    /// Calls function `f` with the last `count` values.
    #[inline(never)]
    pub(super) fn builtin(&mut self, f: usize, count: usize) {
        let from = self.stack.len().saturating_sub(count);
        let mut args = List::new();
        while self.stack.len() > from {
            args.insert(0, self.pop());
        }
        let value = self.value(f as u32 + lex::FUNCTION, &args);
        self.push(value);
    }

    fn value(&mut self, f: u32, args: &[Cell]) -> Cell {
        const SUBSTR: u32 = keyword(b"substr");
        const SPRINTF: u32 = keyword(b"sprintf");
        const TOLOWER: u32 = keyword(b"tolower");
        const TOUPPER: u32 = keyword(b"toupper");
        const STRFTIME: u32 = keyword(b"strftime");
        let nothing = Cell::Nothing;
        let first = args.first().unwrap_or(&nothing);
        match f {
            SUBSTR => self.substr(first, args),
            SPRINTF => {
                let (text, convfmt) = (self.text(first), self.special(CONVFMT));
                let mut out = Buf::new();
                printf(&mut out, &text, after_first(args), &convfmt);
                Cell::of(&out)
            }
            TOLOWER | TOUPPER => {
                let mut out = Buf::new();
                out.extend_from_slice(&self.text(first));
                if f == TOLOWER {
                    out.make_ascii_lowercase();
                } else {
                    out.make_ascii_uppercase();
                }
                Cell::of(&out)
            }
            STRFTIME => self.strftime(args),
            _ => Cell::Number(self.numeric(f, first, args)),
        }
    }

    /// Functions whose values are numbers.
    #[inline(never)]
    fn numeric(&mut self, f: u32, first: &Cell, args: &[Cell]) -> f64 {
        const LENGTH: u32 = lex::FUNCTION;
        const INDEX: u32 = keyword(b"index");
        const SPLIT: u32 = keyword(b"split");
        const MATCHES: u32 = keyword(b"match");
        const SIN: u32 = keyword(b"sin");
        const COS: u32 = keyword(b"cos");
        const ATAN2: u32 = keyword(b"atan2");
        const EXP: u32 = keyword(b"exp");
        const LOG: u32 = keyword(b"log");
        const SQRT: u32 = keyword(b"sqrt");
        const INT: u32 = keyword(b"int");
        const RAND: u32 = keyword(b"rand");
        const SRAND: u32 = keyword(b"srand");
        const SYSTEM: u32 = keyword(b"system");
        const CLOSE: u32 = keyword(b"close");
        const FFLUSH: u32 = keyword(b"fflush");
        const AND_WORD: u32 = keyword(b"and");
        const OR_WORD: u32 = keyword(b"or");
        const XOR: u32 = keyword(b"xor");
        const LSHIFT: u32 = keyword(b"lshift");
        const RSHIFT: u32 = keyword(b"rshift");
        const COMPL: u32 = keyword(b"compl");
        const SYSTIME: u32 = keyword(b"systime");
        let nothing = Cell::Nothing;
        let second = args.get(1).unwrap_or(&nothing);
        let x = first.number();
        match f {
            LENGTH => {
                if let Cell::Array(n) = first {
                    return self.arrays.get(*n).map_or(0, |a| a.len) as f64;
                }
                let text = if args.is_empty() { self.record_text() } else { self.text(first) };
                length(&text) as f64
            }
            INDEX => {
                let (text, part) = (self.text(first), self.text(second));
                util::text::search::find(&text, &part)
                    .map_or(0, |n| length(util::text::part(&text, 0, n)) + 1) as f64
            }
            SPLIT => self.split(first, second, args.get(2)),
            MATCHES => self.find(first, second),
            SIN => math::sine(x, 0),
            COS => math::sine(x, 1),
            ATAN2 => math::atan2(x, second.number()),
            EXP => math::exp(x),
            LOG => math::log(x),
            SQRT => math::sqrt(x),
            INT => math::int(x),
            RAND => self.rand(),
            SRAND => {
                let before = self.seed;
                self.seed = if args.is_empty() { time::now(time::CLOCK_REALTIME).sec as f64 } else { x };
                self.random = self.seed.to_bits();
                before
            }
            SYSTEM => {
                self.flush_all();
                let mut command = Buf::new();
                command.extend_from_slice(&self.text(first));
                match shell::start(command.z(), self.cx.envp, None).and_then(process::wait) {
                    Ok(s) => status(s) as f64,
                    Err(why) => {
                        self.cx.fail(b"/bin/sh", why);
                        -1.0
                    }
                }
            }
            CLOSE => {
                let name = self.text(first);
                self.close(Some(&name))
            }
            FFLUSH => {
                let name = self.text(first);
                if name.is_empty() {
                    self.flush_all();
                    return 0.0;
                }
                self.flush_named(&name)
            }
            AND_WORD | OR_WORD | XOR => {
                let mut value = bits(x);
                for arg in after_first(args) {
                    let other = bits(arg.number());
                    match f {
                        AND_WORD => value &= other,
                        OR_WORD => value |= other,
                        _ => value ^= other,
                    }
                }
                value as f64
            }
            LSHIFT => bits(x).checked_shl(bits(second.number()) as u32).unwrap_or(0) as f64,
            RSHIFT => bits(x).checked_shr(bits(second.number()) as u32).unwrap_or(0) as f64,
            // As many bits as a number holds exactly.
            COMPL => (!bits(x) & ((1 << 53) - 1)) as f64,
            SYSTIME => time::now(time::CLOCK_REALTIME).sec as f64,
            _ => {
                let text = self.text(first);
                self.mktime(&text)
            }
        }
    }

    fn rand(&mut self) -> f64 {
        // Knuth's linear generator, of which the upper bits are mixed (PCG's way).
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut n = self.random;
        n ^= n >> 32;
        n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        n ^= n >> 29;
        (n >> 11) as f64 / (1u64 << 53) as f64
    }

    fn substr(&mut self, first: &Cell, args: &[Cell]) -> Cell {
        let text = self.text(first);
        // As all others: without fractions, and a start before the first character is the first one.
        let start = math::int(args.get(1).map_or(0.0, |a| a.number()));
        let first = if start > 1.0 { start } else { 1.0 };
        let mut end = f64::INFINITY;
        if let Some(n) = args.get(2) {
            end = first + math::int(n.number());
        }
        if end <= first || end.is_nan() {
            return Cell::of(b"");
        }
        let skip = bytes(&text, cell::whole(first - 1.0) as usize);
        let rest = after(&text, skip);
        let len = if end.is_finite() { bytes(rest, cell::whole(end - first) as usize) } else { rest.len() };
        Cell::of(part(rest, 0, len))
    }

    fn split(&mut self, text: &Cell, array: &Cell, separator: Option<&Cell>) -> f64 {
        let text = self.text(text);
        let mut spans = core::mem::take(&mut self.spans);
        let lines = separator.is_none() && self.special(RS).is_empty();
        let separator = match separator {
            Some(regex @ Cell::Regex(_)) => regex.clone(),
            Some(other) => Cell::Text(self.text(other)),
            None => Cell::Text(self.special(FS)),
        };
        self.divide(&text, &separator, lines, &mut spans);
        let n = spans.len();
        if let &Cell::Array(a) = array {
            if let Some(array) = self.arrays.get_mut(a) {
                array.clear();
                for (n, span) in spans.iter().enumerate() {
                    let mut digits = [0; 64];
                    let key = num::digits(&mut digits, n as u64 + 1, 10);
                    *array.at(&Text::of(&[key])) = Cell::input(span.of(&text));
                }
            }
        }
        self.spans = spans;
        n as f64
    }

    fn find(&mut self, text: &Cell, expression: &Cell) -> f64 {
        let text = self.text(text);
        let n = self.regex(expression);
        let mut span = [Span::NONE];
        let (mut start, mut len) = (0.0, -1.0);
        if self.expression(n).is_some_and(|r| r.find(&text, 0, &mut span)) {
            let [m] = span;
            start = length(part(&text, 0, m.start)) as f64 + 1.0;
            len = length(m.of(&text)) as f64;
        }
        self.set_global(RSTART, Cell::Number(start));
        self.set_global(RLENGTH, Cell::Number(len));
        start
    }

    /// `sub` and `gsub`: the expression and the replacement are on the stack, then the key of the place.
    #[inline(never)]
    pub(super) fn substitute(&mut self, all: bool, kind: u32, operand: usize) {
        let key = self.key(kind);
        let (with, expression) = (self.pop(), self.pop());
        let with = self.text(&with);
        let old = self.load(kind, operand, &key);
        let text = self.text(&old);
        let n = self.regex(&expression);
        let mut out = Buf::new();
        let (mut at, mut count) = (0, 0u32);
        if let Some(regex) = self.expression(n) {
            let mut span = [Span::NONE];
            // Where the last match ended, at which no empty one counts.
            let mut last = usize::MAX;
            while at <= text.len() && regex.find(&text, at, &mut span) {
                let [Span { start, end }] = span;
                out.extend_from_slice(part(&text, at, start));
                at = end;
                if start == end && start == last {
                    // Behind a match: the next character first.
                } else {
                    count += 1;
                    replacement(&mut out, &with, part(&text, start, end));
                    last = end;
                    if !all {
                        break;
                    }
                }
                if start == end {
                    let step = bytes(after(&text, at), 1);
                    out.extend_from_slice(part(&text, at, at + step));
                    at += step.max(1);
                }
            }
        }
        if count > 0 {
            out.extend_from_slice(after(&text, at));
            self.store(kind, operand, &key, Cell::of(&out));
        }
        self.push(Cell::Number(count as f64));
    }

    fn strftime(&mut self, args: &[Cell]) -> Cell {
        let sec = match args.get(1) {
            Some(n) => cell::whole(n.number()),
            None => time::now(time::CLOCK_REALTIME).sec,
        };
        let format = match args.first() {
            Some(f) => self.text(f),
            None => Text::of(&[b"%c"]),
        };
        let utc = args.get(2).is_some_and(|u| u.truth());
        let ahead = if utc { 0 } else { tz::offset(self.cx.env(b"TZ"), sec) };
        let mut out = Buf::new();
        strftime::strftime(&mut out, &format, &strftime::Stamp { sec, nsec: 0, ahead });
        Cell::of(&out)
    }

    fn mktime(&mut self, text: &[u8]) -> f64 {
        let mut rest = text;
        let mut fields = [0i64; 6];
        for field in &mut fields {
            while let [b' ', tail @ ..] = rest {
                rest = tail;
            }
            let negative = rest.first() == Some(&b'-');
            match num::prefix(after(rest, negative as usize), 10) {
                Some((n, tail)) if n < 1 << 20 => {
                    *field = if negative { -(n as i64) } else { n as i64 };
                    rest = tail;
                }
                _ => return -1.0,
            }
        }
        let [year, month, day, hour, minute, second] = fields;
        // The calendar takes months from 1 on; what is out of range counts on.
        let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
        let t = Civil {
            year: year as i32,
            month: month as u32,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
            weekday: 0,
        };
        let local = seconds(&t) + (day - 1) * 86_400 + hour * 3600 + minute * 60 + second;
        let zone = self.cx.env(b"TZ");
        let guess = local - tz::offset(zone, local) as i64;
        (local - tz::offset(zone, guess) as i64) as f64
    }
}

fn after_first(args: &[Cell]) -> &[Cell] {
    args.get(1..).unwrap_or_default()
}

fn bits(x: f64) -> u64 {
    if x < 0.0 {
        cell::whole(x) as u64
    } else {
        x as u64
    }
}

/// Appends `with`, in which `&` is the match, `\&` an ampersand and `\\` a backslash.
#[inline(never)]
fn replacement(out: &mut Buf, with: &[u8], found: &[u8]) {
    let mut rest = with;
    while let [c, tail @ ..] = rest {
        rest = tail;
        match (c, rest) {
            (b'\\', [d @ (b'&' | b'\\'), tail @ ..]) => {
                out.push(*d);
                rest = tail;
            }
            (b'&', _) => out.extend_from_slice(found),
            _ => out.push(*c),
        }
    }
}
