//! Tools about arguments and the environment, and those that start programs.

use crate::Call;
use alloc::vec::Vec;
use sys::fs;
use sys::process::execve;
use sys::signal;
use sys::{env as vectors, Buf, Errno, ToBuf, ZStr};

/// `NAME=value` strings of the environment.
fn variables(call: &Call) -> Vec<ZStr<'static>> {
    call.envp.into_iter().collect()
}

/// `printenv [NAME]`.
pub(crate) fn printenv(call: &mut Call) -> u8 {
    match call.args {
        [] => {
            for variable in variables(call) {
                call.out.z(variable);
                call.out.byte(b'\n');
            }
            0
        }
        [name] => match vectors::get(call.envp, name.bytes()) {
            Some(value) => {
                call.out.z(value);
                call.out.byte(b'\n');
                0
            }
            None => 1,
        },
        _ => call.unknown(),
    }
}

/// `env [-i] [NAME=VALUE]… [COMMAND [ARG]…]`.
pub(crate) fn env(call: &mut Call) -> u8 {
    let mut rest = call.args;
    let mut all = variables(call);
    if let [first, behind @ ..] = rest {
        if first.is(b"-i") {
            all.clear();
            rest = behind;
        }
    }
    while let [first, behind @ ..] = rest {
        let Some(equals) = first.bytes().iter().position(|b| *b == b'=') else { break };
        let name = first.bytes().get(..=equals).unwrap_or_default();
        all.retain(|variable| variable.strip_prefix(name).is_none());
        all.push(*first);
        rest = behind;
    }
    if rest.is_empty() {
        for variable in all {
            call.out.z(variable);
            call.out.byte(b'\n');
        }
        return 0;
    }
    execute(call, rest, &all)
}

/// `alone [-t] COMMAND [ARG]…`: in a session of its own, with all signals as they are by themselves; with `-t` the
/// console is its terminal.
pub(crate) fn alone(call: &mut Call) -> u8 {
    let mut command = call.args;
    if let Err(why) = sys::process::setsid() {
        return call.fail(b"setsid", why);
    }
    if let [option, rest @ ..] = command {
        if option.is(b"-t") {
            command = rest;
            let console = match fs::open(ZStr::new(c"/dev/console"), fs::O_RDWR, 0) {
                Ok(console) => console,
                Err(why) => return call.fail(b"/dev/console", why),
            };
            if let Err(why) = sys::tty::make_controlling(*console, false) {
                return call.fail(b"/dev/console", why);
            }
        }
    }
    for number in (1..32).filter(|n| !matches!(n, 9 | 19)) {
        // It cannot fail for the others.
        let _ = signal::action(number, signal::Action::DEFAULT);
    }
    let all = variables(call);
    execute(call, command, &all)
}

/// Becomes the program `words`, looked for in PATH; comes back with a status if that fails.
fn execute(call: &Call, words: &[ZStr], variables: &[ZStr]) -> u8 {
    let Some(command) = words.first() else { return call.unknown() };
    let end = core::iter::once(core::ptr::null());
    let argv: Vec<*const u8> = words.iter().map(|arg| arg.as_ptr()).chain(end.clone()).collect();
    let envp: Vec<*const u8> = variables.iter().map(|variable| variable.as_ptr()).chain(end).collect();
    let path = variables.iter().find_map(|variable| variable.strip_prefix(b"PATH="));
    let path = path.map_or(&b"/bin"[..], |path| path.bytes());
    let mut why = Errno::ENOENT;
    for dir in path.split(|b| *b == b':') {
        let mut file: Buf = dir.buf();
        file.push(b'/');
        file.extend_from_slice(command.bytes());
        let file = if command.bytes().contains(&b'/') { *command } else { file.z() };
        // SAFETY: both vectors end with NULL, their strings with NUL.
        let e = unsafe { execve(file, argv.as_ptr(), envp.as_ptr()) };
        if e != Errno::ENOENT {
            why = e;
        }
    }
    call.fail(command.bytes(), why);
    127
}

/// `date`: seconds since 1970, so that two of them can be told apart.
pub(crate) fn date(call: &mut Call) -> u8 {
    call.out.signed(sys::time::now(sys::time::CLOCK_REALTIME).sec);
    call.out.byte(b'\n');
    0
}

/// Shows its arguments, control characters as `^X` and the like (BusyBox's `shell/ash_test/recho.c`).
pub(crate) fn recho(call: &mut Call) -> u8 {
    for (n, arg) in call.args.iter().enumerate() {
        call.out.bytes(b"argv[");
        call.out.dec(n as u64 + 1);
        call.out.bytes(b"] = <");
        for &b in arg.bytes() {
            match b {
                0..32 => {
                    call.out.byte(b'^');
                    call.out.byte(b + 64);
                }
                127 => call.out.bytes(b"^?"),
                b => call.out.byte(b),
            }
        }
        call.out.bytes(b">\n");
    }
    0
}

/// An `echo` without options (BusyBox's `shell/ash_test/zecho.c`).
pub(crate) fn zecho(call: &mut Call) -> u8 {
    for (n, arg) in call.args.iter().enumerate() {
        call.out.fill(b' ', usize::from(n > 0));
        call.out.z(*arg);
    }
    call.out.byte(b'\n');
    0
}
