//! test, [: evaluate an expression (POSIX.1-2024 test).

applet! {
    name: test,
    aliases: "[",
    dir: "/usr/bin",
    class: NoFork,
    parse: Raw,
    usage: "\
EXPRESSION    or: [ EXPRESSION ]

Status 0 if EXPRESSION is true, 1 if it is false, 2 on an error.

STRING, -n STRING  Not empty       -z STRING  Empty
A = B, A != B, A < B, A > B  Strings in the order of their bytes
A -eq B, -ne, -lt, -le, -gt, -ge  Integers
-e FILE  Exists    -s FILE  Is not empty
-f, -d, -h or -L, -b, -c, -p, -S FILE  Is a regular file, directory, link,
block device, character device, FIFO, socket
-r, -w, -x FILE  May be read, written, executed
-u, -g, -k FILE  Has this mode bit     -O, -G FILE  Is ours, our group's
-N FILE  Modified since it was read    -t FD  Is a terminal
A -nt B, A -ot B  Newer, older file    A -ef B  The same file
! EXPRESSION, ( EXPRESSION ), A -a B (and), A -o B (or)
",
}

pub(crate) fn run(cx: &mut sys::Cx) -> u8 {
    util::command::test::run(cx)
}
