//! tac: lines in the opposite order (GNU and BusyBox tac).

use sys::{Buf, Cx};
use util::text::input::Input;

applet! {
    name: tac,
    dir: "/usr/bin",
    class: NoExec,
    usage: "\
[FILE]...

Print the lines of each FILE, the last one first; - or no FILE is standard input.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    cx.each_input(&mut |cx, fd, _| {
        let mut input = Input::new(fd, b'\n');
        let mut all = Buf::new();
        while let Some(chunk) = input.chunk() {
            all.extend_from_slice(chunk);
        }
        let mut end = all.len();
        while end > 0 {
            let before = all.get(..end - 1).unwrap_or_default();
            let start = before.iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
            cx.out.text(all.get(start..end).unwrap_or_default());
            end = start;
        }
        input.result()
    })
}
