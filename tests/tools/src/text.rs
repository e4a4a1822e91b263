//! Tools for lines.

use crate::{whole, Call};
use alloc::vec::Vec;
use sys::fs::{self, Fd};
use sys::{num, Buf, ToBuf, ZStr};

const STDIN: ZStr = ZStr::new(c"-");

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|b| *b == b'\n')
}

/// The count in `-N` or `-n N`, and the file behind it.
fn count(call: &Call) -> Option<(usize, ZStr<'static>)> {
    let (digits, rest) = match call.args {
        [n, digits, rest @ ..] if n.is(b"-n") => (digits.bytes(), rest),
        [option, rest @ ..] => (option.bytes().strip_prefix(b"-")?, rest),
        [] => return None,
    };
    Some((num::parse_u32(digits)? as usize, rest.first().copied().unwrap_or(STDIN)))
}

/// `head -N [FILE]`, `head -n N [FILE]`: reads no more than it has to.
pub(crate) fn head(call: &mut Call) -> u8 {
    let Some((mut wanted, file)) = count(call) else { return call.unknown() };
    let opened = if file.is(b"-") { None } else { fs::open_read(file).ok() };
    let fd = opened.as_deref().copied().unwrap_or(Fd::STDIN);
    let mut byte = [0];
    while wanted > 0 && matches!(fs::read(fd, &mut byte), Ok(1)) {
        call.out.byte(byte[0]);
        wanted -= usize::from(byte == [b'\n']);
    }
    0
}

/// `tail -N [FILE]`, `tail -n N [FILE]`.
pub(crate) fn tail(call: &mut Call) -> u8 {
    let Some((wanted, file)) = count(call) else { return call.unknown() };
    match whole(file) {
        Ok(all) => {
            let skip = lines(&all).count().saturating_sub(wanted);
            lines(&all).skip(skip).for_each(|line| call.out.bytes(line));
            0
        }
        Err(why) => call.fail(file.bytes(), why),
    }
}

/// `wc [-l | -c] [FILE]`: in bare numbers of one column or, for all three, with the file's name.
pub(crate) fn wc(call: &mut Call) -> u8 {
    let (options, files) = call.options();
    let file = files.first().copied().unwrap_or(STDIN);
    let all = match whole(file) {
        Ok(all) => all,
        Err(why) => return call.fail(file.bytes(), why),
    };
    let newlines = all.iter().filter(|b| **b == b'\n').count() as u64;
    match &options[..] {
        b"l" => call.out.dec(newlines),
        b"c" => call.out.dec(all.len() as u64),
        b"" => {
            let words = all.split(|b| b.is_ascii_whitespace()).filter(|word| !word.is_empty()).count();
            for (n, number) in [newlines, words as u64, all.len() as u64].into_iter().enumerate() {
                call.out.fill(b' ', usize::from(n > 0));
                call.out.dec(number);
            }
            if !file.is(b"-") {
                call.out.byte(b' ');
                call.out.z(file);
            }
        }
        _ => return call.unknown(),
    }
    call.out.byte(b'\n');
    0
}

/// `sort [-u]` of standard input.
pub(crate) fn sort(call: &mut Call) -> u8 {
    let (options, _) = call.options();
    if !matches!(&options[..], b"" | b"u") {
        return call.unknown();
    }
    let Ok(all) = whole(STDIN) else { return 1 };
    let mut sorted: Vec<&[u8]> = lines(&all).collect();
    sorted.sort_unstable();
    if !options.is_empty() {
        sorted.dedup();
    }
    sorted.into_iter().for_each(|line| call.out.bytes(line));
    0
}

/// `tee FILE…`.
pub(crate) fn tee(call: &mut Call) -> u8 {
    let opened: Vec<_> = call
        .args
        .iter()
        .filter_map(|path| fs::open(*path, fs::O_WRONLY | fs::O_CREAT | fs::O_TRUNC, 0o666).ok())
        .collect();
    let mut buf = [0; 512];
    while let Ok(n @ 1..) = fs::read(Fd::STDIN, &mut buf) {
        let bytes = buf.get(..n).unwrap_or_default();
        call.out.unbuffered(bytes);
        for file in &opened {
            if let Err(why) = fs::write_all(**file, bytes) {
                return call.fail(b"write error", why);
            }
        }
    }
    u8::from(opened.len() != call.args.len())
}

/// `tr A B` for single characters (`\n` is one), ranges and `[:lower:]`.
pub(crate) fn tr(call: &mut Call) -> u8 {
    let set = |text: &ZStr| -> Vec<u8> {
        match text.bytes() {
            b"[:lower:]" => (b'a'..=b'z').collect(),
            b"[:upper:]" => (b'A'..=b'Z').collect(),
            b"\\n" => [b'\n'].into(),
            other => other.into(),
        }
    };
    let [from, to] = call.args else { return call.unknown() };
    let (from, to) = (set(from), set(to));
    if from.len() != to.len() {
        return call.unknown();
    }
    let mut buf = [0; 512];
    while let Ok(n @ 1..) = fs::read(Fd::STDIN, &mut buf) {
        for b in buf.get(..n).unwrap_or_default() {
            let at = from.iter().position(|f| f == b);
            call.out.byte(at.and_then(|at| to.get(at)).copied().unwrap_or(*b));
        }
    }
    0
}

/// `diff [-a] [-u] [-w] [-b] [-U N] A B`: nothing if they are equal; else, without the lines that
/// both begin and both end with, those of one, then of the other.
/// With `-w` white space does not count, nor does a missing newline at the end.
pub(crate) fn diff(call: &mut Call) -> u8 {
    let mut names = call.args;
    let mut blind = false;
    while let [option, rest @ ..] = names {
        match option.bytes().strip_prefix(b"-") {
            None | Some(b"") => break,
            Some(b"U") => names = rest.get(1..).unwrap_or_default(),
            Some(letters) => {
                if letters.iter().any(|letter| !b"auwb".contains(letter)) {
                    return call.unknown();
                }
                blind |= letters.contains(&b'w');
                names = rest;
            }
        }
    }
    let [a, b] = names else { return call.unknown() };
    let (Ok(one), Ok(other)) = (whole(*a), whole(*b)) else {
        sys::out::complain(&[b"diff: cannot read ", a.bytes(), b" or ", b.bytes()]);
        return 2;
    };
    let seen = |text: &[u8]| -> Buf {
        let mut seen = text.buf();
        if blind {
            seen.retain(|b| *b == b'\n' || !b.is_ascii_whitespace());
            let end = seen.strip_suffix(b"\n").unwrap_or(&seen).len();
            seen.truncate(end);
        }
        seen
    };
    if seen(&one)[..] == seen(&other)[..] {
        return 0;
    }
    let (mut one, mut other): (Vec<&[u8]>, Vec<&[u8]>) = (lines(&one).collect(), lines(&other).collect());
    while one.last().is_some() && one.last() == other.last() {
        one.pop();
        other.pop();
    }
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    for (mark, text) in [(b'-', &one), (b'+', &other)] {
        for line in text.iter().skip(same) {
            call.out.byte(mark);
            call.out.bytes(line);
            if !line.ends_with(b"\n") {
                call.out.byte(b'\n');
            }
        }
    }
    1
}

/// `yes TEXT`, until nobody reads it.
pub(crate) fn yes(call: &mut Call) -> u8 {
    let text = call.args.first().map_or(&b"y"[..], |text| text.bytes());
    while !call.out.failed() {
        call.out.bytes(text);
        call.out.byte(b'\n');
    }
    0
}
