//! Expansion and execution in a sandbox: a script of one builtin, without files and forks, whose words hold all kinds of
//! parameter expansions of a value that is any text; the fields that come out are those of a plain model.

use super::with_cx;
use crate::options::opt;
use crate::shell::Shell;
use alloc::vec;
use alloc::vec::Vec;
use sys::ToBuf;

/// What values, patterns and separators are made of.
const LETTERS: &[u8] = b"ab:* \t\n?-\\x";
const PATTERNS: [&[u8]; 8] = [b"", b"*", b"a", b"a*", b"*b", b"?", b"*:*", b"[ab]"];
const SEPARATORS: [&[u8]; 5] = [b" \t\n", b":", b": ", b"", b"ab"];
const OPERATORS: [&[u8]; 12] = [b"", b"#", b"##", b"%", b"%%", b"-", b":-", b"+", b":+", b"=", b":=", b"?"];

/// The first bytes of `data` choose, the others are the value of `v`.
pub fn expand(data: &[u8]) {
    let [operator, pattern, separators, how, value @ ..] = data else { return };
    let pick = |all: &[&'static [u8]], n: u8| all[n as usize % all.len()];
    let (operator, pattern) = (pick(&OPERATORS, *operator), pick(&PATTERNS, *pattern));
    let separators = pick(&SEPARATORS, *separators);
    let value: Vec<u8> = value
        .iter()
        .take(60)
        .map(|&c| if c < 128 { LETTERS[c as usize % LETTERS.len()] } else { c })
        .collect();
    let value = Some(value).filter(|_| how & 1 == 0);
    let quoted = how & 2 != 0;
    let around: &[u8] = if how & 4 != 0 { b"y" } else { b"" };
    let length = how & 8 != 0;
    let mark: &[u8] = if quoted { b"\"" } else { b"" };
    let inner = if length {
        b"#v".to_vec()
    } else {
        [&b"v"[..], operator, if operator.is_empty() { b"" } else { pattern }].concat()
    };
    let word = [around, mark, b"${", &inner, b"}", mark, around].concat();
    let expected = match model(value.as_deref(), operator, pattern, length) {
        Some(part) => fields(&part, separators, quoted, around),
        None => return,
    };
    let script = [&b"set -- "[..], &word].concat();
    let got = with_cx(&[], |cx| {
        let here = 0u8;
        let mut sh = Shell::new(cx, &here);
        sh.opts.turn_on(opt::NOGLOB);
        sh.assign(b"IFS", separators).ok();
        if let Some(value) = &value {
            sh.assign(b"v", value).ok();
        }
        let _ = sh.run_text(script.as_slice().buf());
        (0..sh.params.len()).map(|n| sh.params.get(n).unwrap_or_default().to_vec()).collect::<Vec<_>>()
    });
    assert_eq!(got, expected, "{}", word.escape_ascii());
}

/// What the expansion stands for, before splitting; none for what ends the script.
fn model(value: Option<&[u8]>, operator: &[u8], pattern: &[u8], length: bool) -> Option<Vec<u8>> {
    let text = value.unwrap_or_default();
    let set = value.is_some();
    let filled = !text.is_empty();
    if length {
        return None;
    }
    Some(match operator {
        b"" => text.to_vec(),
        b"#" | b"##" => {
            let mut cuts: Vec<usize> = (0..=text.len()).filter(|&n| fits(pattern, &text[..n])).collect();
            if operator == b"##" {
                cuts.reverse();
            }
            text[cuts.first().copied().unwrap_or(0)..].to_vec()
        }
        b"%" | b"%%" => {
            let mut cuts: Vec<usize> = (0..=text.len()).filter(|&n| fits(pattern, &text[n..])).collect();
            if operator == b"%" {
                cuts.reverse();
            }
            text[..cuts.first().copied().unwrap_or(text.len())].to_vec()
        }
        b"-" | b"=" => if set { text } else { pattern }.to_vec(),
        b":-" | b":=" => if filled { text } else { pattern }.to_vec(),
        b"+" => if set { pattern } else { b"" }.to_vec(),
        b":+" => if filled { pattern } else { b"" }.to_vec(),
        _ if set => text.to_vec(),
        _ => return None,
    })
}

/// Does a pattern of the list match all of `text`?
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|n| fits(rest, &text[n..])),
        ([b'[', b'a', b'b', b']', rest @ ..], [b'a' | b'b', text @ ..]) => fits(rest, text),
        ([b'[', ..], _) => false,
        ([b'?', rest @ ..], [_, text @ ..]) => fits(rest, text),
        ([c, rest @ ..], [d, text @ ..]) => c == d && fits(rest, text),
        _ => false,
    }
}

/// The fields of a word `around`, expansion, `around` (POSIX 2.6.5).
fn fields(part: &[u8], separators: &[u8], quoted: bool, around: &[u8]) -> Vec<Vec<u8>> {
    if quoted || separators.is_empty() {
        let whole = [around, part, around].concat();
        return if whole.is_empty() && !quoted { Vec::new() } else { vec![whole] };
    }
    let white = |c: u8| b" \t\n".contains(&c) && separators.contains(&c);
    let hard = |c: u8| separators.contains(&c) && !white(c);
    let mut all: Vec<Vec<u8>> = Vec::new();
    let mut open = Some(around.to_vec()).filter(|text| !text.is_empty());
    let mut at = 0;
    while at < part.len() {
        let c = part[at];
        if !separators.contains(&c) {
            open.get_or_insert_default().push(c);
            at += 1;
            continue;
        }
        // Blanks around one other separator belong to it.
        let mut hards = 0;
        while at < part.len() && (white(part[at]) || hard(part[at]) && hards == 0) {
            hards += hard(part[at]) as usize;
            at += 1;
        }
        match open.take() {
            Some(text) => all.push(text),
            None if hards > 0 => all.push(Vec::new()),
            None => {}
        }
    }
    if !around.is_empty() {
        open.get_or_insert_default().extend_from_slice(around);
    }
    all.extend(open);
    all
}
