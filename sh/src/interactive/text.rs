//! Characters of UTF-8 text and how wide they are.

/// Is it a byte within a character, not its first?
pub(super) fn inner(b: u8) -> bool {
    b & 0xc0 == 0x80
}

/// Is byte `at` of the text within a character? Not at its start, whatever stands there.
pub(super) fn within(text: &[u8], at: usize) -> bool {
    at > 0 && text.get(at).is_some_and(|&b| inner(b))
}

/// Bytes that the character starting with `first` should have, 1 if it starts none.
fn expected(first: u8) -> usize {
    match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    }
}

/// Length in bytes and width in columns of the first character; a byte that is none is one by itself.
#[inline(never)]
pub(super) fn glyph(text: &[u8]) -> (usize, u32) {
    let first = text.first().copied().unwrap_or(0);
    let len = expected(first);
    if len == 1 {
        return (1, 1 + (first < 32 || first == 127) as u32);
    }
    let mut code = (first & (0x7f >> len)) as u32;
    for n in 1..len {
        match text.get(n) {
            Some(&b) if inner(b) => code = code << 6 | (b & 0x3f) as u32,
            _ => return (1, 1),
        }
    }
    (len, width(code))
}

/// Does the text end within a character, of which the rest may still come?
pub(super) fn incomplete(text: &[u8]) -> bool {
    let behind = text.iter().rev().take_while(|b| inner(**b)).count();
    match text.len().checked_sub(behind + 1).and_then(|n| text.get(n)) {
        Some(&first) => expected(first) > behind + 1,
        None => false,
    }
}

// First and last code of ranges: those without width, then the wide ones (Unicode 15, East Asian Width W
// and F and the emoji, roughly).
static NARROW: [[u16; 2]; 8] = [
    [0x80, 0x9f],
    [0x300, 0x36f],
    [0x483, 0x489],
    [0x591, 0x5bd],
    [0x64b, 0x65f],
    [0x200b, 0x200f],
    [0x20d0, 0x20ff],
    [0xfe00, 0xfe0f],
];
static WIDE: [[u16; 2]; 6] = [
    [0x1100, 0x115f],
    [0x2e80, 0xa4cf],
    [0xac00, 0xd7a3],
    [0xf900, 0xfaff],
    [0xfe30, 0xfe6f],
    [0xff00, 0xff60],
];

fn width(code: u32) -> u32 {
    let within = |ranges: &[[u16; 2]]| ranges.iter().any(|r| (r[0] as u32..=r[1] as u32).contains(&code));
    if within(&NARROW) {
        0
    } else if within(&WIDE) || (0x1f300..=0x1faff).contains(&code) || (0x20000..=0x3fffd).contains(&code) {
        2
    } else {
        1
    }
}

/// Start of the character before byte `at`, with what has no width behind it.
#[inline(never)]
pub(super) fn left(text: &[u8], mut at: usize) -> usize {
    while at > 0 {
        at -= 1;
        let rest = text.get(at..).unwrap_or(&[]);
        if !rest.first().is_some_and(|b| inner(*b)) && glyph(rest).1 > 0 {
            break;
        }
    }
    at
}

/// End of the character at byte `at`, with what has no width behind it.
#[inline(never)]
pub(super) fn right(text: &[u8], mut at: usize) -> usize {
    loop {
        at = text.len().min(at + glyph(text.get(at..).unwrap_or(&[])).0);
        let rest = text.get(at..).unwrap_or(&[]);
        if rest.is_empty() || glyph(rest).1 > 0 {
            return at;
        }
    }
}

/// End of the word before or behind byte `at`: over what is in no word, then over what `word` says.
#[inline(never)]
pub(super) fn word(text: &[u8], mut at: usize, back: bool, word: fn(u8) -> bool) -> usize {
    let mut inside = false;
    loop {
        let next = if back { left(text, at) } else { right(text, at) };
        if next == at {
            return at;
        }
        let is = text.get(next.min(at)).is_some_and(|b| word(*b));
        if inside && !is {
            return at;
        }
        inside = is;
        at = next;
    }
}

/// Words of the motions: letters, digits, and all that is not ASCII.
pub(super) fn in_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b >= 128
}

/// Words between blanks.
pub(super) fn in_blanks(b: u8) -> bool {
    !b.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths() {
        let w = |t: &str| glyph(t.as_bytes());
        assert_eq!(w("a"), (1, 1));
        assert_eq!(w("é"), (2, 1));
        assert_eq!(w("\u{301}"), (2, 0));
        assert_eq!(w("漢"), (3, 2));
        assert_eq!(w("😀"), (4, 2));
        assert_eq!(w("\x01"), (1, 2));
        assert_eq!(glyph(b"\xe4\xb8"), (1, 1));
        assert_eq!(glyph(b"\x80"), (1, 1));
    }

    #[test]
    fn motions() {
        let t = "ab, cé_\u{301}漢".as_bytes();
        assert_eq!(right(t, 4), 5);
        assert_eq!(right(t, 5), 7);
        assert_eq!(right(t, 7), 10); // with the accent
        assert_eq!(left(t, 13), 10);
        assert_eq!(left(t, 10), 7);
        assert_eq!(left(t, 0), 0);
        assert_eq!(right(t, t.len()), t.len());
        assert_eq!(word(b"ab, cd", 6, true, in_name), 4);
        assert_eq!(word(b"ab, cd", 4, true, in_name), 0);
        assert_eq!(word(b"ab, cd", 4, true, in_blanks), 0);
        assert_eq!(word(b"ab, cd ", 2, false, in_name), 6);
        assert_eq!(word(b"a.b cd", 6, true, in_blanks), 4);
    }

    #[test]
    fn halves() {
        assert!(incomplete(b"a\xc3") && incomplete(b"\xf0\x9f\x98") && incomplete(b"\xe4"));
        assert!(
            !incomplete("é漢😀".as_bytes())
                && !incomplete(b"a")
                && !incomplete(b"")
                && !incomplete(b"\x80\x80")
        );
    }
}
