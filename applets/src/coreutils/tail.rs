//! tail: the end of files (POSIX.1-2024 tail; -F, -q, -s, -v, -z and several files as GNU and BusyBox have them).

use sys::fs::{self, Fd, Owned};
use sys::opts::{Walk, Wrong};
use sys::{num, time, Buf, Cx, Errno, List, ZStr};
use util::text::heading::heading;
use util::text::input::Input;
use util::text::part;
use util::time::duration::Duration;

applet! {
    name: tail,
    dir: "/usr/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-fFqvz] [-n [+]NUMBER | -c [+]NUMBER | -NUMBER] [-s SECONDS] [FILE]...

Print the last 10 lines of each FILE; - or no FILE is standard input. Of several
FILEs the name comes first. NUMBER may have a suffix b k m g.

    -n, --lines=NUMBER  So many lines; with + before it from that line on
    -c, --bytes=NUMBER  So many bytes; with + before it from that byte on
    -f, --follow  Print what is added to the FILEs, until killed
    -F  As -f, and open a FILE again when its name has another, or comes
    -q, --quiet  No names
    -s, --sleep-interval=SECONDS  Look so often (1)
    -v, --verbose  Names, of one FILE too
    -z, --zero-terminated  Lines end with NUL
",
}

/// What to print of each file.
struct Part {
    bytes: bool,
    /// From there on, not so many at the end.
    on: bool,
    count: u64,
    mark: u8,
}

/// A file that is followed.
struct Followed {
    name: ZStr<'static>,
    /// `None`: it is not there.
    file: Option<Owned>,
}

const ROOM: usize = if cfg!(mote_nommu) { 512 } else { 8192 };

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut want = Part { bytes: false, on: false, count: 10, mark: b'\n' };
    let (mut quiet, mut names, mut digits, mut follow, mut again) = (false, false, false, false, false);
    let mut pause = Duration::parse(b"1");
    let mut walk = Walk::new(core::mem::take(&mut cx.args), SPEC, true);
    while let Some(step) = walk.next() {
        match step {
            // The count of an old script: -15.
            Err(Wrong::Unknown([d @ b'0'..=b'9'])) => {
                want.count = if digits { want.count.saturating_mul(10) } else { 0 };
                want.count = want.count.saturating_add((d - b'0') as u64);
                digits = true;
            }
            Err(wrong) => return cx.wrong(wrong),
            Ok(found) => match (found.letter, found.value) {
                (b's', Some(text)) => {
                    pause = Duration::parse(text.bytes());
                    if pause.is_none() {
                        cx.error(text.bytes(), b"invalid time");
                        return 1;
                    }
                }
                (letter, Some(text)) => {
                    want.bytes = letter == b'c';
                    want.on = text.first() == b'+';
                    let signed = want.on || text.first() == b'-';
                    let number = if signed { text.rest() } else { text };
                    let Some(n) = num::sized(number.bytes()) else {
                        cx.error(text.bytes(), b"invalid number");
                        return 1;
                    };
                    want.count = n;
                }
                (b'q', _) => quiet = true,
                (b'v', _) => names = true,
                (b'z', _) => want.mark = 0,
                (letter, _) => {
                    follow = true;
                    again |= letter == b'F';
                }
            },
        }
    }
    let stdin = [ZStr::new(c"-")];
    let files = walk.operands();
    let files = if files.is_empty() { &stdin[..] } else { files };
    names |= files.len() > 1;
    names &= !quiet;
    let mut first = true;
    let mut last = 0;
    let mut all: List<Followed> = List::new();
    for &name in files {
        let opened =
            if name.is(b"-") { fs::dup_above(Fd::STDIN, 3).map(Owned::new) } else { fs::open_read(name) };
        let done = opened.and_then(|file| {
            if names {
                heading(cx, name, &mut first);
            }
            // A pipe has no more when its writers are gone.
            let pipe = name.is(b"-") && fs::lseek(*file, 0, fs::SEEK_CUR).is_err();
            show(cx, *file, &want).map(|()| (!pipe).then_some(file))
        });
        match done {
            Ok(None) => {}
            Ok(file) => {
                last = all.len();
                all.push(Followed { name, file });
            }
            Err(why) => {
                cx.fail_on(name, why);
                if again {
                    all.push(Followed { name, file: None });
                }
            }
        }
        if cx.out.failed() {
            return cx.status;
        }
    }
    if follow && !all.is_empty() {
        let pause = pause.unwrap_or_default().timespec();
        watch(cx, &mut all, again, names.then_some(last), pause);
    }
    cx.status
}

/// Prints what comes; ends when the output does. `last`: the file whose name was printed last.
#[inline(never)]
fn watch(cx: &mut Cx, all: &mut [Followed], again: bool, mut last: Option<usize>, pause: time::Timespec) {
    let mut room = [0; ROOM];
    loop {
        let mut more = false;
        for (n, followed) in all.iter_mut().enumerate() {
            if again && !followed.name.is(b"-") {
                followed.renew(cx);
            }
            let Some(file) = &followed.file else { continue };
            // A file that is shorter than what was read of it begins anew.
            if let (Ok(at), Ok(stat)) = (fs::lseek(**file, 0, fs::SEEK_CUR), fs::fstat(**file)) {
                if fs::kind(&stat) == fs::S_IFREG && stat.stx_size < at {
                    cx.error(followed.name.bytes(), b"file truncated");
                    let _ = fs::lseek(**file, 0, fs::SEEK_SET);
                }
            }
            match fs::read(**file, &mut room) {
                Ok(0) => {}
                Ok(len) => {
                    more = true;
                    if last.is_some_and(|last| last != n) {
                        heading(cx, followed.name, &mut false);
                        last = Some(n);
                    }
                    cx.out.text(part(&room, 0, len));
                }
                Err(why) => {
                    cx.fail_on(followed.name, why);
                    followed.file = None;
                }
            }
        }
        if cx.out.flush().is_err() || !again && all.iter().all(|followed| followed.file.is_none()) {
            return;
        }
        if !more {
            let mut rest = pause;
            while time::sleep(&mut rest) == Err(Errno::EINTR) {}
        }
    }
}

impl Followed {
    /// Opens the file that has the name now, if it is another one.
    fn renew(&mut self, cx: &mut Cx) {
        let place = |stat: fs::Statx| (stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino);
        let now = fs::stat(self.name).map(place);
        let was = self.file.as_ref().and_then(|file| fs::fstat(**file).ok()).map(place);
        match now {
            Ok(now) if was != Some(now) => {
                if let Ok(file) = fs::open_read(self.name) {
                    let why: &[u8] = if was.is_some() { b"file replaced" } else { b"file has come" };
                    cx.error(self.name.bytes(), why);
                    self.file = Some(file);
                }
            }
            Err(why) if was.is_some() => {
                cx.fail_on(self.name, why);
                self.file = None;
            }
            _ => {}
        }
    }
}

/// Prints the end of a file.
#[inline(never)]
fn show(cx: &mut Cx, fd: Fd, want: &Part) -> Result<(), Errno> {
    if !want.on {
        if let Ok(size) = fs::lseek(fd, 0, fs::SEEK_END) {
            if size > 0 {
                let from =
                    if want.bytes { size.saturating_sub(want.count) } else { line_from_end(fd, size, want)? };
                fs::lseek(fd, from as i64, fs::SEEK_SET)?;
                return copy(cx, fd);
            }
            fs::lseek(fd, 0, fs::SEEK_SET)?;
        }
        return keep(cx, fd, want);
    }
    let mut skip = want.count.saturating_sub(1);
    let mut input = Input::new(fd, want.mark);
    while let Some(text) = if want.bytes || skip == 0 { input.chunk() } else { input.line() } {
        let n = match (want.bytes, skip) {
            (true, _) => skip.min(text.len() as u64),
            (false, 0) => 0,
            _ => {
                skip -= 1;
                continue;
            }
        };
        skip -= n;
        cx.out.text(text.get(n as usize..).unwrap_or_default());
        if cx.out.failed() {
            break;
        }
    }
    input.result()
}

#[inline(never)]
fn copy(cx: &mut Cx, fd: Fd) -> Result<(), Errno> {
    let mut room = [0; ROOM];
    while !cx.out.failed() {
        let n = fs::read(fd, &mut room)?;
        if n == 0 {
            break;
        }
        cx.out.text(part(&room, 0, n));
    }
    Ok(())
}

/// Where the last lines begin in a file of `size` bytes.
#[inline(never)]
fn line_from_end(fd: Fd, size: u64, want: &Part) -> Result<u64, Errno> {
    let mut room = [0; ROOM];
    let (mut at, mut left) = (size, want.count);
    if left == 0 {
        return Ok(size);
    }
    while at > 0 {
        let n = (at - 1) % ROOM as u64 + 1;
        at -= n;
        fs::lseek(fd, at as i64, fs::SEEK_SET)?;
        let mut got = 0;
        while got < n as usize {
            match fs::read(fd, room.get_mut(got..n as usize).unwrap_or_default())? {
                0 => break,
                more => got += more,
            }
        }
        let text = part(&room, 0, got);
        for (n, &b) in text.iter().enumerate().rev() {
            // The mark of the last line does not begin another one.
            if b == want.mark && at + n as u64 + 1 != size {
                left -= 1;
                if left == 0 {
                    return Ok(at + n as u64 + 1);
                }
            }
        }
    }
    Ok(0)
}

/// Prints the end of what cannot be read from its end.
#[inline(never)]
fn keep(cx: &mut Cx, fd: Fd, want: &Part) -> Result<(), Errno> {
    let mut input = Input::new(fd, want.mark);
    let mut held = Buf::new();
    // Lines in `held`, and the bytes there before the first that may be among the last.
    let (mut lines, mut skip) = (0u64, 0);
    while let Some(text) = if want.bytes { input.chunk() } else { input.line() } {
        held.extend_from_slice(text);
        if want.bytes {
            skip = held.len().saturating_sub(usize::try_from(want.count).unwrap_or(usize::MAX));
        } else if lines == want.count {
            let rest = held.get(skip..).unwrap_or_default();
            skip += rest.iter().position(|&b| b == want.mark).map_or(rest.len(), |n| n + 1);
        } else {
            lines += 1;
        }
        // Moved rarely, so that it takes time by the length of the input.
        if skip > ROOM && skip > held.len() / 2 {
            held.replace(0, skip, b"");
            skip = 0;
        }
    }
    cx.out.text(held.get(skip..).unwrap_or_default());
    input.result()
}
