//! uname: names of the system (POSIX.1-2024 uname; -p, -i and -o as GNU and BusyBox have them).

use sys::{system, Cx};

applet! {
    name: uname,
    dir: "/bin",
    class: NoFork,
    operands: "0",
    usage: "\
[-amnoprsvi]

Print system information; without an option as -s.

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
    let u = system::uname();
    let mut opts = cx.opts;
    if opts == 0 {
        opts = opt!("s");
    }
    if cx.has(opt!("a")) {
        opts = opt!("snrvmo");
    }
    // In the order of the usage text, which is that of the fields.
    let mut rest = (opts / opt!("s")) as u32;
    let mut n = 0;
    loop {
        if rest & 1 != 0 {
            cx.out.shown(match n {
                0..=4 => u.field(n),
                // The kernel tells neither processor nor platform; nor is there a GNU in this Linux.
                5 | 6 => b"unknown",
                _ => b"Linux",
            });
            cx.out.byte(if rest == 1 { b'\n' } else { b' ' });
        }
        rest >>= 1;
        n += 1;
        if rest == 0 {
            return 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::call;

    #[test]
    fn fields() {
        let all = call(&["uname", "-a"]).1;
        let some: Vec<String> = ["-s", "-n", "-r", "-v", "-m", "-o"]
            .iter()
            .map(|o| call(&["uname", o]).1.trim_end().into())
            .collect();
        assert_eq!(all.trim_end(), some.join(" "));
        assert_eq!(call(&["uname"]), (0, "Linux\n".into()));
        assert_eq!(call(&["uname", "-pi"]), (0, "unknown unknown\n".into()));
        assert_eq!(call(&["uname", "x"]).0, 1);
    }
}
