//! Applets: the table of them, and the context that one runs in.

use crate::env::{self, Envp};
use crate::fs::{self, Fd};
use crate::opts::{Walk, Wrong};
use crate::usage::Usage;
use crate::zstr::Texts;
use crate::{num, opts, out, Errno, Out, ZStr};

/// May an applet run inside the shell's process? As BusyBox's NOFORK/NOEXEC list.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// As a function of the shell: leaks nothing, changes nothing of the process, ends soon.
    NoFork,
    /// In a fork of the shell, without exec.
    NoExec,
    /// Only by exec.
    Exec,
}

/// How the arguments are read before `run` is called.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Parse {
    /// Options anywhere before `--`.
    Mix,
    /// Options end at the first operand.
    Posix,
    /// Not at all: `run` gets every argument, but a lone `--help` is answered before.
    Args,
    /// Not at all, `--help` included.
    Raw,
}

/// One name of an applet.
pub struct Entry {
    /// Runs it; the value is the exit status.
    pub run: fn(&mut Cx) -> u8,
    /// Position of its declaration among all: index into the specs and usage texts.
    pub decl: u8,
    /// See [`Class`].
    pub class: Class,
    /// See [`Parse`].
    pub parse: Parse,
    /// The least number of operands in the upper four bits, the most in the lower ones; 15: any number.
    pub operands: u8,
    /// The install directory in the lower two bits: 0 /bin, 1 /sbin, 2 /usr/bin, 3 /usr/sbin. Above it the status of
    /// a mistake on the command line: 0 for 1, 1 for 2, 2 for 125. Above that 1 if a set-uid binary keeps its owner's
    /// rights for it.
    pub place: u8,
}

impl Entry {
    /// The install directory.
    pub fn dir(&self) -> &'static [u8] {
        DIRS[(self.place & 3) as usize]
    }

    /// Does it look itself at who called, so that a set-uid binary keeps its owner's rights for it?
    pub fn checks_caller(&self) -> bool {
        self.place & 16 != 0
    }
}

/// What the declarations of a binary are checked for before `run`. A binary does without the code for what none of
/// its declarations asks for.
pub trait Checks {
    /// Does one say how many operands it takes?
    const OPERANDS: bool = false;
    /// Has one a status of its own for mistakes?
    const STATUS: bool = false;
    /// May one of the numbers have a suffix?
    const SUFFIXES: bool = false;
    /// The options whose arguments are numbers.
    const NUMBERS: &'static [Number] = &[];
}

/// An option whose argument is a number.
pub struct Number {
    /// Its declaration, as [`Entry::decl`].
    pub decl: u8,
    /// Its slot ([`Cx::value`]).
    pub slot: u8,
    /// May it have a suffix ([`num::sized`])?
    pub suffix: bool,
    /// The least that it may be.
    pub least: u32,
    /// The most that it may be; `u32::MAX` is no limit.
    pub most: u32,
}

/// All applets of a binary. Texts stand in blobs, NUL-terminated one behind the other: no pointers, so
/// nothing to relocate and nothing writable.
pub struct Table {
    /// Names, sorted.
    pub names: &'static [u8],
    /// One for each name.
    pub entries: &'static [Entry],
    /// Reads the options before `run`: [`options`], or [`no_options`] where no applet declares any and nothing is to
    /// be checked, so that such a binary does without the reader.
    pub options: fn(&mut Cx, &Entry) -> Option<u8>,
    /// Option specs ([`opts`]), one for each declaration.
    pub specs: &'static [u8],
    /// Usage texts, one for each declaration, and the multicall's.
    pub usage: Usage,
}

/// Install directories by [`Entry::dir`].
pub const DIRS: [&[u8]; 4] = [b"/bin", b"/sbin", b"/usr/bin", b"/usr/sbin"];

/// Text number `n` of a blob of NUL-terminated texts.
fn nth(blob: &'static [u8], n: usize) -> &'static [u8] {
    Texts::new(blob).nth(n).unwrap_or(&[])
}

impl Table {
    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = (&'static [u8], &'static Entry)> {
        Texts::new(self.names).zip(self.entries)
    }

    /// The applet of this name.
    #[inline(never)]
    pub fn find(&self, name: &[u8]) -> Option<&'static Entry> {
        self.names().find(|(n, _)| *n == name).map(|(_, e)| e)
    }

    /// Runs `e` on `args`, `args[0]` its name: reads the options, answers `--help`, calls it, and
    /// reports output that could not be written. The value is the exit status.
    #[inline(always)]
    pub fn run(
        &'static self,
        e: &'static Entry,
        envp: Envp,
        args: &mut [ZStr<'static>],
        out: &mut Out,
    ) -> u8 {
        self.run_called(e, envp, args, out, true)
    }

    /// As [`Table::run`]. If the name is not one that is `given`, the table's is told: for the only applet of a binary
    /// that takes no text from others.
    #[inline(never)] // `given` is the same wherever a binary calls it
    pub fn run_called(
        &'static self,
        e: &'static Entry,
        envp: Envp,
        args: &mut [ZStr<'static>],
        out: &mut Out,
        given: bool,
    ) -> u8 {
        let Some((&mut name, args)) = args.split_first_mut() else { return 127 };
        let mut cx = Cx::raw(name, args, out, envp, self);
        let status = match cx.prepare(e) {
            Some(status) => status,
            None => (e.run)(&mut cx),
        };
        match cx.out.flush() {
            Err(why) if status == 0 || cx.status == 0 => {
                if given {
                    out::fail(name, b"write error", why);
                } else {
                    out::own_line(self.names, b": write error", why);
                }
                status.max(1)
            }
            _ => status,
        }
    }

    /// Writes declaration `decl`'s usage text.
    pub fn help(&self, out: &mut Out, name: ZStr, decl: u8) {
        out.bytes(b"Usage: ");
        out.z(name);
        out.byte(b' ');
        (self.usage.write)(&self.usage, decl as u32, out);
        out.byte(b'\n');
    }
}

/// Takes the options of `e` off the arguments, and makes the checks `C`. `Some` is a status to end with.
pub fn options<C: Checks>(cx: &mut Cx, e: &Entry) -> Option<u8> {
    if C::STATUS {
        cx.usage_status = match e.place >> 2 & 3 {
            0 => 1,
            1 => 2,
            _ => 125,
        };
    }
    let spec = nth(cx.table.specs, e.decl as usize);
    let mut walk = Walk::new(core::mem::take(&mut cx.args), spec, e.parse == Parse::Mix);
    while let Some(step) = walk.next() {
        match step {
            Ok(f) => {
                let bit = opts::nth_bit(f.number);
                cx.twice |= cx.opts & bit;
                cx.opts = cx.opts & !opts::rivals(spec, f.letter) | bit;
                // Without an argument, one that need not have it takes back what an earlier one said.
                if let Some(slot) = cx.values.get_mut(f.slot).filter(|_| f.takes) {
                    *slot = f.value;
                }
            }
            Err(w) => return Some(cx.wrong(w)),
        }
    }
    cx.args = walk.operands();
    if !C::NUMBERS.is_empty() {
        for n in C::NUMBERS.iter().filter(|n| n.decl == e.decl) {
            let Some(text) = cx.value(n.slot as usize) else { continue };
            let number =
                if C::SUFFIXES && n.suffix { num::sized(text.bytes()) } else { num::parse(text.bytes(), 10) };
            if !number.is_some_and(|v| v >= n.least as u64 && (v <= n.most as u64 || n.most == u32::MAX)) {
                return Some(cx.refuse(b"invalid number", text.bytes()));
            }
        }
    }
    if C::OPERANDS {
        if cx.args.len() < (e.operands >> 4) as usize {
            return Some(cx.misuse(b"missing operand"));
        }
        let most = e.operands & 15;
        if let Some(&extra) = cx.args.get(most as usize).filter(|_| most < 15) {
            return Some(cx.refuse(b"extra operand", extra.bytes()));
        }
    }
    None
}

/// For a binary whose applets have no options: leaves the arguments as they are.
pub fn no_options(_: &mut Cx, _: &Entry) -> Option<u8> {
    None
}

/// What an applet gets: its arguments and its output, and the means to complain.
// In this order: Thumb-1 reaches bytes within the first 32 by one instruction.
#[repr(C)]
pub struct Cx<'a> {
    /// Set of the options given; ask with [`Cx::has`].
    pub opts: u64,
    /// Those of them given more than once (`ls -ll`, `ps -ww`).
    pub twice: u64,
    /// Set to 1 by [`Cx::fail`] and its kin; what an applet returns when it went on after an error.
    pub status: u8,
    /// Standard output.
    pub out: &'a mut Out,
    /// Its operands; all arguments with [`Parse::Args`] and [`Parse::Raw`].
    pub args: &'a mut [ZStr<'static>],
    /// The name it was called by, for messages.
    pub name: ZStr<'static>,
    /// The environment.
    pub envp: Envp,
    /// All applets, for the multicall and the shell.
    pub table: &'static Table,
    /// The status of a mistake on the command line.
    usage_status: u8,
    values: [Option<ZStr<'static>>; opts::SLOTS],
}

impl<'a> Cx<'a> {
    /// For code that is called like an applet but reads its arguments itself.
    pub fn raw(
        name: ZStr<'static>,
        args: &'a mut [ZStr<'static>],
        out: &'a mut Out,
        envp: Envp,
        table: &'static Table,
    ) -> Cx<'a> {
        Cx { name, args, opts: 0, twice: 0, values: NO_VALUES, out, envp, table, status: 0, usage_status: 1 }
    }
}

const NO_VALUES: [Option<ZStr>; opts::SLOTS] = [None; opts::SLOTS];

impl Cx<'_> {
    /// Answers `--help` and reads the options. `Some` is a status to end with.
    fn prepare(&mut self, e: &Entry) -> Option<u8> {
        if e.parse == Parse::Raw {
            return None;
        }
        if let [only] = self.args {
            if only.is(b"--help") {
                if !HELP {
                    return Some(self.wrong(Wrong::Unknown(b"--help")));
                }
                self.table.help(self.out, self.name, e.decl);
                return Some(0);
            }
        }
        if e.parse == Parse::Args {
            return None;
        }
        (self.table.options)(self, e)
    }

    /// Reports a mistake in the options; the status for it.
    pub fn wrong(&mut self, w: Wrong) -> u8 {
        let (text, why): (&[u8], &[u8]) = match w {
            Wrong::Unknown(t) => (t, b": unknown option"),
            Wrong::NoArgument(t) => (t, b": option needs an argument"),
            Wrong::Extra(t) => (t, b": option takes no argument"),
        };
        let dash: &[u8] = if text.starts_with(b"-") { b"" } else { b"-" };
        out::complain(&[self.name.bytes(), b": ", dash, text, why, SEE_HELP]);
        self.usage_status
    }

    /// Reports that `text` is not what the command line may have there (`extra operand`); the status.
    #[inline(never)]
    fn refuse(&mut self, why: &[u8], text: &[u8]) -> u8 {
        out::complain(&[self.name.bytes(), b": ", why, b" '", text, b"'"]);
        self.usage_status
    }

    /// Writes the applet's usage text, for one with [`Parse::Raw`] that answers `--help` itself.
    pub fn help(&mut self) {
        if let Some(e) = self.table.find(self.name.base().bytes()) {
            self.table.help(self.out, self.name, e.decl);
        }
    }

    /// Is any of these options given? With `opt!("vet")`.
    pub fn has(&self, bits: u64) -> bool {
        self.opts & bits != 0
    }

    /// Argument of the option with this slot (`slot!("w")`), the last one given.
    pub fn value(&self, slot: usize) -> Option<ZStr<'static>> {
        self.values.get(slot).copied().flatten()
    }

    /// The first operand.
    pub fn arg(&self, n: usize) -> Option<ZStr<'static>> {
        self.args.get(n).copied()
    }

    /// Value of an environment variable.
    pub fn env(&self, name: &[u8]) -> Option<ZStr<'static>> {
        env::get(self.envp, name)
    }

    /// `name: what: why` on standard error; makes the status 1.
    #[inline(never)]
    pub fn error(&mut self, what: &[u8], why: &[u8]) {
        self.status = 1;
        out::complain(&[self.name.bytes(), b": ", what, b": ", why]);
    }

    /// As [`Cx::error`] with the kernel's reason.
    #[inline(never)]
    pub fn fail(&mut self, what: &[u8], why: Errno) {
        self.status = 1;
        out::fail(self.name, what, why);
    }

    /// As [`Cx::fail`], of a path or an operand.
    #[inline(never)]
    pub fn fail_on(&mut self, what: ZStr, why: Errno) {
        self.fail(what.bytes(), why);
    }

    /// Reports what is wrong with the command line (`missing operand`) and points to `--help`; the status.
    #[inline(never)]
    pub fn misuse(&mut self, why: &[u8]) -> u8 {
        out::complain(&[self.name.bytes(), b": ", why, SEE_HELP]);
        self.usage_status
    }

    /// The number that the option with this slot has, for one of the declaration's `numbers`.
    pub fn number(&self, slot: usize) -> Option<u64> {
        num::parse(self.value(slot)?.bytes(), 10)
    }

    /// As [`Cx::number`], for one that may have a suffix.
    pub fn size(&self, slot: usize) -> Option<u64> {
        num::sized(self.value(slot)?.bytes())
    }

    /// Calls `read` for each operand, opened for reading, and its name; `-` is standard input, and so it is if there
    /// are no operands. An error is reported, and the next one follows; when the output fails, none. The status.
    pub fn each_input(
        &mut self,
        read: &mut dyn FnMut(&mut Cx, Fd, ZStr<'static>) -> Result<(), Errno>,
    ) -> u8 {
        let stdin = [ZStr::new(c"-")];
        let files = core::mem::take(&mut self.args);
        for &file in if files.is_empty() { &stdin[..] } else { files } {
            let done = if file.is(b"-") {
                read(self, Fd::STDIN, file)
            } else {
                fs::open_read(file).and_then(|opened| read(self, *opened, file))
            };
            if let Err(why) = done {
                self.fail_on(file, why);
            }
            if self.out.failed() {
                break;
            }
        }
        self.status
    }
}

/// Has the binary the usage texts? Without them `--help` is an unknown option.
pub const HELP: bool = cfg!(feature = "help");

const SEE_HELP: &[u8] = if HELP { b" (see --help)" } else { b"" };

#[cfg(test)]
mod tests {
    use super::*;

    fn run(cx: &mut Cx) -> u8 {
        let n = cx.args.len() as u64;
        cx.out.dec(n);
        if cx.has(1) {
            cx.out.byte(b'a');
        }
        if let Some(w) = cx.value(0) {
            cx.out.z(w);
        }
        3
    }
    enum All {}
    impl Checks for All {
        const OPERANDS: bool = true;
        const STATUS: bool = true;
        const SUFFIXES: bool = true;
        const NUMBERS: &'static [Number] = &[
            Number { decl: 2, slot: 0, suffix: true, least: 0, most: u32::MAX },
            Number { decl: 3, slot: 0, suffix: false, least: 2, most: 8 },
        ];
    }
    const fn entry(decl: u8, parse: Parse, operands: u8, place: u8) -> Entry {
        Entry { run, decl, class: Class::NoFork, parse, operands, place }
    }
    static TABLE: Table = Table {
        names: b"one\0three\0two\0zero",
        entries: &[
            entry(0, Parse::Mix, 15, 0),
            entry(2, Parse::Posix, 0x12, 4),
            entry(1, Parse::Raw, 15, 0),
            entry(3, Parse::Mix, 0, 8),
        ],
        options: options::<All>,
        specs: b"aw:\0\0an:\0a:b:c:d:e:f:g:h:i:j:",
        usage: Usage { write: crate::usage::by_pairs, packed: b"[-a] [-w N]\n\0-\0\0", table: b"" },
    };

    fn call(args: &[&'static core::ffi::CStr]) -> (u8, Vec<u8>) {
        let mut v: Vec<ZStr> = args.iter().map(|a| ZStr::new(a)).collect();
        let mut out = Out::memory();
        let e = TABLE.find(v[0].bytes()).unwrap();
        let s = TABLE.run(e, Envp::EMPTY, &mut v, &mut out);
        (s, out.take().to_vec())
    }

    #[test]
    fn options_are_read_before_run() {
        assert_eq!(call(&[c"one", c"x", c"-aw5", c"y"]), (3, b"2a5".to_vec()));
        assert_eq!(call(&[c"two", c"-q", c"--help"]), (3, b"2".to_vec()));
        assert_eq!(call(&[c"one", c"-q"]).0, 1);
    }

    #[test]
    fn operands_are_counted() {
        assert_eq!(call(&[c"three", c"x"]), (3, b"1".to_vec()));
        assert_eq!(call(&[c"three", c"x", c"-y"]), (3, b"2".to_vec()));
        assert_eq!(call(&[c"three"]), (2, vec![]));
        assert_eq!(call(&[c"three", c"x", c"y", c"z"]), (2, vec![]));
        assert_eq!(call(&[c"zero", c"x"]), (125, vec![]));
        assert_eq!(call(&[c"zero", c"-q"]), (125, vec![]));
        assert_eq!(call(&[c"one", c"1", c"2", c"3"]), (3, b"3".to_vec()));
    }

    #[test]
    fn numbers_are_checked() {
        for (right, shown) in [(c"0", "0"), (c"4096", "4096"), (c"2k", "2k"), (c"99999999999", "99999999999")]
        {
            assert_eq!(call(&[c"three", c"-n", right, c"x"]), (3, format!("1{shown}").into_bytes()));
        }
        for wrong in [c"", c"x", c"-1", c"2 ", c"2kk", c"99999999999999999999"] {
            assert_eq!(call(&[c"three", c"-n", wrong, c"x"]), (2, vec![]), "{wrong:?}");
        }
        assert_eq!(call(&[c"zero", c"-a", c"8"]), (3, b"0a8".to_vec()));
        for wrong in [c"1", c"9", c"2k"] {
            assert_eq!(call(&[c"zero", c"-a", wrong]), (125, vec![]), "{wrong:?}");
        }
    }

    #[test]
    fn a_tenth_option_with_an_argument_keeps_it() {
        fn run(cx: &mut Cx) -> u8 {
            let values = [9, 15, 16].map(|slot| cx.value(slot).is_some_and(|v| v.is(b"x")));
            values.iter().map(|&v| v as u8).sum()
        }
        let mut e = entry(3, Parse::Mix, 15, 0);
        e.run = run;
        let e: &'static Entry = Box::leak(Box::new(e));
        let mut v = [c"zero", c"-j", c"x"].map(ZStr::new);
        assert_eq!(TABLE.run(e, Envp::EMPTY, &mut v, &mut Out::memory()), 1);
    }

    #[test]
    fn each_input_goes_on_after_an_error() {
        let mut out = Out::memory();
        let mut args = [c"/no/such", c"/dev/null", c"/no/such", c"/dev/zero"].map(ZStr::new);
        let mut cx = Cx::raw(ZStr::new(c"x"), &mut args, &mut out, Envp::EMPTY, &TABLE);
        let mut names = Vec::new();
        let status = cx.each_input(&mut |_, fd, name| {
            let mut byte = [1];
            names.push((name.bytes().to_vec(), fs::read(fd, &mut byte)?));
            Ok(())
        });
        assert_eq!((status, names), (1, vec![(b"/dev/null".to_vec(), 0), (b"/dev/zero".to_vec(), 1)]));
    }

    #[test]
    fn help_is_the_usage_text() {
        assert_eq!(call(&[c"one", c"--help"]), (0, b"Usage: one [-a] [-w N]\n\n".to_vec()));
    }

    #[test]
    fn unknown_names_are_not_found() {
        assert!(TABLE.find(b"on").is_none() && TABLE.find(b"").is_none());
    }
}
