//! Tokens, and words in the encoding of `tree`.

use crate::parser::{Parser, Pending};
use crate::tree::{op, redir, ARITH, CMD, END, ESC, QUOTE, TILDE, VAR};
use crate::R;
use sys::{num, Buf};

/// Tokens; operators of one character stand for themselves, redirections are those of [`redir`].
pub(crate) mod tok {
    pub(crate) const EOF: u8 = 0;
    pub(crate) const WORD: u8 = 1;
    /// The number in front of a redirection.
    pub(crate) const IO: u8 = 2;
    pub(crate) const CASE_END: u8 = 3;
    pub(crate) const CASE_FALL: u8 = 4;
    pub(crate) const CASE_NEXT: u8 = 5;
    pub(crate) const AND: u8 = 6;
    pub(crate) const OR: u8 = 7;
}

/// All operators, longest first among those with the same start: text, token.
const OPERATORS: &[u8] = b"\
3;;&\x052;;\x032;&\x041;;\
3&>>\x1b2&>\x1a2&&\x061&&\
2||\x071||\
1((1))\
3<<-\x143<<<\x152<<\x132<&\x162<>\x181<\x10\
2>>\x122>&\x172>|\x191>\x11";

/// What a word is read for: decides where it ends and what quotes mean in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ctx {
    Word,
    /// Inside double quotes.
    Quotes,
    /// Operand of `${x-…}`.
    Brace,
    /// The same inside double quotes.
    BraceQuotes,
    /// First operand of `${x/…/…}`.
    Slash,
    /// First operand of `${x:…:…}`.
    Colon,
    Arith,
    /// Here-document.
    Here,
    /// Regular expression behind `=~`.
    Regex,
}

pub(crate) fn name_start(c: u8) -> bool {
    c.is_ascii_alphabetic() || c == b'_'
}

pub(crate) fn name_char(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_'
}

/// Length of the name at the start of `s`.
#[inline(never)]
pub(crate) fn name_len(s: &[u8]) -> usize {
    match s.first() {
        Some(&c) if name_start(c) => s.iter().position(|&c| !name_char(c)).unwrap_or(s.len()),
        _ => 0,
    }
}

/// Is `s` `NAME=…` (or `NAME+=…`)? The length of the name then, else 0.
pub(crate) fn assignment(s: &[u8]) -> usize {
    let n = name_len(s);
    if n > 0 && s.get(n) == Some(&b'=') {
        n
    } else {
        0
    }
}

impl Parser<'_, '_> {
    /// The byte `n` behind the current one, read if need be; 0 at the end.
    #[inline(never)]
    pub(crate) fn raw(&mut self, n: usize) -> u8 {
        match self.src.text.get(self.src.pos + n) {
            Some(&c) => c,
            None => self.raw_more(n),
        }
    }

    #[inline(never)]
    fn raw_more(&mut self, n: usize) -> u8 {
        loop {
            if let Some(&c) = self.src.text.get(self.src.pos + n) {
                return c;
            }
            if !self.src.more(self.sh) {
                return 0;
            }
        }
    }

    /// The current byte behind any line continuation.
    #[inline(never)]
    pub(crate) fn ch(&mut self) -> u8 {
        loop {
            let c = self.raw(0);
            if c != b'\\' || self.raw(1) != b'\n' {
                return c;
            }
            self.src.pos += 2;
        }
    }

    /// The current token; stays until [`Parser::eat`].
    pub(crate) fn token(&mut self) -> R<u8> {
        if !self.peeked {
            loop {
                match self.ch() {
                    b' ' | b'\t' => self.src.pos += 1,
                    b'#' => {
                        while !matches!(self.raw(0), 0 | b'\n') {
                            self.src.pos += 1;
                        }
                    }
                    _ => break,
                }
            }
            self.at = self.src.pos;
            self.tok = self.lex()?;
            self.peeked = true;
        }
        Ok(self.tok)
    }

    /// Is the current token `t`? Then it is consumed.
    pub(crate) fn take(&mut self, t: u8) -> R<bool> {
        let is = self.token()? == t;
        if is {
            self.eat();
        }
        Ok(is)
    }

    pub(crate) fn eat(&mut self) {
        self.peeked = false;
        self.last = self.src.pos;
    }

    fn lex(&mut self) -> R<u8> {
        self.word.clear();
        self.quoted = false;
        let c = self.ch();
        if c == 0 {
            return Ok(tok::EOF);
        }
        if c == b'\n' {
            self.src.pos += 1;
            self.here_docs()?;
            return Ok(c);
        }
        if b";&|()<>".contains(&c) {
            return Ok(self.operator());
        }
        self.text(Ctx::Word)?;
        let c = self.raw(0);
        let number = !self.quoted && self.word.iter().all(u8::is_ascii_digit);
        Ok(if number && (c == b'<' || c == b'>') { tok::IO } else { tok::WORD })
    }

    fn operator(&mut self) -> u8 {
        let mut rest = OPERATORS;
        while let [n, tail @ ..] = rest {
            let n = (*n - b'0') as usize;
            let (text, tail) = tail.split_at(n);
            let (&t, tail) = tail.split_first().unwrap_or((&0, &[]));
            let start = self.src.pos;
            if text.iter().all(|&c| {
                let same = self.ch() == c;
                self.src.pos += 1;
                same
            }) {
                return t;
            }
            self.src.pos = start;
            rest = tail;
        }
        0
    }

    fn lit(&mut self, c: u8) {
        if c <= TILDE {
            self.word.push(ESC);
        }
        self.word.push(c);
    }

    fn quoted_lit(&mut self, c: u8) {
        self.word.push(ESC);
        self.word.push(c);
    }

    /// Reads text up to where `ctx` ends it; the ending byte stays.
    pub(crate) fn text(&mut self, ctx: Ctx) -> R {
        self.sh.deep()?;
        let start = self.word.len();
        let mut parens = 0;
        let quotes = !matches!(ctx, Ctx::Word | Ctx::Brace | Ctx::Slash | Ctx::Regex);
        loop {
            let c = match self.src.text.get(self.src.pos) {
                Some(&c) => c,
                None => self.raw(0),
            };
            match c {
                0 => return Ok(()),
                b'\\' => self.backslash(ctx, quotes),
                b'\'' if !quotes => {
                    self.quoted = true;
                    self.word.push(QUOTE);
                    loop {
                        self.src.pos += 1;
                        match self.raw(0) {
                            0 => return self.unterminated(b"'"),
                            b'\'' => break,
                            c => self.lit(c),
                        }
                    }
                    self.word.push(QUOTE);
                    self.src.pos += 1;
                }
                b'"' if ctx == Ctx::Quotes => return Ok(()),
                b'"' if ctx != Ctx::Here => {
                    self.src.pos += 1;
                    if !quotes {
                        self.quoted = true;
                        self.word.push(QUOTE);
                        self.text(Ctx::Quotes)?;
                        if self.raw(0) != b'"' {
                            return self.unterminated(b"\"");
                        }
                        self.src.pos += 1;
                        self.word.push(QUOTE);
                    } else if ctx == Ctx::BraceQuotes {
                        // All of it is quoted anyway; but a brace in there ends nothing.
                        self.text(Ctx::Quotes)?;
                        self.src.pos += (self.raw(0) == b'"') as usize;
                    }
                }
                b'$' => self.dollar(quotes)?,
                b'`' => self.backquote(quotes && ctx != Ctx::Here)?,
                b'}' if matches!(ctx, Ctx::Brace | Ctx::BraceQuotes | Ctx::Slash | Ctx::Colon) => {
                    return Ok(())
                }
                b'/' if ctx == Ctx::Slash && self.word.len() > start => return Ok(()),
                b':' if ctx == Ctx::Colon && parens == 0 => return Ok(()),
                b'?' if ctx == Ctx::Colon => {
                    parens += 1;
                    self.copy(c);
                }
                b':' if ctx == Ctx::Colon => {
                    parens -= 1;
                    self.copy(c);
                }
                b'(' if matches!(ctx, Ctx::Arith | Ctx::Colon | Ctx::Regex) => {
                    parens += 1;
                    self.copy(c);
                }
                b')' if matches!(ctx, Ctx::Arith | Ctx::Colon | Ctx::Regex) => {
                    if parens == 0 {
                        return Ok(());
                    }
                    parens -= 1;
                    self.copy(c);
                }
                b' ' | b'\t' | b'\n' if ctx == Ctx::Regex && parens > 0 => self.copy(c),
                b' ' | b'\t' | b'\n' if matches!(ctx, Ctx::Word | Ctx::Regex) => return Ok(()),
                b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' if ctx == Ctx::Word => return Ok(()),
                b'~' if !quotes && self.tilde_place(start, ctx) => self.tilde(),
                b'\n' if ctx == Ctx::Here => {
                    self.copy(c);
                    return Ok(());
                }
                _ => self.copy(c),
            }
        }
    }

    fn copy(&mut self, c: u8) {
        self.lit(c);
        self.src.pos += 1;
    }

    /// Reads the word behind `<<`: what ends the here-document, without its quotes. Nothing in it is
    /// expanded. False if there is none.
    pub(crate) fn delimiter(&mut self) -> R<bool> {
        self.word.clear();
        self.quoted = false;
        while matches!(self.ch(), b' ' | b'\t') {
            self.src.pos += 1;
        }
        let start = self.src.pos;
        self.at = start;
        let mut quote = 0;
        loop {
            let c = if quote == b'\'' { self.raw(0) } else { self.ch() };
            match c {
                0 if quote != 0 => return self.unterminated(&[quote]),
                0 => break,
                _ if c == quote => quote = 0,
                b'\'' | b'"' if quote == 0 => {
                    quote = c;
                    self.quoted = true;
                }
                b'\\' if quote != b'\'' => {
                    self.quoted = true;
                    self.src.pos += 1;
                    let c = self.raw(0);
                    if quote != 0 && !matches!(c, b'\\' | b'"' | b'$' | b'`') {
                        self.word.push(b'\\');
                    }
                    self.word.push(c);
                }
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' if quote == 0 => break,
                _ => self.word.push(c),
            }
            self.src.pos += 1;
        }
        if self.src.pos == start {
            self.token()?;
        }
        Ok(self.src.pos > start)
    }

    fn backslash(&mut self, ctx: Ctx, quotes: bool) {
        let c = self.raw(1);
        self.src.pos += 1;
        if c == b'\n' {
            self.src.pos += 1;
            return;
        }
        let special = match c {
            b'$' | b'`' | b'\\' => true,
            b'"' => ctx != Ctx::Here,
            b'}' => ctx == Ctx::BraceQuotes,
            _ => false,
        };
        if c == 0 || quotes && !special {
            self.quoted_lit(b'\\');
        } else {
            self.quoted = true;
            self.quoted_lit(c);
            self.src.pos += 1;
        }
    }

    /// May a tilde prefix stand here?
    fn tilde_place(&self, start: usize, ctx: Ctx) -> bool {
        match self.word.get(start..) {
            None | Some([]) => true,
            Some(w) => {
                let n = assignment(w);
                ctx == Ctx::Word && self.assign && n > 0 && (w.len() == n + 1 || w.last() == Some(&b':'))
            }
        }
    }

    fn tilde(&mut self) {
        let mut n = 1;
        loop {
            let c = self.raw(n);
            if !(name_char(c) || c == b'-' || c == b'.') {
                if !matches!(
                    c,
                    0 | b'/'
                        | b' '
                        | b'\t'
                        | b'\n'
                        | b';'
                        | b'&'
                        | b'|'
                        | b'('
                        | b')'
                        | b'<'
                        | b'>'
                        | b':'
                        | b'}'
                ) {
                    return self.copy(b'~');
                }
                break;
            }
            n += 1;
        }
        self.word.push(TILDE);
        let name = self.src.text.get(self.src.pos + 1..self.src.pos + n);
        self.word.extend_from_slice(name.unwrap_or(&[]));
        self.word.push(END);
        self.src.pos += n;
    }

    fn dollar(&mut self, quotes: bool) -> R {
        self.src.pos += 1;
        let c = self.ch();
        match c {
            b'(' => {
                self.src.pos += 1;
                if self.ch() == b'(' && self.arith(ARITH)? {
                    return Ok(());
                }
                self.substitution(b')')
            }
            b'{' => {
                self.src.pos += 1;
                self.braces(quotes)
            }
            b'\'' if !quotes => self.dollar_single(),
            b'"' if !quotes => Ok(()),
            _ => {
                let n = self.parameter();
                if n == 0 {
                    self.lit(b'$');
                }
                Ok(())
            }
        }
    }

    /// Appends VAR, no operator, the name at this place and `=`; the length of the name, 0 if there is none.
    fn parameter(&mut self) -> usize {
        let c = self.ch();
        let at = self.word.len();
        self.word.extend_from_slice(&[VAR, op::NONE]);
        if name_start(c) {
            while name_char(self.ch()) {
                let c = self.raw(0);
                self.word.push(c);
                self.src.pos += 1;
            }
        } else if c.is_ascii_digit() || b"@*#?-$!".contains(&c) && c != 0 {
            self.word.push(c);
            self.src.pos += 1;
        } else {
            self.word.truncate(at);
            return 0;
        }
        self.word.push(b'=');
        self.word.len() - at - 3
    }

    /// Behind `${`.
    fn braces(&mut self, quotes: bool) -> R {
        let at = self.word.len();
        let mut length = false;
        if self.ch() == b'#' {
            let here = self.src.pos;
            self.src.pos += 1;
            let next = self.ch();
            // `${#}`, `${#-x}` and `${#%x}` are about the number of arguments.
            length = name_char(next)
                || b"@*".contains(&next)
                || b"?-$!#".contains(&next) && next != 0 && self.raw(1) == b'}';
            if !length {
                self.src.pos = here;
            }
        }
        let n = self.parameter();
        if n > 0 && self.word.get(at + 2).is_some_and(u8::is_ascii_digit) {
            self.word.pop();
            while self.ch().is_ascii_digit() {
                let c = self.raw(0);
                self.word.push(c);
                self.src.pos += 1;
            }
            self.word.push(b'=');
        }
        let mut o = op::NONE;
        let c = if n == 0 { 0 } else { self.ch() };
        if length {
            o = if c == b'}' { op::LENGTH } else { op::BAD };
        } else if c != b'}' {
            o = self.operator_of(c)?;
        }
        if n == 0 {
            self.word.extend_from_slice(&[VAR, op::BAD, b'=']);
            o = op::BAD;
        }
        let inner = if quotes { Ctx::BraceQuotes } else { Ctx::Brace };
        match o & 15 {
            op::NONE | op::LENGTH => {}
            op::BAD => {
                // Reported when it is expanded; here only its end is looked for.
                let keep = self.word.len();
                self.text(inner)?;
                self.word.truncate(keep);
            }
            op::SUBSTRING => {
                self.text(Ctx::Colon)?;
                self.word.push(END);
                if self.raw(0) == b':' {
                    self.src.pos += 1;
                    o |= op::SECOND;
                    self.text(Ctx::Colon)?;
                }
                self.word.push(END);
            }
            x if x >= op::REPLACE => {
                self.text(Ctx::Slash)?;
                self.word.push(END);
                if self.raw(0) == b'/' {
                    self.src.pos += 1;
                    self.text(Ctx::Brace)?;
                }
                self.word.push(END);
            }
            x => {
                self.text(if x >= op::PREFIX { Ctx::Brace } else { inner })?;
                self.word.push(END);
            }
        }
        if let Some(slot) = self.word.get_mut(at + 1) {
            *slot = o;
        }
        if matches!(o & 15, op::ASSIGN | op::ERROR | op::SUBSTRING | op::BAD) {
            self.pure = false;
        }
        if self.raw(0) != b'}' {
            return self.unterminated(b"}");
        }
        self.src.pos += 1;
        Ok(())
    }

    /// The operator that starts with `c`, passed over.
    fn operator_of(&mut self, c: u8) -> R<u8> {
        let value = |c| b"-=?+".iter().position(|&x| x == c).map(|i| i as u8 + op::MINUS);
        self.src.pos += 1;
        let next = self.ch();
        let twice = next == c;
        let o = match c {
            b':' => match value(next) {
                Some(o) => {
                    self.src.pos += 1;
                    return Ok(o | op::COLON);
                }
                None => return Ok(op::SUBSTRING),
            },
            b'#' => op::PREFIX,
            b'%' => op::SUFFIX,
            b'/' if next == b'#' || next == b'%' => {
                self.src.pos += 1;
                return Ok(op::REPLACE + if next == b'#' { 2 } else { 3 });
            }
            b'/' => op::REPLACE,
            _ => {
                let o = value(c).unwrap_or(op::BAD);
                if o == op::BAD {
                    self.src.pos -= 1;
                }
                return Ok(o);
            }
        };
        if twice {
            self.src.pos += 1;
        }
        Ok(o + twice as u8)
    }

    /// At the second `(` of `((`: reads the expression and `))` into the word, behind `mark`. False, and
    /// nothing has happened, if it does not end so: it is a subshell in parentheses then.
    pub(crate) fn arith(&mut self, mark: u8) -> R<bool> {
        if self.open_end {
            return Ok(false);
        }
        let (pos, len) = (self.src.pos, self.word.len());
        self.src.pos += 1;
        self.word.push(mark);
        self.text(Ctx::Arith)?;
        self.word.push(END);
        // If this goes on to the end of the text, so does every other: they are not tried, which would
        // take forever.
        self.open_end = self.raw(0) == 0;
        if self.raw(0) == b')' {
            self.src.pos += 1;
            if self.ch() == b')' {
                self.src.pos += 1;
                self.pure = false;
                return Ok(true);
            }
        }
        self.src.pos = pos;
        self.word.truncate(len);
        Ok(false)
    }

    /// Behind `$(` (`close` is `)`), or in text that backquotes were made into (`close` is 0).
    fn substitution(&mut self, close: u8) -> R {
        self.pure = false;
        let outer = (
            core::mem::take(&mut self.code),
            core::mem::take(&mut self.word),
            self.at,
            self.quoted,
            self.assign,
        );
        self.peeked = false;
        self.assign = true;
        self.list(false, false)?;
        if self.token()? != close {
            return self.unexpected();
        }
        if close == 0 {
            if self.src.pos >= self.src.text.len() {
                return self.unterminated(b"`");
            }
            self.src.pos += 1;
        }
        self.peeked = false;
        let inner = core::mem::replace(&mut self.code, outer.0);
        (self.word, self.at, self.quoted, self.assign) = (outer.1, outer.2, outer.3, outer.4);
        self.word.push(CMD);
        let n = inner.len();
        self.word.extend_from_slice(&[n as u8, (n >> 8) as u8, (n >> 16) as u8]);
        self.word.extend_from_slice(&inner);
        Ok(())
    }

    /// Turns the text in backquotes into `$(…NUL` and goes on with that.
    fn backquote(&mut self, quotes: bool) -> R {
        let start = self.src.pos;
        let mut body: Buf = b"$(".to_vec();
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
        self.src.pos = start + 2;
        self.substitution(0)
    }

    /// Replaces source text and keeps the ends of the aliases in it.
    pub(crate) fn replace(&mut self, start: usize, end: usize, with: &[u8]) {
        self.src.text.splice(start..end, with.iter().copied());
        for a in self.active.iter_mut().filter(|a| a.1 >= end) {
            a.1 = a.1 + with.len() - (end - start);
        }
    }

    /// At the quote of `$'…'`.
    fn dollar_single(&mut self) -> R {
        self.quoted = true;
        self.word.push(QUOTE);
        self.src.pos += 1;
        loop {
            let mut c = self.raw(0);
            self.src.pos += 1;
            match c {
                0 => return self.unterminated(b"'"),
                b'\'' => break,
                b'\\' => {
                    c = self.raw(0);
                    self.src.pos += 1;
                    match c {
                        b'a' => c = 7,
                        b'b' => c = 8,
                        b'e' | b'E' => c = 27,
                        b'f' => c = 12,
                        b'n' => c = 10,
                        b'r' => c = 13,
                        b't' => c = 9,
                        b'v' => c = 11,
                        b'c' => {
                            c = self.raw(0) & 31;
                            self.src.pos += 1;
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
                        b'\\' | b'\'' | b'"' | b'?' => {}
                        _ => self.lit(b'\\'),
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
        Ok(())
    }

    fn number(&mut self, base: u32, most: usize) -> u32 {
        let mut n = 0;
        for _ in 0..most {
            let d = num::digit(self.raw(0)) as u32;
            if d >= base {
                break;
            }
            n = n * base + d;
            self.src.pos += 1;
        }
        n
    }

    fn utf8(&mut self, most: usize) {
        let n = self.number(16, most);
        let mut b = [0; 4];
        let c = char::from_u32(n).unwrap_or('\u{fffd}');
        for &c in c.encode_utf8(&mut b).as_bytes() {
            self.lit(c);
        }
    }

    /// Reads the bodies of the here-documents of the line that just ended.
    fn here_docs(&mut self) -> R {
        let all = core::mem::take(&mut self.pending);
        let outer = core::mem::take(&mut self.word);
        for p in all {
            self.here_doc(&p)?;
            let (i, n) = (p.number, self.word.len());
            self.docs.extend_from_slice(&[i as u8, (i >> 8) as u8, (i >> 16) as u8]);
            self.docs.extend_from_slice(&[n as u8, (n >> 8) as u8, (n >> 16) as u8]);
            self.docs.extend_from_slice(&self.word);
            self.word.clear();
        }
        self.word = outer;
        Ok(())
    }

    fn here_doc(&mut self, p: &Pending) -> R {
        loop {
            if p.tabs {
                while self.raw(0) == b'\t' {
                    self.src.pos += 1;
                }
            }
            let (mut n, mut k) = (0, 0);
            loop {
                let c = self.raw(n);
                if c == b'\\' && !p.quoted && self.raw(n + 1) == b'\n' {
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
                if self.raw(0) == b'\n' {
                    self.src.pos += 1;
                }
                break;
            }
            if self.raw(0) == 0 {
                break;
            }
            if p.quoted {
                loop {
                    let c = self.raw(0);
                    if c == 0 {
                        break;
                    }
                    self.copy(c);
                    if c == b'\n' {
                        break;
                    }
                }
            } else {
                self.text(Ctx::Here)?;
            }
        }
        self.word.push(END);
        Ok(())
    }
}

/// Is this token a redirection?
pub(crate) fn is_redir(t: u8) -> bool {
    (redir::IN..=redir::BOTH_APPEND).contains(&t)
}
