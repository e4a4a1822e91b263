//! Proves that process 1 cannot panic and does not allocate: this program links only if neither the panic
//! handler nor the allocator is reachable, for both call a function that is nowhere.
//!
//! Build it with `-Cpanic=abort` (not `immediate-abort`, which removes what is to be proved) and with the
//! optimisation of the product.

#![no_std]
#![no_main]

use core::alloc::{GlobalAlloc, Layout};

extern "C" {
    fn process_1_must_not_panic() -> !;
    fn process_1_must_not_allocate() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    // SAFETY: it never runs, it does not even link.
    unsafe { process_1_must_not_panic() }
}

struct None;

// SAFETY: it never gives memory.
unsafe impl GlobalAlloc for None {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { process_1_must_not_allocate() }
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {
        // SAFETY: as above.
        unsafe { process_1_must_not_allocate() }
    }
}

#[global_allocator]
static HEAP: None = None;

#[no_mangle]
extern "C" fn mote_main(v: sys::env::Vectors) -> ! {
    let envp = v.envp();
    let Some((_, args)) = v.args().split_first_mut() else { sys::process::exit(1) };
    let r = init::main(&mut init::Call { args, envp, applet: &|_| false });
    sys::process::exit(r.is_err() as u8)
}
