//! Variables read, assigned, unset and restored.

use crate::flow::{Fallible, FlowResult};
use crate::options::opt;
use crate::shell::Shell;
use crate::vars::table::{DYNAMIC, EXPORT, READONLY, WATCHED};
use crate::words::name_len;
use sys::{Buf, ToBuf};

impl Shell<'_> {
    /// Value of a variable.
    pub(crate) fn get(&mut self, name: &[u8]) -> Option<&[u8]> {
        let i = self.look_up(name);
        self.vars.value(i)
    }

    /// A copy of the value; empty if the variable is not set.
    #[inline(never)]
    pub(crate) fn text_of(&mut self, name: &[u8]) -> Buf {
        self.get(name).unwrap_or_default().buf()
    }

    /// Number of a variable, its value computed if that is what it wants.
    #[inline(never)]
    pub(crate) fn look_up(&mut self, name: &[u8]) -> usize {
        let i = self.vars.lookup(name);
        if self.vars.syms.get(i).is_some_and(|s| s.has(DYNAMIC)) {
            self.vars.compute(i, self.tree.line_of(self.place));
        }
        i
    }

    /// Sets a variable; an error to those that may not change.
    #[inline(never)]
    pub(crate) fn assign(&mut self, name: &[u8], value: &[u8]) -> Fallible {
        let i = self.vars.intern(name);
        self.assign_sym(i, value)
    }

    /// Carries out `NAME=value`, or `NAME+=value`: `name` is all before the `=`.
    pub(crate) fn assign_part(&mut self, i: usize, name: &[u8], value: &[u8]) -> Fallible {
        if name.last() != Some(&b'+') {
            return self.assign_sym(i, value);
        }
        let mut all = self.vars.value(i).unwrap_or(b"").buf();
        all.extend_from_slice(value);
        self.assign_sym(i, &all)
    }

    pub(crate) fn assign_sym(&mut self, i: usize, value: &[u8]) -> Fallible {
        if self.capture.is_active() {
            self.capture.remember(i, &self.vars);
        }
        let Some(s) = self.vars.syms.get_mut(i) else { return Ok(()) };
        if s.has(READONLY) {
            return self.readonly(i);
        }
        s.set(value);
        if self.opts.has(opt::ALLEXPORT) {
            s.flags |= EXPORT;
        }
        if s.has(DYNAMIC | WATCHED) {
            if s.name().first() == Some(&b'O') {
                self.option_place = 0;
            }
            self.vars.changed(i);
        }
        Ok(())
    }

    /// Refuses to change variable `i`.
    #[inline(always)]
    pub(crate) fn readonly(&mut self, i: usize) -> Fallible {
        self.complain(c"%: is read only", self.vars.syms.get(i).map_or(b"", |s| s.name()));
        self.fail(2)
    }

    /// A name that is none: an error of the running builtin.
    pub(crate) fn name<'f>(&mut self, name: &'f [u8]) -> FlowResult<&'f [u8]> {
        if name.is_empty() || name_len(name) != name.len() {
            return self.refuse(c"%: bad variable name", name);
        }
        Ok(name)
    }

    pub(crate) fn unset_variable(&mut self, name: &[u8]) -> Fallible {
        let i = self.vars.lookup(name);
        let Some(s) = self.vars.syms.get_mut(i) else { return Ok(()) };
        if s.has(READONLY) {
            return self.readonly(i);
        }
        s.clear();
        // It is no longer computed (POSIX 2.5.3).
        s.flags &= WATCHED;
        self.vars.changed(i);
        Ok(())
    }

    pub(crate) fn set_exported(&mut self, name: &[u8], value: &[u8]) -> FlowResult {
        let i = self.vars.intern(name);
        self.assign_sym(i, value)?;
        self.vars.set_flags(i, EXPORT);
        Ok(())
    }

    /// Remembers variable `i`, to be restored when the function or command is over.
    pub(crate) fn save_local(&mut self, i: usize) {
        if self.capture.is_active() {
            self.capture.remember(i, &self.vars);
        }
        if let Some(v) = self.vars.saved(i) {
            self.locals.push(v);
        }
    }

    /// Restores the variables that were saved from `mark` on.
    pub(crate) fn restore_locals(&mut self, mark: usize) {
        self.restore(mark, self.locals.mark());
    }

    /// Restores variables from a part of the list; what `local` added behind it stays.
    pub(crate) fn restore(&mut self, from: usize, to: usize) {
        self.locals.restore(from, to, &mut self.vars);
    }
}
