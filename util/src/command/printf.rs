//! printf: write formatted text (POSIX.1-2024 printf; `%q` as in bash). `%e %f %g` are decimal.

use super::decimal::{self, Decimal};
use crate::text::escape::{escape, unescape};
use crate::text::quote::quote;
use crate::text::utf8::{decode, NONE as NO_CHARACTER};
use crate::text::{number, part, take};
use sys::zstr::position_in;
use sys::{num, Buf, Cx, ToBuf, ZStr};

/// Runs `printf` on raw arguments; 1 if a number was bad or the format was, 2 without a format.
pub fn run(cx: &mut Cx) -> u8 {
    let mut args = &*core::mem::take(&mut cx.args);
    if let [first, rest @ ..] = args {
        if first.is(b"--") {
            args = rest;
        }
    }
    let [format, args @ ..] = args else { return cx.misuse(b"missing format") + 1 };
    let mut p =
        Printf { cx, args, all: args, left: 0, f: &[], flags: 0, width: 0, precision: NONE, negative: false };
    loop {
        p.all = p.args;
        p.left = p.args.len();
        p.f = format.bytes();
        let more = p.pass();
        let used = p.all.len() - p.left;
        p.args = p.all.get(used..).unwrap_or(&[]);
        // Again while it eats arguments and there are some.
        if !more || p.left == 0 || used == 0 {
            return p.cx.status;
        }
    }
}

struct Printf<'a, 'c, 'o> {
    cx: &'c mut Cx<'o>,
    args: &'a [ZStr<'static>],
    /// The arguments of this pass through the format.
    all: &'a [ZStr<'static>],
    /// How many are behind all that it has used.
    left: usize,
    /// What is left of the format.
    f: &'a [u8],
    // Of the conversion: flags by their place in `FLAGS`, width, precision.
    flags: u8,
    width: usize,
    precision: usize,
    /// Sign of the number read last.
    negative: bool,
}

const FLAGS: &[u8] = b"-+ #0";
const LEFT: u8 = 1;
const PLUS: u8 = 2;
const BLANK: u8 = 4;
const ALTERNATE: u8 = 8;
const ZEROS: u8 = 16;
/// No precision is given.
const NONE: usize = usize::MAX;

impl Printf<'_, '_, '_> {
    /// Writes the format once; false when the output has come to its end.
    fn pass(&mut self) -> bool {
        while let [c, rest @ ..] = self.f {
            self.f = rest;
            let mut c = *c;
            if c == b'%' {
                if !self.directive() {
                    return false;
                }
                continue;
            }
            if c == b'\\' {
                c = escape(&mut self.f).unwrap_or(c);
            }
            self.cx.out.byte(c);
        }
        true
    }

    #[inline(never)]
    fn next(&mut self) -> &'static [u8] {
        match self.args {
            [a, rest @ ..] => {
                self.args = rest;
                self.left = self.left.min(rest.len());
                a.bytes()
            }
            [] => &[],
        }
    }

    /// Writes one conversion, of which the `%` has been read; false when the output ends.
    #[inline(never)]
    fn directive(&mut self) -> bool {
        let whole = self.f;
        if let Some((n, [b'$', rest @ ..])) = num::prefix(self.f, 10) {
            // `%2$s`: the second argument.
            self.f = rest;
            let place = usize::try_from(n).unwrap_or(usize::MAX).wrapping_sub(1);
            self.args = self.all.get(place..).unwrap_or(&[]);
        }
        self.flags = 0;
        while let Some(n) = take(&mut self.f, FLAGS) {
            self.flags |= 1 << n;
        }
        let width = self.count();
        if width < 0 {
            self.flags |= LEFT;
        }
        self.width = width.unsigned_abs() as usize;
        self.precision = NONE;
        if take(&mut self.f, b".").is_some() {
            // A negative precision counts as none.
            self.precision = self.count().try_into().unwrap_or(NONE);
        }
        // C's length modifiers say nothing here.
        while take(&mut self.f, b"hlLjzt").is_some() {}
        let text = part(whole, 0, whole.len() + 1 - self.f.len());
        const KNOWN: &[u8] = b"%sbqcdiuoxXefgEFG";
        let Some(n) = take(&mut self.f, KNOWN) else {
            self.cx.error(text, b"invalid directive");
            return false;
        };
        match n {
            0 => self.cx.out.byte(b'%'),
            1..=4 => return self.string(n),
            5..=10 => self.integer(n),
            _ => self.real(n),
        }
        true
    }

    /// A width or precision: digits, or `*` for the next argument.
    #[inline(never)]
    fn count(&mut self) -> i32 {
        self.negative = false;
        let mut n = 0;
        if take(&mut self.f, b"*").is_some() {
            n = self.next_constant();
        } else if let Some((digits, rest)) = num::prefix(self.f, 10) {
            self.f = rest;
            n = digits;
        }
        let n = n.min(i32::MAX as u64) as i32;
        if self.negative {
            -n
        } else {
            n
        }
    }

    /// `%s %b %q %c` by their place; false when a `\c` ends the output.
    fn string(&mut self, n: usize) -> bool {
        let arg = self.next();
        let mut made = Buf::new();
        let mut more = true;
        let mut text = arg;
        match n {
            1 => {}
            2 => {
                more = unescape(arg, &mut made);
                text = &made;
            }
            3 => {
                quote(arg, &mut made);
                text = &made;
            }
            // An empty argument is the NUL that ends it.
            _ => text = arg.get(..1).unwrap_or(b"\0"),
        }
        self.put(&[], 0, part(text, 0, self.precision));
        more
    }

    /// `%d %i %u %o %x %X` by their place.
    #[inline(never)]
    fn integer(&mut self, place: usize) {
        let before = core::mem::take(&mut self.cx.status);
        let arg = self.next();
        let mut n = self.constant(arg);
        let told = self.cx.status != 0;
        self.cx.status |= before;
        let mut head = Buf::new();
        if place < 7 {
            let most = i64::MAX as u64 + self.negative as u64;
            // Of what passes 64 bits `number` has told.
            if n > most && !told {
                self.cx.error(arg, b"out of range");
            }
            n = n.min(most);
            self.negative &= n != 0;
            head.extend_from_slice(self.sign());
        } else if self.negative {
            n = n.wrapping_neg();
        }
        let mut buf = [0; 64];
        let base = [10, 8, 16, 16].get(place.saturating_sub(7)).copied().unwrap_or(10);
        let len = num::digits(&mut buf, n, base).len();
        if place == 10 {
            buf.make_ascii_uppercase();
        }
        let mut digits = buf.get(buf.len() - len..).unwrap_or(&buf);
        if n == 0 && self.precision == 0 {
            digits = &[];
        }
        let least = if self.precision == NONE { 0 } else { self.precision };
        let mut zeros = least.saturating_sub(digits.len());
        if self.flags & ALTERNATE != 0 {
            if base == 8 && zeros == 0 && digits.first() != Some(&b'0') {
                zeros = 1;
            }
            if base == 16 && n != 0 {
                head.extend_from_slice(if place == 10 { b"0X" } else { b"0x" });
            }
        }
        if self.flags & (ZEROS | LEFT) == ZEROS && self.precision == NONE {
            zeros = zeros.max(self.width.saturating_sub(head.len() + digits.len()));
        }
        self.put(&head, zeros, digits);
    }

    /// The sign that is shown.
    #[inline(never)]
    fn sign(&self) -> &'static [u8] {
        if self.negative {
            b"-"
        } else if self.flags & PLUS != 0 {
            b"+"
        } else if self.flags & BLANK != 0 {
            b" "
        } else {
            b""
        }
    }

    /// `%e %f %g %E %F %G` by their place.
    #[inline(never)]
    fn real(&mut self, place: usize) {
        let (place, upper) = if place < 14 { (place, false) } else { (place - 3, true) };
        let arg = self.next();
        let mut t = self.signed(arg);
        let mut digits = [0; 64];
        if matches!(t, [b'\'' | b'"', ..] | [b'0', b'x' | b'X', ..]) {
            let n = self.constant(arg);
            t = num::digits(&mut digits, n, 10);
        } else if arg.is_empty() {
            t = b"0";
        }
        let mut word = t.buf();
        word.make_ascii_lowercase();
        let is_word = position_in(b"inf nan infinity", b' ', &word).is_some();
        word.truncate(3);
        let number = Decimal::take(&mut t);
        if !is_word && (number.is_none() || !t.is_empty()) {
            self.cx.error(arg, b"invalid number");
        }
        let mut precision = self.precision;
        if precision == NONE {
            precision = 6;
        } else if precision > decimal::MOST {
            self.cx.error(b"precision", b"out of range");
            precision = decimal::MOST;
        }
        let alternate = self.flags & ALTERNATE != 0;
        let style = b'e' + place as u8 - 11;
        let mut body = number.unwrap_or_default().text(style, precision as i32, alternate);
        if is_word {
            self.flags &= !ZEROS;
            body = word;
        }
        if upper {
            body.make_ascii_uppercase();
        }
        let head = self.sign();
        let mut zeros = 0;
        if self.flags & (ZEROS | LEFT) == ZEROS {
            zeros = self.width.saturating_sub(head.len() + body.len());
        }
        self.put(head, zeros, &body);
    }

    /// Writes the parts, filled up to the width.
    #[inline(never)]
    fn put(&mut self, head: &[u8], zeros: usize, text: &[u8]) {
        let fill = self.width.saturating_sub(head.len() + zeros + text.len());
        let out = &mut self.cx.out;
        let (before, behind) = if self.flags & LEFT == 0 { (fill, 0) } else { (0, fill) };
        out.fill(b' ', before);
        out.bytes(head);
        out.fill(b'0', zeros);
        out.bytes(text);
        out.fill(b' ', behind);
    }

    /// The next argument as an integer constant, see [`Printf::constant`].
    #[inline(never)]
    fn next_constant(&mut self) -> u64 {
        let arg = self.next();
        self.constant(arg)
    }

    /// Takes blanks and a sign off: the sign into `negative`.
    #[inline(never)]
    fn signed<'t>(&mut self, mut t: &'t [u8]) -> &'t [u8] {
        self.negative = false;
        while let [c @ (b' ' | b'\t'..=b'\r' | b'-' | b'+'), rest @ ..] = t {
            t = rest;
            if *c > b' ' {
                self.negative = *c == b'-';
                break;
            }
        }
        t
    }

    /// An integer constant of C, or a quote and a character: its magnitude; the sign is in `negative`. Complains of
    /// what it cannot read.
    #[inline(never)]
    fn constant(&mut self, arg: &[u8]) -> u64 {
        let mut t = self.signed(arg);
        if let [b'\'' | b'"', text @ ..] = arg {
            // A character of UTF-8, else a byte.
            return match decode(text) {
                (_, NO_CHARACTER) => text.first().map_or(0, |&c| c as u64),
                (_, c) => c as u64,
            };
        }
        if arg.is_empty() {
            return 0;
        }
        let base = number::base(&mut t);
        let mut why: &[u8] = b"invalid number";
        let mut value = 0;
        match num::prefix(t, base) {
            Some((n, [])) => return n,
            Some((n, _)) => value = n,
            // There are digits, so there are too many.
            None if t.first().is_some_and(|&c| (num::digit(c) as u32) < base) => {
                why = b"out of range";
                value = u64::MAX;
            }
            None => {}
        }
        self.cx.error(arg, why);
        value
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::ffi::CString;
    use sys::applet::{no_options, Table};
    use sys::Out;

    static NO_APPLETS: Table =
        Table { names: b"", entries: &[], options: no_options, specs: b"", usage: sys::usage::Usage::NONE };

    /// Status and output of a builtin that is written as an applet.
    pub(crate) fn call(run: &mut dyn FnMut(&mut Cx) -> u8, args: &[&[u8]]) -> (u8, String) {
        let z = |a: &[u8]| ZStr::new(Box::leak(CString::new(a).unwrap().into_boxed_c_str()));
        let mut args: Vec<ZStr> = args.iter().map(|a| z(a)).collect();
        let mut out = Out::memory();
        let mut cx = Cx::raw(ZStr::new(c"builtin"), &mut args, &mut out, sys::env::Envp::EMPTY, &NO_APPLETS);
        let status = run(&mut cx);
        (status, String::from_utf8(out.take().to_vec()).unwrap())
    }

    fn printf(args: &[&str]) -> (u8, String) {
        let args: Vec<&[u8]> = args.iter().map(|a| a.as_bytes()).collect();
        call(&mut |cx| run(cx), &args)
    }

    #[track_caller]
    fn check(args: &[&str], want: &str) {
        assert_eq!(printf(args), (0, want.into()), "{args:?}");
    }

    #[test]
    fn the_format_is_used_again() {
        check(&["%s-%s|", "a", "b", "c"], "a-b|c-|");
        check(&["x\\n", "a", "b"], "x\n");
        check(&["%2$s %1$s|", "a", "b", "c"], "b a| c|");
        check(&["--", "%%%c%c", "abc", ""], "%a\0");
    }

    #[test]
    fn numbers() {
        check(&["%d %i %u", "-5", "+7", "-1"], "-5 7 18446744073709551615");
        check(&["%x %X %o %d %d %d", "255", "255", "8", "0x1F", "010", "'a"], "ff FF 10 31 8 97");
        check(&["%d %d %d %d", "'é", "\"€x", "'", "'aé"], "233 8364 0 97");
        check(&["%5d|%-5d|%05d|%+d|% d", "42", "42", "-42", "42", "42"], "   42|42   |-0042|+42| 42");
        check(&["%.3d|%6.3d|%06.3d|%.0d|", "5", "5", "5", "0"], "005|   005|   005||");
        check(&["%#o|%#x|%#X|%#x|%#06x", "8", "255", "255", "0", "255"], "010|0xff|0XFF|0|0x00ff");
        check(&["%*d|%-*d|%*d|%.*s", "4", "1", "4", "2", "-4", "3", "2", "abc"], "   1|2   |3   |ab");
        check(&["%d", "-9223372036854775808"], "-9223372036854775808");
        check(&["%d", ""], "0");
        for out_of_range in ["9223372036854775808", "18446744073709551615", "99999999999999999999"] {
            assert_eq!(printf(&["%d", out_of_range]), (1, "9223372036854775807".into()));
        }
        assert_eq!(printf(&["%d|%d", "x", "5"]), (1, "0|5".into()));
        check(&["%4294967297$s|%1$s", "a"], "|a");
    }

    #[test]
    fn numbers_with_a_point() {
        check(&["%f %.2f %.0f|", "3.14159", "-2.5", "0.5"], "3.141590 -2.50 0|");
        check(
            &["%5.1f|%-7.1f|%07.1f|%+f|% .1f|", "2.25", "2.25", "-2.25", "1", "1"],
            "  2.2|2.2    |-0002.2|+1.000000| 1.0|",
        );
        check(
            &["%e %E %g %G|", "12345.678", "0.0001", "0.00001", "1e10"],
            "1.234568e+04 1.000000E-04 1e-05 1E+10|",
        );
        check(&["%f|%.1f|%.1f|", "", "0x10", "'a"], "0.000000|16.0|97.0|");
        check(&["%.*f|%*.*f", "2", "1", "8", "3", "2"], "1.00|   2.000");
    }

    #[test]
    fn texts() {
        check(&["%5s|%-5s|%.2s|", "ab", "ab", "abc"], "   ab|ab   |ab|");
        check(&["%b|%b", "a\\tb\\0101", "x\\cy", "z"], "a\tbA|x");
        check(&["\\101\\x41\\q", ""], "AA\\q");
        check(&["%q", "a b"], "'a b'");
    }

    #[test]
    fn mistakes_have_a_status() {
        assert_eq!(printf(&["%d|", "12x"]), (1, "12|".into()));
        assert_eq!(printf(&["%d|", "99999999999999999999"]), (1, "9223372036854775807|".into()));
        assert_eq!(printf(&["%d|", "08"]), (1, "0|".into()));
        assert_eq!(printf(&["a%a", "1"]), (1, "a".into()));
        check(
            &["%f|%G|%06.1f|%-5e|%+g", "inf", "-Infinity", "nan", "NAN", "INF"],
            "inf|-INF|   nan|nan  |+inf",
        );
        check(&["%.1f|%g", "0x10", "-0xA"], "16.0|-10");
        assert_eq!(printf(&["%f|", "info"]), (1, "0.000000|".into()));
        assert_eq!(printf(&["%.1f|", "2,5"]), (1, "2.0|".into()));
        assert_eq!(printf(&["%.5000f", "1"]), (1, format!("1.{}", "0".repeat(4999))));
        assert_eq!(printf(&["a%y", "1"]), (1, "a".into()));
        assert_eq!(printf(&["a%"]), (1, "a".into()));
        // As dash, bash and BusyBox ash have it.
        assert_eq!(printf(&[]).0, 2);
    }
}
