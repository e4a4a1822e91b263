//! Completion of commands, files and variables.

use super::{Editor, Host, Kind};
use crate::pattern;
use sys::fs::{self, Dir, Fd};
use sys::zstr::{cut, position, position_in, ZBuf};
use sys::Buf;

/// Names that are shown at most.
const MOST: usize = if cfg!(mote_nommu) { 50 } else { 300 };

/// The word before the cursor.
struct Word {
    /// Its text without quotes, behind the last `=`.
    text: Buf,
    /// The quote that it stands in, or 0.
    quote: u8,
    /// Is it a command's name?
    command: bool,
}

/// Words behind which a command stands.
static OPENERS: &[u8] = b"if then else elif do while until ! {";

#[inline(never)]
fn word(line: &[u8]) -> Word {
    let mut w = Word { text: Buf::new(), quote: 0, command: true };
    let mut assigned = false;
    let mut i = 0;
    while let Some(&c) = line.get(i) {
        i += 1;
        match c {
            _ if w.quote == c && c != 0 => w.quote = 0,
            b'\\' if w.quote != b'\'' => {
                if let Some(&c) = line.get(i) {
                    w.text.push(c);
                }
                i += 1;
            }
            _ if w.quote != 0 => w.text.push(c),
            b'\'' | b'"' => w.quote = c,
            _ if position(b" \t<>;|&(`\n", c).is_some() => {
                if position(b" \t<>", c).is_none() {
                    w.command = true;
                } else if position(b"<>", c).is_some() || !w.text.is_empty() {
                    w.command &= assigned || position_in(OPENERS, b' ', &w.text).is_some();
                }
                assigned = false;
                w.text.clear();
            }
            b'=' => {
                assigned = true;
                w.text.clear();
            }
            _ => w.text.push(c),
        }
    }
    w.command &= !assigned;
    w
}

/// What was found.
struct Found {
    /// The names, each with its NUL.
    names: Buf,
    count: usize,
    /// What all of them begin with.
    common: Buf,
}

impl Found {
    fn add(&mut self, name: &[u8]) {
        if self.count == 0 {
            self.common = Buf::from(name);
        }
        let same = common(&self.common, name);
        self.common.truncate(same);
        if self.count < MOST && position_in(&self.names, 0, name).is_none() {
            self.names.extend_from_slice(name);
            self.names.push(0);
            self.count += 1;
        }
    }
}

/// How many bytes both begin with.
#[inline(never)]
pub(super) fn common(a: &[u8], b: &[u8]) -> usize {
    let mut n = 0;
    while let (Some(x), Some(y)) = (a.get(n), b.get(n)) {
        if x != y {
            break;
        }
        n += 1;
    }
    n
}

/// Calls `add` with what directory `dir` (empty: the current one) holds that starts with `prefix`; a `/`
/// is put behind directories. With `run` only what can be executed, and no directories.
fn files(dir: &[u8], prefix: &[u8], run: bool, add: &mut dyn FnMut(&[u8])) {
    let mut path = Buf::from(if dir.is_empty() { b"." } else { dir });
    let Ok(mut entries) = Dir::open(Fd::CWD, path.z(), 0) else { return };
    path.push(b'/');
    let len = path.len();
    while let Ok(Some(e)) = entries.next() {
        let name = e.name.bytes();
        if !name.starts_with(prefix) || (prefix.is_empty() && name.starts_with(b".")) {
            continue;
        }
        path.truncate(len);
        path.extend_from_slice(name);
        let is_dir = match e.kind {
            4 => true,
            0 | 10 => fs::stat(path.z()).is_ok_and(|s| fs::kind(&s) == fs::S_IFDIR),
            _ => false,
        };
        if run && (is_dir || fs::access(path.z(), 1).is_err()) {
            continue;
        }
        if is_dir {
            path.push(b'/');
        }
        add(path.get(len..).unwrap_or(&[]));
    }
}

/// Calls `add` with the commands in the directories of `path` (as in PATH) that start with `prefix`: for a
/// [`Host`].
pub(crate) fn executables(path: &[u8], prefix: &[u8], add: &mut dyn FnMut(&[u8])) {
    let mut rest = path;
    while !rest.is_empty() {
        files(cut(&mut rest, b':'), prefix, true, add);
    }
}

impl Editor {
    /// Completes the word before the cursor as far as it is clear, or shows what it may become.
    #[inline(never)]
    pub(super) fn complete(&mut self, host: &mut dyn Host) {
        let w = word(self.text.get(..self.cur).unwrap_or(&self.text));
        if w.command && w.text.is_empty() {
            return; // everything there is would help nobody
        }
        let mut found = Found { names: Buf::new(), count: 0, common: Buf::new() };
        let mut add = |name: &[u8]| found.add(name);
        let dollar = w.text.iter().rposition(|&c| c == b'$').map_or(0, |n| n + 1);
        let name = w.text.get(dollar..).unwrap_or(&[]);
        let bare = name.strip_prefix(b"{").unwrap_or(name);
        let slash = w.text.iter().rposition(|&c| c == b'/').map_or(0, |n| n + 1);
        let mut typed = bare;
        if dollar > 0 && w.quote != b'\'' && bare.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'_') {
            host.names(Kind::Variable, bare, &mut add);
        } else if slash == 0 && w.command {
            typed = &w.text;
            host.names(Kind::Command, typed, &mut add);
        } else {
            let (dir, prefix) = w.text.split_at(slash);
            typed = prefix;
            let mut path = Buf::new();
            match dir.strip_prefix(b"~/") {
                Some(rest) if w.quote == 0 => {
                    host.variable(b"HOME", &mut path);
                    path.push(b'/');
                    path.extend_from_slice(rest);
                }
                _ => path.extend_from_slice(dir),
            }
            files(&path, typed, false, &mut add);
        }
        let new = found.common.get(typed.len()..).unwrap_or(&[]);
        if !new.is_empty() || found.count == 1 {
            let mut b = Buf::new();
            for &c in new {
                let special: &[u8] = match w.quote {
                    0 => b" \t\n!\"#$&'()*;<>?[\\]^`{|}~",
                    b'"' => b"$`\"\\",
                    _ => b"",
                };
                if position(special, c).is_some() {
                    b.push(b'\\');
                }
                b.push(c);
            }
            if found.count == 1 && found.common.last() != Some(&b'/') {
                if name.len() != bare.len() {
                    b.push(b'}');
                }
                if w.quote != 0 {
                    b.push(w.quote);
                }
                b.push(b' ');
            }
            self.insert(&b);
        } else if found.count > 0 {
            self.show(&found.names);
        }
    }

    /// Lists the names in columns, sorted downwards, and begins the line anew below.
    #[inline(never)]
    fn show(&mut self, names: &[u8]) {
        let names = pattern::sorted(names);
        self.screen.leave(&self.text);
        let widest = names.iter().map(|n| n.len()).max().unwrap_or(0) + 2;
        // Few columns more or less: subtraction spares the division.
        let (mut across, mut room) = (1, self.screen.columns());
        while room >= 2 * widest {
            room -= widest;
            across += 1;
        }
        let mut rows = 0;
        while rows * across < names.len() {
            rows += 1;
        }
        for row in 0..rows {
            let mut at = row;
            while let Some(n) = names.get(at) {
                self.screen.text(n.bytes());
                at += rows;
                if at < names.len() {
                    (n.len()..widest).for_each(|_| self.screen.send(b" "));
                }
            }
            self.screen.send(b"\n");
        }
        if names.len() == MOST {
            self.screen.send(b"...\n");
        }
        self.screen.restart(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_their_place() {
        for (line, text, quote, command) in [
            ("ec", "ec", 0, true),
            ("echo fo", "fo", 0, false),
            ("a; b", "b", 0, true),
            ("a |b", "b", 0, true),
            ("if tr", "tr", 0, true),
            ("X=1 tr", "tr", 0, true),
            ("X=/us", "/us", 0, false),
            ("a --opt=/us", "/us", 0, false),
            ("cat < fi", "fi", 0, false),
            ("cat a\\ b", "a b", 0, false),
            ("cat 'a b", "a b", b'\'', false),
            ("cat \"a b", "a b", b'"', false),
            ("cat \"a\"b", "ab", 0, false),
            ("x $(ca", "ca", 0, true),
            ("", "", 0, true),
            ("a ", "", 0, false),
        ] {
            let w = word(line.as_bytes());
            let got = (core::str::from_utf8(&w.text).unwrap(), w.quote, w.command);
            assert_eq!(got, (text, quote, command), "{line}");
        }
    }
}
