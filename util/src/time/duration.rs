//! Lengths of time as text (GNU sleep and timeout; BusyBox `parse_duration_str`).

use sys::num;
use sys::time::Timespec;

const MILLION: u32 = 1_000_000;

/// A length of time. The most of 136 years serves as for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Duration {
    /// Whole seconds.
    pub sec: u32,
    /// Microseconds, below a million.
    pub micro: u32,
}

impl Duration {
    /// Takes seconds, with a fraction or not, off `text`; `None` if it starts with no digit. Digits behind the
    /// microseconds do not count; more seconds than fit are the most.
    pub fn take(text: &mut &[u8]) -> Option<Duration> {
        let mut d = Duration::default();
        // What a digit behind the point is worth; before it, a million.
        let mut place = MILLION;
        let mut valid = false;
        while let [c, tail @ ..] = *text {
            let digit = num::digit(*c);
            if digit < 10 {
                valid = true;
                if place < MILLION {
                    d.micro += digit * place;
                    place /= 10;
                } else {
                    d.sec = scaled(d.sec, 10, digit);
                }
            } else if *c == b'.' && place == MILLION {
                place /= 10;
            } else {
                break;
            }
            *text = tail;
        }
        valid.then_some(d)
    }

    /// The whole of `text`: seconds, with a fraction or not, and behind them nothing or `s`, `m`, `h`, `d` for
    /// seconds, minutes, hours, days; or `infinity`, `inf`.
    #[inline(never)]
    pub fn parse(mut text: &[u8]) -> Option<Duration> {
        if matches!(text, b"infinity" | b"inf") {
            return Some(Duration { sec: u32::MAX, micro: 0 });
        }
        let mut d = Duration::take(&mut text)?;
        let steps = match text {
            b"" | b"s" => 0,
            b"m" => 1,
            b"h" => 2,
            b"d" => 3,
            _ => return None,
        };
        // Step by step, for only a minute of microseconds fits 32 bits.
        for step in 0..steps {
            let factor = if step == 2 { 24 } else { 60 };
            d.micro *= factor;
            d.sec = scaled(d.sec, factor, 0);
            d.carry();
        }
        Some(d)
    }

    /// Adds another one.
    pub fn add(&mut self, other: Duration) {
        self.micro += other.micro;
        self.sec = scaled(self.sec, 1, other.sec);
        self.carry();
    }

    /// Makes seconds of a million microseconds.
    fn carry(&mut self) {
        self.sec = scaled(self.sec, 1, self.micro / MILLION);
        self.micro %= MILLION;
    }

    /// As the kernel takes it.
    pub fn timespec(self) -> Timespec {
        Timespec { sec: self.sec as i64, nsec: self.micro as i64 * 1000 }
    }

    /// In milliseconds; `None` if they do not fit.
    pub fn milliseconds(self) -> Option<u32> {
        // As many seconds as fit.
        (self.sec < u32::MAX / 1001).then(|| self.sec.wrapping_mul(1000).wrapping_add(self.micro / 1000))
    }
}

/// `n * factor + more`, at most what fits.
fn scaled(n: u32, factor: u32, more: u32) -> u32 {
    n.saturating_mul(factor).saturating_add(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_fractions() {
        let p = |t: &str| Duration::parse(t.as_bytes()).map(|d| (d.sec, d.micro));
        assert_eq!(p("3"), Some((3, 0)));
        assert_eq!(p("3s"), Some((3, 0)));
        assert_eq!(p("1.5m"), Some((90, 0)));
        assert_eq!(p(".5"), Some((0, 500_000)));
        assert_eq!(p("2."), Some((2, 0)));
        assert_eq!(p("0.0000019"), Some((0, 1)));
        assert_eq!(p("0.999999d"), Some((86_399, 913_600)));
        assert_eq!(p("1h"), Some((3600, 0)));
        assert_eq!(p("inf"), Some((u32::MAX, 0)));
        assert_eq!(p("infinity"), p("inf"));
        assert_eq!(p("18446744073709551616d"), Some((u32::MAX, 0)));
        for wrong in ["", ".", "s", "1x", "-1", "1ms", "1 ", "1.2.3"] {
            assert_eq!(p(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sums() {
        let mut sum = Duration { sec: 1, micro: 600_000 };
        sum.add(Duration { sec: 2, micro: 500_000 });
        assert_eq!(sum, Duration { sec: 4, micro: 100_000 });
        assert_eq!(sum.timespec(), Timespec { sec: 4, nsec: 100_000_000 });
        sum.add(Duration { sec: u32::MAX, micro: 0 });
        assert_eq!(sum.sec, u32::MAX);
    }

    #[test]
    fn milliseconds_that_fit() {
        let ms = |mut t: &[u8]| Duration::take(&mut t).and_then(Duration::milliseconds);
        assert_eq!(ms(b"2"), Some(2000));
        assert_eq!(ms(b"0.25"), Some(250));
        assert_eq!(ms(b".0019"), Some(1));
        assert_eq!(ms(b"9999999"), None);
        assert_eq!(ms(b"x"), None);
    }
}
