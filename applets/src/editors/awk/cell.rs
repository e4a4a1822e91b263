//! Values of awk, their numbers and texts, and `printf`.

use super::characters::{bytes, character, length};
use sys::text::Text;
use sys::zstr::position;
use sys::{num, Buf};
use util::command::decimal::Decimal;
use util::command::double;
use util::text::{after, part, take};

/// A value, or on the stack what stands for an array or an expression.
#[derive(Clone, Default)]
pub(super) enum Cell {
    /// Of a variable that was never set.
    #[default]
    Nothing,
    Number(f64),
    Text(Text),
    /// Text from outside, which is a number, too, if it looks like one.
    Input(Text),
    /// Number of an array.
    Array(usize),
    /// An argument that was never set, and may become an array: the place of its variable.
    Place(u32),
    /// Number of a compiled expression.
    Regex(usize),
}

impl Cell {
    pub(super) fn of(bytes: &[u8]) -> Cell {
        Cell::Text(Text::of(&[bytes]))
    }

    pub(super) fn input(bytes: &[u8]) -> Cell {
        Cell::Input(Text::of(&[bytes]))
    }

    #[inline(never)]
    pub(super) fn number(&self) -> f64 {
        match self {
            Cell::Number(n) => *n,
            Cell::Text(t) | Cell::Input(t) => prefix(t).0,
            _ => 0.0,
        }
    }

    #[inline(never)]
    pub(super) fn truth(&self) -> bool {
        match self {
            Cell::Number(n) => *n != 0.0,
            Cell::Text(t) => !t.is_empty(),
            Cell::Input(t) => looks(t).map_or(!t.is_empty(), |n| n != 0.0),
            _ => false,
        }
    }

    /// Its number, if it is to be compared as one.
    #[inline(never)]
    pub(super) fn numeric(&self) -> Option<f64> {
        match self {
            Cell::Number(n) => Some(*n),
            Cell::Text(_) => None,
            Cell::Input(t) => looks(t),
            _ => Some(0.0),
        }
    }

    /// Appends its text, of a number by `format`.
    #[inline(never)]
    pub(super) fn append(&self, out: &mut Buf, format: &[u8]) {
        match self {
            Cell::Number(n) => append(out, *n, format),
            Cell::Text(t) | Cell::Input(t) => out.extend_from_slice(t),
            _ => {}
        }
    }

    #[inline(never)]
    pub(super) fn text(&self, format: &[u8]) -> Text {
        match self {
            Cell::Text(t) | Cell::Input(t) => t.clone(),
            _ => {
                let mut out = Buf::new();
                self.append(&mut out, format);
                Text::of(&[&out])
            }
        }
    }
}

/// The number without a sign that `text` starts with, and how many bytes it has.
#[inline(never)]
pub(super) fn scan(text: &[u8]) -> (f64, usize) {
    // Most are short and whole.
    let mut n = 0u32;
    let mut len = 0;
    while let Some(c @ b'0'..=b'9') = text.get(len) {
        if len == 9 {
            break;
        }
        n = n * 10 + (c & 15) as u32;
        len += 1;
    }
    if len == 0 || matches!(text.get(len), Some(b'0'..=b'9' | b'.' | b'e' | b'E')) {
        return double::parse(text);
    }
    (n as f64, len)
}

/// The number that `text` starts with, and what is behind it; blanks and a sign may come first.
#[inline(never)]
fn prefix(text: &[u8]) -> (f64, &[u8]) {
    let mut at = 0;
    while matches!(text.get(at), Some(b' ' | b'\t'..=b'\r')) {
        at += 1;
    }
    let sign = text.get(at).copied();
    let signed = matches!(sign, Some(b'-' | b'+')) as usize;
    let rest = after(text, at + signed);
    let (mut n, len) = scan(rest);
    if len == 0 {
        return (0.0, text);
    }
    if sign == Some(b'-') {
        n = -n;
    }
    (n, after(rest, len))
}

/// The number that all of `text` is.
#[inline(never)]
fn looks(text: &[u8]) -> Option<f64> {
    let (n, rest) = prefix(text);
    let blank = |c: &u8| matches!(c, b' ' | b'\t'..=b'\r');
    (rest.len() < text.len() && rest.iter().all(blank)).then_some(n)
}

/// `n` as an integer, if it is one.
#[inline(never)]
pub(super) fn integer(n: f64) -> Option<i64> {
    let whole = whole(n);
    (whole as f64 == n && whole != i64::MAX).then_some(whole)
}

/// `n` without its fraction, at most as an `i64` can hold it.
#[inline(never)]
pub(super) fn whole(n: f64) -> i64 {
    n as i64
}

/// Appends `n`: an integer as such, anything else by `format`.
#[inline(never)]
pub(super) fn append(out: &mut Buf, n: f64, format: &[u8]) {
    if let Some(n) = integer(n) {
        let mut digits = [0; 64];
        if n < 0 {
            out.push(b'-');
        }
        out.extend_from_slice(num::digits(&mut digits, n.unsigned_abs(), 10));
    } else if format == b"%.6g" {
        real(out, n, b'g', 6, false);
    } else {
        printf(out, format, &[Cell::Number(n)], b"");
    }
}

/// Appends `n` with its sign as `style` (e, f or g) has it.
#[inline(never)]
pub(super) fn real(out: &mut Buf, n: f64, style: u8, precision: usize, alternate: bool) {
    if n.is_sign_negative() {
        out.push(b'-');
    }
    if n.is_nan() {
        out.extend_from_slice(b"nan");
    } else if n.is_infinite() {
        out.extend_from_slice(b"inf");
    } else {
        let precision = precision.min(util::command::decimal::MOST) as i32;
        out.extend_from_slice(&Decimal::of(n).text(style, precision, alternate));
    }
}

const FLAGS: &[u8] = b"-+ #0'";
const LEFT: u32 = 1;
const PLUS: u32 = 2;
const BLANK: u32 = 4;
const ALTERNATE: u32 = 8;
const ZEROS: u32 = 16;
const NONE: usize = usize::MAX;
/// No width is beyond it.
const MOST: usize = 1 << 24;

/// Appends `args` as `format` says; numbers become texts by `convfmt`. What is missing is empty.
#[inline(never)]
pub(super) fn printf(out: &mut Buf, format: &[u8], args: &[Cell], convfmt: &[u8]) {
    let mut rest = format;
    let mut args = args.iter();
    let nothing = Cell::Nothing;
    while let [c, tail @ ..] = rest {
        let all = rest;
        rest = tail;
        if *c != b'%' {
            out.push(*c);
            continue;
        }
        let mut flags = 0;
        while let Some(n) = take(&mut rest, FLAGS) {
            flags |= 1 << n;
        }
        let mut sizes = [0, NONE];
        for (n, size) in sizes.iter_mut().enumerate() {
            if n == 1 {
                if take(&mut rest, b".").is_none() {
                    break;
                }
                *size = 0;
            }
            if take(&mut rest, b"*").is_some() {
                let given = whole(args.next().unwrap_or(&nothing).number());
                if given < 0 && n == 0 {
                    flags |= LEFT;
                }
                *size = if given < 0 && n == 1 { NONE } else { (given.unsigned_abs() as usize).min(MOST) };
            } else if let Some((given, tail)) = num::prefix(rest, 10) {
                *size = (given as usize).min(MOST);
                rest = tail;
            }
        }
        let [width, precision] = sizes;
        while take(&mut rest, b"hlLqjzt").is_some() {}
        let Some((&letter, tail)) = rest.split_first() else {
            out.extend_from_slice(all);
            return;
        };
        rest = tail;
        if letter == b'%' {
            out.push(b'%');
            continue;
        }
        if position(b"csdiuoxXeEfFgGaA", letter).is_none() {
            out.extend_from_slice(part(all, 0, all.len() - rest.len()));
            continue;
        }
        let arg = args.next().unwrap_or(&nothing);
        let mut body = Buf::new();
        match letter {
            b'c' => {
                flags &= !ZEROS;
                match (arg, arg.numeric()) {
                    (Cell::Number(_) | Cell::Input(_), Some(n)) => character(&mut body, whole(n) as u32),
                    _ => {
                        arg.append(&mut body, convfmt);
                        let len = bytes(&body, 1);
                        body.truncate(len);
                    }
                }
            }
            b's' => {
                flags &= !ZEROS;
                arg.append(&mut body, convfmt);
                if precision != NONE {
                    let len = bytes(&body, precision);
                    body.truncate(len);
                }
            }
            _ => {
                let n = arg.number();
                let lower = letter | 32;
                if matches!(lower, b'd' | b'i' | b'u' | b'o' | b'x') && n.is_finite() {
                    conversion(&mut body, n, letter, precision, flags);
                    if precision != NONE {
                        flags &= !ZEROS;
                    }
                } else {
                    let style = if !(b'e'..=b'g').contains(&lower) { b'g' } else { lower };
                    let places = if precision == NONE { 6 } else { precision };
                    real(&mut body, n, style, places, flags & ALTERNATE != 0);
                    if !n.is_finite() {
                        flags &= !ZEROS;
                    }
                    if letter != lower {
                        body.make_ascii_uppercase();
                    }
                }
                if matches!(letter, b'u' | b'o' | b'x' | b'X') {
                    flags &= !(PLUS | BLANK);
                }
                if body.first() != Some(&b'-') && flags & (PLUS | BLANK) != 0 {
                    body.insert(0, if flags & PLUS != 0 { b'+' } else { b' ' });
                }
            }
        }
        let fill = width.saturating_sub(length(&body));
        if flags & LEFT != 0 {
            out.extend_from_slice(&body);
            pad(out, fill, b' ');
        } else if flags & ZEROS != 0 {
            // Zeros come behind the sign and the base.
            let mut head = matches!(body.first(), Some(b'-' | b'+' | b' ')) as usize;
            if matches!(after(&body, head), [b'0', b'x' | b'X', ..]) {
                head += 2;
            }
            out.extend_from_slice(part(&body, 0, head));
            pad(out, fill, b'0');
            out.extend_from_slice(after(&body, head));
        } else {
            pad(out, fill, b' ');
            out.extend_from_slice(&body);
        }
    }
}

fn pad(out: &mut Buf, n: usize, with: u8) {
    let len = out.len() + n;
    out.pad(len, with);
}

/// Appends the integer part of `n` as C's conversion `letter` has it.
#[inline(never)]
fn conversion(out: &mut Buf, n: f64, letter: u8, precision: usize, flags: u32) {
    let signed = matches!(letter, b'd' | b'i');
    if n >= 9.2e18 && (signed || n >= 1.8e19) || n <= -9.3e18 {
        // Beyond 64 bits all digits are shown.
        real(out, n, b'f', 0, false);
        return;
    }
    let value = if n < 0.0 { whole(n) as u64 } else { n as u64 };
    let (minus, value) =
        if signed && (value as i64) < 0 { (true, value.wrapping_neg()) } else { (false, value) };
    if minus {
        out.push(b'-');
    }
    let base = match letter | 32 {
        b'o' => 8,
        b'x' => 16,
        _ => 10,
    };
    let mut buf = [0; 64];
    let len = num::digits(&mut buf, value, base).len();
    if letter == b'X' {
        buf.make_ascii_uppercase();
    }
    let digits = if value == 0 && precision == 0 { &[] } else { after(&buf, 64 - len) };
    let mut zeros = if precision == NONE { 0 } else { precision.saturating_sub(digits.len()) };
    if flags & ALTERNATE != 0 {
        if base == 16 && value != 0 {
            out.extend_from_slice(&[b'0', letter]);
        } else if base == 8 && zeros == 0 && digits.first() != Some(&b'0') {
            zeros = 1;
        }
    }
    pad(out, zeros, b'0');
    out.extend_from_slice(digits);
}
