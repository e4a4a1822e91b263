//! Counts the pages of a guest's memory by what is in them.

use super::memory::{Memory, PAGE};
use super::user;
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The kernel's text and constants, when they are in RAM.
    KernelText,
    /// The kernel's variables.
    KernelData,
    /// `struct page` for each page.
    MemoryMap,
    /// Page directories and page tables.
    PageTables,
    /// What the kernel allocated before its allocators worked.
    Boot,
    /// Small objects of the kernel.
    Slab,
    /// Stacks of tasks in the kernel.
    KernelStacks,
    /// Other pages of the kernel: large buffers, pipes.
    KernelPages,
    /// Contents of files.
    Files,
    /// Memory of programs.
    Programs,
    /// Free.
    Free,
}

impl Group {
    /// All, in the order of the table.
    pub const ALL: [Group; 11] = [
        Group::KernelText,
        Group::KernelData,
        Group::MemoryMap,
        Group::PageTables,
        Group::Boot,
        Group::Slab,
        Group::KernelStacks,
        Group::KernelPages,
        Group::Files,
        Group::Programs,
        Group::Free,
    ];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Group::KernelText => "kernel text, constants",
            Group::KernelData => "kernel data",
            Group::MemoryMap => "table of pages",
            Group::PageTables => "page tables",
            Group::Boot => "allocated at boot",
            Group::Slab => "slab",
            Group::KernelStacks => "kernel stacks",
            Group::KernelPages => "kernel pages",
            Group::Files => "page cache",
            Group::Programs => "programs",
            Group::Free => "free",
        }
    }
}

/// A line of the table: one kind of things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its group.
    pub group: Group,
    /// Its name: a cache, a program and its part, a file system.
    pub name: String,
    /// Pages of 4 KiB.
    pub pages: u32,
    /// More about it.
    pub note: String,
}

/// All pages of a guest's memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// The lines, by group, the largest first.
    pub rows: Vec<Row>,
    /// The kernel's largest variables, and their bytes.
    pub variables: Vec<(String, u32)>,
}

/// How many of the kernel's variables are told.
const VARIABLES: usize = 16;

/// Objects in the slabs of a cache.
#[derive(Default)]
struct Slab {
    used: u32,
    room: u32,
    size: u32,
}

/// A page while it is counted: its group and name, if they are known already.
type Known = Option<(Group, String)>;

impl Census {
    /// Counts the pages of `memory`.
    ///
    /// # Errors
    /// It is not as the kernel's layout says.
    pub(super) fn of(memory: &Memory) -> Result<Census> {
        let mut counter = Counter { memory, pages: vec![None; memory.pages()], slabs: BTreeMap::new() };
        counter.typed()?;
        counter.kernel()?;
        counter.tasks()?;
        counter.programs()?;
        counter.rest()?;
        Ok(counter.finish())
    }

    /// The pages of a group.
    pub fn pages(&self, group: Group) -> u32 {
        self.rows.iter().filter(|row| row.group == group).map(|row| row.pages).sum()
    }

    /// The KiB of a group.
    pub fn kib(&self, group: Group) -> u32 {
        self.pages(group) * (PAGE / 1024)
    }

    /// The table for a person, every line with its KiB.
    pub fn table(&self) -> String {
        use std::fmt::Write;
        let mut text = String::from("   KiB  what\n");
        for group in Group::ALL.into_iter().filter(|group| self.pages(*group) != 0) {
            let _ = writeln!(text, "{:6}  {}", self.kib(group), group.name());
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.group == group).collect();
            for row in rows.iter().filter(|row| rows.len() > 1 || !row.note.is_empty()) {
                let line = format!("{:14}  {:24} {}", row.pages * (PAGE / 1024), row.name, row.note);
                let _ = writeln!(text, "{}", line.trim_end());
            }
        }
        let all: u32 = Group::ALL.into_iter().map(|group| self.kib(group)).sum();
        let _ = writeln!(text, "{all:6}  all\n\n bytes  of the largest variables in the kernel's data");
        for (name, bytes) in &self.variables {
            let _ = writeln!(text, "{bytes:6}  {name}");
        }
        text
    }
}

struct Counter<'a> {
    memory: &'a Memory,
    pages: Vec<Known>,
    slabs: BTreeMap<String, Slab>,
}

impl Counter<'_> {
    /// The address of `struct page` of page `n`.
    fn page(&self, n: usize) -> Result<u32> {
        let first = self.memory.global("mem_map")?;
        Ok(first.wrapping_add(n as u32 * self.memory.layout.field("page.size")))
    }

    /// Sets what `count` pages from `first` on are, where nothing is known of them.
    fn set(&mut self, first: usize, count: usize, group: Group, name: &str) {
        for page in self.pages.iter_mut().skip(first).take(count) {
            page.get_or_insert_with(|| (group, name.to_string()));
        }
    }

    /// The pages from one address of the kernel to another, as [`Counter::set`].
    fn range(&mut self, from: u32, to: u32, group: Group, name: &str) {
        if let Some(first) = self.memory.page(from) {
            self.set(first, (to.saturating_sub(from & !(PAGE - 1))).div_ceil(PAGE) as usize, group, name);
        }
    }

    /// Pages whose `struct page` has a type.
    fn typed(&mut self) -> Result<()> {
        let field = |name| self.memory.layout.field(name);
        let (free, slab, table) = (field("type.free"), field("type.slab"), field("type.table"));
        for n in 0..self.memory.pages() {
            let page = self.page(n)?;
            let kind = self.memory.field(page, "page.type")? >> 24;
            if kind == free {
                let order = self.memory.field(page, "page.private")?.min(20);
                self.set(n, 1 << order, Group::Free, "free");
            } else if kind == table {
                self.set(n, 1, Group::PageTables, "tables of programs");
            } else if kind == slab {
                let name = self.slab(page)?;
                self.set(n, 1, Group::Slab, &name);
            } else if let Some(head) =
                self.memory.field(page, "page.head")?.checked_sub(1).filter(|head| head & 1 == 0)
            {
                let of = head.wrapping_sub(self.page(0)?) / field("page.size");
                if let Some(Some((group, name))) = self.pages.get(of as usize).cloned() {
                    self.set(n, 1, group, &name);
                }
            }
        }
        Ok(())
    }

    /// Counts the objects of a slab. Returns the name of its cache.
    fn slab(&mut self, page: u32) -> Result<String> {
        let cache = self.memory.field(page, "slab.cache")?;
        let counters = self.memory.field(page, "slab.counters")?;
        let name = self.memory.text(self.memory.field(cache, "cache.name")?, 40);
        let slab = self.slabs.entry(name.clone()).or_default();
        slab.size = self.memory.field(cache, "cache.size")?;
        slab.used += counters & 0xffff;
        slab.room += counters >> 16 & 0x7fff;
        Ok(name)
    }

    /// As [`Counter::range`], for what the kernel has reserved since its start and not given back.
    fn reserved(&mut self, from: u32, to: u32, group: Group, name: &str) -> Result<()> {
        for address in (from & !(PAGE - 1)..to).step_by(PAGE as usize) {
            let Some(n) = self.memory.page(address) else { continue };
            if self.memory.field(self.page(n)?, "page.flags")? & self.memory.layout.field("page.reserved")
                != 0
            {
                self.set(n, 1, group, name);
            }
        }
        Ok(())
    }

    /// The kernel itself, its page directory and the table of pages.
    fn kernel(&mut self) -> Result<()> {
        let symbol = |name: &str| self.memory.layout.symbol(name);
        let (data, end) = (symbol("_sdata").or(symbol("_data")), symbol("_end"));
        let text = symbol("_text").or(symbol("_stext"));
        let directory = symbol("swapper_pg_dir");
        if let (Some(data), Some(end)) = (data, end) {
            if let Some(text) = text.filter(|text| self.memory.offset(*text).is_some()) {
                let constants = symbol("_etext").unwrap_or(data);
                self.reserved(text, constants & !(PAGE - 1), Group::KernelText, "text")?;
                self.reserved(constants & !(PAGE - 1), data & !(PAGE - 1), Group::KernelText, "constants")?;
            }
            let bss = symbol("__bss_start").unwrap_or(end) & !(PAGE - 1);
            self.reserved(data, bss, Group::KernelData, "with a first value (.data)")?;
            self.reserved(bss, end, Group::KernelData, "zero at first (.bss)")?;
        }
        if let Some(directory) = directory {
            self.reserved(directory, directory + (16 << 10), Group::PageTables, "directory of the kernel")?;
        }
        let size = self.memory.layout.field("page.size") * self.memory.pages() as u32;
        let map = self.page(0)?;
        self.reserved(map, map + size, Group::MemoryMap, "table of pages")?;
        Ok(())
    }

    /// Stacks and page directories of tasks.
    fn tasks(&mut self) -> Result<()> {
        let size = self.memory.layout.field("stack.size");
        let directory =
            self.memory.layout.field("has.mmu") != 0 && self.memory.layout.field("has.one_directory") == 0;
        for task in self.memory.tasks()? {
            let stack = self.memory.field(task, "task.stack")?;
            let name = self.memory.name(task);
            self.range(stack, stack + size, Group::KernelStacks, &name);
            let mm = self.memory.field(task, "task.mm")?;
            if mm != 0 && directory {
                let pgd = self.memory.field(mm, "mm.pgd")?;
                self.range(pgd, pgd + (16 << 10), Group::PageTables, "directories of programs");
            }
        }
        Ok(())
    }

    fn programs(&mut self) -> Result<()> {
        let mut programs: BTreeMap<u32, usize> = BTreeMap::new();
        for page in user::pages(self.memory)? {
            let reserved = self.memory.field(self.page(page.page)?, "page.flags")?
                & self.memory.layout.field("page.reserved");
            // The page of zeros, and that of signal frames, are the kernel's.
            if reserved == 0 {
                *programs.entry(page.pid).or_default() += 1;
                let name = format!("{} ({}), {}", page.program, page.pid, page.part);
                self.set(page.page, 1, Group::Programs, &name);
            }
        }
        Ok(())
    }

    /// What is left: files, what was reserved, and the rest by its count of users.
    fn rest(&mut self) -> Result<()> {
        let reserved = self.memory.layout.field("page.reserved");
        for n in (0..self.memory.pages()).filter(|n| self.pages[*n].is_none()).collect::<Vec<_>>() {
            let page = self.page(n)?;
            let mapping = self.memory.field(page, "page.mapping")?;
            let (group, name) = if self.memory.field(page, "page.flags")? & reserved != 0 {
                (Group::Boot, "allocated at boot".to_string())
            } else if self.memory.field(page, "page.count")? == 0 {
                (Group::Free, "held ready, or behind another".to_string())
            } else if mapping & 1 == 1 {
                (Group::Programs, "of programs that have ended".to_string())
            } else if let Some(name) = self.file_system(mapping) {
                (Group::Files, name)
            } else {
                (Group::KernelPages, "kernel pages".to_string())
            };
            self.set(n, 1, group, &name);
        }
        Ok(())
    }

    /// The name of the file system that a page's `mapping` belongs to.
    fn file_system(&self, mapping: u32) -> Option<String> {
        self.memory.offset(mapping).filter(|_| mapping & 3 == 0)?;
        let inode = self.memory.field(mapping, "mapping.host").ok()?;
        let sb = self.memory.field(inode, "inode.sb").ok()?;
        let kind = self.memory.field(sb, "sb.type").ok()?;
        let name = self.memory.text(self.memory.field(kind, "fs.name").ok()?, 40);
        Some(name).filter(|name| !name.is_empty())
    }

    fn finish(self) -> Census {
        let mut counts: BTreeMap<(Group, String), u32> = BTreeMap::new();
        for page in self.pages.iter().flatten() {
            *counts.entry(page.clone()).or_default() += 1;
        }
        let note = |group: Group, name: &str| match self.slabs.get(name).filter(|_| group == Group::Slab) {
            Some(slab) => format!("{} of {} objects, {} bytes each", slab.used, slab.room, slab.size),
            None => String::new(),
        };
        let row = |((group, name), pages): ((Group, String), u32)| Row {
            note: note(group, &name),
            group,
            name,
            pages,
        };
        let mut rows: Vec<Row> = counts.into_iter().map(row).collect();
        rows.sort_by_key(|row| (row.group, std::cmp::Reverse(row.pages)));
        Census { rows, variables: self.memory.layout.variables(VARIABLES) }
    }
}
