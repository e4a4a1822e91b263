//! Redirections (POSIX 2.7).
//!
//! The words are expanded first, into a plan. The code that carries out a plan allocates nothing, since it also runs in a
//! vfork child.

use crate::decimal::{decimal, push_decimal};
use crate::descriptors::{move_fd, shut, OWN};
use crate::expand::capture::reveals;
use crate::expand::fields::QUOTED;
use crate::feature::BASH;
use crate::flow::{Failed, Fallible, FlowResult};
use crate::jobs::job::Job;
use crate::jobs::task::{Task, What};
use crate::options::opt;
use crate::parse::tree::{self, byte, redir, u24, until};
use crate::run::saved::fifo_path;
use crate::shell::Shell;
use sys::fs::{self, Fd};
use sys::{num, Buf, Errno, List, ToBuf, ZStr};
use util::text::{after, eq};
use util::Truth;

/// One step.
struct Step {
    fd: i32,
    /// Descriptor to copy, −1 to close `fd`, or [`OPEN`].
    from: i32,
    /// Where the file's name starts in the plan's bytes.
    name: usize,
    flags: u32,
}

const OPEN: i32 = -2;

/// Redirections, ready to be carried out.
#[derive(Default)]
pub(crate) struct Plan {
    steps: List<Step>,
    names: Buf,
    /// Pipes that hold here-documents, closed with the plan.
    pipes: List<Fd>,
    /// Is it about standard output, or perhaps about a descriptor by its file's name?
    output: bool,
    /// What the command is called by, if not by its first field (`exec -a`).
    pub(crate) argv0: Option<sys::ZStr<'static>>,
    /// Has one that was carried out at once failed?
    failed: bool,
}

impl Plan {
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty() && !self.failed
    }
}

impl Drop for Plan {
    fn drop(&mut self) {
        self.pipes.iter().for_each(|&f| shut(f));
    }
}

/// Does `word` behind `>&` name a file? Not if it is empty or a number.
fn names_file(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    !digits.iter().all(u8::is_ascii_digit)
}

impl Shell<'_> {
    /// Expands the redirections at `c`.
    pub(crate) fn plan(&mut self, c: &mut &[u8], plan: &mut Plan) -> Fallible {
        while tree::tagged(c, tree::REDIR) {
            let (op, fd) = (byte(c), byte(c));
            let out = !matches!(
                op,
                redir::IN
                    | redir::HERE
                    | redir::HERE_TABS
                    | redir::STRING
                    | redir::DUP_IN
                    | redir::READ_WRITE
            );
            let variable = if BASH && fd == redir::NAMED { until(c, 0) } else { &[] };
            let mut s = Step {
                fd: if fd >= redir::NAMED { out as i32 } else { fd as i32 },
                from: OPEN,
                name: plan.names.len(),
                flags: 0,
            };
            plan.output |= s.fd == 1;
            if op == redir::HERE || op == redir::HERE_TABS || BASH && op == redir::STRING {
                let text = if BASH && op == redir::STRING {
                    let mut t = self.string(c, 0)?;
                    t.push(b'\n');
                    t
                } else {
                    let n = u24(c);
                    let tree = self.tree.clone();
                    let mut doc = tree.doc(n);
                    self.string(&mut doc, QUOTED)?
                };
                let f = self.document(&text)?;
                plan.pipes.push(f);
                s.from = f.0;
                self.step(plan, s, variable)?;
                continue;
            }
            let word = self.string(c, 0)?;
            let mut both = BASH && (op == redir::BOTH || op == redir::BOTH_APPEND);
            if op == redir::DUP_IN || op == redir::DUP_OUT {
                match num::parse_u32(&word) {
                    Some(n) if n < 1 << 20 => s.from = n as i32,
                    _ if eq(&word, b"-") => s.from = -1,
                    // A number that no descriptor has names no file either.
                    None if BASH && op == redir::DUP_OUT && fd == redir::USUAL && names_file(&word) => {
                        both = true
                    }
                    _ => return self.refuse(c"bad fd number", b""),
                }
            }
            s.flags = match op {
                redir::IN => fs::O_RDONLY,
                redir::READ_WRITE => fs::O_RDWR | fs::O_CREAT,
                redir::APPEND | redir::BOTH_APPEND => fs::O_WRONLY | fs::O_CREAT | fs::O_APPEND,
                _ if (op == redir::OUT || both) && self.opts.has(opt::NOCLOBBER) => {
                    fs::O_WRONLY | fs::O_CREAT | fs::O_EXCL
                }
                _ => fs::O_WRONLY | fs::O_CREAT | fs::O_TRUNC,
            };
            plan.output |= s.from == 1 || reveals(&word);
            plan.names.extend_from_slice(&word);
            plan.names.push(0);
            self.step(plan, s, variable)?;
            if BASH && both {
                plan.steps.push(Step { fd: 2, from: 1, name: 0, flags: 0 });
            }
        }
        Ok(())
    }

    /// Adds a step to the plan; one whose descriptor a variable gets, or gives to be closed, is carried out
    /// at once: it outlives the command.
    fn step(&mut self, plan: &mut Plan, mut s: Step, variable: &[u8]) -> Fallible {
        if !BASH || variable.is_empty() {
            plan.steps.push(s);
            return Ok(());
        }
        self.separate().or(Err(Failed))?;
        if s.from == -1 {
            let fd = self.get(variable).and_then(num::parse_u32);
            shut(Fd(fd.map_or(-1, |n| n as i32)));
            return Ok(());
        }
        // It gets a number nobody has, then one that stays.
        let (free, other) = self.new_pipe()?;
        shut(other);
        s.fd = free.0;
        match carry_out(plan, &s).and_then(|()| fs::fcntl(free, fs::F_DUPFD, OWN as usize)) {
            Ok(f) => plan.failed |= self.assign(variable, &decimal(f as i64)).is_err(),
            Err(e) => {
                self.redirect_error(plan, &s, e);
                plan.failed = true;
            }
        }
        shut(free);
        Ok(())
    }

    /// What file FILE holds, if `list` is nothing but `<FILE`; of what cannot be read, what came before the error.
    pub(crate) fn contents(&mut self, list: &[u8]) -> Option<Buf> {
        let mut end = list.get(3..)?;
        if !tree::take(&mut end, &[5, 0, tree::SIMPLE]) {
            return None;
        }
        let mut c = end.get(10..)?;
        end = c;
        if !tree::take(&mut end, &[tree::REDIR, redir::IN, redir::USUAL]) {
            return None;
        }
        tree::skip_word(&mut end);
        if !tree::take(&mut end, &[0, 0, 0]) {
            return None;
        }
        let mut v = Buf::new();
        let (mut plan, mark) = (Plan::default(), self.saved.mark());
        self.status = 1;
        if self.plan(&mut c, &mut plan).is_ok() && self.redirect(&plan).is_ok() {
            self.status = self.gather_from(Fd::STDIN, &mut v);
        }
        self.unredirect(mark);
        Some(v)
    }

    /// `<(LIST)` and `>(LIST)`: starts the list, at the other end of a pipe; the path of this end. Without
    /// /proc it is a FIFO that goes away as soon as both ends are open, or with the command.
    #[inline(never)]
    pub(crate) fn process(&mut self, mut list: &[u8], reads: bool) -> Fallible<Buf> {
        self.separate().or(Err(Failed))?;
        // Those from before that are over.
        self.reap(false);
        let (read, write) = self.new_pipe()?;
        let (ours, mut theirs) = if reads { (read, write) } else { (write, read) };
        let mut path = b"/proc/self/fd/".buf();
        push_decimal(ours.0 as i64, &mut path);
        let fifo = fs::access(path.z(), fs::F_OK).is_err();
        // As in `saved`: nothing to be restored, and what names the FIFO.
        let mut number = -1;
        if fifo && !crate::jobs::task::REEXEC {
            number -= sys::time::now(sys::time::CLOCK_MONOTONIC).nsec as i32;
            path = fifo_path(number);
            // If that fails, nobody can open it.
            let _ = fs::mknodat(Fd::CWD, path.z(), fs::S_IFIFO | 0o600, 0);
        }
        let mut job = crate::jobs::job::Job::hidden();
        if crate::jobs::task::REEXEC {
            if fifo {
                shut(read);
                shut(write);
                return self.refuse(c"no process substitution without /proc", b"");
            }
            let mut task = Task::new(What::List, list);
            *(if reads { &mut task.output } else { &mut task.input }) = theirs;
            self.start_again(&mut job, true, &task)?;
        } else if self.fork(&mut job, true)? == Truth::Yes {
            shut(ours);
            if fifo {
                shut(theirs);
                let flags = if reads { fs::O_WRONLY } else { fs::O_RDONLY };
                match fs::open(path.z(), flags, 0) {
                    Ok(f) => theirs = f.into_fd(),
                    // There is none, or it is not wanted any more.
                    Err(_) => sys::process::exit(0),
                }
                let _ = fs::unlinkat(Fd::CWD, path.z(), 0);
            }
            move_fd(theirs, reads as i32);
            let r = self.list(&mut list, true);
            self.leave(r);
        }
        // Nobody waits for it; it is reaped with others.
        shut(theirs);
        // The command gets it.
        let _ = fs::fcntl(ours, fs::F_SETFD, 0);
        self.saved.push(ours.0, number);
        Ok(path)
    }

    /// A descriptor from which `text` can be read.
    fn document(&mut self, text: &[u8]) -> Fallible<Fd> {
        let (read, write) = self.new_pipe()?;
        // What a pipe holds at least (PIPE_BUF); more needs somebody who writes it.
        let written = if text.len() <= 4096 {
            fs::write_all(write, text)
        } else {
            let mut job = Job::hidden();
            let task = Task { output: write, close: read, ..Task::new(What::Write, text) };
            // Nobody waits for it; it is reaped with others.
            self.start_process(&mut job, false, &task)?;
            return Ok(read);
        };
        shut(write);
        if let Err(e) = written {
            shut(read);
            self.complain_of(c"write error", b"", e);
            return self.fail(1);
        }
        Ok(read)
    }

    /// Two ends of a pipe, numbered so that they are in nobody's way.
    pub(crate) fn new_pipe(&mut self) -> Fallible<(Fd, Fd)> {
        match fs::pipe2(fs::O_CLOEXEC) {
            Ok((r, w)) => {
                let (mut r, mut w) = (r.into_fd(), w.into_fd());
                for f in [&mut r, &mut w] {
                    if f.0 < OWN {
                        if let Ok(n) = fs::dup_above(*f, OWN) {
                            shut(*f);
                            *f = n;
                        }
                    }
                }
                Ok((r, w))
            }
            Err(e) => {
                self.complain_of(c"can't create pipe", b"", e);
                self.fail(2)
            }
        }
    }

    /// Before a plan is carried out in this process: a substitution that is gathered here must not use
    /// standard output, nor ask about descriptors.
    pub(crate) fn separate_plan(&mut self, plan: &Plan) -> FlowResult {
        if plan.output {
            return self.separate();
        }
        Ok(())
    }

    /// Carries out a plan; [`Shell::unredirect`] undoes it.
    pub(crate) fn redirect(&mut self, plan: &Plan) -> Fallible {
        if plan.failed {
            return self.fail(1);
        }
        for s in &plan.steps {
            // −1: it was closed.
            let copy = match fs::dup_above(Fd(s.fd), OWN) {
                Ok(f) => f.0,
                Err(Errno::EBADF) => -1,
                Err(e) => {
                    self.descriptor_error(s.fd, e);
                    return self.fail(1);
                }
            };
            self.saved.push(s.fd, copy);
            if let Err(e) = carry_out(plan, s) {
                self.redirect_error(plan, s, e);
                return self.fail(1);
            }
        }
        Ok(())
    }

    /// Carries out a plan for good, without allocating; false, and a message, if it fails.
    pub(crate) fn redirect_child(&self, plan: &Plan) -> bool {
        if plan.failed {
            return false;
        }
        for s in &plan.steps {
            if let Err(e) = carry_out(plan, s) {
                self.redirect_error(plan, s, e);
                return false;
            }
        }
        true
    }

    #[inline(never)]
    fn descriptor_error(&self, fd: i32, e: Errno) {
        let mut b = [0; 64];
        self.complain_of(c"%", num::digits(&mut b, fd as u64, 10), e);
    }

    #[inline(never)]
    fn redirect_error(&self, plan: &Plan, s: &Step, e: Errno) {
        if s.from != OPEN {
            return self.descriptor_error(s.from, e);
        }
        let name = after(&plan.names, s.name).split(|&c| c == 0).next().unwrap_or(&[]);
        let text = if s.flags & fs::O_CREAT != 0 { c"can't create '%'" } else { c"can't open '%'" };
        self.complain_of(text, name, e);
    }

    /// Undoes redirections down to `mark`.
    pub(crate) fn unredirect(&mut self, mark: usize) {
        self.saved.undo(mark);
    }
}

fn carry_out(plan: &Plan, s: &Step) -> Result<(), Errno> {
    let to = Fd(s.fd);
    match s.from {
        OPEN => {
            let name = ZStr::from_bytes_with_nul(after(&plan.names, s.name)).unwrap_or(ZStr::new(c""));
            let mut r = fs::open(name, s.flags, 0o666);
            // A FIFO waits for its other end; signals do not end that, but Ctrl-C does.
            while matches!(r, Err(Errno::EINTR)) && !crate::jobs::signals::interrupted() {
                r = fs::open(name, s.flags, 0o666);
            }
            if s.flags & fs::O_EXCL != 0
                && matches!(r, Err(Errno::EEXIST))
                && fs::stat(name).is_ok_and(|t| fs::kind(&t) != fs::S_IFREG)
            {
                // `set -C` protects regular files only.
                r = fs::open(name, s.flags & !fs::O_EXCL, 0);
            }
            let f = r?.into_fd();
            if f != to {
                let r = fs::dup3(f, to, 0);
                shut(f);
                return r;
            }
            Ok(())
        }
        -1 => {
            shut(to);
            Ok(())
        }
        // What is closed on exec (F_GETFD) is the shell's own, and nobody's to use.
        n if s.flags != 0 && n >= OWN && fs::fcntl(Fd(n), fs::F_GETFD, 0) != Ok(0) => Err(Errno::EBADF),
        n if n == s.fd => Ok(()),
        n => fs::dup3(Fd(n), to, 0),
    }
}
