//! Where a case runs.

/// A machine, real or emulated, on which mote's shell runs cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// The machine that tests: x86-64, with its own programs beside mote.
    Native,
    /// The same, with mote as the set `base` is without the features that can be left out.
    Lean,
    /// The same machine with the ARMv5TE binary under qemu-user.
    User,
    /// The ARMv5TE board in QEMU, with mote and a few tools only.
    Armv5te,
    /// The board without an MMU in QEMU, with mote and a few tools only.
    Thumbv7em,
}

use Machine::{Armv5te, Lean, Native, Thumbv7em, User};

/// The words of `@only` and `@not`, and which machines they mean.
const WORDS: &[(&str, &[Machine])] = &[
    ("native", &[Native, Lean]),
    ("lean", &[Lean]),
    ("qemu-user", &[User]),
    ("armv5te", &[Armv5te]),
    ("thumbv7em", &[Thumbv7em]),
    ("host", &[Native, Lean, User]),
    ("guests", &[Armv5te, Thumbv7em]),
    ("mmu", &[Native, Lean, User, Armv5te]),
    ("nommu", &[Thumbv7em]),
];

impl Machine {
    /// All of them.
    pub const ALL: [Machine; 5] = [Native, Lean, User, Armv5te, Thumbv7em];

    /// Whether mote is all there is.
    pub fn is_guest(self) -> bool {
        matches!(self, Armv5te | Thumbv7em)
    }

    /// The machines that a word of `@only` or `@not` means.
    pub(super) fn named(word: &str) -> Option<&'static [Machine]> {
        WORDS.iter().find(|(name, _)| *name == word).map(|(_, machines)| *machines)
    }

    /// All those words.
    pub(super) fn words() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(name, _)| *name)
    }
}
