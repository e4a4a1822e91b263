//! sleep: wait (POSIX.1-2024 sleep; fractions, units and several operands as GNU and BusyBox have them).

use sys::time::{self, Timespec};
use sys::{num, Cx};

applet! {
    name: sleep,
    dir: "/bin",
    class: NoExec,
    usage: "\
TIME...

Wait for the sum of the TIMEs: seconds, perhaps with a fraction, or with s, m, h
or d behind them seconds, minutes, hours or days; infinity is for ever.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let times = core::mem::take(&mut cx.args);
    if times.is_empty() {
        return cx.misuse(b"missing operand");
    }
    let mut sum = Timespec::default();
    for t in times.iter() {
        if !add(&mut sum, t.bytes()) {
            cx.error(t.bytes(), b"invalid time");
            return 1;
        }
    }
    // A signal that did not end us left the rest in `sum`.
    while time::sleep(&mut sum).is_err() {}
    0
}

/// What stands for ever, and for every number of more than 32 bits: 17 million years, which the kernel
/// takes and sums of which stay in range.
const FOREVER: i64 = 1 << 49;

/// Adds the time that `text` tells; no if it tells none.
fn add(sum: &mut Timespec, text: &[u8]) -> bool {
    if matches!(text, b"infinity" | b"inf") {
        sum.sec += FOREVER;
        return true;
    }
    let (whole, mut rest) = num::prefix(text, 10).unwrap_or((0, text));
    let mut digits = rest.len() < text.len();
    let mut nano: u32 = 0;
    if let Some((b'.', fraction)) = rest.split_first() {
        rest = fraction;
        let mut place = 100_000_000;
        while let Some((b @ b'0'..=b'9', tail)) = rest.split_first() {
            nano += (b - b'0') as u32 * place;
            place /= 10;
            digits = true;
            rest = tail;
        }
    }
    let unit = match rest {
        b"" | b"s" => 1,
        b"m" => 60,
        b"h" => 3600,
        b"d" => 86400,
        _ => return false,
    };
    sum.sec += u32::try_from(whole).map_or(FOREVER, |n| n as i64 * unit as i64);
    // The fraction's nanoseconds and what the sum has, again in seconds and nanoseconds: by 1000, three times.
    let (q, r0) = num::div_rem(nano as u64 * unit as u64 + sum.nsec as u64, 1000);
    let (q, r1) = num::div_rem(q, 1000);
    let (q, r2) = num::div_rem(q, 1000);
    sum.sec += q as i64;
    sum.nsec = (r0 + 1000 * (r1 + 1000 * r2)) as i64;
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let p = |t: &str| {
            let mut sum = Timespec { sec: 0, nsec: 500_000_000 };
            add(&mut sum, t.as_bytes()).then_some((sum.sec, sum.nsec))
        };
        assert_eq!(p("3"), Some((3, 500_000_000)));
        assert_eq!(p("1.5m"), Some((90, 500_000_000)));
        assert_eq!(p(".5"), Some((1, 0)));
        assert_eq!(p("2."), Some((2, 500_000_000)));
        assert_eq!(p("0.0000000019"), Some((0, 500_000_001)));
        assert_eq!(p("0.999999999d"), Some((86_400, 499_913_600)));
        assert_eq!(p("1h"), Some((3600, 500_000_000)));
        assert_eq!(p("inf"), Some((FOREVER, 500_000_000)));
        assert_eq!(p("9223372036854775807d"), Some((FOREVER, 500_000_000)));
        for wrong in ["", ".", "s", "1x", "-1", "1ms", "1 ", "18446744073709551616"] {
            assert_eq!(p(wrong), None, "{wrong}");
        }
    }
}
