//! grep, egrep, fgrep: print lines that match (POSIX.1-2024 grep; BusyBox findutils/grep.c, Toybox toys/posix/grep.c).
//!
//! Differences from BusyBox: -a, -b, -G, -I, -Z, -z, --color, --exclude, --exclude-dir, --include, --line-buffered and long
//! options; a file with NUL bytes is only said to match.

use core::mem::take;
use sys::fs::{self, Fd};
use sys::opts::{nth_bit, Walk};
use sys::{num, tty, Buf, Cx, Errno, List, ToBuf, ZStr};
use util::file::read;
use util::file::walk::{walk, Step};
use util::text::regex::{self, Regex, Span, EXTENDED, FIXED, IGNORE_CASE, LINES, WHOLE, WORD};
use util::text::{after, part, pattern, search};

applet! {
    name: grep,
    dir: "/bin",
    aliases: "egrep fgrep",
    class: NoExec,
    parse: Args,
    usage: "\
[-EFGabcHhIiLlnoqRrsvwxZz] [-A|-B|-C|-m N] PATTERN|-e PATTERN|-f FILE... [FILE]...

Print the lines of the FILEs that match PATTERN, which newlines separate into several.

    -E, --extended-regexp    Extended expressions, as egrep
    -F, --fixed-strings      Plain text, as fgrep
    -G, --basic-regexp       Basic expressions
    -e, --regexp=PATTERN     Match this, too
    -f, --file=FILE          Match the lines of FILE, too
    -i, --ignore-case        Large and small letters are the same
    -y                       As -i
    -v, --invert-match       Lines that do not match
    -w, --word-regexp        Match whole words
    -x, --line-regexp        Match whole lines
    -c, --count              Only the number of lines
    -l, --files-with-matches     Only names of files that match
    -L, --files-without-match    Only names of files that do not match
    -q, --quiet              Print nothing; end at the first match
        --silent             As -q
    -o, --only-matching      Only what matches of the lines
    -m, --max-count=N        At most N lines of a file
    -n, --line-number        With the number of the line
    -b, --byte-offset        With the offset of the line in the file
    -H, --with-filename      With the file's name, as for several files
    -h, --no-filename        Without it
    -Z, --null               NUL behind names
    -A, --after-context=N    With N lines behind it
    -B, --before-context=N   With N lines before it
    -C, --context=N          Both
    -a, --text               Print lines of files with NUL bytes, too
    -I                       Files with NUL bytes do not match
    -z, --null-data          NUL ends a line
    -s, --no-messages        Complain of no file
    -r, --recursive          All files in directories
    -R, --dereference-recursive  The same through links
        --include=NAME       With -r only files of this name, a pattern
        --exclude=NAME       With -r not these
        --exclude-dir=NAME   With -r no such directories
        --color[=WHEN]       Colour what matches: always, auto (default), never
        --line-buffered      Print each line at once
",
}

/// Bytes that are read at once.
const SIZE: usize = if cfg!(mote_nommu) { 1024 } else { 16384 };

struct Grep {
    opts: u64,
    /// Nothing matches without it.
    regex: Option<Regex>,
    before: usize,
    behind: usize,
    most: u64,
    include: Buf,
    exclude: Buf,
    exclude_dir: Buf,
    /// Show names, and colours.
    names: bool,
    color: bool,
    /// Has something been selected, and gone wrong?
    found: bool,
    wrong: bool,
    /// Has a group of lines with context been printed?
    groups: bool,
}

/// A file that is read, and how far.
struct File<'n> {
    name: &'n [u8],
    /// Whole lines, and the start of one.
    text: Buf,
    /// The offset of the text in the file, and the number of the line at `counted`.
    offset: u64,
    number: u64,
    counted: usize,
    /// Up to here lines have been looked at, and printed or passed over for good.
    at: usize,
    shown: usize,
    /// Are there lines before `shown` that were not shown, since the last one that was?
    gap: bool,
    /// How many lines behind the last one are to be printed still.
    behind: usize,
    /// How many lines were selected.
    lines: u64,
    /// For -v: the next line that matches.
    hit: Option<Span>,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut how = LINES | regex::characters(cx.envp);
    match cx.name.base().first() {
        b'e' => how |= EXTENDED,
        b'f' => how |= FIXED,
        _ => {}
    }
    let mut list = Buf::new();
    let mut given = false;
    let mut empty = true;
    let mut g = Grep {
        opts: 0,
        regex: None,
        before: 0,
        behind: 0,
        most: u64::MAX,
        include: Buf::new(),
        exclude: Buf::new(),
        exclude_dir: Buf::new(),
        names: false,
        color: false,
        found: false,
        wrong: false,
        groups: false,
    };
    let mut when = None;
    let mut walk = Walk::new(take(&mut cx.args), SPEC, true);
    while let Some(step) = walk.next() {
        let found = match step {
            Ok(found) => found,
            Err(wrong) => {
                cx.wrong(wrong);
                return 2;
            }
        };
        let bit = nth_bit(found.number);
        g.opts |= bit;
        let value = found.value.map_or(&b""[..], ZStr::bytes);
        let mut text = value.buf();
        let number = num::parse(value, 10);
        match found.letter {
            b'E' => how = how & !FIXED | EXTENDED,
            b'F' => how |= FIXED,
            b'G' => how &= !(FIXED | EXTENDED),
            b'i' | b'y' => how |= IGNORE_CASE,
            b'w' => how |= WORD,
            b'x' => how |= WHOLE,
            letter @ (b'A' | b'B' | b'C' | b'm') => {
                let Some(n) = number else {
                    cx.error(value, b"invalid number");
                    return 2;
                };
                let lines = n.min(usize::MAX as u64) as usize;
                if letter == b'm' {
                    g.most = n;
                }
                if letter == b'A' || letter == b'C' {
                    g.behind = lines;
                }
                if letter == b'B' || letter == b'C' {
                    g.before = lines;
                }
            }
            letter @ (b'e' | b'f') => {
                given = true;
                if letter == b'f' {
                    match read_list(found.value) {
                        Ok(all) => text = all,
                        Err(why) => {
                            cx.fail(value, why);
                            return 2;
                        }
                    }
                    if text.is_empty() {
                        continue;
                    }
                    if text.last() == Some(&b'\n') {
                        text.pop();
                    }
                }
                add(&mut list, &mut empty, &text);
            }
            _ if bit == opt!("--color") => when = found.value,
            _ if found.takes => {
                let names = if bit == opt!("--include") {
                    &mut g.include
                } else if bit == opt!("--exclude") {
                    &mut g.exclude
                } else {
                    &mut g.exclude_dir
                };
                names.extend_from_slice(value);
                names.push(0);
            }
            _ => {}
        }
    }
    let mut files = &*walk.operands();
    if !given {
        let [first, rest @ ..] = files else {
            cx.misuse(b"missing PATTERN");
            return 2;
        };
        add(&mut list, &mut empty, first.bytes());
        files = rest;
    }
    if !empty {
        match Regex::new(&list, how) {
            Ok(r) => g.regex = Some(r),
            Err(why) => {
                cx.error(&list, why);
                return 2;
            }
        }
    }
    if g.has(opt!("--color")) {
        g.color = match when.map_or(&b"auto"[..], ZStr::bytes) {
            b"always" | b"yes" | b"force" => true,
            b"never" | b"no" | b"none" => false,
            _ => tty::is(Fd::STDOUT),
        };
    }
    g.all(cx, files);
    if g.wrong && !(g.found && g.has(opt!("q"))) {
        return 2;
    }
    !g.found as u8
}

/// The expressions in a file, `-` being standard input.
fn read_list(file: Option<ZStr>) -> Result<Buf, Errno> {
    let Some(file) = file.filter(|f| !f.is(b"-")) else {
        let mut text = Buf::new();
        read::to_end(Fd::STDIN, &mut text)?;
        return Ok(text);
    };
    read::file(file)
}

fn add(list: &mut Buf, empty: &mut bool, text: &[u8]) {
    if !take(empty) {
        list.push(b'\n');
    }
    list.extend_from_slice(text);
}

/// Is the name one of the patterns?
fn among(patterns: &Buf, name: &[u8]) -> bool {
    patterns.split(|&b| b == 0).any(|p| !p.is_empty() && pattern::matches(p, name, 0))
}

impl Grep {
    fn has(&self, bits: u64) -> bool {
        self.opts & bits != 0
    }

    fn all(&mut self, cx: &mut Cx, files: &[ZStr<'static>]) {
        let deep = self.has(opt!("rR"));
        let default = [ZStr::new(if deep { c"." } else { c"-" })];
        self.names = self.has(opt!("H")) || files.len() > 1;
        for &file in if files.is_empty() { &default[..] } else { files } {
            let dir = deep && fs::stat(file).is_ok_and(|s| fs::kind(&s) == fs::S_IFDIR);
            if dir {
                self.names = true;
            }
            if self.has(opt!("h")) {
                self.names = false;
            }
            if dir {
                self.tree(cx, file);
            } else if file.is(b"-") {
                let done = self.file(cx, Fd::STDIN, b"(standard input)");
                self.check(cx, b"(standard input)", done);
            } else {
                let done = fs::open_read(file).and_then(|f| self.file(cx, *f, file.bytes()));
                self.check(cx, file.bytes(), done);
            }
            if self.ended(cx) {
                return;
            }
        }
    }

    /// Is nothing left to do?
    fn ended(&self, cx: &Cx) -> bool {
        cx.out.failed() || self.found && self.has(opt!("q"))
    }

    fn check(&mut self, cx: &mut Cx, name: &[u8], done: Result<(), Errno>) {
        if let Err(why) = done {
            self.wrong = true;
            if !self.has(opt!("s")) {
                cx.fail(name, why);
            }
        }
    }

    /// All files in a directory. With -R, links to directories wait, and are entered by their own path.
    #[inline(never)]
    fn tree(&mut self, cx: &mut Cx, root: ZStr) {
        let mut waiting = List::new();
        waiting.push(root.bytes().buf());
        while let Some(mut path) = waiting.pop() {
            let mut linked = Buf::new();
            core::mem::swap(&mut linked, &mut path);
            // What ends in a slash is what a link leads to.
            if fs::lstat(linked.z()).is_ok_and(|s| fs::kind(&s) == fs::S_IFLNK) {
                linked.push(b'/');
            }
            walk(cx, linked.z(), true, &mut |w, step| {
                if self.ended(w.cx) {
                    return false;
                }
                let name = w.name().bytes().buf();
                match step {
                    Step::Enter => return w.depth == 0 || !among(&self.exclude_dir, &name),
                    Step::Leave => return true,
                    Step::Unreadable(why) => {
                        let path = w.path.clone();
                        self.check(w.cx, &path, Err(why));
                        return true;
                    }
                    Step::File => {}
                }
                let Ok(s) = w.stat() else { return true };
                let mut kind = fs::kind(&s);
                if kind == fs::S_IFLNK {
                    if !self.has(opt!("R")) {
                        return true;
                    }
                    kind = match fs::stat(w.path.z()) {
                        Ok(s) => fs::kind(&s),
                        Err(why) => {
                            let path = w.path.clone();
                            self.check(w.cx, &path, Err(why));
                            return true;
                        }
                    };
                    if kind == fs::S_IFDIR && !among(&self.exclude_dir, &name) {
                        waiting.push(w.path.clone());
                    }
                }
                // A pipe would wait, and a device may do anything.
                let wanted = self.include.is_empty() || among(&self.include, &name);
                if kind == fs::S_IFREG && wanted && !among(&self.exclude, &name) {
                    let dir = w.dir;
                    let opened = fs::openat(dir, w.name(), fs::O_RDONLY | fs::O_NONBLOCK | fs::O_CLOEXEC, 0);
                    let path = w.path.clone();
                    let done = opened.and_then(|f| self.file(w.cx, *f, &path));
                    self.check(w.cx, &path, done);
                }
                true
            });
        }
    }

    #[inline(never)]
    fn file(&mut self, cx: &mut Cx, fd: Fd, name: &[u8]) -> Result<(), Errno> {
        let mut f = File {
            name,
            text: Buf::new(),
            offset: 0,
            number: 1,
            counted: 0,
            at: 0,
            shown: 0,
            gap: true,
            behind: 0,
            lines: 0,
            hit: None,
        };
        let done = self.read(cx, fd, &mut f);
        let listed = if self.has(opt!("L")) { f.lines == 0 } else { f.lines > 0 };
        self.found |= listed;
        if self.has(opt!("q")) {
            return done;
        }
        if self.has(opt!("lL")) {
            if listed {
                cx.out.bytes(name);
                cx.out.byte(if self.has(opt!("Z")) { 0 } else { b'\n' });
            }
        } else if self.has(opt!("c")) {
            self.name(cx, name, b':');
            cx.out.dec(f.lines);
            cx.out.byte(b'\n');
        }
        if self.regex.as_ref().is_some_and(Regex::gave_up) {
            self.wrong = true;
            cx.error(name, b"matching takes too long");
            self.regex = None;
        }
        done
    }

    fn read(&mut self, cx: &mut Cx, fd: Fd, f: &mut File) -> Result<(), Errno> {
        let mut chunk = [0; SIZE];
        let swap = self.has(opt!("z"));
        loop {
            let n = fs::read(fd, &mut chunk)?;
            let new = chunk.get_mut(..n).unwrap_or_default();
            if f.offset == 0 && f.text.is_empty() && self.has(opt!("I")) && search::byte(new, 0).is_some() {
                return Ok(());
            }
            if swap {
                swap_ends(new);
            }
            // Lines that are whole now; at the end of the file, what is there.
            let whole = match new.iter().rposition(|&b| b == b'\n') {
                Some(place) => f.text.len() + place,
                None => usize::MAX,
            };
            f.text.extend_from_slice(new);
            let end = if n == 0 { f.text.len() } else { whole };
            if end != usize::MAX && (n > 0 || f.at < end) && !self.lines(cx, f, end)
                || n == 0
                || cx.out.failed()
            {
                return Ok(());
            }
        }
    }

    /// Looks at the lines up to `end`, which ends the last one. False: the file needs no more.
    #[inline(never)]
    fn lines(&mut self, cx: &mut Cx, f: &mut File, end: usize) -> bool {
        let all = take(&mut f.text);
        let text = part(&all, 0, end);
        let only = self.has(opt!("qlLc"));
        let mut more = true;
        while more && f.at <= end {
            let line = if f.lines >= self.most { None } else { self.select(f, text) };
            let Some(line) = line else { break };
            if f.lines == 0 && !only && !self.has(opt!("az")) && search::byte(&all, 0).is_some() {
                f.lines = 1;
                cx.out.bytes(b"Binary file ");
                cx.out.bytes(f.name);
                cx.out.bytes(b" matches\n");
                return false;
            }
            f.lines += 1;
            f.at = line.end + 1;
            if only {
                more = self.has(opt!("c"));
                f.shown = f.at;
                continue;
            }
            self.context(cx, f, text, line.start);
            let first = back(text, line.start, self.before).max(f.shown);
            if (self.before | self.behind) > 0 && self.groups && (f.gap || first > f.shown) {
                cx.out.bytes(b"--\n");
            }
            (self.groups, f.gap, f.shown) = (true, false, first);
            while f.shown < line.start {
                self.show(cx, f, text, b'-');
            }
            self.show(cx, f, text, b':');
            f.behind = self.behind;
        }
        if !only {
            self.context(cx, f, text, end + 1);
        }
        // What is needed no more goes.
        let keep = back(text, end + 1, self.before).max(f.shown).min(all.len());
        self.count(f, &all, keep);
        f.gap |= f.shown < keep;
        f.offset += keep as u64;
        f.at = all.len().min(end + 1) - keep;
        (f.shown, f.counted, f.hit) = (0, 0, None);
        f.text = all;
        f.text.replace(0, keep, b"");
        more && (f.lines < self.most || f.behind > 0)
    }

    /// The next line from `f.at` on that is wanted.
    #[inline(never)]
    fn select(&self, f: &mut File, text: &[u8]) -> Option<Span> {
        if !self.has(opt!("v")) {
            return self.next(text, f.at);
        }
        loop {
            let hit = match f.hit.filter(|hit| hit.start >= f.at) {
                Some(hit) => hit,
                None => self.next(text, f.at).unwrap_or(Span::NONE),
            };
            f.hit = Some(hit);
            if hit.start != f.at {
                let end = search::byte(after(text, f.at), b'\n').map_or(text.len(), |n| f.at + n);
                return Some(Span { start: f.at, end });
            }
            f.at = hit.end + 1;
            if f.at > text.len() {
                return None;
            }
        }
    }

    /// The next line from `at` on that matches.
    #[inline(never)]
    fn next(&self, text: &[u8], at: usize) -> Option<Span> {
        let place = self.regex.as_ref()?.first_end(text, at)?;
        let start = part(text, at, place).iter().rposition(|&b| b == b'\n').map_or(at, |n| at + n + 1);
        let end = search::byte(after(text, place), b'\n').map_or(text.len(), |n| place + n);
        Some(Span { start, end })
    }

    /// Shows lines behind the last selected one, as many as are wanted, up to `to`.
    fn context(&mut self, cx: &mut Cx, f: &mut File, text: &[u8], to: usize) {
        while f.behind > 0 && f.shown < to && f.shown <= text.len() {
            f.behind -= 1;
            self.show(cx, f, text, b'-');
        }
    }

    /// Shows the line at `f.shown`.
    #[inline(never)]
    fn show(&mut self, cx: &mut Cx, f: &mut File, text: &[u8], mark: u8) {
        let start = f.shown;
        let end = search::byte(after(text, start), b'\n').map_or(text.len(), |n| start + n);
        f.shown = end + 1;
        let line = part(text, start, end);
        if self.has(opt!("n")) {
            self.count(f, text, start);
        }
        let wanted = mark == b':' && !self.has(opt!("v"));
        if self.has(opt!("o")) {
            if wanted {
                self.matches(cx, line, &mut |g, cx, span| {
                    g.prefix(cx, f, start + span.start, mark);
                    g.put(cx, span.of(line), true);
                    g.end(cx);
                });
            }
            return;
        }
        self.prefix(cx, f, start, mark);
        let mut at = 0;
        if self.color && wanted {
            self.matches(cx, line, &mut |g, cx, span| {
                g.put(cx, part(line, at, span.start), false);
                g.put(cx, span.of(line), true);
                at = span.end;
            });
        }
        self.put(cx, after(line, at), false);
        self.end(cx);
    }

    /// Calls `each` with what matches in a line.
    fn matches(&self, cx: &mut Cx, line: &[u8], each: &mut dyn FnMut(&Grep, &mut Cx, Span)) {
        let Some(regex) = &self.regex else { return };
        let mut at = 0;
        let mut span = [Span::NONE];
        while regex.find(line, at, &mut span) {
            let s = span[0];
            if s.end > s.start {
                each(self, cx, s);
            }
            at = s.end + (s.end == s.start) as usize;
        }
    }

    /// Counts the lines up to `to`.
    fn count(&self, f: &mut File, text: &[u8], to: usize) {
        if !self.has(opt!("n")) {
            return;
        }
        let mut rest = part(text, f.counted, to);
        while let Some(n) = search::byte(rest, b'\n') {
            rest = after(rest, n + 1);
            f.number += 1;
        }
        f.counted = f.counted.max(to);
    }

    fn name(&self, cx: &mut Cx, name: &[u8], mark: u8) {
        if self.names {
            cx.out.bytes(name);
            cx.out.byte(if self.has(opt!("Z")) { 0 } else { mark });
        }
    }

    fn prefix(&self, cx: &mut Cx, f: &File, start: usize, mark: u8) {
        self.name(cx, f.name, mark);
        let numbers = [(opt!("n"), f.number), (opt!("b"), f.offset + start as u64)];
        for (bit, n) in numbers {
            if self.has(bit) {
                cx.out.dec(n);
                cx.out.byte(mark);
            }
        }
    }

    #[inline(never)]
    fn put(&self, cx: &mut Cx, text: &[u8], matches: bool) {
        let color = matches && self.color;
        if color {
            cx.out.bytes(b"\x1b[1;31m");
        }
        if self.has(opt!("z")) {
            let mut text = text.buf();
            swap_ends(&mut text);
            cx.out.bytes(&text);
        } else {
            cx.out.bytes(text);
        }
        if color {
            cx.out.bytes(b"\x1b[m");
        }
    }

    fn end(&self, cx: &mut Cx) {
        cx.out.byte(if self.has(opt!("z")) { 0 } else { b'\n' });
        if self.has(opt!("--line-buffered")) {
            // An error stays, and is told at the end.
            let _ = cx.out.flush();
        }
    }
}

/// With -z, NUL and newline change places, so that lines end as always.
fn swap_ends(text: &mut [u8]) {
    for b in text {
        if *b == 0 || *b == b'\n' {
            *b ^= b'\n';
        }
    }
}

/// Where the `n` lines before `at`, which begins a line, begin.
#[inline(never)]
fn back(text: &[u8], at: usize, n: usize) -> usize {
    let mut start = at;
    for _ in 0..n {
        if start == 0 {
            break;
        }
        start = part(text, 0, start - 1).iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
    }
    start
}
