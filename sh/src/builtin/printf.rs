//! printf: write formatted text (POSIX.1-2024 printf; `%q` as in bash). No floating point.

use super::echo;
use sys::{num, Buf, Cx, ZStr};

/// Runs `printf` on raw arguments; 1 if a number was bad or the format was.
pub fn run(cx: &mut Cx) -> u8 {
    let mut args = &*core::mem::take(&mut cx.args);
    if args.first().is_some_and(|a| a.is(b"--")) {
        args = args.get(1..).unwrap_or(&[]);
    }
    let [format, args @ ..] = args else { return cx.misuse(b"missing format") };
    let mut p = Printf { cx, args };
    loop {
        let left = p.args.len();
        // Again while it eats arguments and there are some.
        if !p.pass(format.bytes()) || p.args.is_empty() || p.args.len() == left {
            return p.cx.status;
        }
    }
}

struct Printf<'a, 'c, 'o> {
    cx: &'c mut Cx<'o>,
    args: &'a [ZStr<'static>],
}

/// One conversion's flags, width and precision.
struct Spec {
    left: bool,
    alternate: bool,
    zeros: bool,
    sign: &'static [u8],
    width: usize,
    precision: Option<usize>,
}

impl Printf<'_, '_, '_> {
    /// Writes the format once; false when the output has come to its end.
    fn pass(&mut self, mut f: &[u8]) -> bool {
        while let [c, rest @ ..] = f {
            f = rest;
            let mut c = *c;
            if c == b'%' {
                if !self.directive(&mut f) {
                    return false;
                }
                continue;
            }
            if c == b'\\' {
                c = echo::escape(&mut f).unwrap_or(c);
            }
            self.cx.out.byte(c);
        }
        true
    }

    fn next(&mut self) -> Option<&'static [u8]> {
        let (a, rest) = self.args.split_first()?;
        self.args = rest;
        Some(a.bytes())
    }

    /// Writes one conversion, of which the `%` has been read; false when the output ends.
    fn directive(&mut self, f: &mut &[u8]) -> bool {
        let whole = *f;
        let mut s =
            Spec { left: false, alternate: false, zeros: false, sign: b"", width: 0, precision: None };
        while let [c, rest @ ..] = *f {
            match c {
                b'-' => s.left = true,
                b'#' => s.alternate = true,
                b'0' => s.zeros = true,
                b'+' => s.sign = b"+",
                b' ' if s.sign.is_empty() => s.sign = b" ",
                b' ' => {}
                _ => break,
            }
            *f = rest;
        }
        let width = self.count(f);
        s.left |= width < 0;
        s.width = width.unsigned_abs() as usize;
        if let [b'.', rest @ ..] = *f {
            *f = rest;
            // A negative precision counts as none.
            s.precision = usize::try_from(self.count(f)).ok();
        }
        // C's length modifiers say nothing here.
        while let [b'h' | b'l' | b'L' | b'j' | b'z' | b't', rest @ ..] = *f {
            *f = rest;
        }
        let c = f.first().copied().unwrap_or(0);
        let text = whole.get(..whole.len() - f.len() + 1).unwrap_or(whole);
        *f = f.get(1..).unwrap_or(&[]);
        let base = match c {
            b'%' => {
                self.cx.out.byte(c);
                return true;
            }
            b's' | b'b' | b'q' | b'c' => return self.string(c, &s),
            b'd' | b'i' | b'u' => 10,
            b'o' => 8,
            b'x' | b'X' => 16,
            _ => {
                let known = matches!(c | 32, b'a' | b'e' | b'f' | b'g');
                self.cx.error(text, if known { b"no floating point here" } else { b"invalid directive" });
                return false;
            }
        };
        self.integer(c, base, &s);
        true
    }

    /// A width or precision: digits, or `*` for the next argument.
    #[inline(never)]
    fn count(&mut self, f: &mut &[u8]) -> i32 {
        if let [b'*', rest @ ..] = *f {
            *f = rest;
            let (n, negative) = self.number();
            let n = n.min(i32::MAX as u64) as i32;
            return if negative { -n } else { n };
        }
        match num::prefix(f, 10) {
            Some((n, rest)) => {
                *f = rest;
                n.min(i32::MAX as u64) as i32
            }
            None => 0,
        }
    }

    /// `%s %b %q %c`; false when a `\c` ends the output.
    fn string(&mut self, c: u8, s: &Spec) -> bool {
        let arg = self.next().unwrap_or(&[]);
        let mut made = Buf::new();
        let mut more = true;
        let text = match c {
            b's' => arg,
            // An empty argument is the NUL that ends it.
            b'c' => arg.get(..1).unwrap_or(b"\0"),
            _ => {
                if c == b'b' {
                    more = echo::unescape(arg, &mut made);
                } else {
                    quote(arg, &mut made);
                }
                &made
            }
        };
        let most = s.precision.filter(|_| c != b'c').unwrap_or(text.len());
        self.put(s, b"", 0, text.get(..most).unwrap_or(text));
        more
    }

    fn integer(&mut self, c: u8, base: u32, s: &Spec) {
        let (mut n, negative) = self.number();
        let mut prefix = s.sign;
        if c == b'd' || c == b'i' {
            let most = i64::MAX as u64 + negative as u64;
            if n > most {
                // `number` has complained only of what passes 64 bits.
                if n != u64::MAX {
                    self.cx.error(b"number", b"out of range");
                }
                n = most;
            }
            if negative && n != 0 {
                prefix = b"-";
            }
        } else {
            prefix = b"";
            if negative {
                n = n.wrapping_neg();
            }
        }
        let mut buf = [0; 64];
        let mut digits = num::digits(&mut buf, n, base);
        if n == 0 && s.precision == Some(0) {
            digits = &[];
        }
        let mut zeros = s.precision.unwrap_or(0).saturating_sub(digits.len());
        if s.alternate && base == 8 && zeros == 0 && digits.first() != Some(&b'0') {
            zeros = 1;
        }
        let mut upper = Buf::new();
        if s.alternate && base == 16 && n != 0 {
            prefix = if c == b'X' { b"0X" } else { b"0x" };
        }
        if c == b'X' {
            upper.extend_from_slice(digits);
            upper.make_ascii_uppercase();
            digits = &upper;
        }
        if s.zeros && !s.left && s.precision.is_none() {
            zeros = s.width.saturating_sub(prefix.len() + digits.len()).max(zeros);
        }
        self.put(s, prefix, zeros, digits);
    }

    /// Writes the parts, filled up to the width.
    #[inline(never)]
    fn put(&mut self, s: &Spec, prefix: &[u8], zeros: usize, text: &[u8]) {
        let fill = s.width.saturating_sub(prefix.len() + zeros + text.len());
        let out = &mut self.cx.out;
        if !s.left {
            out.fill(b' ', fill);
        }
        out.bytes(prefix);
        out.fill(b'0', zeros);
        out.bytes(text);
        if s.left {
            out.fill(b' ', fill);
        }
    }

    /// The next argument as an integer constant of C, or a quote and a character: magnitude, and is it
    /// negative? Complains of what it cannot read.
    #[inline(never)]
    fn number(&mut self) -> (u64, bool) {
        let arg = self.next().unwrap_or(&[]);
        let mut t = arg.trim_ascii_start();
        if let [b'\'' | b'"', c, ..] = t {
            return (*c as u64, false);
        }
        let negative = t.starts_with(b"-");
        if let [b'-' | b'+', rest @ ..] = t {
            t = rest;
        }
        let base = match t {
            [b'0', b'x' | b'X', rest @ ..] => {
                t = rest;
                16
            }
            [b'0', ..] => 8,
            _ => 10,
        };
        match num::prefix(t, base) {
            Some((n, [])) => (n, negative),
            Some((n, _)) => {
                self.cx.error(arg, b"invalid number");
                (n, negative)
            }
            None if arg.is_empty() => (0, false),
            None => {
                let digit = t.first().is_some_and(|&c| (num::digit(c) as u32) < base);
                self.cx.error(arg, if digit { b"out of range" } else { b"invalid number" });
                (if digit { u64::MAX } else { 0 }, negative)
            }
        }
    }
}

/// Appends `text` so that the shell reads it back as one word: as it is, or in single quotes.
#[inline(never)]
pub fn quote(text: &[u8], to: &mut Buf) {
    let plain = |c: &u8| c.is_ascii_alphanumeric() || *c >= 128 || b"_%+,-./:@".contains(c);
    if !text.is_empty() && text.iter().all(plain) {
        to.extend_from_slice(text);
        return;
    }
    to.push(b'\'');
    for &c in text {
        to.extend_from_slice(if c == b'\'' { b"'\\''" } else { core::slice::from_ref(&c) });
    }
    to.push(b'\'');
}
