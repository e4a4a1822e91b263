//! What a program can ask of the kernel.

use serde::Serialize;
use std::collections::BTreeSet;

/// What a program can ask of the kernel.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// The names of its system calls.
    pub names: BTreeSet<String>,
    /// The address families of its sockets; none of them is known if [`Calls::any_family`] is true.
    pub families: BTreeSet<u32>,
    /// It makes sockets of a family that is chosen at run time.
    pub any_family: bool,
    /// Functions that call a number made at run time: then it can call anything.
    pub unknown: BTreeSet<String>,
}

impl Calls {
    /// Adds what another program can ask.
    pub fn add(&mut self, other: &Calls) {
        self.names.extend(other.names.iter().cloned());
        self.families.extend(&other.families);
        self.any_family |= other.any_family;
        self.unknown.extend(other.unknown.iter().cloned());
    }
}
