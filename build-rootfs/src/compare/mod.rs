//! Compares mote with BusyBox and Toybox: bytes, memory, start, speed, test suites. A figure that cannot be measured
//! becomes a hole with its reason, and the comparison goes on.

pub mod builds;
pub mod bytes;
pub mod gdb;
pub mod guest;
pub mod guests;
pub mod instructions;
pub mod memory;
pub mod nommu;
pub mod page;
pub mod part;
pub mod plan;
pub mod plot;
pub mod ram;
pub mod report;
pub mod results;
pub mod rootfs;
pub mod setting;
pub mod size;
pub mod speed;
pub mod suites;
pub mod text;

use crate::error::Result;
use crate::project::Project;
use builds::Builds;
use part::Part;
use report::{reason, PartRun, Report, LEFT_OUT};
use results::{PartResult, PartResults, ResultStore};
use std::time::Instant;

/// The reason of a part that is still to be measured. It remains if the run is interrupted.
const PENDING: &str = "the run was interrupted before this part";

/// The parts to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The selected parts. The report takes the other parts from earlier runs, of any commit.
    pub parts: Vec<Part>,
    /// Whether to measure the selected parts even if their stored results are valid.
    pub remeasure: bool,
}

impl Selection {
    /// Whether `part` is selected.
    pub fn contains(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    /// The reason of a part that is not selected and has no stored result.
    fn left_out_reason(part: Part) -> String {
        format!("{LEFT_OUT}; `cargo rootfs compare --only {}` measures it", part.word())
    }
}

/// Builds and measures the selected parts. After each part, `save` gets the report so far and the results.
///
/// # Errors
/// mote's own toolchain is missing, the checkout is damaged, or `save` fails. A failure of a peer only makes a hole.
pub fn run(
    project: &Project,
    selection: &Selection,
    mut save: impl FnMut(&Report, &PartResults) -> Result<()>,
) -> Result<Report> {
    let builds = Builds::open(project)?;
    let store = ResultStore::open(&builds)?;
    let mut found: Vec<(Part, std::result::Result<PartResult, String>)> = Vec::new();
    for part in Part::ALL {
        found.push((
            part,
            match store.get(part) {
                Some(result) if !selection.contains(part) || !selection.remeasure => Ok(result),
                _ if selection.contains(part) => Err(PENDING.into()),
                _ => store.last(part).ok_or_else(|| Selection::left_out_reason(part)),
            },
        ));
    }
    let todo: Vec<usize> =
        (0..found.len()).filter(|at| matches!(&found[*at].1, Err(why) if why == PENDING)).collect();
    let mut report = assemble(&builds, &found);
    if todo.is_empty() {
        save(&report, &parts(&found))?;
    }
    for at in todo {
        let part = found[at].0;
        let start = Instant::now();
        found[at].1 = part.measure(&builds).map_err(|error| reason(&error)).map(|report| PartResult {
            key: store.key.clone(),
            commit: setting::commit(project.root()),
            date: setting::today(),
            seconds: start.elapsed().as_secs(),
            report,
        });
        if let (_, Ok(result)) = &found[at] {
            if result.report.holes().is_empty() {
                store.put(part, result)?;
            }
        }
        report = assemble(&builds, &found);
        save(&report, &parts(&found))?;
    }
    Ok(report)
}

/// The results of all parts that have one.
fn parts(found: &[(Part, std::result::Result<PartResult, String>)]) -> PartResults {
    found.iter().filter_map(|(part, result)| Some((part.word().to_string(), result.clone().ok()?))).collect()
}

/// The report of all parts, in order.
fn assemble(builds: &Builds, found: &[(Part, std::result::Result<PartResult, String>)]) -> Report {
    let mut report = Report::default();
    for (part, found) in found {
        match found {
            Ok(result) => {
                report.add(result.report.clone());
                report.setting.took.push(PartRun {
                    part: part.name().into(),
                    commit: result.commit.clone(),
                    date: result.date.clone(),
                    seconds: result.seconds,
                });
            }
            Err(why) => report.left_out.push((part.name().into(), why.clone())),
        }
    }
    report.setting = setting::of(builds, report.setting.took);
    report
}
