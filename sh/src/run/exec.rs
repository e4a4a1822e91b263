//! Lists, AND-OR lists, pipelines and commands (POSIX 2.9): walks the tree.

use crate::feature::BASH;
use crate::flow::{Fallible, Flow, FlowResult};
use crate::jobs::job::Job;
use crate::jobs::task::{Task, What, NONE};
use crate::options::opt;
use crate::parse::parser::Parser;
use crate::parse::source::{Mode, Source};
use crate::parse::tree::{self, byte, counted, tagged, until, Func, Tree};
use crate::run::redir::Plan;
use crate::shell::Shell;
use alloc::rc::Rc;
use sys::{process, Buf, ToBuf};
use util::text::{after, part};

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
            *next = after(all, 4 + number(l, m, n));
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
    pub(crate) fn run_source(&mut self, src: &mut Source, last: bool) -> FlowResult {
        self.check_depth()?;
        while let Some(tree) = Parser::next(self, src)? {
            let last = last && src.mode == Mode::Text && src.pos == src.text.len();
            self.run_tree(tree, last)?;
            if crate::jobs::signals::pending() {
                self.run_traps()?;
            }
        }
        Ok(())
    }

    /// Runs text as commands.
    pub(crate) fn run_text(&mut self, text: Buf) -> FlowResult {
        let line = self.tree.line_of(self.place);
        self.run_commands(&mut Source::text(text, line))
    }

    /// Runs everything that `src` has; the status is 0 if there are no commands.
    pub(crate) fn run_commands(&mut self, src: &mut Source) -> FlowResult {
        let before = core::mem::replace(&mut self.status, 0);
        // The commands see the status from before.
        let Some(tree) = Parser::next(self, src)? else { return Ok(()) };
        self.status = before;
        self.run_tree(tree, false)?;
        self.run_source(src, false)
    }

    pub(crate) fn run_tree(&mut self, tree: Rc<Tree>, last: bool) -> FlowResult {
        let outer = core::mem::replace(&mut self.tree, tree.clone());
        let place = self.place;
        let r = self.list(&mut &tree.code[..], last);
        self.tree = outer;
        self.place = place;
        r
    }

    /// Runs a list.
    pub(crate) fn list(&mut self, c: &mut &[u8], last: bool) -> FlowResult {
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

    pub(crate) fn and_or(&mut self, b: &mut &[u8], last: bool) -> FlowResult {
        let mut run = true;
        loop {
            let mut after = *b;
            skip_pipeline(&mut after);
            let next = byte(&mut after);
            if run && !self.opts.only_reads() {
                let outer = self.in_condition;
                self.in_condition |= next != 0;
                let r = self.pipeline(b, last && next == 0);
                self.in_condition = outer;
                r?;
            }
            *b = after;
            if next == 0 {
                return Ok(());
            }
            run = (self.status == 0) == (next == 1);
        }
    }

    pub(crate) fn pipeline(&mut self, b: &mut &[u8], last: bool) -> FlowResult {
        if crate::jobs::signals::pending() {
            self.run_traps()?;
        }
        let flags = byte(b);
        let not = flags & tree::NEGATED != 0;
        let outer = self.in_condition;
        self.in_condition |= not;
        let mark = self.saved.mark();
        let r = if flags & tree::MULTI != 0 { self.pipe(b) } else { self.command(b, last && !not) };
        self.in_condition = outer;
        // Process substitutions are over, too.
        self.unredirect(mark);
        r?;
        if not {
            self.status = (self.status == 0) as u8;
        }
        Ok(())
    }

    /// With `set -e`, a failed command ends the shell.
    pub(crate) fn check(&mut self) -> FlowResult {
        if self.status != 0 && self.opts.has(opt::ERREXIT) && !self.in_condition {
            return Err(Flow::Exit);
        }
        Ok(())
    }

    pub(crate) fn text_at(&self, start: usize, end: usize) -> Buf {
        part(&self.tree.text, start, end).buf()
    }

    pub(crate) fn background(&mut self, b: &mut &[u8]) -> FlowResult {
        self.separate()?;
        let at = *b;
        let mut parts = at;
        let mut alone = byte(&mut parts) == tree::MULTI;
        let (start, mut end) = skip_pipeline(b);
        while byte(b) != 0 {
            end = skip_pipeline(b).1;
            alone = false;
        }
        let mut job = Job::new(Buf::new());
        // The last part of a pipeline is what `$!` names.
        let (what, mut code) = if alone { (What::Command, parts) } else { (What::AndOr, at) };
        self.start_parts(&mut job, &mut code, what, false)?;
        job.text = self.text_at(start, end);
        self.add_background(job);
        self.status = 0;
        Ok(())
    }

    /// Ends a child with what `r` says.
    pub(crate) fn leave(&mut self, r: FlowResult) -> ! {
        let _ = r;
        let _ = self.run_traps();
        self.exit_trap();
        process::exit(self.status)
    }

    pub(crate) fn pipe(&mut self, b: &mut &[u8]) -> FlowResult {
        self.separate()?;
        let first = skip_node(&mut { *b }).0;
        let mut job = Job::new(Buf::new());
        let to = self.start_parts(&mut job, b, What::Command, true)?;
        job.text = self.text_at(first, to);
        self.foreground(job)?;
        self.check()
    }

    /// Starts the parts of a pipeline as processes of `job`, or the one process of an AND-OR list; the end of the text
    /// of the parts.
    #[inline(never)]
    fn start_parts(&mut self, job: &mut Job, b: &mut &[u8], what: What, foreground: bool) -> Fallible<usize> {
        let mut to = 0;
        let mut input = NONE;
        let mut more = 1;
        while more != 0 {
            let node = *b;
            more = 0;
            if what == What::Command {
                to = skip_node(b).1;
                more = byte(b);
            }
            let (close, output) = if more != 0 {
                self.new_pipe().inspect_err(|_| crate::descriptors::shut(input))?
            } else {
                (NONE, NONE)
            };
            let task = Task { what, code: node, input, output, close, errors: more == 2 };
            self.start_process(job, foreground, &task)?;
            input = close;
        }
        Ok(to)
    }

    /// Runs one command.
    pub(crate) fn command(&mut self, b: &mut &[u8], last: bool) -> FlowResult {
        self.check_depth()?;
        if self.capture.is_gone() {
            return Err(Flow::Exit);
        }
        let mut c = *b;
        let h = head(&mut c, b);
        (self.place, self.end) = (h.start, h.end);
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
                self.vars.set_function(i, Some(Rc::new(f)));
                self.status = 0;
                return Ok(());
            }
            _ => {}
        }
        if tagged(&mut c, 0) {
            return self.compound(h, c, last);
        }
        let mut plan = Plan::default();
        let mark = self.saved.mark();
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

    pub(crate) fn compound(&mut self, h: Head, mut c: &[u8], last: bool) -> FlowResult {
        match h.op {
            tree::GROUP => self.list(&mut c, last),
            tree::SUBSHELL => {
                self.separate()?;
                // Whoever asks for numbers of processes gets another one here.
                let visible = self.vars.find(b"BASHPID") != crate::vars::table::NOWHERE;
                if last && self.saved.is_empty() && !self.has_exit_trap() && !visible {
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
            _ if !BASH => Ok(()),
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
}
