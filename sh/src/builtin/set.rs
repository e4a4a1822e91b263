//! `set`, and the options that it shares with the shell's command line.

use crate::expand::fields::Fields;
use crate::feature::JOBS;
use crate::flow::FlowResult;
use crate::options::{opt, LETTERS, LONG, NAMES};
use crate::shell::Shell;
use sys::signal::SIGCHLD;
use sys::zstr::{position, position_in, Texts};
use sys::ZStr;

/// `set [OPTION]… [--] [ARG]…`.
pub(crate) fn set(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    if f.len() < 2 {
        sh.list_variables(b"", 0);
        return Ok(0);
    }
    // SAFETY: the fields stay as they are until the options have been read.
    let args = unsafe { f.all() };
    let n = sh.read_options(args.get(1..).unwrap_or(&[]), &mut |_| false)? as usize;
    if f.len() > n + 1 || f.is(n, b"--") {
        sh.set_params(f, n + 1);
        sh.option_place = 0;
    }
    Ok(0)
}

/// Ways to edit lines, of which one at most is on.
const EDITORS: u32 = opt::VI | opt::EMACS;

impl Shell<'_> {
    /// Is the option with this name on?
    pub(crate) fn option_is_on(&self, name: &[u8]) -> bool {
        position_in(NAMES, 0, name).is_some_and(|i| self.opts.has(1 << i))
    }

    fn turn_option(&mut self, bit: usize, on: bool) {
        let bit = 1 << bit;
        let was = self.opts;
        if bit & EDITORS != 0 {
            self.opts.turn_off(EDITORS);
        }
        self.opts.turn(bit, on);
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
            if !JOBS && name == b" " {
                continue;
            }
            let on = self.opts.has(1 << i);
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
    pub(crate) fn read_options(
        &mut self,
        args: &[ZStr],
        special: &mut dyn FnMut(u8) -> bool,
    ) -> FlowResult<u32> {
        let mut n = 0;
        while let Some(&a) = args.get(n) {
            let on = a.first() == b'-';
            if !on && a.first() != b'+' {
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
            if a.is(b"-") {
                self.opts.turn_off(opt::VERBOSE | opt::XTRACE);
            }
            if a.is(b"-") || a.is(b"--") {
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
    fn bad_option(&mut self, on: bool, letter: &[u8], name: &[u8]) -> FlowResult<u32> {
        let option = sys::buf::concat(&[if on { b"-" } else { b"+" }, letter, name]);
        self.refuse(c"illegal option %", &option)
    }
}
