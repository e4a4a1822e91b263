//! Options of `set` and of the command line.

use crate::{opt, Shell, R};
use sys::signal::SIGCHLD;
use sys::zstr::{position, position_in, Texts};
use sys::{Buf, Out, ZStr};

/// Letters in the order of the bits; blanks have none.
const LETTERS: &[u8] = b"efnuvxCabmish  ";
/// `nolog` is for scripts that say it: as in dash and bash it changes nothing.
const NAMES: &[u8] =
    b"errexit\0noglob\0noexec\0nounset\0verbose\0xtrace\0noclobber\0allexport\0notify\0monitor\0interactive\0stdin\0hashall\0pipefail\0ignoreeof\0nolog";

/// Long options of the command line: no file $ENV, no profile, no line editor.
const LONG: &[u8] = b"norc\0noprofile\0noediting";
pub(crate) const NORC: u8 = 0;
pub(crate) const NOPROFILE: u8 = 1;
pub(crate) const NOEDITING: u8 = 2;

impl Shell<'_> {
    /// The letters of the options that are on: `$-`.
    pub(crate) fn flag_letters(&self, out: &mut Buf) {
        for (i, &c) in LETTERS.iter().enumerate() {
            if self.opts & 1 << i != 0 && c != b' ' {
                out.push(c);
            }
        }
        if self.opts & opt::COMMAND != 0 {
            out.push(b'c');
        }
    }

    fn turn_option(&mut self, bit: usize, on: bool) {
        let bit = 1 << bit;
        let was = self.opts;
        self.opts = if on { was | bit } else { was & !bit };
        if bit == opt::MONITOR && self.opts != was {
            self.job_control(on);
        }
        // What ends in the background wakes who waits for a key.
        if bit == opt::NOTIFY && self.trap_text(SIGCHLD as u8).is_none() {
            self.set_trap(SIGCHLD as u8, None);
        }
    }

    /// Lists the options: for people, or as commands.
    fn list_options(&mut self, plain: bool) {
        for (i, name) in Texts::new(NAMES).enumerate() {
            let on = self.opts & 1 << i != 0;
            if plain {
                self.out.left(name, 16);
                self.out.bytes(if on { b"on\n" } else { b"off\n" });
            } else {
                self.out.bytes(if on { b"set -o " } else { b"set +o " });
                self.out.bytes(name);
                self.out.byte(b'\n');
            }
        }
    }

    /// Reads options off the front of `args`; how many arguments they were. `--` and a lone `-` end them.
    /// `special` gets letters that are not options of `set`.
    #[inline(never)]
    pub(crate) fn read_options(&mut self, args: &[ZStr], special: &mut dyn FnMut(u8) -> bool) -> R<u32> {
        let mut n = 0;
        while let Some(&a) = args.get(n) {
            let on = a.first() == b'-';
            if !on && a.first() != b'+' || a.is(b"+") {
                break;
            }
            if let Some(name) = a.strip_prefix(b"--").filter(|name| !name.is_empty()) {
                match position_in(LONG, 0, name.bytes()) {
                    Some(i) if special(i as u8) => {
                        n += 1;
                        continue;
                    }
                    _ => return self.bad_option(on, b"-", name.bytes()),
                }
            }
            n += 1;
            let mut letters = a.rest();
            if letters.is_empty() {
                self.opts &= !(opt::VERBOSE | opt::XTRACE);
            }
            if letters.is_empty() || a.is(b"--") {
                break;
            }
            while let Some(c) = letters.take_first() {
                if c == b'o' {
                    let Some(name) = args.get(n) else {
                        self.list_options(on);
                        continue;
                    };
                    n += 1;
                    match position_in(NAMES, 0, name.bytes()) {
                        Some(i) => self.turn_option(i, on),
                        None => return self.bad_option(on, b"o ", name.bytes()),
                    }
                } else {
                    match position(LETTERS, c).filter(|_| c != b' ') {
                        Some(i) => self.turn_option(i, on),
                        None if special(c) => {}
                        None => return self.bad_option(on, &[c], b""),
                    }
                }
            }
        }
        Ok(n as u32)
    }

    #[inline(never)]
    fn bad_option(&mut self, on: bool, letter: &[u8], name: &[u8]) -> R<u32> {
        let option = sys::buf::concat(&[if on { b"-" } else { b"+" }, letter, name]);
        self.refuse(c"illegal option %", &option)
    }
}

/// Writes `name=value` so that the shell can read it again.
pub(crate) fn write_assignment(out: &mut Out, before: &[u8], name: &[u8], value: Option<&[u8]>) {
    out.bytes(before);
    out.bytes(name);
    if let Some(v) = value {
        out.byte(b'=');
        crate::builtin::write_quoted(out, v);
    }
    out.byte(b'\n');
}
