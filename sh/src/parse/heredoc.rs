//! Grammar of redirections, and here-documents.

use crate::feature::BASH;
use crate::parse::parser::{Parser, Pending};
use crate::parse::token::{ctx, is_redir, tok};
use crate::parse::tree::{self, push_u24, redir, END};
use sys::num;

impl Parser<'_, '_> {
    /// The redirections behind compound command `n`, which go in front of its body.
    pub(crate) fn redirections(&mut self, n: usize) {
        let body = self.code.len();
        while self.redirection() {}
        let moved = self.code.split_off(body);
        let at = n + 10;
        self.code.replace(at, 0, &moved);
        self.end(n)
    }

    /// A redirection, if there is one here.
    pub(crate) fn redirection(&mut self) -> bool {
        let start = self.code.len();
        let mut t = self.token();
        self.code.extend_from_slice(&[tree::REDIR, 0]);
        if t == tok::IO {
            match &self.word[..] {
                [b'{', name @ .., b'}'] if BASH => {
                    self.code.push(redir::NAMED);
                    self.code.extend_from_slice(name);
                    self.code.push(0);
                    self.pure = false;
                }
                word => match num::parse_u32(word) {
                    Some(n) if n < redir::NAMED as u32 => self.code.push(n as u8),
                    _ => self.unexpected(),
                },
            }
            self.eat();
            t = self.token();
        } else {
            self.code.push(redir::USUAL);
        }
        if !is_redir(t) {
            self.code.truncate(start);
            return false;
        }
        self.set(start + 1, t);
        self.eat();
        self.assign = false;
        if t == redir::HERE || t == redir::HERE_TABS {
            if !self.src.active.is_empty() {
                // The delimiter may stand behind an alias that ends in a blank.
                self.token();
                self.src.pos = self.at;
                self.peeked = false;
            }
            self.delimiter();
            let end = self.word.clone();
            push_u24(&mut self.code, self.ndocs);
            self.pending.push(Pending {
                number: self.ndocs,
                end,
                tabs: t == redir::HERE_TABS,
                quoted: self.quoted,
            });
            self.ndocs += 1;
        } else {
            // In `2>&1>file` the second number is a word, in `>1>file` none is.
            let copies = t == redir::DUP_IN || t == redir::DUP_OUT;
            if self.token() != tok::WORD && !(copies && self.tok == tok::IO) {
                self.unexpected();
            }
            self.emit_name();
        }
        self.eat();
        true
    }

    /// Reads the word behind `<<`: what ends the here-document, without its quotes. Nothing in it is
    /// expanded.
    pub(crate) fn delimiter(&mut self) {
        self.word.clear();
        self.quoted = false;
        while matches!(self.ch(), b' ' | b'\t') {
            self.pass();
        }
        let start = self.src.pos;
        self.at = start;
        let mut quote = 0;
        loop {
            let c = if quote == b'\'' { self.here() } else { self.ch() };
            match c {
                0 => {
                    if quote != 0 {
                        self.unterminated(&[quote]);
                    }
                    break;
                }
                _ if c == quote => quote = 0,
                b'\'' | b'"' if quote == 0 => {
                    quote = c;
                    self.quoted = true;
                }
                b'\\' if quote != b'\'' && self.raw(1) != 0 => {
                    self.quoted = true;
                    self.pass();
                    let c = self.here();
                    if quote != 0 && !matches!(c, b'\\' | b'"' | b'$' | b'`') {
                        self.word.push(b'\\');
                    }
                    self.word.push(c);
                }
                b'$' if quote == 0 && self.raw(1) == b'\'' => {}
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' if quote == 0 => break,
                _ => self.word.push(c),
            }
            self.pass();
        }
        if self.src.pos <= start {
            self.token();
            self.unexpected();
        }
    }

    /// Reads the bodies of the here-documents of the line that just ended.
    pub(crate) fn here_docs(&mut self) {
        let outer = core::mem::take(&mut self.word);
        while let Some(p) = self.pending.remove(self.held) {
            self.here_doc(&p);
            push_u24(&mut self.docs, p.number);
            self.check_length(self.word.len());
            push_u24(&mut self.docs, self.word.len());
            self.docs.extend_from_slice(&self.word);
            self.word.clear();
        }
        self.word = outer;
    }

    pub(crate) fn here_doc(&mut self, p: &Pending) {
        loop {
            if p.tabs {
                while self.here() == b'\t' {
                    self.pass();
                }
            }
            let (mut n, mut k) = (0, 0);
            loop {
                let c = self.raw(n);
                // Behind a line that goes on no delimiter begins.
                if c == b'\\' && k > 0 && !p.quoted && self.raw(n + 1) == b'\n' {
                    n += 2;
                } else if p.end.get(k) == Some(&c) {
                    n += 1;
                    k += 1;
                } else {
                    break;
                }
            }
            if k == p.end.len() && matches!(self.raw(n), 0 | b'\n') {
                self.src.pos += n;
                self.accept(b'\n');
                break;
            }
            if self.here() == 0 {
                break;
            }
            if p.quoted {
                loop {
                    let c = self.here();
                    if c == 0 {
                        break;
                    }
                    self.copy(c);
                    if c == b'\n' {
                        break;
                    }
                }
            } else {
                self.text(ctx::HERE);
            }
        }
        self.word.push(END);
    }
}
