//! Characters and words of the line: where they start and end.

use util::term::width;
use util::text::after;
use util::text::utf8::inner;

/// Is byte `at` of the text within a character? Not at its start, whatever stands there.
pub(super) fn within(text: &[u8], at: usize) -> bool {
    at > 0 && text.get(at).is_some_and(|&b| inner(b))
}

/// Start of the character before byte `at`, with what has no width behind it.
#[inline(never)]
pub(super) fn left(text: &[u8], mut at: usize) -> usize {
    while at > 0 {
        at -= 1;
        let rest = after(text, at);
        if !rest.first().is_some_and(|b| inner(*b)) && width::next(rest).1 > 0 {
            break;
        }
    }
    at
}

/// End of the character at byte `at`, with what has no width behind it.
#[inline(never)]
pub(super) fn right(text: &[u8], mut at: usize) -> usize {
    loop {
        at = text.len().min(at + width::next(after(text, at)).0);
        let rest = after(text, at);
        if rest.is_empty() || width::next(rest).1 > 0 {
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
    fn marks_go_with_the_character_before() {
        for mark in ["\u{301}", "\u{483}", "\u{591}", "\u{64b}"] {
            let t = format!("x{mark}y");
            assert_eq!(right(t.as_bytes(), 0), 3, "{mark:?}");
            assert_eq!(left(t.as_bytes(), 3), 0, "{mark:?}");
        }
        // What is shown as a mark has a place of its own.
        assert_eq!(right("x\u{202e}y".as_bytes(), 0), 1);
        assert_eq!(left("x\u{202e}y".as_bytes(), 4), 1);
    }
}
