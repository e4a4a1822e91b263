//! usleep: wait some microseconds (BusyBox coreutils/usleep.c).

use sys::time::{self, Timespec};
use sys::{num, Cx, Errno};

applet! {
    name: usleep,
    dir: "/bin",
    class: NoExec,
    operands: "1",
    usage: "\
N

Pause for N microseconds.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let Some(n) = cx.arg(0).and_then(|a| num::parse_u32(a.bytes())) else {
        return cx.misuse(b"invalid number");
    };
    let mut rest = Timespec { sec: (n / 1_000_000) as i64, nsec: (n % 1_000_000 * 1000) as i64 };
    while time::sleep(&mut rest) == Err(Errno::EINTR) {}
    0
}
