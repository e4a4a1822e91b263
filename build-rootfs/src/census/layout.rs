//! What a kernel's structures look like: offsets and constants that depend on its configuration. A file in C that lists
//! them is compiled with the kernel, and is no part of it.

use crate::error::{Context, Error, Result};
use object::{Object, ObjectSection};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// The place of the C file in the kernel's source, without its ending. Beside it lies `slab.h`, which is private to its
/// folder.
pub const SOURCE: &str = "mm/mote_layout";
const SECTION: &str = ".mote_layout";

/// Names, and the expressions in C that give their values.
const FIELDS: [(&str, &str); 43] = [
    ("page.size", "sizeof(struct page)"),
    ("page.flags", "offsetof(struct page, flags)"),
    ("page.head", "offsetof(struct page, compound_head)"),
    ("page.mapping", "offsetof(struct page, mapping)"),
    ("page.private", "offsetof(struct page, private)"),
    ("page.type", "offsetof(struct page, page_type)"),
    ("page.count", "offsetof(struct page, _refcount)"),
    ("page.reserved", "1UL << PG_reserved"),
    ("type.free", "PGTY_buddy"),
    ("type.slab", "PGTY_slab"),
    ("type.table", "PGTY_table"),
    ("slab.cache", "offsetof(struct slab, slab_cache)"),
    ("slab.counters", "offsetof(struct slab, counters)"),
    ("cache.name", "offsetof(struct kmem_cache, name)"),
    ("cache.size", "offsetof(struct kmem_cache, size)"),
    ("task.tasks", "offsetof(struct task_struct, tasks)"),
    ("task.stack", "offsetof(struct task_struct, stack)"),
    ("task.mm", "offsetof(struct task_struct, mm)"),
    ("task.comm", "offsetof(struct task_struct, comm)"),
    ("task.pid", "offsetof(struct task_struct, pid)"),
    ("stack.size", "THREAD_SIZE"),
    ("mm.pgd", "offsetof(struct mm_struct, pgd)"),
    ("mm.start_code", "offsetof(struct mm_struct, start_code)"),
    ("mm.end_code", "offsetof(struct mm_struct, end_code)"),
    ("mm.start_data", "offsetof(struct mm_struct, start_data)"),
    ("mm.start_brk", "offsetof(struct mm_struct, start_brk)"),
    ("mm.brk", "offsetof(struct mm_struct, brk)"),
    ("mm.start_stack", "offsetof(struct mm_struct, start_stack)"),
    ("mm.env_end", "offsetof(struct mm_struct, env_end)"),
    ("mapping.host", "offsetof(struct address_space, host)"),
    ("inode.sb", "offsetof(struct inode, i_sb)"),
    ("sb.type", "offsetof(struct super_block, s_type)"),
    ("fs.name", "offsetof(struct file_system_type, name)"),
    ("region.node", "offsetof(struct vm_region, vm_rb)"),
    ("region.start", "offsetof(struct vm_region, vm_start)"),
    ("region.top", "offsetof(struct vm_region, vm_top)"),
    ("node.left", "offsetof(struct rb_node, rb_left)"),
    ("node.right", "offsetof(struct rb_node, rb_right)"),
    ("memory.virtual", "PAGE_OFFSET"),
    ("memory.physical", "MOTE_PHYS_OFFSET"),
    ("task.limit", "TASK_SIZE"),
    ("has.mmu", "IS_ENABLED(CONFIG_MMU)"),
    ("has.one_directory", "IS_ENABLED(CONFIG_ARM_SMALL_TASK)"),
];

/// The text of the C file.
pub fn source() -> String {
    let mut text = String::from(
        "#include <linux/fs.h>\n#include <linux/mm.h>\n#include <linux/sched.h>\n#include \"slab.h\"\n\
         /* Where the kernel finds the address of its memory out by itself, our boards have it at 0. */\n\
         #ifdef CONFIG_ARM_PATCH_PHYS_VIRT\n#define MOTE_PHYS_OFFSET 0\n#else\n\
         #define MOTE_PHYS_OFFSET PHYS_OFFSET\n#endif\n",
    );
    let _ = writeln!(text, "const u32 mote_layout[] __attribute__((used, section(\"{SECTION}\"))) = {{");
    for (name, value) in FIELDS {
        let _ = writeln!(text, "\t{value}, /* {name} */");
    }
    text + "};\n"
}

/// The bytes of the table in the compiled C file `object`.
///
/// # Errors
/// The file cannot be read, or has no table.
pub fn table(object: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(object).context(object.display())?;
    let elf = object::File::parse(&*bytes).context(object.display())?;
    let section = elf.section_by_name(SECTION);
    let section = section.ok_or_else(|| Error::new(format!("{}: it has no {SECTION}", object.display())))?;
    Ok(section.data().context(object.display())?.to_vec())
}

/// A kernel's offsets and constants, and the addresses of its symbols.
#[derive(Debug, Clone)]
pub struct Layout {
    fields: BTreeMap<&'static str, u32>,
    symbols: BTreeMap<String, u32>,
    /// The places where the kernel's data begin, in order, with their names.
    data: Vec<(u32, String)>,
}

impl Layout {
    /// From the `table` of the kernel and the text of its `System.map`.
    ///
    /// # Errors
    /// The table is of another version.
    pub fn new(table: &[u8], map: &str) -> Result<Layout> {
        let values =
            table.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        if values.len() != FIELDS.len() {
            return Err(Error::new("the kernel's layout is of another version of this tool"));
        }
        let fields = FIELDS.iter().zip(values).map(|((name, _), value)| (*name, value)).collect();
        let (mut symbols, mut data) = (BTreeMap::new(), Vec::new());
        for line in map.lines() {
            let mut words = line.split(' ');
            let address = words.next().and_then(|word| u32::from_str_radix(word, 16).ok());
            let (Some(address), Some(kind), Some(name)) = (address, words.next(), words.next()) else {
                continue;
            };
            if "dDbB".contains(kind) {
                data.push((address, name.to_string()));
            }
            symbols.insert(name.to_string(), address);
        }
        data.sort();
        Ok(Layout { fields, symbols, data })
    }

    /// The value of a field, which must be one of the table's.
    pub fn field(&self, name: &str) -> u32 {
        self.fields.get(name).copied().unwrap_or_else(|| panic!("no field {name}"))
    }

    /// The address of a symbol.
    pub fn symbol(&self, name: &str) -> Option<u32> {
        self.symbols.get(name).copied()
    }

    /// The `most` largest variables in the kernel's data, and their bytes: each reaches to the next symbol. What is for
    /// the start alone does not count.
    pub fn variables(&self, most: usize) -> Vec<(String, u32)> {
        let at = |name| self.symbol(name).unwrap_or_default();
        let (data, start) = (at("_sdata")..at("_end"), at("__init_begin")..at("__init_end"));
        let ends = self.data.iter().skip(1).map(|(end, _)| *end).chain([data.end]);
        let sizes = self.data.iter().zip(ends).map(|((at, name), end)| (at, name, end.saturating_sub(*at)));
        let lasting = sizes.filter(|(at, _, _)| data.contains(at) && !start.contains(at));
        let mut sizes: Vec<(String, u32)> = lasting.map(|(_, name, size)| (name.clone(), size)).collect();
        sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        sizes.truncate(most);
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A layout in which field number n has the value 100 n, but for `fields`.
    fn layout(fields: &[(&str, u32)], map: &str) -> Layout {
        let value = |(n, (name, _)): (usize, &(&str, &str))| {
            fields.iter().find(|(known, _)| known == name).map_or(100 * n as u32, |(_, value)| *value)
        };
        let table: Vec<u8> = FIELDS.iter().enumerate().flat_map(|field| value(field).to_le_bytes()).collect();
        Layout::new(&table, map).unwrap()
    }

    #[test]
    fn fields_and_symbols_are_found() {
        let layout = layout(&[("page.size", 32)], "c0008000 T _text\nc0100000 d mem_map\n");
        assert_eq!((layout.field("page.size"), layout.field("page.flags")), (32, 100));
        assert_eq!((layout.symbol("mem_map"), layout.symbol("none")), (Some(0xc010_0000), None));
        assert!(Layout::new(&[0; 8], "").is_err());
        let map = "00 D _sdata\n04 d small\n08 D large\n20 t code\n28 D __init_begin\n28 d early\n\
                   38 D __init_end\n38 B last\n40 B _end\n";
        let variables = self::layout(&[], map).variables(2);
        assert_eq!(variables, [("large".to_string(), 32), ("last".to_string(), 8)]);
        assert!(source().contains("\toffsetof(struct page, flags), /* page.flags */\n"));
    }
}
