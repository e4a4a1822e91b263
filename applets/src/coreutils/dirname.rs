//! dirname: a path without its last part (POSIX.1-2024 dirname; several operands and -z as GNU has them).

use sys::Cx;

applet! {
    name: dirname,
    dir: "/usr/bin",
    class: NoFork,
    operands: "1..",
    usage: "\
[-z] PATH...

Print PATH without its last part, or . if it has no other.

    -z, --zero  End each with NUL instead of a new line
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    for path in core::mem::take(&mut cx.args) {
        cx.out.bytes(parent(path.bytes()));
        cx.out.byte(if cx.has(opt!("z")) { 0 } else { b'\n' });
    }
    0
}

fn parent(path: &[u8]) -> &[u8] {
    // Without slashes at the end, without the last part, without the slashes before it.
    let bare = trimmed(path);
    match bare.iter().rposition(|&b| b == b'/') {
        Some(slash) => match trimmed(bare.get(..slash).unwrap_or_default()) {
            b"" => b"/",
            before => before,
        },
        None if bare.is_empty() && !path.is_empty() => b"/",
        None => b".",
    }
}

fn trimmed(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&b| b != b'/').map_or(0, |n| n + 1);
    path.get(..end).unwrap_or_default()
}
