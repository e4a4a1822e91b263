//! The options of `set` and of the command line, a bit each.

use crate::feature::{bash, jobs, JOBS};
use sys::Buf;

/// Bits of [`Options`].
pub(crate) mod opt {
    pub(crate) const ERREXIT: u32 = 1;
    pub(crate) const NOGLOB: u32 = 2;
    pub(crate) const NOEXEC: u32 = 4;
    pub(crate) const NOUNSET: u32 = 8;
    pub(crate) const VERBOSE: u32 = 16;
    pub(crate) const XTRACE: u32 = 32;
    pub(crate) const NOCLOBBER: u32 = 64;
    pub(crate) const ALLEXPORT: u32 = 128;
    // Without job control nobody can turn these on.
    pub(crate) const NOTIFY: u32 = if super::JOBS { 256 } else { 0 };
    pub(crate) const MONITOR: u32 = if super::JOBS { 512 } else { 0 };
    pub(crate) const INTERACTIVE: u32 = 1024;
    pub(crate) const STDIN: u32 = 2048;
    pub(crate) const PIPEFAIL: u32 = 1 << 13;
    pub(crate) const IGNOREEOF: u32 = 1 << 14;
    pub(crate) const VI: u32 = 1 << 16;
    pub(crate) const EMACS: u32 = 1 << 17;
    pub(crate) const COMMAND: u32 = 1 << 18;
    /// No line editor (`--noediting`).
    pub(crate) const PLAIN: u32 = 1 << 19;
}

/// From this bit up: how many subshells we are in that were started by exec.
const LEVEL: u32 = 1 << 20;

/// Letters in the order of the bits; blanks have none, and no name.
pub(crate) const LETTERS: &[u8] = concat!("efnuvxCa", jobs!("bm", "  "), "ish").as_bytes();
/// `nolog`, `vi` and `emacs` are for scripts that say them: as in dash without its editor they change nothing.
pub(crate) const NAMES: &[u8] = concat!(
    "errexit\0noglob\0noexec\0nounset\0verbose\0xtrace\0noclobber\0allexport\0",
    jobs!("notify\0monitor", " \0 "),
    "\0interactive\0stdin\0hashall\0pipefail\0ignoreeof\0nolog\0vi\0emacs"
)
.as_bytes();

/// Long options of the command line: no file $ENV, no profile, no line editor.
pub(crate) const LONG: &[u8] = bash!("norc\0noprofile\0noediting", " ").as_bytes();
pub(crate) const NORC: u8 = 0;
pub(crate) const NOPROFILE: u8 = 1;
pub(crate) const NOEDITING: u8 = 2;

/// Which options are on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options(u32);

impl Options {
    pub(crate) const NONE: Options = Options(0);

    /// Is one of these bits of [`opt`] on?
    #[inline(always)]
    pub(crate) fn has(self, bits: u32) -> bool {
        self.0 & bits != 0
    }

    #[inline(always)]
    pub(crate) fn turn_on(&mut self, bits: u32) {
        self.0 |= bits;
    }

    #[inline(always)]
    pub(crate) fn turn_off(&mut self, bits: u32) {
        self.0 &= !bits;
    }

    #[inline(always)]
    pub(crate) fn turn(&mut self, bits: u32, on: bool) {
        self.0 = if on { self.0 | bits } else { self.0 & !bits };
    }

    /// Are commands to be read and not run (`set -n`)? Not at a prompt.
    #[inline(always)]
    pub(crate) fn only_reads(self) -> bool {
        self.0 & (opt::NOEXEC | opt::INTERACTIVE) == opt::NOEXEC
    }

    /// All of them with [`Options::level`], as a number for a subshell that is started by exec.
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    /// What [`Options::number`] gave.
    pub(crate) fn of_number(n: u32) -> Options {
        Options(n)
    }

    /// In how many subshells we are that were started by exec.
    pub(crate) fn level(self) -> u32 {
        self.0 / LEVEL
    }

    /// In such a subshell: it is one level further down.
    pub(crate) fn go_deeper(&mut self) {
        self.0 += LEVEL;
    }

    /// Appends the letters of the options that are on: `$-`.
    pub(crate) fn letters(self, out: &mut Buf) {
        for (i, &c) in LETTERS.iter().enumerate() {
            if self.0 & 1 << i != 0 && c != b' ' {
                out.push(c);
            }
        }
        if self.has(opt::COMMAND) {
            out.push(b'c');
        }
    }
}
