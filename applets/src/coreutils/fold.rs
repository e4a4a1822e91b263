//! fold: break long lines (POSIX.1-2024 fold).

use sys::{width, Buf, Cx};
use util::text::input::Input;

applet! {
    name: fold,
    dir: "/usr/bin",
    class: NoExec,
    numbers: "w=1..",
    usage: "\
[-bs] [-w WIDTH] [FILE]...

Break the lines of the FILEs so that none has more than WIDTH (80) columns; - or no
FILE is standard input.

    -b, --bytes  Count bytes
    -s, --spaces  Break behind a blank, if there is one
    -w, --width=WIDTH  Columns
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let most = cx.number(slot!("w")).unwrap_or(80);
    cx.each_input(&mut |cx, fd, _| {
        let mut input = Input::new(fd, b'\n');
        let mut line = Buf::new();
        while let Some(mut rest) = input.line() {
            line.clear();
            let mut at = 0;
            while let (len @ 1.., columns) = width::next(rest) {
                let Some((character, tail)) = rest.split_at_checked(len) else { break };
                rest = tail;
                if character == b"\n" {
                    line.push(b'\n');
                    break;
                }
                let mut next = after(cx, at, character, columns);
                if next > most && !line.is_empty() {
                    let blank = line.iter().rposition(|&b| matches!(b, b' ' | b'\t'));
                    let cut = match blank {
                        Some(n) if cx.has(opt!("s")) => n + 1,
                        _ => line.len(),
                    };
                    cx.out.text(line.get(..cut).unwrap_or_default());
                    cx.out.byte(b'\n');
                    line.replace(0, cut, b"");
                    at = columns_of(cx, &line);
                    next = after(cx, at, character, columns);
                }
                line.extend_from_slice(character);
                at = next;
            }
            cx.out.text(&line);
        }
        input.result()
    })
}

/// The column behind a character that stands at column `at`.
fn after(cx: &Cx, at: u64, character: &[u8], columns: u8) -> u64 {
    match character {
        _ if cx.has(opt!("b")) => at + character.len() as u64,
        b"\t" => (at | 7) + 1,
        b"\x08" => at.saturating_sub(1),
        b"\r" => 0,
        _ if columns == width::BAD => at + 1,
        _ => at + columns as u64,
    }
}

fn columns_of(cx: &Cx, mut text: &[u8]) -> u64 {
    let mut at = 0;
    while let (len @ 1.., columns) = width::next(text) {
        let Some((character, rest)) = text.split_at_checked(len) else { break };
        at = after(cx, at, character, columns);
        text = rest;
    }
    at
}
