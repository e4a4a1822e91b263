//! pwd: print the working directory (POSIX.1-2024 pwd).

use sys::{fs, Cx, Errno};
use util::file::id::is_here;

applet! {
    name: pwd,
    dir: "/bin",
    class: NoFork,
    operands: "0",
    last_wins: "LP",
    usage: "\
[-L|-P]

Print the path of the working directory.

    -L  Use PWD if it is right (default)
    -P  Without symbolic links
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let logical = cx.env(b"PWD").filter(|p| !cx.has(opt!("P")) && is_here(*p));
    if let Some(path) = logical {
        cx.out.shown(path.bytes());
    } else {
        let mut buf = [0; fs::PATH];
        match fs::getcwd(&mut buf) {
            // Linux says so of a directory that our root does not reach.
            Ok([b'/', ..]) => {}
            Ok(_) => return unknown(cx, Errno::ENOENT),
            Err(e) => return unknown(cx, e),
        }
        cx.out.shown(buf.split(|&b| b == 0).next().unwrap_or(&[]));
    }
    cx.out.byte(b'\n');
    0
}

fn unknown(cx: &mut Cx, why: Errno) -> u8 {
    cx.fail(b"working directory", why);
    1
}
