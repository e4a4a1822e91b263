//! How many columns a character takes on a terminal, and which ones a terminal must not get.

use crate::utf8::decode;

/// Width of what a terminal must not get: controls, line and paragraph separators, bidirectional format characters,
/// and bytes that are no UTF-8.
pub const BAD: u8 = 3;

/// Where the width changes: code point, and the width from there on, by Unicode's general categories (Mn, Me and Cf
/// take no column, Bidi_Control is [`BAD`]) and EastAsianWidth.txt (W and F take two). Exact up to the Arabic block and for Thai,
/// Lao and Hangul; rough for symbols and pictures; the marks of scripts that are not here take a column each.
const CHANGES: &[(u32, u8)] = &[
    (0x20, 1),
    (0x7f, BAD),
    (0xa0, 1),
    (0x300, 0), // combining marks
    (0x370, 1),
    (0x483, 0), // Cyrillic titlo …
    (0x48a, 1),
    (0x591, 0), // Hebrew points
    (0x5be, 1),
    (0x5bf, 0),
    (0x5c0, 1),
    (0x5c1, 0),
    (0x5c3, 1),
    (0x5c4, 0),
    (0x5c6, 1),
    (0x5c7, 0),
    (0x5d0, 1),
    (0x610, 0), // Arabic marks
    (0x61b, 1),
    (0x61c, BAD), // Arabic letter mark
    (0x61d, 1),
    (0x64b, 0),
    (0x660, 1),
    (0x670, 0),
    (0x671, 1),
    (0x6d6, 0),
    (0x6dd, 1),
    (0x6df, 0),
    (0x6e5, 1),
    (0x6e7, 0),
    (0x6e9, 1),
    (0x6ea, 0),
    (0x6ee, 1),
    (0xe31, 0), // Thai, Lao
    (0xe32, 1),
    (0xe34, 0),
    (0xe3f, 1),
    (0xe47, 0),
    (0xe4f, 1),
    (0xeb1, 0),
    (0xeb2, 1),
    (0xeb4, 0),
    (0xebd, 1),
    (0xec8, 0),
    (0xed0, 1),
    (0x1100, 2), // Hangul: what follows the first letter of a syllable joins it
    (0x1160, 0),
    (0x1200, 1),
    (0x1ab0, 0),
    (0x1b00, 1),
    (0x1dc0, 0),
    (0x1e00, 1),
    (0x200b, 0),
    (0x200e, BAD), // left-to-right mark …
    (0x2010, 1),
    (0x2028, BAD), // line separator … right-to-left override
    (0x202f, 1),
    (0x2060, 0),
    (0x2066, BAD), // isolates, and forms that are deprecated
    (0x2070, 1),
    (0x20d0, 0),
    (0x2100, 1),
    (0x2e80, 2), // Han, Kana …
    (0x303f, 1),
    (0x3041, 2),
    (0x3099, 0),
    (0x309b, 2),
    (0xa4d0, 1),
    (0xac00, 2), // Hangul syllables
    (0xd7b0, 0),
    (0xe000, 1),
    (0xf900, 2),
    (0xfb00, 1),
    (0xfb1e, 0),
    (0xfb1f, 1),
    (0xfe00, 0), // variation selectors
    (0xfe10, 2),
    (0xfe20, 0),
    (0xfe30, 2),
    (0xfe70, 1),
    (0xfeff, 0),
    (0xff01, 2),
    (0xff61, 1),
    (0xffe0, 2),
    (0xffe8, 1),
    (0x1f300, 2), // pictures
    (0x1fb00, 1),
    (0x20000, 2),
    (0x3fffe, 1),
    (0xe0000, 0), // tags, variation selectors
    (0xe01f0, 1),
    (0x11_0000, BAD),
];

/// [`CHANGES`] packed: for each how many code points after the one before, seven bits a byte, the high ones first and
/// with the top bit set, the low five in the last byte above the width.
static RUNS: [u8; packed(&mut [])] = {
    let mut runs = [0; packed(&mut [])];
    packed(&mut runs);
    runs
};

/// Packs as much as `to` takes; the bytes that all take.
const fn packed(to: &mut [u8]) -> usize {
    let (mut at, mut before, mut n) = (0, 0, 0);
    while n < CHANGES.len() {
        let (from, width) = CHANGES[n];
        let run = from - before;
        before = from;
        n += 1;
        let mut shift = 26;
        while shift >= 5 {
            if run >> shift != 0 {
                if at < to.len() {
                    to[at] = 0x80 | (run >> shift) as u8 & 0x7f;
                }
                at += 1;
            }
            shift -= 7;
        }
        if at < to.len() {
            to[at] = (run as u8 & 31) << 2 | width;
        }
        at += 1;
    }
    at
}

/// The character at the start of `s`: its length in bytes and its width in columns: 0, 1, 2 or [`BAD`].
/// Of bytes that are no character one is taken; an empty `s` gives length 0.
#[inline(never)]
pub fn next(s: &[u8]) -> (usize, u8) {
    let (len, mut left) = decode(s);
    let (mut width, mut run) = (BAD, 0);
    for &b in &RUNS {
        if b >= 0x80 {
            run = run << 7 | (b & 0x7f) as u32;
            continue;
        }
        run = run << 5 | (b >> 2) as u32;
        if left < run {
            break;
        }
        left -= run;
        (run, width) = (0, b & 3);
    }
    (len, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn width(c: char) -> u8 {
        let mut b = [0; 4];
        let s = c.encode_utf8(&mut b).as_bytes();
        let (len, width) = next(s);
        assert_eq!(len, s.len());
        width
    }

    #[test]
    fn widths() {
        assert_eq!(next(b"").0, 0);
        assert_eq!(next(b"a"), (1, 1));
        assert_eq!(next(b"\x1b"), (1, BAD));
        assert_eq!(next(b"\x7f"), (1, BAD));
        assert_eq!(next(b"\xff"), (1, BAD));
        assert_eq!(next(b"\xc3("), (1, BAD));
        assert_eq!(next("é".as_bytes()), (2, 1));
        assert_eq!(next("\u{301}".as_bytes()), (2, 0));
        assert_eq!(next("\u{9b}".as_bytes()), (2, BAD));
        assert_eq!(next("中".as_bytes()), (3, 2));
        assert_eq!(next("😀".as_bytes()), (4, 2));
    }

    #[test]
    fn the_packed_table_says_what_the_plain_one_says() {
        assert!(CHANGES.is_sorted_by_key(|c| c.0));
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let plain = CHANGES.iter().rev().find(|r| r.0 <= c as u32).map_or(BAD, |r| r.1);
            assert_eq!(width(c), plain, "{:x}", c as u32);
        }
    }

    #[test]
    fn marks_and_direction() {
        // Combining marks; the Hebrew maqaf and the Arabic digit among them are none.
        for c in [
            '\u{483}', '\u{489}', '\u{591}', '\u{5bd}', '\u{5c7}', '\u{610}', '\u{64b}', '\u{65f}',
            '\u{670}', '\u{e31}', '\u{3099}',
        ] {
            assert_eq!(width(c), 0, "{:x}", c as u32);
        }
        for c in ['\u{482}', '\u{48a}', '\u{590}', '\u{5be}', '\u{5d0}', '\u{64a}', '\u{660}', '\u{671}'] {
            assert_eq!(width(c), 1, "{:x}", c as u32);
        }
        // All that Unicode calls Bidi_Control.
        for c in ['\u{61c}', '\u{200e}', '\u{200f}']
            .into_iter()
            .chain('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}')
        {
            assert_eq!(width(c), BAD, "{:x}", c as u32);
        }
        // Joiners and what chooses a form take no column: they belong to the character before.
        for c in ['\u{200b}', '\u{200d}', '\u{2060}', '\u{fe0f}', '\u{feff}', '\u{e0067}'] {
            assert_eq!(width(c), 0, "{:x}", c as u32);
        }
    }
}
