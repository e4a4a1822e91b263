//! Measures mote on a Cortex-M, which has no MMU: bytes, and the smallest RAM with the root file system in flash and
//! in RAM. There are no peers: Debian has no toolchain that builds them for this target.

use super::builds::Builds;
use super::plan::Set;
use super::ram::{smallest_ram, Search, Workload};
use super::report::{reason, InPlace, NommuRow, Outcome};
use crate::build::{Options, Plan};
use crate::compile::compile;
use crate::config::Root;
use crate::error::{Context, Error, Result};
use crate::image::Image;
use crate::progress::Step;
use crate::target::Target;
use std::fs;
use std::path::Path;

/// The target.
pub const TARGET: &str = "thumbv7em";
/// The ways to link, as the target names them.
const LINKS: [&str; 2] = ["shared", "pie"];
/// The sets whose systems are booted.
const BOOTED: [Set; 2] = [Set::Shell, Set::Seed];
/// Steps of a page. The maximum is more than any system needs.
const SEARCH: Search = Search { step: 4, most: 4096 };

/// Figures of a peer that others have published.
#[derive(Debug, Clone, Copy)]
pub struct Cited {
    /// Its name.
    pub who: &'static str,
    /// Bytes of the binary.
    pub bytes: u64,
    /// Bytes of the root file system.
    pub root: u64,
}

/// The source of the figures in [`CITED`]: the README of this project.
pub const SOURCE: &str = "https://github.com/jserv/cortexm-linux";
/// For the same machine, with uClibc-ng.
pub const CITED: [Cited; 2] = [
    Cited { who: "BusyBox 1.37, FDPIC", bytes: 112_972, root: 340_906 },
    Cited { who: "BusyBox 1.37, bFLT", bytes: 172_316, root: 172_654 },
];

/// Builds and boots all of them.
///
/// # Errors
/// There is no such target, or no folder for the images.
pub fn all(builds: &Builds) -> Result<Vec<NommuRow>> {
    Target::load(builds.project, TARGET)?;
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let mut rows = Vec::new();
    for link in LINKS {
        rows.extend(Set::ALL.map(|set| row(builds, set, link, scratch.path())));
    }
    Ok(rows)
}

fn row(builds: &Builds, set: Set, link: &str, scratch: &Path) -> NommuRow {
    let plan = |root| {
        let name = format!("{link}-{}-{root:?}", set.name());
        let options = Options {
            target: Some(TARGET.into()),
            applets: Some(set.applets().into()),
            link: Some(link.into()),
            root: Some(root),
            out: Some(scratch.join(name)),
            ..Options::default()
        };
        Plan::new(builds.project, &options)
    };
    let image = plan(Root::Initramfs).and_then(|plan| {
        let binary = compile(builds.project, &plan.target, &plan.applets, &plan.out)?.file;
        let mote = fs::read(&binary).context(binary.display())?;
        Ok((mote.len() as u64, plan.image(mote)?))
    });
    let bytes = |of: fn(&Image) -> usize| match &image {
        Ok((_, image)) => Outcome::Value(of(image) as u64),
        Err(error) => Outcome::hole(reason(error)),
    };
    let ram_kib =
        |root| BOOTED.contains(&set).then(|| Outcome::of(plan(root).and_then(|plan| ram(builds, plan))));
    NommuRow {
        set,
        link: link.into(),
        romfs: InPlace {
            bytes: bytes(|image| image.in_flash(Root::Romfs).map_or(0, |bytes| bytes.len())),
            ram_kib: ram_kib(Root::Romfs),
        },
        initramfs: InPlace { bytes: bytes(|image| image.archive().len()), ram_kib: ram_kib(Root::Initramfs) },
        bytes: Outcome::of(image.map(|(bytes, _)| bytes)),
    }
}

/// The smallest RAM in which the image comes to a prompt, in KiB.
fn ram(builds: &Builds, plan: Plan) -> Result<u32> {
    let system = plan.build(builds.project)?.system;
    let system = system.ok_or_else(|| Error::new("this target has no kernel to boot"))?;
    let step =
        Step::start(format!("{} with {:?}, in QEMU", plan.target.full_name(), plan.root).to_lowercase());
    let kib = smallest_ram(&system, Workload::Prompt, SEARCH, |kib| step.line(&format!("{kib} KiB of RAM")))?;
    step.done();
    Ok(kib)
}
