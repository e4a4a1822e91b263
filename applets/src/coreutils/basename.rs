//! basename: the last part of a path (POSIX.1-2024 basename; -a, -s and -z as GNU has them).

use sys::Cx;

applet! {
    name: basename,
    dir: "/usr/bin",
    class: NoFork,
    operands: "1..",
    parse: Posix,
    usage: "\
PATH [SUFFIX]    or: basename [-az] [-s SUFFIX] PATH...

Print the last part of PATH, without SUFFIX at its end.

    -a, --multiple  All operands are PATHs
    -s, --suffix=SUFFIX  Without SUFFIX; all operands are PATHs
    -z, --zero  End each with NUL instead of a new line
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut paths = &*core::mem::take(&mut cx.args);
    let mut suffix = cx.value(slot!("s"));
    if !cx.has(opt!("as")) {
        match paths {
            [_] => {}
            [path, second] => {
                suffix = Some(*second);
                paths = core::slice::from_ref(path);
            }
            _ => return cx.misuse(b"extra operand"),
        }
    }
    let suffix = suffix.map_or(&b""[..], |s| s.bytes());
    for path in paths {
        let base = last(path.bytes());
        cx.out.bytes(base.strip_suffix(suffix).filter(|rest| !rest.is_empty()).unwrap_or(base));
        cx.out.byte(if cx.has(opt!("z")) { 0 } else { b'\n' });
    }
    0
}

/// The last part, without slashes behind it; `/` if there are only slashes.
fn last(path: &[u8]) -> &[u8] {
    let Some(end) = path.iter().rposition(|&b| b != b'/') else { return path.get(..1).unwrap_or_default() };
    let path = path.get(..=end).unwrap_or_default();
    let start = path.iter().rposition(|&b| b == b'/').map_or(0, |n| n + 1);
    path.get(start..).unwrap_or_default()
}
