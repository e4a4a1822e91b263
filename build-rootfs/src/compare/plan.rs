//! The builds that are compared: those of the peers and those of mote.

use crate::applets::Catalogue;
use crate::error::Result;
use crate::peers::cross::{Abi, BuildSpec, Code, Flavour, Libc, Shell};
use serde::{Deserialize, Serialize};

/// A peer that is a multicall binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Peer {
    /// BusyBox.
    BusyBox,
    /// Toybox.
    Toybox,
}

impl Peer {
    /// Its name as it writes it.
    pub fn name(self) -> &'static str {
        match self {
            Peer::BusyBox => "BusyBox",
            Peer::Toybox => "Toybox",
        }
    }
}

impl std::str::FromStr for Peer {
    type Err = ();
    fn from_str(text: &str) -> std::result::Result<Peer, ()> {
        let peer =
            [Peer::BusyBox, Peer::Toybox].into_iter().find(|peer| peer.name().eq_ignore_ascii_case(text));
        peer.ok_or(())
    }
}

/// A set of applets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Set {
    /// `true` alone.
    True,
    /// The shell alone.
    Shell,
    /// The fourteen applets with which tiny root file systems are compared.
    Seed,
    /// These, and what process 1 and modules need.
    Base,
    /// What scripts call most: 75 names, as far as mote has them.
    Practical,
}

impl Set {
    /// All, the smallest first.
    pub const ALL: [Set; 5] = [Set::True, Set::Shell, Set::Seed, Set::Base, Set::Practical];

    /// Its name on the page.
    pub fn name(self) -> &'static str {
        match self {
            Set::True => "true",
            Set::Shell => "shell",
            Set::Seed => "seed",
            Set::Base => "base",
            Set::Practical => "practical",
        }
    }

    /// The list of applets and sets that builds mote with it.
    pub fn applets(self) -> &'static str {
        match self {
            Set::Shell => "sh",
            other => other.name(),
        }
    }

    /// The same without the features that can be left out, if it has them: what stands beside the peers' bare builds.
    pub fn lean(self) -> Option<&'static str> {
        match self {
            Set::Shell => Some("sh-lean"),
            Set::Seed => Some("seed-lean"),
            Set::True | Set::Base | Set::Practical => None,
        }
    }
}

/// A build of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Case {
    /// The peer.
    pub peer: Peer,
    /// The set of applets.
    pub set: Set,
    /// The shell, where the set has one.
    pub shell: Option<Shell>,
    /// How many options of each applet are on.
    pub flavour: Flavour,
    /// The machine code and the C library.
    #[serde(flatten)]
    pub abi: Abi,
}

/// The machine codes and C libraries, the main one first.
pub const ABIS: [Abi; 3] =
    [Abi::MAIN, Abi { code: Code::Arm, libc: Libc::Musl }, Abi { code: Code::Thumb, libc: Libc::Glibc }];

impl Case {
    /// A short description: `BusyBox, hush, rich`.
    pub fn who(&self) -> String {
        let shell = match (self.peer, self.shell) {
            (Peer::BusyBox, Some(shell)) => format!(", {}", format!("{shell:?}").to_lowercase()),
            _ => String::new(),
        };
        format!("{}{shell}, {}", self.peer.name(), format!("{:?}", self.flavour).to_lowercase())
    }

    /// The build of the peer for this case.
    ///
    /// # Errors
    /// The set is unknown.
    pub fn spec(&self, catalogue: &Catalogue) -> Result<BuildSpec> {
        let mut applets = catalogue.resolve(self.set.applets())?;
        applets.retain(|name| name != "sh");
        Ok(BuildSpec { applets, shell: self.shell, flavour: self.flavour })
    }
}

/// All builds, in the order of the page.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for abi in ABIS {
        for set in Set::ALL {
            for (peer, shell) in shells(set) {
                let case = |flavour| Case { peer, set, shell, flavour, abi };
                cases.extend([Flavour::Bare, Flavour::Rich].map(case));
            }
        }
    }
    cases
}

/// The peers of a set, and with which shell. ash is measured where it is alone.
fn shells(set: Set) -> Vec<(Peer, Option<Shell>)> {
    let (hush, ash, toysh) = (
        (Peer::BusyBox, Some(Shell::Hush)),
        (Peer::BusyBox, Some(Shell::Ash)),
        (Peer::Toybox, Some(Shell::Toysh)),
    );
    match set {
        Set::True => vec![(Peer::BusyBox, None), (Peer::Toybox, None)],
        Set::Shell => vec![hush, ash, toysh],
        Set::Seed | Set::Base | Set::Practical => vec![hush, toysh],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_there_once() {
        let mut all = cases();
        assert_eq!(all.len(), ABIS.len() * 2 * (2 + 3 + 2 + 2 + 2));
        assert!(all[..22].iter().all(|case| case.abi == Abi::MAIN));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 66);
        assert_eq!(cases()[3].who(), "Toybox, rich");
        assert_eq!(cases()[5].who(), "BusyBox, hush, rich");
    }
}
