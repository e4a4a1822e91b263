//! The record and its fields.

use super::cell::Cell;
use super::code::*;
use super::record::{split, Divider};
use super::run::Awk;
use sys::text::Text;
use sys::{Buf, List};
use util::text::regex::Span;

impl Awk<'_, '_> {
    /// Takes a new record.
    #[inline(never)]
    pub(super) fn set_record(&mut self, text: &[u8]) {
        self.record.text.set(text);
        self.new_record();
    }

    fn new_record(&mut self) {
        (self.record.is_split, self.record.changed, self.record.stale) = (false, false, false);
    }

    /// The record's text; from the fields if those were changed.
    #[inline(never)]
    pub(super) fn record_text(&mut self) -> Text {
        if self.record.stale {
            self.record.stale = false;
            let mut all = Buf::new();
            let separator = self.special(OFS);
            let format = self.special(CONVFMT);
            for (n, cell) in self.record.cells.iter().enumerate() {
                if n > 0 {
                    all.extend_from_slice(&separator);
                }
                cell.append(&mut all, &format);
            }
            self.record.text = Text::of(&[&all]);
        }
        self.record.text.clone()
    }

    /// Finds the fields.
    #[inline(never)]
    pub(super) fn split_record(&mut self) {
        if self.record.is_split {
            return;
        }
        self.record.is_split = true;
        let mut spans = core::mem::take(&mut self.record.spans);
        let text = self.record.text.clone();
        let lines = self.special(RS).is_empty();
        let fs = self.special(FS);
        self.divide(&text, &Cell::Text(fs), lines, &mut spans);
        let n = spans.len();
        self.record.spans = spans;
        self.set_global(NF, Cell::Number(n as f64));
    }

    /// Splits `text` as the separator says.
    #[inline(never)]
    pub(super) fn divide(&mut self, text: &[u8], separator: &Cell, lines: bool, out: &mut List<Span>) {
        if let Cell::Text(t) | Cell::Input(t) = separator {
            let divider = match **t {
                [b' '] => Divider::Blanks,
                [] => Divider::Characters,
                [b'\\'] => Divider::Byte(b'\\'),
                [b] if b < 0x80 => Divider::Byte(b),
                _ => {
                    let n = self.regex(separator);
                    if let Some((_, regex)) = self.program.regexes.get(n) {
                        split(text, &Divider::Regex(regex), lines, out);
                    }
                    return;
                }
            };
            split(text, &divider, lines, out);
        } else {
            let n = self.regex(separator);
            if let Some((_, regex)) = self.program.regexes.get(n) {
                split(text, &Divider::Regex(regex), lines, out);
            }
        }
    }

    /// Field `n`.
    #[inline(never)]
    pub(super) fn field(&mut self, n: usize) -> Cell {
        if n == 0 {
            return Cell::Input(self.record_text());
        }
        self.split_record();
        if self.record.changed {
            return self.record.cells.get(n - 1).cloned().unwrap_or(Cell::Input(Text::new()));
        }
        match self.record.spans.get(n - 1) {
            Some(span) => Cell::input(span.of(&self.record.text)),
            // What is not there is no number.
            None => Cell::Input(Text::new()),
        }
    }

    /// Makes a value of each field, and `n` of them.
    #[inline(never)]
    pub(super) fn set_fields(&mut self, n: usize) {
        self.split_record();
        if !self.record.changed {
            self.record.changed = true;
            self.record.cells.clear();
            for span in &self.record.spans {
                self.record.cells.push(Cell::input(span.of(&self.record.text)));
            }
        }
        self.record.cells.truncate(n);
        while self.record.cells.len() < n {
            self.record.cells.push(Cell::Input(Text::new()));
        }
        self.record.stale = true;
        self.set_global(NF, Cell::Number(n as f64));
    }

    #[inline(never)]
    pub(super) fn set_field(&mut self, n: usize, value: Cell) {
        if n == 0 {
            let format = self.special(CONVFMT);
            self.record.text = value.text(&format);
            self.new_record();
            return;
        }
        self.split_record();
        let count = if self.record.changed { self.record.cells.len() } else { self.record.spans.len() };
        self.set_fields(count.max(n));
        if let Some(field) = self.record.cells.get_mut(n - 1) {
            *field = value;
        }
    }
}
