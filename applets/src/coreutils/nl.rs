//! nl: number lines (POSIX.1-2024 nl, without pages).

use sys::{Cx, ZStr};
use util::text::input::{bare, Input};
use util::text::regex::{Regex, Span};

applet! {
    name: nl,
    dir: "/usr/bin",
    class: NoExec,
    numbers: "i l=1.. v w=1..",
    usage: "\
[-p] [-b WHICH] [-i STEP] [-l COUNT] [-n FORM] [-s TEXT] [-v START] [-w WIDTH] [FILE]...

Print the FILEs with numbers before their lines; - or no FILE is standard input.

    -b, --body-numbering=WHICH  a: all; t: those with text (default); n: none; pEXPR: those that
        match the basic regular expression EXPR
    -i, --line-increment=STEP  Count by STEP
    -l, --join-blank-lines=COUNT  Of COUNT empty lines in a row the last one counts
    -n, --number-format=FORM  ln: left; rn: right (default); rz: right with zeros
    -p, --no-renumber  Ignored: there are no pages
    -s, --number-separator=TEXT  TEXT behind the number (a tabulator)
    -v, --starting-line-number=START  The first number
    -w, --number-width=WIDTH  Columns of the number (6)
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let which = cx.value(slot!("b")).unwrap_or(ZStr::new(c"t"));
    let expression = match which.strip_prefix(b"p").map(|e| Regex::new(e.bytes(), 0)) {
        Some(Err(why)) => {
            cx.error(which.bytes(), why);
            return 1;
        }
        Some(Ok(expression)) => Some(expression),
        None if matches!(which.bytes(), b"a" | b"t" | b"n") => None,
        None => return cx.misuse(b"-b takes a, t, n or pEXPR"),
    };
    let form = cx.value(slot!("n")).unwrap_or(ZStr::new(c"rn"));
    if !matches!(form.bytes(), b"ln" | b"rn" | b"rz") {
        return cx.misuse(b"-n takes ln, rn or rz");
    }
    let number = |slot, usual| cx.number(slot).unwrap_or(usual);
    let (step, join) = (number(slot!("i"), 1), number(slot!("l"), 1));
    let width = number(slot!("w"), 6) as usize;
    let mut next = number(slot!("v"), 1);
    let separator = cx.value(slot!("s")).unwrap_or(ZStr::new(c"\t"));
    let mut empty = 0;
    cx.each_input(&mut |cx, fd, _| {
        let mut input = Input::new(fd, b'\n');
        while let Some(line) = input.line() {
            let text = bare(line, b'\n');
            empty = if text.is_empty() { empty + 1 } else { 0 };
            let counts = match (which.first(), &expression) {
                (_, Some(expression)) => expression.find(text, 0, &mut [Span::NONE]),
                (b'a', _) => empty % join == 0,
                (b't', _) => !text.is_empty(),
                _ => false,
            };
            if !counts {
                cx.out.fill(b' ', width + separator.len());
            } else {
                if form.is(b"ln") {
                    let mut digits = [0; 64];
                    cx.out.left(sys::num::digits(&mut digits, next, 10), width);
                } else {
                    cx.out.number(next, 10, width, if form.is(b"rz") { b'0' } else { b' ' });
                }
                cx.out.bytes(separator.bytes());
                next = next.wrapping_add(step);
            }
            cx.out.text(text);
            cx.out.byte(b'\n');
        }
        input.result()
    })
}
