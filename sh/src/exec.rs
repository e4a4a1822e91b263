//! Execution: walks the tree.

use crate::builtin;
use crate::fields::{Fields, PATTERN};
use crate::jobs::Job;
use crate::lexer::tok;
use crate::parser::Parser;
use crate::redir::Plan;
use crate::source::{Mode, Source};
use crate::tree::{self, byte, counted, skip_word, until, Tree};
use crate::vars;
use crate::{opt, pattern, Flow, Shell, R};
use alloc::rc::Rc;
use sys::applet::{Class, Entry};
use sys::process::{self, Limit};
use sys::Buf;

/// A function: a node in a tree that it keeps alive.
pub(crate) struct Func {
    tree: Rc<Tree>,
    at: usize,
}

/// What a command name means.
pub(crate) enum Kind {
    Builtin(usize),
    Function(Rc<Func>),
    Applet(&'static Entry),
    File,
}

/// A node's head; the cursor is behind it, at the body.
struct Head {
    op: u8,
    start: usize,
    end: usize,
}

/// Reads a node's head; `next` becomes the rest behind the node.
#[inline(never)]
fn head<'t>(c: &mut &'t [u8], next: &mut &'t [u8]) -> Head {
    let number = |a: u8, b: u8, d: u8| a as usize | (b as usize) << 8 | (d as usize) << 16;
    let all = *c;
    match all {
        &[op, l, m, n, s, t, u, e, f, g, ref body @ ..] => {
            *c = body;
            *next = all.get(4 + number(l, m, n)..).unwrap_or(&[]);
            Head { op, start: number(s, t, u), end: number(e, f, g) }
        }
        _ => {
            (*c, *next) = (&[], &[]);
            Head { op: 0, start: 0, end: 0 }
        }
    }
}

/// Passes over a node; the start and end of its text.
fn skip_node(c: &mut &[u8]) -> (usize, usize) {
    let mut node = *c;
    let h = head(&mut node, c);
    (h.start, h.end)
}

/// Passes over a pipeline; the start and end of its text.
fn skip_pipeline(c: &mut &[u8]) -> (usize, usize) {
    let flags = byte(c);
    let (start, mut end) = skip_node(c);
    if flags & tree::MULTI != 0 {
        while byte(c) != 0 {
            end = skip_node(c).1;
        }
    }
    (start, end)
}

impl Shell<'_> {
    /// Runs everything that `src` has; `last`: then the process ends, so its last command may replace it.
    pub(crate) fn run_source(&mut self, src: &mut Source, last: bool) -> R {
        self.deep()?;
        while let Some(tree) = Parser::next(self, src)? {
            let last = last && src.mode == Mode::Text && src.pos == src.text.len();
            self.run_tree(tree, last)?;
        }
        Ok(())
    }

    /// Runs text as commands; without any, the status is 0.
    pub(crate) fn run_text(&mut self, text: Buf) -> R {
        let line = self.tree.line_of(self.place);
        let mut src = Source::text(text, line);
        let before = core::mem::replace(&mut self.status, 0);
        // The commands see the status from before.
        let Some(tree) = Parser::next(self, &mut src)? else { return Ok(()) };
        self.status = before;
        self.run_tree(tree, false)?;
        self.run_source(&mut src, false)
    }

    fn run_tree(&mut self, tree: Rc<Tree>, last: bool) -> R {
        let outer = core::mem::replace(&mut self.tree, tree.clone());
        let place = self.place;
        let r = self.list(&mut &tree.code[..], last);
        self.tree = outer;
        self.place = place;
        r
    }

    /// Runs a list.
    pub(crate) fn list(&mut self, c: &mut &[u8], last: bool) -> R {
        let mut b = counted(c);
        if b.first() == Some(&0) {
            self.status = 0;
        }
        loop {
            match byte(&mut b) {
                0 => return Ok(()),
                2 => self.background(&mut b)?,
                f => self.and_or(&mut b, last && f & 4 != 0)?,
            }
        }
    }

    pub(crate) fn and_or(&mut self, b: &mut &[u8], last: bool) -> R {
        let mut run = true;
        loop {
            let mut after = *b;
            skip_pipeline(&mut after);
            let next = byte(&mut after);
            if run {
                let outer = self.tested;
                self.tested |= next != 0;
                let r = self.pipeline(b, last && next == 0);
                self.tested = outer;
                r?;
            }
            *b = after;
            if next == 0 {
                return Ok(());
            }
            run = (self.status == 0) == (next == 1);
        }
    }

    fn pipeline(&mut self, b: &mut &[u8], last: bool) -> R {
        let flags = byte(b);
        let not = flags & tree::NEGATED != 0;
        let outer = self.tested;
        self.tested |= not;
        let r = if flags & tree::MULTI != 0 { self.pipe(b) } else { self.command(b, last && !not) };
        self.tested = outer;
        r?;
        if not {
            self.status = (self.status == 0) as u8;
        }
        Ok(())
    }

    /// With `set -e`, a failed command ends the shell.
    fn check(&mut self) -> R {
        if self.status != 0 && self.opts & opt::ERREXIT != 0 && !self.tested {
            return Err(Flow::Exit);
        }
        Ok(())
    }

    fn text_at(&self, start: usize, end: usize) -> Buf {
        self.tree.text.get(start..end).unwrap_or(&[]).to_vec()
    }

    fn background(&mut self, b: &mut &[u8]) -> R {
        let at = *b;
        let (start, mut end) = skip_pipeline(b);
        while byte(b) != 0 {
            end = skip_pipeline(b).1;
        }
        let mut job = Job::new(self.text_at(start, end));
        if self.fork(&mut job, false)? {
            let r = self.and_or(&mut { at }, true);
            self.leave(r);
        }
        self.add_background(job);
        self.status = 0;
        Ok(())
    }

    /// Ends a child with what `r` says.
    pub(crate) fn leave(&mut self, r: R) -> ! {
        let _ = r;
        let _ = self.run_traps();
        self.exit_trap();
        process::exit(self.status)
    }

    fn pipe(&mut self, b: &mut &[u8]) -> R {
        let (first, mut to) = skip_node(&mut { *b });
        let mut job = Job::new(Buf::new());
        let mut input = None;
        let mut more = 1;
        while more != 0 {
            let node = *b;
            to = skip_node(b).1;
            more = byte(b);
            let pipe = if more != 0 { Some(self.new_pipe()?) } else { None };
            let child = self.fork(&mut job, true);
            if child == Ok(true) {
                if let Some(f) = input {
                    crate::redir::move_fd(f, 0);
                }
                if let Some((read, write)) = pipe {
                    crate::redir::shut(read);
                    crate::redir::move_fd(write, 1);
                }
                let r = self.command(&mut { node }, true);
                self.leave(r);
            }
            if let Some(f) = input {
                crate::redir::shut(f);
            }
            input = pipe.map(|(read, write)| {
                crate::redir::shut(write);
                read
            });
            if let Err(e) = child {
                input.into_iter().for_each(crate::redir::shut);
                return Err(e);
            }
        }
        job.text = self.text_at(first, to);
        self.foreground(job)?;
        self.check()
    }

    /// Runs one command.
    pub(crate) fn command(&mut self, b: &mut &[u8], last: bool) -> R {
        self.deep()?;
        if crate::trap::pending() {
            self.run_traps()?;
        }
        let mut c = *b;
        let h = head(&mut c, b);
        self.place = h.start;
        if self.opts & (opt::NOEXEC | opt::INTERACTIVE) == opt::NOEXEC {
            return Ok(());
        }
        match h.op {
            tree::SIMPLE => {
                self.simple(c, last)?;
                return self.check();
            }
            tree::FUNCTION => {
                byte(&mut c);
                let name = until(&mut c, 0);
                let at = self.tree.code.len() - c.len();
                let f = Func { tree: self.tree.clone(), at };
                let i = self.vars.intern(name);
                if let Some(s) = self.vars.syms.get_mut(i) {
                    s.func = Some(Rc::new(f));
                }
                self.status = 0;
                return Ok(());
            }
            _ => {}
        }
        if c.first() == Some(&0) {
            byte(&mut c);
            return self.compound(h, c, last);
        }
        let mut plan = Plan::default();
        let mark = self.saved.len();
        let r = self.plan(&mut c, &mut plan).and_then(|()| self.redirect(&plan));
        let r = match r {
            Ok(()) => self.compound(h, c, last),
            // An error in a redirection is the command's failure.
            Err(Flow::Fail) => {
                self.status = 1;
                self.check()
            }
            Err(e) => Err(e),
        };
        self.unredirect(mark);
        r
    }

    fn compound(&mut self, h: Head, mut c: &[u8], last: bool) -> R {
        match h.op {
            tree::GROUP => self.list(&mut c, last),
            tree::SUBSHELL => {
                if last && self.saved.is_empty() && !self.has_exit_trap() {
                    self.enter_subshell();
                    return self.list(&mut c, true);
                }
                let mut job = Job::new(self.text_at(h.start, h.end));
                if self.fork(&mut job, true)? {
                    let r = self.list(&mut c, true);
                    self.leave(r);
                }
                self.foreground(job)?;
                self.check()
            }
            tree::IF => self.if_clause(&mut c, last),
            tree::WHILE => self.while_clause(c, true),
            tree::UNTIL => self.while_clause(c, false),
            tree::FOR => self.for_clause(&mut c),
            tree::CASE => self.case_clause(&mut c, last),
            tree::ARITHMETIC => {
                let text = self.string(&mut c, crate::fields::QUOTED)?;
                self.status = match self.arith(&text) {
                    Ok(n) => (n == 0) as u8,
                    Err(_) => 1,
                };
                self.check()
            }
            _ => {
                self.status = self.condition(&mut c)?;
                self.check()
            }
        }
    }

    fn condition_list(&mut self, c: &mut &[u8]) -> R<bool> {
        let outer = core::mem::replace(&mut self.tested, true);
        let r = self.list(c, false);
        self.tested = outer;
        r?;
        Ok(self.status == 0)
    }

    fn if_clause(&mut self, c: &mut &[u8], last: bool) -> R {
        loop {
            if self.condition_list(c)? {
                return self.list(c, last);
            }
            counted(c);
            match byte(c) {
                1 => {}
                2 => return self.list(c, last),
                _ => {
                    self.status = 0;
                    return Ok(());
                }
            }
        }
    }

    /// What the result of a loop's body means: go on, leave the loop, or pass it on.
    fn turn(&mut self, r: R) -> R<bool> {
        match r {
            Ok(()) => Ok(true),
            Err(e @ (Flow::Break | Flow::Continue)) => {
                self.skip -= 1;
                if self.skip > 0 {
                    return Err(e);
                }
                Ok(e == Flow::Continue)
            }
            Err(e) => Err(e),
        }
    }

    fn while_clause(&mut self, c: &[u8], want: bool) -> R {
        self.loops += 1;
        let mut status = 0;
        let r = loop {
            let mut b = c;
            let r = self.condition_list(&mut b);
            let r = match r {
                Ok(x) if x != want => break Ok(()),
                Ok(_) => {
                    let r = self.list(&mut b, false);
                    status = self.status;
                    r
                }
                Err(e) => Err(e),
            };
            match self.turn(r) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(e) => break Err(e),
            }
        };
        self.loops -= 1;
        if r.is_ok() {
            self.status = status;
        }
        r
    }

    fn for_clause(&mut self, c: &mut &[u8]) -> R {
        let i = self.vars.intern(until(c, 0));
        let mut f = Fields::default();
        let positional = c.first() == Some(&2);
        if positional {
            byte(c);
            for i in self.first..self.params.len() {
                f.push(self.params.get(i));
            }
        } else {
            while byte(c) != 0 {
                self.fields(c, &mut f)?;
            }
        }
        if f.len() == 0 {
            self.status = 0;
        }
        self.loops += 1;
        let mut r = Ok(());
        for n in 0..f.len() {
            r = self.assign_sym(i, f.get(n));
            if r.is_ok() {
                r = self.list(&mut { *c }, false);
            }
            match self.turn(r) {
                Ok(go) => {
                    r = Ok(());
                    if !go {
                        break;
                    }
                }
                Err(e) => {
                    r = Err(e);
                    break;
                }
            }
        }
        self.loops -= 1;
        r
    }

    fn case_clause(&mut self, c: &mut &[u8], last: bool) -> R {
        let word = self.string(c, 0)?;
        let mut fall = false;
        let mut done = false;
        while byte(c) != 0 {
            let mut hit = fall;
            while byte(c) != 0 {
                if hit {
                    skip_word(c);
                } else {
                    let p = self.string(c, PATTERN)?;
                    hit = pattern::matches(&p, &word);
                }
            }
            if !hit {
                counted(c);
                byte(c);
                continue;
            }
            let mut body = *c;
            counted(c);
            let end = byte(c);
            self.list(&mut body, last && end == tok::CASE_END)?;
            done = true;
            if end == tok::CASE_END {
                return Ok(());
            }
            fall = end == tok::CASE_FALL;
        }
        if !done {
            self.status = 0;
        }
        Ok(())
    }

    /// What `name` means as a command; functions are passed over without `functions`.
    #[inline(never)]
    pub(crate) fn resolve(&mut self, name: &[u8], functions: bool) -> Kind {
        if let Some(s) = self.vars.find(name).and_then(|i| self.vars.syms.get(i)) {
            let b = s.builtin as usize;
            match &s.func {
                Some(f) if functions && !(1..=builtin::SPECIAL).contains(&b) => {
                    return Kind::Function(f.clone())
                }
                _ if b > 0 => return Kind::Builtin(b - 1),
                _ => {}
            }
        }
        if name.contains(&b'/') {
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

    fn simple(&mut self, mut b: &[u8], last: bool) -> R {
        byte(&mut b);
        let mut f = core::mem::take(&mut self.spare);
        f.clear();
        self.substituted = 0;
        loop {
            match b.first() {
                Some(&tree::WORD) => {
                    byte(&mut b);
                    self.fields(&mut b, &mut f)?;
                }
                Some(&tree::AWORD) => {
                    byte(&mut b);
                    f.word();
                    self.expand(&mut b, &mut f, 0)?;
                    f.end(false);
                }
                _ => break,
            }
        }
        if f.len() == 0 {
            return self.bare(b);
        }
        let kind = self.resolve(f.get(0), true);
        self.dispatch(kind, f, b, last)
    }

    /// Assignments and redirections without a command.
    fn bare(&mut self, mut b: &[u8]) -> R {
        let mut plan = Plan::default();
        let mark = self.saved.len();
        let mut r = self.plan(&mut b, &mut plan);
        if r.is_ok() && !plan.is_empty() {
            if self.redirect(&plan).is_err() {
                self.unredirect(mark);
                self.status = 1;
                return Ok(());
            }
            self.unredirect(mark);
        }
        if r.is_ok() {
            r = self.assignments(&mut b, false);
        }
        r?;
        self.status = self.substituted;
        Ok(())
    }

    /// Performs the assignments of a simple command; when `temporary`, they are exported and undone after it.
    fn assignments(&mut self, b: &mut &[u8], temporary: bool) -> R {
        let mut traced = Buf::new();
        while b.first() == Some(&tree::ASSIGN) {
            byte(b);
            let name = until(b, b'=');
            let v = self.string(b, 0)?;
            let i = self.vars.intern(name);
            if temporary {
                self.save_local(i);
            }
            self.assign_sym(i, &v)?;
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
            self.trace(&traced);
        }
        Ok(())
    }

    /// Runs the command `f`, of which redirections and assignments are at `b`.
    pub(crate) fn dispatch(&mut self, kind: Kind, f: Fields, mut b: &[u8], last: bool) -> R {
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
            if let Err(e) = self.redirect(&plan) {
                self.unredirect(mark);
                if special && !self.plain {
                    return Err(e);
                }
                self.status = 1;
                return Ok(());
            }
        }
        let first = self.locals.len();
        let mut r = Ok(());
        if b.first() == Some(&tree::ASSIGN) {
            r = self.assignments(&mut b, !special || self.plain);
        }
        let behind = self.locals.len();
        if r.is_ok() {
            if self.opts & opt::XTRACE != 0 {
                self.trace_command(&f);
            }
            r = match kind {
                Kind::Builtin(n) => {
                    let r = self.builtin(n, &f, mark);
                    self.spare = f;
                    r
                }
                Kind::Function(func) => self.call(&func, f),
                Kind::Applet(e) if inside => {
                    self.applet(e, &f);
                    Ok(())
                }
                Kind::Applet(e) => self.applet_child(e, &f, &plan, last),
                Kind::File => self.external(&f, &plan, last),
            };
        }
        self.unredirect(mark);
        if behind > first {
            self.restore(first, behind);
        }
        r
    }

    fn builtin(&mut self, n: usize, f: &Fields, mark: usize) -> R {
        let outer = core::mem::replace(&mut self.running, f.z(0));
        let plain = core::mem::replace(&mut self.plain, false);
        let outer_mark = core::mem::replace(&mut self.redirections, mark);
        let r = builtin::run(self, n, f);
        self.redirections = outer_mark;
        let flushed = self.out.flush();
        if let Err(e) = flushed {
            self.out.recover();
            self.complain(&[b"write error: ", e.text()]);
        }
        self.running = outer;
        match r {
            Ok(s) => self.status = if s == 0 && flushed.is_err() { 1 } else { s },
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

    /// Runs a builtin without the powers of a special one (`command`).
    pub(crate) fn run_plain(&mut self, n: usize, f: Fields, mark: usize) -> R {
        self.builtin(n, &f, mark)
    }

    /// Runs an applet within this process.
    pub(crate) fn applet(&mut self, e: &'static Entry, f: &Fields) {
        let mut args = f.all();
        let env = self.vars.environment();
        self.status = self.table.run(e, env.as_ptr(), &mut args, self.out);
        self.out.recover();
    }

    fn applet_child(&mut self, e: &'static Entry, f: &Fields, plan: &Plan, last: bool) -> R {
        let mut job = Job::new(Buf::new());
        if last && !self.has_exit_trap() || self.fork(&mut job, true)? {
            if self.redirect(plan).is_err() {
                process::exit(1);
            }
            self.default_signals();
            self.applet(e, f);
            process::exit(self.status);
        }
        job.text = self.command_text();
        self.foreground(job)
    }

    /// Source text of the current simple command, for the list of jobs.
    pub(crate) fn command_text(&self) -> Buf {
        if self.opts & opt::MONITOR == 0 {
            return Buf::new();
        }
        let text = self.tree.text.get(self.place..).unwrap_or(&[]);
        text.split(|&c| c == b'\n').next().unwrap_or(text).to_vec()
    }

    /// Calls a function.
    fn call(&mut self, func: &Rc<Func>, args: Fields) -> R {
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
        if let Some(s) = self.vars.syms.get(i) {
            self.locals.push((i, s.text.clone(), s.flags));
        }
    }

    pub(crate) fn restore_locals(&mut self, mark: usize) {
        self.restore(mark, self.locals.len());
    }

    /// Restores variables from a part of the list; what `local` added behind it stays.
    fn restore(&mut self, from: usize, to: usize) {
        for k in (from..to.min(self.locals.len())).rev() {
            let (i, text, flags) = self.locals.remove(k);
            if let Some(s) = self.vars.syms.get_mut(i) {
                (s.text, s.flags) = (text, flags);
                if flags & vars::DYNAMIC != 0 {
                    self.vars.changed(i);
                }
            }
        }
    }

    fn trace_command(&mut self, f: &Fields) {
        let mut all = core::mem::take(&mut self.traced);
        for i in 0..f.len() {
            all.extend_from_slice(if all.is_empty() { b"" } else { b" " });
            builtin::quote(f.get(i), &mut all);
        }
        self.trace(&all);
    }

    fn trace(&mut self, text: &[u8]) {
        let opts = self.opts;
        self.opts &= !opt::XTRACE;
        let ps4 = self.get(b"PS4").unwrap_or(b"").to_vec();
        let ps4 = self.expand_text(&ps4);
        self.opts = opts;
        sys::out::complain(&[&ps4, text]);
    }

    /// Fails when the stack is nearly used up: nesting is bounded so, in whatever it consists.
    #[inline(never)]
    pub(crate) fn deep(&mut self) -> R {
        let here = 0u8;
        let used = self.stack.wrapping_sub(&here as *const u8 as usize);
        if used < self.stack_limit {
            return Ok(());
        }
        if self.stack_limit == crate::STACK_UNKNOWN {
            // RLIMIT_STACK; asked for only by those who need it.
            let soft = process::getrlimit(3).unwrap_or(Limit { soft: 0, hard: 0 }).soft;
            let most = crate::STACK_MOST as u64;
            self.stack_limit = (if soft > most { most } else { soft / 4 * 3 }) as usize;
            return self.deep();
        }
        // Room to report it.
        let limit = core::mem::replace(&mut self.stack_limit, usize::MAX);
        self.complain(&[b"nested too deeply"]);
        self.stack_limit = limit;
        self.fail(2)
    }

    /// Runs a list for its output, without the newlines at its end.
    pub(crate) fn substitute(&mut self, mut list: &[u8]) -> R<Buf> {
        let (read, write) = self.new_pipe()?;
        let mut job = Job::new(Buf::new());
        job.hidden = true;
        let child = self.fork(&mut job, true);
        if child == Ok(true) {
            crate::redir::shut(read);
            crate::redir::move_fd(write, 1);
            let r = self.list(&mut list, true);
            self.leave(r);
        }
        crate::redir::shut(write);
        if let Err(e) = child {
            crate::redir::shut(read);
            return Err(e);
        }
        let mut v = Buf::new();
        crate::redir::read_all(read, &mut v);
        crate::redir::shut(read);
        self.foreground(job)?;
        self.substituted = self.status;
        v.retain(|&c| c != 0);
        while v.last() == Some(&b'\n') {
            v.pop();
        }
        Ok(v)
    }
}
