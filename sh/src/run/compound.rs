//! Compound commands (POSIX 2.9.4): conditions, loops, choices.

use crate::expand::fields::{Fields, PATTERN, QUOTED};
use crate::flow::{Fallible, Flow, FlowResult};
use crate::parse::token::tok;
use crate::parse::tree::{byte, counted, skip_word, tagged, until};
use crate::shell::Shell;
use util::text::pattern;
use util::Truth;

impl Shell<'_> {
    /// Runs a list whose status is asked for.
    pub(crate) fn condition_list(&mut self, c: &mut &[u8]) -> FlowResult {
        let outer = core::mem::replace(&mut self.in_condition, true);
        let r = self.list(c, false);
        self.in_condition = outer;
        r
    }

    pub(crate) fn if_clause(&mut self, c: &mut &[u8], last: bool) -> FlowResult {
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
    #[inline(never)]
    fn next_turn(&mut self, r: FlowResult) -> Option<FlowResult> {
        self.nesting.next_turn(r)
    }

    pub(crate) fn while_clause(&mut self, c: &[u8], want: bool) -> FlowResult {
        self.nesting.enter_loop();
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
            if let Some(end) = self.next_turn(r) {
                break end;
            }
        };
        self.nesting.leave_loop();
        if r.is_ok() {
            self.status = status;
        }
        r
    }

    /// Evaluates an arithmetic word; the status is 0 if it is true. No if it has no value.
    pub(crate) fn calculate(&mut self, c: &mut &[u8]) -> Fallible<Truth> {
        let text = self.string(c, QUOTED)?;
        let n = self.arith(&text);
        self.status = !n.is_ok_and(|n| n != 0) as u8;
        Ok(n.is_ok().into())
    }

    /// `for ((FIRST; CONDITION; STEP))`.
    pub(crate) fn count_clause(&mut self, mut c: &[u8]) -> FlowResult {
        if self.calculate(&mut c)? == Truth::No {
            return self.check();
        }
        // That of the body.
        let mut status = 0;
        self.nesting.enter_loop();
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
            if let Some(end) = self.next_turn(r) {
                break end.map(|()| Truth::Yes);
            }
            status = self.status;
            let r = self.calculate(&mut step);
            if r != Ok(Truth::Yes) {
                break r.map_err(Flow::from);
            }
        };
        self.nesting.leave_loop();
        r?;
        self.check()
    }

    pub(crate) fn for_clause(&mut self, c: &mut &[u8]) -> FlowResult {
        let i = self.vars.intern(until(c, 0));
        let mut f = Fields::default();
        if tagged(c, 2) {
            let (params, first) = self.params.fields();
            for i in first..params.len() {
                f.push(params.get(i));
            }
        } else {
            while byte(c) != 0 {
                self.fields(c, &mut f)?;
            }
        }
        if f.len() == 0 {
            self.status = 0;
        }
        self.nesting.enter_loop();
        let mut end = Ok(());
        for n in 0..f.len() {
            let mut r = self.assign_sym(i, f.get(n)).map_err(Flow::from);
            if r.is_ok() {
                r = self.list(&mut { *c }, false);
            }
            if let Some(r) = self.next_turn(r) {
                end = r;
                break;
            }
        }
        self.nesting.leave_loop();
        end
    }

    pub(crate) fn case_clause(&mut self, c: &mut &[u8], last: bool) -> FlowResult {
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
                    hit = pattern::matches(&p, &word, self.vars.how());
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
}
