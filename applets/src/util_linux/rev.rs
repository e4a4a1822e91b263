//! rev: each line backwards, by characters (util-linux and BusyBox rev).

use sys::{utf8, Cx};
use util::text::input::{bare, Input};

applet! {
    name: rev,
    dir: "/usr/bin",
    class: NoExec,
    usage: "\
[FILE]...

Print each line of the FILEs backwards; - or no FILE is standard input.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    cx.each_input(&mut |cx, fd, _| {
        let mut input = Input::new(fd, b'\n');
        while let Some(line) = input.line() {
            let text = bare(line, b'\n');
            let mut end = text.len();
            while end > 0 {
                // Back to the beginning of a character, if these bytes are one.
                let mut start = end - 1;
                while start > 0 && end - start < 4 && text.get(start).is_some_and(|&b| utf8::inner(b)) {
                    start -= 1;
                }
                let whole = text.get(start..end).unwrap_or_default();
                if utf8::decode(whole).0 != whole.len() {
                    start = end - 1;
                }
                cx.out.bytes(text.get(start..end).unwrap_or_default());
                end = start;
            }
            cx.out.text(line.get(text.len()..).unwrap_or_default());
        }
        input.result()
    })
}
