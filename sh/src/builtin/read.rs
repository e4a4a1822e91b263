//! `read`: a line from standard input into variables (POSIX read; BusyBox ash for the options).

use crate::fields::Fields;
use crate::{opt, Shell, R};
use sys::fs::{self, Fd};
use sys::{time, tty, Buf, Errno, ToBuf};

struct Options<'f> {
    raw: bool,
    silent: bool,
    prompt: &'f [u8],
    fd: i32,
    count: Option<u32>,
    end: u8,
    /// Milliseconds.
    timeout: Option<u32>,
}

/// Milliseconds of `1`, `0.5`.
fn milliseconds(text: &[u8]) -> Option<u32> {
    let mut parts = text.splitn(2, |&c| c == b'.');
    let whole = parts.next()?;
    let mut ms = if whole.is_empty() { 0 } else { sys::num::parse_u32(whole)?.checked_mul(1000)? };
    let mut unit = 100;
    for &c in parts.next().unwrap_or(b"") {
        if !c.is_ascii_digit() {
            return None;
        }
        ms += (c - b'0') as u32 * unit;
        unit /= 10;
    }
    Some(ms)
}

fn options<'f>(sh: &mut Shell, f: &'f Fields, names: &mut usize) -> R<Options<'f>> {
    let mut o =
        Options { raw: false, silent: false, prompt: b"", fd: 0, count: None, end: b'\n', timeout: None };
    let mut i = 1;
    while let [b'-', letters @ ..] = f.get(i) {
        if letters.is_empty() {
            break;
        }
        i += 1;
        if crate::eq(letters, b"-") {
            break;
        }
        let mut rest = letters;
        while let [c, tail @ ..] = rest {
            rest = tail;
            match c {
                b'r' => o.raw = true,
                b's' => o.silent = true,
                b'p' | b'n' | b't' | b'u' | b'd' => {
                    let value = if rest.is_empty() {
                        i += 1;
                        if f.len() < i {
                            return bad(sh, b"option requires an argument");
                        }
                        f.get(i - 1)
                    } else {
                        rest
                    };
                    rest = b"";
                    match c {
                        b'p' => o.prompt = value,
                        b'd' => o.end = value.first().copied().unwrap_or(0),
                        b't' => match milliseconds(value) {
                            Some(ms) => o.timeout = Some(ms),
                            None => return bad(sh, b"invalid timeout"),
                        },
                        _ => match sys::num::parse_u32(value) {
                            Some(n) if *c == b'n' => o.count = Some(n),
                            Some(n) => o.fd = n as i32,
                            None => return bad(sh, b"invalid number"),
                        },
                    }
                }
                _ => return bad(sh, b"illegal option"),
            }
        }
    }
    *names = i;
    Ok(o)
}

fn bad<T>(sh: &mut Shell, why: &[u8]) -> R<T> {
    sh.complain(&[why]);
    sh.fail(2)
}

/// A line as it was read.
struct Line {
    /// The bytes; those that a backslash quotes are marked in `quoted`.
    text: Buf,
    quoted: Buf,
    status: u8,
}

/// `read [-rs] [-p PROMPT] [-n COUNT] [-d END] [-t SECONDS] [-u FD] [NAME]…`.
pub(crate) fn read(sh: &mut Shell, f: &Fields) -> R<u32> {
    let mut i = 0;
    let o = options(sh, f, &mut i)?;
    for k in i..f.len() {
        let name = f.get(k);
        if name.is_empty() || crate::lexer::name_len(name) != name.len() {
            sh.complain(&[b"'", name, b"': bad variable name"]);
            return sh.fail(2);
        }
    }
    let fd = Fd(o.fd);
    let modes = if o.silent || o.count.is_some() || o.end != b'\n' { tty::get(fd).ok() } else { None };
    if !o.prompt.is_empty() && tty::is(fd) {
        let _ = fs::write_all(Fd::STDERR, o.prompt);
    }
    if let Some(m) = &modes {
        let mut n = *m;
        if o.silent {
            n.lflag &= !0o10; // ECHO
        }
        if o.count.is_some() || o.end != b'\n' {
            n.lflag &= !2; // ICANON
            (n.cc[6], n.cc[5]) = (1, 0); // VMIN, VTIME
        }
        let _ = tty::set(fd, &n, false);
    }
    let line = get_line(sh, &o, fd);
    if let Some(m) = &modes {
        let _ = tty::set(fd, m, false);
    }
    let line = line?;
    if line.status > 1 {
        return Ok(line.status as u32);
    }
    if f.len() <= i {
        sh.assign(b"REPLY", &line.text)?;
        return Ok(line.status as u32);
    }
    assign_fields(sh, f, i, &line)?;
    Ok(line.status as u32)
}

fn get_line(sh: &mut Shell, o: &Options, fd: Fd) -> R<Line> {
    let mut l = Line { text: Buf::new(), quoted: Buf::new(), status: 0 };
    let mut escaped = false;
    let mut left = o.count.unwrap_or(u32::MAX);
    let deadline = o.timeout.map(|ms| now().wrapping_add(ms));
    while left > 0 {
        if let Some(d) = deadline {
            let rest = (d.wrapping_sub(now()) as i32).max(0);
            match fs::poll_in(fd, rest) {
                Ok(true) => {
                    if o.timeout == Some(0) {
                        return Ok(l);
                    }
                }
                Err(Errno::EINTR) => {}
                _ => {
                    l.status = if o.timeout == Some(0) { 1 } else { 128 + 14 };
                    return Ok(l);
                }
            }
        }
        let mut b = [0];
        match fs::read_once(fd, &mut b) {
            Ok(0) => {
                l.status = 1;
                break;
            }
            Ok(_) => {}
            Err(Errno::EINTR) => {
                if let Some(s) = crate::trap::pending_trap(sh) {
                    l.status = 128 + s as u8;
                    return Ok(l);
                }
                sh.run_traps()?;
                continue;
            }
            Err(e) => {
                sh.complain_of(&[b"read error"], e);
                l.status = 1;
                break;
            }
        }
        let c = b[0];
        left -= 1;
        if escaped {
            escaped = false;
            if c != b'\n' {
                l.text.push(c);
                l.quoted.push(1);
            } else if sh.opts & opt::INTERACTIVE != 0 && tty::is(fd) {
                let ps2 = sh.get(b"PS2").unwrap_or(b"").buf();
                let _ = fs::write_all(Fd::STDERR, &ps2);
            }
            continue;
        }
        if c == b'\\' && !o.raw {
            escaped = true;
            continue;
        }
        if c == o.end {
            break;
        }
        if c != 0 {
            l.text.push(c);
            l.quoted.push(0);
        }
    }
    Ok(l)
}

fn now() -> u32 {
    let t = time::now(time::CLOCK_MONOTONIC);
    (t.sec as u32).wrapping_mul(1000).wrapping_add(t.nsec as u32 / 1_000_000)
}

/// Splits the line for the names from `i` on; the last one gets what is left.
fn assign_fields(sh: &mut Shell, f: &Fields, i: usize, l: &Line) -> R {
    let ifs = sh.vars.ifs.clone();
    let n = l.text.len();
    // 0 text, 1 blank separator, 2 other separator.
    let kind = |k: usize| match l.text.get(k) {
        Some(c) if l.quoted.get(k) == Some(&0) && ifs.contains(c) => {
            2 - matches!(c, b' ' | b'\t' | b'\n') as u8
        }
        _ => 0,
    };
    let blanks = |mut k: usize| {
        while k < n && kind(k) == 1 {
            k += 1;
        }
        k
    };
    let mut at = blanks(0);
    for k in i..f.len() {
        let start = at;
        let mut end = at;
        while end < n && kind(end) == 0 {
            end += 1;
        }
        let mut next = blanks(end);
        if next < n && kind(next) == 2 {
            next = blanks(next + 1);
        }
        if k + 1 == f.len() && next < n {
            // More than one field is left: all of it, without separators at its end.
            end = n;
            while end > start && kind(end - 1) == 1 {
                end -= 1;
            }
        }
        sh.assign(f.get(k), l.text.get(start..end).unwrap_or(&[]))?;
        at = next;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_fractions() {
        assert_eq!(milliseconds(b"2"), Some(2000));
        assert_eq!(milliseconds(b"0.25"), Some(250));
        assert_eq!(milliseconds(b".0019"), Some(1));
        assert_eq!(milliseconds(b"1.x"), None);
        assert_eq!(milliseconds(b"9999999"), None);
    }
}
