//! nice: run a command with another niceness (POSIX.1-2024 nice; BusyBox coreutils/nice.c).

use sys::{num, process, Cx, ZStr};
use util::command::program;

applet! {
    name: nice,
    dir: "/usr/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-n N] [COMMAND [ARG]...]

Run COMMAND with its niceness raised by N (10; -20 to 19), or print the niceness.
-N is -n N.
",
}

/// A mistake on the command line, as the niceness is lost: POSIX has 1 to 125.
const MISUSE: u8 = 125;

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut args = &*core::mem::take(&mut cx.args);
    let mut text = None;
    while let [first, rest @ ..] = args {
        let Some(option) = first.strip_prefix(b"-") else { break };
        args = rest;
        if option.is(b"-") {
            break;
        }
        let digits = option.strip_prefix(b"-").unwrap_or(option);
        let long = option.strip_prefix(b"-adjustment=");
        text = match (option.strip_prefix(b"n").or(long), args) {
            (Some(n), _) if !n.is_empty() => Some(n),
            (Some(_), [n, rest @ ..]) => {
                args = rest;
                Some(*n)
            }
            _ if digits.first().is_ascii_digit() => Some(option),
            _ => {
                cx.misuse(b"invalid option");
                return MISUSE;
            }
        };
    }
    let Some(more) = text.map_or(Some(10), signed) else {
        cx.misuse(b"invalid number");
        return MISUSE;
    };
    if args.is_empty() {
        if text.is_some() {
            cx.misuse(b"missing COMMAND");
            return MISUSE;
        }
        // 0 is always possible.
        cx.out.signed(process::nice(0).unwrap_or(0) as i64);
        cx.out.byte(b'\n');
        return 0;
    }
    if let Err(why) = process::nice(more) {
        cx.fail(b"cannot set the niceness", why);
        // POSIX: the command runs with the old one, and only who asked for less is told.
    }
    let envp = cx.envp;
    program::become_it(cx, args, envp)
}

fn signed(text: ZStr) -> Option<i32> {
    let minus = text.strip_prefix(b"-");
    let digits = minus.or(text.strip_prefix(b"+")).unwrap_or(text);
    let n = num::parse_u32(digits.bytes())?.min(40) as i32;
    Some(if minus.is_some() { -n } else { n })
}
