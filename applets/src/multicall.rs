//! `mote` by its own name: `mote APPLET …`, `--list`, `--list-full`, `--install`, `--help`. So it does as `busybox` and
//! `toybox`, for scripts that call these.

use sys::buf::concat;
use sys::fs::{self, Fd};
use sys::out::{complain, fail};
use sys::{caller, env, Errno, Out, Table, ZStr};

const MOTE: ZStr = ZStr::new(c"mote");

/// Runs the applet that `v` names; the exit status.
pub(crate) fn main(v: env::Vectors, table: &'static Table) -> u8 {
    let envp = v.envp();
    let mut args = v.args();
    // SAFETY: the first and only call.
    let mut out = unsafe { Out::stdout() };
    let mut own: &[u8] = b"";
    loop {
        let Some(&name) = args.first() else { return 127 };
        let base = basename(name);
        if let Some(e) = table.find(base) {
            #[cfg(mote_nommu)]
            sys::process::name_unless_named(name.base());
            let envp = caller::settle(envp, crate::CALLERS && e.checks_caller());
            return table.run(e, envp, args, &mut out);
        }
        // Scripts call `busybox APPLET` and have `#!/bin/busybox sh`.
        if !base.starts_with(b"mote") && !matches!(base, b"busybox" | b"toybox") {
            let colon: &[u8] = if own.is_empty() { b"" } else { b": " };
            complain(&[own, colon, base, b": applet not found"]);
            return 127;
        }
        own = base;
        args = args.get_mut(1..).unwrap_or_default();
        match args.first().map(|a| a.bytes()) {
            None | Some(b"--help") => help(table, &mut out),
            Some(b"--list") => list(table, &mut out, b"\n", false),
            Some(b"--list-full") => list(table, &mut out, b"\n", true),
            Some(b"--install") => {
                return install(table, caller::settle(envp, false), args.get(1..).unwrap_or(&[]))
            }
            Some(_) => continue,
        }
        return match out.flush() {
            Ok(()) => 0,
            Err(e) => {
                fail(MOTE, b"write error", e);
                1
            }
        };
    }
}

/// The last component of a path, without the `-` of a login shell.
fn basename(path: ZStr<'static>) -> &'static [u8] {
    let base = path.base();
    base.strip_prefix(b"-").unwrap_or(base).bytes()
}

/// The build puts our usage text behind those of the declarations.
fn help(table: &Table, out: &mut Out) {
    if sys::applet::HELP {
        table.help(out, MOTE, crate::DECLARATIONS);
    }
    list(table, out, b" ", false);
}

/// The names; with `paths` those of the links, without the first slash, as BusyBox has it.
fn list(table: &Table, out: &mut Out, end: &[u8], paths: bool) {
    for (name, e) in table.names() {
        if paths {
            out.bytes(e.dir().get(1..).unwrap_or_default());
            out.byte(b'/');
        }
        out.bytes(name);
        out.bytes(end);
    }
    if end == b" " {
        out.byte(b'\n');
    }
}

// Not inlined: its two paths would be on the stack of every applet.
#[inline(never)]
fn install(table: &Table, envp: env::Envp, args: &[ZStr]) -> u8 {
    let soft = args.first().is_some_and(|a| a.is(b"-s"));
    let args = args.get(soft as usize..).unwrap_or(&[]);
    if args.len() > 1 || args.first().is_some_and(|a| a.first() == b'-') {
        complain(&[b"mote: --install: takes [-s] [DIR]"]);
        return 1;
    }
    let mut own = [0; fs::PATH];
    let Some(own) = own_path(envp, &mut own) else {
        complain(&[b"mote: --install: cannot tell my own path without /proc"]);
        return 1;
    };
    let mut status = 0;
    for (name, e) in table.names() {
        let dir = match args.first() {
            Some(dir) => dir.bytes(),
            None => e.dir(),
        };
        let path = concat(&[dir, b"/", name]);
        let path = path.z();
        let made =
            if soft { fs::symlinkat(own, Fd::CWD, path) } else { fs::linkat(Fd::CWD, own, Fd::CWD, path, 0) };
        match made {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(why) => {
                fail(MOTE, path.bytes(), why);
                status = 1;
            }
        }
    }
    status
}

/// The path of this binary: from /proc, or else as it was called (AT_EXECFN, 31).
fn own_path(envp: env::Envp, buf: &mut [u8; fs::PATH]) -> Option<ZStr<'_>> {
    // SAFETY: in both cases a NUL-terminated string: `buf` started as zeros and its last byte is spared;
    // AT_EXECFN is a string on the initial stack, and this is the environment that the kernel made.
    unsafe {
        if fs::readlinkat(Fd::CWD, ZStr::new(c"/proc/self/exe"), &mut buf[..fs::PATH - 1]).is_ok() {
            return Some(ZStr::from_ptr(buf.as_ptr()));
        }
        let called = ZStr::from_ptr(env::auxv(envp, 31)? as *const u8);
        (called.first() == b'/').then_some(called)
    }
}
