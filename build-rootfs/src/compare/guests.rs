//! Measures systems in QEMU. All have the same kernel, device tree and root file system, except for the binary.

use super::builds::Builds;
use super::bytes::MOTE_LEAN;
use super::plan::{cases, Case, Peer, Set};
use super::ram::{Search, Workload};
use super::report::{reason, GuestRow, Outcome};
use super::rootfs;
use super::size::bare;
use super::{instructions, ram};
use crate::cache::Cache;
use crate::config::Root;
use crate::error::{Context, Error, Result};
use crate::kernel;
use crate::peers::cross::Abi;
use crate::progress::Step;
use crate::qemu::System;
use std::fs;
use std::path::Path;

/// The sets whose systems are booted.
const SETS: [Set; 2] = [Set::Shell, Set::Seed];

/// Boots mote and the peers' main builds.
///
/// # Errors
/// There is no kernel, or no folder for the images.
pub fn all(builds: &Builds) -> Result<Vec<GuestRow>> {
    let place = tempfile::tempdir().context("a temporary folder")?;
    let booth = CommonSystem::open(builds, place.path())?;
    let mut rows = Vec::new();
    for set in SETS {
        let applets = builds.applets(set)?;
        let binary = builds.mote(&applets);
        rows.push(booth.row("mote".into(), set, binary.map(|binary| (binary, applets))));
        if let Some(list) = set.lean() {
            let applets = builds.catalogue.resolve(list)?;
            let binary = builds.mote(&applets);
            rows.push(booth.row(MOTE_LEAN.into(), set, binary.map(|binary| (binary, applets))));
        }
        for case in cases().into_iter().filter(|case| case.abi == Abi::MAIN && case.set == set) {
            rows.push(booth.row(case.who(), set, peer(builds, &case)));
        }
    }
    Ok(rows)
}

type Subject = (std::path::PathBuf, Vec<String>);

fn peer(builds: &Builds, case: &Case) -> Result<Subject> {
    let build = builds.peer(case)?;
    Ok((build.built.binary, build.applets))
}

/// The parts that all systems have in common.
struct CommonSystem {
    system: System,
    map: String,
}

impl CommonSystem {
    fn open(builds: &Builds, place: &Path) -> Result<CommonSystem> {
        let kernel = kernel::build(&Cache::open()?, &builds.target, None, None)?;
        let machine = builds.target.machine()?;
        let tree = place.join("dtb");
        kernel.device_tree(&builds.target.file(&builds.target.kernel()?.device_tree), &tree)?;
        let map = kernel.image.with_file_name("System.map");
        Ok(CommonSystem {
            map: fs::read_to_string(&map).context(map.display())?,
            system: System {
                flash: None,
                root: Root::Initramfs,
                emulator: machine.emulator.clone(),
                machine: machine.args.clone(),
                nic: machine.nic.clone(),
                ram: ram::ROOMY.into(),
                kernel: kernel.image,
                device_tree: Some(tree),
                initramfs: place.join("initramfs.cpio"),
                cmdline: machine.cmdline.clone(),
                first_program: None,
            },
        })
    }

    fn row(&self, who: String, set: Set, subject: Result<Subject>) -> GuestRow {
        let system = subject.and_then(|(binary, applets)| self.system(&binary, &applets));
        match system {
            Ok((system, binary)) => {
                let step = Step::start(format!("{who}, {}, in QEMU", set.name()));
                let tell = |kib| step.line(&format!("{kib} KiB of RAM"));
                let has_cat = set != Set::Shell;
                let row = GuestRow {
                    instructions: Outcome::of(instructions::to_prompt(&system, &binary, &self.map)),
                    free_kib: has_cat.then(|| Outcome::of(ram::free(&system))),
                    ram_kib: Outcome::of(ram::smallest_ram(
                        &system,
                        Workload::Prompt,
                        Search::COMPARED,
                        tell,
                    )),
                    who,
                    set,
                };
                step.done();
                row
            }
            Err(error) => {
                let why = reason(&error);
                let (ram_kib, free_kib) = (Outcome::hole(&why), Some(Outcome::hole(&why)));
                GuestRow { who, set, ram_kib, free_kib, instructions: Outcome::hole(&why) }
            }
        }
    }

    /// The system with `binary`.
    fn system(&self, binary: &Path, applets: &[String]) -> Result<(System, Vec<u8>)> {
        let mut system = self.system.clone();
        let elf = put_binary(&mut system, binary, applets)?;
        Ok((system, elf))
    }
}

/// Replaces the root file system of `system` by the one of all comparisons with `binary` in it, without section headers.
/// Returns its bytes.
///
/// # Errors
/// A file cannot be read or written.
pub fn put_binary(system: &mut System, binary: &Path, applets: &[String]) -> Result<Vec<u8>> {
    let elf = bare(&fs::read(binary).context(binary.display())?, binary)?;
    let mut image = rootfs::image(elf.clone(), applets)?;
    image.link_hard(rootfs::BINARY);
    system.first_program = image.first_program()?.map(String::from);
    fs::write(&system.initramfs, image.in_flash(system.root)?).context(system.initramfs.display())?;
    Ok(elf)
}

/// The same with the smallest build of `peer` for mote's `set`.
///
/// # Errors
/// There is none, or it cannot be built.
pub fn put_peer(system: &mut System, builds: &Builds, peer: Peer, set: &str) -> Result<()> {
    let case = cases().into_iter().find(|case| {
        case.peer == peer && case.abi == Abi::MAIN && case.set.applets() == set && SETS.contains(&case.set)
    });
    let case = case.ok_or_else(|| {
        Error::usage(format!("there is no build of {} for the applets `{set}`", peer.name()))
            .fix("give `--applets sh` or `--applets seed`")
    })?;
    let (binary, applets) = self::peer(builds, &case)?;
    put_binary(system, &binary, &applets).map(drop)
}
