//! Messages of the kernel: lines of the system call, and the text of records.

use crate::dmesg::{plain, priority, stamp};
use alloc::vec::Vec;

/// Takes `data` as a line, and as a text with codes.
pub fn kmsg(data: &[u8]) {
    assert_eq!(plain(data).to_vec(), decoded(data));
    let mut line = data;
    let level = priority(&mut line).to_vec();
    assert_eq!((&level[..], line), data.split_at(level_len(data)), "nothing is lost");
    let before = line;
    match (stamp(&mut line), time(before)) {
        (None, None) => assert_eq!(line, before),
        (given, Some((seconds, micro, len))) => {
            assert_eq!(given, Some((seconds, micro)));
            assert_eq!(line, &before[len..]);
        }
        (given, None) => panic!("{given:?} is no time"),
    }
}

/// With the bytes that `\xNN` stand for.
fn decoded(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|c| char::from(*c).to_digit(16));
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match (text[at..].starts_with(b"\\x"), digit(at + 2), digit(at + 3)) {
            (true, Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 4;
            }
            _ => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

/// How long the `<6>` at the start is: a digit first, and whatever the kernel may write up to `>`.
fn level_len(line: &[u8]) -> usize {
    let known = line.first() == Some(&b'<') && line.get(1).is_some_and(u8::is_ascii_digit);
    let end = line.iter().position(|&c| c == b'>');
    end.filter(|_| known).map_or(0, |end| end + 1)
}

/// Seconds, microseconds and the length of `[   12.345678] ` at the start, whose blank may be missing.
fn time(line: &[u8]) -> Option<(u32, u32, usize)> {
    let end = line.iter().position(|&c| c == b']')?;
    let inside = core::str::from_utf8(line.get(1..end).filter(|_| line[0] == b'[')?).ok()?;
    let (seconds, micro) = inside.split_once('.')?;
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        text.parse().ok().filter(|_| digits)
    };
    let seconds = seconds.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let blank = line.get(end + 1) == Some(&b' ');
    Some((number(seconds)?, number(micro)?, end + 1 + blank as usize))
}
