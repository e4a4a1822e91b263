//! yes: say something again and again (BusyBox coreutils/yes.c).

use sys::Cx;

applet! {
    name: yes,
    dir: "/usr/bin",
    class: NoExec,
    parse: Posix,
    usage: "\
[STRING]...

Print a line of the STRINGs, or y, until killed.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let words = core::mem::take(&mut cx.args);
    while !cx.out.failed() {
        for (n, word) in words.iter().enumerate() {
            if n > 0 {
                cx.out.byte(b' ');
            }
            cx.out.text(word.bytes());
        }
        if words.is_empty() {
            cx.out.byte(b'y');
        }
        cx.out.byte(b'\n');
    }
    0
}
