//! Dividing texts into fields.

use super::cell::Cell;
use super::characters::step;
use sys::text::Text;
use sys::List;
use util::text::regex::{Regex, Span};
use util::text::{after, part};

/// What divides fields.
pub(super) enum Divider<'r> {
    Blanks,
    Byte(u8),
    Characters,
    Regex(&'r Regex),
}

/// Splits `text`; with `lines` newlines divide, too. Where the parts are.
#[inline(never)]
pub(super) fn split(text: &[u8], divider: &Divider, lines: bool, out: &mut List<Span>) {
    out.clear();
    let (mut start, mut at) = (0, 0);
    match divider {
        Divider::Blanks => loop {
            while matches!(text.get(at), Some(b' ' | b'\t' | b'\n')) {
                at += 1;
            }
            start = at;
            while !matches!(text.get(at), Some(b' ' | b'\t' | b'\n') | None) {
                at += 1;
            }
            if at == start {
                return;
            }
            out.push(Span { start, end: at });
        },
        _ if text.is_empty() => return,
        Divider::Characters => {
            while at < text.len() {
                let end = at + step(after(text, at));
                out.push(Span { start: at, end });
                at = end;
            }
            return;
        }
        Divider::Byte(b) => {
            while let Some(c) = text.get(at) {
                if c == b || lines && *c == b'\n' {
                    out.push(Span { start, end: at });
                    start = at + 1;
                }
                at += 1;
            }
        }
        Divider::Regex(regex) => {
            let mut span = [Span::NONE];
            while at <= text.len() {
                let mut end = text.len();
                let found = regex.find(text, at, &mut span);
                let [m] = span;
                if found {
                    end = m.start;
                }
                if lines {
                    if let Some(n) = sys::zstr::position(part(text, at, end), b'\n') {
                        out.push(Span { start, end: at + n });
                        at += n + 1;
                        start = at;
                        continue;
                    }
                }
                if !found {
                    break;
                }
                if m.end == m.start {
                    at = m.end + 1;
                    continue;
                }
                out.push(Span { start, end: m.start });
                start = m.end;
                at = start;
            }
        }
    }
    out.push(Span { start, end: text.len() });
}

/// The record. Fields are found when they are asked for.
#[derive(Default)]
pub(super) struct Record {
    pub(super) text: Text,
    pub(super) spans: List<Span>,
    /// The fields by themselves, once one of them was changed.
    pub(super) cells: List<Cell>,
    pub(super) is_split: bool,
    pub(super) changed: bool,
    /// Is `text` older than the fields?
    pub(super) stale: bool,
}
