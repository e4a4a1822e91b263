//! What begins with a dollar sign or a backquote.

use crate::feature::BASH;
use crate::parse::parser::Parser;
use crate::parse::token::ctx;
use crate::parse::tree::{op, push_u24, ARITH, CMD, END, LAST, QUOTE, VAR};
use crate::words::{name_char, name_start};
use sys::{num, Buf, ToBuf};
use util::text::escape::letter;
use util::text::quote::quote_always;

impl Parser<'_, '_> {
    pub(crate) fn expansion(&mut self, quotes: bool) {
        match self.next_ch() {
            b'(' => {
                if self.next_ch() == b'(' && self.arith(ARITH) {
                    return;
                }
                self.substitution(CMD, b')')
            }
            0 if self.src.pos < self.src.text.len() => {
                self.pass();
                self.substitution(CMD, 0)
            }
            b'{' => {
                self.pass();
                self.braces(quotes)
            }
            b'[' if !BASH => self.error(c"unexpected \"$[\"", b""),
            b'[' => {
                // `$((…))` as it was before POSIX: it is turned into that.
                let at = self.src.pos;
                let mut body: Buf = b"((".buf();
                let mut n = 1;
                while self.raw(n) != b']' {
                    if self.raw(n) == 0 {
                        return self.unterminated(b"[");
                    }
                    body.push(self.raw(n));
                    n += 1;
                }
                body.extend_from_slice(b"))");
                self.replace(at, at + n + 1, &body);
                self.src.pos = at - 1;
                self.expansion(quotes)
            }
            b'\'' if !quotes => self.ansi_quotes(),
            b'"' if !quotes => {}
            _ => {
                let n = self.parameter();
                if n == 0 {
                    self.lit(b'$');
                }
            }
        }
    }

    /// Appends VAR, no operator, the name at this place and `=`; the length of the name, 0 if there is none.
    pub(crate) fn parameter(&mut self) -> usize {
        let c = self.ch();
        let at = self.word.len();
        self.word.extend_from_slice(&[VAR, op::NONE]);
        if name_start(c) {
            self.copy_while(name_char);
            if let [.., op::NONE, name @ b'_'] = &mut self.word[..] {
                *name = LAST;
            }
            if self.word.ends_with(b"\0BASHPID") {
                self.sh.vars.intern(b"BASHPID"); // which subshells look for
            }
        } else if c.is_ascii_digit() || util::text::has(b"@*#?-$!", c) && c != 0 {
            self.word.push(c);
            self.pass();
        } else {
            self.word.truncate(at);
            return 0;
        }
        self.word.push(b'=');
        self.word.len() - at - 3
    }

    /// Appends the bytes that are so.
    #[inline(never)]
    fn copy_while(&mut self, so: fn(u8) -> bool) {
        while so(self.ch()) {
            let c = self.bump();
            self.word.push(c);
        }
    }

    /// Behind `${`.
    pub(crate) fn braces(&mut self, quotes: bool) {
        let at = self.word.len();
        let before = self.ch();
        let mut prefixed = before == b'#' || BASH && before == b'!';
        if prefixed {
            let here = self.src.pos;
            let next = self.next_ch();
            // `${#}`, `${#-x}` and `${#%x}` are about the number of arguments; `${!}` and `${!-x}` likewise.
            prefixed = name_char(next)
                || before == b'!' && util::text::has(b"@*", next)
                || util::text::has(b"@*?-$!#", next) && self.raw(1) == b'}';
            if !prefixed {
                self.src.pos = here;
            }
        }
        let length = prefixed && before == b'#';
        let n = self.parameter();
        if n > 0 && self.word.get(at + 2).is_some_and(u8::is_ascii_digit) {
            self.word.pop();
            self.copy_while(|c| c.is_ascii_digit());
            self.word.push(b'=');
        }
        let mut o = op::NONE;
        let c = if n == 0 { 0 } else { self.ch() };
        if length {
            o = if c == b'}' { op::LENGTH } else { op::BAD };
        } else if BASH && prefixed && n > 0 && matches!(c, b'*' | b'@') && self.raw(1) == b'}' {
            self.pass();
            o = op::NAMES | if c == b'@' { op::SECOND } else { 0 };
        } else if c != b'}' {
            o = self.operator_of(c);
        }
        if BASH && prefixed && !length && o != op::BAD && o & !op::SECOND != op::NAMES {
            o |= op::INDIRECT;
        }
        if n == 0 {
            self.word.extend_from_slice(&[VAR, op::BAD, b'=']);
            o = op::BAD;
        }
        let inner = if quotes { ctx::BRACE_QUOTES } else { ctx::BRACE };
        match o & 15 {
            op::NONE | op::LENGTH => {}
            op::BAD => {
                // Reported when it is expanded; here only its end is looked for.
                let keep = self.word.len();
                self.text(inner);
                self.word.truncate(keep);
            }
            op::SUBSTRING if BASH => {
                self.text(ctx::COLON);
                self.word.push(END);
                if self.accept(b':') {
                    o |= op::SECOND;
                    self.text(ctx::COLON);
                }
                self.word.push(END);
            }
            x if BASH && x >= op::REPLACE => {
                self.text(ctx::SLASH);
                self.word.push(END);
                if self.accept(b'/') {
                    self.text(ctx::BRACE);
                }
                self.word.push(END);
            }
            x => {
                self.text(if x >= op::PREFIX { ctx::BRACE } else { inner });
                self.word.push(END);
            }
        }
        if let Some(slot) = self.word.get_mut(at + 1) {
            *slot = o;
        }
        if matches!(o & 15, op::ASSIGN | op::ERROR | op::SUBSTRING | op::BAD) {
            self.pure = false;
        }
        if !self.accept(b'}') {
            self.unterminated(b"}");
        }
    }

    /// The operator that starts with `c`, passed over.
    #[inline(never)]
    pub(crate) fn operator_of(&mut self, c: u8) -> u8 {
        let value = |c| b"-=?+".iter().position(|&x| x == c).map(|i| i as u8 + op::MINUS);
        let next = self.next_ch();
        let twice = next == c;
        let o = match c {
            b':' => match value(next) {
                Some(o) => {
                    self.pass();
                    return o | op::COLON;
                }
                None => return if BASH { op::SUBSTRING } else { op::BAD },
            },
            b'#' => op::PREFIX,
            b'%' => op::SUFFIX,
            b'^' if BASH => op::UPPER,
            b',' if BASH => op::LOWER,
            b'@' if BASH => {
                self.pass();
                return if next == b'Q' { op::QUOTED } else { op::BAD | op::COLON };
            }
            b'/' if BASH && (next == b'#' || next == b'%') => {
                self.pass();
                return op::REPLACE + if next == b'#' { 2 } else { 3 };
            }
            b'/' if BASH => op::REPLACE,
            _ => {
                let o = value(c).unwrap_or(op::BAD);
                if o == op::BAD {
                    self.src.pos -= 1;
                }
                return o;
            }
        };
        if twice {
            self.pass();
        }
        o + twice as u8
    }

    /// At the second `(` of `((`: reads the expression and `))` into the word, behind `mark`. False, and
    /// nothing has happened, if it does not end so: it is a subshell in parentheses then.
    pub(crate) fn arith(&mut self, mark: u8) -> bool {
        if self.open_end || self.no_arith.contains(&self.src.pos) {
            return false;
        }
        let (pos, len, docs) = (self.src.pos, self.word.len(), self.pending.len());
        self.pass();
        self.word.push(mark);
        self.text(ctx::ARITH);
        self.word.push(END);
        // If this goes on to the end of the text, so does every other: they are not tried, which would
        // take forever.
        self.open_end = self.here() == 0;
        if self.accept(b')') && self.ch() == b')' {
            self.pass();
            self.pure = false;
            return true;
        }
        // Nested ones would be tried twice at each level: it is told for the next time.
        self.no_arith.push(pos);
        self.src.pos = pos;
        self.word.truncate(len);
        self.pending.truncate(docs);
        false
    }

    /// Behind `$(` (`close` is `)`), or in what backquotes were made into (`close` is 0): reads the list into
    /// the word, behind `mark`.
    pub(crate) fn substitution(&mut self, mark: u8, close: u8) {
        self.pure = false;
        let outer = (
            core::mem::take(&mut self.code),
            core::mem::take(&mut self.word),
            self.at,
            self.quoted,
            self.assign,
            core::mem::replace(&mut self.held, self.pending.len()),
        );
        let from = self.src.pos;
        loop {
            self.peeked = false;
            self.assign = true;
            self.list(false);
            if self.token() != close {
                self.unexpected();
            }
            if !self.is_put_off(from) {
                break;
            }
        }
        if close == 0 {
            if self.src.pos >= self.src.text.len() {
                self.unterminated(b"`");
            }
            self.pass();
        }
        self.peeked = false;
        let inner = core::mem::replace(&mut self.code, outer.0);
        (self.word, self.at, self.quoted, self.assign, self.held) =
            (outer.1, outer.2, outer.3, outer.4, outer.5);
        self.word.push(mark);
        self.check_length(inner.len());
        push_u24(&mut self.word, inner.len());
        self.word.extend_from_slice(&inner);
    }

    /// Does the list that was read from `from` on set aliases? They count from its next line on: it is made `eval TEXT`,
    /// to be read again.
    fn is_put_off(&mut self, from: usize) -> bool {
        let Some(text) = self.src.text.get(from..self.at) else { return false };
        if util::text::find(&self.code, b"\x01alias\0").is_none() || util::text::has(text, 0) {
            return false;
        }
        let mut eval: Buf = b"eval ".buf();
        quote_always(text, &mut eval);
        self.replace(from, self.at, &eval);
        self.code.clear();
        self.src.pos = from;
        true
    }

    /// Turns the text in backquotes into `$NUL…NUL` and goes on with that; so does who reads it once more.
    pub(crate) fn backquote(&mut self, quotes: bool) {
        let start = self.src.pos;
        let mut body: Buf = b"$\0".buf();
        let mut n = 1;
        loop {
            let mut c = self.raw(n);
            match c {
                0 => return self.unterminated(b"`"),
                b'`' => break,
                b'\\' => {
                    let next = self.raw(n + 1);
                    if matches!(next, b'$' | b'`' | b'\\') || next == b'"' && quotes {
                        c = next;
                        n += 1;
                    }
                }
                _ => {}
            }
            body.push(c);
            n += 1;
        }
        body.push(0);
        self.replace(start, start + n + 1, &body);
        self.src.pos = start;
        self.expansion(quotes)
    }

    /// Replaces source text and keeps the ends of the aliases in it.
    pub(crate) fn replace(&mut self, start: usize, end: usize, with: &[u8]) {
        self.src.text.replace(start, end - start, with);
        self.no_arith.clear();
        for a in self.src.active.iter_mut().filter(|a| a.end > start) {
            a.end = a.end.max(end) + with.len() - (end - start);
        }
    }

    /// At the quote of `$'…'`.
    pub(crate) fn ansi_quotes(&mut self) {
        self.quoted = true;
        self.word.push(QUOTE);
        self.pass();
        loop {
            let mut c = self.bump();
            match c {
                0 => return self.unterminated(b"'"),
                b'\'' => break,
                b'\\' => {
                    c = self.bump();
                    match c {
                        b'c' => {
                            c = self.bump();
                            // A backslash is written twice here, too.
                            self.src.pos += (c == b'\\') as usize;
                            c = c.to_ascii_uppercase() ^ 64;
                        }
                        b'x' => c = self.number(16, 2) as u8,
                        b'0'..=b'7' => {
                            self.src.pos -= 1;
                            c = self.number(8, 3) as u8;
                        }
                        b'u' => {
                            self.utf8(4);
                            continue;
                        }
                        b'U' => {
                            self.utf8(8);
                            continue;
                        }
                        b'\'' | b'"' | b'?' => {}
                        _ => match letter(c) {
                            Some(byte) => c = byte,
                            None => self.lit(b'\\'),
                        },
                    }
                    if c == 0 {
                        continue;
                    }
                }
                _ => {}
            }
            self.lit(c);
        }
        self.word.push(QUOTE);
    }

    pub(crate) fn number(&mut self, base: u32, most: usize) -> u32 {
        let mut n = 0;
        for _ in 0..most {
            let d = num::digit(self.here());
            if d >= base {
                break;
            }
            n = n * base + d;
            self.pass();
        }
        n
    }

    pub(crate) fn utf8(&mut self, most: usize) {
        let n = self.number(16, most);
        let mut b = [0; 4];
        let c = char::from_u32(n).unwrap_or('\u{fffd}');
        for &c in c.encode_utf8(&mut b).as_bytes() {
            self.lit(c);
        }
    }
}
