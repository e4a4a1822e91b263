//! `fc`: the lines entered at the prompt, listed, edited and run again (POSIX.1-2024 fc).

use crate::decimal::push_decimal;
use crate::expand::fields::Fields;
use crate::flow::FlowResult;
use crate::options::opt;
use crate::shell::Shell;
use sys::fs::{self, Fd};
use sys::{num, process, Buf, ToBuf};
use util::text::{after, part};

const LIST: u32 = 1;
const BARE: u32 = 2;
const REVERSE: u32 = 4;
const AGAIN: u32 = 8;
const EDIT: u32 = 16;

/// Place of the line that `spec` means: its number, how far it is back (`-1`), or how it starts.
fn place(lines: &[Buf], spec: &[u8]) -> Option<usize> {
    let n = lines.len();
    let (back, digits) = match spec {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, spec),
    };
    match num::parse_u32(digits) {
        Some(k) if back || k == 0 => Some(n.saturating_sub(k.max(1) as usize)),
        Some(k) => Some((k as usize - 1).min(n.checked_sub(1)?)),
        None => lines.iter().rposition(|l| l.starts_with(spec)),
    }
}

/// `fc [-r] [-e EDITOR] [FIRST [LAST]]`, `fc -l [-nr] [FIRST [LAST]]`, `fc -s [OLD=NEW] [FIRST]`.
pub(crate) fn fc(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let (mut set, mut i) = sh.letters(f, b"lnrse")?.parts();
    let mut editor: Buf = sh.get(b"FCEDIT").unwrap_or(b"ed").buf();
    if set & EDIT != 0 {
        editor = f.get(i).buf();
        i += 1;
    }
    let mut change = None;
    if let (true, Some(n)) = (set & AGAIN != 0, f.get(i).iter().position(|&c| c == b'=')) {
        change = Some(n);
        i += 1;
    }
    // The last line is this command's own.
    let all = sh.editor.as_ref().map_or(&[][..], |e| e.history.lines());
    let lines = all.split_last().map_or(&[][..], |l| l.1);
    let spec = |k: usize, usual| if f.len() > k { f.get(k) } else { usual };
    let list = set & LIST != 0;
    let first = place(lines, spec(i, if list { b"-16" } else { b"-1" }));
    let last = place(lines, spec(i + 1, if list { b"-1" } else { spec(i, b"-1") }));
    let (Some(mut first), Some(mut last), false) = (first, last, lines.is_empty()) else {
        return Ok(sh.bad(c"no such command", b""));
    };
    if first > last {
        core::mem::swap(&mut first, &mut last);
        set ^= REVERSE;
    }
    let mut text = Buf::new();
    let mut k = 0;
    while k <= last - first {
        let n = if set & REVERSE != 0 { last - k } else { first + k };
        let line = lines.get(n).map_or(&b""[..], |l| l);
        if list {
            if set & BARE == 0 {
                push_decimal(n as i64 + 1, &mut text);
            }
            text.push(b'\t');
        }
        let (old, new) = f.get(i - 1).split_at(change.unwrap_or(0));
        match util::text::find(line, old) {
            Some(at) if !old.is_empty() => {
                text.extend_from_slice(part(line, 0, at));
                text.extend_from_slice(after(new, 1));
                text.extend_from_slice(after(line, at + old.len()));
            }
            _ => text.extend_from_slice(line),
        }
        text.push(b'\n');
        k += 1;
    }
    if list {
        sh.out.bytes(&text);
        return Ok(0);
    }
    sh.running = crate::shell::NOTHING;
    if set & AGAIN == 0 {
        let mut path = b"/tmp/fc".buf();
        push_decimal(process::getpid() as i64, &mut path);
        let flags = fs::O_RDWR | fs::O_CREAT | fs::O_EXCL | fs::O_CLOEXEC;
        let made =
            fs::open(path.z(), flags, 0o600).and_then(|file| fs::write_all(*file, &text).map(|()| file));
        let file = match made {
            Ok(file) => file,
            Err(e) => {
                sh.complain_of(c"%", &path, e);
                return Ok(1);
            }
        };
        editor.push(b' ');
        editor.extend_from_slice(&path);
        let r = sh.run_text(editor);
        text.clear();
        // An editor may have put another file in the place of ours.
        if let Ok(new) = util::file::read::file(path.z()) {
            text = new;
        }
        let _ = fs::unlinkat(Fd::CWD, path.z(), 0);
        drop(file);
        r?;
        if sh.status != 0 {
            return Ok(sh.status as u32);
        }
    }
    let _ = fs::write_all(Fd::STDERR, &text);
    if let Some(e) = sh.editor.as_mut().filter(|_| sh.opts.has(opt::INTERACTIVE)) {
        e.history.add(&text);
    }
    sh.run_text(text)?;
    Ok(sh.status as u32)
}
