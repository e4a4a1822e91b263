//! How lines are compared: the options that are letters of keys, too.

/// How a key is compared: bits.
pub(super) type How = u16;
/// The letters of the options, each the bit of its place: b d f g h i M n r V.
const LETTERS: &[u8] = b"bdfghiMnrV";
pub(super) const BLANKS: How = 1 << 0;
pub(super) const WORDS: How = 1 << 1;
pub(super) const FOLD: How = 1 << 2;
pub(super) const GENERAL: How = 1 << 3;
pub(super) const HUMAN: How = 1 << 4;
pub(super) const PRINTABLE: How = 1 << 5;
pub(super) const MONTH: How = 1 << 6;
pub(super) const NUMERIC: How = 1 << 7;
pub(super) const REVERSE: How = 1 << 8;
pub(super) const VERSION: How = 1 << 9;

/// The bit of an option's letter, 0 if it is none.
pub(super) fn bit(letter: u8) -> How {
    LETTERS.iter().position(|&l| l == letter).map_or(0, |n| 1 << n)
}
