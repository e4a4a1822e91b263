//! seq: numbers in a row, decimals exactly (BusyBox coreutils/seq.c; `man 1 seq`).

use sys::{num, Cx};

applet! {
    name: seq,
    dir: "/usr/bin",
    class: NoExec,
    parse: Raw,
    usage: "\
[-w] [-s TEXT] [FIRST [STEP]] LAST

Print the numbers from FIRST (1) up or down to LAST in steps of STEP (1).

    -s TEXT  What to print between them (a new line)
    -w  With zeros in front, all as wide as the widest
",
}

/// A decimal number: `value` with `places` digits behind the point.
struct Decimal {
    value: i64,
    places: usize,
    /// Bytes before the point, as they were given.
    width: usize,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let (mut between, mut wide) = (&b"\n"[..], false);
    let mut args = &*core::mem::take(&mut cx.args);
    // By hand, for negative numbers are no options.
    while let [first, rest @ ..] = args {
        let text = first.bytes();
        let letters = match text {
            [b'-', letters @ ..] if !letters.is_empty() && decimal(text).is_none() => letters,
            _ => break,
        };
        args = rest;
        if letters == b"-" {
            break;
        }
        if letters == b"-help" && sys::applet::HELP {
            cx.help();
            return 0;
        }
        let mut letters = letters;
        while let [letter, more @ ..] = letters {
            letters = more;
            match letter {
                b'w' => wide = true,
                b's' => {
                    between = core::mem::take(&mut letters);
                    if between.is_empty() {
                        let [value, rest @ ..] = args else {
                            return cx.misuse(b"-s: option needs an argument");
                        };
                        (between, args) = (value.bytes(), rest);
                    }
                }
                _ => {
                    cx.error(text, b"unknown option");
                    return 1;
                }
            }
        }
    }
    let (first, step, last) = match *args {
        [last] => (None, None, last),
        [first, last] => (Some(first), None, last),
        [first, step, last] => (Some(first), Some(step), last),
        [] => return cx.misuse(b"missing operand"),
        _ => return cx.misuse(b"extra operand"),
    };
    let mut numbers = [None, None, None];
    for (to, text) in numbers.iter_mut().zip([first, step, Some(last)]) {
        let text = text.map_or(&b"1"[..], |text| text.bytes());
        *to = decimal(text);
        if to.is_none() {
            cx.error(text, b"invalid number");
            return 1;
        }
    }
    let [Some(first), Some(step), Some(last)] = numbers else { return 1 };
    let places = first.places.max(step.places);
    let width = match wide {
        true => first.width.max(last.width) + if places > 0 { places + 1 } else { 0 },
        false => 0,
    };
    // LAST to as many places: what is behind them cannot be reached.
    let down = step.value < 0;
    let (Some(mut at), Some(step), Some(last)) =
        (first.with(places, down), step.with(places, down), last.with(places, down))
    else {
        cx.error(b"the numbers", b"too many digits");
        return 1;
    };
    let mut printed = false;
    while if down { at >= last } else { at <= last } {
        if printed {
            cx.out.text(between);
        }
        print(cx, at, places, width);
        printed = true;
        let Some(next) = at.checked_add(step) else { break };
        at = next;
        if cx.out.failed() {
            break;
        }
    }
    if printed {
        cx.out.byte(b'\n');
    }
    0
}

/// From `[+-]DIGITS[.DIGITS]`.
fn decimal(text: &[u8]) -> Option<Decimal> {
    let negative = text.first() == Some(&b'-');
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let mut d = Decimal { value: 0, places: 0, width: 0 };
    let (mut point, mut any) = (false, false);
    for &b in digits {
        if b == b'.' && !point {
            point = true;
            continue;
        }
        let digit = num::digit(b);
        if digit > 9 {
            return None;
        }
        any = true;
        d.value = d.value.checked_mul(10)?.checked_add(digit as i64)?;
        d.places += point as usize;
        d.width += !point as usize;
    }
    d.width = d.width.max(1) + negative as usize;
    if negative {
        d.value = -d.value;
    }
    any.then_some(d)
}

impl Decimal {
    /// Its value in units of so many places; what is between two of them goes up or down.
    fn with(&self, places: usize, up: bool) -> Option<i64> {
        let mut value = self.value;
        for _ in self.places..places {
            value = value.checked_mul(10)?;
        }
        for _ in places..self.places {
            let (tenth, rest) = num::div_rem(value.unsigned_abs(), 10);
            let sign = if value < 0 { -1 } else { 1 };
            value = sign * tenth as i64;
            // Divided, it went towards 0.
            if rest > 0 && up == (sign > 0) {
                value += sign;
            }
        }
        Some(value)
    }
}

fn print(cx: &mut Cx, value: i64, places: usize, width: usize) {
    let mut digits = [0; 64];
    let digits = num::digits(&mut digits, value.unsigned_abs(), 10);
    let zeros = (places + 1).saturating_sub(digits.len());
    let len = digits.len() + zeros + (value < 0) as usize + (places > 0) as usize;
    if value < 0 {
        cx.out.byte(b'-');
    }
    cx.out.fill(b'0', width.saturating_sub(len) + zeros.min(digits.len() + zeros - places));
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(places));
    cx.out.bytes(whole);
    if places > 0 {
        cx.out.byte(b'.');
        cx.out.fill(b'0', places.saturating_sub(digits.len()));
        cx.out.bytes(fraction);
    }
}
