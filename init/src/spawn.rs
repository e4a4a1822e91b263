//! Starts the command of an entry.

use crate::console;
use crate::text::put;
use sys::fs::{self, Fd};
use sys::process::{self, execve};
use sys::zstr::{cut, position};
use sys::{signal, tty, Errno, Result, ZStr};

/// Variables that all children get, each ended by a NUL. Only the first one may have another value.
pub(crate) const VARIABLES: &[u8] =
    b"TERM=linux\0PATH=/sbin:/usr/sbin:/bin:/usr/bin\0HOME=/\0SHELL=/bin/sh\0USER=root\0";
/// TERM of a virtual terminal. The kernel passes it for every console.
pub(crate) const TERM: &[u8] = VARIABLES.split_at(10).0;
/// The directories in which a command without a slash is looked for.
const PATH: &[u8] = VARIABLES.split_at(45).0.split_at(16).1;
/// Most words of a command that is started without a shell.
const WORDS: usize = 24;
/// Most bytes of such a command. The shell splits a longer one.
const BYTES: usize = 256;
/// Bytes that only a shell understands.
static META: &[u8] = b"~`!$^&*()=|\\{}[];\"'<>?";
static SHELL: &core::ffi::CStr = c"-/bin/sh";

/// What every start of a command needs.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    /// `NAME=value` strings, NULL-terminated.
    pub(crate) envp: *const *const u8,
    /// Our own path, for applets that have no link.
    pub(crate) own: Option<ZStr<'a>>,
    /// Is there an applet of this name?
    pub(crate) applet: &'a dyn Fn(&[u8]) -> bool,
}

/// A command for exec: two free places, the words, and NULL.
pub(crate) struct Argv([*const u8; WORDS + 3]);

impl Argv {
    /// Splits `text`, which reads `exec COMMAND`, at blanks into `copy`. If it needs a shell, the words are those that
    /// start one with it. `dash` asks for a login shell: a `-` in front of argv\[0\].
    fn new(text: ZStr, dash: bool, copy: &mut [u8; BYTES]) -> Argv {
        let mut a = Argv([core::ptr::null(); WORDS + 3]);
        if a.split(command(text), dash, copy).is_none() {
            let shell = ZStr::new(SHELL);
            let shell = if dash { shell } else { shell.rest() };
            let words = [shell.as_ptr(), c"-c".as_ptr() as *const u8, text.as_ptr(), core::ptr::null()];
            a.words().iter_mut().zip(words).for_each(|(slot, w)| *slot = w);
        }
        a
    }

    fn words(&mut self) -> &mut [*const u8] {
        let [_, _, words @ ..] = &mut self.0;
        words
    }

    /// Splits `command` into words in `copy`; `None` if it needs a shell.
    fn split(&mut self, command: &[u8], dash: bool, copy: &mut [u8; BYTES]) -> Option<()> {
        let dash: &[u8] = if dash { b"-" } else { b"" };
        let mut bytes = copy.iter_mut();
        for &b in dash.iter().chain(command) {
            if position(META, b).is_some() {
                return None;
            }
            *bytes.next()? = if b == b'\t' { b' ' } else { b };
        }
        *bytes.next()? = b' ';
        let end = BYTES - bytes.len();
        let mut slots = self.words().split_last_mut()?.1.iter_mut();
        let mut blank = true;
        for b in copy.get_mut(..end)? {
            if *b == b' ' {
                *b = 0;
                blank = true;
            } else if blank {
                *slots.next()? = b;
                blank = false;
            }
        }
        Some(())
    }
}

/// The command in a text that reads `exec COMMAND`.
#[inline(never)]
pub(crate) fn command(text: ZStr<'_>) -> &[u8] {
    let mut rest = text.bytes();
    cut(&mut rest, b' ');
    rest
}

/// Replaces this process by the command `argv`, which ends with NULL and has one free place in front, which may be
/// written. Its name is a path, or looked for in [`PATH`]. A text without `#!` is run by a shell, an applet without a
/// link by ourselves. Returns the reason if nothing of that works.
///
/// # Safety
/// `argv` is such an array of NUL-terminated strings.
pub(crate) unsafe fn exec(argv: *mut *const u8, means: &Means) -> Errno {
    // SAFETY: by contract there are the free place, the name and NULL at least.
    unsafe {
        let words = argv.add(1);
        let login = ZStr::from_ptr(*words);
        let name = login.strip_prefix(b"-").unwrap_or(login);
        let mut why = Errno::ENOENT;
        let bytes = name.bytes();
        if position(bytes, b'/').is_some() {
            why = run(name, argv, means);
        } else {
            let mut list = PATH;
            while !list.is_empty() {
                let mut path = [0; 128];
                let n = put(&mut path, 0, cut(&mut list, b':'));
                let n = put(&mut path, n, b"/");
                let n = put(&mut path, n, bytes);
                // A path that fills the buffer has been cut, and has no NUL.
                if n < path.len() {
                    match run(ZStr::from_ptr(path.as_ptr()), argv, means) {
                        Errno::ENOENT => {}
                        e => why = e,
                    }
                }
            }
        }
        let base = bytes.iter().rposition(|&b| b == b'/').and_then(|n| bytes.get(n + 1..)).unwrap_or(bytes);
        match means.own {
            Some(own) if why == Errno::ENOENT && (means.applet)(base) => execve(own, words, means.envp),
            _ => why,
        }
    }
}

/// Tries one path. A text without `#!` is given to the shell, as POSIX wants of `execvp`.
///
/// # Safety
/// As [`exec`].
unsafe fn run(path: ZStr, argv: *mut *const u8, means: &Means) -> Errno {
    // SAFETY: by contract.
    unsafe {
        let why = execve(path, argv.add(1), means.envp);
        if why == Errno::ENOEXEC {
            let shell = ZStr::new(SHELL).rest();
            *argv = shell.as_ptr();
            *argv.add(1) = path.as_ptr();
            execve(shell, argv, means.envp);
            if let Some(own) = means.own {
                execve(own, argv, means.envp);
            }
        }
        why
    }
}

/// What the child reads, and where it leaves the reason of a failure.
struct Child<'a> {
    argv: Argv,
    tty: ZStr<'a>,
    dash: bool,
    ask: bool,
    means: Means<'a>,
    /// Has the terminal failed?
    failed: bool,
}

/// Why the command was not started.
pub(crate) struct Failure {
    /// The reason.
    pub(crate) why: Errno,
    /// Is the terminal the reason?
    pub(crate) tty: bool,
}

/// How [`start`] starts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// As a process of its own.
    Child,
    /// The same, but it waits for Enter first.
    Ask,
    /// In the place of this process, which is process 1. The call returns only if that fails.
    Here,
}

/// Starts `text`, which reads `exec COMMAND`, in a session of its own on terminal `tty`, or on ours if that is empty.
/// Returns its process ID.
#[inline(never)]
pub(crate) fn start(
    text: ZStr,
    tty: ZStr,
    dash: bool,
    how: How,
    means: &Means,
) -> core::result::Result<i32, Failure> {
    let mut copy = [0; BYTES];
    let argv = Argv::new(text, dash, &mut copy);
    let ask = how == How::Ask;
    let mut c = Child { argv, tty, dash, ask, means: *means, failed: false };
    let r = if how == How::Here { Err(replace(&mut c)) } else { process::spawn(&mut c, replace) };
    r.map_err(|why| Failure { why, tty: c.failed })
}

/// Sets up terminal and signals, and becomes the command. Returns the reason of a failure.
fn replace(c: &mut Child) -> Errno {
    if let Err(why) = terminal(c) {
        c.failed = true;
        return why;
    }
    let blocked = signal::mask(signal::How::Set, 0);
    let argv = c.argv.0.as_mut_ptr();
    // SAFETY: the words end with NULL, two places are free in front of them; the strings of the C literals,
    // of the inittab and of the copy outlive us.
    let why = unsafe {
        if let (true, Some(own)) = (c.ask, c.means.own) {
            // By exec, so that the process that waits shares no memory with us, with or without an MMU. If that fails, the
            // command is started without Enter.
            *argv = c"init".as_ptr() as *const u8;
            *argv.add(1) = ASK.as_ptr() as *const u8;
            execve(own, argv, c.means.envp);
        }
        exec(argv.add(1), &c.means)
    };
    signal::mask(signal::How::Set, blocked);
    why
}

/// Makes a session, with the terminal as standard input, output and error.
fn terminal(c: &Child) -> Result<()> {
    // It cannot fail in a fresh process.
    let _ = process::setsid();
    if !c.tty.is_empty() {
        let dev = fs::open(ZStr::new(c"/dev"), fs::O_PATH | fs::O_CLOEXEC, 0)?;
        // Without O_NONBLOCK, open would wait for the carrier of a modem line, and process 1 with it.
        let f = fs::openat(*dev, c.tty, fs::O_RDWR | fs::O_NONBLOCK, 0)?;
        console::take(f.into_fd())?;
    }
    console::sane(Fd::STDIN);
    if c.dash {
        // For job control in a login shell, which says so if it does not get it.
        let _ = tty::make_controlling(Fd::STDIN, false);
    }
    Ok(())
}

/// The argument that asks `init` to be [`ask`].
pub(crate) static ASK: &core::ffi::CStr = c"--ask";

/// `init --ask WORD…`: waits for Enter on standard input, then becomes the command. So on a console that nobody uses,
/// nothing larger than this waits.
///
/// # Safety
/// `argv` points to `--ask` in a NULL-terminated array of NUL-terminated strings.
pub(crate) unsafe fn ask(argv: *mut *const u8, means: &Means) -> Errno {
    let mut b = [0];
    // If it cannot ask, the command finds that out by itself.
    let _ = fs::write_all(Fd::STDOUT, b"\nPlease press Enter to activate this console. ");
    while fs::read(Fd::STDIN, &mut b) == Ok(1) && b != *b"\n" {}
    // SAFETY: by contract.
    unsafe { exec(argv, means) }
}

/// The words that exec is given, for tests.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn words(text: ZStr, dash: bool) -> alloc::vec::Vec<alloc::vec::Vec<u8>> {
    let mut copy = [0; BYTES];
    let mut a = Argv::new(text, dash, &mut copy);
    let words = a.words().iter().take_while(|p| !p.is_null());
    // SAFETY: all are NUL-terminated and live here.
    words.map(|&p| unsafe { ZStr::from_ptr(p) }.bytes().to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_environment() {
        assert_eq!((TERM, PATH), (&b"TERM=linux"[..], &b"/sbin:/usr/sbin:/bin:/usr/bin"[..]));
    }

    fn words(text: &core::ffi::CStr, dash: bool) -> Vec<Vec<u8>> {
        super::words(ZStr::new(text), dash)
    }

    #[test]
    fn plain_words_need_no_shell() {
        assert_eq!(words(c"exec getty  9600\tttyS0 ", false), [&b"getty"[..], b"9600", b"ttyS0"]);
        assert_eq!(words(c"exec /bin/sh", true), [b"-/bin/sh"]);
    }

    #[test]
    fn the_rest_is_for_the_shell() {
        assert_eq!(words(c"exec a >b", false), [&b"/bin/sh"[..], b"-c", b"exec a >b"]);
        assert_eq!(words(c"exec a $b", true), [&b"-/bin/sh"[..], b"-c", b"exec a $b"]);
        let long = format!("exec {}\0", "a".repeat(BYTES));
        let many = format!("exec {}\0", "a ".repeat(WORDS + 1));
        for t in [long, many] {
            let t = core::ffi::CStr::from_bytes_with_nul(t.as_bytes()).unwrap();
            assert_eq!(words(t, false)[1], b"-c");
        }
        let most = format!("exec {}\0", "a ".repeat(WORDS));
        assert_eq!(words(core::ffi::CStr::from_bytes_with_nul(most.as_bytes()).unwrap(), false).len(), WORDS);
    }
}
