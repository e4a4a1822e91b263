//! Makes the memory image of a board without a boot loader, as one ELF file that QEMU loads, and as the bytes of the
//! flash, as a programmer writes them. There are two layouts. If the kernel runs in flash, flash holds, from its
//! beginning: boot stub, kernel, device tree and root file system. If the kernel runs in RAM, RAM holds device tree,
//! kernel and initramfs, and flash holds the stub and, if there is one, the romfs.

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

/// The alignment of the parts.
const ALIGN: usize = 4096;
/// The space for the device tree. It holds the address of the initramfs, so the address must not depend on the size
/// of the device tree.
const DEVICE_TREE: usize = 4096;
/// The entry of a stub at address 0, in Thumb state: what the processor's vectors say there, too.
const ENTRY_AT_ZERO: u32 = 1;
/// The offset in the stub where the addresses of the kernel and the device tree go.
const WORDS: usize = 7 * 4;

/// The parts of the image, except for the root file system.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The kernel and the files built with it.
    pub built: Built,
    /// The board's flash and RAM.
    pub flash: Flash,
    /// The source of the device tree, with `{ram}` (addresses and sizes), `{bootargs}`, `{initrd_start}`, `{initrd_end}`, `{rom_start}`,
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
        let stub =
            self.built.stub.as_deref().ok_or_else(|| Error::new("the kernel is not built for flash"))?;
        let (stub, kernel, content) = (read(stub)?, read(&self.built.image)?, read(content)?);
        let layout = Layout::new(&self.flash, kernel.len(), root);
        let template = fs::read_to_string(&self.device_tree).context(self.device_tree.display())?;
        let number = |n: usize| format!("{n:#x}");
        let banks = self.flash.banks(ram);
        let banks: Vec<String> =
            banks.iter().map(|bank| format!("{:#x} {:#x}", bank.address, bank.size)).collect();
        // If the initramfs is empty, there is none.
        let (initrd, status) = match root {
            Root::Initramfs => (layout.root..layout.root + content.len(), "disabled"),
            Root::Romfs | Root::Cramfs => (0..0, "okay"),
        };
        let source = template
            .replace("{ram}", &banks.join(" "))
            .replace("{bootargs}", &cmdline.replace('\\', "\\\\").replace('"', "\\\""))
            .replace("{initrd_start}", &number(initrd.start))
            .replace("{initrd_end}", &number(initrd.end))
            .replace("{rom_start}", &number(layout.root))
            .replace("{rom_size}", &number(self.rom_size(content.len())))
            .replace("{rom_status}", status);
        let (dts, dtb) = (to.with_extension("dts"), to.with_extension("dtb"));
        fs::write(&dts, source).context(dts.display())?;
        self.built.device_tree(&dts, &dtb)?;
        let memory = layout.fill(&stub, &kernel, &read(&dtb)?, &content)?;
        write_atomically(&to.with_extension("flash"), &memory.flash.bytes, 0o644)?;
        write_atomically(to, &memory.elf()?, 0o644)
    }

    /// The size of the root file system's part of flash, for `bytes` of it. The driver of mapped memory (physmap) rounds other sizes
    /// down to a power of two.
    fn rom_size(&self, bytes: usize) -> usize {
        bytes.max(self.flash.root_align as usize).next_power_of_two()
    }

    /// The bytes of RAM in use before the kernel starts, with the root file system `content`.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn loaded(&self, root: Root, content: &Path) -> Result<u64> {
        let size = |file: &Path| file.metadata().map(|meta| meta.len()).context(file.display());
        let layout = Layout::new(&self.flash, size(&self.built.image)? as usize, root);
        Ok(match (self.flash.in_place(), root) {
            (true, _) => 0,
            (false, Root::Romfs | Root::Cramfs) => {
                (layout.kernel - layout.ram) as u64 + size(&self.built.image)?
            }
            (false, Root::Initramfs) => (layout.root - layout.ram) as u64 + size(content)?,
        })
    }
}

/// The parts' addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The address of the kernel.
    pub kernel: usize,
    /// The address of the device tree.
    pub device_tree: usize,
    /// The address of the root file system.
    pub root: usize,
    /// The beginning of flash.
    pub start: usize,
    /// The end of flash.
    pub end: usize,
    /// The start of RAM.
    pub ram: usize,
}

impl Layout {
    /// The layout for a kernel of `size` bytes.
    pub fn new(flash: &Flash, size: usize, root: Root) -> Layout {
        let (kernel, start) = (flash.kernel_address as usize, flash.address as usize);
        let end = start + flash.size as usize;
        let aligned = |address: usize| address.next_multiple_of(flash.root_align as usize);
        let ram = flash.ram.first().map_or(end, |bank| bank.address as usize);
        let after = (kernel + size).next_multiple_of(ALIGN);
        let (device_tree, root) = match (flash.in_place(), root) {
            (true, _) => (after, aligned(after + DEVICE_TREE)),
            (false, Root::Initramfs) => (ram, after),
            (false, Root::Romfs | Root::Cramfs) => (ram, aligned(start + ALIGN)),
        };
        Layout { kernel, device_tree, root, start, end, ram }
    }

    /// Puts the parts into their places.
    ///
    /// # Errors
    /// A part is too big for its place, or all of them for the flash.
    fn fill(&self, stub: &[u8], kernel: &[u8], device_tree: &[u8], root: &[u8]) -> Result<Memory> {
        let mut stub = stub.to_vec();
        let words = stub.get_mut(WORDS..WORDS + 8).ok_or_else(|| Error::new("the boot stub is too short"))?;
        words[..4].copy_from_slice(&(self.kernel as u32).to_le_bytes());
        words[4..].copy_from_slice(&(self.device_tree as u32).to_le_bytes());
        let mut parts = [
            ("boot stub", self.start, &stub[..]),
            ("kernel", self.kernel, kernel),
            ("device tree", self.device_tree, device_tree),
            ("root file system", self.root, root),
        ];
        parts.sort_by_key(|(_, address, _)| *address);
        let (mut flash, mut ram) = (Piece::new(self.start, 0xff), Piece::new(self.ram, 0));
        for (name, address, part) in parts {
            let piece = if (self.start..self.end).contains(&address) { &mut flash } else { &mut ram };
            piece.put(name, address, part)?;
        }
        let (taken, size) = (flash.bytes.len(), self.end - self.start);
        if taken > size {
            return Err(Error::new(format!("the system takes {taken} bytes of flash, the board has {size}"))
                .fix("choose fewer applets, or leave out files"));
        }
        Ok(Memory { flash, ram })
    }
}

/// What the board's memory holds when it begins.
struct Memory {
    flash: Piece,
    ram: Piece,
}

/// A piece of memory that begins at an address.
struct Piece {
    address: usize,
    bytes: Vec<u8>,
    /// The byte that fills the gaps between parts.
    fill: u8,
    /// The name of the last part.
    last: &'static str,
}

impl Piece {
    fn new(address: usize, fill: u8) -> Piece {
        Piece { address, bytes: Vec::new(), fill, last: "" }
    }

    fn put(&mut self, name: &'static str, address: usize, part: &[u8]) -> Result<()> {
        let (at, taken) = (address - self.address, self.bytes.len());
        if taken > at {
            let over = taken - at;
            return Err(Error::new(format!("the {} is {over} bytes too big for its place", self.last)));
        }
        self.bytes.resize(at, self.fill);
        self.bytes.extend_from_slice(part);
        self.last = name;
        Ok(())
    }
}

impl Memory {
    /// An ELF file that loads the pieces that are not empty, and begins at the stub.
    fn elf(&self) -> Result<Vec<u8>> {
        let pieces = [&self.flash, &self.ram].into_iter().filter(|piece| !piece.bytes.is_empty());
        let entry = if self.flash.address == 0 { ENTRY_AT_ZERO } else { self.flash.address as u32 };
        elf(&pieces.collect::<Vec<_>>(), entry)
    }
}

fn elf(pieces: &[&Piece], entry: u32) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut writer = Writer::new(Endianness::Little, false, &mut out);
    writer.reserve_file_header();
    writer.reserve_program_headers(pieces.len() as u32);
    let offsets: Vec<u64> = pieces.iter().map(|piece| writer.reserve(piece.bytes.len() as u64, 4)).collect();
    let header = FileHeader {
        os_abi: ELFOSABI_NONE,
        abi_version: 0,
        e_type: ET_EXEC,
        e_machine: EM_ARM,
        e_entry: u64::from(entry),
        // The EABI's version 5.
        e_flags: FileFlags(0x0500_0000),
    };
    writer.write_file_header(&header).map_err(|why| Error::new(format!("the flash image: {why}")))?;
    writer.write_align_program_headers();
    for (piece, offset) in pieces.iter().zip(offsets) {
        let (address, size) = (piece.address as u64, piece.bytes.len() as u64);
        writer.write_program_header(&ProgramHeader {
            p_type: PT_LOAD,
            p_flags: PF_R | PF_X,
            p_offset: offset,
            p_vaddr: address,
            p_paddr: address,
            p_filesz: size,
            p_memsz: size,
            p_align: 4,
        });
    }
    for piece in pieces {
        writer.write_align(4);
        writer.write(&piece.bytes);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Bank;
    use object::{Object, ObjectSegment};

    fn layout(kernel_address: u32, kernel: usize, root: Root) -> Layout {
        let ram = vec![Bank { address: 0x10_0000, size: 0x8000 }];
        let toml = "stub = 'stub.S'\nkernel_address = 0\nsize = 0x5000";
        let flash = Flash { kernel_address, ram, ..toml::from_str(toml).unwrap() };
        Layout::new(&flash, kernel, root)
    }

    /// Address and content of what is loaded.
    fn loaded(file: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let elf = object::File::parse(file).unwrap();
        elf.segments().map(|segment| (segment.address(), segment.data().unwrap().to_vec())).collect()
    }

    #[test]
    fn parts_lie_where_the_layout_says() {
        let layout = layout(0x1000, 5000, Root::Initramfs);
        assert_eq!((layout.device_tree, layout.root), (0x3000, 0x4000));
        assert_eq!(layout, self::layout(0x1000, 5000, Root::Romfs));
        let file = layout.fill(&[1; 64], &[2; 5000], &[3; 100], &[4; 10]).unwrap().elf().unwrap();
        let [(0, flash)] = &loaded(&file)[..] else { panic!("more than flash") };
        assert_eq!(flash.len(), 0x400a);
        assert_eq!(flash[28..36], [0, 0x10, 0, 0, 0, 0x30, 0, 0]);
        assert_eq!((flash[63], flash[0x1000], flash[0x3063], flash[0x4000]), (1, 2, 3, 4));
        assert_eq!(flash[0x3064..0x4000], [0xff; 0x1000 - 100]);
    }

    #[test]
    fn a_kernel_in_ram_has_all_but_the_stub_there() {
        let layout = layout(0x10_2000, 5000, Root::Initramfs);
        assert_eq!((layout.device_tree, layout.root), (0x10_0000, 0x10_4000));
        let file = layout.fill(&[1; 61], &[2; 5000], &[3; 100], &[4; 10]).unwrap().elf().unwrap();
        let [(0, flash), (0x10_0000, ram)] = &loaded(&file)[..] else { panic!("not flash and RAM") };
        assert_eq!(flash[28..36], [0, 0x20, 0x10, 0, 0, 0, 0x10, 0]);
        assert_eq!((flash.len(), ram.len()), (61, 0x400a));
        assert_eq!((ram[0], ram[0x63], ram[0x64], ram[0x2000], ram[0x4000]), (3, 3, 0, 2, 4));
    }

    #[test]
    fn a_root_for_flash_stays_there_when_the_kernel_is_in_ram() {
        let layout = layout(0x10_2000, 5000, Root::Romfs);
        let file = layout.fill(&[1; 64], &[2; 5000], &[3; 100], &[4; 10]).unwrap().elf().unwrap();
        let [(0, flash), (0x10_0000, ram)] = &loaded(&file)[..] else { panic!("not flash and RAM") };
        assert_eq!((flash.len(), flash[0x1000], ram.len()), (0x100a, 4, 0x2000 + 5000));
    }

    #[test]
    fn what_is_too_big_is_named() {
        let layout = layout(0x1000, 100, Root::Initramfs);
        let error = layout.fill(&[1; 64], &[2; 100], &[3; 4097], &[]).err().unwrap().to_string();
        assert!(error.contains("the device tree is 1 bytes too big"), "{error}");
        let error = layout.fill(&[1; 64], &[2; 100], &[3; 9], &[4; 0x2001]).err().unwrap().to_string();
        assert!(error.contains("takes 20481 bytes of flash, the board has 20480"), "{error}");
        assert!(layout.fill(&[1; 64], &[2; 100], &[3; 9], &[4; 0x2000]).is_ok());
    }
}
