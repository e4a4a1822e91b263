//! Completion of commands, files and variables.

use super::editor::{Editor, Host, Kind};
use super::ends::{behind, common};
use sys::fs::{self, Dir, Fd};
use sys::zstr::{cut, position, position_in};
use sys::{Buf, ToBuf};
use util::text::{after, part};

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
            self.common = name.buf();
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

/// Calls `add` with what directory `dir` (empty: the current one) holds that starts with `prefix`; a `/`
/// is put behind directories. With `run` only what can be executed, and no directories.
fn files(dir: &[u8], prefix: &[u8], run: bool, add: &mut dyn FnMut(&[u8])) {
    let mut path = (if dir.is_empty() { b"." } else { dir }).buf();
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
        let mode = fs::stat(path.z()).map_or(0, |s| s.stx_mode as u32);
        let is_dir = mode & fs::S_IFMT == fs::S_IFDIR;
        if run && (is_dir || mode & 0o111 == 0) {
            continue;
        }
        if is_dir {
            path.push(b'/');
        }
        add(after(&path, len));
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

/// Finds what the word may become; how much of what is found has been typed.
#[inline(never)]
fn gather(w: &Word, host: &mut impl Host, found: &mut Found) -> usize {
    let dollar = behind(&w.text, b'$');
    let mut name = after(&w.text, dollar);
    if dollar > 0 && w.quote != b'\'' {
        // In braces the closing one belongs to the name.
        let brace = name.starts_with(b"{");
        name = after(name, brace as usize);
        host.names(Kind::Variable, name, &mut |n| {
            let mut n = n.buf();
            if brace {
                n.push(b'}');
            }
            found.add(&n);
        });
        return name.len();
    }
    let slash = behind(&w.text, b'/');
    if slash == 0 && w.command {
        host.names(Kind::Command, &w.text, &mut |n| found.add(n));
        return w.text.len();
    }
    let (mut dir, prefix) = (part(&w.text, 0, slash), after(&w.text, slash));
    let mut path = Buf::new();
    if let ([b'~', rest @ ..], 0) = (dir, w.quote) {
        if rest.starts_with(b"/") {
            host.variable(b"HOME", &mut path);
            dir = rest;
        }
    }
    path.extend_from_slice(dir);
    files(&path, prefix, false, &mut |n| found.add(n));
    prefix.len()
}

impl Editor {
    /// Completes the word before the cursor as far as it is clear, or shows what it may become.
    #[inline(never)]
    pub(super) fn complete(&mut self, host: &mut impl Host) {
        let w = word(part(&self.text, 0, self.cur));
        if w.command && w.text.is_empty() {
            return; // everything there is would help nobody
        }
        let mut found = Found { names: Buf::new(), count: 0, common: Buf::new() };
        let typed = gather(&w, host, &mut found);
        let mut new = after(&found.common, typed);
        let only = found.count == 1;
        if new.is_empty() && !only {
            if found.count > 0 {
                self.show(&found.names);
            }
            return;
        }
        let special: &[u8] = match w.quote {
            0 => b" \t\n!\"#$&'()*;<>?[\\]^`{|~",
            b'"' => b"$`\"\\",
            _ => b"",
        };
        while let [c, rest @ ..] = new {
            new = rest;
            if position(special, *c).is_some() {
                self.insert(b"\\");
            }
            self.insert(&[*c]);
        }
        if only && found.common.last() != Some(&b'/') {
            if w.quote != 0 {
                self.insert(&[w.quote]);
            }
            self.insert(b" ");
        }
    }

    /// Lists the names in columns, sorted downwards, and begins the line anew below.
    #[inline(never)]
    fn show(&mut self, names: &[u8]) {
        let names = sys::sort::texts(names);
        self.screen.leave(&self.text);
        // With the two blanks behind it.
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
