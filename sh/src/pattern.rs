//! Pattern matching notation (POSIX.1-2024, Shell Command Language 2.14) and pathname expansion.
//!
//! Patterns are bytes, in which a backslash makes the next character literal: the expansion escapes
//! quoted characters so. Nothing here recurses, and time grows with the product of the lengths at worst:
//! between stars a pattern has a fixed length, so only the last star met is ever tried again.

use alloc::vec::Vec;
use sys::fs::{self, Dir, Fd};
use sys::zstr::ZBuf;
use sys::Buf;

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
        match p.split_first() {
            Some((b'*', rest)) => {
                p = rest;
                if rest.is_empty() && longest {
                    return Some(text.len());
                }
                retry = Some((rest, at));
                continue;
            }
            Some(_) => {
                if let Some(rest) = text.get(at).and_then(|&c| one(p, c)) {
                    p = rest;
                    at += 1;
                    continue;
                }
            }
            None => {
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

/// The pattern behind its first element (no star) if that one matches `c`.
#[inline(never)]
fn one(pattern: &[u8], c: u8) -> Option<&[u8]> {
    let (&first, rest) = pattern.split_first()?;
    let (literal, rest) = match (first, rest) {
        (b'?', _) => return Some(rest),
        (b'[', _) => match bracket(rest, c) {
            Some((true, rest)) => return Some(rest),
            Some(_) => return None,
            None => (first, rest),
        },
        (b'\\', [next, rest @ ..]) => (*next, rest),
        _ => (first, rest),
    };
    (literal == c).then_some(rest)
}

/// Bracket expression behind its `[`: does it hold `c`, and what follows it. `None` if it never ends.
fn bracket(pattern: &[u8], c: u8) -> Option<(bool, &[u8])> {
    let (not, mut p) = match pattern {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    };
    let mut holds = false;
    let mut first = true;
    loop {
        if let ([b']', rest @ ..], false) = (p, first) {
            return Some((holds != not, rest));
        }
        first = false;
        if let Some((is, rest)) = class(p, c) {
            holds |= is;
            p = rest;
            continue;
        }
        let (low, rest) = literal(p)?;
        let (high, rest) = match rest {
            [b'-', end @ ..] if !end.starts_with(b"]") => literal(end)?,
            _ => (low, rest),
        };
        holds |= low <= c && c <= high;
        p = rest;
    }
}

/// One character of a bracket expression: plain, escaped, `[=x=]` or `[.x.]`; and what follows it.
fn literal(p: &[u8]) -> Option<(u8, &[u8])> {
    match p {
        [b'\\', c, rest @ ..] => Some((*c, rest)),
        [b'[', a @ (b'=' | b'.'), c, b, b']', rest @ ..] if a == b => Some((*c, rest)),
        [c, rest @ ..] => Some((*c, rest)),
        [] => None,
    }
}

// Name and ranges of each class, in ASCII as in the POSIX locale.
static CLASSES: &[u8] = b"alnum:09AZaz\xffalpha:AZaz\xffblank:  \t\t\xffcntrl:\0\x1f\x7f\x7f\xffdigit:09\xff\
graph:!~\xfflower:az\xffprint: ~\xffpunct:!/:@[`{~\xffspace:\t\r  \xffupper:AZ\xffxdigit:09AFaf";

/// Class `[:name:]`: does it hold `c`, and what follows. `None` if it is none.
fn class(p: &[u8], c: u8) -> Option<(bool, &[u8])> {
    let p = p.strip_prefix(b"[:")?;
    let end = p.iter().position(|&b| b == b':')?;
    let rest = p.get(end + 1..)?.strip_prefix(b"]")?;
    let name = p.get(..=end)?;
    let ranges = CLASSES.split(|&b| b == 0xff).find_map(|e| e.strip_prefix(name)).unwrap_or(&[]);
    Some((ranges.chunks(2).any(|r| matches!(r, [low, high] if *low <= c && c <= *high)), rest))
}

/// Does the pattern hold anything but literal characters? A `[` alone does not count: it is a command.
#[inline(never)]
pub fn has_magic(pattern: &[u8]) -> bool {
    let mut open = false;
    let mut p = pattern;
    while let Some((&c, rest)) = p.split_first() {
        p = rest;
        match c {
            b'*' | b'?' => return true,
            b']' if open => return true,
            b'[' => open = true,
            b'\\' => p = rest.get(1..).unwrap_or(&[]),
            _ => {}
        }
    }
    false
}

/// Appends the literal text of a pattern: without the backslashes that escape.
#[inline(never)]
pub fn unescape(pattern: &[u8], out: &mut Buf) {
    let mut p = pattern;
    while let [c, rest @ ..] = p {
        p = rest;
        match (c, rest) {
            (b'\\', [next, rest @ ..]) => {
                out.push(*next);
                p = rest;
            }
            _ => out.push(*c),
        }
    }
}

/// Pathname expansion (2.14.3): calls `each` with every existing path that matches, in the order of
/// their bytes. False if there is none. Directories that cannot be read hold nothing.
pub fn glob(pattern: &[u8], each: &mut dyn FnMut(&[u8])) -> bool {
    let mut paths: Vec<Buf> = Vec::new();
    paths.push(Buf::new());
    let mut rest = pattern;
    while !rest.is_empty() && !paths.is_empty() {
        let slashes = rest.iter().position(|&b| b != b'/').unwrap_or(rest.len());
        let (slash, tail) = rest.split_at(slashes);
        paths.iter_mut().for_each(|p| p.extend_from_slice(slash));
        let end = tail.iter().position(|&b| b == b'/').unwrap_or(tail.len());
        let (mut name, tail) = tail.split_at(end);
        rest = tail;
        if !rest.is_empty() {
            name = name.strip_suffix(b"\\").unwrap_or(name); // of a quoted slash
        }
        if has_magic(name) {
            let mut found = Vec::new();
            paths.iter_mut().for_each(|p| list(p, name, !rest.is_empty(), &mut found));
            paths = found;
        } else {
            paths.iter_mut().for_each(|p| unescape(name, p));
        }
    }
    paths.retain_mut(|p| fs::lstat(p.z()).is_ok());
    paths.sort_unstable();
    paths.iter().for_each(|p| each(p));
    !paths.is_empty()
}

/// Appends to `found` what directory `path` (empty: the current one) holds that matches `name`; only
/// what may be a directory, if `inner`.
fn list(path: &mut Buf, name: &[u8], inner: bool, found: &mut Vec<Buf>) {
    let dots = matches!(name, [b'.', ..] | [b'\\', b'.', ..]);
    let here = if path.is_empty() { sys::ZStr::new(c".") } else { path.z() };
    let Ok(mut dir) = Dir::open(Fd::CWD, here, 0) else { return };
    while let Ok(Some(e)) = dir.next() {
        let b = e.name.bytes();
        // Types that cannot lead further: all but unknown 0, directory 4, link 10.
        let ends = inner && !matches!(e.kind, 0 | 4 | 10);
        if !ends && (dots || !b.starts_with(b".")) && matches(name, b) {
            let mut p = Buf::with_capacity(path.len() + b.len() + 2);
            p.extend_from_slice(path);
            p.extend_from_slice(b);
            found.push(p);
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
}
