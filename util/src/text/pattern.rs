//! Pattern matching notation (POSIX.1-2024, Shell Command Language 2.14) and pathname expansion.
//!
//! Patterns are bytes, in which a backslash makes the next character literal: the expansion escapes
//! quoted characters so. Nothing here recurses, and time grows with the product of the lengths at worst:
//! between stars a pattern has a fixed length, so only the last star met is ever tried again.

use super::after;
use super::utf8::{decode, inner, NONE};
use crate::Truth;
use sys::fs::{self, Dir, Fd};
use sys::sort::texts;
use sys::zstr::{cut, position};
use sys::{Buf, ToBuf, ZStr};

/// The longest part that matches is asked for, not the shortest.
pub const LONGEST: u32 = 1;
/// Text and pattern consist of characters in UTF-8, not of bytes.
pub const CHARACTERS: u32 = 2;

/// Does the pattern match all of `text`? `how` may be [`CHARACTERS`].
#[inline(never)]
pub fn matches(pattern: &[u8], text: &[u8], how: u32) -> bool {
    prefix(pattern, text, how | LONGEST) == Some(text.len())
}

/// Length of the shortest or longest start of `text` that matches (`${x#…}`, `${x##…}`).
#[inline(never)]
pub fn prefix(pattern: &[u8], text: &[u8], how: u32) -> Option<usize> {
    let (mut p, mut t) = (pattern, text);
    // Where to go on after a mismatch: behind the last star, with one character more under that star.
    let mut retry: Option<(&[u8], &[u8])> = None;
    let mut best = None;
    loop {
        match p {
            [b'*', rest @ ..] => {
                p = rest;
                if rest.is_empty() && how & LONGEST != 0 {
                    return Some(text.len());
                }
                retry = Some((rest, t));
                continue;
            }
            [_, ..] => {
                if one(&mut p, &mut t, how) {
                    continue;
                }
            }
            [] => {
                best = Some(text.len() - t.len());
                if how & LONGEST == 0 {
                    return best;
                }
            }
        }
        match &mut retry {
            Some((rest, from)) if !from.is_empty() => {
                character(from, how);
                (p, t) = (*rest, *from);
            }
            _ => return best,
        }
    }
}

/// Where the shortest or longest end of `text` that matches starts (`${x%…}`, `${x%%…}`).
#[inline(never)]
pub fn suffix(mut pattern: &[u8], text: &[u8], how: u32) -> Option<usize> {
    let longest = how & LONGEST != 0;
    while let ([b'*', rest @ ..], false) = (pattern, longest) {
        pattern = rest; // which matches nothing in the shortest end
    }
    let last = text.len();
    for i in 0..=last {
        let at = if longest { i } else { last - i };
        if how & CHARACTERS != 0 && text.get(at).is_some_and(|&c| inner(c)) {
            continue;
        }
        if matches(pattern, after(text, at), how) {
            return Some(at);
        }
        if pattern.first() == Some(&b'*') || sys::caught::interrupted() {
            break; // and had matched with a longer start
        }
    }
    None
}

/// Takes the first element (no star) off the pattern, and a character off the text: does it match that?
#[inline(never)]
pub fn one(p: &mut &[u8], text: &mut &[u8], how: u32) -> bool {
    let c = character(text, how);
    holds(p, c, how)
}

/// Takes the first element (no star) off the pattern: does it match `c`, which [`character`] gave?
pub fn holds(p: &mut &[u8], c: u32, how: u32) -> bool {
    match character(p, how) {
        _ if c == END => false,
        ANY => true,
        OPEN => match bracket(p, c, how) {
            Some(is) => is == Truth::Yes,
            None => c == OPEN,
        },
        // At the end it is itself.
        ESCAPE if p.is_empty() => c == ESCAPE,
        ESCAPE => character(p, how) == c,
        other => other == c,
    }
}

// What `next` takes, and that nothing is left.
const ANY: u32 = b'?' as u32;
const OPEN: u32 = b'[' as u32;
const ESCAPE: u32 = b'\\' as u32;
const END: u32 = NONE;
/// Behind all characters.
pub const BYTES: u32 = 0x11_0000;

/// Takes the first byte off; [`END`] if there is none. A word, which needs no masks.
#[inline(never)]
fn next(p: &mut &[u8]) -> u32 {
    match p.split_first() {
        Some((&c, rest)) => {
            *p = rest;
            c as u32
        }
        None => END,
    }
}

/// Takes a bracket expression, behind its `[`, off the pattern: does it hold `c`? `None` if it never
/// ends; nothing is taken then.
#[inline(never)]
fn bracket(pattern: &mut &[u8], c: u32, how: u32) -> Option<Truth> {
    let mut p = *pattern;
    let not = matches!(p.first(), Some(b'!' | b'^'));
    if not {
        next(&mut p);
    }
    let mut holds = false;
    let mut first = true;
    loop {
        let class = class(&mut p, c);
        if class == Some(Truth::Yes) {
            holds = true;
        }
        if class.is_none() {
            if p.first() == Some(&b']') && !first {
                next(&mut p);
                *pattern = p;
                return Some((holds != not).into());
            }
            let low = element(&mut p, how);
            let mut high = low;
            if let [b'-', end, ..] = p {
                if *end != b']' {
                    next(&mut p);
                    high = element(&mut p, how);
                }
            }
            if high == END {
                return None;
            }
            if low <= c && c <= high {
                holds = true;
            }
        }
        first = false;
    }
}

/// Takes one character of a bracket expression off: plain, escaped, `[=x=]` or `[.x.]`.
#[inline(never)]
fn element(p: &mut &[u8], how: u32) -> u32 {
    if let [b'[', a @ (b'=' | b'.'), c, b, b']', rest @ ..] = p {
        if a == b {
            *p = rest;
            return *c as u32;
        }
    }
    match character(p, how) {
        ESCAPE => character(p, how),
        c => c,
    }
}

/// Takes a character off; [`END`] if there is none. Bytes beyond ASCII that are none come behind all characters.
#[inline(never)]
pub fn character(p: &mut &[u8], how: u32) -> u32 {
    // Most are ASCII; loops over long texts come by here.
    if let [c @ ..0x80, rest @ ..] = *p {
        *p = rest;
        return *c as u32;
    }
    if how & CHARACTERS != 0 {
        let (n, c) = decode(p);
        if c != NONE {
            *p = after(p, n);
            return c;
        }
    }
    match next(p) {
        b @ 0x80..=0xff => BYTES + b,
        c => c,
    }
}

// Name and ranges of each class, in ASCII as in the POSIX locale.
static CLASSES: &[u8] = b"alnum:09AZaz\xffalpha:AZaz\xffblank:\t\t  \xffcntrl:\0\x1f\x7f\x7f\xffdigit:09\xff\
graph:!~\xfflower:az\xffprint: ~\xffpunct:!/:@[`{~\xffspace:\t\r  \xffupper:AZ\xffxdigit:09AFaf";

/// Takes a class `[:name:]` off: does it hold `c`? `None` if there is none. Characters beyond ASCII count as small
/// letters.
fn class(p: &mut &[u8], c: u32) -> Option<Truth> {
    let text = p.strip_prefix(b"[:")?;
    let (name, rest) = text.split_at_checked(position(text, b':')? + 1)?;
    *p = rest.strip_prefix(b"]")?;
    let c = if (0x80..BYTES).contains(&c) { b'z' } else { c as u8 };
    let mut all = CLASSES;
    while !all.is_empty() {
        if let Some(ranges) = cut(&mut all, 0xff).strip_prefix(name) {
            let is = ranges.chunks(2).any(|r| matches!(r, [low, high] if *low <= c && c <= *high));
            return Some(is.into());
        }
    }
    Some(Truth::No)
}

/// Is there a class of this name?
pub fn is_class(name: &[u8]) -> bool {
    class_ranges(name).is_some()
}

/// The class of this name: first and last byte of each range, in order. `None` if there is no such class.
pub fn class_ranges(name: &[u8]) -> Option<&'static [u8]> {
    let mut all = CLASSES;
    while !all.is_empty() {
        let mut ranges = cut(&mut all, 0xff);
        if cut(&mut ranges, b':') == name {
            return Some(ranges);
        }
    }
    None
}

/// Does the pattern hold anything but literal characters? A `[` alone does not count: it is a command.
#[inline(never)]
pub fn has_magic(mut pattern: &[u8]) -> bool {
    let mut open = false;
    loop {
        let c = next(&mut pattern);
        match c as u8 {
            _ if c == END => return false,
            b'*' | b'?' => return true,
            b']' if open => return true,
            b'[' => open = true,
            b'\\' => {
                next(&mut pattern);
            }
            _ => {}
        }
    }
}

/// Appends the literal text of a pattern: without the backslashes that escape.
#[inline(never)]
pub fn unescape(mut pattern: &[u8], out: &mut Buf) {
    while let [c, rest @ ..] = pattern {
        pattern = rest;
        let quoted = *c == b'\\' && !pattern.is_empty();
        out.push(if quoted { next(&mut pattern) as u8 } else { *c });
    }
}

/// Pathname expansion (2.14.3): calls `each` with every existing path that matches, in the order of
/// their bytes. False if there is none. Directories that cannot be read hold nothing.
#[inline(never)]
pub fn glob(pattern: &[u8], how: u32, each: &mut dyn FnMut(&[u8])) -> bool {
    // What matches the names so far, each path with its NUL.
    let mut paths = b"\0".buf();
    let mut rest = pattern;
    let mut magic = false;
    while !rest.is_empty() {
        // One name and the slashes before it; of a quoted slash, the backslash goes.
        let (slash, tail) = rest.split_at(run(rest, b'/'));
        let (mut name, tail) = tail.split_at(position(tail, b'/').unwrap_or(tail.len()));
        rest = tail;
        if !rest.is_empty() {
            name = name.strip_suffix(b"\\").unwrap_or(name);
        }
        magic = has_magic(name);
        let mut found = Buf::new();
        let mut here = Buf::new();
        for path in paths.split_inclusive(|&b| b == 0) {
            here.clear();
            here.extend_from_slice(path);
            here.pop();
            here.extend_from_slice(slash);
            if sys::caught::interrupted() {
                break;
            }
            if magic {
                list(&mut here, name, !rest.is_empty(), how, &mut found);
            } else {
                unescape(name, &mut here);
                add(&mut found, &here);
            }
        }
        paths = found;
    }
    let mut any = false;
    for &path in &texts(&paths) {
        // What was read from a directory is there.
        if magic || fs::lstat(path).is_ok() {
            any = true;
            each(path.bytes());
        }
    }
    any
}

/// How many times the text begins with `c`.
fn run(text: &[u8], c: u8) -> usize {
    text.iter().position(|&b| b != c).unwrap_or(text.len())
}

#[inline(never)]
fn add(paths: &mut Buf, part: &[u8]) {
    paths.extend_from_slice(part);
    paths.push(0);
}

/// Appends to `found` what directory `path` (empty: the current one) holds that matches `name`; only
/// what may be a directory, if `inner`.
#[inline(never)]
fn list(path: &mut Buf, name: &[u8], inner: bool, how: u32, found: &mut Buf) {
    let dots = matches!(name, [b'.', ..] | [b'\\', b'.', ..]);
    let here = if path.is_empty() { ZStr::new(c".") } else { path.z() };
    let Ok(mut dir) = Dir::open(Fd::CWD, here, 0) else { return };
    while let Ok(Some(e)) = dir.next() {
        let b = e.name.bytes();
        // Types that cannot lead further: all but unknown 0, directory 4, link 10.
        let ends = inner && !matches!(e.kind, 0 | 4 | 10);
        if !ends && (dots || e.name.first() != b'.') && matches(name, b, how) {
            found.extend_from_slice(path);
            add(found, b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_marks() {
        for (p, t) in [
            ("", ""),
            ("*", ""),
            ("*", "abc"),
            ("a*c", "abcbc"),
            ("a?c", "abc"),
            ("*a*b*c*", "xxaxxbxxcxx"),
            ("**", "x"),
            ("*.c", "a.c.c"),
            ("\\*", "*"),
            ("a\\", "a\\"),
            ("[", "["),
            ("[a", "[a"),
        ] {
            assert!(matches(p.as_bytes(), t.as_bytes(), 0), "{p} {t}");
        }
        for (p, t) in [("", "a"), ("?", ""), ("a*c", "abcb"), ("\\*", "a"), ("*.c", "a.cc"), ("[a", "a")] {
            assert!(!matches(p.as_bytes(), t.as_bytes(), 0), "{p} {t}");
        }
    }

    #[test]
    fn brackets() {
        for (p, yes, no) in [
            ("[abc]", "abc", "d[]"),
            ("[!abc]", "d]", "abc"),
            ("[^a-c]", "d-", "b"),
            ("[]a]", "]a", "["),
            ("[!]a]", "b", "]a"),
            ("[a-]", "a-", "b"),
            ("[-a]", "a-", "b"),
            ("[a\\-z]", "a-z", "b"),
            ("[\\]]", "]", "\\"),
            ("[[:digit:]x]", "09x", "a:"),
            ("[[:space:][:upper:]]", " \tA", "a"),
            ("[![:alnum:]_]", "-", "a_9"),
            ("[[:punct:]]", "!/:@[`{~", "a0 "),
            ("[[:cntrl:]]", "\x01\x7f", "a "),
            ("[[=a=][.b.]]", "ab", "=."),
            ("[[:nope:]]", "", "nope:["),
            ("[a[:x]", "a[:x", "]"),
            ("[\\!a]", "!a", "b"),
        ] {
            for c in yes.chars() {
                assert!(matches(p.as_bytes(), c.to_string().as_bytes(), 0), "{p} {c}");
            }
            for c in no.chars() {
                assert!(!matches(p.as_bytes(), c.to_string().as_bytes(), 0), "{p} {c}");
            }
        }
    }

    #[test]
    fn characters_are_taken_whole() {
        for (p, yes, no) in [
            ("?", "aéĀ€😀", ""),
            ("[é-ü]", "éêü", "aÿ"),
            ("[!é]", "aÉ€", "é"),
            ("[[:alpha:]]", "aé€", "1-"),
            ("é", "é", "ê"),
            ("[\\é]", "é", "ê"),
            ("[Ā]", "Ā", "a"),
        ] {
            for c in yes.chars() {
                assert!(matches(p.as_bytes(), c.to_string().as_bytes(), CHARACTERS), "{p} {c}");
            }
            for c in no.chars() {
                assert!(!matches(p.as_bytes(), c.to_string().as_bytes(), CHARACTERS), "{p} {c}");
            }
        }
        assert!(!matches("?".as_bytes(), "é".as_bytes(), 0));
        assert_eq!(prefix(b"?", "éa".as_bytes(), CHARACTERS), Some(2));
        assert_eq!(prefix(b"*?", "éa".as_bytes(), CHARACTERS), Some(2));
        assert_eq!(suffix(b"?", "aé".as_bytes(), CHARACTERS), Some(1));
        assert_eq!(suffix(b"?*", "aé".as_bytes(), CHARACTERS | LONGEST), Some(0));
        // What is no character is taken byte by byte.
        assert!(matches(b"??", b"\xff\xc3", CHARACTERS));
    }

    #[test]
    fn ends_short_and_long() {
        let t = b"usr/lib/x.tar.gz";
        assert_eq!(prefix(b"*/", t, 0), Some(4));
        assert_eq!(prefix(b"*/", t, LONGEST), Some(8));
        assert_eq!(prefix(b"*", t, 0), Some(0));
        assert_eq!(prefix(b"*", t, LONGEST), Some(16));
        assert_eq!(prefix(b"u?r", t, LONGEST), Some(3));
        assert_eq!(prefix(b"x", t, 0), None);
        assert_eq!(suffix(b".*", t, 0), Some(13));
        assert_eq!(suffix(b".*", t, LONGEST), Some(9));
        assert_eq!(suffix(b"*", t, 0), Some(16));
        assert_eq!(suffix(b"*z", t, LONGEST), Some(0));
        assert_eq!(suffix(b"*z", t, 0), Some(15));
        assert_eq!(suffix(b"*x", t, LONGEST), None);
    }

    #[test]
    fn long_text_is_fast() {
        let mut t = vec![b'a'; 1 << 20];
        t.push(b'/');
        assert_eq!(prefix(b"*/", &t, 0), Some(t.len()));
        assert_eq!(suffix(b"/*", &t, LONGEST), Some(1 << 20));
        assert!(!matches(b"*a*a*a*b", &t, 0));
    }

    #[test]
    fn magic_and_escapes() {
        assert!(has_magic(b"a*") && has_magic(b"[a]") && has_magic(b"\\a?"));
        assert!(!has_magic(b"[") && !has_magic(b"a\\*") && !has_magic(b"[\\]") && !has_magic(b"]["));
        let mut o = Buf::new();
        unescape(b"a\\*\\\\b\\", &mut o);
        assert_eq!(o, b"a*\\b\\");
    }

    #[test]
    fn paths_are_sorted_and_dots_hidden() {
        let d = std::env::temp_dir().join(format!("mote-glob-{}", std::process::id()));
        for sub in ["b", "a", ".h"] {
            std::fs::create_dir_all(d.join(sub)).unwrap();
            std::fs::write(d.join(sub).join("f*"), "").unwrap();
        }
        std::fs::write(d.join("c"), "").unwrap();
        let base = d.to_str().unwrap().to_string();
        let g = |tail: &str| {
            let mut all = Vec::new();
            let any = glob(format!("{base}{tail}").as_bytes(), 0, &mut |p| {
                all.push(String::from_utf8(p[base.len()..].to_vec()).unwrap())
            });
            assert_eq!(any, !all.is_empty());
            all
        };
        assert_eq!(g("/*"), ["/a", "/b", "/c"]);
        assert_eq!(g("/*/"), ["/a/", "/b/"]);
        assert_eq!(g("/[ab]//f\\*"), ["/a//f*", "/b//f*"]);
        assert_eq!(g("\\/*\\/f*"), ["/a/f*", "/b/f*"]);
        assert_eq!(g("/.*/f?"), ["/.h/f*"]);
        assert_eq!(g("/\\.h*"), ["/.h"]);
        assert_eq!(g("/x*"), [""; 0]);
        std::fs::remove_dir_all(&d).unwrap();
    }

    /// What the notation says, word for word: slow and recursive.
    fn naive(p: &[u8], t: &[u8]) -> bool {
        match p.first() {
            None => t.is_empty(),
            Some(b'*') => (0..=t.len()).any(|n| naive(&p[1..], &t[n..])),
            Some(_) => {
                let mut rest = p;
                one(&mut rest, &mut { t }, 0) && naive(rest, t.get(1..).unwrap_or(&[]))
            }
        }
    }

    #[test]
    fn junk_matches_as_the_plain_definition_says() {
        const PIECES: &[u8] = b"ab*?[]!^-\\:.=*a";
        let mut seed = 7u32;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) as usize % n
        };
        for _ in 0..20_000 {
            let p: Vec<u8> = (0..random(8)).map(|_| PIECES[random(PIECES.len())]).collect();
            let t: Vec<u8> = (0..random(6)).map(|_| b"ab-]"[random(4)]).collect();
            let ends = |n: &usize| naive(&p, &t[..*n]);
            let starts = |n: &usize| naive(&p, &t[*n..]);
            assert_eq!(matches(&p, &t, 0), naive(&p, &t), "{p:?} {t:?}");
            assert_eq!(prefix(&p, &t, 0), (0..=t.len()).find(ends), "{p:?} {t:?}");
            assert_eq!(prefix(&p, &t, LONGEST), (0..=t.len()).rev().find(ends), "{p:?} {t:?}");
            assert_eq!(suffix(&p, &t, LONGEST), (0..=t.len()).find(starts), "{p:?} {t:?}");
            assert_eq!(suffix(&p, &t, 0), (0..=t.len()).rev().find(starts), "{p:?} {t:?}");
            has_magic(&p);
        }
    }
}
