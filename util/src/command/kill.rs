//! kill: send a signal (POSIX.1-2024 kill; `-l` also turns names to numbers, as in BusyBox and bash).

use sys::{num, process, signal, Cx, Result, ZStr};

/// A process or, negative, a process group.
#[inline(never)]
fn process_id(text: ZStr) -> Option<i32> {
    let digits = text.strip_prefix(b"-");
    let n = i32::try_from(num::parse_u32(digits.unwrap_or(text).bytes())?).ok()?;
    Some(if digits.is_some() { -n } else { n })
}

/// Sends a signal to a job, if there is that one.
pub type Jobs<'j> = dyn FnMut(&[u8], u32) -> Option<Result<()>> + 'j;

/// Runs `kill` on raw arguments; `jobs` sends a signal to a job like `%1`, if there is one.
#[inline(never)]
pub fn run(cx: &mut Cx, jobs: &mut Jobs) -> u8 {
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
                let Some(n) = signal::number(name.bytes()) else {
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
        let sent =
            if a.first() == b'%' { jobs(text, sig) } else { process_id(*a).map(|p| process::kill(p, sig)) };
        match sent {
            None => cx.error(text, b"no such job or process"),
            Some(Err(e)) => cx.fail(text, e),
            _ => {}
        }
    }
    cx.status
}

/// Writes the names of all signals, or of those given by number or exit status; the numbers of those given
/// by name.
#[inline(never)]
fn list(cx: &mut Cx, args: &[ZStr<'static>]) {
    for a in args {
        match signal::number(a.bytes()) {
            Some(n) if num::parse_u32(a.bytes()).is_none() => cx.out.dec(n as u64),
            n => {
                let n = n.or_else(|| num::parse_u32(a.bytes())).unwrap_or(u32::MAX);
                let n = if (129..=128 + 64).contains(&n) { n - 128 } else { n };
                let name = signal::name(n);
                if !name.is_empty() {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn kill(args: &[&str]) -> (u8, String) {
        let args: Vec<&[u8]> = args.iter().map(|a| a.as_bytes()).collect();
        let mut job =
            |spec: &[u8], sig| (spec == b"%1").then(|| process::kill(process::getpid() as i32, sig));
        crate::command::printf::tests::call(&mut |cx| run(cx, &mut job), &args)
    }

    #[test]
    fn names_and_numbers_are_listed() {
        assert_eq!(kill(&["-l", "9", "143", "SIGINT", "0", "40"]), (0, "KILL\nTERM\n2\nEXIT\n40\n".into()));
        assert!(kill(&["-l"]).1.starts_with("HUP INT QUIT ") && kill(&["-l"]).1.ends_with(" SYS\n"));
        assert_eq!(kill(&["-l", "nope"]).0, 1);
    }

    #[test]
    fn signals_reach_processes_and_jobs() {
        let own = process::getpid().to_string();
        for args in [&["-0", &own[..]][..], &["-s", "0", "--", &own], &["-n", "0", &own], &["-EXIT", "%1"]] {
            assert_eq!(kill(args), (0, String::new()), "{args:?}");
        }
    }

    #[test]
    fn mistakes_have_a_status() {
        for args in
            [&[][..], &["-0"], &["-s"], &["-NOPE", "1"], &["-0", "x"], &["-0", "%2"], &["-0", "1000000000"]]
        {
            assert_eq!(kill(args).0, 1, "{args:?}");
        }
    }
}
