//! mote side by side with BusyBox and Toybox: bytes, memory, start, speed, test-suites. What cannot be
//! measured is a marked hole with its reason, and the rest goes on.

pub mod builds;
pub mod bytes;
pub mod gdb;
pub mod guest;
pub mod guests;
pub mod instructions;
pub mod kept;
pub mod nommu;
pub mod page;
pub mod part;
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
use kept::{Kept, Parts, Shelf};
use part::Part;
use report::{reason, Report, Took, LEFT_OUT};
use std::time::Instant;

/// What stands for a part that is not done yet, should the run be ended before.
const PENDING: &str = "the run was ended before it came to this";

/// What to measure. The rest is taken from earlier runs, where that is still true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// These parts. Of the others, what was measured last, of whichever commit.
    pub parts: Vec<Part>,
    /// Whatever there is of earlier runs; else what is still true of them is taken over.
    pub again: bool,
}

impl Wanted {
    /// Whether `part` is one of those.
    pub fn asks_for(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    /// The reason for the hole of a part that it does not ask for.
    fn why_not(part: Part) -> String {
        format!("{LEFT_OUT}; `cargo rootfs compare --only {}` measures it", part.word())
    }
}

/// Builds and measures what is wanted. `save` gets the report after each part, as far as it is, and the parts.
///
/// # Errors
/// mote's own toolchain is missing, the checkout is damaged, or `save` fails. What goes wrong with a peer is
/// a hole.
pub fn run(
    project: &Project,
    wanted: &Wanted,
    mut save: impl FnMut(&Report, &Parts) -> Result<()>,
) -> Result<Report> {
    let shop = Workshop::open(project)?;
    let shelf = Shelf::open(&shop)?;
    let mut found: Vec<(Part, std::result::Result<Kept, String>)> = Vec::new();
    for part in Part::ALL {
        found.push((
            part,
            match shelf.get(part) {
                Some(kept) if !wanted.asks_for(part) || !wanted.again => Ok(kept),
                _ if wanted.asks_for(part) => Err(PENDING.into()),
                _ => shelf.older(part).ok_or_else(|| Wanted::why_not(part)),
            },
        ));
    }
    let todo: Vec<usize> =
        (0..found.len()).filter(|at| matches!(&found[*at].1, Err(why) if why == PENDING)).collect();
    let mut report = assembled(&shop, &found);
    if todo.is_empty() {
        save(&report, &parts(&found))?;
    }
    for at in todo {
        let part = found[at].0;
        let start = Instant::now();
        found[at].1 = part.measure(&shop).map_err(|error| reason(&error)).map(|report| Kept {
            key: shelf.key.clone(),
            commit: setting::commit(project.root()),
            date: setting::today(),
            seconds: start.elapsed().as_secs(),
            report,
        });
        if let (_, Ok(kept)) = &found[at] {
            if kept.report.holes().is_empty() {
                shelf.put(part, kept)?;
            }
        }
        report = assembled(&shop, &found);
        save(&report, &parts(&found))?;
    }
    Ok(report)
}

/// The parts that there are.
fn parts(found: &[(Part, std::result::Result<Kept, String>)]) -> Parts {
    found.iter().filter_map(|(part, kept)| Some((part.word().to_string(), kept.clone().ok()?))).collect()
}

/// The report of all parts, in their order.
fn assembled(shop: &Workshop, found: &[(Part, std::result::Result<Kept, String>)]) -> Report {
    let mut report = Report::default();
    for (part, found) in found {
        match found {
            Ok(kept) => {
                report.add(kept.report.clone());
                report.setting.took.push(Took {
                    part: part.name().into(),
                    commit: kept.commit.clone(),
                    date: kept.date.clone(),
                    seconds: kept.seconds,
                });
            }
            Err(why) => report.left_out.push((part.name().into(), why.clone())),
        }
    }
    report.setting = setting::of(shop, report.setting.took);
    report
}
