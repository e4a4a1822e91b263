//! sha512sum: SHA512 digests of files (BusyBox coreutils/md5_sha1_sum.c; the options of GNU's).

use sys::Cx;
use util::hash::{sha512, sums};

applet! {
    name: sha512sum,
    dir: "/usr/bin",
    class: NoExec,
    usage: "\
[-bctsqw] [FILE]...

Print the SHA512 digest of each FILE, or check those that FILE has; - or no FILE is
standard input.

    -b, --binary  Names with * before them
    -t, --text  Names with a blank before them
    -c, --check  Read digests and names from FILE and check them
    -s, --status  With -c: tell by the status alone
    -q, --quiet  With -c: do not tell what is right
    -w, --warn  With -c: tell lines that have no digest
",
    last_wins: "bt",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let options = sums::Options {
        kind: &sha512::SHA512,
        check: cx.has(opt!("c")),
        silent: cx.has(opt!("s")),
        quiet: cx.has(opt!("q")),
        warn: cx.has(opt!("w")),
        binary: cx.has(opt!("b")),
    };
    sums::run(cx, &options)
}
