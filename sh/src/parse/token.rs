//! Tokens, and what words are read for.

use crate::feature::BASH;
use crate::parse::tree::redir;
use sys::zstr::cut;

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
    /// `|&`.
    pub(crate) const PIPE_BOTH: u8 = 8;
}

/// All operators, longest first among those with the same start: text, token, blank.
pub(crate) const OPERATORS: &[u8] = b"\
;;&\x05 ;;\x03 ;&\x04 ;; \
&>>\x1b &>\x1a &&\x06 && \
||\x07 |&\x08 || (( )) \
<<-\x14 <<<\x15 <<\x13 <&\x16 <>\x18 <\x10 \
>>\x12 >&\x17 >|\x19 >\x11";

/// The text of an operator.
pub(crate) fn operator_text(token: u8) -> &'static [u8] {
    let mut rest = OPERATORS;
    while let Some((&t, text)) = cut(&mut rest, b' ').split_last() {
        if t == token {
            return text;
        }
    }
    b""
}

/// What a word is read for: decides where it ends and what quotes mean in it. A bit each.
pub(crate) mod ctx {
    pub(crate) const WORD: u32 = 1;
    /// Operand of `${x-…}`.
    pub(crate) const BRACE: u32 = 2;
    /// First operand of `${x/…/…}`.
    pub(crate) const SLASH: u32 = 4;
    /// Regular expression behind `=~`.
    pub(crate) const REGEX: u32 = 8;
    /// Those in which quotes mean something.
    pub(crate) const PLAIN: u32 = WORD | BRACE | SLASH | REGEX;
    /// Operand of `${x-…}` inside double quotes.
    pub(crate) const BRACE_QUOTES: u32 = 16;
    /// First operand of `${x:…:…}`.
    pub(crate) const COLON: u32 = 32;
    pub(crate) const ARITH: u32 = 64;
    /// Inside double quotes.
    pub(crate) const QUOTES: u32 = 256;
    /// Here-document.
    pub(crate) const HERE: u32 = 128;
}

/// Is this token a redirection?
pub(crate) fn is_redir(t: u8) -> bool {
    matches!(t, redir::IN..=redir::BOTH_APPEND)
        && (BASH || !matches!(t, redir::STRING | redir::BOTH | redir::BOTH_APPEND))
}
