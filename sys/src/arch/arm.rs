//! 32-bit ARM in Thumb state: ARMv5TE (Thumb-1, with an MMU) and ARMv7-M (Thumb-2, without one).
//!
//! The call number goes in r7, arguments in r0–r5, the result comes back in r0 (Linux
//! `Documentation/arch/arm`, `man 2 syscall`). All of it is written in the instructions that both
//! share, so one text serves both.

use core::arch::global_asm;

// ARMv5TE, or any ARM that runs at its link address: nothing to relocate.
#[cfg(not(mote_nommu))]
global_asm!(
    ".syntax unified",
    ".section .text._start,\"ax\",%progbits",
    ".thumb",
    ".globl _start",
    ".type _start,%function",
    ".thumb_func",
    "_start:",
    "mov r0, sp",
    "bl {start}",
    ".text",
    start = sym crate::entry::start,
);

// ARMv7-M: the kernel's ELF-FDPIC loader put a static PIE somewhere; apply its R_ARM_RELATIVE (23)
// entries from DT_REL (17) and DT_RELSZ (18) before any Rust code runs. `__ehdr_start` is address 0.
#[cfg(mote_nommu)]
global_asm!(
    ".syntax unified",
    ".section .text._start,\"ax\",%progbits",
    ".thumb",
    ".hidden _DYNAMIC",
    ".hidden __ehdr_start",
    ".globl _start",
    ".type _start,%function",
    ".thumb_func",
    "_start:",
    "mov r4, sp",
    "ldr r0, 91f",
    "90: add r0, pc",
    "ldr r1, 93f",
    "92: add r1, pc",
    "movs r2, #0",
    "movs r3, #0",
    "1: ldr r5, [r1], #4",
    "ldr r6, [r1], #4",
    "cbz r5, 2f",
    "cmp r5, #17",
    "it eq",
    "addeq r2, r0, r6",
    "cmp r5, #18",
    "it eq",
    "moveq r3, r6",
    "b 1b",
    "2: add r3, r2",
    "3: cmp r2, r3",
    "bhs 4f",
    "ldr r5, [r2], #4",
    "ldr r6, [r2], #4",
    "cmp r6, #23",
    "bne 3b",
    "ldr r6, [r0, r5]",
    "add r6, r0",
    "str r6, [r0, r5]",
    "b 3b",
    "4: mov r0, r4",
    "bic r5, r4, #7",
    "mov sp, r5",
    "bl {start}",
    ".align 2",
    "91: .word __ehdr_start - (90b + 4)",
    "93: .word _DYNAMIC - (92b + 4)",
    ".text",
    start = sym crate::entry::start,
);

// Outlined: one `svc` for all calls of three arguments and one for the rest. Inlined at every call
// they cost 27 % more text on a program of 20 calls (DESIGN §3).
global_asm!(
    ".syntax unified",
    ".section .text.mote_syscall3,\"ax\",%progbits",
    ".thumb",
    ".globl mote_syscall3",
    ".type mote_syscall3,%function",
    ".thumb_func",
    "mote_syscall3:",
    "push {{r7, lr}}",
    "movs r7, r3",
    "svc #0",
    "pop {{r7, pc}}",
    ".section .text.mote_syscall6,\"ax\",%progbits",
    ".globl mote_syscall6",
    ".type mote_syscall6,%function",
    ".thumb_func",
    "mote_syscall6:",
    "push {{r4, r5, r6, r7, lr}}",
    "ldr r4, [sp, #20]",
    "ldr r5, [sp, #24]",
    "ldr r7, [sp, #28]",
    "svc #0",
    "pop {{r4, r5, r6, r7, pc}}",
    // vfork_call(run: fn(arg) -> !, arg): 190 is vfork. The child works below this frame.
    ".section .text.mote_vfork_call,\"ax\",%progbits",
    ".globl mote_vfork_call",
    ".type mote_vfork_call,%function",
    ".thumb_func",
    "mote_vfork_call:",
    "push {{r4, r5, r7, lr}}",
    "movs r4, r0",
    "movs r5, r1",
    "movs r7, #190",
    "svc #0",
    "cmp r0, #0",
    "bne 1f",
    "movs r0, r5",
    "blx r4",
    "1: pop {{r4, r5, r7, pc}}",
    ".text",
);
