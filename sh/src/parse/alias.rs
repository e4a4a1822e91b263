//! Aliases (POSIX 2.3.1): a word is replaced in the text, which is read again.

use crate::parse::parser::Parser;
use crate::parse::token::tok;
use crate::words::is_reserved;

impl Parser<'_, '_> {
    /// Replaces the current word if it is an alias; the next token is read again then.
    pub(crate) fn alias(&mut self) -> bool {
        if self.sh.aliases.is_empty() || self.token() != tok::WORD || self.quoted {
            return false;
        }
        let at = self.at;
        let again = at >= self.blank;
        if again {
            self.blank = usize::MAX;
        } else if is_reserved(&self.word) {
            return false;
        }
        self.active.retain(|a| a.1 > at);
        if self.active.iter().any(|a| a.0 == self.word) {
            return false;
        }
        let Some(value) = self.sh.aliases.get(&self.word) else { return false };
        let value = value.clone();
        let name = self.word.clone();
        let (old, end) = (self.src.pos, at + value.len());
        self.replace(at, old, &value);
        self.active.push((name, end));
        if value.ends_with(b" ") || value.ends_with(b"\t") {
            self.blank = end;
        } else if again {
            self.blank = at;
        } else if self.blank != usize::MAX {
            // It ends an alias around this one.
            self.blank = self.blank + end - old;
        }
        self.src.pos = at;
        self.peeked = false;
        true
    }
}
