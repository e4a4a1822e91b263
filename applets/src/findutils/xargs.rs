//! xargs: run a command with arguments from standard input (POSIX.1-2024 xargs; -0, -P, -i, -e and -r as GNU and BusyBox
//! have them).
//!
//! Differences from BusyBox: -L.

use sys::fs::{self, Fd};
use sys::process::{self, Status};
use sys::zstr::Texts;
use sys::{out, Buf, Cx, Errno, List, ZStr};
use util::command::child::{self, Child};
use util::command::program;
use util::file::ask;
use util::text::{after, find};

applet! {
    name: xargs,
    dir: "/usr/bin",
    class: NoExec,
    parse: Posix,
    numbers: "L=1.. n=1.. s:k=1.. P=0..",
    last_wins: "ILin eE",
    usage: "\
[-0eiprtx] [-a FILE] [-E END] [-I TEXT] [-L LINES] [-n MAX] [-P MAX] [-s SIZE]
[PROGRAM [ARG]...]

Run PROGRAM (echo) with the ARGs and what is read from standard input, word by
word; blanks and newlines end words, quotes and backslashes keep them.

    -0          A NUL ends each word, and nothing else does
    -a FILE     Read the words from FILE
    -E END      A word END is the end of the input
    -e          No word is (default)
    -I TEXT     Run PROGRAM for each line, which replaces TEXT in the ARGs
    -i          As -I {}
    -L LINES    Run PROGRAM for so many lines that are not empty
    -n MAX      At most so many words for each run
    -P MAX      Run up to so many at once; 0: without limit
    -p          Ask before each run
    -r          Do not run if there are no words
    -s SIZE     At most so many bytes for each run
    -t          Print each command on standard error
    -x          End if a command is too long
",
}

/// Bytes of words in a command, if -s does not say.
const SIZE: u64 = if cfg!(mote_nommu) { 4096 } else { 128 << 10 };
/// Bytes that are read at once.
const CHUNK: usize = if cfg!(mote_nommu) { 512 } else { 4096 };

struct Input {
    chunk: [u8; CHUNK],
    at: usize,
    end: usize,
    from: Fd,
    why: Option<Errno>,
}

impl Input {
    #[inline(always)]
    fn next(&mut self) -> Option<u8> {
        loop {
            if let Some(&b) = self.chunk.get(self.at).filter(|_| self.at < self.end) {
                self.at += 1;
                return Some(b);
            }
            self.fill()?;
        }
    }

    #[inline(never)]
    fn fill(&mut self) -> Option<()> {
        match fs::read(self.from, &mut self.chunk) {
            Ok(n @ 1..) => {
                (self.at, self.end) = (0, n);
                Some(())
            }
            Ok(_) => None,
            Err(e) => {
                self.why = Some(e);
                None
            }
        }
    }
}

/// The status that ends everything, and what is to be said.
type End = (u8, &'static [u8]);

struct Xargs<'x, 'c> {
    cx: &'x mut Cx<'c>,
    command: &'x [ZStr<'static>],
    /// What is replaced, by -I.
    text: Option<ZStr<'static>>,
    /// The words, NUL-terminated, and how many there are.
    words: Buf,
    count: u64,
    /// Bytes of the command without them.
    base: u64,
    running: u64,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    let echo = [ZStr::new(c"echo")];
    let command = if args.is_empty() { &echo[..] } else { args };
    let mut text = cx.value(slot!("I"));
    if cx.has(opt!("i")) {
        text = Some(ZStr::new(c"{}"));
    }
    if !cx.has(opt!("iI")) {
        text = None;
    }
    let base = command.iter().map(|w| w.len() as u64 + 1).sum();
    let mut x = Xargs { cx, command, text, words: Buf::new(), count: 0, base, running: 0 };
    let mut end = x.all();
    while x.running > 0 {
        if let Err(e) = x.reap() {
            end = Err(e);
        }
    }
    if let Err((status, why)) = end {
        if !why.is_empty() {
            out::complain(&[x.cx.name.bytes(), b": ", why]);
        }
        return status;
    }
    x.cx.status
}

impl Xargs<'_, '_> {
    /// Reads all words, and runs the commands.
    fn all(&mut self) -> Result<(), End> {
        let mut input = Input { chunk: [0; CHUNK], at: 0, end: 0, from: Fd::STDIN, why: None };
        let file = self.cx.value(slot!("a"));
        if let Some(file) = file {
            match fs::open_read(file) {
                Ok(opened) => input.from = opened.into_fd(),
                Err(e) => {
                    self.cx.fail_on(file, e);
                    return Err((1, b""));
                }
            }
        }
        let most = self.cx.number(slot!("n")).filter(|_| self.cx.has(opt!("n"))).unwrap_or(u64::MAX);
        let lines = self.cx.number(slot!("L")).filter(|_| self.cx.has(opt!("L")));
        let size = self.cx.size(slot!("s")).unwrap_or(SIZE).min(SIZE);
        let strict = self.cx.has(opt!("x")) || lines.is_some() || self.text.is_some();
        let end = self.cx.value(slot!("E")).filter(|_| self.cx.has(opt!("E")));
        let mut word = Buf::new();
        let mut ended = 0;
        let mut ran = false;
        while let Some(line_end) = self.word(&mut input, &mut word)? {
            if end.is_some_and(|end| end.is(&word)) {
                break;
            }
            if self.text.is_some() {
                self.replaced(&word, size)?;
                ran = true;
                continue;
            }
            let need = self.base + word.len() as u64 + 1;
            if need + self.words.len() as u64 > size {
                if self.count == 0 || strict || need > size {
                    return Err((1, b"command too long"));
                }
                self.gathered()?;
                ran = true;
            }
            self.words.extend_from_slice(&word);
            self.words.push(0);
            self.count += 1;
            ended += line_end as u64;
            if self.count == most || lines == Some(ended) {
                self.gathered()?;
                ran = true;
                ended = 0;
            }
        }
        if let Some(e) = input.why {
            self.cx.fail(file.map_or(b"standard input", ZStr::bytes), e);
            return Err((1, b""));
        }
        if self.count > 0 || !ran && self.text.is_none() && !self.cx.has(opt!("r")) {
            self.gathered()?;
        }
        Ok(())
    }

    /// Reads a word: does a newline end it? `None` at the end.
    #[inline(never)]
    fn word(&mut self, input: &mut Input, word: &mut Buf) -> Result<Option<bool>, End> {
        word.clear();
        let zero = self.cx.has(opt!("0"));
        let whole = self.text.is_some();
        let mut begun = false;
        let mut quote = 0;
        loop {
            let Some(b) = input.next() else {
                if quote != 0 {
                    return Err(UNMATCHED);
                }
                return Ok(begun.then_some(true));
            };
            if zero {
                if b == 0 {
                    return Ok(Some(true));
                }
                begun = true;
                word.push(b);
                continue;
            }
            if quote != 0 {
                if b == b'\n' {
                    return Err(UNMATCHED);
                }
                if b == quote {
                    quote = 0;
                } else {
                    word.push(b);
                }
                continue;
            }
            match b {
                b'\n' if begun => return Ok(Some(true)),
                b' ' | b'\t' if begun && !whole => return Ok(Some(false)),
                b'\n' => {}
                b' ' | b'\t' if !begun => {}
                b'\'' | b'"' => {
                    begun = true;
                    quote = b;
                }
                b'\\' => {
                    begun = true;
                    word.extend(input.next());
                }
                // It could not be given to a command.
                0 => {}
                _ => {
                    begun = true;
                    word.push(b);
                }
            }
        }
    }

    /// Runs the command with the words that were gathered.
    #[inline(never)]
    fn gathered(&mut self) -> Result<(), End> {
        let words = core::mem::take(&mut self.words);
        let mut all: List<ZStr> = self.command.iter().copied().collect();
        let mut at = 0;
        for text in Texts::new(&words).take(self.count as usize) {
            all.push(words.z_from(at));
            at += text.len() + 1;
        }
        self.count = 0;
        self.command(&all)
    }

    /// Runs the command with a line in the place of the text.
    fn replaced(&mut self, line: &Buf, size: u64) -> Result<(), End> {
        let mut words: List<Buf> = List::new();
        let mut sum = 0;
        for word in self.command {
            let mut new = Buf::new();
            let mut rest = word.bytes();
            let text = self.text.map_or(&b""[..], ZStr::bytes);
            while let Some(n) = find(rest, text).filter(|_| !text.is_empty()) {
                new.extend_from_slice(rest.get(..n).unwrap_or_default());
                new.extend_from_slice(line);
                rest = after(rest, n + text.len());
            }
            new.extend_from_slice(rest);
            sum += new.len() as u64 + 1;
            words.push(new);
        }
        if sum > size {
            return Err((1, b"command too long"));
        }
        let all: List<ZStr> = words.iter().map(|word| word.z()).collect();
        self.command(&all)
    }

    #[inline(never)]
    fn command(&mut self, words: &[ZStr]) -> Result<(), End> {
        if self.cx.has(opt!("tp")) {
            let mut line = Buf::new();
            for word in words {
                if !line.is_empty() {
                    line.push(b' ');
                }
                line.extend_from_slice(word.bytes());
            }
            if self.cx.has(opt!("p")) {
                if !ask::at_terminal(self.cx, b"run", &line) {
                    return Ok(());
                }
            } else {
                out::complain(&[&line]);
            }
        }
        let most = self.cx.number(slot!("P")).unwrap_or(1);
        while self.running == most && most > 0 {
            self.reap()?;
        }
        let mut child = Child { words, envp: self.cx.envp, dir: None, quiet: !self.cx.has(opt!("a")) };
        match child::start(self.cx, &mut child) {
            Ok(_) => self.running += 1,
            Err(e) => {
                return Err((program::failed(self.cx.name, words, e), b""));
            }
        }
        if most == 1 {
            self.reap()?;
        }
        Ok(())
    }

    /// Waits for the end of a command.
    #[inline(never)]
    fn reap(&mut self) -> Result<(), End> {
        let status: Status = loop {
            match process::wait4(-1, 0) {
                Err(Errno::EINTR) => {}
                Ok((_, status)) => break status,
                Err(e) => {
                    self.running = 0;
                    self.cx.fail(b"wait", e);
                    return Err((1, b""));
                }
            }
        };
        self.running -= 1;
        match status.exited() {
            Some(0) => Ok(()),
            Some(255) => Err((124, b"the command's status is 255")),
            Some(_) => {
                self.cx.status = 123;
                Ok(())
            }
            None => Err((125, b"a signal has ended the command")),
        }
    }
}

const UNMATCHED: End = (1, b"unmatched quote");
