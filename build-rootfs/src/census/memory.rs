//! The memory of a guest that has been stopped, as its kernel sees it.

use super::layout::Layout;
use crate::error::{Error, Result};

/// The size of a page.
pub const PAGE: u32 = 4096;
/// Lists that are longer are not what they seem to be.
const LONGEST: usize = 100_000;

/// The guest's RAM, and what of its kernel lies in flash.
pub struct Memory {
    /// RAM, from its first byte on.
    pub ram: Vec<u8>,
    /// The kernel's image in flash, and its first virtual address.
    pub flash: (u32, Vec<u8>),
    /// The kernel's structures.
    pub layout: Layout,
}

impl Memory {
    /// Its number of pages.
    pub fn pages(&self) -> usize {
        self.ram.len() / PAGE as usize
    }

    /// The offset in RAM of a virtual address of the kernel.
    pub fn offset(&self, address: u32) -> Option<usize> {
        let at = address.checked_sub(self.layout.field("memory.virtual"))? as usize;
        (at < self.ram.len()).then_some(at)
    }

    /// The offset in RAM of a physical address.
    pub fn physical(&self, address: u32) -> Option<usize> {
        let at = address.checked_sub(self.layout.field("memory.physical"))? as usize;
        (at < self.ram.len()).then_some(at)
    }

    /// The number of the page of a virtual address of the kernel.
    pub fn page(&self, address: u32) -> Option<usize> {
        self.offset(address).map(|at| at / PAGE as usize)
    }

    fn bytes(&self, address: u32) -> Option<&[u8]> {
        if let Some(at) = self.offset(address) {
            return self.ram.get(at..);
        }
        self.flash.1.get(address.checked_sub(self.flash.0)? as usize..)
    }

    /// The word at a virtual address of the kernel.
    ///
    /// # Errors
    /// There is nothing.
    pub fn word(&self, address: u32) -> Result<u32> {
        let word = self.bytes(address).and_then(|bytes| bytes.first_chunk::<4>());
        let word =
            word.ok_or_else(|| Error::new(format!("the guest's memory has nothing at {address:#x}")))?;
        Ok(u32::from_le_bytes(*word))
    }

    /// The word in `field` of the structure at `address`.
    ///
    /// # Errors
    /// As [`Memory::word`].
    pub fn field(&self, address: u32, field: &str) -> Result<u32> {
        self.word(address.wrapping_add(self.layout.field(field)))
    }

    /// The word at a symbol.
    ///
    /// # Errors
    /// The kernel does not have it.
    pub fn global(&self, symbol: &str) -> Result<u32> {
        self.word(self.symbol(symbol)?)
    }

    /// The address of a symbol.
    ///
    /// # Errors
    /// The kernel does not have it.
    pub fn symbol(&self, name: &str) -> Result<u32> {
        let symbol = self.layout.symbol(name);
        symbol.ok_or_else(|| Error::new(format!("the kernel has no symbol {name}")))
    }

    /// The text at an address, up to its NUL, of at most `most` bytes.
    pub fn text(&self, address: u32, most: usize) -> String {
        let bytes = self.bytes(address).unwrap_or_default();
        let bytes = &bytes[..bytes.len().min(most)];
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    }

    /// The addresses of all tasks.
    ///
    /// # Errors
    /// The list is damaged.
    pub fn tasks(&self) -> Result<Vec<u32>> {
        let (first, link) = (self.symbol("init_task")?, self.layout.field("task.tasks"));
        let mut tasks = vec![first];
        loop {
            let last = *tasks.last().unwrap_or(&first);
            let next = self.word(last.wrapping_add(link))?.wrapping_sub(link);
            if next == first {
                return Ok(tasks);
            }
            if tasks.len() > LONGEST {
                return Err(Error::new("the guest's list of tasks has no end"));
            }
            tasks.push(next);
        }
    }

    /// The name of a task, or that of the kernel's idle task.
    pub fn name(&self, task: u32) -> String {
        self.text(task.wrapping_add(self.layout.field("task.comm")), 16)
    }
}
