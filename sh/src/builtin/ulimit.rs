//! ulimit: show and set the limits of a process (POSIX.1-2024 ulimit; the further letters as in BusyBox
//! ash and bash).

use sys::process::{getrlimit, setrlimit};
use sys::zstr::cut;
use sys::{num, Cx};
use util::text::part;

// Letter, resource (`man 2 getrlimit`), bytes of its unit as a power of two, then what it is. `-u`, which is `-p` again,
// is not listed.
static LIMITS: &[u8] = b"\
c\x04\x09core, blocks\xff\
d\x02\x0adata, KB\xff\
e\x0d\x00nice\xff\
f\x01\x09file, blocks\xff\
i\x0b\x00signals\xff\
l\x08\x0alocked, KB\xff\
m\x05\x0aresident, KB\xff\
n\x07\x00files\xff\
p\x06\x00processes\xff\
q\x0c\x00queues, bytes\xff\
r\x0e\x00priority\xff\
s\x03\x0astack, KB\xff\
t\x00\x00CPU, seconds\xff\
v\x09\x0aspace, KB\xff\
w\x0a\x00locks\xff\
u\x06\x00";
/// Bytes of those that are listed.
const LISTED: usize = LIMITS.len() - 4;

const SOFT: u8 = 1;
const HARD: u8 = 2;

/// Runs `ulimit` on raw arguments.
pub fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    let mut which = 0;
    let mut asked = limits(b'f');
    let mut given = None;
    for a in args.iter() {
        let text = a.bytes();
        let Some(letters) = text.strip_prefix(b"-").filter(|l| !l.is_empty()) else {
            // A value for the resource named last.
            given = Some(text);
            break;
        };
        for &c in letters {
            match c {
                b'H' => which |= HARD,
                b'S' => which |= SOFT,
                _ => asked = limits(c),
            }
            if asked.is_empty() {
                cx.error(text, b"unknown option");
                return 2;
            }
        }
    }
    let words = asked.len() == LISTED;
    while let [letter, resource, shift, what @ ..] = cut(&mut asked, 0xff) {
        let (resource, shift) = (*resource as u32, *shift as u32);
        if let Some(text) = given {
            match value(text, shift) {
                None => cx.error(text, b"bad number"),
                Some(n) => {
                    if let Err(why) = set(resource, which, n) {
                        cx.fail(text, why);
                    }
                }
            }
            continue;
        }
        if words {
            cx.out.byte(b'-');
            cx.out.byte(*letter);
            cx.out.byte(b' ');
            cx.out.left(what, 24);
        }
        let l = match getrlimit(resource) {
            Ok(l) => l,
            Err(e) => {
                cx.fail(b"getrlimit", e);
                continue;
            }
        };
        let n = if which & HARD != 0 { l.hard } else { l.soft };
        if n == u64::MAX {
            cx.out.bytes(b"unlimited");
        } else {
            cx.out.dec(n >> shift);
        }
        cx.out.byte(b'\n');
    }
    cx.status
}

/// The limits that a letter means: one, all that are listed for `a`, or none.
fn limits(letter: u8) -> &'static [u8] {
    if letter == b'a' {
        return part(LIMITS, 0, LISTED);
    }
    let mut rest = LIMITS;
    loop {
        let limit = cut(&mut rest, 0xff);
        if limit.is_empty() || limit.first() == Some(&letter) {
            return limit;
        }
    }
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
