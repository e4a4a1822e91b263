//! Pattern matching notation (POSIX.1-2024, Shell Command Language 2.14) and pathname expansion.
//!
//! Patterns are bytes, in which a backslash makes the next character literal: the expansion escapes
//! quoted characters so. Nothing here recurses, and time grows with the product of the lengths at worst:
//! between stars a pattern has a fixed length, so only the last star met is ever tried again.

use crate::Truth;
use sys::fs::{self, Dir, Fd};
use sys::sort::texts;
use sys::zstr::{cut, position};
use sys::{Buf, ToBuf, ZStr};

/// Does the pattern match all of `text`?
#[inline(never)]
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    prefix(pattern, text, true) == Some(text.len())
}

/// Length of the shortest or longest start of `text` that matches (`${x#…}`, `${x##…}`).
#[inline(never)]
pub fn prefix(pattern: &[u8], text: &[u8], longest: bool) -> Option<usize> {
    let (mut p, mut at) = (pattern, 0);
    // Where to go on after a mismatch: behind the last star, with one character more under that star.
    let mut retry: Option<(&[u8], usize)> = None;
    let mut best = None;
    loop {
        match p {
            [b'*', rest @ ..] => {
                p = rest;
                if rest.is_empty() && longest {
                    return Some(text.len());
                }
                retry = Some((rest, at));
                continue;
            }
            [_, ..] => {
                if let Some(&c) = text.get(at) {
                    if one(&mut p, c) {
                        at += 1;
                        continue;
                    }
                }
            }
            [] => {
                best = Some(at);
                if !longest {
                    return best;
                }
            }
        }
        match &mut retry {
            Some((rest, from)) if *from < text.len() => {
                *from += 1;
                (p, at) = (*rest, *from);
            }
            _ => return best,
        }
    }
}

/// Where the shortest or longest end of `text` that matches starts (`${x%…}`, `${x%%…}`).
#[inline(never)]
pub fn suffix(mut pattern: &[u8], text: &[u8], longest: bool) -> Option<usize> {
    while let ([b'*', rest @ ..], false) = (pattern, longest) {
        pattern = rest; // which matches nothing in the shortest end
    }
    let last = text.len();
    for i in 0..=last {
        let at = if longest { i } else { last - i };
        if matches(pattern, text.get(at..).unwrap_or(&[])) {
            return Some(at);
        }
        if pattern.first() == Some(&b'*') {
            break; // and had matched with a longer start
        }
    }
    None
}

/// Takes the first element (no star) off the pattern: does it match `c`?
#[inline(never)]
pub fn one(p: &mut &[u8], c: u8) -> bool {
    match next(p) {
        ANY => true,
        OPEN => match bracket(p, c) {
            Some(is) => is == Truth::Yes,
            None => c == b'[',
        },
        // At the end it is itself.
        ESCAPE if p.is_empty() => c == b'\\',
        ESCAPE => next(p) == c as u32,
        other => other == c as u32,
    }
}

// What `next` takes, and that nothing is left.
const ANY: u32 = b'?' as u32;
const OPEN: u32 = b'[' as u32;
const ESCAPE: u32 = b'\\' as u32;
const END: u32 = 256;

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
fn bracket(pattern: &mut &[u8], c: u8) -> Option<Truth> {
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
            let low = literal(&mut p);
            let mut high = low;
            if let [b'-', end, ..] = p {
                if *end != b']' {
                    next(&mut p);
                    high = literal(&mut p);
                }
            }
            if high == END {
                return None;
            }
            if low <= c as u32 && c as u32 <= high {
                holds = true;
            }
        }
        first = false;
    }
}

/// Takes one character of a bracket expression off: plain, escaped, `[=x=]` or `[.x.]`.
#[inline(never)]
fn literal(p: &mut &[u8]) -> u32 {
    if let [b'[', a @ (b'=' | b'.'), c, b, b']', rest @ ..] = p {
        if a == b {
            *p = rest;
            return *c as u32;
        }
    }
    match next(p) {
        ESCAPE => next(p),
        c => c,
    }
}

// Name and ranges of each class, in ASCII as in the POSIX locale.
static CLASSES: &[u8] = b"alnum:09AZaz\xffalpha:AZaz\xffblank:  \t\t\xffcntrl:\0\x1f\x7f\x7f\xffdigit:09\xff\
graph:!~\xfflower:az\xffprint: ~\xffpunct:!/:@[`{~\xffspace:\t\r  \xffupper:AZ\xffxdigit:09AFaf";

/// Takes a class `[:name:]` off: does it hold `c`? `None` if there is none.
fn class(p: &mut &[u8], c: u8) -> Option<Truth> {
    let text = p.strip_prefix(b"[:")?;
    let (name, rest) = text.split_at_checked(position(text, b':')? + 1)?;
    *p = rest.strip_prefix(b"]")?;
    let mut all = CLASSES;
    while !all.is_empty() {
        if let Some(ranges) = cut(&mut all, 0xff).strip_prefix(name) {
            let is = ranges.chunks(2).any(|r| matches!(r, [low, high] if *low <= c && c <= *high));
            return Some(is.into());
        }
    }
    Some(Truth::No)
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
pub fn glob(pattern: &[u8], each: &mut dyn FnMut(&[u8])) -> bool {
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
            if magic {
                list(&mut here, name, !rest.is_empty(), &mut found);
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
fn list(path: &mut Buf, name: &[u8], inner: bool, found: &mut Buf) {
    let dots = matches!(name, [b'.', ..] | [b'\\', b'.', ..]);
    let here = if path.is_empty() { ZStr::new(c".") } else { path.z() };
    let Ok(mut dir) = Dir::open(Fd::CWD, here, 0) else { return };
    while let Ok(Some(e)) = dir.next() {
        let b = e.name.bytes();
        // Types that cannot lead further: all but unknown 0, directory 4, link 10.
        let ends = inner && !matches!(e.kind, 0 | 4 | 10);
        if !ends && (dots || e.name.first() != b'.') && matches(name, b) {
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
            assert!(matches(p.as_bytes(), t.as_bytes()), "{p} {t}");
        }
        for (p, t) in [("", "a"), ("?", ""), ("a*c", "abcb"), ("\\*", "a"), ("*.c", "a.cc"), ("[a", "a")] {
            assert!(!matches(p.as_bytes(), t.as_bytes()), "{p} {t}");
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
                assert!(matches(p.as_bytes(), c.to_string().as_bytes()), "{p} {c}");
            }
            for c in no.chars() {
                assert!(!matches(p.as_bytes(), c.to_string().as_bytes()), "{p} {c}");
            }
        }
    }

    #[test]
    fn ends_short_and_long() {
        let t = b"usr/lib/x.tar.gz";
        assert_eq!(prefix(b"*/", t, false), Some(4));
        assert_eq!(prefix(b"*/", t, true), Some(8));
        assert_eq!(prefix(b"*", t, false), Some(0));
        assert_eq!(prefix(b"*", t, true), Some(16));
        assert_eq!(prefix(b"u?r", t, true), Some(3));
        assert_eq!(prefix(b"x", t, false), None);
        assert_eq!(suffix(b".*", t, false), Some(13));
        assert_eq!(suffix(b".*", t, true), Some(9));
        assert_eq!(suffix(b"*", t, false), Some(16));
        assert_eq!(suffix(b"*z", t, true), Some(0));
        assert_eq!(suffix(b"*z", t, false), Some(15));
        assert_eq!(suffix(b"*x", t, true), None);
    }

    #[test]
    fn long_text_is_fast() {
        let mut t = vec![b'a'; 1 << 20];
        t.push(b'/');
        assert_eq!(prefix(b"*/", &t, false), Some(t.len()));
        assert_eq!(suffix(b"/*", &t, true), Some(1 << 20));
        assert!(!matches(b"*a*a*a*b", &t));
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
            let any = glob(format!("{base}{tail}").as_bytes(), &mut |p| {
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
            Some(_) => t.first().is_some_and(|&c| {
                let mut rest = p;
                one(&mut rest, c) && naive(rest, &t[1..])
            }),
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
            assert_eq!(matches(&p, &t), naive(&p, &t), "{p:?} {t:?}");
            assert_eq!(prefix(&p, &t, false), (0..=t.len()).find(ends), "{p:?} {t:?}");
            assert_eq!(prefix(&p, &t, true), (0..=t.len()).rev().find(ends), "{p:?} {t:?}");
            assert_eq!(suffix(&p, &t, true), (0..=t.len()).find(starts), "{p:?} {t:?}");
            assert_eq!(suffix(&p, &t, false), (0..=t.len()).rev().find(starts), "{p:?} {t:?}");
            has_magic(&p);
        }
    }
}
