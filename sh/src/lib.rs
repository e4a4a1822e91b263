//! The shell of mote: the POSIX.1-2024 shell command language with the extensions of BusyBox ash.
//!
//! Text goes from [`parse::source`] through the lexer and the parser into a [`parse::tree`]; the executor walks it, and
//! expands words into [`expand::fields`]. All state is in one [`Shell`].

#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod builtin;
mod expand;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod interactive;
mod jobs;
mod options;
mod parse;
mod passwd;
mod run;
mod start;
mod vars;

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::ffi::CStr;
use sys::fs::Fd;
use sys::{tty, Buf, Errno, List, Out, Table, ZStr};

pub use start::main;

/// Why a command does not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
// A word: in a result beside a pointer, a byte would be copied with shifts and masks.
#[repr(u32)]
enum Flow {
    /// `break` and `continue`, of as many loops as `Shell::skip` says.
    Break,
    Continue,
    Return,
    Exit,
    /// An error that ends a shell which is not interactive.
    Fail,
}

/// What most functions give; the exit status is in the shell.
type R<T = ()> = Result<T, Flow>;

/// An error that has been told, and gives up the command. It takes no room, so that a [`Done`] of something
/// small comes back in one register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Failed;

/// What functions give that can fail and do nothing else to the flow of commands: all that parse or expand.
type Done<T = ()> = Result<T, Failed>;

impl From<Failed> for Flow {
    fn from(_: Failed) -> Flow {
        Flow::Fail
    }
}

/// No name.
const NOTHING: ZStr<'static> = ZStr::new(c"");

/// Are subshells started by vfork and exec of ourselves, for want of an MMU? The feature is for tests on
/// machines that have one.
const REEXEC: bool = cfg!(any(mote_nommu, feature = "nommu"));

/// Bits of `Shell::opts`.
mod opt {
    pub(crate) const ERREXIT: u32 = 1;
    pub(crate) const NOGLOB: u32 = 2;
    pub(crate) const NOEXEC: u32 = 4;
    pub(crate) const NOUNSET: u32 = 8;
    pub(crate) const VERBOSE: u32 = 16;
    pub(crate) const XTRACE: u32 = 32;
    pub(crate) const NOCLOBBER: u32 = 64;
    pub(crate) const ALLEXPORT: u32 = 128;
    pub(crate) const NOTIFY: u32 = 256;
    pub(crate) const MONITOR: u32 = 512;
    pub(crate) const INTERACTIVE: u32 = 1024;
    pub(crate) const STDIN: u32 = 2048;
    pub(crate) const PIPEFAIL: u32 = 1 << 13;
    pub(crate) const IGNOREEOF: u32 = 1 << 14;
    pub(crate) const COMMAND: u32 = 1 << 16;
    /// No line editor (`--noediting`).
    pub(crate) const PLAIN: u32 = 1 << 17;
    /// From here up: how many subshells we are in that were started by exec.
    pub(crate) const LEVEL: u32 = 1 << 18;
}

/// What the stack may hold before its limit is asked for, and at most: bytes. Without an MMU it is all that there is,
/// less what goes on behind the last look, a signal's frame and arguments (`mote_stack` in the `target.toml`).
const STACK_UNKNOWN: usize = if cfg!(mote_nommu) { 29 << 8 } else { 256 << 10 };
const STACK_MOST: usize = if cfg!(mote_nommu) { STACK_UNKNOWN } else { 6 << 20 };

/// The state of a shell. What is used most comes first: Thumb-1 reaches 32 bytes and 32 words directly.
#[repr(C)]
struct Shell<'a> {
    /// Exit status of the last command, and of the last substitution in this one.
    status: u8,
    substituted: u8,
    /// Is a condition being tested, where `set -e` does not count?
    tested: bool,
    /// Is the command run by `command`, which takes a special builtin's powers?
    plain: bool,
    syntax: bool,
    handles: bool,
    interrupted: bool,
    subshell: bool,
    /// Is a script's name known, so that messages tell lines?
    script: bool,
    /// Does a substitution run in this process?
    capturing: bool,
    /// Does another process go on with it, so that this one runs nothing more of it?
    gone: bool,
    /// Could that process not be started?
    lost: bool,
    opts: u32,
    out: &'a mut Out,
    /// The tree that runs, and where in its text.
    tree: Rc<parse::tree::Tree>,
    place: usize,
    /// Positional parameters from `first` on; those before are the name of the function, or shifted out.
    first: usize,
    params: expand::fields::Fields,
    vars: vars::Vars,
    /// `$_`: the last field of the last command; none before the first.
    last: Option<Buf>,
    /// Depth of loops and functions and how many loops to leave.
    loops: u32,
    depth: u32,
    skip: u32,
    /// Descriptors moved out of the way: number, copy.
    saved: List<(i32, i32)>,
    /// Variables to restore.
    locals: List<expand::substitute::Saved>,
    jobs: List<Box<jobs::Job>>,
    traps: List<(u8, Buf)>,
    /// Position of `getopts` in a cluster.
    option_place: usize,
    /// The first of `saved` that belong to the builtin that runs.
    redirections: usize,
    /// Name of the running builtin, for messages.
    running: ZStr<'static>,
    /// Terminal for job control, our process group.
    tty: Fd,
    group: i32,
    table: &'static Table,
    aliases: List<(Buf, Buf)>,
    /// The line editor, once a person has seen a prompt.
    editor: Option<Box<interactive::editor::Editor>>,
    arg0: ZStr<'static>,
    stack: usize,
    stack_limit: usize,
    /// `$$` once it is known, `$!`.
    pid: i32,
    last_bg: i32,
    /// Where the variables start that are local to the function.
    frame: usize,
    traced: Buf,
    /// Fields of a command that is over, whose room the next one takes.
    spare: expand::fields::Fields,
    capture: expand::substitute::Capture,
    /// Those of the shell that this is a subshell of.
    outer_jobs: List<Box<jobs::Job>>,
    /// Line of a syntax error, 0 otherwise.
    line: u32,
    envp: *const *const u8,
    /// The traps of the shell that this is a subshell of.
    inherited: List<(u8, Buf)>,
    /// Status and depth of functions at which a trap's action runs.
    trap_status: Option<(u8, u32)>,
    /// Our process group before there was job control.
    outer_group: i32,
    /// The terminal's settings for us.
    modes: Option<tty::Termios>,
}

impl Shell<'_> {
    /// `name: line N: text` on standard error; `%` in the text stands for `what`.
    #[inline(always)]
    fn complain(&self, text: &'static CStr, what: &[u8]) {
        self.told(ZStr::new(text), what, None);
    }

    /// As [`Shell::complain`], with `: ` and the kernel's reason at the end.
    #[inline(always)]
    fn complain_of(&self, text: &'static CStr, what: &[u8], why: Errno) {
        self.told(ZStr::new(text), what, Some(why));
    }

    /// As [`Shell::complain`], of what gives up the command; the status is 2.
    #[inline(always)]
    fn refuse<T, E: From<Failed>>(&mut self, text: &'static CStr, what: &[u8]) -> Result<T, E> {
        self.refused(ZStr::new(text), what);
        Err(Failed.into())
    }

    #[inline(never)]
    fn refused(&mut self, text: ZStr, what: &[u8]) {
        self.told(text, what, None);
        self.status = 2;
    }

    #[inline(never)]
    fn told(&self, text: ZStr, what: &[u8], why: Option<Errno>) {
        let numbered = (self.script || !self.running.is_empty()) && self.opts & opt::INTERACTIVE == 0;
        let line = match self.line {
            _ if !numbered => 0,
            0 => self.tree.line_of(self.place),
            n => n,
        };
        let syntax: &[u8] = if self.line != 0 { b"syntax error: " } else { b"" };
        let mut rest = text.bytes();
        let before = sys::zstr::cut(&mut rest, b'%');
        sys::out::line(self.arg0, self.running, line, syntax, &[before, what, rest], why);
    }

    /// `$$`.
    fn pid(&mut self) -> i32 {
        if self.pid == 0 {
            self.pid = sys::process::getpid() as i32;
        }
        self.pid
    }
}
