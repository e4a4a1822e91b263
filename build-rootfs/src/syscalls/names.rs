//! Names of system calls.

use std::collections::BTreeSet;
use syscalls::{arm, x86_64};

/// The numbers and names of an architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// 32-bit ARM.
    Arm,
    /// x86-64.
    X86,
}

impl Names {
    /// Those of a triple's architecture, such as `thumbv5te`.
    pub fn of(architecture: &str) -> Option<Names> {
        match architecture {
            "x86_64" => Some(Names::X86),
            arm if arm.starts_with("thumb") || arm.starts_with("arm") => Some(Names::Arm),
            _ => None,
        }
    }

    /// Whether a call of one of the architectures has this name.
    pub fn has(name: &str) -> bool {
        let arm = arm::Sysno::iter().any(|call| call.name() == name);
        arm || x86_64::Sysno::iter().any(|call| call.name() == name)
    }

    /// The name of call `number`.
    pub fn get(self, number: u32) -> Option<&'static str> {
        let number = number as usize;
        match self {
            Names::Arm => arm::Sysno::new(number).map(|call| call.name()),
            Names::X86 => x86_64::Sysno::new(number).map(|call| call.name()),
        }
    }
}

/// Calls that the kernel has a program make: the return from a handler on ARM, where that code is the kernel's, and a wait
/// that goes on after a stop.
pub(super) fn implied(names: &BTreeSet<String>) -> Vec<String> {
    const RULES: [(&[&str], &[&str]); 2] = [
        (&["rt_sigaction"], &["rt_sigreturn"]),
        (
            &["nanosleep", "clock_nanosleep", "clock_nanosleep_time64", "poll", "ppoll", "futex"],
            &["restart_syscall"],
        ),
    ];
    let fits = |causes: &[&str]| causes.iter().any(|cause| names.contains(*cause));
    let calls = RULES.iter().filter(|(causes, _)| fits(causes)).flat_map(|(_, calls)| *calls);
    calls.map(|call| call.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_names() {
        assert_eq!(Names::of("thumbv7em").unwrap().get(403), Some("clock_gettime64"));
        assert_eq!(Names::of("x86_64").unwrap().get(15), Some("rt_sigreturn"));
        assert_eq!((Names::of("riscv32"), Names::Arm.get(9999)), (None, None));
    }
}
