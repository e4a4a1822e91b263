//! Arithmetic expansion (POSIX.1-2024, Shell Command Language 2.6.4): C's integer expressions on 64 bits
//! with wrap-around, assignments, `++` and `--` included; and `**`, `base#n` and the comma, which BusyBox
//! ash and bash have as well.
//!
//! Evaluated while it is read, by operator precedence; a part that C would not evaluate is read with
//! `skip` on.

use crate::feature::BASH;
use sys::{num, Buf};
use util::division::divide;
use util::text::{after, part};

/// What is wrong with an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Error {
    /// In words, for a message.
    pub why: &'static [u8],
}

/// The variables that an expression may name.
pub(crate) trait Vars {
    /// Value of a variable; `None` counts as 0.
    fn get(&mut self, name: &[u8]) -> Option<Buf>;
    /// Assigns; `Err` when the variable is read-only.
    #[allow(clippy::result_unit_err)] // the error has one cause
    fn set(&mut self, name: &[u8], value: i64) -> Result<(), ()>;
}

/// Levels of parentheses, operators and variables within variables.
const DEPTH: u32 = if cfg!(mote_nommu) { 48 } else { 500 };

/// Value of the expression `text`; an empty one is 0.
pub(crate) fn eval(text: &[u8], vars: &mut impl Vars) -> Result<i64, Error> {
    nested(text, vars, DEPTH)
}

fn nested<V: Vars>(text: &[u8], vars: &mut V, depth: u32) -> Result<i64, Error> {
    let mut e = Eval { rest: text, name: &[], why: &[], vars, depth, skip: false };
    if e.peek() == 0 && e.rest.is_empty() {
        return Ok(0);
    }
    let v = e.expression(COMMA);
    if !e.rest.is_empty() {
        e.syntax();
    }
    if e.why.is_empty() {
        Ok(v)
    } else {
        Err(Error { why: e.why })
    }
}

// First byte, second one (0: any), precedence. An operator's number is its place here.
static OPERATORS: [[u8; 3]; 22] = [
    *b"**\x0e",
    *b"*\0\x0d",
    *b"/\0\x0d",
    *b"%\0\x0d",
    *b"<<\x0b",
    *b">>\x0b",
    *b"&&\x05",
    *b"||\x04",
    *b"+\0\x0c",
    *b"-\0\x0c",
    *b"&\0\x08",
    *b"^\0\x07",
    *b"|\0\x06",
    *b"==\x09",
    *b"!=\x09",
    *b"<=\x0a",
    *b">=\x0a",
    *b"<\0\x0a",
    *b">\0\x0a",
    *b"=\0\x02",
    *b"?\0\x03",
    *b",\0\x01",
];
const POWER: u8 = 0;
const AND: u8 = 6;
const OR: u8 = 7;
const EQUAL: u8 = 13;
const ASSIGN: u8 = 19;
const QUESTION: u8 = 20;
// Precedences.
const COMMA: u8 = 1;
const SET: u8 = 2;
const CHOICE: u8 = 3;

struct Eval<'a, 'v, V> {
    rest: &'a [u8],
    // The operand just read is this variable, whose value nobody has asked for; empty: is a value.
    name: &'a [u8],
    // The first error. It ends the text too, so that everything comes to its end by itself.
    why: &'static [u8],
    vars: &'v mut V,
    depth: u32,
    skip: bool,
}

impl<'a, V: Vars> Eval<'a, '_, V> {
    #[inline(never)]
    fn fail(&mut self, why: &'static [u8]) {
        if self.why.is_empty() {
            self.why = why;
        }
        self.rest = &[];
    }

    #[inline(never)]
    fn syntax(&mut self) {
        self.fail(b"syntax error");
    }

    /// The next byte behind blanks; 0 at the end.
    #[inline(always)]
    fn peek(&mut self) -> u8 {
        self.peek_wide() as u8
    }

    // Words, so that the compiler need not mask them.
    #[inline(never)]
    fn peek_wide(&mut self) -> u32 {
        while let [b' ' | b'\t'..=b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.byte_wide(0)
    }

    #[inline(always)]
    fn byte(&self, n: usize) -> u8 {
        self.byte_wide(n) as u8
    }

    #[inline(never)]
    fn byte_wide(&self, n: usize) -> u32 {
        self.rest.get(n).map_or(0, |&c| c as u32)
    }

    #[inline(never)]
    fn eat(&mut self, n: usize) {
        self.rest = after(self.rest, n);
    }

    /// Takes `c`, which must come next.
    #[inline(never)]
    fn expect(&mut self, c: u8) {
        if self.peek() != c {
            self.syntax();
        }
        self.eat(1);
    }

    /// Is a `++` or `--` next?
    #[inline(never)]
    fn doubled(&mut self) -> bool {
        let c = self.peek();
        (c == b'+' || c == b'-') && self.byte(1) == c
    }

    /// An expression of operators that bind at least as tightly as `least`.
    #[inline(never)]
    fn expression(&mut self, least: u8) -> i64 {
        self.depth -= 1;
        if self.depth == 0 {
            self.depth = 1;
            self.fail(b"nested too deep");
            return 0;
        }
        let mut left = self.unary();
        let first = self.peek();
        let mut c = first;
        'operators: while !self.rest.is_empty() {
            for (number, &[a, b, mut precedence]) in OPERATORS.iter().enumerate() {
                if a != c || b != 0 && b != self.byte(1) {
                    continue;
                }
                let op = number as u8;
                let mut len = 1 + (b != 0) as usize;
                let mut assigns = op == ASSIGN;
                if op > POWER && op < EQUAL && op != AND && op != OR && self.byte(len) == b'=' {
                    assigns = true;
                    precedence = SET;
                    len += 1;
                }
                if precedence < least {
                    break 'operators;
                }
                self.eat(len);
                left = self.operate(left, op, precedence, assigns);
                c = self.peek();
                continue 'operators;
            }
            break;
        }
        self.depth += 1;
        self.value(left)
    }

    /// Reads the right side of an operator; the value.
    #[inline(never)]
    fn operate(&mut self, left: i64, op: u8, precedence: u8, assigns: bool) -> i64 {
        let name = self.name;
        let left = if op == ASSIGN { 0 } else { self.value(left) };
        let skip = self.skip;
        let mut value;
        if assigns {
            if name.is_empty() {
                self.syntax();
            }
            value = self.expression(SET);
            value = self.apply(op, left, value);
            self.assign(name, value);
        } else if op == QUESTION {
            self.skip = skip || left == 0;
            value = self.expression(COMMA);
            self.expect(b':');
            self.skip = skip || left != 0;
            let no = self.expression(CHOICE);
            if left == 0 {
                value = no;
            }
        } else {
            self.skip = skip || (op == AND && left == 0) || (op == OR && left != 0);
            // All but the power group to the left.
            value = self.expression(precedence + (op != POWER) as u8);
            value = self.apply(op, left, value);
        }
        self.skip = skip;
        value
    }

    /// An operand with the signs before it and the `++` or `--` around it. A bare variable is left in
    /// `name`.
    #[inline(never)]
    fn unary(&mut self) -> i64 {
        self.name = &[];
        let c = self.peek();
        if self.doubled() {
            let back = self.rest;
            self.eat(2);
            self.peek();
            let name = self.take_name();
            if !name.is_empty() {
                return self.step(name, c);
            }
            self.rest = back; // two signs
        }
        match c {
            b'(' => {
                self.eat(1);
                let value = self.expression(COMMA);
                self.expect(b')');
                value
            }
            b'+' | b'-' | b'!' | b'~' => {
                self.eat(1);
                // Above all operators: one operand.
                let value = self.expression(u8::MAX);
                match c {
                    b'+' => value,
                    b'!' => (value == 0) as i64,
                    // Minus is the complement of one less.
                    _ => !value.wrapping_sub((c == b'-') as i64),
                }
            }
            b'0'..=b'9' => self.number(),
            _ => {
                let name = self.take_name();
                if name.is_empty() {
                    self.syntax();
                }
                if !self.doubled() {
                    self.name = name;
                    return 0;
                }
                let c = self.peek();
                self.eat(2);
                // Back to the value before.
                self.step(name, c).wrapping_add(c as i64 - 44)
            }
        }
    }

    /// `++` or `--`: the new value. `+` is 43, `-` is 45.
    #[inline(never)]
    fn step(&mut self, name: &'a [u8], c: u8) -> i64 {
        self.name = name;
        let value = self.value(0).wrapping_add(44 - c as i64);
        self.assign(name, value);
        value
    }

    #[inline(never)]
    fn assign(&mut self, name: &[u8], value: i64) {
        if !self.skip && self.why.is_empty() && self.vars.set(name, value).is_err() {
            self.fail(b"is read only");
        }
    }

    /// `value`, or that of the variable read last, which may be an expression in turn.
    #[inline(never)]
    fn value(&mut self, value: i64) -> i64 {
        let name = core::mem::take(&mut self.name);
        if name.is_empty() || self.skip || sys::caught::interrupted() {
            return value;
        }
        let Some(text) = self.vars.get(name) else { return 0 };
        if self.depth <= 1 {
            self.fail(b"nested too deep");
            return 0;
        }
        match nested(&text, self.vars, self.depth - 1) {
            Ok(value) => value,
            Err(e) => {
                self.fail(e.why);
                0
            }
        }
    }

    /// Takes a name; empty if there is none.
    #[inline(never)]
    fn take_name(&mut self) -> &'a [u8] {
        let all = self.rest;
        let mut n = 0;
        while matches!(self.byte(n), b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9') {
            n += 1;
        }
        if self.byte(0).is_ascii_digit() {
            n = 0;
        }
        self.eat(n);
        part(all, 0, n)
    }

    /// A constant: decimal, octal, hexadecimal or `base#digits`.
    #[inline(never)]
    fn number(&mut self) -> i64 {
        let mut base = util::text::number::base(&mut self.rest);
        let mut digits = (base != 16) as u32;
        let mut value = 0i64;
        loop {
            let c = self.byte(0);
            if BASH && c == b'#' && base == 10 && (2..=64).contains(&value) {
                base = value as u32;
                value = 0;
            } else {
                // Over base 36: 0-9, a-z, A-Z, @, _.
                let d = match c {
                    b'A'..=b'Z' if base > 36 => (c - b'A') as u32 + 36,
                    b'@' => 62,
                    b'_' => 63,
                    _ => num::digit(c),
                };
                if d == 255 {
                    break;
                }
                if d >= base {
                    self.syntax();
                }
                value = value.wrapping_mul(base as i64).wrapping_add(d as i64);
                digits = 1;
            }
            self.eat(1);
        }
        if digits == 0 {
            self.syntax();
        }
        value
    }

    /// Value of `a` operator `b`.
    #[inline(never)]
    fn apply(&mut self, op: u8, a: i64, b: i64) -> i64 {
        let truth = match op {
            POWER => {
                if BASH {
                    return self.power(a, b);
                }
                self.syntax();
                return 0;
            }
            1 => return a.wrapping_mul(b),
            2 | 3 => {
                if b == 0 {
                    if !self.skip {
                        self.fail(b"divide by zero");
                    }
                    return 0;
                }
                return divide(a, b, op == 3);
            }
            13..=18 => {
                // For each operator three bits: is it true of less, equal, greater?
                let bits = 0b100_001_110_011_101_010 >> (3 * (op - EQUAL));
                bits >> (a.cmp(&b) as i32 + 1) & 1 != 0
            }
            4 => return a.wrapping_shl(b as u32),
            5 => return a.wrapping_shr(b as u32),
            8 => return a.wrapping_add(b),
            9 => return a.wrapping_sub(b),
            10 => return a & b,
            11 => return a ^ b,
            12 => return a | b,
            AND => a != 0 && b != 0,
            OR => a != 0 || b != 0,
            _ => return b,
        };
        truth as i64
    }

    #[inline(never)]
    fn power(&mut self, mut a: i64, mut b: i64) -> i64 {
        if b < 0 && !self.skip {
            self.fail(b"exponent less than 0");
        }
        let mut r = 1i64;
        while b > 0 {
            if b & 1 != 0 {
                r = r.wrapping_mul(a);
            }
            a = a.wrapping_mul(a);
            b >>= 1;
        }
        r
    }
}

#[cfg(test)]
mod tests;
