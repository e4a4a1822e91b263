//! The words that mean something to the shell: names, reserved words, the names of builtins.

use crate::feature::{bash, edit, jobs, BASH};
use sys::Buf;
use util::text::quote::quote_always;

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

/// May this stand in the name of a user?
pub(crate) fn login_char(c: u8) -> bool {
    name_char(c) || c == b'-' || c == b'.'
}

/// Is `s` `NAME=…` or `NAME+=…`? The length up to the `=` then, else 0.
pub(crate) fn assignment(s: &[u8]) -> usize {
    let n = name_len(s);
    match s.get(n..) {
        Some([b'=', ..]) => n,
        Some([b'+', b'=', ..]) if BASH && n > 0 => n + 1,
        _ => 0,
    }
}

/// Reserved words; those up to `in` of which a list must not consist come first. No word is a blank.
pub(crate) const RESERVED: &[u8] = concat!(
    "then\0else\0elif\0fi\0do\0done\0esac\0}\0if\0case\0while\0until\0for\0{\0!\0",
    bash!("[[\0function", " \0 "),
    "\0in"
)
.as_bytes();

pub(crate) mod kw {
    pub(crate) const THEN: u8 = 0;
    pub(crate) const ELSE: u8 = 1;
    pub(crate) const ELIF: u8 = 2;
    pub(crate) const FI: u8 = 3;
    pub(crate) const DO: u8 = 4;
    pub(crate) const DONE: u8 = 5;
    pub(crate) const ESAC: u8 = 6;
    pub(crate) const CLOSE: u8 = 7;
    pub(crate) const IF: u8 = 8;
    pub(crate) const CASE: u8 = 9;
    // 10 and 11 are `while` and `until`.
    pub(crate) const FOR: u8 = 12;
    pub(crate) const OPEN: u8 = 13;
    pub(crate) const NOT: u8 = 14;
    pub(crate) const TEST: u8 = 15;
    pub(crate) const FUNCTION: u8 = 16;
    pub(crate) const IN: u8 = 17;
    pub(crate) const NONE: u8 = 255;
}

/// Position of `word` in a blob of NUL-separated words.
#[inline(never)]
pub(crate) fn index(blob: &[u8], word: &[u8]) -> Option<usize> {
    sys::zstr::position_in(blob, 0, word)
}

/// Is this a reserved word?
pub(crate) fn is_reserved(word: &[u8]) -> bool {
    index(RESERVED, word).is_some()
}

/// Builtins, in the order of their functions (`builtin::TABLE`): special builtins first, those that [`is_pure`] knows together.
pub(crate) const BUILTINS: &[u8] = concat!(
    ".\0eval\0exec\0export\0readonly\0set\0shift\0times\0trap\0unset\0:\0break\0continue\0exit\0return\0true\0false\0[\0\
     test\0echo\0printf\0",
    bash!("let\0", ""),
    "local\0command\0type\0pwd\0cd\0read\0wait\0kill\0umask\0getopts\0alias\0unalias\0",
    jobs!("jobs\0fg\0bg\0", ""),
    "hash\0ulimit",
    bash!("\0source", ""),
    edit!("\0fc", "")
)
.as_bytes();

/// Number of `exec`.
pub(crate) const EXEC: usize = 2;

/// Number of special builtins.
pub(crate) const SPECIAL: usize = 15;

/// Number of the builtin with this name.
pub(crate) fn find_builtin(name: &[u8]) -> Option<usize> {
    index(BUILTINS, name)
}

/// Does builtin `n` change nothing of the shell but variables, and write by `Shell::out` alone? Or leave
/// what runs, no more. Then it needs no subshell.
pub(crate) fn is_pure(n: usize) -> bool {
    // From `:` to `pwd`.
    (10..25 + BASH as usize).contains(&n)
}

/// Appends `v` quoted, so that the shell reads it as the same string.
#[inline(never)]
pub(crate) fn quote(v: &[u8], out: &mut Buf) {
    if is_reserved(v) {
        quote_always(v, out);
    } else {
        util::text::quote::quote(v, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_assignments() {
        assert_eq!(name_len(b"ab_1=x"), 4);
        assert_eq!(name_len(b"1a"), 0);
        assert_eq!(name_len(b""), 0);
        assert_eq!(assignment(b"a=b"), 1);
        assert_eq!(assignment(b"=b") + assignment(b"a") + assignment(b"a-b=c") + assignment(b"+=c"), 0);
        assert_eq!(assignment(b"ab+=c"), 3);
    }

    #[test]
    fn reserved_words_are_quoted() {
        let mut out = Buf::new();
        quote(b"if", &mut out);
        quote(b"fi_", &mut out);
        assert_eq!(out, b"'if'fi_");
    }
}
