//! cat: concatenate files (POSIX.1-2024 cat; BusyBox coreutils/cat.c for the display options).

use sys::fs::{self, Fd};
use sys::{Cx, Errno, ZStr};

applet! {
    name: cat,
    dir: "/bin",
    class: NoExec,
    usage: "\
[-AbenTtuv] [FILE]...

Write the FILEs to standard output, one behind the other; - or no FILE is
standard input.

    -n  Number all lines
    -b  Number lines that are not empty
    -e  Show line ends as $, and -v
    -t  Show tabs as ^I, and -v
    -v  Show other control characters as ^X and bytes over 127 as M-X
    -A  All of -vet
    -u  Unbuffered, which cat always is
",
}

/// How the text is shown.
struct Show {
    number: bool,
    nonempty: bool,
    ends: bool,
    tabs: bool,
    controls: bool,
    line: u64,
    at_start: bool,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut show = Show {
        number: cx.has(opt!("nb")),
        nonempty: cx.has(opt!("b")),
        ends: cx.has(opt!("eA")),
        tabs: cx.has(opt!("tA")),
        controls: cx.has(opt!("vetA")),
        line: 0,
        at_start: true,
    };
    let plain = !cx.has(opt!("nbetvA"));
    let stdin = [ZStr::new(c"-")];
    let files = core::mem::take(&mut cx.args);
    for &file in if files.is_empty() { &stdin[..] } else { files } {
        let opened = if file.is(b"-") { None } else { Some(fs::open(file, fs::O_RDONLY, 0)) };
        let fd = match &opened {
            None => Fd::STDIN,
            Some(Ok(f)) => **f,
            Some(Err(e)) => {
                cx.fail(file.bytes(), *e);
                continue;
            }
        };
        let done = if plain { copy(cx, fd) } else { display(cx, fd, &mut show) };
        if let Err(e) = done {
            cx.fail(file.bytes(), e);
        }
        if cx.out.failed() {
            break;
        }
    }
    cx.status
}

const BUF: usize = if cfg!(mote_nommu) { 2048 } else { 16384 };

/// Copies `fd` to the output as it is; the error is one of reading.
fn copy(cx: &mut Cx, fd: Fd) -> Result<(), Errno> {
    // In the kernel, as far as both sides can. What it cannot do, and any error, the loop below meets again
    // and knows whose it is.
    if cx.out.flush().is_ok() && cx.out.fd() != Fd(-1) {
        while let Ok(n) = fs::sendfile(cx.out.fd(), fd, 1 << 24) {
            if n == 0 {
                break;
            }
        }
    }
    let mut buf = [0; BUF];
    loop {
        let n = fs::read(fd, &mut buf)?;
        cx.out.bytes(buf.get(..n).unwrap_or(&[]));
        if n == 0 || cx.out.flush().is_err() {
            return Ok(());
        }
    }
}

/// Copies `fd` to the output with numbers and visible controls; the error is one of reading.
fn display(cx: &mut Cx, fd: Fd, show: &mut Show) -> Result<(), Errno> {
    let mut buf = [0; BUF];
    loop {
        let n = fs::read(fd, &mut buf)?;
        for &b in buf.get(..n).unwrap_or(&[]) {
            byte(cx, b, show);
        }
        if n == 0 || cx.out.flush().is_err() {
            return Ok(());
        }
    }
}

fn byte(cx: &mut Cx, b: u8, show: &mut Show) {
    if show.at_start && show.number && !(show.nonempty && b == b'\n') {
        show.line += 1;
        cx.out.number(show.line, 10, 6, b' ');
        cx.out.byte(b'\t');
    }
    show.at_start = b == b'\n';
    if b == b'\n' && show.ends {
        cx.out.byte(b'$');
    }
    if b == b'\n' || (b == b'\t' && !show.tabs) || !show.controls {
        cx.out.byte(b);
        return;
    }
    if b >= 128 {
        cx.out.bytes(b"M-");
    }
    let low = b & 127;
    if low < 32 || low == 127 {
        cx.out.byte(b'^');
        cx.out.byte(low ^ 64);
    } else {
        cx.out.byte(low);
    }
}

#[cfg(test)]
mod tests {
    use crate::call;

    fn cat(option: &str, text: &[u8]) -> String {
        let file = std::env::temp_dir().join(format!("mote-cat-{}-{option}", std::process::id()));
        std::fs::write(&file, text).unwrap();
        let (status, out) = call(&["cat", option, file.to_str().unwrap()]);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(status, 0);
        out
    }

    #[test]
    fn plain_copies() {
        assert_eq!(cat("-u", b"a\0b\n"), "a\0b\n");
        let long = "x".repeat(100_000);
        assert_eq!(cat("-u", long.as_bytes()), long);
    }

    #[test]
    fn numbers_go_on_over_files() {
        assert_eq!(cat("-n", b"a\n\nb"), "     1\ta\n     2\t\n     3\tb");
        assert_eq!(cat("-b", b"a\n\nb"), "     1\ta\n\n     2\tb");
    }

    #[test]
    fn controls_become_visible() {
        assert_eq!(cat("-A", b"\t\x01\x7f\x80\xff\n"), "^I^A^?M-^@M-^?$\n");
        assert_eq!(cat("-e", b"\tx\n"), "\tx$\n");
        assert_eq!(cat("-t", b"\tx\n"), "^Ix\n");
        assert_eq!(cat("-v", b"\x1b\t\n"), "^[\t\n");
    }

    #[test]
    fn a_missing_file_does_not_stop_the_rest() {
        assert_eq!(call(&["cat", "/no/such", "/dev/null"]), (1, String::new()));
    }
}
