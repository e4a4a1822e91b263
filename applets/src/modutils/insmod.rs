//! insmod: load one file as a module of the kernel (BusyBox modutils/insmod.c; `man 2 finit_module`).

use crate::modutils::{load, parameters, why_not_loaded};
use sys::Cx;
use util::failure::explain;

applet! {
    name: insmod,
    dir: "/sbin",
    class: NoExec,
    operands: "1..",
    parse: Posix,
    usage: "\
FILE [NAME=VALUE]...

Load the kernel module FILE, with parameters.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let [file, params @ ..] = core::mem::take(&mut cx.args) else { return 1 };
    if let Err(why) = load(*file, parameters(params).z()) {
        explain(cx, file.bytes(), why, why_not_loaded);
    }
    cx.status
}
