//! What a board without a boot loader has in its flash: boot stub, kernel, device tree and root file system, one
//! behind the other from address 0 on, as one ELF file that QEMU loads.

use super::Built;
use crate::cache::write_atomically;
use crate::config::Root;
use crate::error::{Context, Error, Result};
use crate::target::Flash;
use object::elf::{FileFlags, ELFOSABI_NONE, EM_ARM, ET_EXEC, PF_R, PF_X, PT_LOAD};
use object::write::elf::{FileHeader, ProgramHeader, Writer};
use object::Endianness;
use std::fs;
use std::path::{Path, PathBuf};

/// What the parts begin at multiples of.
const ALIGN: usize = 4096;
/// Room for the device tree. It tells where the initramfs lies, so that must not depend on its size.
const DEVICE_TREE: usize = 4096;
/// Where the stub wants the addresses of the kernel and the device tree.
const WORDS: usize = 7 * 4;

/// What is put together, but for the root file system.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The kernel and what was built with it.
    pub built: Built,
    /// The board's flash and RAM.
    pub flash: Flash,
    /// The source of the device tree, with `{ram}`, `{bootargs}`, `{initrd_start}`, `{initrd_end}`, `{rom_start}`,
    /// `{rom_size}` and `{rom_status}` in it.
    pub device_tree: PathBuf,
}

impl Parts {
    /// Writes the ELF file `to`, and the device tree beside it.
    ///
    /// # Errors
    /// A file cannot be read or written, the device tree is wrong, or a part is too big.
    pub fn link(&self, ram: u64, cmdline: &str, root: Root, content: &Path, to: &Path) -> Result<()> {
        let read = |file: &Path| fs::read(file).context(file.display());
        let stub = self.built.stub.as_deref().ok_or_else(|| Error::new("the kernel is none for flash"))?;
        let (stub, kernel, content) = (read(stub)?, read(&self.built.image)?, read(content)?);
        let layout = Layout::new(&self.flash, kernel.len());
        let template = fs::read_to_string(&self.device_tree).context(self.device_tree.display())?;
        let number = |n: usize| format!("{n:#x}");
        // An initramfs without a byte is none.
        let (initrd, status) = match root {
            Root::Initramfs => (layout.root..layout.root + content.len(), "disabled"),
            Root::Romfs => (0..0, "okay"),
        };
        let source = template
            .replace("{ram}", &number(ram as usize))
            .replace("{bootargs}", &cmdline.replace('\\', "\\\\").replace('"', "\\\""))
            .replace("{initrd_start}", &number(initrd.start))
            .replace("{initrd_end}", &number(initrd.end))
            .replace("{rom_start}", &number(layout.root))
            // The driver of memory that is mapped (physmap) cuts other sizes down to a power of two.
            .replace("{rom_size}", &number(content.len().next_power_of_two()))
            .replace("{rom_status}", status);
        let (dts, dtb) = (to.with_extension("dts"), to.with_extension("dtb"));
        fs::write(&dts, source).context(dts.display())?;
        self.built.device_tree(&dts, &dtb)?;
        let elf = layout.link(&stub, &kernel, &read(&dtb)?, &content)?;
        write_atomically(to, &elf, 0o644)
    }
}

/// The parts' addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The kernel's.
    pub kernel: usize,
    /// The device tree's.
    pub device_tree: usize,
    /// That of the initramfs or the romfs.
    pub root: usize,
    /// Where flash ends.
    pub end: usize,
}

impl Layout {
    /// For a kernel of `size` bytes.
    pub fn new(flash: &Flash, size: usize) -> Layout {
        let (kernel, end) = (flash.kernel_address as usize, flash.size as usize);
        let device_tree = (kernel + size).next_multiple_of(ALIGN);
        Layout { kernel, device_tree, root: device_tree + DEVICE_TREE, end }
    }

    /// The ELF file.
    ///
    /// # Errors
    /// A part is too big for its place, or all of them for the flash.
    pub fn link(&self, stub: &[u8], kernel: &[u8], device_tree: &[u8], root: &[u8]) -> Result<Vec<u8>> {
        let mut flash = stub.to_vec();
        let words =
            flash.get_mut(WORDS..WORDS + 8).ok_or_else(|| Error::new("the boot stub is too short"))?;
        words[..4].copy_from_slice(&(self.kernel as u32).to_le_bytes());
        words[4..].copy_from_slice(&(self.device_tree as u32).to_le_bytes());
        let parts = [
            ("boot stub", self.kernel, kernel),
            ("kernel", self.device_tree, device_tree),
            ("device tree", self.root, root),
        ];
        for (before, address, part) in parts {
            if flash.len() > address {
                let over = flash.len() - address;
                return Err(Error::new(format!(
                    "the {before} is {over} bytes too big for its place in flash"
                )));
            }
            flash.resize(address, 0xff);
            flash.extend_from_slice(part);
        }
        if flash.len() > self.end {
            let (taken, end) = (flash.len(), self.end);
            return Err(Error::new(format!("the system takes {taken} bytes of flash, the board has {end}"))
                .fix("choose fewer applets, or leave out files"));
        }
        elf(&flash)
    }
}

/// An ELF file that loads `bytes` to address 0.
fn elf(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut writer = Writer::new(Endianness::Little, false, &mut out);
    writer.reserve_file_header();
    writer.reserve_program_headers(1);
    let size = bytes.len() as u64;
    let offset = writer.reserve(size, 4);
    let header = FileHeader {
        os_abi: ELFOSABI_NONE,
        abi_version: 0,
        e_type: ET_EXEC,
        e_machine: EM_ARM,
        e_entry: 1,
        // The EABI's version 5.
        e_flags: FileFlags(0x0500_0000),
    };
    writer.write_file_header(&header).map_err(|why| Error::new(format!("the flash image: {why}")))?;
    writer.write_align_program_headers();
    writer.write_program_header(&ProgramHeader {
        p_type: PT_LOAD,
        p_flags: PF_R | PF_X,
        p_offset: offset,
        p_vaddr: 0,
        p_paddr: 0,
        p_filesz: size,
        p_memsz: size,
        p_align: 4,
    });
    writer.write_align(4);
    writer.write(bytes);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::{Object, ObjectSegment};

    fn layout(kernel: usize) -> Layout {
        let flash =
            Flash { stub: "stub.S".into(), kernel_address: 0x1000, size: 0x5000, ram_size: 0x10_0000 };
        Layout::new(&flash, kernel)
    }

    #[test]
    fn parts_lie_where_the_layout_says() {
        let layout = layout(5000);
        assert_eq!((layout.device_tree, layout.root), (0x3000, 0x4000));
        let file = layout.link(&[1; 64], &[2; 5000], &[3; 100], &[4; 10]).unwrap();
        let elf = object::File::parse(file.as_slice()).unwrap();
        let segment = elf.segments().next().unwrap();
        let flash = segment.data().unwrap();
        assert_eq!((segment.address(), flash.len()), (0, 0x400a));
        assert_eq!(flash[28..36], [0, 0x10, 0, 0, 0, 0x30, 0, 0]);
        assert_eq!((flash[63], flash[0x1000], flash[0x3063], flash[0x4000]), (1, 2, 3, 4));
        assert_eq!(flash[0x3064..0x4000], [0xff; 0x1000 - 100]);
    }

    #[test]
    fn what_is_too_big_is_named() {
        let layout = layout(100);
        let error = layout.link(&[1; 64], &[2; 100], &[3; 4097], &[]).unwrap_err().to_string();
        assert!(error.contains("the device tree is 1 bytes too big"), "{error}");
        let error = layout.link(&[1; 64], &[2; 100], &[3; 9], &[4; 0x2001]).unwrap_err().to_string();
        assert!(error.contains("takes 20481 bytes of flash, the board has 20480"), "{error}");
        assert!(layout.link(&[1; 64], &[2; 100], &[3; 9], &[4; 0x2000]).is_ok());
    }
}
