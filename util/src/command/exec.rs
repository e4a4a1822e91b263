//! Other programs, as `env`, `nice`, `timeout` and their kin start them: found by PATH, with the statuses that POSIX
//! gives them (POSIX.1-2024 env, EXIT STATUS; execvp).

use sys::env::{self, Envp};
use sys::signal::{self, How, Set};
use sys::zstr::{cut, position};
use sys::{process, Buf, Cx, Errno, List, ToBuf, ZStr};

/// Where programs are looked for without the variable PATH.
const PATH: &[u8] = b"/bin:/sbin:/usr/bin:/usr/sbin";
/// What runs a text without `#!`.
const SHELL: ZStr = ZStr::new(c"/bin/sh");

/// Calls `with` for each path that the command `name` may have, until it is satisfied. `path` is the variable PATH.
#[inline(never)]
pub fn candidates(name: &[u8], path: Option<ZStr>, with: &mut dyn FnMut(&Buf) -> bool) {
    if position(name, b'/').is_some() || name.is_empty() {
        with(&name.buf());
        return;
    }
    let mut dirs = path.map_or(PATH, |path| path.bytes());
    loop {
        let last = position(dirs, b':').is_none();
        let mut path = cut(&mut dirs, b':').buf();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        if with(&path) || last {
            return;
        }
    }
}

/// Becomes the command `args`; comes back only with the reason why not.
#[inline(never)]
fn become_command(args: &[ZStr<'static>], envp: Envp) -> Errno {
    let mut why = Errno::ENOENT;
    let Some(name) = args.first() else { return why };
    let mut argv = List::new();
    // The place in front is for the shell.
    argv.push(None);
    args.iter().for_each(|&a| argv.push(Some(a)));
    argv.push(None);
    candidates(name.bytes(), env::get(envp, b"PATH"), &mut |path| {
        let mut failed = process::exec(path.z(), argv.get(1..).unwrap_or_default(), envp);
        if failed == Errno::ENOEXEC {
            let mut script = List::new();
            script.push(Some(SHELL));
            script.push(Some(path.z()));
            argv.iter().skip(2).for_each(|&a| script.push(a));
            failed = process::exec(SHELL, &script, envp);
        }
        // One that may not be run does not hide another one further on.
        let missing = matches!(failed, Errno::ENOENT | Errno::ENOTDIR);
        if !missing || why == Errno::ENOENT {
            why = failed;
        }
        !missing && failed != Errno::EACCES
    });
    why
}

/// Reports why the command `args` was not started: the status, 127 if there is none of that name, else 126.
#[inline(never)]
fn failed(cx: &mut Cx, args: &[ZStr<'static>], why: Errno) -> u8 {
    cx.fail(args.first().map_or(b"", |name| name.bytes()), why);
    if matches!(why, Errno::ENOENT | Errno::ENOTDIR) {
        127
    } else {
        126
    }
}

/// Becomes the command `args` with the environment `envp`. Comes back only when that fails, which is reported, with the
/// status.
#[inline(never)]
pub fn exec(cx: &mut Cx, args: &[ZStr<'static>], envp: Envp) -> u8 {
    let why = become_command(args, envp);
    failed(cx, args, why)
}

/// What a new process reads.
struct Child<'c> {
    args: &'c [ZStr<'static>],
    envp: Envp,
    mask: Set,
}

/// Starts the command `args` with the signals `mask` blocked: its process ID, or the status after a report.
#[inline(never)]
pub fn start(cx: &mut Cx, args: &[ZStr<'static>], mask: Set) -> Result<i32, u8> {
    let mut child = Child { args, envp: cx.envp, mask };
    let started = process::spawn(&mut child, |c| {
        signal::mask(How::Set, c.mask);
        become_command(c.args, c.envp)
    });
    started.map_err(|why| failed(cx, args, why))
}

/// Runs the command `args` and waits for its end: its status, 128 and the number of the signal that ended it, or what
/// [`start`] fails with.
#[inline(never)]
pub fn run(cx: &mut Cx, args: &[ZStr<'static>]) -> u8 {
    // Otherwise the kernel would not tell how it ended.
    let _ = signal::action(signal::SIGCHLD, signal::Action::DEFAULT);
    let mask = signal::mask(How::Block, 0);
    match start(cx, args, mask) {
        Err(status) => status,
        Ok(pid) => match process::wait(pid) {
            Ok(status) => code(status),
            Err(why) => {
                cx.fail(b"wait", why);
                1
            }
        },
    }
}

/// The status as a shell tells it.
pub fn code(status: process::Status) -> u8 {
    status.exited().unwrap_or_else(|| 128 + status.signaled().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_command_may_be() {
        let all = |name: &[u8], path: &'static core::ffi::CStr| {
            let mut all = Vec::new();
            candidates(name, Some(ZStr::new(path)), &mut |p| {
                all.push(String::from_utf8(p.to_vec()).unwrap());
                false
            });
            all
        };
        assert_eq!(all(b"x", c"/a::/b"), ["/a/x", "x", "/b/x"]);
        assert_eq!(all(b"x", c""), ["x"]);
        assert_eq!(all(b"./x", c"/a:/b"), ["./x"]);
        assert_eq!(all(b"", c"/a:/b"), [""]);
    }
}
