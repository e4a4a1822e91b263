//! sed: edit a stream (POSIX.1-2024 sed; BusyBox editors/sed.c, Toybox toys/posix/sed.c for GNU's additions).
//!
//! Differences from BusyBox: -s, -u, -z and -l; `0,/re/`, `addr,~N`, `\L \U \l \u \E`, Q, F, z; w to /dev/stderr.

mod input;
mod output;
mod run;
mod script;

use core::mem::take;
use input::Input;
use output::Outputs;
use run::Machine;
use script::{Parser, Script};
use sys::fs::{self, Fd};
use sys::opts::Walk;
use sys::{num, Buf, Cx, Errno, ToBuf, ZStr};
use util::file::{read, replace};
use util::text::part;
use util::text::pattern::{character, CHARACTERS};
use util::text::regex::{self, EXTENDED};

applet! {
    name: sed,
    dir: "/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-nErsuz] [-i[SUFFIX]] [-l N] SCRIPT|-e SCRIPT|-f FILE... [FILE]...

Edit the lines of the FILEs, or of standard input.

    -n, --quiet              Print only what the script says
        --silent             As -n
    -e, --expression=SCRIPT  Add commands
    -f, --file=FILE          Add the commands in FILE
    -E, --regexp-extended    Extended regular expressions
    -r                       As -E
    -i, --in-place[=SUFFIX]  Change the FILEs; keep the old ones with SUFFIX
    -s, --separate           Numbers and the last line are each FILE's own
    -l, --line-length=N      Width of what l prints, 70; 1 or 0: all in one line
    -u, --unbuffered         Read no more than needed, and print at once
    -z, --null-data          NUL ends a line
        --version            Print a version that configure scripts know
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let locale = regex::characters(cx.envp);
    let mut how = locale;
    let mut script = Buf::new();
    let mut given = false;
    let (mut quiet, mut separate, mut single) = (false, false, false);
    let mut end = b'\n';
    let mut width = 70;
    let mut suffix = None;
    let mut walk = Walk::new(take(&mut cx.args), SPEC, true);
    while let Some(step) = walk.next() {
        let found = match step {
            Ok(found) => found,
            Err(wrong) => return cx.wrong(wrong),
        };
        let value = found.value.map_or(&b""[..], ZStr::bytes);
        match found.letter {
            b'n' => quiet = true,
            b'E' | b'r' => how |= EXTENDED,
            b's' => separate = true,
            b'u' => single = true,
            b'z' => end = 0,
            b'i' => {
                let glued = walk.glued().map_or(value, ZStr::bytes);
                suffix = Some(glued.buf());
            }
            b'l' => match num::parse_u32(value) {
                Some(n) => width = n as usize,
                None => {
                    cx.error(value, b"invalid number");
                    return 1;
                }
            },
            b'e' => add(&mut script, &mut given, value),
            b'f' => {
                let read = if value == b"-" {
                    let mut text = Buf::new();
                    read::to_end(Fd::STDIN, &mut text).map(|()| text)
                } else {
                    found.value.map_or(Err(Errno::ENOENT), read::file)
                };
                match read {
                    Ok(text) => add(&mut script, &mut given, text.strip_suffix(b"\n").unwrap_or(&text)),
                    Err(why) => {
                        cx.fail(value, why);
                        return 1;
                    }
                }
            }
            _ if sys::opts::nth_bit(found.number) == opt!("--silent") => quiet = true,
            _ => {
                cx.out.bytes(b"This is not GNU sed version 4.0\n");
                return 0;
            }
        }
    }
    let mut files = &*walk.operands();
    if !given {
        let [first, rest @ ..] = files else { return cx.misuse(b"missing SCRIPT") };
        script.extend_from_slice(first.bytes());
        files = rest;
    }
    if let [b'#', b'n'] | [b'#', b'n', b'\n', ..] = *script {
        quiet = true;
    }
    let mut outputs = Outputs::new(end);
    let mut parser = Parser::new(&script, how, &mut outputs);
    if let Err(why) = parser.read() {
        let line = parser.rest.split(|&b| b == b'\n').next().unwrap_or_default();
        cx.error(line, why);
        return 1;
    }
    let script = parser.script;
    if let Some((name, why)) = take(&mut outputs.wrong) {
        cx.fail(&name, why);
        return 1;
    }
    let stdin = [ZStr::new(c"-")];
    let mut input = Input::new(if files.is_empty() { &stdin } else { files }, end);
    (input.single, input.separate) = (single, separate);
    if let Some(suffix) = suffix {
        if files.is_empty() {
            return cx.misuse(b"-i needs a FILE");
        }
        input.files = &[];
        input.separate = true;
        let mut m = machine(&script, input, &mut outputs, quiet, locale, width);
        return in_place(cx, &mut m, files, &suffix);
    }
    let mut m = machine(&script, input, &mut outputs, quiet, locale, width);
    let status = m.all(cx);
    if let Some(why) = m.wrong {
        cx.error(b"script", why);
    }
    status.unwrap_or(0).max(cx.status)
}

fn add(script: &mut Buf, given: &mut bool, text: &[u8]) {
    if core::mem::replace(given, true) {
        script.push(b'\n');
    }
    script.extend_from_slice(text);
}

fn machine<'r, 'f>(
    script: &'r Script,
    input: Input<'f>,
    outputs: &'r mut Outputs,
    quiet: bool,
    how: u32,
    width: usize,
) -> Machine<'r, 'f> {
    let mut m = Machine::new(script, input, outputs);
    (m.quiet, m.how, m.width) = (quiet, how, width);
    m
}

/// Edits each file: the new one is written beside it, and takes its place with its owner and mode.
#[inline(never)]
fn in_place(cx: &mut Cx, m: &mut Machine, files: &[ZStr<'static>], suffix: &Buf) -> u8 {
    let mut status = 0;
    for &name in files {
        let opened = fs::open_read(name).and_then(|file| Ok((fs::fstat(*file)?, file)));
        let (s, file) = match opened {
            Ok((s, file)) if fs::kind(&s) == fs::S_IFREG => (s, file),
            Ok(_) => {
                cx.error(name.bytes(), b"not a regular file");
                continue;
            }
            Err(why) => {
                cx.fail_on(name, why);
                continue;
            }
        };
        m.input.only(file, name);
        let path = name.bytes().buf();
        let mut quit = None;
        let before = cx.status;
        cx.status = 0;
        let done = replace::replace(&path, 0o600, &mut |fd| {
            m.outputs.edit(fd);
            quit = m.all(cx);
            let outputs = &mut *m.outputs;
            m.input.left(cx, &mut |cx, text| outputs.copy(cx, text));
            outputs.flush();
            if let Some(why) = outputs.why {
                return Err(why);
            }
            // What could not be read whole is not replaced.
            if cx.status != 0 || m.wrong.is_some() {
                return Err(Errno::EIO);
            }
            // Only root may give files away; then the rights of another owner or group are not for ours.
            let owned = fs::fchownat(fd, ZStr::new(c""), s.stx_uid, s.stx_gid, fs::AT_EMPTY_PATH).is_ok();
            let mode = s.stx_mode as u32 & if owned { 0o7777 } else { 0o777 };
            fs::fchmod(fd, mode)?;
            if !suffix.is_empty() {
                let mut old = path.clone();
                old.extend_from_slice(suffix);
                // There may be none yet; what else is wrong, linking says.
                let _ = fs::unlinkat(Fd::CWD, old.z(), 0);
                fs::linkat(Fd::CWD, path.z(), Fd::CWD, old.z(), 0)?;
            }
            Ok(())
        });
        if let Some(why) = m.wrong {
            cx.error(b"script", why);
            return 1;
        }
        match done {
            Err(why) if cx.status == 0 => cx.fail_on(name, why),
            _ => cx.status = cx.status.max(before),
        }
        if let Some(s) = quit {
            status = s;
            break;
        }
    }
    m.outputs.edited = None;
    status.max(cx.status)
}

/// The characters of a text, or its bytes if the locale has none.
fn characters(text: &[u8], how: u32) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    core::iter::from_fn(move || {
        let before = rest;
        if before.is_empty() {
            return None;
        }
        character(&mut rest, if how & regex::CHARACTERS != 0 { CHARACTERS } else { 0 });
        Some(part(before, 0, before.len() - rest.len()))
    })
}
