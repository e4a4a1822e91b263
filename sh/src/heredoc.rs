//! Here-documents.

use crate::lexer::Ctx;
use crate::parser::{Parser, Pending};
use crate::tree::END;
use crate::R;

impl Parser<'_, '_> {
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
                b'\\' if quote != b'\'' && self.raw(1) != 0 => {
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
        let found = self.src.pos > start;
        if !found {
            self.token()?;
        }
        Ok(found)
    }

    /// Reads the bodies of the here-documents of the line that just ended.
    pub(crate) fn here_docs(&mut self) -> R {
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

    pub(crate) fn here_doc(&mut self, p: &Pending) -> R {
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
