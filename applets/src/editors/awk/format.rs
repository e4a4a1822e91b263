//! `printf` of awk.

use super::cell::{self, Cell};
use sys::zstr::position;
use sys::{num, utf8, Buf};
use util::text::{after, part, take};

const FLAGS: &[u8] = b"-+ #0'";
const LEFT: u32 = 1;
const PLUS: u32 = 2;
const BLANK: u32 = 4;
const ALTERNATE: u32 = 8;
const ZEROS: u32 = 16;
const NONE: usize = usize::MAX;
/// No width is beyond it.
const MOST: usize = 1 << 24;

/// How many bytes the first `n` characters of `text` have.
#[inline(never)]
pub(super) fn bytes(text: &[u8], n: usize) -> usize {
    let mut at = 0;
    let mut left = n;
    while left > 0 && at < text.len() {
        at += step(after(text, at));
        left -= 1;
    }
    at
}

/// How many bytes the first character of `text` has.
pub(super) fn step(text: &[u8]) -> usize {
    match text {
        [c, ..] if *c >= 0x80 => utf8::decode(text).0,
        _ => 1,
    }
}

/// How many characters `text` has.
#[inline(never)]
pub(super) fn length(text: &[u8]) -> usize {
    let (mut at, mut n) = (0, 0);
    while at < text.len() {
        at += step(after(text, at));
        n += 1;
    }
    n
}

/// Appends character `code` in UTF-8; beyond Unicode a byte.
fn character(out: &mut Buf, code: u32) {
    if !(0x80..=0x10_ffff).contains(&code) {
        out.push(code as u8);
    } else {
        out.extend_from_slice(char::from_u32(code).unwrap_or('\u{fffd}').encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Appends `args` as `format` says; numbers become texts by `convfmt`. What is missing is empty.
#[inline(never)]
pub(super) fn format(out: &mut Buf, format: &[u8], args: &[Cell], convfmt: &[u8]) {
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
                let given = cell::whole(args.next().unwrap_or(&nothing).number());
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
                    (Cell::Number(_) | Cell::Input(_), Some(n)) => {
                        character(&mut body, cell::whole(n) as u32)
                    }
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
                    integer(&mut body, n, letter, precision, flags);
                    if precision != NONE {
                        flags &= !ZEROS;
                    }
                } else {
                    let style = if !(b'e'..=b'g').contains(&lower) { b'g' } else { lower };
                    let places = if precision == NONE { 6 } else { precision };
                    cell::real(&mut body, n, style, places, flags & ALTERNATE != 0);
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
fn integer(out: &mut Buf, n: f64, letter: u8, precision: usize, flags: u32) {
    let signed = matches!(letter, b'd' | b'i');
    if n >= 9.2e18 && (signed || n >= 1.8e19) || n <= -9.3e18 {
        // Beyond 64 bits all digits are shown.
        cell::real(out, n, b'f', 0, false);
        return;
    }
    let value = if n < 0.0 { cell::whole(n) as u64 } else { n as u64 };
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
