//! sleep: wait (POSIX.1-2024 sleep; fractions, units and several operands as GNU and BusyBox have them).

use sys::time::{self, Timespec};
use sys::{Cx, Errno};

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
    let mut sum = Sum { sec: 0, micro: 0 };
    for t in times.iter() {
        if !sum.add(t.bytes()) {
            cx.error(t.bytes(), b"invalid time");
            return 1;
        }
    }
    let mut rest = Timespec { sec: sum.sec as i64, nsec: sum.micro as i64 * 1000 };
    // A signal that did not end us left the rest there.
    while time::sleep(&mut rest) == Err(Errno::EINTR) {}
    0
}

const MILLION: u32 = 1_000_000;

/// A time: seconds, and microseconds below a million. The most of 136 years serves as for ever.
struct Sum {
    sec: u32,
    micro: u32,
}

impl Sum {
    /// Adds the time that `text` tells; no if it tells none.
    fn add(&mut self, text: &[u8]) -> bool {
        if matches!(text, b"infinity" | b"inf") {
            self.sec = u32::MAX;
            return true;
        }
        let (mut sec, mut micro) = (0u32, 0);
        // What a digit behind the point is worth; before it, a million.
        let mut place = MILLION;
        let mut valid = false;
        let mut rest = text;
        while let [c, tail @ ..] = rest {
            match c {
                b'0'..=b'9' => {
                    let digit = (c - b'0') as u32;
                    valid = true;
                    if place < MILLION {
                        micro += digit * place;
                        place /= 10;
                    } else {
                        sec = scaled(sec, 10, digit);
                    }
                }
                b'.' if place == MILLION => place /= 10,
                _ => break,
            }
            rest = tail;
        }
        let steps = match rest {
            b"" | b"s" => 0,
            b"m" => 1,
            b"h" => 2,
            b"d" => 3,
            _ => return false,
        };
        // Step by step, for only a minute of microseconds fits 32 bits.
        for step in 0..steps {
            let factor = if step == 2 { 24 } else { 60 };
            micro *= factor;
            sec = scaled(sec, factor, micro / MILLION);
            micro %= MILLION;
        }
        micro += self.micro;
        self.sec = scaled(self.sec, 1, sec);
        self.sec = scaled(self.sec, 1, micro / MILLION);
        self.micro = micro % MILLION;
        valid
    }
}

/// `n * factor + more`, at most what fits.
#[inline(never)]
fn scaled(n: u32, factor: u32, more: u32) -> u32 {
    n.saturating_mul(factor).saturating_add(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let p = |t: &str| {
            let mut sum = Sum { sec: 0, micro: 500_000 };
            sum.add(t.as_bytes()).then_some((sum.sec, sum.micro))
        };
        assert_eq!(p("3"), Some((3, 500_000)));
        assert_eq!(p("1.5m"), Some((90, 500_000)));
        assert_eq!(p(".5"), Some((1, 0)));
        assert_eq!(p("2."), Some((2, 500_000)));
        assert_eq!(p("0.0000019"), Some((0, 500_001)));
        assert_eq!(p("0.999999d"), Some((86_400, 413_600)));
        assert_eq!(p("1h"), Some((3600, 500_000)));
        assert_eq!(p("inf"), Some((u32::MAX, 500_000)));
        assert_eq!(p("18446744073709551616d"), Some((u32::MAX, 500_000)));
        for wrong in ["", ".", "s", "1x", "-1", "1ms", "1 ", "1.2.3"] {
            assert_eq!(p(wrong), None, "{wrong}");
        }
    }
}
