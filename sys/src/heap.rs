//! The heap: powers of two from free lists, large blocks straight from the kernel.
//!
//! A block of up to 2 KB comes from the free list of its size or from the current region, so a loop that frees what
//! it takes needs no more memory with each turn. A larger block is a mapping of its own, which goes back to the kernel
//! when it is freed. Blocks have no headers: Rust gives the size again when it frees one.
//!
//! The first region is the rest of the page that holds the heap's own state. A shell that waits, or runs a short
//! script, needs no other.

use crate::{out, process};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr::null_mut;
use linux_raw_sys::general::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE};

const MIN: usize = 16;
const CLASSES: usize = 8; // 16 … 2048
const LARGE: usize = MIN << (CLASSES - 1);
/// Bytes that the kernel is asked for at a time, for small blocks.
const REGION: usize = if cfg!(mote_nommu) { 4096 } else { 32768 };
const PAGE: usize = 4096;
/// Bytes of the page that the binary's other variables may take. Without an MMU the tables of pointers are among them
/// (`targets/thumbv7em/shared.ld` checks the size).
const OTHERS: usize = if !cfg!(mote_nommu) {
    128
} else if cfg!(feature = "many") {
    3400
} else {
    1600
};
/// Bytes of the first region.
const FIRST: usize = (PAGE - OTHERS - size_of::<State>()) & !(MIN - 1);

/// The allocator; the binary declares one as its `#[global_allocator]`.
#[repr(C, align(16))] // and first among the variables, by `link.ld`, which sorts by alignment
pub struct Heap {
    state: UnsafeCell<State>,
    first: UnsafeCell<[MaybeUninit<u128>; FIRST / MIN]>,
}

struct State {
    free: [*mut u8; CLASSES],
    next: *mut u8,
    left: usize,
}

// SAFETY: mote's processes have one thread; signal handlers do not allocate.
unsafe impl Sync for Heap {}

impl Heap {
    /// An empty heap; takes memory from the kernel at first use.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Heap {
        Heap {
            state: UnsafeCell::new(State { free: [null_mut(); CLASSES], next: null_mut(), left: 0 }),
            first: UnsafeCell::new([MaybeUninit::uninit(); FIRST / MIN]),
        }
    }
}

fn class(size: usize) -> usize {
    let mut c = 0;
    while (MIN << c) < size {
        c += 1;
    }
    c
}

#[inline(never)]
fn pages(size: usize) -> usize {
    // A size near usize::MAX stays as it is and the kernel refuses it.
    size.checked_add(PAGE - 1).map_or(size, |s| s & !(PAGE - 1))
}

/// Maps `size` bytes of zeros, or ends the process.
#[inline(never)]
fn map(size: usize) -> *mut u8 {
    // SAFETY: an anonymous private mapping at an address of the kernel's choice touches nothing of ours.
    #[cfg(target_arch = "arm")]
    let r = unsafe {
        crate::sys6!(__NR_mmap2, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1isize, 0)
    };
    // SAFETY: as above.
    #[cfg(target_arch = "x86_64")]
    let r = unsafe {
        crate::sys6!(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1isize, 0)
    };
    if (-4095..0).contains(&r) {
        exhausted();
    }
    r as *mut u8
}

/// Ends the process: there is no memory for what it asks for.
#[cold]
#[inline(never)]
pub(crate) fn exhausted() -> ! {
    out::complain(&[b"mote: out of memory"]);
    process::exit(1)
}

// SAFETY: a block has at least the size asked for, and nobody else has it until it is freed. Blocks are aligned to 8
// bytes at least; no type in mote wants more.
unsafe impl GlobalAlloc for Heap {
    #[inline(never)]
    unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        if l.size() > LARGE {
            return map(pages(l.size()));
        }
        let c = class(l.size());
        // SAFETY: one thread, no reentrance.
        let s = unsafe { &mut *self.state.get() };
        let p = s.free[c];
        if !p.is_null() {
            // SAFETY: a free block's first word links to the next.
            s.free[c] = unsafe { *(p as *mut *mut u8) };
            return p;
        }
        let size = MIN << c;
        if s.left < size {
            (s.next, s.left) =
                if s.next.is_null() { (self.first.get() as *mut u8, FIRST) } else { (map(REGION), REGION) };
        }
        let p = s.next;
        s.left -= size;
        // SAFETY: `left` bytes follow `next` in the region.
        s.next = unsafe { p.add(size) };
        p
    }

    #[inline(never)]
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
        if l.size() > LARGE {
            // SAFETY: the mapping made by `alloc` with this very size; nobody uses it any more.
            let _ = unsafe { crate::sys3!(__NR_munmap, p, pages(l.size())) };
            return;
        }
        let c = class(l.size());
        // SAFETY: one thread, no reentrance; the block is ours again and has room for a word.
        unsafe {
            let s = &mut *self.state.get();
            *(p as *mut *mut u8) = s.free[c];
            s.free[c] = p;
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, p: *mut u8, l: Layout, new: usize) -> *mut u8 {
        let old = l.size();
        if old <= LARGE && new <= LARGE && class(old) == class(new) {
            return p;
        }
        // SAFETY: both layouts have the caller's alignment; the copied length is within both blocks.
        unsafe {
            let q = self.alloc(Layout::from_size_align_unchecked(new, l.align()));
            core::ptr::copy_nonoverlapping(p, q, old.min(new));
            self.dealloc(p, l);
            q
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_blocks_are_taken_again() {
        let h = Heap::new();
        let l = Layout::from_size_align(100, 8).unwrap();
        // SAFETY: each block is freed once, with its own layout.
        unsafe {
            let a = h.alloc(l);
            h.dealloc(a, l);
            assert_eq!(h.alloc(l), a);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "mmap")]
    fn the_first_region_is_followed_by_others() {
        let h = Heap::new();
        let own = &h as *const Heap as usize..&h as *const Heap as usize + PAGE;
        let l = Layout::from_size_align(2048, 16).unwrap();
        // SAFETY: the blocks are written within their size.
        let all: Vec<usize> = (0..20)
            .map(|_| unsafe {
                let p = h.alloc(l);
                p.write_bytes(1, 2048);
                p as usize
            })
            .collect();
        assert!(own.contains(&all[0]) && own.contains(&(all[0] + 2047)) && all[0] % 16 == 0);
        assert!(all[1..].iter().all(|p| !own.contains(p)));
        assert!(size_of::<Heap>() <= PAGE - OTHERS);
    }

    #[test]
    #[cfg_attr(miri, ignore = "mmap")]
    fn growing_keeps_the_bytes() {
        let h = Heap::new();
        let mut l = Layout::from_size_align(10, 1).unwrap();
        // SAFETY: `l` is always the block's layout, and only its first ten bytes are touched.
        unsafe {
            let mut p = h.alloc(l);
            for i in 0..10 {
                *p.add(i) = i as u8;
            }
            for size in [16, 17, 2048, 2049, 100_000, 300] {
                p = h.realloc(p, l, size);
                l = Layout::from_size_align(size, 1).unwrap();
                assert!((0..10).all(|i| *p.add(i) == i as u8));
            }
        }
    }
}
