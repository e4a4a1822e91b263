//! head: the beginning of files (POSIX.1-2024 head; -c, -q, -v, -z and negative counts as GNU and BusyBox have them).

use sys::fs::Fd;
use sys::opts::{Walk, Wrong};
use sys::{num, Buf, Cx, Errno};
use util::text::heading::heading;
use util::text::input::Input;

applet! {
    name: head,
    dir: "/usr/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-qvz] [-n NUMBER | -c NUMBER | -NUMBER] [FILE]...

Print the first 10 lines of each FILE; - or no FILE is standard input. Of several
FILEs the name comes first. NUMBER may have a suffix b k m g.

    -n, --lines=NUMBER  So many lines; with - before it all but the last NUMBER
    -c, --bytes=NUMBER  So many bytes; with - before it all but the last NUMBER
    -q, --quiet  No names
    -v, --verbose  Names, of one FILE too
    -z, --zero-terminated  Lines end with NUL
",
}

/// What to print of each file.
struct Part {
    bytes: bool,
    /// All but so many at the end.
    but: bool,
    count: u64,
    mark: u8,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut part = Part { bytes: false, but: false, count: 10, mark: b'\n' };
    let (mut quiet, mut names, mut digits) = (false, false, false);
    let mut walk = Walk::new(core::mem::take(&mut cx.args), SPEC, true);
    while let Some(step) = walk.next() {
        match step {
            // The count of an old script: -15.
            Err(Wrong::Unknown([d @ b'0'..=b'9'])) => {
                part.count = if digits { part.count.saturating_mul(10) } else { 0 };
                part.count = part.count.saturating_add((d - b'0') as u64);
                digits = true;
            }
            Err(wrong) => return cx.wrong(wrong),
            Ok(found) => match (found.letter, found.value) {
                (letter, Some(text)) => {
                    part.bytes = letter == b'c';
                    part.but = text.first() == b'-';
                    let number = if part.but { text.rest() } else { text };
                    let Some(n) = num::sized(number.bytes()) else {
                        cx.error(text.bytes(), b"invalid number");
                        return 1;
                    };
                    part.count = n;
                }
                (b'q', _) => quiet = true,
                (b'v', _) => names = true,
                _ => part.mark = 0,
            },
        }
    }
    cx.args = walk.operands();
    names |= cx.args.len() > 1;
    let mut first = true;
    cx.each_input(&mut |cx, fd, name| {
        if names && !quiet {
            heading(cx, name, &mut first);
        }
        show(cx, fd, &part)
    })
}

fn show(cx: &mut Cx, fd: Fd, part: &Part) -> Result<(), Errno> {
    let mut input = Input::new(fd, part.mark);
    let mut left = part.count;
    // What may be among the last: bytes, or lines and where each begins.
    let mut held = Buf::new();
    let mut lines = 0;
    while (left > 0 || part.but) && !cx.out.failed() {
        let Some(text) = (if part.bytes { input.chunk() } else { input.line() }) else { break };
        if !part.but {
            let n = if part.bytes { left.min(text.len() as u64) } else { 1 };
            cx.out.text(if part.bytes { text.get(..n as usize).unwrap_or_default() } else { text });
            left -= n;
            continue;
        }
        held.extend_from_slice(text);
        lines += 1;
        let mut out = 0;
        if part.bytes {
            out = held.len().saturating_sub(usize::try_from(part.count).unwrap_or(usize::MAX));
        } else if lines > part.count {
            // The first line held goes; what goes is moved rarely, so that it stays linear.
            lines -= 1;
            out = held.iter().position(|&b| b == part.mark).map_or(0, |n| n + 1);
        }
        cx.out.text(held.get(..out).unwrap_or_default());
        held.replace(0, out, b"");
    }
    input.result()
}
