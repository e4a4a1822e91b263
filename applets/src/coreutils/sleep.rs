//! sleep: wait (POSIX.1-2024 sleep; fractions, units and several operands as GNU and BusyBox have them).

use sys::{time, Cx, Errno};
use util::time::duration::Duration;

applet! {
    name: sleep,
    dir: "/bin",
    class: NoExec,
    operands: "1..",
    usage: "\
TIME...

Pause for the sum of the TIMEs: seconds, or with a suffix s, m, h or d seconds,
minutes, hours or days. Fractions are allowed; infinity is for ever.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let times = core::mem::take(&mut cx.args);
    let mut sum = Duration::default();
    for t in times.iter() {
        let Some(d) = Duration::parse(t.bytes()) else {
            cx.error(t.bytes(), b"invalid time");
            return 1;
        };
        sum.add(d);
    }
    let mut rest = sum.timespec();
    // A signal that did not end us left the rest there.
    while time::sleep(&mut rest) == Err(Errno::EINTR) {}
    0
}
