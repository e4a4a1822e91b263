//! `command`, `type`, `hash`.

use crate::builtin::names::write_assignment;
use crate::expand::fields::Fields;
use crate::flow::FlowResult;
use crate::run::resolve::Kind;
use crate::shell::Shell;
use crate::vars::table::DEFAULT_PATH;
use crate::words::SPECIAL;
use sys::Buf;

impl Shell<'_> {
    /// Says what `name` means, in a sentence or as `command -v` does. False if it means nothing.
    fn describe(&mut self, name: &[u8], sentence: bool) -> bool {
        let mut last = Buf::new();
        let middle: &[u8];
        if let Some(a) = self.aliases.get(name) {
            if !sentence {
                write_assignment(self.out, b"alias ", name, Some(a));
                return true;
            }
            (middle, last) = (b" is an alias for ", a.clone());
        } else if crate::words::is_reserved(name) {
            middle = b" is a shell keyword";
        } else {
            middle = match self.resolve(name, true) {
                Kind::Function(_) => b" is a function",
                Kind::Builtin(n) if n < SPECIAL => b" is a special shell builtin",
                Kind::Builtin(_) => b" is a shell builtin",
                kind => match (self.search(name, false), kind) {
                    (Some(p), _) => {
                        if p.first() != Some(&b'/') {
                            last = self.text_of(b"PWD");
                            last.push(b'/');
                        }
                        last.extend_from_slice(&p);
                        b" is "
                    }
                    (None, Kind::Applet(_)) => b" is an applet",
                    _ => {
                        if sentence {
                            self.write(&[name, b": not found\n"]);
                        }
                        return false;
                    }
                },
            };
        }
        if sentence {
            self.write(&[name, middle, &last, b"\n"]);
        } else {
            self.write(&[if last.is_empty() { name } else { &last }, b"\n"]);
        }
        true
    }

    #[inline(never)]
    fn write(&mut self, parts: &[&[u8]]) {
        parts.iter().for_each(|p| self.out.bytes(p));
    }
}

/// `command [-p] COMMAND [ARG]…`, `command -v|-V NAME…`.
pub(crate) fn command(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let (set, i) = sh.letters(f, b"vVp")?.parts();
    if f.len() <= i {
        return Ok(0);
    }
    let saved = if set & 4 != 0 {
        let i = sh.vars.intern(b"PATH");
        let mark = sh.locals.mark();
        sh.save_local(i);
        let _ = sh.assign_sym(i, DEFAULT_PATH);
        Some(mark)
    } else {
        None
    };
    let r = if set & 3 != 0 {
        sh.status = 0;
        for k in i..f.len() {
            if !sh.describe(f.get(k), set & 2 != 0) {
                sh.status = 127;
            }
        }
        Ok(())
    } else {
        let mut args = f.tail(i);
        sh.running = crate::shell::NOTHING;
        sh.by_command = true;
        // `command exec` keeps its redirections, which are those of `command`.
        let mark = sh.saved.of_builtin();
        match sh.resolve(args.get(0), false) {
            Kind::Builtin(n) => sh.builtin(n, &args, mark),
            kind => sh.dispatch(kind, &mut args, &[], false),
        }
    };
    sh.by_command = false;
    if let Some(mark) = saved {
        sh.restore_locals(mark);
    }
    r?;
    Ok(sh.status as u32)
}

/// `type NAME…`.
pub(crate) fn type_(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let mut status = 0;
    for k in 1..f.len() {
        if !sh.describe(f.get(k), true) {
            status = 127;
        }
    }
    Ok(status)
}

/// `hash [-r] [NAME]…`. Nothing is remembered: looking a command up costs less than remembering it.
pub(crate) fn hash(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let (_, i) = sh.letters(f, b"r")?.parts();
    let mut status = 0;
    for k in i..f.len() {
        if matches!(sh.resolve(f.get(k), true), Kind::File) && sh.search(f.get(k), false).is_none() {
            status = sh.bad(c"%: not found", f.get(k));
        }
    }
    Ok(status)
}
