//! The grammar of POSIX.1-2024, Shell Command Language 2.10, and the extensions of BusyBox ash: lists,
//! pipelines, simple commands.

use crate::feature::BASH;
use crate::parse::parser::Parser;
use crate::parse::token::{is_redir, tok};
use crate::parse::tree;
use crate::words::{assignment, index, kw};
use sys::Buf;
use util::text::{after, eq, part};

impl Parser<'_, '_> {
    /// A list up to something that cannot be part of it; at the top, one line. False if it is empty.
    pub(crate) fn list(&mut self, top: bool) -> bool {
        let hole = self.hole();
        let mut final_item = usize::MAX;
        loop {
            if top {
                while self.alias() {}
            } else {
                self.start();
            }
            let ends = match self.token() {
                tok::WORD => self.keyword() <= kw::CLOSE,
                t => matches!(t, tok::EOF | b')' | b'\n' | tok::CASE_END | tok::CASE_FALL | tok::CASE_NEXT),
            };
            if ends {
                break;
            }
            let item = self.code.len();
            final_item = item;
            self.code.push(1);
            self.and_or();
            match self.token() {
                b';' => self.eat(),
                b'\n' if !top => self.eat(),
                b'&' => {
                    self.eat();
                    self.set(item, 2);
                }
                _ => break,
            }
        }
        if let Some(f) = self.code.get_mut(final_item).filter(|f| **f == 1) {
            *f = 5;
        }
        self.code.push(0);
        self.fill(hole);
        final_item != usize::MAX
    }

    pub(crate) fn and_or(&mut self) {
        loop {
            self.pipeline();
            let t = self.token();
            match t {
                tok::AND | tok::OR => self.code.push(t - tok::AND + 1),
                _ => {
                    self.code.push(0);
                    return;
                }
            }
            self.eat();
            self.start();
        }
    }

    pub(crate) fn pipeline(&mut self) {
        let at = self.code.len();
        let mut flags = 0;
        self.code.push(0);
        if self.take_keyword(kw::NOT) {
            flags = tree::NEGATED;
        }
        if flags != 0 && matches!(self.token(), b';' | b'\n' | tok::EOF) {
            // As bash has it: nothing is true.
            let n = self.begin(tree::SIMPLE);
            self.code.push(0);
            self.end(n);
        } else {
            self.command();
        }
        loop {
            let more = match self.token() {
                b'|' => 1,
                tok::PIPE_BOTH if BASH => 2,
                _ => break,
            };
            self.eat();
            flags |= tree::MULTI;
            self.code.push(more);
            self.start();
            self.command();
        }
        if flags & tree::MULTI != 0 {
            self.code.push(0);
        }
        self.set(at, flags);
    }

    pub(crate) fn command(&mut self) {
        if !self.check_depth() {
            return;
        }
        while self.alias() {}
        match self.token() {
            b'(' => {
                if self.here() == b'(' {
                    let n = self.begin(tree::ARITHMETIC);
                    self.word.clear();
                    if self.arith(tree::ARITHMETIC) {
                        if !BASH {
                            return self.unexpected();
                        }
                        self.code.extend_from_slice(after(&self.word, 1));
                        self.eat();
                        return self.redirections(n);
                    }
                    self.code.truncate(n);
                }
                self.eat();
                let n = self.begin(tree::SUBSHELL);
                self.body();
                self.need(b')');
                self.redirections(n)
            }
            tok::WORD => match self.keyword() {
                kw::NONE => self.simple(),
                k => self.compound(k),
            },
            t if t == tok::IO || is_redir(t) => self.simple(),
            _ => self.unexpected(),
        }
    }

    pub(crate) fn simple(&mut self) {
        let n = self.begin(tree::SIMPLE);
        let outer = core::mem::replace(&mut self.pure, true);
        // Words stand in front, redirections behind them, then assignments: the order of their expansion.
        let (mut redirs, mut assigns) = (Buf::new(), Buf::new());
        let mut words = 0;
        let mut declares = false;
        // Is this the name of the command, be it behind `command`?
        let mut names = true;
        self.assign = true;
        loop {
            let end = self.code.len();
            let t = self.token();
            if t == tok::IO || is_redir(t) {
                let assign = self.assign;
                self.redirection();
                self.assign = assign;
                redirs.extend_from_slice(after(&self.code, end));
                self.code.truncate(end);
                continue;
            }
            if t == b'(' && words == 1 && redirs.is_empty() && assigns.is_empty() {
                return self.function(n);
            }
            if t != tok::WORD {
                break;
            }
            if words == 0 && self.alias() {
                continue;
            }
            let name = assignment(&self.word);
            if words == 0 && name > 0 {
                self.emit(tree::ASSIGN);
                assigns.extend_from_slice(after(&self.code, end));
                self.code.truncate(end);
            } else {
                if names {
                    declares = index(b"export\0readonly\0local\0alias", &self.word).is_some();
                    names = eq(&self.word, b"command");
                }
                if declares && name > 0 {
                    self.emit(tree::AWORD);
                } else {
                    self.emit_word();
                }
                words += 1;
                self.assign = declares;
            }
            self.eat();
        }
        self.code.extend_from_slice(&redirs);
        self.code.extend_from_slice(&assigns);
        self.code.push(0);
        self.set(n + 10, if self.pure { tree::PURE } else { 0 });
        self.pure &= outer;
        self.assign = true;
        self.end(n)
    }

    /// Turns the simple command `n`, of which one word and `(` have been read, into a function.
    pub(crate) fn function(&mut self, n: usize) {
        self.eat();
        self.need(b')');
        let name = self.code.split_off(n + 11);
        let name = part(&name, 1, name.len().saturating_sub(1));
        if name.iter().any(|&c| c <= tree::TILDE) {
            self.error(c"bad function name", b"");
        }
        self.code.extend_from_slice(name);
        self.code.push(0);
        self.set(n, tree::FUNCTION);
        self.function_body(n)
    }
}
