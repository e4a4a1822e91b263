//! The editor in the shell: prompts, history file, what can be completed.

use super::complete::executables;
use super::editor::{Editor, Host, Kind, Line};
use super::prompt::expand;
use crate::decimal::push_decimal;
use crate::feature::EDIT;
use crate::jobs::signals::take_interrupt;
use crate::options::opt;
use crate::shell::Shell;
use crate::words::BUILTINS;
use alloc::boxed::Box;
use sys::fs::Fd;
use sys::zstr::Texts;
use sys::{num, Buf, ToBuf};

impl Shell<'_> {
    /// Can lines be edited at this terminal? Not if TERM is `dumb`.
    pub(crate) fn can_edit(&mut self) -> bool {
        EDIT && !self.opts.has(opt::PLAIN)
            && !util::text::eq(self.get(b"TERM").unwrap_or(b""), b"dumb")
            && sys::tty::is(Fd::STDIN)
    }

    /// A new editor, with the history.
    #[inline(never)]
    fn editor(&mut self) -> Box<Editor> {
        let mut e = Box::new(Editor::new(Fd::STDIN, Fd::STDERR));
        let mut file = Buf::new();
        if self.get(b"HISTFILE").is_none() {
            self.variable(b"HOME", &mut file);
            file.extend_from_slice(b"/.sh_history");
        }
        self.variable(b"HISTFILE", &mut file);
        let most = self.setting(b"HISTSIZE", MOST);
        e.history.open(&file, most.min(10 * MOST) as usize);
        e
    }

    /// The text of PS1 or PS2, where there are `lines` in the history.
    pub(crate) fn prompt(&mut self, first: bool, lines: usize) -> Buf {
        let name: &[u8] = if first { b"PS1" } else { b"PS2" };
        let text = self.get(name).unwrap_or(b"").buf();
        if !EDIT {
            return self.expand_text(&text);
        }
        // Before the expansion: what a variable holds has no escapes.
        let prompt = expand(&text, &mut |name, out| match name {
            b"?" => push_decimal(self.status as i64, out),
            b"!" => push_decimal(lines as i64 + 1, out),
            _ => self.variable(name, out),
        });
        self.expand_text(&prompt)
    }

    /// Reads a line with the editor behind PS1 or PS2 and appends it.
    #[inline(never)]
    pub(crate) fn edit_line(&mut self, first: bool, out: &mut Buf) -> Line {
        let mut editor = match self.editor.take() {
            Some(e) => e,
            None => self.editor(),
        };
        let prompt = self.prompt(first, editor.history.lines().len());
        let end = editor.read_line(&prompt, self, out);
        self.editor = Some(editor);
        end
    }
}

/// Lines of history, where HISTSIZE does not say.
const MOST: u32 = if cfg!(mote_nommu) { 30 } else { 200 };

impl Host for Shell<'_> {
    #[inline(always)]
    fn names(&mut self, kind: Kind, prefix: &[u8], add: &mut dyn FnMut(&[u8])) {
        let command = kind == Kind::Command;
        if !command {
            self.vars.import();
        }
        let mut add = |name: &[u8]| {
            if name.starts_with(prefix) {
                add(name);
            }
        };
        for s in self.vars.iter() {
            if if command { s.function().is_some() } else { s.value().is_some() } {
                add(s.name());
            }
        }
        if command {
            for &blob in &[BUILTINS, self.table.names] {
                Texts::new(blob).for_each(&mut add);
            }
            self.aliases.iter().for_each(|a| add(&a.0));
            let mut path = Buf::new();
            self.variable(b"PATH", &mut path);
            executables(&path, prefix, &mut add);
        }
    }

    fn variable(&mut self, name: &[u8], out: &mut Buf) {
        out.extend_from_slice(self.get(name).unwrap_or(&[]));
    }

    #[inline(never)]
    fn setting(&mut self, name: &[u8], usual: u32) -> u32 {
        self.get(name).and_then(num::parse_u32).unwrap_or(usual)
    }

    fn signalled(&mut self) -> Option<Line> {
        if take_interrupt() {
            return Some(Line::Interrupted);
        }
        let end = self.run_traps().is_err().then_some(Line::End);
        if self.opts.has(opt::NOTIFY) {
            self.report_jobs();
        }
        end
    }
}
