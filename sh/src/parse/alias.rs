//! Aliases (POSIX 2.3.1): a word is replaced in the text, which is read again.

use crate::parse::parser::Parser;
use crate::parse::source::Active;
use crate::parse::token::tok;
use crate::words::is_reserved;

impl Parser<'_, '_> {
    /// Where the name of a command may stand: replaces the current word if it is an alias; the next token is read again
    /// then.
    #[inline(never)]
    pub(crate) fn alias(&mut self) -> bool {
        !self.sh.aliases.is_empty()
            && self.token() == tok::WORD
            && !is_reserved(&self.word)
            && self.substitute()
    }

    /// Where a command may start: passes over newlines and replaces aliases.
    #[inline(never)]
    pub(crate) fn start(&mut self) {
        while self.alias() || self.take(b'\n') {}
    }

    /// Notes which values end before the token that was just read. Does it stand right behind one that ends in a blank?
    pub(crate) fn leave_values(&mut self) -> bool {
        let (mut left, mut blank) = (0, false);
        // They nest: the last one ends first.
        for a in self.src.active.iter().rev().take_while(|a| a.end <= self.at) {
            left += 1;
            blank |= a.blank;
        }
        self.src.active.truncate(self.src.active.len() - left);
        blank
    }

    /// Replaces the word that was just read if it is an alias that is not being replaced already.
    #[inline(never)]
    pub(crate) fn substitute(&mut self) -> bool {
        if self.quoted || self.src.active.iter().any(|a| a.name == self.word) {
            return false;
        }
        let Some(value) = self.sh.aliases.get(&self.word) else { return false };
        let value = value.clone();
        let name = core::mem::take(&mut self.word);
        let (at, end) = (self.at, self.src.pos);
        self.replace(at, end, &value);
        let blank = matches!(value.last(), Some(b' ' | b'\t'));
        self.src.active.push(Active { name, end: at + value.len(), blank });
        self.src.pos = at;
        self.peeked = false;
        true
    }
}
