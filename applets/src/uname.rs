//! uname: names of the system (POSIX.1-2024 uname; -p, -i and -o as GNU and BusyBox have them).

use sys::{system, Cx};

applet! {
    name: uname,
    dir: "/bin",
    class: NoFork,
    usage: "\
[-amnoprsvi]

Tell about the system; without an option as -s.

    -a, --all  All of these; p and i only where they are known
    -s, --kernel-name  Kernel
    -n, --nodename  Name of the machine in the network
    -r, --kernel-release  Release of the kernel
    -v, --kernel-version  Its version: number and time of its build
    -m, --machine  Kind of machine
    -p, --processor  Kind of processor
    -i, --hardware-platform  Platform
    -o, --operating-system  Operating system
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    if let Some(extra) = cx.arg(0) {
        cx.error(extra.bytes(), b"extra operand");
        return 1;
    }
    let u = system::uname();
    let mut opts = cx.opts;
    if opts == 0 {
        opts = opt!("s");
    }
    if cx.has(opt!("a")) {
        opts = opt!("snrvmo");
    }
    let mut bit = opt!("s");
    let mut first = true;
    for n in 0..8 {
        if opts & bit != 0 {
            if !first {
                cx.out.byte(b' ');
            }
            first = false;
            cx.out.bytes(match n {
                0..=4 => u.field(n),
                // The kernel tells neither processor nor platform; nor is there a GNU in this Linux.
                5 | 6 => b"unknown",
                _ => b"Linux",
            });
        }
        bit <<= 1;
    }
    cx.out.byte(b'\n');
    0
}
