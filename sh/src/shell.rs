//! The shell: its state, and its messages.
//!
//! The state is divided into parts. A part has a file of its own, private fields, and methods that say what may be done
//! with it; it knows nothing of the shell. What remains here belongs to the commands that run.

use crate::expand::capture::Capture;
use crate::expand::fields::Fields;
use crate::flow::{Failed, Fallible};
use crate::interactive::editor::Editor;
use crate::jobs::table::Jobs;
use crate::jobs::terminal::Terminal;
use crate::jobs::traps::Traps;
use crate::options::{opt, Options};
use crate::parse::aliases::Aliases;
use crate::parse::tree::Tree;
use crate::positional::Positional;
use crate::run::nesting::Nesting;
use crate::run::saved::Saved;
use crate::stack::Stack;
use crate::vars::locals::Locals;
use crate::vars::table::Vars;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::ffi::CStr;
use sys::{Buf, Cx, Errno, Out, Table, ZStr};

/// No name.
pub(crate) const NOTHING: ZStr<'static> = ZStr::new(c"");

/// The state of a shell. What is used most comes first: Thumb-1 reaches 32 bytes and 32 words directly.
#[repr(C)]
pub(crate) struct Shell<'a> {
    /// Exit status of the last command: `$?`.
    pub(crate) status: u8,
    /// Exit status of the last command substitution in this command.
    pub(crate) substituted: u8,
    /// Does a condition run, where `set -e` has no effect?
    pub(crate) in_condition: bool,
    /// Does `command` run it? Then an error in a special builtin does not end the shell.
    pub(crate) by_command: bool,
    /// Was the last error one of syntax?
    pub(crate) syntax: bool,
    /// Has Ctrl-C ended the command?
    pub(crate) interrupted: bool,
    pub(crate) subshell: bool,
    /// Does it run a script? Then messages begin with the number of the line.
    pub(crate) script: bool,
    pub(crate) capture: Capture,
    pub(crate) opts: Options,
    pub(crate) out: &'a mut Out,
    /// The tree that runs.
    pub(crate) tree: Rc<Tree>,
    /// Where the command that runs starts in its text.
    pub(crate) place: usize,
    /// And ends.
    pub(crate) end: usize,
    pub(crate) params: Positional,
    /// `$_`: the last field of the last command; none before the first.
    pub(crate) last: Option<Buf>,
    pub(crate) nesting: Nesting,
    pub(crate) vars: Vars,
    pub(crate) saved: Saved,
    pub(crate) locals: Locals,
    pub(crate) jobs: Jobs,
    pub(crate) traps: Traps,
    /// Position of `getopts` in a cluster.
    pub(crate) option_place: usize,
    /// Name of the running builtin, for messages.
    pub(crate) running: ZStr<'static>,
    pub(crate) table: &'static Table,
    pub(crate) aliases: Aliases,
    /// The line editor, once there has been a prompt.
    pub(crate) editor: Option<Box<Editor>>,
    pub(crate) arg0: ZStr<'static>,
    pub(crate) stack: Stack,
    /// `$$` once it is known.
    pub(crate) pid: i32,
    /// Assignments of the command, for `set -x`.
    pub(crate) traced: Buf,
    /// Fields of the last command: the next one uses their memory again.
    pub(crate) spare: Fields,
    /// Line of a syntax error, 0 otherwise.
    pub(crate) line: u32,
    pub(crate) envp: sys::env::Envp,
    pub(crate) terminal: Terminal,
}

impl<'a> Shell<'a> {
    /// A shell that has not begun yet; `here` is where its stack starts.
    #[inline(always)]
    pub(crate) fn new<'c: 'a>(cx: &'a mut Cx<'c>, here: &u8) -> Shell<'a> {
        Shell {
            vars: Vars::new(cx.envp),
            params: Positional::default(),
            spare: Fields::default(),
            arg0: cx.name,
            status: 0,
            substituted: 0,
            opts: Options::NONE,
            tree: Rc::new(Tree::default()),
            place: 0,
            end: 0,
            line: 0,
            syntax: false,
            aliases: Aliases::new(),
            editor: None,
            table: cx.table,
            envp: cx.envp,
            out: cx.out,
            pid: 0,
            jobs: Jobs::new(),
            terminal: Terminal::new(),
            last: None,
            saved: Saved::new(),
            locals: Locals::new(),
            traps: Traps::new(),
            nesting: Nesting::default(),
            in_condition: false,
            by_command: false,
            running: crate::shell::NOTHING,
            traced: Buf::new(),
            capture: Default::default(),
            interrupted: false,
            subshell: false,
            script: false,
            option_place: 0,
            stack: Stack::new(here, cx.envp),
        }
    }
}

impl Shell<'_> {
    /// `name: line N: text` on standard error; `%` in the text stands for `what`.
    #[inline(always)]
    pub(crate) fn complain(&self, text: &'static CStr, what: &[u8]) {
        self.report(ZStr::new(text), what, None);
    }

    /// As [`Shell::complain`], with `: ` and the kernel's reason at the end.
    #[inline(always)]
    pub(crate) fn complain_of(&self, text: &'static CStr, what: &[u8], why: Errno) {
        self.report(ZStr::new(text), what, Some(why));
    }

    /// As [`Shell::complain`], of what gives up the command; the status is 2.
    #[inline(always)]
    pub(crate) fn refuse<T, E: From<Failed>>(&mut self, text: &'static CStr, what: &[u8]) -> Result<T, E> {
        self.report_error(ZStr::new(text), what);
        Err(Failed.into())
    }

    #[inline(never)]
    pub(crate) fn report_error(&mut self, text: ZStr, what: &[u8]) {
        self.report(text, what, None);
        self.status = 2;
    }

    #[inline(never)]
    pub(crate) fn report(&self, text: ZStr, what: &[u8], why: Option<Errno>) {
        // Of what a person has interrupted nobody tells.
        if why == Some(Errno::EINTR) && sys::caught::interrupted() {
            return;
        }
        let numbered = (self.script || !self.running.is_empty()) && !self.opts.has(opt::INTERACTIVE);
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
    pub(crate) fn pid(&mut self) -> i32 {
        if self.pid == 0 {
            self.pid = sys::process::getpid() as i32;
        }
        self.pid
    }

    /// Fails when the stack is nearly used up: nesting is bounded so, in whatever it consists.
    #[inline(never)]
    pub(crate) fn check_depth(&mut self) -> Fallible {
        if !self.stack.is_full() {
            return Ok(());
        }
        // Room to report it.
        let limit = self.stack.lift_limit();
        let r = self.refuse(c"nested too deeply", b"");
        self.stack.set_limit(limit);
        r
    }

    /// Sets the status and gives up the command.
    pub(crate) fn fail<T, E: From<Failed>>(&mut self, status: u8) -> Result<T, E> {
        self.status = status;
        Err(Failed.into())
    }
}
