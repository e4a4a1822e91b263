//! Subshells without fork: vfork and exec of ourselves, for machines without an MMU.
//!
//! The new process reads the shell's state from a pipe. Trees hold no pointers and are sent as they are: nothing is parsed
//! twice, and an alias or a here-document keeps its meaning. The environment goes by exec, and only variables
//! that differ from it are sent. One function, [`state`], both writes and reads, so the two ends cannot disagree.

use crate::expand::fields::Fields;
use crate::flow::Fallible;
use crate::jobs::job::{Job, Proc};
use crate::jobs::task::{Task, What};
use crate::options::Options;
use crate::parse::tree::{Func, Tree};
use crate::positional::Positional;
use crate::shell::Shell;
use crate::vars::table::Vars;
use alloc::boxed::Box;
use alloc::rc::Rc;
use sys::fs::{self, Fd};
use sys::process::{self, Status};
use sys::signal::{self, Action};
use sys::{env, num, Buf, Errno, List, ToBuf, ZStr};

/// Begins the argument that makes a shell read its state: no script has such a name. The number of the
/// descriptor follows.
const MARK: u8 = 1;
/// Begins the state: text, commands.
const TEXT: u32 = 0x7865_0001;
const COMMANDS: u32 = 0x7865_0002;
/// How many subshells may be inside one another; each is a process with a new stack, so that the bound of
/// the stack does not hold here.
const LEVELS: u32 = if cfg!(mote_nommu) { 64 } else { 250 };

/// One end of the pipe. Everything that passes is given by reference: it is written, or replaced by what is
/// read.
struct Channel {
    fd: Fd,
    reads: bool,
    /// What has been read and not been used, or not been written yet.
    buf: [u8; 512],
    at: usize,
    len: usize,
}

impl Channel {
    fn new(fd: Fd, reads: bool) -> Channel {
        Channel { fd, reads, buf: [0; 512], at: 0, len: 0 }
    }

    /// Writes what is buffered, or reads more. Nobody is left to go on for when the other end is gone: a
    /// reader ends, and who writes will see from the process's status what became of it.
    #[inline(never)]
    fn turn(&mut self) {
        if self.reads {
            self.len = fs::read(self.fd, &mut self.buf).unwrap_or(0);
            if self.len == 0 {
                self.lost()
            }
        } else {
            let _ = fs::write_all(self.fd, self.buf.get(..self.at).unwrap_or(&[]));
            self.len = self.buf.len();
        }
        self.at = 0;
    }

    fn lost(&self) -> ! {
        sys::out::complain(&[b"sh: no state to be read"]);
        process::exit(2)
    }

    fn byte(&mut self, b: &mut u8) {
        if self.at == self.len {
            self.turn();
        }
        if let Some(slot) = self.buf.get_mut(self.at) {
            if self.reads {
                *b = *slot;
            } else {
                *slot = *b;
            }
        }
        self.at += 1;
    }

    fn number(&mut self, n: u32) -> u32 {
        let mut b = n.to_le_bytes();
        b.iter_mut().for_each(|b| self.byte(b));
        u32::from_le_bytes(b)
    }

    #[inline(never)]
    fn text(&mut self, t: &mut Buf) {
        let n = self.number(t.len() as u32) as usize;
        if self.reads {
            t.clear();
            t.pad(n, 0);
        }
        t.iter_mut().for_each(|b| self.byte(b));
    }

    /// A text that others own: only written.
    fn borrowed(&mut self, t: &[u8]) {
        self.number(t.len() as u32);
        for &b in t {
            self.byte(&mut { b });
        }
    }

    fn list<T: Default>(&mut self, all: &mut List<T>, each: fn(&mut Channel, &mut T)) {
        let n = self.number(all.len() as u32) as usize;
        if self.reads {
            all.clear();
            (0..n).for_each(|_| all.push(T::default()));
        }
        all.iter_mut().for_each(|t| each(self, t));
    }
}

/// Numbers of any type that go one behind the other.
macro_rules! numbers {
    ($c:expr, $($place:expr),+) => { $( $place = $c.number($place as u32) as _; )+ };
}

fn pair(c: &mut Channel, p: &mut (Buf, Buf)) {
    c.text(&mut p.0);
    c.text(&mut p.1);
}

fn trap(c: &mut Channel, t: &mut (u8, Buf)) {
    t.0 = c.number(t.0 as u32) as u8;
    c.text(&mut t.1);
}

/// A subshell can tell of them, but not resume them: the terminal's settings stay here.
fn job(c: &mut Channel, j: &mut Box<Job>) {
    numbers!(c, j.id, j.turn, j.group);
    c.text(&mut j.text);
    let told = c.number(j.hidden as u32 | (j.reported as u32) << 1);
    (j.hidden, j.reported) = (told & 1 != 0, told & 2 != 0);
    c.list(&mut j.procs, process_of);
}

fn process_of(c: &mut Channel, p: &mut Proc) {
    numbers!(c, p.pid);
    let done = c.number(p.status.is_some() as u32) != 0;
    let word = c.number(p.status.map_or(0, |s| s.0));
    p.status = done.then_some(Status(word));
}

fn name(c: &mut Channel, z: &mut ZStr<'static>) {
    if !c.reads {
        return c.borrowed(z.bytes());
    }
    let mut t = Buf::new();
    c.text(&mut t);
    // SAFETY: it is never freed.
    *z = unsafe { ZStr::from_ptr(t.z().as_ptr()) };
    core::mem::forget(t);
}

/// Positional parameters from the first on.
fn params(c: &mut Channel, sh: &mut Shell) {
    let n = c.number(sh.params.len() as u32) as usize;
    if !c.reads {
        return (0..n).for_each(|i| c.borrowed(sh.params.get(i).unwrap_or(&[])));
    }
    let (mut all, mut t) = (Fields::default(), Buf::new());
    for _ in 0..n {
        c.text(&mut t);
        all.push(&t);
    }
    sh.params = Positional::new(all, 0);
}

/// The tree that runs, and behind it those of the functions.
fn trees(c: &mut Channel, sh: &mut Shell) -> List<Rc<Tree>> {
    let mut all = List::new();
    if !c.reads {
        all.push(sh.tree.clone());
        for f in sh.vars.iter().filter_map(|s| s.function()) {
            if !all.iter().any(|t| Rc::ptr_eq(t, &f.tree)) {
                all.push(f.tree.clone());
            }
        }
    }
    for i in 0..c.number(all.len() as u32) as usize {
        match all.get(i) {
            Some(t) => {
                c.borrowed(&t.code);
                c.borrowed(&t.text);
                c.number(t.docs as u32);
                c.number(t.line);
            }
            None => {
                let mut t = Tree::default();
                c.text(&mut t.code);
                c.text(&mut t.text);
                numbers!(c, t.docs, t.line);
                all.push(Rc::new(t));
            }
        }
    }
    if let Some(t) = all.first() {
        sh.tree = t.clone();
    }
    all
}

/// Variables that are not as the environment has them, and functions; an empty text ends them.
fn names(c: &mut Channel, vars: &mut Vars, trees: &[Rc<Tree>]) {
    let (random, start) = vars.clocks();
    let clocks = (c.number(random), c.number(start));
    vars.set_clocks(clocks);
    c.text(vars.ifs_mut());
    if !c.reads {
        for s in vars.iter().filter(|s| s.function().is_some() || !vars.of_environment(s)) {
            let place = |f: &Rc<Func>| Some((trees.iter().position(|t| Rc::ptr_eq(t, &f.tree))? + 1, f.at));
            let (tree, at) = s.function().and_then(place).unwrap_or((0, 0));
            let (text, numbers) = s.parts();
            c.borrowed(text);
            for n in numbers.into_iter().chain([tree, at]) {
                c.number(n as u32);
            }
        }
        return c.borrowed(&[]);
    }
    loop {
        let mut text = Buf::new();
        c.text(&mut text);
        if text.is_empty() {
            return vars.find_locale();
        }
        let [name, flags, builtin, tree, at] = [(); 5].map(|()| c.number(0) as usize);
        let function = trees.get(tree.wrapping_sub(1)).map(|t| Rc::new(Func { tree: t.clone(), at }));
        vars.enter(text, [name, flags, builtin], function);
    }
}

/// The variables that `local` has made so in the function that runs.
fn locals(c: &mut Channel, sh: &mut Shell) {
    let all = sh.locals.of_function();
    let n = c.number(all.len() as u32);
    if !c.reads {
        return all.iter().for_each(|l| c.borrowed(sh.vars.get(l.0).map_or(b"", |s| s.name())));
    }
    let mut t = Buf::new();
    for _ in 0..n {
        c.text(&mut t);
        // Nobody restores them: the process ends before the function does.
        sh.locals.push((sh.vars.intern(&t), Buf::new(), 0));
    }
}

/// A subshell's work, as it passes.
#[derive(Default, Debug, PartialEq)]
struct Work {
    what: u8,
    /// Where in the first tree.
    at: usize,
    /// Are signals from the keyboard to be ignored?
    ignore: bool,
}

/// Everything that a subshell has of its shell.
fn state(c: &mut Channel, sh: &mut Shell, w: &mut Work) {
    let flags = sh.in_condition as u32 | (sh.script as u32) << 1 | (w.ignore as u32) << 2;
    let flags = c.number(flags);
    if c.reads {
        (sh.in_condition, sh.script, w.ignore) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0);
    }
    numbers!(c, w.what, w.at, sh.status, sh.place, sh.pid);
    for n in sh.nesting.numbers_mut() {
        *n = c.number(*n);
    }
    numbers!(c, sh.option_place);
    let last = c.number(sh.jobs.last() as u32) as i32;
    sh.jobs.set_last(last);
    sh.opts = Options::of_number(c.number(sh.opts.number()));
    let (status, depth) = sh.traps.running().map_or((0, u32::MAX), |t| (t.0, t.1));
    let (status, depth) = (c.number(status as u32) as u8, c.number(depth));
    sh.traps.set_running((depth != u32::MAX).then_some((status, depth)));
    let has_last = c.number(sh.last.is_some() as u32) != 0;
    let mut last = sh.last.take().unwrap_or_default();
    c.text(&mut last);
    sh.last = has_last.then_some(last);
    name(c, &mut sh.arg0);
    name(c, &mut sh.running);
    params(c, sh);
    sh.traps.lists_mut().into_iter().for_each(|l| c.list(l, trap));
    c.list(sh.aliases.list_mut(), pair);
    sh.jobs.lists_mut().into_iter().for_each(|l| c.list(l, job));
    let trees = trees(c, sh);
    names(c, &mut sh.vars, &trees);
    locals(c, sh);
}

/// In a new process: if the arguments say that it is a subshell, reads what it needs, does its work, and ends.
pub(crate) fn resume(sh: &mut Shell, args: &[ZStr]) {
    let Some([MARK, number @ ..]) = args.first().map(|a| a.bytes()) else { return };
    let Some(fd) = num::parse_u32(number) else { return };
    // Not after the link in /proc.
    process::set_name(ZStr::new(c"sh"));
    let mut c = Channel::new(Fd(fd as i32), true);
    match c.number(0) {
        TEXT => {
            let mut text = Buf::new();
            c.text(&mut text);
            sh.perform(&Task::new(What::Write, &text))
        }
        COMMANDS => {
            let mut w = Work::default();
            state(&mut c, sh, &mut w);
            crate::descriptors::shut(c.fd);
            sh.opts.go_deeper();
            sh.enter_subshell();
            if w.ignore {
                crate::jobs::task::ignore_keyboard();
            }
            let tree = sh.tree.clone();
            let what = match w.what {
                0 => What::AndOr,
                1 => What::Command,
                _ => What::List,
            };
            let code = tree.code.get(w.at..).unwrap_or(&[]);
            sh.perform(&Task::new(what, code))
        }
        _ => c.lost(),
    }
}

/// What the vfork child needs.
struct Start<'s, 'a> {
    sh: &'s Shell<'a>,
    job: &'s Job,
    foreground: bool,
    task: &'s Task<'s>,
    /// The pipe's end for the child.
    state: Fd,
    /// Files that we may be, NUL-terminated each.
    paths: &'s [u8],
    argv: [*const u8; 3],
    /// Is it to ignore signals from the keyboard?
    ignore: bool,
}

/// The child's part: only its own frames, `ignore`, and descriptors, which are not shared, are changed.
fn start(s: &mut Start) -> Errno {
    s.ignore = s.sh.enter_child(s.job, s.foreground);
    // From the start, not only when the state has been read: a signal that is ignored until then is lost.
    s.sh.default_signals();
    s.task.take_descriptors();
    let _ = fs::fcntl(s.state, fs::F_SETFD, 0);
    // SAFETY: both vectors are NULL-terminated and their strings NUL-terminated.
    unsafe { crate::run::launch::exec_first(s.paths, s.argv.as_ptr(), s.sh.envp.as_ptr()) }
}

impl Shell<'_> {
    /// The files that this program may be, NUL-terminated each: for a script the kernel tells the script.
    pub(crate) fn own_paths(&self) -> Buf {
        let mut all = crate::run::resolve::OWN_PATH.to_bytes_with_nul().buf();
        // SAFETY: without fork a shell is always a program of its own, so that `envp` is the kernel's, and
        // what the entry points to is a string that stays.
        let called = unsafe { env::auxv(self.envp, env::AT_EXECFN).map(|p| ZStr::from_ptr(p as *const u8)) };
        if let Some(z) =
            called.filter(|z| z.first() == b'/' && !(self.script && z.bytes() == self.arg0.bytes()))
        {
            all.extend_from_slice(z.bytes());
            all.push(0);
        }
        all.extend_from_slice(b"/bin/sh\0");
        all
    }

    /// Starts a process of `job` that is a subshell and runs `task`, by vfork and exec of ourselves.
    pub(crate) fn start_again(&mut self, job: &mut Job, foreground: bool, task: &Task) -> Fallible {
        if self.opts.level() >= LEVELS {
            return self.refuse(c"nested too deeply", b"");
        }
        self.settle_ids();
        let (read, write) = self.new_pipe()?;
        let paths = self.own_paths();
        let mut argument = [MARK].buf();
        crate::decimal::push_decimal(read.0 as i64, &mut argument);
        argument.push(0);
        let argv = [c"sh".as_ptr() as *const u8, argument.as_ptr(), core::ptr::null()];
        let (state, paths) = (read, &paths[..]);
        let mut s = Start { sh: self, job, foreground, task, state, paths, argv, ignore: false };
        let pid = process::spawn(&mut s, start);
        let ignore = s.ignore;
        crate::descriptors::shut(read);
        let pid = match pid {
            Ok(pid) => pid,
            Err(why) => {
                crate::descriptors::shut(write);
                self.complain_of(c"can't fork", b"", why);
                return self.fail(2);
            }
        };
        self.started(job, pid);
        // It may have been killed.
        let pipe = signal::action(signal::SIGPIPE, Action::IGNORE);
        self.send(write, task, ignore);
        if let Ok(a) = pipe {
            let _ = signal::action(signal::SIGPIPE, a);
        }
        crate::descriptors::shut(write);
        Ok(())
    }

    /// Writes the state for `task`.
    fn send(&mut self, to: Fd, task: &Task, ignore: bool) {
        let mut c = Channel::new(to, false);
        if task.what == What::Write {
            c.number(TEXT);
            c.borrowed(task.code);
        } else {
            // A cursor reaches to its tree's end.
            let at = self.tree.code.len().saturating_sub(task.code.len());
            c.number(COMMANDS);
            state(&mut c, self, &mut Work { what: task.what as u8, at, ignore });
        }
        c.turn();
    }
}

#[cfg(test)]
mod tests;
