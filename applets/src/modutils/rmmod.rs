//! rmmod: remove modules of the kernel (BusyBox modutils/rmmod.c; `man 2 delete_module`).

use crate::modutils::{canonical, why_not_removed};
use sys::module::delete_module;
use sys::time::{self, Timespec};
use sys::{Cx, Errno};
use util::failure::explain;

applet! {
    name: rmmod,
    dir: "/sbin",
    class: NoExec,
    operands: "1..",
    usage: "\
[-fw] MODULE...

Remove the kernel modules MODULE.

    -f  Even if that is unsafe
    -w  Wait until nothing uses them
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    for arg in args {
        let name = canonical(arg.bytes());
        loop {
            let done = delete_module(name.z(), cx.has(opt!("f")));
            // Kernels do not wait themselves any more.
            if done == Err(Errno::EAGAIN)
                && cx.has(opt!("w"))
                && time::sleep(&mut Timespec { sec: 0, nsec: 100_000_000 }).is_ok()
            {
                continue;
            }
            if let Err(e) = done {
                explain(cx, arg.bytes(), e, why_not_removed);
            }
            break;
        }
    }
    cx.status
}
