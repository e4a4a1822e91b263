//! Modules of the kernel (`man 2 init_module`, `man 2 delete_module`).

use crate::{done, sys3, Fd, Result, ZStr};
use linux_raw_sys::general::{O_NONBLOCK, O_TRUNC};

/// Flag of [`finit_module`] (`linux/module.h`): the file is compressed, the kernel unpacks it (Linux 5.17).
pub const MODULE_INIT_COMPRESSED_FILE: u32 = 4;

/// `man 2 finit_module`: loads the module in `file` with the parameters `params`, separated by blanks.
pub fn finit_module(file: Fd, params: ZStr, flags: u32) -> Result<()> {
    // SAFETY: the string is NUL-terminated.
    done(unsafe { sys3!(__NR_finit_module, file.0, params.as_ptr(), flags) })
}

/// `man 2 delete_module`, without waiting; with `force` even if it is in use.
#[inline(always)]
pub fn delete_module(name: ZStr, force: bool) -> Result<()> {
    let flags = if force { O_NONBLOCK | O_TRUNC } else { O_NONBLOCK };
    // SAFETY: the string is NUL-terminated.
    done(unsafe { sys3!(__NR_delete_module, name.as_ptr(), flags) })
}
