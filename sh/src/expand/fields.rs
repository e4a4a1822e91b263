//! Fields: the words that expansion makes of a command, one behind the other, each with a NUL.

use crate::words::name_char;
use sys::{Buf, List, ZStr};
use util::text::{part, pattern};

/// Fields; the last one may still be open.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) bytes: Buf,
    starts: List<u32>,
    /// Where the open field starts.
    pub(crate) open: usize,
    /// Is there an open field even if it is empty?
    pub(crate) seen: bool,
    /// Has it an unquoted pattern character, or a backslash that quotes one?
    magic: bool,
    bracket: bool,
    escaped: bool,
    /// The separator that was met last: 0 none, 1 blank, 2 another.
    separator: u8,
    /// Is a field with such characters a pattern of file names? If not 0: in which way it matches.
    glob: u32,
    /// Was the quoted part just read an empty `"$@"`?
    pub(crate) nothing: bool,
}

/// What becomes of expanded text.
pub(crate) const SPLIT: u32 = 1;
/// It is a pattern: quoted pattern characters get a backslash.
pub(crate) const PATTERN: u32 = 2;
pub(crate) const QUOTED: u32 = 4;
/// It is the operand of an expansion: its own text is split as well.
pub(crate) const OPERAND: u32 = 8;

/// In a field that is still open, marks the next byte as quoted; what is left of an unquoted backslash
/// when there is no such file is the backslash, unlike that of a quoted character.
const MARK: u8 = 1;

impl Fields {
    /// Room for a usual word: growing from nothing would take four steps.
    pub(crate) fn one() -> Fields {
        Fields::default()
    }

    /// Takes everything out and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.starts.clear();
        self.open = 0;
        self.reset();
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// Field `i`; empty if there is none.
    pub(crate) fn get(&self, i: usize) -> &[u8] {
        let end = self.starts.get(i + 1).map_or(self.open, |&n| n as usize);
        match self.starts.get(i) {
            Some(&s) => part(&self.bytes, s as usize, end - 1),
            None => &[],
        }
    }

    /// Field `i` with its NUL; empty if there is none.
    #[inline(never)]
    pub(crate) fn z(&self, i: usize) -> ZStr<'_> {
        self.bytes.z_from(self.starts.get(i).map_or(usize::MAX, |&s| s as usize))
    }

    /// As [`Fields::z`], for what cannot say how long it keeps the text.
    ///
    /// # Safety
    /// The text is not used after these fields have changed or ended.
    #[inline(always)]
    pub(crate) unsafe fn lend(&self, i: usize) -> ZStr<'static> {
        // SAFETY: by contract.
        unsafe { ZStr::from_ptr(self.z(i).as_ptr()) }
    }

    /// Is field `i` this text?
    #[inline(never)]
    pub(crate) fn is(&self, i: usize, text: &[u8]) -> bool {
        self.get(i) == text
    }

    /// A copy of the fields from number `from` on.
    #[inline(never)]
    pub(crate) fn tail(&self, from: usize) -> Fields {
        let mut t = Fields::default();
        for i in from..self.len() {
            t.push(self.get(i));
        }
        t
    }

    /// All fields as [`Fields::lend`] gives them, the arguments of an applet.
    ///
    /// # Safety
    /// As [`Fields::lend`].
    pub(crate) unsafe fn all(&self) -> List<ZStr<'static>> {
        // SAFETY: by contract.
        (0..self.len()).map(|i| unsafe { self.lend(i) }).collect()
    }

    /// Appends a whole field.
    pub(crate) fn push(&mut self, b: &[u8]) {
        self.bytes.extend_from_slice(b);
        self.close();
    }

    fn close(&mut self) {
        self.bytes.push(0);
        self.starts.push(self.open as u32);
        self.open = self.bytes.len();
        self.reset();
    }

    /// Is there an open field?
    pub(crate) fn is_open(&self) -> bool {
        self.seen || self.bytes.len() > self.open
    }

    /// Ends the open field.
    #[inline(never)]
    pub(crate) fn end(&mut self) {
        if self.magic && self.glob != 0 {
            let text = self.bytes.split_off(self.open);
            let mut p = Buf::new();
            let mut rest = text.iter();
            while let Some(&c) = rest.next() {
                p.push(if c == MARK { b'\\' } else { c });
                if c == MARK {
                    p.extend(rest.next());
                }
            }
            if pattern::has_magic(&p) && pattern::glob(&p, self.glob, &mut |name| self.push(name)) {
                self.reset();
                return;
            }
            self.bytes.extend_from_slice(&text);
        }
        if self.escaped {
            let mut marked = false;
            let open = self.open;
            let mut i = 0;
            self.bytes.retain(|&c| {
                i += 1;
                marked = i > open && c == MARK && !marked;
                !marked
            });
        }
        self.close();
    }

    fn reset(&mut self) {
        self.seen = false;
        self.magic = false;
        self.bracket = false;
        self.escaped = false;
    }

    /// Appends a byte of the word itself.
    #[inline(always)]
    pub(crate) fn byte(&mut self, c: u8, mode: u32) {
        let special = matches!(c, b'*' | b'?' | b'[' | b']' | b'\\' | b'-' | b'!' | b'^' | MARK)
            // Regular expressions have more; a pattern does not mind.
            || mode & (PATTERN | QUOTED) == PATTERN | QUOTED && !name_char(c) && matches!(c, b'!'..=b'~');
        if special && mode & (SPLIT | PATTERN) != 0 {
            if mode & QUOTED != 0 || c == MARK {
                self.bytes.push(if mode & SPLIT != 0 { MARK } else { b'\\' });
                self.escaped = true;
            } else {
                // A bracket without its partner is none: `[` is a usual word.
                self.bracket |= c == b'[';
                self.magic |= matches!(c, b'*' | b'?') || c == b']' && self.bracket;
            }
        }
        self.bytes.push(c);
    }

    /// Appends the result of an expansion.
    #[inline(never)]
    pub(crate) fn value(&mut self, v: &[u8], mode: u32, ifs: &Buf) {
        if mode & (SPLIT | PATTERN) == 0 || mode & (PATTERN | QUOTED) == PATTERN {
            self.bytes.extend_from_slice(v);
            return;
        }
        let split = mode & (SPLIT | QUOTED) == SPLIT;
        for &c in v {
            if split && util::text::has(ifs, c) {
                self.separate(matches!(c, b' ' | b'\t' | b'\n'));
            } else {
                self.byte(c, mode);
            }
        }
    }

    fn separate(&mut self, blank: bool) {
        if self.is_open() {
            self.end();
            self.separator = 2 - blank as u8;
        } else if !blank {
            if self.separator != 1 {
                self.end();
            }
            self.separator = 2;
        }
    }

    /// Begins a word: separators of the one before do not count. Its fields may be patterns of file names, unless `glob`
    /// is 0; else it is what [`pattern::glob`] wants with [`pattern::LONGEST`].
    pub(crate) fn word(&mut self, glob: u32) {
        self.glob = glob;
        self.separator = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sys::ToBuf;

    fn split(value: &[u8], ifs: &[u8]) -> Vec<Buf> {
        let mut f = Fields::default();
        f.word(0);
        f.value(value, SPLIT, &ifs.buf());
        if f.is_open() {
            f.end();
        }
        (0..f.len()).map(|i| f.get(i).buf()).collect()
    }

    #[test]
    fn blanks_separate_and_vanish() {
        assert_eq!(split(b"  a \t b\n", b" \t\n"), [b"a", b"b"]);
        assert!(split(b" \t", b" \t\n").is_empty());
        assert_eq!(split(b"a b", b""), [b"a b"]);
    }

    #[test]
    fn other_separators_end_a_field_each() {
        assert_eq!(split(b"a:b::c:", b":"), [&b"a"[..], b"b", b"", b"c"]);
        assert_eq!(split(b":a", b":"), [&b""[..], b"a"]);
        assert_eq!(split(b"a : b", b" :"), [b"a", b"b"]);
        assert_eq!(split(b" :a", b" :"), [&b""[..], b"a"]);
    }

    #[test]
    fn quoted_characters_are_no_pattern() {
        let mut f = Fields::default();
        f.byte(b'*', PATTERN | QUOTED);
        f.byte(b'*', PATTERN);
        assert_eq!(f.bytes, b"\\**");
        let mut f = Fields::default();
        f.word(pattern::LONGEST);
        for &(c, mode) in &[(b'*', QUOTED), (b'\\', 0), (MARK, 0), (b'?', QUOTED)] {
            f.byte(c, SPLIT | mode);
        }
        f.end();
        assert_eq!(f.get(0), b"*\\\x01?");
    }
}
