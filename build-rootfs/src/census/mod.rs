//! Where a guest's RAM is: boots a system, stops it, and counts every page of its memory.

pub mod layout;
pub mod memory;
pub mod pages;
pub mod qmp;
pub mod user;

pub use pages::{Census, Group, Row};

use crate::error::{Context, Error, Result};
use crate::kernel::Built;
use crate::qemu::System;
use layout::Layout;
use memory::Memory;
use std::fs;
use std::path::Path;

/// Counts the pages of the guest that was started from `system` with [`options`] for the folder `place`. It is stopped
/// for that, and goes on.
///
/// # Errors
/// The kernel's layout is not known, QEMU does not answer, or the memory is not as the layout says.
pub fn census(system: &System, kernel: &Built, place: &Path) -> Result<Census> {
    let (Some(table), Some(map)) = (&kernel.layout, &kernel.map) else {
        return Err(Error::new("the kernel is Debian's, and what its structures look like is not known")
            .fix("use a target whose kernel is built here, such as `armv5te`"));
    };
    let read = |file: &Path| fs::read(file).context(file.display());
    let layout = Layout::new(&read(table)?, &String::from_utf8_lossy(&read(map)?))?;
    let dump = place.join("memory");
    let physical = layout.field("memory.physical");
    qmp::save_memory(&place.join(SOCKET), physical, crate::qemu::ram_bytes(&system.ram), &dump)?;
    let flash = match layout.symbol("_xiprom") {
        Some(address) => (address, read(&kernel.image)?),
        None => (0, Vec::new()),
    };
    Census::of(&Memory { ram: read(&dump)?, flash, layout })
}

const SOCKET: &str = "qmp";

/// The options of QEMU with which [`census`] can reach it: its control socket in the folder `place`.
pub fn options(place: &Path) -> [String; 2] {
    let socket = place.join(SOCKET).display().to_string().replace(',', ",,");
    ["-qmp".into(), format!("unix:{socket},server=on,wait=off")]
}
