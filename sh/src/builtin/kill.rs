//! kill: send a signal (POSIX.1-2024 kill; `-l` also turns names to numbers, as in BusyBox and bash).

use sys::{num, process, signal, Cx, ZStr};

/// Runs `kill` on raw arguments; `jobs` gives the process group, negative, of a job like `%1`.
pub fn run(cx: &mut Cx, jobs: &mut dyn FnMut(&[u8]) -> Option<i32>) -> u8 {
    let mut args = &*core::mem::take(&mut cx.args);
    let mut sig = signal::SIGTERM;
    if let [first, rest @ ..] = args {
        match first.strip_prefix(b"-") {
            Some(o) if o.is(b"l") || o.is(b"L") => {
                list(cx, rest);
                return cx.status;
            }
            Some(o) if !o.is(b"-") => {
                args = rest;
                let mut name = o;
                if o.is(b"s") || o.is(b"n") {
                    let [arg, rest @ ..] = rest else { return cx.misuse(b"missing signal") };
                    args = rest;
                    name = *arg;
                }
                let Some(n) = number(name) else {
                    cx.error(name.bytes(), b"bad signal");
                    return 1;
                };
                sig = n;
            }
            _ => {}
        }
    }
    if args.first().is_some_and(|a| a.is(b"--")) {
        args = args.get(1..).unwrap_or(&[]);
    }
    if args.is_empty() {
        return cx.misuse(b"missing process");
    }
    for a in args {
        let text = a.bytes();
        let pid = if a.first() == b'%' {
            jobs(text)
        } else {
            super::test::integer(text).and_then(|n| i32::try_from(n).ok())
        };
        match pid {
            None => cx.error(text, b"no such job or process"),
            Some(pid) => {
                if let Err(e) = process::kill(pid, sig) {
                    cx.fail(text, e);
                }
            }
        }
    }
    cx.status
}

fn number(name: ZStr) -> Option<u32> {
    if name.is(b"EXIT") {
        return Some(0);
    }
    signal::number(name.bytes())
}

/// Writes the names of all signals, or of those given by number or exit status; the numbers of those given
/// by name.
fn list(cx: &mut Cx, args: &[ZStr<'static>]) {
    for a in args {
        match number(*a) {
            Some(n) if num::parse_u32(a.bytes()).is_none() => cx.out.dec(n as u64),
            n => {
                let n = n.or_else(|| num::parse_u32(a.bytes())).unwrap_or(u32::MAX);
                let n = if (129..=128 + 64).contains(&n) { n - 128 } else { n };
                let name = signal::name(n);
                if n == 0 {
                    cx.out.bytes(b"EXIT");
                } else if !name.is_empty() {
                    cx.out.bytes(name);
                } else if n <= 64 {
                    cx.out.dec(n as u64); // a real-time signal has no name
                } else {
                    cx.error(a.bytes(), b"bad signal");
                    continue;
                }
            }
        }
        cx.out.byte(b'\n');
    }
    if args.is_empty() {
        for n in 1..32 {
            cx.out.bytes(signal::name(n));
            cx.out.byte(if n < 31 { b' ' } else { b'\n' });
        }
    }
}
