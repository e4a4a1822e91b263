//! Word expansion (POSIX 2.6): what stands in a word, one after the other.

use crate::decimal::decimal;
use crate::expand::arith;
use crate::expand::fields::{Fields, OPERAND, QUOTED, SPLIT};
use crate::feature::BASH;
use crate::flow::Fallible;
use crate::options::opt;
use crate::parse::tree::{byte, counted, next, until, ARITH, CMD, END, ESC, QUOTE, READ, TILDE, VAR, WRITE};
use crate::shell::Shell;
use sys::{Buf, ToBuf};
use util::text::pattern;

impl Shell<'_> {
    /// Expands a word into as many fields as it makes.
    pub(crate) fn fields(&mut self, c: &mut &[u8], f: &mut Fields) -> Fallible {
        f.word(if self.opts.has(opt::NOGLOB) { 0 } else { pattern::LONGEST | self.vars.how() });
        self.expand(c, f, SPLIT)?;
        if f.is_open() {
            f.end();
        }
        Ok(())
    }

    /// Expands a word into one string: with [`PATTERN`] as a pattern, with [`QUOTED`] as in double quotes.
    pub(crate) fn string(&mut self, c: &mut &[u8], mode: u32) -> Fallible<Buf> {
        self.check_depth()?;
        let mut f = Fields::one();
        self.expand(c, &mut f, mode)?;
        Ok(f.bytes)
    }

    /// Expands up to the end of the word and appends to the open field.
    pub(crate) fn expand(&mut self, c: &mut &[u8], f: &mut Fields, mut mode: u32) -> Fallible {
        loop {
            let mut how = mode;
            let mut b = next(c);
            let v = match b {
                END => {
                    // Of an operand: around it there are quotes that are not those of `"$@"`.
                    f.nothing = false;
                    return self.go_on();
                }
                QUOTE => {
                    mode ^= QUOTED;
                    if mode & QUOTED != 0 {
                        f.nothing = false;
                    } else {
                        f.seen |= !f.nothing;
                    }
                    continue;
                }
                VAR => {
                    self.parameter(c, f, mode)?;
                    continue;
                }
                TILDE => {
                    self.tilde(until(c, END), f, mode);
                    continue;
                }
                CMD => self.substitute(counted(c))?,
                ARITH => {
                    let n = self.number(c)?;
                    decimal(n)
                }
                READ | WRITE if BASH => {
                    how |= QUOTED;
                    self.process(counted(c), b == READ)?
                }
                _ => {
                    if b == ESC {
                        b = byte(c);
                        f.seen = true;
                        how |= QUOTED;
                    } else if mode & (OPERAND | SPLIT | QUOTED) == OPERAND | SPLIT {
                        self.append(f, &[b], mode);
                        continue;
                    }
                    f.byte(b, how);
                    continue;
                }
            };
            self.append(f, &v, how);
        }
    }

    /// Value of a word as arithmetic.
    #[inline(never)]
    pub(crate) fn number(&mut self, c: &mut &[u8]) -> Fallible<i64> {
        let text = self.string(c, QUOTED)?;
        self.arith(&text)
    }

    #[inline(never)]
    pub(crate) fn append(&self, f: &mut Fields, v: &[u8], mode: u32) {
        f.value(v, mode, self.vars.ifs());
    }

    #[inline(never)]
    fn tilde(&mut self, name: &[u8], f: &mut Fields, mode: u32) {
        let home = if name.is_empty() {
            self.get(b"HOME").map(|v| v.buf())
        } else {
            util::login::accounts::home(name)
        };
        match home {
            Some(v) => {
                self.append(f, &v, mode | QUOTED);
            }
            None => {
                f.byte(b'~', mode);
                self.append(f, name, mode | QUOTED);
            }
        }
    }

    /// Value of arithmetic text.
    #[inline(never)]
    pub(crate) fn arith(&mut self, text: &[u8]) -> Fallible<i64> {
        match arith::eval(text, self) {
            Ok(n) => Ok(n),
            Err(e) => {
                if !e.why.is_empty() {
                    self.complain(c"arithmetic: %", e.why);
                }
                self.fail(2)
            }
        }
    }

    /// Text that is expanded as in double quotes: prompts, PS4, ENV.
    pub(crate) fn expand_text(&mut self, text: &[u8]) -> Buf {
        let mut all = text.buf();
        all.insert(0, b'"');
        all.push(b'"');
        let Ok(t) = crate::parse::parser::word(self, all) else { return text.buf() };
        let outer = core::mem::replace(&mut self.tree, t.clone());
        let r = self.string(&mut &t.code[..], 0);
        self.tree = outer;
        // It interrupts nothing else.
        self.interrupted = false;
        r.unwrap_or_default()
    }
}

impl arith::Vars for Shell<'_> {
    fn get(&mut self, name: &[u8]) -> Option<Buf> {
        let v = Shell::get(self, name).map(|v| v.buf());
        if v.is_none() {
            let _ = self.unset(name);
        }
        v
    }

    fn set(&mut self, name: &[u8], value: i64) -> Result<(), ()> {
        self.assign(name, &decimal(value)).map_err(|_| ())
    }
}
