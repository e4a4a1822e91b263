//! Arithmetic: any text comes to an end; and expressions made of the bytes, written down with as few
//! parentheses as C needs, have the value and the side effects that their tree has.

use crate::expand::arith::{eval, Vars};
use alloc::boxed::Box;
use sys::num::digits;
use sys::{Buf, ToBuf};

/// Evaluates `data` as it is, then the expression that it stands for.
pub fn arith(data: &[u8]) {
    let text = data.get(..200).unwrap_or(data);
    let _ = eval(text, &mut Texts);
    let mut bytes = data.iter().copied();
    let tree = expression(&mut bytes, 7);
    let mut printed = Print { text: Buf::new(), extra: data.len() };
    printed.expression(&tree, COMMA);
    let mut model = [1, 2, 0];
    let mut shell = Values([1, 2, 0]);
    let want = value(&tree, &mut model);
    let got = eval(&printed.text, &mut shell);
    let shown = core::str::from_utf8(&printed.text);
    assert_eq!(got.ok(), want, "{shown:?}");
    assert_eq!(shell.0, model, "the variables behind {shown:?}");
}

/// Variables that hold expressions, also of each other.
struct Texts;

impl Vars for Texts {
    fn get(&mut self, name: &[u8]) -> Option<Buf> {
        let text: &[u8] = match name {
            b"a" => b"b + 1",
            b"b" => b"5",
            b"c" => b"c",
            b"d" => b"(",
            b"e" => b"",
            _ => return None,
        };
        Some(text.buf())
    }

    fn set(&mut self, name: &[u8], _: i64) -> Result<(), ()> {
        if name == b"r" {
            Err(())
        } else {
            Ok(())
        }
    }
}

/// The variables a, b and c, which are numbers.
struct Values([i64; 3]);

impl Vars for Values {
    fn get(&mut self, name: &[u8]) -> Option<Buf> {
        let value = *self.0.get((name[0] - b'a') as usize)?;
        let mut buffer = [0; 64];
        let mut text: Buf = if value < 0 { b"-".buf() } else { Buf::new() };
        text.extend_from_slice(digits(&mut buffer, value.unsigned_abs(), 10));
        Some(text)
    }

    fn set(&mut self, name: &[u8], value: i64) -> Result<(), ()> {
        *self.0.get_mut((name[0] - b'a') as usize).ok_or(())? = value;
        Ok(())
    }
}

/// Binary operators and their precedence in C; `**` binds tighter, to the right.
const BINARY: [(&str, u8); 21] = [
    ("**", POWER),
    ("*", 13),
    ("/", 13),
    ("%", 13),
    ("+", 12),
    ("-", 12),
    ("<<", 11),
    (">>", 11),
    ("<", 10),
    (">", 10),
    ("<=", 10),
    (">=", 10),
    ("==", 9),
    ("!=", 9),
    ("&", 8),
    ("^", 7),
    ("|", 6),
    ("&&", 5),
    ("||", 4),
    (",", COMMA),
    (",", COMMA),
];
const ASSIGNING: [&str; 10] = ["*", "/", "%", "+", "-", "<<", ">>", "&", "^", "|"];
const COMMA: u8 = 1;
const SET: u8 = 2;
const CHOICE: u8 = 3;
const POWER: u8 = 14;
const UNARY: u8 = 15;
const PRIMARY: u8 = 16;

enum Tree {
    /// A number and how to write it.
    Number(i64, u8),
    Name(u8),
    /// One of `+-!~`.
    Unary(u8, Box<Tree>),
    /// `++` or `--`, in front or not.
    Step(u8, u8, bool),
    Binary(&'static str, u8, Box<Tree>, Box<Tree>),
    Choice(Box<[Tree; 3]>),
    /// Variable, operator (empty for `=`), value.
    Assign(u8, &'static str, Box<Tree>),
}

fn expression(bytes: &mut impl Iterator<Item = u8>, depth: u32) -> Tree {
    let mut byte = || bytes.next().unwrap_or(0);
    let kind = byte();
    let name = b'a' + kind / 16 % 3;
    if depth == 0 {
        return if kind % 2 == 0 { Tree::Name(name) } else { Tree::Number(kind as i64 / 2, kind) };
    }
    match kind % 10 {
        0 => Tree::Name(name),
        1 => Tree::Number(byte() as i64, kind / 10),
        2 => {
            let all = (0..8).fold(0, |n, _| n << 8 | byte() as i64);
            Tree::Number(all & i64::MAX, kind / 10)
        }
        3 => {
            let sign = b"+-!~"[(kind / 10) as usize % 4];
            Tree::Unary(sign, Box::new(expression(bytes, depth - 1)))
        }
        4 => Tree::Step(name, b"+-"[(kind / 10) as usize % 2], kind & 128 != 0),
        5 => {
            let n = (byte() as usize) % (ASSIGNING.len() + 3);
            let op = ASSIGNING.get(n).copied().unwrap_or("");
            Tree::Assign(name, op, Box::new(expression(bytes, depth - 1)))
        }
        6 => {
            let mut part = || expression(bytes, depth - 1);
            Tree::Choice(Box::new([part(), part(), part()]))
        }
        _ => {
            let (op, precedence) = BINARY[byte() as usize % BINARY.len()];
            let left = Box::new(expression(bytes, depth - 1));
            Tree::Binary(op, precedence, left, Box::new(expression(bytes, depth - 1)))
        }
    }
}

struct Print {
    text: Buf,
    /// Decides where blanks stand.
    extra: usize,
}

impl Print {
    fn put(&mut self, text: &[u8]) {
        self.extra = self.extra.wrapping_mul(0x5851_f42d).wrapping_add(0x1405);
        // Signs that touch would be another operator, and so would be a name behind a number.
        let signs = self.text.last().is_some_and(|c| b"+-&|<>=!".contains(c));
        let word = self.text.last().is_some_and(|c| c.is_ascii_alphanumeric());
        let joins = signs && b"+-&|<>=".contains(&text[0]) || word && text[0].is_ascii_alphanumeric();
        if joins || self.extra >> 16 & 3 == 0 {
            self.text.push(b" \t\n"[(self.extra >> 20) % 3]);
        }
        self.text.extend_from_slice(text);
    }

    /// Writes `tree`, in parentheses if it binds less than `least`.
    fn expression(&mut self, tree: &Tree, least: u8) {
        let own = match tree {
            Tree::Number(..) | Tree::Name(_) | Tree::Step(..) => PRIMARY,
            Tree::Unary(..) => UNARY,
            Tree::Binary(_, precedence, ..) => *precedence,
            Tree::Choice(_) => CHOICE,
            Tree::Assign(..) => SET,
        };
        if own < least {
            self.put(b"(");
            self.expression(tree, COMMA);
            return self.put(b")");
        }
        match tree {
            Tree::Number(n, how) => self.number(*n as u64, *how),
            Tree::Name(name) => self.put(&[*name]),
            Tree::Unary(sign, operand) => {
                self.put(&[*sign]);
                self.expression(operand, UNARY);
            }
            Tree::Step(name, sign, true) => {
                self.put(&[*sign, *sign]);
                self.put(&[*name]);
            }
            Tree::Step(name, sign, false) => {
                self.put(&[*name]);
                self.put(&[*sign, *sign]);
            }
            Tree::Binary(op, precedence, left, right) => {
                let power = *precedence == POWER;
                self.expression(left, precedence + power as u8);
                self.put(op.as_bytes());
                self.expression(right, precedence + !power as u8);
            }
            Tree::Choice(parts) => {
                self.expression(&parts[0], CHOICE + 1);
                self.put(b"?");
                self.expression(&parts[1], COMMA);
                self.put(b":");
                self.expression(&parts[2], CHOICE);
            }
            Tree::Assign(name, op, value) => {
                self.put(&[*name]);
                self.put(&[op.as_bytes(), b"="].concat());
                self.expression(value, SET);
            }
        }
    }

    fn number(&mut self, n: u64, how: u8) {
        let mut buffer = [0; 64];
        let (start, base): (&[u8], _) = match how % 5 {
            0 => (b"0", 8),
            1 => (b"0x", 16),
            2 => (b"36#", 36),
            3 => (b"2#", 2),
            _ => (b"", 10),
        };
        self.put(&[start, digits(&mut buffer, n, base)].concat());
    }
}

/// Value of `tree`, with the side effects on `names`; none for a division by zero and the like.
fn value(tree: &Tree, names: &mut [i64; 3]) -> Option<i64> {
    let place = |name: &u8| (name - b'a') as usize;
    Some(match tree {
        Tree::Number(n, _) => *n,
        Tree::Name(name) => names[place(name)],
        Tree::Unary(sign, operand) => {
            let n = value(operand, names)?;
            match sign {
                b'+' => n,
                b'-' => n.wrapping_neg(),
                b'!' => (n == 0) as i64,
                _ => !n,
            }
        }
        Tree::Step(name, sign, before) => {
            let old = names[place(name)];
            let new = if *sign == b'+' { old.wrapping_add(1) } else { old.wrapping_sub(1) };
            names[place(name)] = new;
            if *before {
                new
            } else {
                old
            }
        }
        Tree::Binary("&&", _, left, right) => (value(left, names)? != 0 && value(right, names)? != 0) as i64,
        Tree::Binary("||", _, left, right) => (value(left, names)? != 0 || value(right, names)? != 0) as i64,
        Tree::Binary(op, _, left, right) => {
            let left = value(left, names)?;
            apply(op, left, value(right, names)?)?
        }
        Tree::Choice(parts) => {
            let [condition, yes, no] = &**parts;
            if value(condition, names)? != 0 {
                value(yes, names)?
            } else {
                value(no, names)?
            }
        }
        Tree::Assign(name, op, operand) => {
            let old = names[place(name)];
            let right = value(operand, names)?;
            let new = if op.is_empty() { right } else { apply(op, old, right)? };
            names[place(name)] = new;
            new
        }
    })
}

fn apply(op: &str, a: i64, b: i64) -> Option<i64> {
    Some(match op {
        "**" if b < 0 => return None,
        "**" => {
            let (mut all, mut square, mut left) = (1i64, a, b);
            while left > 0 {
                if left % 2 == 1 {
                    all = all.wrapping_mul(square);
                }
                square = square.wrapping_mul(square);
                left /= 2;
            }
            all
        }
        "*" => a.wrapping_mul(b),
        "/" | "%" if b == 0 => return None,
        "/" => a.wrapping_div(b),
        "%" => a.wrapping_rem(b),
        "+" => a.wrapping_add(b),
        "-" => a.wrapping_sub(b),
        "<<" => a.wrapping_shl(b as u32),
        ">>" => a.wrapping_shr(b as u32),
        "<" => (a < b) as i64,
        ">" => (a > b) as i64,
        "<=" => (a <= b) as i64,
        ">=" => (a >= b) as i64,
        "==" => (a == b) as i64,
        "!=" => (a != b) as i64,
        "&" => a & b,
        "^" => a ^ b,
        "|" => a | b,
        _ => b,
    })
}
