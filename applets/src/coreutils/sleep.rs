//! sleep: wait (POSIX.1-2024 sleep; fractions, units and several operands as GNU and BusyBox have them).

use sys::{time, Cx, Errno};
use util::time::duration::Duration;

applet! {
    name: sleep,
    dir: "/bin",
    class: NoExec,
    usage: "\
TIME...

Wait for the sum of the TIMEs: seconds, with a fraction or not; s, m, h or d
behind them: seconds, minutes, hours or days; infinity: for ever.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let times = core::mem::take(&mut cx.args);
    if times.is_empty() {
        return cx.misuse(b"missing operand");
    }
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
