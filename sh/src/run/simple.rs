//! Simple commands: what a name means, assignments, builtins, functions, applets.

use crate::builtin;
use crate::expand::fields::Fields;
use crate::jobs::Job;
use crate::parse::tree::{self, byte, tagged, until};
use crate::run::exec::{Func, Kind};
use crate::run::redir::{close_own, Plan};
use crate::vars;
use crate::{opt, Done, Flow, Shell, R};
use alloc::rc::Rc;
use sys::applet::{Class, Entry};
use sys::fs::{self, Fd};
use sys::{process, Buf, ToBuf};
use util::Truth;

impl Shell<'_> {
    /// What `name` means as a command; functions are passed over without `functions`.
    #[inline(never)]
    pub(crate) fn resolve(&mut self, name: &[u8], functions: bool) -> Kind {
        if let Some(s) = self.vars.syms.get(self.vars.find(name)) {
            let b = s.builtin as usize;
            match &s.func {
                Some(f) if functions && !matches!(b, 1..=builtin::SPECIAL) => {
                    return Kind::Function(f.clone())
                }
                _ if b > 0 => return Kind::Builtin(b - 1),
                _ => {}
            }
        }
        if util::text::has(name, b'/') {
            return Kind::File;
        }
        if let Some(n) = builtin::find(name) {
            let i = self.vars.intern(name);
            if let Some(s) = self.vars.syms.get_mut(i) {
                s.builtin = n as u8 + 1;
                if s.func.is_some() {
                    return self.resolve(name, functions);
                }
            }
            return Kind::Builtin(n);
        }
        match self.table.find(name) {
            Some(e) => Kind::Applet(e),
            None => Kind::File,
        }
    }

    pub(crate) fn simple(&mut self, mut b: &[u8], last: bool) -> R {
        byte(&mut b);
        let mut f = core::mem::take(&mut self.spare);
        f.clear();
        self.substituted = 0;
        loop {
            if tagged(&mut b, tree::WORD) {
                self.fields(&mut b, &mut f)?;
            } else if tagged(&mut b, tree::AWORD) {
                f.word(false);
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
    pub(crate) fn bare(&mut self, mut b: &[u8]) -> R {
        let mut plan = Plan::default();
        let mark = self.saved.len();
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
    fn assignments(&mut self, b: &mut &[u8], temporary: bool, mark: usize) -> Done {
        let mut traced = Buf::new();
        while tagged(b, tree::ASSIGN) {
            let name = until(b, b'=');
            let v = self.string(b, 0)?;
            let i = self.vars.intern(name.strip_suffix(b"+").unwrap_or(name));
            if temporary {
                self.save_local(i);
            }
            self.assign_part(i, name, &v)?;
            if let Some(s) = self.vars.syms.get_mut(i).filter(|_| temporary) {
                s.flags |= vars::EXPORT;
            }
            if self.opts & opt::XTRACE != 0 {
                traced.extend_from_slice(if traced.is_empty() { b"" } else { b" " });
                traced.extend_from_slice(name);
                traced.push(b'=');
                builtin::quote(&v, &mut traced);
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
    pub(crate) fn dispatch(&mut self, kind: Kind, f: &mut Fields, mut b: &[u8], last: bool) -> R {
        let special = matches!(&kind, Kind::Builtin(n) if *n < builtin::SPECIAL);
        let mut plan = Plan::default();
        if b.first() == Some(&tree::REDIR) {
            self.plan(&mut b, &mut plan)?;
        }
        let mark = self.saved.len();
        let inside = match &kind {
            Kind::File => false,
            Kind::Applet(e) => e.class == Class::NoFork,
            _ => true,
        };
        if inside {
            self.separate_plan(&plan)?;
            if let Err(e) = self.redirect(&plan) {
                self.unredirect(mark);
                if special && !self.plain {
                    return Err(e.into());
                }
                self.status = 1;
                return Ok(());
            }
        }
        let first = self.locals.len();
        let mut r = Ok(());
        if b.first() == Some(&tree::ASSIGN) {
            r = self.assignments(&mut b, !special || self.plain, mark).map_err(Flow::from);
        }
        let behind = self.locals.len();
        if r.is_ok() {
            if self.opts & opt::XTRACE != 0 {
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

    pub(crate) fn builtin(&mut self, n: usize, f: &Fields, mark: usize) -> R {
        if !builtin::is_pure(n) {
            self.separate()?;
        }
        self.separate_for(f)?;
        let outer = core::mem::replace(&mut self.running, f.z(0));
        let plain = core::mem::replace(&mut self.plain, false);
        let outer_mark = core::mem::replace(&mut self.redirections, mark);
        let r = builtin::run(self, n, f);
        self.redirections = outer_mark;
        let flushed = self.out.flush();
        if let Err(e) = flushed {
            self.out.recover();
            self.complain_of(c"write error", b"", e);
        }
        self.running = outer;
        match r {
            Ok(s) => self.status = if s == 0 && flushed.is_err() { 1 } else { s as u8 },
            // An error in a builtin that is not special does not end a script.
            Err(Flow::Fail) if n >= builtin::SPECIAL || plain => {
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
        let mut args = f.all();
        let env = self.vars.environment();
        self.status = self.table.run(e, env.as_ptr(), &mut args, self.out);
        self.out.recover();
    }

    pub(crate) fn applet_child(&mut self, e: &'static Entry, f: &Fields, plan: &Plan, last: bool) -> R {
        if crate::REEXEC {
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
        if self.opts & opt::MONITOR == 0 {
            return Buf::new();
        }
        let mut text = self.tree.text.get(self.place..).unwrap_or(&[]);
        sys::zstr::cut(&mut text, b'\n').buf()
    }

    /// Calls a function.
    pub(crate) fn call(&mut self, func: &Rc<Func>, args: Fields) -> R {
        self.deep()?;
        let func = func.clone();
        let params = core::mem::replace(&mut self.params, args);
        let first = core::mem::replace(&mut self.first, 1);
        let loops = core::mem::replace(&mut self.loops, 0);
        let option_place = core::mem::replace(&mut self.option_place, 0);
        let mark = self.locals.len();
        let frame = core::mem::replace(&mut self.frame, mark);
        let tree = core::mem::replace(&mut self.tree, func.tree.clone());
        let place = self.place;
        self.depth += 1;
        let mut c = func.tree.code.get(func.at..).unwrap_or(&[]);
        let r = self.command(&mut c, false);
        self.depth -= 1;
        self.restore_locals(mark);
        self.spare = core::mem::take(&mut self.params);
        (self.params, self.first, self.loops, self.tree, self.place) = (params, first, loops, tree, place);
        (self.option_place, self.frame) = (option_place, frame);
        match r {
            Err(Flow::Return) => Ok(()),
            r => r,
        }
    }

    /// Remembers variable `i`, to be restored when the function or command is over.
    pub(crate) fn save_local(&mut self, i: usize) {
        if self.capturing {
            self.remember(i);
        }
        if let Some(s) = self.vars.syms.get(i) {
            self.locals.push((i, s.text.clone(), s.flags));
        }
    }

    pub(crate) fn restore_locals(&mut self, mark: usize) {
        self.restore(mark, self.locals.len());
    }

    /// Restores variables from a part of the list; what `local` added behind it stays.
    pub(crate) fn restore(&mut self, from: usize, to: usize) {
        for k in (from..to.min(self.locals.len())).rev() {
            if let Some(v) = self.locals.remove(k) {
                self.put_back(v);
            }
        }
    }

    /// Traces the command `f`, of which redirections are undone from `mark` on.
    fn trace_command(&mut self, f: &Fields, mark: usize) {
        let mut all = core::mem::take(&mut self.traced);
        for i in 0..f.len() {
            all.extend_from_slice(if all.is_empty() { b"" } else { b" " });
            builtin::quote(f.get(i), &mut all);
        }
        self.trace(&all, mark);
    }

    fn trace(&mut self, text: &[u8], mark: usize) {
        let opts = self.opts;
        self.opts &= !opt::XTRACE;
        let ps4 = self.get(b"PS4").unwrap_or(b"").buf();
        let mut line = self.expand_text(&ps4);
        self.opts = opts;
        line.extend_from_slice(text);
        line.push(b'\n');
        // To where errors went before the command's own redirections.
        let own = self.saved.iter().skip(mark).find(|s| s.0 == 2);
        let _ = fs::write_all(Fd(own.map_or(2, |s| s.1)), &line);
    }
}
