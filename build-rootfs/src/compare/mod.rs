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
use report::{Found, Report};
use std::time::Instant;

/// Builds and measures everything; with `quick` only the bytes of the main builds.
///
/// # Errors
/// mote's own toolchain is missing, or the checkout is damaged. What goes wrong with a peer is a hole.
pub fn run(project: &Project, quick: bool) -> Result<Report> {
    let start = Instant::now();
    let shop = Workshop::open(project)?;
    let mut report = Report { sizes: bytes::sizes(&shop, quick), ..Report::default() };
    report.floors = bytes::floors(&shop);
    report.parts = keep(&mut report.left_out, "mote by crate and applet", bytes::parts(&shop));
    if quick {
        for part in ["ARM code and glibc", "marginal bytes", "systems in QEMU", "speed", "test-suites"] {
            report.left_out.push((part.to_string(), QUICK.to_string()));
        }
    } else {
        report.marginals = keep(&mut report.left_out, "marginal bytes", bytes::marginals(&shop));
        report.guests = keep(&mut report.left_out, "systems in QEMU", guests::all(&shop));
        report.speed = keep(&mut report.left_out, "speed", speed::all(&shop));
        report.suites = keep(&mut report.left_out, "test-suites", suites::all(&shop));
    }
    report.setting = setting::of(&shop, quick, start.elapsed());
    Ok(report)
}

/// The rows of a part; without them, the part is left out with its reason.
fn keep<T>(left_out: &mut Vec<(String, String)>, part: &str, rows: Result<Vec<T>>) -> Vec<T> {
    match Found::of(rows) {
        Found::Is(rows) => rows,
        Found::Hole { hole } => {
            left_out.push((part.to_string(), hole));
            Vec::new()
        }
    }
}
