//! echo: write arguments (POSIX.1-2024 echo; `-n`, `-e` and `-E` as in BusyBox).

use crate::text::escape::unescape;
use sys::{Buf, Cx};

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

#[cfg(test)]
mod tests {
    use super::*;

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
