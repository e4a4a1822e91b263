//! From the command line to the commands, and to the end.

use crate::descriptors::raise;
use crate::expand::fields::Fields;
use crate::flow::{Flow, FlowResult};
use crate::options::{self, opt};
use crate::parse::source::{Mode, Source};
use crate::positional::Positional;
use crate::shell::Shell;
use core::mem::ManuallyDrop;
use sys::fs::{self, Fd};
use sys::{tty, Cx, ToBuf, ZStr};

/// The applet `sh`: `sh [-c COMMAND | FILE | -s] [ARG]…`; the exit status.
pub fn main(cx: &mut Cx) -> u8 {
    let here = 0u8;
    let args = &*core::mem::take(&mut cx.args);
    // A program ends with `exit` as soon as it has nothing to do any more; so does this, which spares it
    // from freeing everything.
    let mut sh = ManuallyDrop::new(Shell::new(cx, &here));
    if crate::jobs::task::REEXEC {
        crate::run::reexec::resume(&mut sh, args);
    }
    let r = sh.start(args);
    if r == Err(Flow::Fail) && sh.status == 0 {
        sh.status = 2;
    }
    let _ = sh.run_traps();
    sh.exit_trap();
    sh.job_control(false);
    sh.status
}

impl Shell<'_> {
    fn start(&mut self, args: &[ZStr<'static>]) -> FlowResult {
        self.vars.find_locale();
        let login = self.arg0.first() == b'-';
        let (mut command, mut is_login, mut without) = (false, login, 0);
        let n = self.read_options(args, &mut |c| {
            match c {
                b'c' => command = true,
                b'l' => is_login = true,
                // The long options, by their place.
                0..=2 => without |= 1 << c,
                _ => return false,
            }
            true
        })?;
        if without & 1 << options::NOEDITING != 0 {
            self.opts.turn_on(opt::PLAIN);
        }
        let mut rest = args.get(n as usize..).unwrap_or(&[]);
        let mut src;
        if command {
            self.opts.turn_on(opt::COMMAND);
            let [text, behind @ ..] = rest else {
                return self.refuse(c"-c needs an argument", b"");
            };
            rest = behind;
            if let [name, behind @ ..] = rest {
                (self.arg0, rest) = (*name, behind);
                self.script = true;
            }
            src = Source::text(text.bytes().buf(), 1);
        } else if let (&[name, ref behind @ ..], false) = (rest, self.opts.has(opt::STDIN)) {
            rest = behind;
            let mut f = open_script(name);
            if f.is_err() {
                if let Some(p) = self.search(name.bytes(), true) {
                    f = open_script(p.z());
                }
            }
            let f = match f {
                Ok(f) => f,
                Err(e) => {
                    self.complain_of(c"can't open '%'", name.bytes(), e);
                    self.status = if e == sys::Errno::ENOENT { 127 } else { 126 };
                    return Err(Flow::Fail);
                }
            };
            self.arg0 = name;
            self.script = true;
            src = Source::file(f, Mode::File);
        } else {
            self.opts.turn_on(opt::STDIN);
            let person = tty::is(Fd::STDIN) && tty::is(Fd::STDERR);
            if person {
                self.opts.turn_on(opt::INTERACTIVE);
            }
            src = Source::file(Fd::STDIN, Mode::Shared);
        }
        for a in rest {
            self.params.push(a.bytes());
        }
        if is_login && without & 1 << options::NOPROFILE == 0 {
            self.profile(b"/etc/profile")?;
            if let Some(home) = self.get(b"HOME") {
                let mut p = home.buf();
                p.extend_from_slice(b"/.profile");
                self.profile(&p)?;
            }
        }
        if self.opts.has(opt::INTERACTIVE) {
            self.traps.handle_signals();
            if !self.opts.has(opt::MONITOR) {
                self.opts.turn_on(opt::MONITOR);
                self.job_control(true);
            }
            if without & 1 << options::NORC == 0 {
                let file = self.text_of(b"ENV");
                let file = self.expand_text(&file);
                self.profile(&file)?;
            }
            if src.fd == Fd::STDIN {
                src.mode = Mode::Interactive;
            }
            return self.run_interactive(&mut src);
        }
        self.run_source(&mut src, true)
    }

    /// Runs a file if it is there.
    fn profile(&mut self, path: &[u8]) -> FlowResult {
        let p = path.buf();
        if p.is_empty() || fs::access(p.z(), fs::R_OK).is_err() {
            return Ok(());
        }
        match self.run_file(&p) {
            Err(Flow::Exit) => Err(Flow::Exit),
            _ => Ok(()),
        }
    }

    /// Runs the commands of a file in this shell.
    pub(crate) fn run_file(&mut self, path: &[u8]) -> FlowResult {
        let p = path.buf();
        let f = match open_script(p.z()) {
            Ok(f) => f,
            Err(e) => {
                self.complain_of(c"can't open '%'", path, e);
                return self.fail(2);
            }
        };
        let mut src = Source::file(f, Mode::File);
        let r = self.run_commands(&mut src);
        crate::descriptors::shut(src.fd);
        r
    }

    /// Replaces the positional parameters.
    pub(crate) fn set_params(&mut self, f: &Fields, from: usize) {
        self.params = Positional::new(f.tail(from), 0);
    }
}

/// Opens a file of commands.
#[inline(never)]
fn open_script(path: ZStr) -> sys::Result<Fd> {
    let f = fs::open_read(path)?;
    // Only reading tells that it is a directory.
    fs::read(*f, &mut [])?;
    Ok(raise(f.into_fd()))
}
