//! mote side by side with BusyBox and Toybox: bytes, memory, start, speed, test-suites. What cannot be
//! measured is a marked hole with its reason, and the rest goes on.

pub mod builds;
pub mod bytes;
pub mod gdb;
pub mod guest;
pub mod guests;
pub mod instructions;
pub mod page;
pub mod plan;
pub mod plot;
pub mod ram;
pub mod report;
pub mod rootfs;
pub mod setting;
pub mod size;
pub mod speed;
pub mod suites;
pub mod text;

use crate::error::Result;
use crate::project::Project;
use builds::Workshop;
use bytes::QUICK;
use report::{reason, Report};
use std::time::Instant;

/// What stands for a part that is not done yet, should the run be ended before.
const PENDING: &str = "the run was ended before it came to this";

/// A part of the report, in the order of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Main,
    Floors,
    Map,
    Guests,
    Speed,
    Suites,
    Marginals,
    Others,
}

impl Part {
    const ALL: [Part; 8] = [
        Part::Main,
        Part::Floors,
        Part::Map,
        Part::Guests,
        Part::Speed,
        Part::Suites,
        Part::Marginals,
        Part::Others,
    ];

    fn name(self) -> &'static str {
        match self {
            Part::Main => "bytes of the main builds",
            Part::Floors => "bytes of C programs",
            Part::Map => "mote by crate and applet",
            Part::Guests => "systems in QEMU",
            Part::Speed => "speed",
            Part::Suites => "test-suites",
            Part::Marginals => "marginal bytes",
            Part::Others => "bytes with ARM code and with glibc",
        }
    }

    fn is_quick(self) -> bool {
        matches!(self, Part::Main | Part::Floors | Part::Map)
    }

    /// Does the work of the part.
    fn measure(self, shop: &Workshop, report: &mut Report) -> Result<()> {
        match self {
            Part::Main => report.sizes = bytes::main(shop),
            Part::Floors => report.floors = bytes::floors(shop),
            Part::Map => report.parts = bytes::parts(shop)?,
            Part::Guests => report.guests = guests::all(shop)?,
            Part::Speed => report.speed = speed::all(shop)?,
            Part::Suites => report.suites = suites::all(shop)?,
            Part::Marginals => report.marginals = bytes::marginals(shop)?,
            Part::Others => report.sizes.extend(bytes::others(shop)),
        }
        Ok(())
    }
}

/// Builds and measures everything, or with `quick` only the bytes of the main builds. `save` gets the report
/// after each part, as far as it is.
///
/// # Errors
/// mote's own toolchain is missing, the checkout is damaged, or `save` fails. What goes wrong with a peer is
/// a hole.
pub fn run(project: &Project, quick: bool, mut save: impl FnMut(&Report) -> Result<()>) -> Result<Report> {
    let start = Instant::now();
    let shop = Workshop::open(project)?;
    let mut report = Report::default();
    let why = |part: &Part| if quick && !part.is_quick() { QUICK } else { PENDING };
    report.left_out = Part::ALL.iter().map(|part| (part.name().to_string(), why(part).to_string())).collect();
    for part in Part::ALL.iter().filter(|part| !quick || part.is_quick()) {
        let done = part.measure(&shop, &mut report);
        report.left_out.retain(|(name, _)| name != part.name());
        if let Err(error) = done {
            report.left_out.push((part.name().to_string(), reason(&error)));
        }
        report.setting = setting::of(&shop, quick, start.elapsed());
        save(&report)?;
    }
    Ok(report)
}
