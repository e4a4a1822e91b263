//! Simple commands (POSIX 2.9.1): assignments, then a builtin, a function, an applet or a file.

use crate::descriptors::close_own;
use crate::expand::fields::Fields;
use crate::flow::{Fallible, Flow, FlowResult};
use crate::jobs::job::Job;
use crate::options::opt;
use crate::parse::tree::{self, byte, tagged, until, Func};
use crate::positional::Positional;
use crate::run::redir::Plan;
use crate::run::resolve::Kind;
use crate::shell::Shell;
use crate::vars::table::EXPORT;
use crate::words::{is_pure, quote, EXEC, SPECIAL};
use alloc::rc::Rc;
use sys::applet::{Class, Entry};
use sys::{fs, process, Buf, ToBuf};
use util::text::after;
use util::Truth;

impl Shell<'_> {
    pub(crate) fn simple(&mut self, mut b: &[u8], last: bool) -> FlowResult {
        byte(&mut b);
        let mut f = core::mem::take(&mut self.spare);
        f.clear();
        self.substituted = 0;
        loop {
            if tagged(&mut b, tree::WORD) {
                self.fields(&mut b, &mut f)?;
            } else if tagged(&mut b, tree::AWORD) {
                f.word(0);
                self.expand(&mut b, &mut f, 0)?;
                f.end();
            } else {
                break;
            }
        }
        if f.len() == 0 {
            return self.bare(b);
        }
        let kind = self.resolve(f.get(0), true);
        self.dispatch(kind, &mut f, b, last)
    }

    /// Assignments and redirections without a command.
    pub(crate) fn bare(&mut self, mut b: &[u8]) -> FlowResult {
        let mut plan = Plan::default();
        let mark = self.saved.mark();
        let mut r = self.plan(&mut b, &mut plan);
        if r.is_ok() && !plan.is_empty() {
            self.separate_plan(&plan)?;
            if self.redirect(&plan).is_err() {
                self.unredirect(mark);
                self.status = 1;
                return Ok(());
            }
            self.unredirect(mark);
        }
        if r.is_ok() {
            r = self.assignments(&mut b, false, mark);
        }
        r?;
        self.status = self.substituted;
        self.last = Some(Buf::new());
        Ok(())
    }

    /// Performs the assignments of a simple command, of which redirections are undone from `mark` on; when
    /// `temporary`, they are exported and undone after it.
    fn assignments(&mut self, b: &mut &[u8], temporary: bool, mark: usize) -> Fallible {
        let mut traced = Buf::new();
        while tagged(b, tree::ASSIGN) {
            let name = until(b, b'=');
            let v = self.string(b, 0)?;
            let i = self.vars.intern(name.strip_suffix(b"+").unwrap_or(name));
            if temporary {
                self.save_local(i);
            }
            self.assign_part(i, name, &v)?;
            if temporary {
                self.vars.set_flags(i, EXPORT);
            }
            if self.opts.has(opt::XTRACE) {
                traced.extend_from_slice(if traced.is_empty() { b"" } else { b" " });
                traced.extend_from_slice(name);
                traced.push(b'=');
                quote(&v, &mut traced);
            }
        }
        if temporary {
            self.traced = traced;
        } else if !traced.is_empty() {
            self.trace(&traced, mark);
        }
        Ok(())
    }

    /// Runs the command `f`, which may be taken, and of which redirections and assignments are at `b`.
    pub(crate) fn dispatch(
        &mut self,
        mut kind: Kind,
        f: &mut Fields,
        mut b: &[u8],
        last: bool,
    ) -> FlowResult {
        let special = matches!(&kind, Kind::Builtin(n) if *n < SPECIAL);
        let mut plan = Plan::default();
        if b.first() == Some(&tree::REDIR) {
            self.plan(&mut b, &mut plan)?;
        }
        let mark = self.saved.mark();
        let inside = match &kind {
            Kind::File => false,
            Kind::Applet(e) => e.class == Class::NoFork,
            _ => true,
        };
        if inside {
            self.separate_plan(&plan)?;
            if let Err(e) = self.redirect(&plan) {
                self.unredirect(mark);
                if special && !self.by_command {
                    return Err(e.into());
                }
                self.status = 1;
                return Ok(());
            }
        }
        let first = self.locals.mark();
        let mut r = Ok(());
        if b.first() == Some(&tree::ASSIGN) {
            // Those before `exec` are for the command.
            let own = !special || self.by_command || matches!(kind, Kind::Builtin(EXEC)) && f.len() > 1;
            r = self.assignments(&mut b, own, mark).map_err(Flow::from);
            if matches!(kind, Kind::Applet(_) | Kind::File) {
                // PATH may be another one.
                kind = self.resolve(f.get(0), false);
                if inside && matches!(kind, Kind::File) {
                    // It has been carried out.
                    plan = Plan::default();
                }
            }
        }
        let behind = self.locals.mark();
        if r.is_ok() {
            if self.opts.has(opt::XTRACE) {
                self.trace_command(f, mark);
            }
            let last_field = f.get(f.len().saturating_sub(1));
            // What is called has a `$_` of its own, up to its end.
            let called = matches!(kind, Kind::Function(_)).then(|| last_field.buf());
            let text = self.last.get_or_insert_default();
            if called.is_none() {
                text.clear();
                text.extend_from_slice(last_field);
            }
            r = match kind {
                Kind::Builtin(n) => {
                    let r = self.builtin(n, f, mark);
                    self.spare = core::mem::take(f);
                    r
                }
                Kind::Function(func) => self.call(&func, core::mem::take(f)),
                Kind::Applet(e) if inside => self.separate_for(f).map(|()| self.applet(e, f)),
                Kind::Applet(e) => self.applet_child(e, f, &plan, last),
                Kind::File => self.external(f, &plan, last),
            };
            if called.is_some() {
                self.last = called;
            }
        }
        self.unredirect(mark);
        if behind > first {
            self.restore(first, behind);
        }
        r
    }

    pub(crate) fn builtin(&mut self, n: usize, f: &Fields, mark: usize) -> FlowResult {
        if !is_pure(n) {
            self.separate()?;
        }
        self.separate_for(f)?;
        // SAFETY: the fields stay as they are until the builtin has returned; then `running` is the former one again.
        let name = unsafe { f.lend(0) };
        let outer = core::mem::replace(&mut self.running, name);
        let plain = core::mem::replace(&mut self.by_command, false);
        let outer_mark = self.saved.set_of_builtin(mark);
        let r = self.run_builtin(n, f);
        self.saved.set_of_builtin(outer_mark);
        let flushed = self.out.flush();
        if let Err(e) = flushed {
            self.out.recover();
            self.complain_of(c"write error", b"", e);
        }
        self.running = outer;
        self.go_on()?;
        match r {
            Ok(s) => self.status = if s == 0 && flushed.is_err() { 1 } else { s as u8 },
            // An error in a builtin that is not special does not end a script.
            Err(Flow::Fail) if n >= SPECIAL || plain => {
                if self.interrupted {
                    return Err(Flow::Fail);
                }
            }
            Err(e) => return Err(e),
        }
        Ok(())
    }

    /// Runs an applet within this process.
    pub(crate) fn applet(&mut self, e: &'static Entry, f: &Fields) {
        // SAFETY: the fields stay as they are until the applet has returned.
        let mut args = unsafe { f.all() };
        let env = self.vars.environment();
        // SAFETY: the list ends with NULL, the variables with NUL; nothing changes them before the applet has ended.
        let envp = unsafe { sys::env::Envp::from_ptr(env.as_ptr()) };
        self.status = self.table.run(e, envp, &mut args, self.out);
        self.out.recover();
    }

    pub(crate) fn applet_child(
        &mut self,
        e: &'static Entry,
        f: &Fields,
        plan: &Plan,
        last: bool,
    ) -> FlowResult {
        if crate::jobs::task::REEXEC {
            return self.external(f, plan, last);
        }
        self.separate()?;
        let mut job = Job::new(Buf::new());
        if last && !self.has_exit_trap() || self.fork(&mut job, true)? == Truth::Yes {
            if !self.redirect_child(plan) {
                process::exit(1);
            }
            close_own();
            self.default_signals();
            process::set_name(f.z(0).base());
            self.applet(e, f);
            process::exit(self.status);
        }
        job.text = self.command_text();
        Ok(self.foreground(job)?)
    }

    /// Source text of the current simple command, for the list of jobs.
    pub(crate) fn command_text(&self) -> Buf {
        if !self.opts.has(opt::MONITOR) {
            return Buf::new();
        }
        self.text_at(self.place, self.end)
    }

    /// Calls a function.
    pub(crate) fn call(&mut self, func: &Rc<Func>, args: Fields) -> FlowResult {
        self.check_depth()?;
        let func = func.clone();
        let params = core::mem::replace(&mut self.params, Positional::new(args, 1));
        let loops = self.nesting.hide_loops();
        let option_place = core::mem::replace(&mut self.option_place, 0);
        let mark = self.locals.mark();
        let frame = self.locals.enter_function();
        let tree = core::mem::replace(&mut self.tree, func.tree.clone());
        let place = self.place;
        self.nesting.enter_function();
        let mut c = after(&func.tree.code, func.at);
        let r = self.command(&mut c, false);
        self.nesting.leave_function();
        self.restore_locals(mark);
        self.spare = core::mem::replace(&mut self.params, params).into_fields();
        (self.tree, self.place) = (tree, place);
        self.nesting.show_loops(loops);
        self.option_place = option_place;
        self.locals.leave_function(frame);
        match r {
            Err(Flow::Return) => Ok(()),
            r => r,
        }
    }

    /// Traces the command `f`, of which redirections are undone from `mark` on.
    fn trace_command(&mut self, f: &Fields, mark: usize) {
        let mut all = core::mem::take(&mut self.traced);
        for i in 0..f.len() {
            all.extend_from_slice(if all.is_empty() { b"" } else { b" " });
            quote(f.get(i), &mut all);
        }
        self.trace(&all, mark);
    }

    fn trace(&mut self, text: &[u8], mark: usize) {
        let opts = self.opts;
        self.opts.turn_off(opt::XTRACE);
        let ps4 = self.text_of(b"PS4");
        let mut line = self.expand_text(&ps4);
        self.opts = opts;
        line.extend_from_slice(text);
        line.push(b'\n');
        // To where errors went before the command's own redirections.
        let _ = fs::write_all(self.saved.errors(mark), &line);
    }
}
