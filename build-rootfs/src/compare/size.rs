//! The bytes of a binary and of the root file system around it.

use super::rootfs;
use crate::error::{Context, Error, Result};
use crate::peers::cross;
use crate::process::command;
use crate::strip::strip;
use object::elf::{SHF_ALLOC, SHF_WRITE};
use object::{Object, ObjectSection, SectionKind};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// The bytes of one binary.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// The file without symbols, as `strip` leaves it.
    pub stripped: u64,
    /// The file also without section headers: only what the kernel loads.
    pub sstripped: u64,
    /// Code and constants in memory, as `size` counts.
    pub text: u64,
    /// Variables with a first value.
    pub data: u64,
    /// Variables that start as zero.
    pub bss: u64,
    /// `sstripped`, compressed by gzip.
    pub gzip: u64,
    /// `sstripped`, compressed by xz.
    pub xz: u64,
    /// The archive of the whole root file system.
    pub initramfs: u64,
    /// The archive, compressed by gzip.
    pub initramfs_gzip: u64,
    /// The archive, compressed by xz.
    pub initramfs_xz: u64,
}

/// Measures the ELF file `binary`, which may have symbols, and a root file system in which it has the names
/// `applets`.
///
/// # Errors
/// It cannot be read, or a program for measuring fails.
pub fn measure(binary: &Path, applets: &[String]) -> Result<Bytes> {
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let file = scratch.path().join("stripped");
    cross::strip(binary, &file)?;
    let stripped = fs::read(&file).context(file.display())?;
    let bare = bare(&stripped, binary)?;
    let (text, data, bss) = sections(&stripped).map_err(|why| wrong(binary, &why))?;
    let archive = rootfs::archive(bare.clone(), applets)?;
    Ok(Bytes {
        stripped: stripped.len() as u64,
        sstripped: bare.len() as u64,
        text,
        data,
        bss,
        gzip: compressed("gzip", &bare)?,
        xz: compressed("xz", &bare)?,
        initramfs: archive.len() as u64,
        initramfs_gzip: compressed("gzip", &archive)?,
        initramfs_xz: compressed("xz", &archive)?,
    })
}

/// The bytes of text and data that are loaded from the ELF file `binary`, without gaps.
///
/// # Errors
/// It cannot be read, or is no ELF file.
pub fn loaded(binary: &Path) -> Result<u64> {
    let elf = fs::read(binary).context(binary.display())?;
    let (text, data, _) = sections(&elf).map_err(|why| wrong(binary, &why))?;
    Ok(text + data)
}

/// The binary as it goes into an image.
///
/// # Errors
/// It is no ELF file.
pub fn bare(elf: &[u8], name: &Path) -> Result<Vec<u8>> {
    strip(elf).map_err(|why| wrong(name, &why))
}

fn wrong(file: &Path, why: &str) -> Error {
    Error::new(format!("{}: {why}", file.display()))
}

/// text, data and bss as `size` counts them: text is everything that is loaded and not writable.
fn sections(elf: &[u8]) -> std::result::Result<(u64, u64, u64), String> {
    let file = object::File::parse(elf).map_err(|why| why.to_string())?;
    let (mut text, mut data, mut bss) = (0, 0, 0);
    for section in file.sections() {
        let object::SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        let sum = match () {
            () if !sh_flags.contains(SHF_ALLOC) => continue,
            () if section.kind() == SectionKind::UninitializedData => &mut bss,
            () if sh_flags.contains(SHF_WRITE) => &mut data,
            () => &mut text,
        };
        *sum += section.size();
    }
    Ok((text, data, bss))
}

/// The arguments that the programs compress with.
pub const COMPRESSORS: [(&str, &[&str]); 2] = [("gzip", &["-9n"]), ("xz", &["-9e", "--check=crc32"])];

/// The size of `bytes` after `program` has compressed them.
fn compressed(program: &str, bytes: &[u8]) -> Result<u64> {
    let arguments = COMPRESSORS.iter().find(|(name, _)| *name == program).map_or(&[][..], |found| found.1);
    let mut compressor = command(program);
    compressor.args(arguments).arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = compressor.spawn().map_err(|why| {
        Error::new(format!("{program}: cannot be started: {why}")).fix("run `cargo rootfs setup`")
    })?;
    let stdin = child.stdin.take();
    let input = bytes.to_vec();
    let writer = std::thread::spawn(move || stdin.map_or(Ok(()), |mut stdin| stdin.write_all(&input)));
    let output = child.wait_with_output().context(program)?;
    writer.join().map_err(|_| Error::new(format!("{program}: its input failed")))?.context(program)?;
    match output.status.success() {
        true => Ok(output.stdout.len() as u64),
        false => Err(Error::new(format!("{program}: {}", output.status))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressors_compress() {
        for (program, _) in COMPRESSORS {
            let size = compressed(program, &vec![7; 100_000]).unwrap();
            assert!(size > 20 && size < 1000, "{program}: {size}");
        }
    }

    #[test]
    fn sections_are_summed_up() {
        // The test's own program has all three.
        let own = fs::read(std::env::current_exe().unwrap()).unwrap();
        let (text, data, bss) = sections(&own).unwrap();
        assert!(text > data && data > 0 && bss > 0, "{text} {data} {bss}");
    }
}
