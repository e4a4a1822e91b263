//! `grep` and `sed` for the plain expressions that the suites use.

use crate::{whole, Call};
use alloc::vec::Vec;
use sys::{buf::concat, Buf, ToBuf, ZStr};

/// `grep [-acEFioq] [-e]PATTERN… [FILE]`: one `(a|b)` in a pattern, `^`, `.`, `[…]`, and `+` or `*` behind a character.
pub(crate) fn grep(call: &mut Call) -> u8 {
    let (mut letters, mut patterns, mut rest) = (Vec::new(), Vec::new(), call.args);
    while let [first, behind @ ..] = rest {
        match first.bytes() {
            b"--" => {
                rest = behind;
                break;
            }
            [b'-', b'e', pattern @ ..] => patterns.extend(alternatives(pattern)),
            [b'-', options @ ..] => letters.extend_from_slice(options),
            _ => break,
        }
        rest = behind;
    }
    if let ([pattern, behind @ ..], true) = (rest, patterns.is_empty()) {
        patterns.extend(alternatives(pattern.bytes()));
        rest = behind;
    }
    if letters.iter().any(|letter| !b"acEFioq".contains(letter)) || patterns.is_empty() {
        return call.unknown() + 1;
    }
    let has = |letter: u8| letters.contains(&letter);
    let file = rest.first().copied().unwrap_or(ZStr::new(c"-"));
    let all = match whole(file) {
        Ok(all) => all,
        Err(why) => return call.fail(file.bytes(), why) + 1,
    };
    let mut found = 0;
    for line in all.split_inclusive(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let Some(part) = patterns.iter().find_map(|pattern| search(pattern, line, has(b'F'), has(b'i')))
        else {
            continue;
        };
        found += 1;
        if !has(b'q') && !has(b'c') {
            call.out.bytes(if has(b'o') { part } else { line });
            call.out.byte(b'\n');
        }
    }
    if has(b'c') {
        call.out.dec(found);
        call.out.byte(b'\n');
    }
    u8::from(found == 0)
}

/// `sed [-e] s/A/B/[;…] [FILE]`: each once in a line, and B is what it says.
pub(crate) fn sed(call: &mut Call) -> u8 {
    let (mut rules, mut file, mut rest) = (Vec::new(), ZStr::new(c"-"), call.args);
    while let [arg, behind @ ..] = rest {
        rest = behind;
        if arg.is(b"-e") {
            continue;
        }
        if !rules.is_empty() && !arg.bytes().starts_with(b"s/") {
            file = *arg;
            continue;
        }
        for rule in arg.bytes().split(|b| *b == b';') {
            match rule.split(|b| *b == b'/').collect::<Vec<_>>()[..] {
                [b"s", from, to, b""] => rules.push((from, to)),
                _ => return call.unknown(),
            }
        }
    }
    let all = match whole(file) {
        Ok(all) => all,
        Err(why) => return call.fail(file.bytes(), why),
    };
    for line in all.split_inclusive(|b| *b == b'\n') {
        let mut line = line.buf();
        for (from, to) in &rules {
            let found =
                (0..=line.len()).find_map(|at| Some((at, here(from, line.get(at..)?, false, false)?)));
            if let Some((at, length)) = found {
                line.replace(at, length, to);
            }
        }
        call.out.bytes(&line);
    }
    0
}

/// `x(a|b)y` as `xay` and `xby`.
fn alternatives(pattern: &[u8]) -> Vec<Buf> {
    let at = |b: u8| pattern.iter().position(|c| *c == b);
    let (Some(open), Some(close)) = (at(b'('), at(b')')) else { return [pattern.buf()].into() };
    let part = |from: usize, to: usize| pattern.get(from..to).unwrap_or_default();
    let between = part(open + 1, close).split(|b| *b == b'|');
    between.map(|word| concat(&[part(0, open), word, part(close + 1, pattern.len())])).collect()
}

/// The first part of `line` that `pattern` matches.
fn search<'t>(pattern: &[u8], line: &'t [u8], fixed: bool, fold: bool) -> Option<&'t [u8]> {
    let (anchored, pattern) = match pattern.strip_prefix(b"^") {
        Some(rest) if !fixed => (true, rest),
        _ => (false, pattern),
    };
    let starts = if anchored { 0..=0 } else { 0..=line.len() };
    starts.into_iter().find_map(|start| {
        let text = line.get(start..)?;
        let length = here(pattern, text, fixed, fold)?;
        text.get(..length)
    })
}

/// How much of the start of `text` the whole of `pattern` matches.
fn here(pattern: &[u8], text: &[u8], fixed: bool, fold: bool) -> Option<usize> {
    let Some(first) = pattern.first() else { return Some(0) };
    let size = match first {
        b'\\' if !fixed => 2,
        // A `]` that comes first stands for itself.
        b'[' if !fixed => pattern.iter().skip(2).position(|b| *b == b']')? + 3,
        _ => 1,
    };
    let (one, rest) = pattern.split_at_checked(size)?;
    let takes = |b: &u8| match one {
        [b'\\', c] => c == b,
        [b'[', b'^', set @ .., b']'] if !fixed => !member(set, *b),
        [b'[', set @ .., b']'] if !fixed => member(set, *b),
        [b'.'] if !fixed => true,
        [c] if fold => c.eq_ignore_ascii_case(b),
        [c] => c == b,
        _ => false,
    };
    if let (false, [many @ (b'+' | b'*'), rest @ ..]) = (fixed, rest) {
        let most = text.iter().take_while(|b| takes(b)).count();
        return (usize::from(*many == b'+')..=most)
            .rev()
            .find_map(|n| Some(n + here(rest, text.get(n..)?, fixed, fold)?));
    }
    let (b, behind) = text.split_first()?;
    takes(b).then(|| here(rest, behind, fixed, fold)).flatten().map(|n| n + 1)
}

fn member(set: &[u8], b: u8) -> bool {
    let range = set.windows(3).any(|w| matches!(w, [from, b'-', to] if (*from..=*to).contains(&b)));
    range || set.contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(pattern: &str, line: &'t str) -> Option<&'t str> {
        let all = alternatives(pattern.as_bytes());
        let part = all.iter().find_map(|p| search(p, line.as_bytes(), false, false))?;
        core::str::from_utf8(part).ok()
    }

    #[test]
    fn the_suites_patterns() {
        assert_eq!(found("^(abc|ghi)=", "ghi=x"), Some("ghi="));
        assert_eq!(found("^a=", "ba="), None);
        assert_eq!(found("^[ab]=", "b=5"), Some("b="));
        assert_eq!(found("aaa.=", "xaaa9=1"), Some("aaa9="));
        assert_eq!(found("^[^ ]+ f", "? f"), Some("? f"));
        assert_eq!(found("[0-9][0-9]-.* x", "a12-b x"), Some("12-b x"));
        assert_eq!(found("[, ]m[, ]", "a,m b"), Some(",m "));
        assert_eq!(found("bad", "not"), None);
    }
}
