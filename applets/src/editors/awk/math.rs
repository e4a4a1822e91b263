//! The functions of mathematics that awk has.

const HALF_PI: f64 = core::f64::consts::FRAC_PI_2;
/// What `HALF_PI` lacks.
const HALF_PI_LOW: f64 = 6.123_233_995_736_766e-17;
/// ln 2: the upper bits, and the rest.
const LN2: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Without the fraction.
#[inline(never)]
pub(super) fn int(x: f64) -> f64 {
    let lost = 1075i32 - (x.to_bits() >> 52 & 0x7ff) as i32;
    match lost {
        ..=0 => x,
        53.. => 0.0,
        _ => f64::from_bits(x.to_bits() >> lost << lost),
    }
}

fn nearest(x: f64) -> f64 {
    int(if x < 0.0 { x - 0.5 } else { x + 0.5 })
}

/// `x` times two to the power of `n`.
#[inline(never)]
fn scale(mut x: f64, mut n: i32) -> f64 {
    while n > 1000 {
        x *= f64::from_bits(2023 << 52);
        n -= 1000;
    }
    while n < -1000 {
        x *= f64::from_bits(23 << 52);
        n += 1000;
    }
    x * f64::from_bits(((n + 1023) as u64) << 52)
}

#[inline(never)]
pub(super) fn sqrt(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x < 0.0 {
        return -f64::NAN;
    }
    if x < 1e-300 {
        return scale(sqrt(scale(x, 200)), -100);
    }
    let mut y = f64::from_bits((x.to_bits() >> 1) + (511 << 52) + (1 << 51));
    for _ in 0..6 {
        y = (y + x / y) * 0.5;
    }
    y
}

/// e to the power of `x` + `low`.
#[inline(never)]
fn exp_of(x: f64, low: f64) -> f64 {
    let k = nearest(x / core::f64::consts::LN_2);
    let r = x - k * LN2 - (k * LN2_LOW - low);
    let mut p = 1.0;
    let mut n = 15.0;
    while n > 1.0 {
        p = 1.0 + r * p / n;
        n -= 1.0;
    }
    scale(1.0 + r * p, k as i32)
}

pub(super) fn exp(x: f64) -> f64 {
    if x > 710.0 {
        f64::INFINITY
    } else if x < -750.0 {
        0.0
    } else if x.is_nan() {
        x
    } else {
        exp_of(x, 0.0)
    }
}

/// A number from the root of a half to that of two, and the power of two by which it is to be multiplied.
fn split(mut x: f64) -> (f64, i32) {
    let mut k = 0;
    if x < 1e-300 {
        x *= f64::from_bits((1023 + 60) << 52);
        k = -60;
    }
    k += (x.to_bits() >> 52) as i32 - 1023;
    let mut m = f64::from_bits(x.to_bits() << 12 >> 12 | 1023 << 52);
    if m > core::f64::consts::SQRT_2 {
        m *= 0.5;
        k += 1;
    }
    (m, k)
}

/// The logarithm of `m`, which is near 1.
fn ln_near(m: f64) -> f64 {
    let f = m - 1.0;
    let s = f / (m + 1.0);
    let z = s * s;
    let mut p = 0.0;
    let mut n = 25.0;
    while n > 1.0 {
        p = (p + 1.0 / n) * z;
        n -= 2.0;
    }
    2.0 * s + 2.0 * s * p
}

#[inline(never)]
pub(super) fn log(x: f64) -> f64 {
    if x == 0.0 {
        return -f64::INFINITY;
    }
    if x < 0.0 {
        return -f64::NAN;
    }
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    let (m, k) = split(x);
    let k = k as f64;
    k * LN2 + (ln_near(m) + k * LN2_LOW)
}

/// The sine (`quarter` 0) or cosine (1) of `x`.
#[inline(never)]
pub(super) fn sine(x: f64, quarter: i64) -> f64 {
    if !x.is_finite() {
        return f64::NAN;
    }
    let x = if x.abs() > 1e9 { fmod(x, 4.0 * HALF_PI) } else { x };
    let n = nearest(x / HALF_PI);
    // Pi halves in parts of 33 bits, so that the products are exact.
    let r = x - n * 1.570_796_326_734_125_6 - n * 6.077_100_506_303_966e-11;
    let r = r - n * 2.022_266_248_795_950_7e-21;
    let quarter = quarter + n as i64;
    let z = r * r;
    let cosine = quarter & 1;
    // What is added to the first term.
    let mut p = 1.0;
    let mut k = 21 - cosine;
    while k > 3 - cosine {
        p = 1.0 - z * p / (k * (k - 1)) as f64;
        k -= 2;
    }
    p = if cosine == 0 { r - r * z * p / 6.0 } else { 1.0 - z * p * 0.5 };
    if quarter & 2 != 0 {
        -p
    } else {
        p
    }
}

/// The arc tangent of `t`, from 0 to 1.
fn atan(t: f64) -> f64 {
    let (u, base, low) = if t < 0.25 {
        (t, 0.0, 0.0)
    } else if t < 0.75 {
        ((t - 0.5) / (1.0 + t * 0.5), 4.636_476_090_008_061e-1, 2.269_877_745_296_168_7e-17)
    } else {
        ((t - 1.0) / (1.0 + t), HALF_PI * 0.5, HALF_PI_LOW * 0.5)
    };
    let z = u * u;
    let mut p = 0.0;
    let mut n = 29.0;
    while n > 1.0 {
        p = z * (1.0 / n - p);
        n -= 2.0;
    }
    base + (u - u * p + low)
}

#[inline(never)]
pub(super) fn atan2(y: f64, x: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let (a, b) = (y.abs(), x.abs());
    let mut r = if a == b {
        if a == 0.0 {
            0.0
        } else {
            HALF_PI * 0.5
        }
    } else if a < b {
        atan(a / b)
    } else {
        HALF_PI - (atan(b / a) - HALF_PI_LOW)
    };
    if x.is_sign_negative() {
        r = 2.0 * HALF_PI - (r - 2.0 * HALF_PI_LOW);
    }
    if y.is_sign_negative() {
        -r
    } else {
        r
    }
}

/// The rest of `x` divided by `y`, with the sign of `x`; exact.
#[inline(never)]
pub(super) fn fmod(x: f64, y: f64) -> f64 {
    if y == 0.0 || y.is_nan() || !x.is_finite() {
        return f64::NAN;
    }
    let parts = |v: f64| {
        let e = (v.to_bits() >> 52 & 0x7ff) as i32;
        (v.to_bits() << 12 >> 12 | ((e != 0) as u64) << 52, e.max(1))
    };
    let ((mut a, mut ea), (b, eb)) = (parts(x), parts(y));
    if y.is_infinite() || ea < eb {
        return x;
    }
    loop {
        if a >= b {
            a -= b;
        }
        if ea == eb || a == 0 {
            break;
        }
        // Both are below 2^53: one subtraction is enough each time, as `a` was below 2b.
        a <<= 1;
        ea -= 1;
    }
    if a >= b {
        a -= b;
    }
    // Below 2^53, at the scale of `y`.
    let r = scale(a as f64, eb - 1075);
    if x < 0.0 {
        -r
    } else {
        r
    }
}

#[inline(never)]
pub(super) fn pow(x: f64, y: f64) -> f64 {
    let whole = int(y);
    let mut n = whole.abs();
    if n < 1e6 && !x.is_nan() {
        // Exact as long as the result is.
        let (mut r, mut base) = (1.0, x);
        let mut left = n as u32;
        while left > 0 {
            if left & 1 != 0 {
                r *= base;
            }
            base *= base;
            left >>= 1;
        }
        if whole < 0.0 {
            r = 1.0 / r;
        }
        let part = y - whole;
        if part == 0.0 {
            return r;
        }
        if x < 0.0 {
            return -f64::NAN;
        }
        if x == 0.0 || x == f64::INFINITY {
            return if (x == 0.0) == (y > 0.0) { 0.0 } else { f64::INFINITY };
        }
        let (m, k) = split(x);
        // k times an upper part of few bits is exact.
        let high = (part * 1_048_576.0) as i32 as f64 / 1_048_576.0;
        let k = k as f64;
        let two = k * high;
        let steps = nearest(two);
        let rest = (two - steps) + k * (part - high);
        return r * scale(exp_of(rest * core::f64::consts::LN_2, part * ln_near(m)), steps as i32);
    }
    if x.is_nan() || y.is_nan() {
        return if x == 1.0 { 1.0 } else { f64::NAN };
    }
    // Powers so high are even unless the number shows an odd one.
    let odd = n < 9e15 && fmod(n, 2.0) == 1.0;
    n = x.abs();
    let r = if n == 1.0 { 1.0 } else { exp(y * log(n)) };
    if x < 0.0 && odd {
        -r
    } else {
        r
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units in the last place between two numbers.
    fn ulps(a: f64, b: f64) -> u64 {
        if a == b || a.is_nan() && b.is_nan() {
            return 0;
        }
        (a.to_bits() as i64).abs_diff(b.to_bits() as i64)
    }

    fn near(name: &str, x: f64, ours: f64, theirs: f64, most: u64) {
        assert!(ulps(ours, theirs) <= most, "{name} {x}: {ours} {theirs}");
    }

    #[test]
    fn as_the_library_of_the_host() {
        let mut state = 9u64;
        for n in 0..20000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let unit = (state >> 11) as f64 / (1u64 << 53) as f64;
            let x = (unit - 0.5) * [1.0, 20.0, 600.0, 1e5][n % 4];
            near("exp", x, exp(x), x.exp(), 2);
            near("log", x, log(x.abs()), x.abs().ln(), 2);
            near("sqrt", x, sqrt(x.abs()), x.abs().sqrt(), 1);
            near("atan2", x, atan2(x, unit), x.atan2(unit), 2);
            near("fmod", x, fmod(x, unit + 0.1), x % (unit + 0.1), 0);
            near("int", x, int(x), x.trunc(), 0);
            assert!((sine(x, 0) - x.sin()).abs() <= 3e-16, "sin {x}");
            assert!((sine(x, 1) - x.cos()).abs() <= 3e-16, "cos {x}");
            near("pow", x, pow(x.abs(), unit), x.abs().powf(unit), 3);
        }
    }

    #[test]
    fn what_is_exact() {
        for n in 0..300 {
            assert_eq!(pow(2.0, n as f64), 2f64.powi(n));
            let n = n as f64;
            assert_eq!((sqrt(n * n), int(n + 0.75), int(-n - 0.25)), (n, n, -n));
        }
        assert_eq!((pow(3.0, 4.0), pow(-2.0, 3.0), pow(2.0, -2.0), pow(9.0, 0.5)), (81.0, -8.0, 0.25, 3.0));
        assert_eq!((exp(0.0), log(1.0), sine(0.0, 0), sine(0.0, 1)), (1.0, 0.0, 0.0, 1.0));
        assert_eq!((atan2(0.0, -1.0), atan2(1.0, 0.0)), (core::f64::consts::PI, HALF_PI));
    }

    #[test]
    fn the_ends() {
        assert_eq!((exp(1e4), exp(-1e4), log(0.0)), (f64::INFINITY, 0.0, -f64::INFINITY));
        assert_eq!((pow(10.0, 400.0), pow(10.0, -400.0), pow(1.0, 1e300)), (f64::INFINITY, 0.0, 1.0));
        assert!(
            log(-1.0).is_nan() && sqrt(-1.0).is_nan() && pow(-8.0, 0.5).is_nan() && fmod(1.0, 0.0).is_nan()
        );
    }
}
