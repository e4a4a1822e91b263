//! ulimit: show and set the limits of a process (POSIX.1-2024 ulimit; the further letters as in BusyBox
//! ash and bash).

use sys::process::{getrlimit, setrlimit};
use sys::zstr::position;
use sys::{num, Cx};

// Letter, resource (`man 2 getrlimit`), bytes of its unit as a power of two, then what it is, if it is listed.
static LIMITS: &[u8] = b"\
c\x04\x09core, blocks\0\
d\x02\x0adata, KB\0\
e\x0d\x00nice\0\
f\x01\x09file, blocks\0\
i\x0b\x00signals\0\
l\x08\x0alocked, KB\0\
m\x05\x0aresident, KB\0\
n\x07\x00files\0\
p\x06\x00processes\0\
q\x0c\x00queues, bytes\0\
r\x0e\x00priority\0\
s\x03\x0astack, KB\0\
t\x00\x00CPU, seconds\0\
u\x06\x00\0\
v\x09\x0aspace, KB\0\
w\x0a\x00locks";

const SOFT: u8 = 1;
const HARD: u8 = 2;

/// Runs `ulimit` on raw arguments.
pub fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    let mut which = 0;
    let mut asked = b'f';
    for a in args.iter() {
        let text = a.bytes();
        let Some(letters) = text.strip_prefix(b"-").filter(|l| !l.is_empty()) else {
            // A value for the resource named last.
            for_each(asked, &mut |resource, shift, _| match value(text, shift) {
                None => cx.error(text, b"bad number"),
                Some(n) => {
                    if let Err(why) = set(resource, which, n) {
                        cx.fail(text, why);
                    }
                }
            });
            return cx.status;
        };
        for &c in letters {
            match c {
                b'H' => which |= HARD,
                b'S' => which |= SOFT,
                _ => {
                    asked = c;
                    if !for_each(c, &mut |_, _, _| {}) {
                        cx.error(text, b"unknown option");
                        return 2;
                    }
                }
            }
        }
    }
    for_each(asked, &mut |resource, shift, what| {
        if asked == b'a' {
            // Letter and words, without the two numbers.
            cx.out.byte(b'-');
            cx.out.bytes(what.get(..1).unwrap_or(&[]));
            cx.out.byte(b' ');
            cx.out.left(what.get(3..).unwrap_or(&[]), 24);
        }
        let l = match getrlimit(resource) {
            Ok(l) => l,
            Err(e) => return cx.fail(b"getrlimit", e),
        };
        let n = if which & HARD != 0 { l.hard } else { l.soft };
        if n == u64::MAX {
            cx.out.bytes(b"unlimited");
        } else {
            cx.out.dec(n >> shift);
        }
        cx.out.byte(b'\n');
    });
    cx.status
}

/// Calls `each` with resource, shift and entry of the limit with this letter; `a` is all of them but `u`,
/// which is `p` again. False if there is none.
#[inline(never)]
fn for_each(letter: u8, each: &mut dyn FnMut(u32, u32, &'static [u8])) -> bool {
    let mut any = false;
    let mut rest = LIMITS;
    while let [c, resource, shift, text @ ..] = rest {
        let end = position(text, 0).unwrap_or(text.len());
        if *c == letter || letter == b'a' && *c != b'u' {
            any = true;
            each(*resource as u32, *shift as u32, rest.get(..end + 3).unwrap_or(&[]));
        }
        rest = text.get(end + 1..).unwrap_or(&[]);
    }
    any
}

/// A limit in units of 2^`shift` bytes.
fn value(text: &[u8], shift: u32) -> Option<u64> {
    if util::text::eq(text, b"unlimited") {
        return Some(u64::MAX);
    }
    num::parse(text, 10).filter(|&n| n << shift >> shift == n).map(|n| n << shift)
}

#[inline(never)]
fn set(resource: u32, which: u8, value: u64) -> sys::Result<()> {
    let mut l = getrlimit(resource)?;
    // Both, unless one is named.
    if which != SOFT {
        l.hard = value;
    }
    if which != HARD {
        l.soft = value;
    }
    setrlimit(resource, &l)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulimit(args: &[&str]) -> (u8, String) {
        let args: Vec<Vec<u8>> = args.iter().map(|a| a.as_bytes().to_vec()).collect();
        let (status, out) = sys::fuzz::with_cx(&args, &crate::fuzz::NO_APPLETS, run);
        (status, String::from_utf8(out.to_vec()).unwrap())
    }

    #[test]
    fn limits_are_set_and_told() {
        // Of core files: no test writes one.
        assert_eq!(ulimit(&["-S", "-c", "8"]), (0, String::new()));
        assert_eq!(ulimit(&["-c"]), (0, "8\n".into()));
        assert_eq!(ulimit(&["-Sc", "0"]).0, 0);
        assert_eq!(ulimit(&["-Sc"]), (0, "0\n".into()));
        let (status, all) = ulimit(&["-a"]);
        assert!(status == 0 && all.lines().count() == 15 && all.contains("-c core, blocks"), "{all}");
        assert_eq!(ulimit(&[]), ulimit(&["-f"]));
    }

    #[test]
    fn mistakes_have_a_status() {
        assert_eq!(ulimit(&["-y"]).0, 2);
        assert_eq!(ulimit(&["-n", "x"]).0, 1);
        assert_eq!(ulimit(&["-s", "99999999999999999999"]).0, 1);
        assert_eq!(ulimit(&["-s", "18446744073709551615"]).0, 1);
    }
}
