//! Execution: walks the tree.

use crate::expand::fields::{Fields, PATTERN};
use crate::jobs::{Job, Task, What, NONE};
use crate::parse::lexer::tok;
use crate::parse::parser::Parser;
use crate::parse::source::{Mode, Source};
use crate::parse::tree::{self, byte, counted, skip_word, tagged, until, Tree};
use crate::run::redir::Plan;
use crate::{opt, Done, Flow, Shell, R};
use alloc::rc::Rc;
use sys::applet::Entry;
use sys::process::{self, Limit};
use sys::{Buf, ToBuf};
use util::text::pattern;
use util::Truth;

/// A function: a node in a tree that it keeps alive.
pub(crate) struct Func {
    pub(crate) tree: Rc<Tree>,
    pub(crate) at: usize,
}

/// What a command name means.
pub(crate) enum Kind {
    Builtin(usize),
    Function(Rc<Func>),
    Applet(&'static Entry),
    File,
}

/// A node's head; the cursor is behind it, at the body.
pub(crate) struct Head {
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

    pub(crate) fn run_tree(&mut self, tree: Rc<Tree>, last: bool) -> R {
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
            if run && self.opts & (opt::NOEXEC | opt::INTERACTIVE) != opt::NOEXEC {
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

    pub(crate) fn pipeline(&mut self, b: &mut &[u8], last: bool) -> R {
        if crate::jobs::trap::pending() {
            self.run_traps()?;
        }
        let flags = byte(b);
        let not = flags & tree::NEGATED != 0;
        let outer = self.tested;
        self.tested |= not;
        let mark = self.saved.len();
        let r = if flags & tree::MULTI != 0 { self.pipe(b) } else { self.command(b, last && !not) };
        self.tested = outer;
        // Process substitutions are over, too.
        self.unredirect(mark);
        r?;
        if not {
            self.status = (self.status == 0) as u8;
        }
        Ok(())
    }

    /// With `set -e`, a failed command ends the shell.
    pub(crate) fn check(&mut self) -> R {
        if self.status != 0 && self.opts & opt::ERREXIT != 0 && !self.tested {
            return Err(Flow::Exit);
        }
        Ok(())
    }

    pub(crate) fn text_at(&self, start: usize, end: usize) -> Buf {
        self.tree.text.get(start..end).unwrap_or(&[]).buf()
    }

    pub(crate) fn background(&mut self, b: &mut &[u8]) -> R {
        self.separate()?;
        let at = *b;
        let (start, mut end) = skip_pipeline(b);
        while byte(b) != 0 {
            end = skip_pipeline(b).1;
        }
        let mut job = Job::new(self.text_at(start, end));
        let task = Task::new(What::AndOr, at);
        self.start_process(&mut job, false, &task)?;
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

    pub(crate) fn pipe(&mut self, b: &mut &[u8]) -> R {
        self.separate()?;
        let (first, mut to) = skip_node(&mut { *b });
        let mut job = Job::new(Buf::new());
        let mut input = NONE;
        let mut more = 1;
        while more != 0 {
            let node = *b;
            to = skip_node(b).1;
            more = byte(b);
            let (close, output) = if more != 0 {
                self.new_pipe().inspect_err(|_| crate::run::redir::shut(input))?
            } else {
                (NONE, NONE)
            };
            let task = Task { what: What::Command, code: node, input, output, close, errors: more == 2 };
            self.start_process(&mut job, true, &task)?;
            input = close;
        }
        job.text = self.text_at(first, to);
        self.foreground(job)?;
        self.check()
    }

    /// Runs one command.
    pub(crate) fn command(&mut self, b: &mut &[u8], last: bool) -> R {
        self.deep()?;
        if self.gone {
            return Err(Flow::Exit);
        }
        let mut c = *b;
        let h = head(&mut c, b);
        self.place = h.start;
        match h.op {
            tree::SIMPLE => {
                self.simple(c, last)?;
                return self.check();
            }
            tree::FUNCTION => {
                self.separate()?;
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
        if tagged(&mut c, 0) {
            return self.compound(h, c, last);
        }
        let mut plan = Plan::default();
        let mark = self.saved.len();
        self.plan(&mut c, &mut plan)?;
        // The 0 behind them.
        byte(&mut c);
        self.separate_plan(&plan)?;
        let r = match self.redirect(&plan) {
            Ok(()) => self.compound(h, c, last),
            // An error in a redirection is the command's failure.
            Err(_) => {
                self.status = 1;
                self.check()
            }
        };
        self.unredirect(mark);
        r
    }

    pub(crate) fn compound(&mut self, h: Head, mut c: &[u8], last: bool) -> R {
        match h.op {
            tree::GROUP => self.list(&mut c, last),
            tree::SUBSHELL => {
                self.separate()?;
                // Whoever asks for numbers of processes gets another one here.
                let told = self.vars.find(b"BASHPID") != crate::vars::NOWHERE;
                if last && self.saved.is_empty() && !self.has_exit_trap() && !told {
                    self.enter_subshell();
                    return self.list(&mut c, true);
                }
                let mut job = Job::new(self.text_at(h.start, h.end));
                let task = Task::new(What::List, c);
                self.start_process(&mut job, true, &task)?;
                self.foreground(job)?;
                self.check()
            }
            tree::IF => self.if_clause(&mut c, last),
            tree::WHILE => self.while_clause(c, true),
            tree::UNTIL => self.while_clause(c, false),
            tree::FOR => self.for_clause(&mut c),
            tree::CASE => self.case_clause(&mut c, last),
            tree::COUNT => self.count_clause(c),
            tree::ARITHMETIC => {
                self.calculate(&mut c)?;
                self.check()
            }
            _ => {
                self.status = self.condition(&mut c)?;
                self.check()
            }
        }
    }

    /// Runs a list whose status is asked for.
    pub(crate) fn condition_list(&mut self, c: &mut &[u8]) -> R {
        let outer = core::mem::replace(&mut self.tested, true);
        let r = self.list(c, false);
        self.tested = outer;
        r
    }

    pub(crate) fn if_clause(&mut self, c: &mut &[u8], last: bool) -> R {
        loop {
            self.condition_list(c)?;
            if self.status == 0 {
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

    /// What the result of a loop's body means: go on, or leave the loop with a result.
    pub(crate) fn turn(&mut self, r: R) -> Option<R> {
        let e = r.err()?;
        if e == Flow::Break || e == Flow::Continue {
            self.skip -= 1;
            if self.skip == 0 {
                return if e == Flow::Continue { None } else { Some(Ok(())) };
            }
        }
        Some(r)
    }

    pub(crate) fn while_clause(&mut self, c: &[u8], want: bool) -> R {
        self.loops += 1;
        let mut status = 0;
        let r = loop {
            let mut b = c;
            let mut r = self.condition_list(&mut b);
            if r.is_ok() {
                if (self.status == 0) != want {
                    break r;
                }
                r = self.list(&mut b, false);
                status = self.status;
            }
            if let Some(end) = self.turn(r) {
                break end;
            }
        };
        self.loops -= 1;
        if r.is_ok() {
            self.status = status;
        }
        r
    }

    /// Evaluates an arithmetic word; the status is 0 if it is true. No if it has no value.
    fn calculate(&mut self, c: &mut &[u8]) -> Done<Truth> {
        let text = self.string(c, crate::expand::fields::QUOTED)?;
        let n = self.arith(&text);
        self.status = !n.is_ok_and(|n| n != 0) as u8;
        Ok(n.is_ok().into())
    }

    /// `for ((FIRST; CONDITION; STEP))`.
    fn count_clause(&mut self, mut c: &[u8]) -> R {
        if self.calculate(&mut c)? == Truth::No {
            return self.check();
        }
        // That of the body.
        let mut status = 0;
        self.loops += 1;
        let r = loop {
            self.status = status;
            let mut b = c;
            // Without a condition it is true.
            let endless = until(&mut { c }, 0).iter().all(u8::is_ascii_whitespace);
            let r = self.calculate(&mut b);
            if r != Ok(Truth::Yes) {
                break r.map_err(Flow::from);
            }
            let goes = endless || self.status == 0;
            self.status = status;
            if !goes {
                break r.map_err(Flow::from);
            }
            let mut step = b;
            skip_word(&mut b);
            let r = self.list(&mut b, false);
            if let Some(end) = self.turn(r) {
                break end.map(|()| Truth::Yes);
            }
            status = self.status;
            let r = self.calculate(&mut step);
            if r != Ok(Truth::Yes) {
                break r.map_err(Flow::from);
            }
        };
        self.loops -= 1;
        r?;
        self.check()
    }

    pub(crate) fn for_clause(&mut self, c: &mut &[u8]) -> R {
        let i = self.vars.intern(until(c, 0));
        let mut f = Fields::default();
        if tagged(c, 2) {
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
        let mut end = Ok(());
        for n in 0..f.len() {
            let mut r = self.assign_sym(i, f.get(n)).map_err(Flow::from);
            if r.is_ok() {
                r = self.list(&mut { *c }, false);
            }
            if let Some(r) = self.turn(r) {
                end = r;
                break;
            }
        }
        self.loops -= 1;
        end
    }

    pub(crate) fn case_clause(&mut self, c: &mut &[u8], last: bool) -> R {
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

    /// Fails when the stack is nearly used up: nesting is bounded so, in whatever it consists.
    #[inline(never)]
    pub(crate) fn deep(&mut self) -> Done {
        let here = 0u8;
        let used = self.stack.wrapping_sub(&here as *const u8 as usize);
        if used < self.stack_limit {
            return Ok(());
        }
        // Without an MMU the limit says nothing about what there is.
        if self.stack_limit == crate::STACK_UNKNOWN && !cfg!(mote_nommu) {
            // RLIMIT_STACK; asked for only by those who need it.
            let soft = process::getrlimit(3).unwrap_or(Limit { soft: 0, hard: 0 }).soft;
            let most = crate::STACK_MOST as u64;
            self.stack_limit = (if soft > most { most } else { soft / 4 * 3 }) as usize;
            return self.deep();
        }
        // Room to report it.
        let limit = core::mem::replace(&mut self.stack_limit, usize::MAX);
        let r = self.refuse(c"nested too deeply", b"");
        self.stack_limit = limit;
        r
    }
}
