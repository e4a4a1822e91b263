//! The parts of the report. Each is measured by itself, and its result is kept until one of its inputs changes.

use super::builds::Builds;
use super::report::Report;
use super::{bytes, guests, memory, nommu, speed, suites};
use crate::bench::subject::NATIVE;
use crate::error::{nearest, Error, Result};
use crate::target::DEFAULT;
use std::fmt::Write;

/// A part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Bytes of mote and of the peers' main builds.
    Bytes,
    /// Bytes of the smallest C programs.
    Floors,
    /// mote's bytes by crate and applet.
    Map,
    /// Systems in QEMU.
    Guests,
    /// Systems without an MMU.
    Nommu,
    /// Where the RAM of systems is.
    Memory,
    /// Tasks on this machine.
    Speed,
    /// Cases passed of the peers' test-suites.
    Suites,
    /// What each applet adds.
    Marginals,
    /// The peers' builds with ARM code and with glibc.
    Others,
}

impl Part {
    /// All, in the order of the work.
    pub const ALL: [Part; 10] = [
        Part::Bytes,
        Part::Floors,
        Part::Map,
        Part::Guests,
        Part::Nommu,
        Part::Memory,
        Part::Speed,
        Part::Suites,
        Part::Marginals,
        Part::Others,
    ];

    /// Its name on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Part::Bytes => "bytes",
            Part::Floors => "floors",
            Part::Map => "map",
            Part::Guests => "guests",
            Part::Nommu => "nommu",
            Part::Memory => "memory",
            Part::Speed => "speed",
            Part::Suites => "suites",
            Part::Marginals => "marginals",
            Part::Others => "others",
        }
    }

    /// Its description for the user.
    pub fn name(self) -> &'static str {
        match self {
            Part::Bytes => "bytes of the main builds",
            Part::Floors => "bytes of C programs",
            Part::Map => "mote by crate and applet",
            Part::Guests => "systems in QEMU",
            Part::Nommu => "systems without an MMU",
            Part::Memory => "RAM, page by page",
            Part::Speed => "speed",
            Part::Suites => "test-suites",
            Part::Marginals => "marginal bytes",
            Part::Others => "bytes with ARM code and with glibc",
        }
    }

    /// The part with the name `word`.
    ///
    /// # Errors
    /// There is none.
    pub fn of(word: &str) -> Result<Part> {
        Part::ALL.into_iter().find(|part| part.word() == word).ok_or_else(|| {
            let words = Part::ALL.map(Part::word);
            let near = nearest(word, words);
            let mut fix = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let _ = write!(fix, "The parts are: {}", words.join(", "));
            Error::usage(format!("unknown part `{word}`")).fix(fix)
        })
    }

    /// Whether it is quick: it needs only mote and the peers' main builds, and runs nothing.
    pub fn is_quick(self) -> bool {
        matches!(self, Part::Bytes | Part::Floors | Part::Map)
    }

    /// The target that it is about.
    pub fn target(self) -> &'static str {
        match self {
            Part::Nommu => nommu::TARGET,
            Part::Speed | Part::Suites => NATIVE,
            _ => DEFAULT,
        }
    }

    /// Measures it. Returns a report with this part only.
    ///
    /// # Errors
    /// Nothing of the part could be measured. If only some figures are missing, these are holes in the report.
    pub(super) fn measure(self, builds: &Builds) -> Result<Report> {
        let mut report = Report::default();
        match self {
            Part::Bytes => report.sizes = bytes::main(builds),
            Part::Floors => report.floors = bytes::floors(builds),
            Part::Map => report.parts = bytes::parts(builds)?,
            Part::Guests => report.guests = guests::all(builds)?,
            Part::Nommu => report.nommu = nommu::all(builds)?,
            Part::Memory => report.memory = memory::all(builds)?,
            Part::Speed => report = speed::all(builds)?,
            Part::Suites => report.suites = suites::all(builds)?,
            Part::Marginals => report.marginals = bytes::marginals(builds)?,
            Part::Others => report.sizes = bytes::others(builds),
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_the_parts() {
        for part in Part::ALL {
            assert_eq!(Part::of(part.word()).unwrap(), part);
        }
        let of = |target: &str| Part::ALL.iter().filter(|part| part.target() == target).count();
        assert_eq!([of("armv5te"), of("x86_64"), of("thumbv7em")], [7, 2, 1]);
        let text = Part::of("sped").unwrap_err().to_string();
        assert!(text.contains("did you mean `speed`?") && text.contains("guests"), "{text}");
    }
}
