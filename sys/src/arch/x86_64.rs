//! x86_64: the call number in rax, arguments in rdi, rsi, rdx, r10, r8, r9; `syscall` destroys rcx and
//! r11 (`man 2 syscall`; System V ABI, AMD64 supplement, A.2.1).

use core::arch::global_asm;

// A host build (unit tests) has the C library's entry code.
#[cfg(not(any(target_env = "gnu", target_env = "musl")))]
global_asm!(
    ".section .text._start,\"ax\",@progbits",
    ".globl _start",
    ".type _start,@function",
    "_start:",
    "mov rdi, rsp",
    "and rsp, -16",
    "call mote_main",
    ".text",
);

global_asm!(
    ".section .text.mote_syscall3,\"ax\",@progbits",
    ".globl mote_syscall3",
    ".type mote_syscall3,@function",
    "mote_syscall3:",
    "mov eax, ecx",
    "syscall",
    "ret",
    ".section .text.mote_syscall6,\"ax\",@progbits",
    ".globl mote_syscall6",
    ".type mote_syscall6,@function",
    "mote_syscall6:",
    "mov r10, rcx",
    "mov eax, [rsp + 8]",
    "syscall",
    "ret",
    // clone_call(run: fn(arg) -> !, arg, flags, stack): 56 is clone.
    ".section .text.mote_clone_call,\"ax\",@progbits",
    ".globl mote_clone_call",
    ".type mote_clone_call,@function",
    "mote_clone_call:",
    "push rbx",
    "mov r9, rdi",
    "mov r8, rsi",
    "mov rdi, rdx",
    "mov rsi, rcx",
    "mov eax, 56",
    "syscall",
    "test rax, rax",
    "jnz 1f",
    "mov rdi, r8",
    "call r9",
    "1: pop rbx",
    "ret",
    // SA_RESTORER: 15 is rt_sigreturn. The kernel has none of its own on x86_64.
    ".section .text.mote_sigreturn,\"ax\",@progbits",
    ".globl mote_sigreturn",
    ".type mote_sigreturn,@function",
    "mote_sigreturn:",
    "mov eax, 15",
    "syscall",
    ".text",
);
