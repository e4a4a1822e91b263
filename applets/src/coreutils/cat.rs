//! cat: concatenate files (POSIX.1-2024 cat; BusyBox coreutils/cat.c for the display options).

use sys::fs::{self, Fd};
use sys::{Cx, Errno};

applet! {
    name: cat,
    dir: "/bin",
    class: NoExec,
    usage: "\
[-AbenTtuv] [FILE]...

Print the FILEs; - or no FILE is standard input.

    -n  Number all lines
    -b  Number nonempty lines
    -e  Show line ends as $, and -v
    -t  Show tabs as ^I, and -v
    -v  Show nonprinting characters as ^X and bytes over 127 as M-X
    -A  As -vet
    -u  Ignored
",
}

/// Where the numbering is, from file to file.
struct Lines {
    number: u64,
    /// Is the next byte the first one of a line?
    at_start: bool,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut lines = Lines { number: 0, at_start: true };
    cx.each_input(&mut |cx, fd, _| copy(cx, fd, &mut lines))
}

const BUF: usize = if cfg!(mote_nommu) { 2048 } else { 16384 };

/// Copies `fd` to the output, with numbers and visible controls if there are options.
#[inline(never)]
fn copy(cx: &mut Cx, fd: Fd, lines: &mut Lines) -> Result<(), Errno> {
    let plain = !cx.has(opt!("nbetvA"));
    // In the kernel, as far as both sides can. What it cannot do, and any error, the loop below meets again
    // and knows whose it is.
    if plain && cx.out.flush().is_ok() && cx.out.fd() != Fd(-1) {
        while matches!(fs::sendfile(cx.out.fd(), fd, 1 << 24), Ok(1..)) {}
    }
    let mut buf = [0; BUF];
    loop {
        let n = fs::read(fd, &mut buf)?;
        let text = buf.get(..n).unwrap_or_default();
        if plain {
            cx.out.unbuffered(text);
        } else {
            for &b in text {
                byte(cx, b, lines);
            }
        }
        if n == 0 || cx.out.flush().is_err() {
            return Ok(());
        }
    }
}

// By itself: in the loop of `copy`, what it asks for would be kept in memory all the time.
#[inline(never)]
fn byte(cx: &mut Cx, mut b: u8, lines: &mut Lines) {
    let end = b == b'\n';
    if lines.at_start && cx.has(opt!("nb")) && !(end && cx.has(opt!("b"))) {
        lines.number += 1;
        cx.out.number(lines.number, 10, 6, b' ');
        cx.out.byte(b'\t');
    }
    lines.at_start = end;
    if end {
        if cx.has(opt!("eA")) {
            cx.out.byte(b'$');
        }
    } else if cx.has(opt!("vetA")) && (b != b'\t' || cx.has(opt!("tA"))) {
        if b >= 128 {
            cx.out.bytes(b"M-");
            b &= 127;
        }
        if b < 32 || b == 127 {
            cx.out.byte(b'^');
            b ^= 64;
        }
    }
    cx.out.byte(b);
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
