//! tr: translate, squeeze or delete bytes (POSIX.1-2024 tr; -t as GNU has it). By bytes, as BusyBox.

use sys::fs::{self, Fd};
use sys::{num, Buf, Cx};
use util::text::pattern::class_ranges;
use util::text::{after, escape, part};

applet! {
    name: tr,
    dir: "/usr/bin",
    class: NoExec,
    operands: "1..2",
    usage: "\
[-cCdst] SET1 [SET2]

Copy standard input with each byte of SET1 as that of SET2 in the same place. SETs:
bytes, C escapes, a-z, [:upper:], [=x=], and in SET2 [x*N] for N times x.

    -c, --complement  SET1 is all other bytes
    -C  As -c
    -d, --delete  Delete the bytes of SET1
    -s, --squeeze-repeats  Print repeats of a byte of the last SET once
    -t, --truncate-set1  Use no more of SET1 than SET2 has
",
}

const DELETE: u8 = 1;
const SQUEEZE: u8 = 2;

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let delete = cx.has(opt!("d"));
    let squeeze = cx.has(opt!("s"));
    let (set1, set2) = match *cx.args {
        [a, b] if !delete || squeeze => (a.bytes(), Some(b.bytes())),
        [a] if delete != squeeze => (a.bytes(), None),
        [_] => return cx.misuse(b"missing operand"),
        _ => return cx.misuse(b"extra operand"),
    };
    let Some(mut from) = set(cx, set1, None) else { return cx.status };
    if cx.has(opt!("cC")) {
        from = (0..=255).filter(|b| !from.contains(b)).collect();
    }
    let translate = set2.is_some() && !delete;
    let Some(to) = set(cx, set2.unwrap_or_default(), translate.then_some(from.len())) else {
        return cx.status;
    };
    let mut what = [0u8; 256];
    let mut map = [0u8; 256];
    map.iter_mut().enumerate().for_each(|(n, b)| *b = n as u8);
    if translate {
        let Some(&last) = to.last() else {
            cx.error(b"SET2", b"is empty");
            return cx.status;
        };
        for (n, &b) in from.iter().enumerate() {
            match to.get(n) {
                None if cx.has(opt!("t")) => break,
                with => map[b as usize] = with.copied().unwrap_or(last),
            }
        }
    }
    if delete {
        from.iter().for_each(|&b| what[b as usize] |= DELETE);
    }
    if squeeze {
        let last = if set2.is_some() { &to } else { &from };
        last.iter().for_each(|&b| what[b as usize] |= SQUEEZE);
    }
    copy(cx, &map, &what, delete || squeeze);
    cx.status
}

const BUF: usize = if cfg!(mote_nommu) { 512 } else { 16384 };

/// Copies the input by the tables. `fewer`: some bytes may go.
#[inline(never)]
fn copy(cx: &mut Cx, map: &[u8; 256], what: &[u8; 256], fewer: bool) {
    let mut buf = [0; BUF];
    let mut before = None;
    while !cx.out.failed() {
        let n = match fs::read(Fd::STDIN, &mut buf) {
            Ok(0) => return,
            Ok(n) => n,
            Err(why) => return cx.fail(b"standard input", why),
        };
        let text = buf.get_mut(..n).unwrap_or_default();
        if !fewer {
            text.iter_mut().for_each(|b| *b = map[*b as usize]);
            cx.out.unbuffered(text);
            continue;
        }
        let mut kept = 0;
        for n in 0..text.len() {
            let Some(&b) = text.get(n) else { break };
            let new = map[b as usize];
            if what[b as usize] & DELETE == 0 && (what[new as usize] & SQUEEZE == 0 || before != Some(new)) {
                before = Some(new);
                if let Some(slot) = text.get_mut(kept) {
                    *slot = new;
                }
                kept += 1;
            }
        }
        cx.out.unbuffered(part(text, 0, kept));
    }
}

/// The bytes of a set. `fill`: it is the second one, and the first has so many. `None` if it is wrong, which is told.
#[inline(never)]
fn set(cx: &mut Cx, whole: &[u8], fill: Option<usize>) -> Option<Buf> {
    let mut all = Buf::new();
    // Where a repeat without a number stands, and its byte.
    let mut open = None;
    let mut text = whole;
    while !text.is_empty() {
        if let [b'[', kind @ (b':' | b'='), rest @ ..] = text {
            let end = rest.windows(2).position(|w| w == [*kind, b']']);
            // The bracket in [:] and [=] is one of the bytes; [=]=] has one.
            let end = if *kind == b'=' && rest.get(1..3) == Some(b"=]") { Some(1) } else { end };
            if let Some(end) = end.filter(|&n| n > 0) {
                let name = part(rest, 0, end);
                match (*kind, name, class_ranges(name)) {
                    (b'=', &[b], _) => all.push(b),
                    (b':', _, Some(mut ranges)) => {
                        while let [low, high, rest @ ..] = ranges {
                            all.extend(*low..=*high);
                            ranges = rest;
                        }
                    }
                    _ => {
                        cx.error(part(text, 0, end + 4), b"invalid class");
                        return None;
                    }
                }
                text = after(rest, end + 2);
                continue;
            }
        }
        if let Some((b, count, rest)) = repeat(text).filter(|_| fill.is_some()) {
            match count {
                0 if open.is_none() => open = Some((all.len(), b)),
                // More than all bytes there are is never used.
                n => all.pad(all.len().saturating_add(n.min(256)), b),
            }
            text = rest;
            continue;
        }
        let start = text;
        let first = byte(&mut text);
        let mut last = first;
        if let [b'-', rest @ ..] = text {
            if !rest.is_empty() {
                text = rest;
                last = byte(&mut text);
            }
        }
        if last < first {
            cx.error(part(start, 0, start.len() - text.len()), b"the range goes down");
            return None;
        }
        all.extend(first..=last);
    }
    if let (Some((at, b)), Some(want)) = (open, fill) {
        for _ in all.len()..want {
            all.insert(at, b);
        }
    }
    Some(all)
}

/// Takes a byte or an escape off.
fn byte(text: &mut &[u8]) -> u8 {
    let Some((&c, rest)) = text.split_first() else { return 0 };
    *text = rest;
    if c != b'\\' || rest.is_empty() {
        return c;
    }
    match rest.first() {
        // Not escapes here.
        Some(b'e' | b'E' | b'x') => {}
        _ => {
            if let Some(b) = escape::escape(text) {
                return b;
            }
        }
    }
    let Some((&c, rest)) = text.split_first() else { return c };
    *text = rest;
    c
}

/// `[x*N]` at the start: its byte, N, and what follows.
fn repeat(text: &[u8]) -> Option<(u8, usize, &[u8])> {
    let mut rest = text.strip_prefix(b"[")?;
    let b = byte(&mut rest);
    let digits = rest.strip_prefix(b"*")?;
    let base = if digits.starts_with(b"0") { 8 } else { 10 };
    let (n, rest) = num::prefix(digits, base).unwrap_or((0, digits));
    Some((b, n.min(256) as usize, rest.strip_prefix(b"]")?))
}
