//! Grammar of the compound commands.

use crate::feature::BASH;
use crate::parse::parser::Parser;
use crate::parse::token::{ctx, operator_text, tok};
use crate::parse::tree::{self, redir};
use crate::words::{kw, name_len};
use util::text::eq;

/// The commands that reserved words begin, from `if` on; 0 where none begins.
const OPS: &[u8] = &[
    tree::IF,
    tree::CASE,
    tree::WHILE,
    tree::UNTIL,
    tree::FOR,
    tree::GROUP,
    0,
    tree::CONDITION,
    tree::FUNCTION,
];

impl Parser<'_, '_> {
    pub(crate) fn compound(&mut self, k: u8) {
        let place = (k as usize).wrapping_sub(kw::IF as usize);
        let op = OPS.get(place).copied().unwrap_or(0);
        if op == 0 {
            return self.unexpected();
        }
        let n = self.begin(op);
        self.eat();
        match k {
            kw::IF => self.if_clause(),
            kw::CASE => self.case_clause(),
            kw::FOR => self.for_clause(n),
            kw::OPEN => {
                self.body();
                self.expect(kw::CLOSE);
            }
            kw::TEST if BASH => self.condition(),
            kw::FUNCTION if BASH => {
                self.need_word();
                if self.take(b'(') {
                    self.need(b')');
                }
                return self.function_body(n);
            }
            _ => {
                self.body();
                self.do_group();
            }
        }
        self.redirections(n)
    }

    pub(crate) fn if_clause(&mut self) {
        loop {
            self.body();
            self.expect(kw::THEN);
            self.body();
            if self.take_keyword(kw::ELIF) {
                self.code.push(1);
                continue;
            }
            break;
        }
        if self.take_keyword(kw::ELSE) {
            self.code.push(2);
            self.body();
        } else {
            self.code.push(0);
        }
        self.expect(kw::FI)
    }

    pub(crate) fn do_group(&mut self) {
        self.expect(kw::DO);
        self.body();
        self.expect(kw::DONE)
    }

    /// Clause `n` behind `for`.
    pub(crate) fn for_clause(&mut self, n: usize) {
        if BASH && self.token() == b'(' && self.here() == b'(' {
            return self.count_clause(n);
        }
        if self.token() != tok::WORD || self.quoted || name_len(&self.word) != self.word.len() {
            self.error(c"bad for loop variable", b"");
        }
        self.emit_name();
        self.eat();
        self.newlines();
        if self.take_keyword(kw::IN) {
            while self.token() == tok::WORD {
                self.emit_word();
                self.eat();
            }
            if !self.take(b';') && self.token() != b'\n' {
                return self.unexpected();
            }
            self.code.push(0);
        } else {
            self.take(b';');
            self.code.push(2);
        }
        self.start();
        self.do_group()
    }

    /// `for ((FIRST; CONDITION; STEP))`, at its second parenthesis.
    fn count_clause(&mut self, n: usize) {
        self.word.clear();
        for end in *b";;)" {
            self.pass();
            self.text(ctx::ARITH);
            self.word.push(tree::END);
            if self.here() != end {
                return self.unterminated(b"((");
            }
        }
        self.pass();
        self.code.extend_from_slice(&self.word);
        self.set(n, tree::COUNT);
        self.eat();
        self.need(b')');
        self.take(b';');
        self.start();
        self.do_group()
    }

    pub(crate) fn case_clause(&mut self) {
        self.need_word();
        self.newlines();
        self.expect(kw::IN);
        loop {
            self.newlines();
            let open = self.take(b'(');
            if !open && self.take_keyword(kw::ESAC) {
                break;
            }
            self.code.push(1);
            loop {
                self.code.push(tree::WORD);
                self.need_word();
                if !self.take(b'|') {
                    break;
                }
            }
            self.code.push(0);
            self.need(b')');
            self.list(false);
            let t = self.token();
            let end = matches!(t, tok::CASE_END | tok::CASE_FALL) || BASH && t == tok::CASE_NEXT;
            self.code.push(if end { t } else { tok::CASE_END });
            if end {
                self.eat();
                continue;
            }
            self.expect(kw::ESAC);
            break;
        }
        self.code.push(0);
    }

    /// `[[ … ]]`: everything up to `]]` as words; operators are words that start with QUOTE QUOTE-free text.
    pub(crate) fn condition(&mut self) {
        self.assign = false;
        let mut regex = false;
        loop {
            let t = if regex {
                while matches!(self.ch(), b' ' | b'\t') {
                    self.pass();
                }
                self.word.clear();
                self.at = self.src.pos;
                self.text(ctx::REGEX);
                tok::WORD
            } else {
                self.token()
            };
            regex = false;
            match t {
                tok::WORD | tok::IO => {
                    if !self.quoted && eq(&self.word, b"]]") {
                        break;
                    }
                    regex = !self.quoted && eq(&self.word, b"=~");
                    self.emit(tree::WORD);
                }
                b'\n' => {}
                b'(' | b')' | b'<' | b'>' | tok::AND | tok::OR | redir::IN | redir::OUT => {
                    self.code.push(tree::AWORD);
                    self.code.extend_from_slice(operator_text(t));
                    self.code.push(0);
                }
                _ => return self.unexpected(),
            }
            self.eat();
        }
        self.code.push(0);
        self.assign = true;
        self.eat();
    }

    /// Function `n`'s body, behind the parentheses.
    pub(crate) fn function_body(&mut self, n: usize) {
        self.assign = true;
        self.start();
        match self.token() {
            b'(' => {}
            tok::WORD if matches!(self.keyword(), kw::IF..=kw::TEST) => {}
            _ => return self.unexpected(),
        }
        self.command();
        self.end(n)
    }
}
