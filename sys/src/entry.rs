//! From the kernel's first jump to the program's main function and out.

use crate::env::Vectors;

extern "Rust" {
    /// Defined by the binary: gets argc, argv, envp; its value is the exit status.
    fn mote_main(v: Vectors) -> u8;
}

/// Called by the entry code with the initial stack pointer: argc, argv, 0, envp, 0, auxv, 0
/// (`fs/binfmt_elf.c`, create_elf_tables).
///
/// # Safety
/// Only the entry code calls this, once.
pub(crate) unsafe extern "C" fn start(sp: *const usize) -> ! {
    // SAFETY: the kernel laid out the stack as said above, and it stays for the whole run.
    unsafe {
        let argc = *sp;
        let argv = sp.add(1) as *mut *const u8;
        let v = Vectors { argc, argv, envp: argv.add(argc + 1) };
        crate::process::exit(mote_main(v))
    }
}
