//! Tokens, and words in the encoding of `tree`.

use crate::feature::BASH;
use crate::parse::parser::Parser;
use crate::parse::token::{ctx, tok, OPERATORS};
use crate::parse::tree::{END, ESC, QUOTE, READ, TILDE, WRITE};
use crate::words::{assignment, login_char, name_len};
use sys::zstr::cut;
use util::text::part;

impl Parser<'_, '_> {
    /// The byte `n` behind the current one, read if need be; 0 at the end.
    #[inline(always)]
    pub(crate) fn raw(&mut self, n: usize) -> u8 {
        self.raw_wide(n) as u8
    }

    // Bytes come back as words, since the compiler sees what these hold and masks a byte once more.
    #[inline(never)]
    fn raw_wide(&mut self, n: usize) -> u32 {
        match self.src.text.get(self.src.pos + n) {
            Some(&c) => c as u32,
            None => self.raw_more(n),
        }
    }

    #[inline(never)]
    fn raw_more(&mut self, n: usize) -> u32 {
        loop {
            if let Some(&c) = self.src.text.get(self.src.pos + n) {
                return c as u32;
            }
            if self.failed || !self.src.more(self.sh) {
                return 0;
            }
        }
    }

    /// The current byte.
    #[inline(always)]
    pub(crate) fn here(&mut self) -> u8 {
        self.here_wide() as u8
    }

    #[inline(never)]
    fn here_wide(&mut self) -> u32 {
        self.raw_wide(0)
    }

    /// Takes the current byte.
    #[inline(always)]
    pub(crate) fn bump(&mut self) -> u8 {
        self.bump_wide() as u8
    }

    #[inline(never)]
    fn bump_wide(&mut self) -> u32 {
        let c = self.here_wide();
        self.pass();
        c
    }

    /// Is this the current byte? Then it is passed over.
    #[inline(never)]
    pub(crate) fn accept(&mut self, c: u8) -> bool {
        let is = self.here() == c;
        if is {
            self.pass();
        }
        is
    }

    /// Passes over the current byte.
    #[inline(never)]
    pub(crate) fn pass(&mut self) {
        self.src.pos += 1;
    }

    /// The current byte behind any line continuation.
    #[inline(always)]
    pub(crate) fn ch(&mut self) -> u8 {
        self.ch_wide() as u8
    }

    /// Passes over the current byte; as [`Parser::ch`] then.
    #[inline(always)]
    pub(crate) fn next_ch(&mut self) -> u8 {
        self.next_ch_wide() as u8
    }

    #[inline(never)]
    fn next_ch_wide(&mut self) -> u32 {
        self.pass();
        self.ch_wide()
    }

    #[inline(never)]
    fn ch_wide(&mut self) -> u32 {
        loop {
            let c = self.here();
            if c != b'\\' || self.raw(1) != b'\n' {
                return c as u32;
            }
            self.src.pos += 2;
        }
    }

    /// The current token; stays until [`Parser::eat`].
    #[inline(always)]
    pub(crate) fn token(&mut self) -> u8 {
        self.token_wide() as u8
    }

    #[inline(never)]
    fn token_wide(&mut self) -> u32 {
        let mut blank = false;
        while !self.peeked {
            loop {
                match self.ch() {
                    b' ' | b'\t' => self.pass(),
                    b'#' => {
                        while !matches!(self.here(), 0 | b'\n') {
                            self.pass();
                        }
                    }
                    _ => break,
                }
            }
            self.at = self.src.pos;
            let t = self.lex();
            self.tok = if self.failed { tok::EOF } else { t };
            self.peeked = true;
            if !self.src.active.is_empty() {
                blank |= self.leave_values();
            }
            blank = blank && self.tok == tok::WORD && self.substitute();
        }
        self.tok as u32
    }

    /// Is the current token `t`? Then it is consumed.
    #[inline(never)]
    pub(crate) fn take(&mut self, t: u8) -> bool {
        let is = self.token() == t;
        if is {
            self.eat();
        }
        is
    }

    #[inline(never)]
    pub(crate) fn eat(&mut self) {
        self.peeked = false;
        self.last = self.src.pos;
    }

    pub(crate) fn lex(&mut self) -> u8 {
        self.word.clear();
        self.quoted = false;
        let c = self.ch();
        if c == 0 {
            return tok::EOF;
        }
        if c == b'\n' {
            self.pass();
            self.here_docs();
            return c;
        }
        if util::text::has(b";&|()<>", c) && !self.process_place(c) {
            return self.operator();
        }
        self.text(ctx::WORD);
        let number = match &self.word[..] {
            _ if self.quoted => false,
            [b'{', name @ .., b'}'] => !name.is_empty() && name_len(name) == name.len(),
            word => word.iter().all(u8::is_ascii_digit),
        };
        if number && matches!(self.here(), b'<' | b'>') {
            tok::IO
        } else {
            tok::WORD
        }
    }

    /// Does a process substitution start here, with `c`?
    fn process_place(&mut self, c: u8) -> bool {
        BASH && matches!(c, b'<' | b'>') && self.raw(1) == b'('
    }

    pub(crate) fn operator(&mut self) -> u8 {
        let start = self.src.pos;
        let mut rest = OPERATORS;
        while let Some((&t, text)) = cut(&mut rest, b' ').split_last() {
            if text.iter().all(|&c| {
                let same = self.ch() == c;
                self.pass();
                same
            }) {
                return t;
            }
            self.src.pos = start;
        }
        0
    }

    pub(crate) fn lit(&mut self, c: u8) {
        if c <= WRITE {
            self.word.push(ESC);
        }
        self.word.push(c);
    }

    #[inline(always)]
    pub(crate) fn quoted_lit(&mut self, c: u8) {
        self.word.push(ESC);
        self.word.push(c);
    }

    /// Reads text up to where `ctx` ends it; the ending byte stays.
    pub(crate) fn text(&mut self, ctx: u32) {
        if !self.check_depth() {
            return;
        }
        let start = self.word.len();
        let mut parens = 0;
        let quotes = ctx & ctx::PLAIN == 0;
        loop {
            let c = match self.src.text.get(self.src.pos) {
                Some(&c) => c,
                None => self.here(),
            };
            match c {
                0 => return,
                b'\\' => self.backslash(ctx, quotes),
                b'\'' if !quotes => {
                    self.quoted = true;
                    self.word.push(QUOTE);
                    loop {
                        self.pass();
                        match self.here() {
                            0 => return self.unterminated(b"'"),
                            b'\'' => break,
                            c => self.lit(c),
                        }
                    }
                    self.word.push(QUOTE);
                    self.pass();
                }
                b'"' if ctx == ctx::QUOTES => return,
                b'"' if ctx != ctx::HERE => {
                    self.pass();
                    if !quotes {
                        self.quoted = true;
                        self.word.push(QUOTE);
                        self.text(ctx::QUOTES);
                        if !self.accept(b'"') {
                            return self.unterminated(b"\"");
                        }
                        self.word.push(QUOTE);
                    } else if ctx == ctx::BRACE_QUOTES {
                        // All of it is quoted anyway; but a brace in there ends nothing.
                        self.text(ctx::QUOTES);
                        self.accept(b'"');
                    }
                }
                b'$' => self.expansion(quotes),
                b'`' => self.backquote(quotes),
                b'}' if ctx & (ctx::BRACE | ctx::BRACE_QUOTES | ctx::SLASH | ctx::COLON) != 0 => {
                    return;
                }
                b'/' if ctx == ctx::SLASH && self.word.len() > start => return,
                b':' if ctx == ctx::COLON && parens == 0 => return,
                b'?' if ctx == ctx::COLON => {
                    parens += 1;
                    self.copy(c);
                }
                b':' if ctx == ctx::COLON => {
                    parens -= 1;
                    self.copy(c);
                }
                b'(' if ctx & (ctx::ARITH | ctx::COLON | ctx::REGEX) != 0 => {
                    parens += 1;
                    self.copy(c);
                }
                b')' if ctx & (ctx::ARITH | ctx::COLON | ctx::REGEX) != 0 => {
                    if parens == 0 {
                        return;
                    }
                    parens -= 1;
                    self.copy(c);
                }
                b' ' | b'\t' | b'\n' if ctx == ctx::REGEX && parens > 0 => self.copy(c),
                b' ' | b'\t' | b'\n' if ctx & (ctx::WORD | ctx::REGEX) != 0 => return,
                b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' if ctx == ctx::WORD => {
                    if !self.process_place(c) {
                        return;
                    }
                    self.src.pos += 2;
                    self.substitution(if c == b'<' { READ } else { WRITE }, b')');
                }
                // No operator of arithmetic; between the parts of `for ((…))`.
                b';' if ctx == ctx::ARITH => return,
                b'~' if !quotes && self.tilde_place(start, ctx) => {
                    self.tilde(ctx & (ctx::BRACE | ctx::SLASH) != 0)
                }
                b'\n' if ctx == ctx::HERE => {
                    self.copy(c);
                    return;
                }
                _ => self.copy(c),
            }
        }
    }

    pub(crate) fn copy(&mut self, c: u8) {
        self.lit(c);
        self.src.pos += 1;
    }

    pub(crate) fn backslash(&mut self, ctx: u32, quotes: bool) {
        let c = self.raw(1);
        self.pass();
        if c == b'\n' {
            self.pass();
            return;
        }
        let special = match c {
            b'$' | b'`' | b'\\' => true,
            b'"' => ctx != ctx::HERE,
            b'}' => ctx == ctx::BRACE_QUOTES,
            _ => false,
        };
        if c == 0 || quotes && !special {
            self.quoted_lit(b'\\');
        } else {
            self.quoted = true;
            self.quoted_lit(c);
            self.pass();
        }
    }

    /// May a tilde prefix stand here?
    pub(crate) fn tilde_place(&self, start: usize, ctx: u32) -> bool {
        match self.word.get(start..) {
            None | Some([]) => true,
            Some(w) => {
                let n = assignment(w);
                ctx == ctx::WORD && self.assign && n > 0 && (w.len() == n + 1 || w.last() == Some(&b':'))
            }
        }
    }

    /// A tilde prefix, if it is one; `inner`: in `${…}`.
    pub(crate) fn tilde(&mut self, inner: bool) {
        let mut n = 1;
        loop {
            let c = self.raw(n);
            if !login_char(c) {
                // A colon ends one in an assignment only.
                let ends: &[u8] = match inner {
                    true => b"/:}",
                    false if self.word.is_empty() => b"/ \t\n;&|()<>",
                    false => b"/: \t\n;&|()<>",
                };
                if c != 0 && !util::text::has(ends, c) {
                    return self.copy(b'~');
                }
                break;
            }
            n += 1;
        }
        self.word.push(TILDE);
        self.word.extend_from_slice(part(&self.src.text, self.src.pos + 1, self.src.pos + n));
        self.word.push(END);
        self.src.pos += n;
    }
}
