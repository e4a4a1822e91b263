//! Escapes in prompts, those of bash that BusyBox has too.

use super::ends::behind;
use crate::decimal::push_decimal;
use sys::zstr::cut;
use sys::{num, process, system, time, Buf};
use util::term::width::{self, BAD};
use util::text::{after, part};

/// Expands the escapes of a prompt: `\u \h \H \w \W \$ \t \A \? \! \n \r \a \e \s \\ \[ \]` and `\nnn` in
/// octal; the time is UTC. `var` appends the value of a variable of the shell: HOME, PWD and USER, and by the
/// names `?` and `!` the last status and the number of the line in the history. What `\[` and `\]` enclose
/// stands between \x01 and \x02 for the editor. What an escape stands for is quoted for the expansion of parameters.
#[inline(never)]
pub(crate) fn expand(mut text: &[u8], var: &mut dyn FnMut(&[u8], &mut Buf)) -> Buf {
    let mut out = Buf::new();
    while let [c, rest @ ..] = text {
        text = rest;
        if *c != b'\\' {
            out.push(*c);
            continue;
        }
        let letter = rest.first().copied().unwrap_or(0);
        text = after(rest, 1);
        let mut made = Buf::new();
        let mut mask = true;
        match letter {
            b'$' => made.push(if process::geteuid() == 0 { b'#' } else { b'$' }),
            b'?' | b'!' => var(&[letter], &mut made),
            b's' => made.extend_from_slice(b"sh"),
            b'u' => {
                var(b"USER", &mut made);
                let user = process::geteuid();
                if made.is_empty() && user == 0 {
                    made.extend_from_slice(b"root");
                } else if made.is_empty() {
                    push_decimal(user as i64, &mut made);
                }
            }
            b'h' | b'H' => {
                let name = system::uname();
                let mut name = name.field(1);
                let all = name;
                let first = cut(&mut name, b'.');
                made.extend_from_slice(if letter == b'h' { first } else { all });
            }
            b'w' | b'W' => directory(&mut made, letter == b'W', var),
            b't' | b'A' => clock(&mut made, letter == b't'),
            _ => {
                mask = false;
                made.push(match letter {
                    b'[' => 1,
                    b']' => 2,
                    _ => {
                        text = rest;
                        util::text::escape::escape(&mut text).unwrap_or(b'\\')
                    }
                });
            }
        }
        let mut made = &made[..];
        while !made.is_empty() {
            let (len, width) = width::next(made);
            let mut glyph = part(made, 0, len);
            made = after(made, len);
            if mask && width == BAD {
                // Names are not for the terminal to obey.
                glyph = b"?";
            }
            if let [b'$' | b'`' | b'"' | b'\\'] = glyph {
                out.push(b'\\');
            }
            out.extend_from_slice(glyph);
        }
    }
    out
}

/// Appends the directory, with `~` for the home directory; with `last` only the last component.
#[inline(never)]
fn directory(out: &mut Buf, last: bool, var: &mut dyn FnMut(&[u8], &mut Buf)) {
    let (mut home, mut path) = (Buf::new(), Buf::new());
    var(b"HOME", &mut home);
    var(b"PWD", &mut path);
    if home.len() > 1 && path.starts_with(&home) && matches!(path.get(home.len()), None | Some(b'/')) {
        path = path.split_off(home.len());
        path.insert(0, b'~');
    }
    if last && path.len() > 1 {
        path = path.split_off(behind(&path, b'/'));
    }
    *out = path;
}

#[inline(never)]
fn clock(out: &mut Buf, seconds: bool) {
    let mut n = time::now(time::CLOCK_REALTIME).sec as u64;
    let mut text = *b"00:00:00";
    // Seconds, minutes, hours: two digits and a colon each, from the end.
    for (field, base) in text.rchunks_mut(3).zip([60, 60, 24]) {
        let (rest, part) = num::div_rem(n, base);
        n = rest;
        if let [.., tens, ones] = field {
            *tens += (part / 10) as u8;
            *ones += (part % 10) as u8;
        }
    }
    out.extend_from_slice(part(&text, 0, if seconds { 8 } else { 5 }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn e(text: &str, cwd: &str) -> String {
        let out = expand(text.as_bytes(), &mut |name, out| {
            out.extend_from_slice(match name {
                b"PWD" => cwd.as_bytes(),
                b"HOME" => b"/home/me",
                b"USER" => b"me",
                b"?" => b"3",
                b"!" => b"42",
                _ => b"",
            })
        });
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn escapes() {
        assert_eq!(
            e("\\u \\? \\!\\n\\e[1m\\[x\\]\\\\\\101\\q\\", "/"),
            "me 3 42\n\x1b[1m\x01x\x02\\\\A\\\\q\\\\"
        );
        assert_eq!(e("\\w", "/a\x1b[2J\u{9b}$b\\e`\""), "/a?[2J?\\$b\\\\e\\`\\\"");
        let t = e("\\t", "/");
        assert!(t.len() == 8 && &t[..2] < "24" && &t[2..3] == ":" && &t[3..4] < "6", "{t}");
        assert_eq!(e("\\A", "/").len(), 5);
        assert!(!e("\\h\\H", "/").is_empty());
    }

    #[test]
    fn directories() {
        for (cwd, w, last) in [
            ("/", "/", "/"),
            ("/usr/bin", "/usr/bin", "bin"),
            ("/home/me", "~", "~"),
            ("/home/me/x/y", "~/x/y", "y"),
            ("/home/men", "/home/men", "men"),
        ] {
            assert_eq!((e("\\w", cwd), e("\\W", cwd)), (w.into(), last.into()));
        }
    }
}
