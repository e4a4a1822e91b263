//! x86_64. A system call takes its number in rax and its arguments in rdi, rsi, rdx, r10, r8 and r9; the instruction
//! `syscall` changes rcx and r11 (`man 2 syscall`; System V ABI, AMD64 supplement, A.2.1).

use core::arch::global_asm;

// A host build, as for unit tests, has the C library's entry code.
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

// memmove, which is memcpy as well, and memset. Up to 15 bytes take two moves that may overlap. More are moved by 16 at
// a time, and the rest by one more such move. The functions of compiler_builtins use `rep movsb`, which takes tens of
// cycles for the fewest bytes, and some for each byte backwards. They are weak symbols, so the linker takes these.
global_asm!(
    ".section .text.mote_memmove,\"ax\",@progbits",
    ".globl mote_memmove",
    ".type mote_memmove,@function",
    "mote_memmove:",
    "mov rax, rdi",
    "cmp rdx, 16",
    "jae 4f",
    "test dl, 8",
    "jnz 3f",
    "test dl, 4",
    "jnz 2f",
    "cmp dl, 1",
    "jb 9f",
    "movzx ecx, byte ptr [rsi]",
    "je 1f",
    "movzx r8d, word ptr [rsi + rdx - 2]",
    "mov [rdi + rdx - 2], r8w",
    "1: mov [rdi], cl",
    "ret",
    "2: mov ecx, [rsi]",
    "mov r8d, [rsi + rdx - 4]",
    "mov [rdi], ecx",
    "mov [rdi + rdx - 4], r8d",
    "ret",
    "3: mov rcx, [rsi]",
    "mov r8, [rsi + rdx - 8]",
    "mov [rdi], rcx",
    "mov [rdi + rdx - 8], r8",
    "ret",
    "4: mov rcx, rdi",
    "sub rcx, rsi",
    "cmp rcx, rdx",
    "jb 6f",
    "movups xmm1, [rsi + rdx - 16]", // the last 16, before anything is written there
    "lea r8, [rdi + rdx - 16]",
    "5: movups xmm0, [rsi]",
    "movups [rdi], xmm0",
    "add rsi, 16",
    "add rdi, 16",
    "cmp rdi, r8",
    "jb 5b",
    "movups [r8], xmm1",
    "ret",
    "6: movups xmm1, [rsi]", // overlapping from below: backwards, the first 16 last
    "7: movups xmm0, [rsi + rdx - 16]",
    "movups [rdi + rdx - 16], xmm0",
    "sub rdx, 16",
    "cmp rdx, 16",
    "ja 7b",
    "movups [rdi], xmm1",
    "9: ret",
    ".section .text.mote_memset,\"ax\",@progbits",
    ".globl mote_memset",
    ".type mote_memset,@function",
    "mote_memset:",
    "mov rax, rdi",
    "movzx esi, sil",
    "movabs rcx, 0x0101010101010101",
    "imul rsi, rcx",
    "cmp rdx, 16",
    "jae 3f",
    "cmp rdx, 8",
    "jae 2f",
    "1: sub rdx, 1",
    "jb 9f",
    "mov [rdi + rdx], sil",
    "jmp 1b",
    "2: mov [rdi], rsi",
    "mov [rdi + rdx - 8], rsi",
    "ret",
    "3: movq xmm0, rsi",
    "punpcklqdq xmm0, xmm0",
    "lea rcx, [rdi + rdx - 16]",
    "4: movups [rdi], xmm0",
    "add rdi, 16",
    "cmp rdi, rcx",
    "jb 4b",
    "movups [rcx], xmm0",
    "9: ret",
    ".text",
);

#[cfg(not(any(target_env = "gnu", target_env = "musl")))]
global_asm!(
    ".globl memmove",
    ".set memmove, mote_memmove",
    ".globl memcpy",
    ".set memcpy, mote_memmove",
    ".globl memset",
    ".set memset, mote_memset",
);

#[cfg(test)]
mod tests {
    extern "C" {
        fn mote_memmove(to: *mut u8, from: *const u8, n: usize) -> *mut u8;
        fn mote_memset(to: *mut u8, byte: i32, n: usize) -> *mut u8;
    }

    #[test]
    #[cfg_attr(miri, ignore = "assembly")]
    fn bytes_are_moved_and_set_whatever_overlaps() {
        let fresh: Vec<u8> = (0..200).map(|n: u32| (n * 7 + 1) as u8).collect();
        for n in 0..=80 {
            for (from, to) in (0..40).flat_map(|from| (0..40).map(move |to| (from, to))) {
                let (mut ours, mut right) = (fresh.clone(), fresh.clone());
                right.copy_within(from..from + n, to);
                let base = ours.as_mut_ptr();
                // SAFETY: both ranges lie within the 200 bytes.
                let told = unsafe { mote_memmove(base.add(to), base.add(from), n) };
                assert_eq!(
                    (told as usize - base as usize, ours == right),
                    (to, true),
                    "{n} from {from} to {to}"
                );
            }
            let (mut ours, mut right) = (fresh.clone(), fresh.clone());
            right[3..3 + n].fill(0xa5);
            // SAFETY: the range lies within the 200 bytes.
            unsafe { mote_memset(ours.as_mut_ptr().add(3), 0x1a5, n) };
            assert_eq!(ours, right, "{n}");
        }
    }
}
