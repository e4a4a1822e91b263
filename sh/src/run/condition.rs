//! `[[ … ]]`: as `test`, but with grammar, patterns, and no field splitting.

use crate::expand::capture::reveals;
use crate::expand::fields::PATTERN;
use crate::flow::{Failed, Fallible};
use crate::parse::tree::{byte, skip_word, take, WORD};
use crate::shell::Shell;
use sys::Buf;
use util::command::test;
use util::text::{eq, ere, pattern};
use util::Truth;

fn skip(c: &mut &[u8]) {
    byte(c);
    skip_word(c);
}

// Operators are taken by their encoding: WORD or AWORD, the text, END.
impl Shell<'_> {
    /// Evaluates; the status: 0 true, 1 false, 2 wrong.
    pub(crate) fn condition(&mut self, c: &mut &[u8]) -> Fallible<u8> {
        Ok(match self.either(c, true)? {
            Some(x) if c.first() == Some(&0) => (x == Truth::No) as u8,
            _ => {
                self.complain(c"[[: syntax error", b"");
                2
            }
        })
    }

    fn either(&mut self, c: &mut &[u8], run: bool) -> Fallible<Option<Truth>> {
        self.check_depth()?;
        let mut all = self.both(c, run)?;
        while take(c, b"\x04||\0") {
            let right = self.both(c, run && all == Some(Truth::No))?;
            all = right.and_then(|r| all.map(|a| a.max(r)));
        }
        Ok(all)
    }

    fn both(&mut self, c: &mut &[u8], run: bool) -> Fallible<Option<Truth>> {
        let mut all = self.one(c, run)?;
        while take(c, b"\x04&&\0") {
            let right = self.one(c, run && all == Some(Truth::Yes))?;
            all = right.and_then(|r| all.map(|a| a.min(r)));
        }
        Ok(all)
    }

    fn one(&mut self, c: &mut &[u8], run: bool) -> Fallible<Option<Truth>> {
        let mut right = Truth::Yes;
        while take(c, b"\x01!\0") {
            right = (right == Truth::No).into();
        }
        Ok(self.primary(c, run)?.map(|is| (is == right).into()))
    }

    fn primary(&mut self, c: &mut &[u8], run: bool) -> Fallible<Option<Truth>> {
        if take(c, b"\x04(\0") {
            let x = self.either(c, run)?;
            return Ok(if take(c, b"\x04)\0") { x } else { None });
        }
        if c.first() != Some(&WORD) {
            return Ok(None);
        }
        let first = *c;
        skip(c);
        let more = |c: &[u8]| c.first() == Some(&WORD);
        if let [_, b'-', op, 0, ..] = first {
            if more(c) && test::is_unary(*op) {
                if *op == b't' {
                    self.separate().or(Err(Failed))?;
                }
                let v = self.operand(c, run, 0)?;
                return Ok(if run { test::unary(*op, { v }.z()) } else { Some(Truth::No) });
            }
        }
        let order = take(c, b"\x04<\0") as u8 | (take(c, b"\x04>\0") as u8) << 1;
        if order == 0 && !more(c) {
            let v = self.operand(&mut { first }, run, 0)?;
            return Ok(Some((!v.is_empty()).into()));
        }
        let left = self.operand(&mut { first }, run, 0)?;
        if order != 0 {
            let right = self.operand(c, run, 0)?;
            return Ok(Some((if order == 1 { *left < *right } else { *left > *right }).into()));
        }
        let op = self.operand(c, true, 0)?;
        if c.first() != Some(&WORD) {
            return Ok(None);
        }
        let equal = eq(&op, b"=") || eq(&op, b"==");
        if equal || eq(&op, b"!=") {
            let p = self.operand(c, run, PATTERN)?;
            return Ok(Some((pattern::matches(&p, &left, self.vars.how()) == equal).into()));
        }
        if eq(&op, b"=~") {
            let p = self.operand(c, run, PATTERN)?;
            return Ok(if run { ere::matches(&p, &left) } else { Some(Truth::No) });
        }
        let right = self.operand(c, run, 0)?;
        Ok(if run { test::binary({ left }.z(), { op }.z(), { right }.z()) } else { Some(Truth::No) })
    }

    fn operand(&mut self, c: &mut &[u8], run: bool, mode: u32) -> Fallible<Buf> {
        if c.first() != Some(&WORD) {
            return Ok(Buf::new());
        }
        if !run {
            skip(c);
            return Ok(Buf::new());
        }
        byte(c);
        let v = self.string(c, mode)?;
        if reveals(&v) {
            self.separate().or(Err(Failed))?;
        }
        Ok(v)
    }
}
