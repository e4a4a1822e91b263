//! Escapes in prompts, those of bash that BusyBox has too.

use sys::fs;
use sys::{num, process, system, time, Buf};

/// Expands the escapes of a prompt: `\u \h \H \w \W \$ \t \A \? \! \n \r \a \e \s \\ \[ \]` and `\nnn` in
/// octal; the time is UTC. `var` gives the shell's variables: HOME, PWD, USER and LOGNAME, and by the names
/// `?` and `!` the last status and the number of the line in the history. What `\[` and `\]` enclose
/// stands between \x01 and \x02 for the editor.
pub(crate) fn expand(mut text: &[u8], var: &mut dyn FnMut(&[u8]) -> Option<Buf>) -> Buf {
    let mut out = Buf::new();
    while let Some((&c, rest)) = text.split_first() {
        text = rest;
        let (b'\\', Some((&letter, rest))) = (c, text.split_first()) else {
            out.push(c);
            continue;
        };
        if letter.is_ascii_digit() {
            out.push(crate::builtin::echo::escape(&mut text).unwrap_or(c));
            continue;
        }
        text = rest;
        match letter {
            b'[' => out.push(1),
            b']' => out.push(2),
            b'$' => out.push(if process::geteuid() == 0 { b'#' } else { b'$' }),
            b'?' | b'!' => out.extend(var(&[letter]).unwrap_or_default()),
            b's' => out.extend_from_slice(b"sh"),
            b'u' => user(&mut out, var),
            b'h' | b'H' => {
                let name = system::uname();
                let mut name = name.field(1);
                if letter == b'h' {
                    name = name.split(|&c| c == b'.').next().unwrap_or(name);
                }
                out.extend_from_slice(name);
            }
            b'w' | b'W' => directory(&mut out, letter == b'W', var),
            b't' | b'A' => clock(&mut out, letter == b't'),
            _ => {
                text = [text].first().copied().unwrap_or(&[]);
                let mut one: &[u8] = &[letter];
                match crate::builtin::echo::escape(&mut one) {
                    Some(b) => out.push(b),
                    None => out.extend([c, letter]),
                }
            }
        }
    }
    out
}

fn user(out: &mut Buf, var: &mut dyn FnMut(&[u8]) -> Option<Buf>) {
    match var(b"USER").or_else(|| var(b"LOGNAME")) {
        Some(name) => out.extend(name),
        None if process::geteuid() == 0 => out.extend_from_slice(b"root"),
        None => out.extend_from_slice(num::digits(&mut [0; 64], process::geteuid() as u64, 10)),
    }
}

fn directory(out: &mut Buf, last: bool, var: &mut dyn FnMut(&[u8]) -> Option<Buf>) {
    let mut buf = [0; 512];
    let cwd = match var(b"PWD") {
        Some(p) => p,
        None => Buf::from(fs::getcwd(&mut buf).unwrap_or(b"?")),
    };
    let home = var(b"HOME").filter(|h| h.len() > 1).unwrap_or_default();
    let inside = match cwd.strip_prefix(&home[..]) {
        Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with(b"/")) => Some(rest),
        _ => None,
    };
    match inside {
        Some(b"") => out.push(b'~'),
        _ if last && cwd.len() > 1 => out.extend_from_slice(cwd.rsplit(|&c| c == b'/').next().unwrap_or(&[])),
        Some(rest) => {
            out.push(b'~');
            out.extend_from_slice(rest);
        }
        None => out.extend_from_slice(&cwd),
    }
}

fn clock(out: &mut Buf, seconds: bool) {
    let t = time::civil(time::now(time::CLOCK_REALTIME).sec);
    for (n, part) in [t.hour, t.minute, t.second].into_iter().take(2 + seconds as usize).enumerate() {
        if n > 0 {
            out.push(b':');
        }
        out.extend([b'0' + (part / 10) as u8, b'0' + (part % 10) as u8]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn e(text: &str, cwd: &str) -> String {
        let out = expand(text.as_bytes(), &mut |name| match name {
            b"PWD" => Some(cwd.into()),
            b"HOME" => Some(b"/home/me".to_vec()),
            b"USER" => Some(b"me".to_vec()),
            b"?" => Some(b"3".to_vec()),
            b"!" => Some(b"42".to_vec()),
            _ => None,
        });
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn escapes() {
        assert_eq!(e("\\u \\? \\!\\n\\e[1m\\[x\\]\\\\\\101\\q\\", "/"), "me 3 42\n\x1b[1m\x01x\x02\\A\\q\\");
        assert_eq!(e("\\t", "/").len(), 8);
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
