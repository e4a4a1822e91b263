//! echo: write arguments (POSIX.1-2024 echo; `-n`, `-e` and `-E` as in BusyBox), and the backslash escapes
//! that printf and `$'…'` have too.

use sys::{num, Buf, Cx};

/// Runs `echo` on raw arguments. Leading arguments of a dash and only the letters `n`, `e`, `E` are
/// options; escapes count after `-e`.
pub fn run(cx: &mut Cx) -> u8 {
    let mut newline = true;
    let mut escapes = false;
    let mut args = &*cx.args;
    while let [a, rest @ ..] = args {
        let [b'-', letters @ ..] = a.bytes() else { break };
        let (mut line_end, mut escape) = (newline, escapes);
        let known = letters.iter().all(|&c| {
            match c {
                b'n' => line_end = false,
                b'e' | b'E' => escape = c == b'e',
                _ => return false,
            }
            true
        });
        if !known || letters.is_empty() {
            break;
        }
        (newline, escapes) = (line_end, escape);
        args = rest;
    }
    let mut line = Buf::new();
    for (i, a) in args.iter().enumerate() {
        if i > 0 {
            line.push(b' ');
        }
        if !escapes {
            line.extend_from_slice(a.bytes());
        } else if !unescape(a.bytes(), &mut line) {
            newline = false;
            break;
        }
    }
    if newline {
        line.push(b'\n');
    }
    cx.out.bytes(&line);
    0
}

/// Appends `text` with its escapes replaced, octal ones being `\0ddd` or `\ddd`; false when `\c` ended it.
#[inline(never)]
pub fn unescape(mut text: &[u8], to: &mut Buf) -> bool {
    while let [c, rest @ ..] = text {
        text = rest;
        let mut c = *c;
        if c == b'\\' {
            match text {
                [b'c', ..] => return false,
                // The zero in front does not count among the three digits.
                [b'0', b'0'..=b'7', ..] => text = &text[1..],
                _ => {}
            }
            c = escape(&mut text).unwrap_or(c);
        }
        to.push(c);
    }
    true
}

/// Takes an escape, behind its backslash, off `text`: the byte that it stands for. `None` if it is none;
/// then nothing is taken. `\a \b \e \E \f \n \r \t \v \\`, one to three octal digits, `\xhh`.
#[inline(never)]
pub fn escape(text: &mut &[u8]) -> Option<u8> {
    static LETTERS: &[u8] = b"a\x07b\x08e\x1bE\x1bf\x0cn\nr\rt\tv\x0b\\\\";
    let (&c, rest) = text.split_first()?;
    if let Some(pair) = LETTERS.chunks_exact(2).find(|p| p[0] == c) {
        *text = rest;
        return Some(pair[1]);
    }
    let (mut at, base, most) = if c == b'x' { (rest, 16, 2) } else { (*text, 8, 3) };
    let mut value = 0u8;
    let mut n = 0;
    while let [d, rest @ ..] = at {
        let d = num::digit(*d) as u8;
        if n == most || d >= base {
            break;
        }
        value = value.wrapping_mul(base).wrapping_add(d);
        at = rest;
        n += 1;
    }
    if n == 0 {
        return None;
    }
    *text = at;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sys::ToBuf;

    #[test]
    fn escapes() {
        let u = |t: &str| {
            let mut b = Buf::new();
            let whole = unescape(t.as_bytes(), &mut b);
            (b, whole)
        };
        for (t, b) in [
            ("a\\tb\\n", &b"a\tb\n"[..]),
            ("\\0101\\101\\1018", b"AAA8"),
            ("\\0\\08\\00", b"\0\x008\0"),
            ("\\x41\\x4z\\x", b"A\x04z\\x"),
            ("\\q\\", b"\\q\\"),
            ("\\\\n\\e[", b"\\n\x1b["),
            ("\\0777", b"\xff"),
        ] {
            assert_eq!(u(t), (b.buf(), true), "{t}");
        }
        assert_eq!(u("ab\\cd"), (b"ab".buf(), false));
    }

    #[test]
    fn options_are_letters_of_echo_alone() {
        let echo = |args: &[&str]| {
            let args: Vec<&[u8]> = args.iter().map(|a| a.as_bytes()).collect();
            crate::command::printf::tests::call(&mut |cx| run(cx), &args).1
        };
        assert_eq!(echo(&["a", "", "b\\n"]), "a  b\\n\n");
        assert_eq!(echo(&["-n", "-e", "a\\tb"]), "a\tb");
        assert_eq!(echo(&["-neE", "a\\t", "-e"]), "a\\t -e");
        assert_eq!(echo(&["-nx", "-"]), "-nx -\n");
        assert_eq!(echo(&["-", "--", "-e"]), "- -- -e\n");
        assert_eq!(echo(&["-e", "a\\cb", "c"]), "a");
        assert_eq!(echo(&[]), "\n");
    }
}
