//! Which pages of RAM belong to programs, and to what of them.

use super::memory::{Memory, PAGE};
use crate::error::Result;

/// A page of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPage {
    /// The number of the page in RAM.
    pub page: usize,
    /// The program's name.
    pub program: String,
    /// Its process.
    pub pid: u32,
    /// What of it: `text`, `data`, `heap`, `stack` or `mapped`.
    pub part: &'static str,
}

/// The addresses of a program's parts.
struct Parts {
    pid: u32,
    program: String,
    code: (u32, u32),
    data: (u32, u32),
    brk: (u32, u32),
    stack: (u32, u32),
}

/// A stack may be that far below the place where it was when the program began.
const STACK: u32 = 128 << 10;

impl Parts {
    fn of(memory: &Memory, task: u32, mm: u32) -> Result<Parts> {
        let at = |field: &str| memory.field(mm, field);
        let stack = at("mm.start_stack")?;
        Ok(Parts {
            pid: memory.field(task, "task.pid")?,
            program: memory.name(task),
            code: (at("mm.start_code")?, at("mm.end_code")?),
            data: (at("mm.start_data")?, at("mm.start_brk")?),
            brk: (at("mm.start_brk")?, at("mm.brk")?),
            stack: (stack.saturating_sub(STACK), at("mm.env_end")?.max(stack)),
        })
    }

    /// The part that has something in the page at `address`.
    fn part(&self, address: u32) -> &'static str {
        let holds = |range: (u32, u32)| address < range.1 && range.0 < address.saturating_add(PAGE);
        match () {
            () if holds(self.brk) => "heap",
            () if holds(self.data) => "data",
            () if holds(self.code) => "text",
            () if holds(self.stack) => "stack",
            () => "mapped",
        }
    }

    fn page(&self, page: usize, part: &'static str) -> UserPage {
        UserPage { page, program: self.program.clone(), pid: self.pid, part }
    }
}

/// The pages of all programs. Pages that several have are told once for each.
///
/// # Errors
/// The memory is not as the kernel's layout says.
pub fn pages(memory: &Memory) -> Result<Vec<UserPage>> {
    let mut programs = Vec::new();
    for task in memory.tasks()? {
        let mm = memory.field(task, "task.mm")?;
        if mm != 0 {
            programs.push((mm, Parts::of(memory, task, mm)?));
        }
    }
    if memory.layout.field("has.mmu") == 0 {
        return without_mmu(memory, &programs);
    }
    let mut pages = Vec::new();
    for (mm, parts) in &programs {
        for (address, page) in mapped(memory, memory.field(*mm, "mm.pgd")?)? {
            pages.push(parts.page(page, parts.part(address)));
        }
    }
    Ok(pages)
}

/// The virtual addresses of a page directory's user part, and the numbers of their pages in RAM: the short
/// descriptors of ARMv5 (ARM Architecture Reference Manual, B4.7).
fn mapped(memory: &Memory, directory: u32) -> Result<Vec<(u32, usize)>> {
    const COARSE: u32 = 1;
    const SMALL: u32 = 2;
    let mut found = Vec::new();
    for section in 0..memory.layout.field("task.limit") >> 20 {
        let entry = memory.word(directory + 4 * section)?;
        if entry & 3 != COARSE {
            continue;
        }
        let Some(table) = memory.physical(entry & !0x3ff) else { continue };
        for (n, entry) in memory.ram[table..table + 1024].chunks_exact(4).enumerate() {
            let entry = u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
            let page = memory.physical(entry & !0xfff).filter(|_| entry & SMALL != 0);
            if let Some(at) = page {
                found.push(((section << 20) + n as u32 * PAGE, at / PAGE as usize));
            }
        }
    }
    Ok(found)
}

/// The pages of the regions in RAM: a program has one for its data and stack, and one for each mapping.
fn without_mmu(memory: &Memory, programs: &[(u32, Parts)]) -> Result<Vec<UserPage>> {
    let mut pages = Vec::new();
    let mut nodes = vec![memory.global("nommu_region_tree")?];
    while let Some(node) = nodes.pop().filter(|_| pages.len() < memory.pages()) {
        if node == 0 {
            continue;
        }
        nodes.extend([memory.field(node, "node.left")?, memory.field(node, "node.right")?]);
        let region = node.wrapping_sub(memory.layout.field("region.node"));
        let (start, top) = (memory.field(region, "region.start")?, memory.field(region, "region.top")?);
        let (Some(first), true) = (memory.page(start), top > start) else { continue };
        let inside = |address: u32| (start..top).contains(&address);
        let owner = programs.iter().find(|(_, parts)| inside(parts.stack.1) || inside(parts.data.0));
        for page in first..first + ((top - start).div_ceil(PAGE)) as usize {
            pages.push(match owner {
                Some((_, parts)) => parts.page(page, "data, heap and stack"),
                None => UserPage { page, program: "programs".into(), pid: 0, part: "mapped" },
            });
        }
    }
    Ok(pages)
}
