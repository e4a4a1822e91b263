//! Applets: the table of them, and the context that one runs in.

use crate::env::{self, Envp};
use crate::opts::{Walk, Wrong};
use crate::usage::Usage;
use crate::zstr::Texts;
use crate::{opts, out, Errno, Out, ZStr};

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
    /// Install directory: 0 /bin, 1 /sbin, 2 /usr/bin, 3 /usr/sbin.
    pub dir: u8,
}

/// All applets of a binary. Texts stand in blobs, NUL-terminated one behind the other: no pointers, so
/// nothing to relocate and nothing writable.
pub struct Table {
    /// Names, sorted.
    pub names: &'static [u8],
    /// One for each name.
    pub entries: &'static [Entry],
    /// Reads the options before `run`: [`options`], or [`no_options`] where no applet declares any, so that
    /// such a binary does without the reader.
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
    #[inline(never)]
    pub fn run(
        &'static self,
        e: &'static Entry,
        envp: Envp,
        args: &mut [ZStr<'static>],
        out: &mut Out,
    ) -> u8 {
        let Some((&mut name, args)) = args.split_first_mut() else { return 127 };
        let mut cx = Cx::raw(name, args, out, envp, self);
        let status = match cx.prepare(e) {
            Some(status) => status,
            None => (e.run)(&mut cx),
        };
        match cx.out.flush() {
            Err(why) if status == 0 || cx.status == 0 => {
                out::fail(name, b"write error", why);
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

/// Takes the options of `e` off the arguments. `Some` is a status to end with.
pub fn options(cx: &mut Cx, e: &Entry) -> Option<u8> {
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
    values: [Option<ZStr<'static>>; 8],
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
        Cx { name, args, opts: 0, twice: 0, values: NO_VALUES, out, envp, table, status: 0 }
    }
}

const NO_VALUES: [Option<ZStr>; 8] = [None; 8];

impl Cx<'_> {
    /// Answers `--help` and reads the options. `Some` is a status to end with.
    fn prepare(&mut self, e: &Entry) -> Option<u8> {
        if e.parse == Parse::Raw {
            return None;
        }
        if let [only] = self.args {
            if only.is(b"--help") {
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
            Wrong::Unknown(t) => (t, b": unknown option (see --help)"),
            Wrong::NoArgument(t) => (t, b": option needs an argument (see --help)"),
            Wrong::Extra(t) => (t, b": option takes no argument (see --help)"),
        };
        let dash: &[u8] = if text.starts_with(b"-") { b"" } else { b"-" };
        out::complain(&[self.name.bytes(), b": ", dash, text, why]);
        1
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

    /// Reports what is wrong with the operands (`missing operand`) and points to `--help`; the status.
    pub fn misuse(&mut self, why: &[u8]) -> u8 {
        self.error(why, b"see --help");
        1
    }
}

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
    static TABLE: Table = Table {
        names: b"one\0two",
        entries: &[
            Entry { run, decl: 0, class: Class::NoFork, parse: Parse::Mix, dir: 0 },
            Entry { run, decl: 1, class: Class::NoFork, parse: Parse::Raw, dir: 0 },
        ],
        options,
        specs: b"aw:\0",
        usage: Usage { write: crate::usage::by_pairs, packed: b"[-a] [-w N]\n\0-", pairs: &[] },
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
    fn help_is_the_usage_text() {
        assert_eq!(call(&[c"one", c"--help"]), (0, b"Usage: one [-a] [-w N]\n\n".to_vec()));
    }

    #[test]
    fn unknown_names_are_not_found() {
        assert!(TABLE.find(b"on").is_none() && TABLE.find(b"").is_none());
    }
}
