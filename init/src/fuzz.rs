//! For the fuzz target `inittab`: reads files one after the other, splits their commands, and compares the result with
//! that of a plain model.

use crate::inittab::{Entry, Table, GONE, MAX, TEXT};
use crate::spawn;
use alloc::vec;
use alloc::vec::Vec;
use sys::ZStr;

/// What an entry says.
#[derive(Clone, PartialEq, Debug)]
struct Said {
    action: u8,
    dash: bool,
    tty: Vec<u8>,
    command: Vec<u8>,
}

/// An entry of the model.
#[derive(Clone, PartialEq, Debug)]
struct Known {
    said: Said,
    pid: i32,
    time: u32,
    fast: u8,
    done: bool,
    /// Of the former file, and not in the present one so far.
    stale: bool,
}

impl Known {
    /// The bytes that it takes in the buffer: both texts, `exec ` and two NULs.
    fn room(&self) -> usize {
        self.said.tty.len() + self.said.command.len() + 7
    }
}

/// Reads the parts of `data` between bytes 0xff as one inittab after the other, as on SIGHUP. The first byte of
/// a part tells whether the file can be read to its end and in what pieces, the second which entries run then.
pub fn inittab(data: &[u8]) {
    let mut table = Table::new();
    let mut model: Vec<Known> = Vec::new();
    let mut clock = 0;
    for part in data.split(|&c| c == 0xff) {
        let [how, running, text @ ..] = part else { continue };
        let whole = how % 8 != 7;
        table.begin();
        for piece in text.chunks(1 + *how as usize / 8) {
            table.feed(piece);
        }
        table.finish(whole);
        read(&mut model, text, whole);
        assert_eq!(shown(&mut table), model);
        for known in &model {
            words(&known.said);
        }
        for (n, (entry, known)) in table.entries().iter_mut().zip(&mut model).enumerate() {
            clock += 1;
            known.pid = if running >> (n % 8) & 1 == 1 { clock as i32 } else { 0 };
            (known.time, known.fast, known.done) = (clock, 3, n % 2 == 0);
            (entry.pid, entry.time, entry.fast, entry.done) = (known.pid, known.time, known.fast, known.done);
        }
    }
}

/// The table in the model's form.
fn shown(table: &mut Table) -> Vec<Known> {
    let entries: Vec<Entry> = table.entries().to_vec();
    let show = |e: &Entry| {
        let (tty, command) = table.texts(e).expect("two texts");
        let command = command.strip_prefix(b"exec ").expect("a command");
        let (tty, command) = (tty.bytes().to_vec(), command.bytes().to_vec());
        let said = Said { action: e.action, dash: e.dash, tty, command };
        Known { said, pid: e.pid, time: e.time, fast: e.fast, done: e.done, stale: false }
    };
    entries.iter().map(show).collect()
}

/// Reads a file into the model.
fn read(model: &mut Vec<Known>, text: &[u8], whole: bool) {
    model.iter_mut().for_each(|known| known.stale = true);
    let mut lines: Vec<&[u8]> = text.split(|&c| c == b'\n').collect();
    if !whole {
        lines.pop();
    }
    let mut line: Vec<u8> = Vec::new();
    let last = lines.len();
    for (n, piece) in lines.into_iter().enumerate() {
        line.extend_from_slice(piece);
        let free = TEXT - model.iter().map(Known::room).sum::<usize>();
        if line.len() <= free {
            // The end of the file ends the line, too.
            if n + 1 == last && whole {
                while line.last() == Some(&b'\\') {
                    line.pop();
                }
            } else if line.last() == Some(&b'\\') {
                line.pop();
                continue;
            }
            if let Some(said) = parse(&line) {
                enter(model, said);
            }
        }
        line.clear();
    }
    for known in model.iter_mut().filter(|known| known.stale) {
        known.stale = false;
        if whole {
            known.said.action = GONE;
        }
    }
    model.retain(|known| known.said.action != GONE || known.pid != 0);
}

/// What a line says: `TTY:RUNLEVELS:ACTION:PROCESS` and a comment.
fn parse(line: &[u8]) -> Option<Said> {
    const ACTIONS: [&[u8]; 8] =
        [b"sysinit", b"wait", b"once", b"respawn", b"askfirst", b"ctrlaltdel", b"shutdown", b"restart"];
    let blank = |c: &u8| b" \t\r".contains(c);
    let line = line.split(|&c| c == 0).next()?;
    let comment = (0..line.len()).find(|&n| line[n] == b'#' && (n == 0 || blank(&line[n - 1])));
    let line = &line[..comment.unwrap_or(line.len())];
    let line = &line[..line.iter().rposition(|c| !blank(c))? + 1];
    let fields: Vec<&[u8]> = line.splitn(4, |&c| c == b':').collect();
    let [tty, _, action, process] = fields[..] else { return None };
    let action = ACTIONS.iter().position(|known| *known == action)? as u8 + 1;
    let command = process.strip_prefix(b"-").unwrap_or(process);
    let dash = command.len() < process.len();
    let said = Said { action, dash, tty: tty.to_vec(), command: command.to_vec() };
    (!command.is_empty()).then_some(said)
}

/// Puts an entry behind the others; one of the former file that reads the same, but for the action, goes on.
fn enter(model: &mut Vec<Known>, said: Said) {
    let same = |known: &Known| known.stale && Said { action: said.action, ..known.said.clone() } == said;
    let mut new = Known { said: said.clone(), pid: 0, time: 0, fast: 0, done: false, stale: false };
    if let Some(n) = model.iter().position(same) {
        let old = model.remove(n);
        (new.pid, new.done) = (old.pid, old.done);
        new.time = if old.pid != 0 { old.time } else { 0 };
    } else if model.len() == MAX {
        return;
    }
    model.push(new);
}

/// Checks the words that exec is given for an entry.
fn words(said: &Said) {
    let mut text = [b"exec ", &said.command[..]].concat();
    text.push(0);
    let text = ZStr::from_bytes_with_nul(&text).expect("a NUL");
    let dash: &[u8] = if said.dash { b"-" } else { b"" };
    let whole = [dash, &said.command].concat();
    let split = whole.split(|c| b" \t".contains(c)).filter(|word| !word.is_empty());
    let mut model: Vec<Vec<u8>> = split.map(<[u8]>::to_vec).collect();
    let special = whole.iter().any(|c| b"~`!$^&*()=|\\{}[];\"'<>?".contains(c));
    if special || whole.len() >= 256 || model.len() > 24 {
        model = vec![[dash, b"/bin/sh"].concat(), b"-c".to_vec(), text.bytes().to_vec()];
    }
    assert_eq!(spawn::words(text, said.dash), model);
}

#[cfg(test)]
mod tests {
    include!("../../fuzz/seeds.rs");

    #[test]
    fn seeds_of_inittab() {
        seeds("inittab", b":\n\\#- \t\r\0\xff", super::inittab);
    }
}
