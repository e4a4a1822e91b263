//! Values of awk, and their numbers and texts.

use sys::text::Text;
use sys::{num, Buf};
use util::command::decimal::Decimal;
use util::command::double;
use util::text::after;

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
        super::format::format(out, format, &[Cell::Number(n)], b"");
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
