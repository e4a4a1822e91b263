//! `read`: a line from standard input into variables (POSIX read; BusyBox ash for the options).

use super::letters::Letters;
use crate::expand::fields::Fields;
use crate::feature::BASH;
use crate::flow::FlowResult;
use crate::jobs::signals;
use crate::options::opt;
use crate::shell::Shell;
use sys::fs::{self, Fd};
use sys::num::parse_u32;
use sys::signal::SIGALRM;
use sys::{time, tty, Buf, Errno, ZStr};
use util::text::part;
use util::time::duration::Duration;

struct Options<'f> {
    raw: bool,
    silent: bool,
    end: u8,
    fd: Fd,
    prompt: ZStr<'f>,
    count: Option<u32>,
    /// Milliseconds.
    timeout: Option<u32>,
}

/// Milliseconds of `1`, `0.5`.
fn milliseconds(mut text: &[u8]) -> Option<u32> {
    Duration::take(&mut text).filter(|_| text.is_empty())?.milliseconds()
}

/// Reads the options into `o`; the number of the first operand.
#[inline(never)]
fn options<'f>(sh: &mut Shell, f: &'f Fields, o: &mut Options<'f>) -> FlowResult<u32> {
    let mut l = Letters::new(f, if BASH { b"rsp:n:t:u:d:" } else { b"rd:" });
    loop {
        let c = sh.letter(&mut l)? as u8;
        match c {
            0 => return Ok(l.next as u32),
            b'r' => o.raw = true,
            b'd' => o.end = l.value.first(),
            _ if !BASH => {}
            b's' => o.silent = true,
            b'p' => o.prompt = l.value,
            _ => {
                let value = l.value.bytes();
                let n = if c == b't' { milliseconds(value) } else { parse_u32(value) };
                match (n, c) {
                    (None, _) => return sh.refuse(c"%: invalid number", value),
                    (_, b't') => o.timeout = n,
                    (_, b'n') => o.count = n,
                    (Some(n), _) => o.fd = Fd(n as i32),
                }
            }
        }
    }
}

/// A line as it was read.
struct Line {
    text: Buf,
    /// Of each byte of `text`, what it is for splitting.
    kinds: Buf,
}

// Kinds of bytes: text, and separators that are blanks and that are not.
const TEXT: u8 = 0;
const BLANK: u8 = 1;
const OTHER: u8 = 2;

/// `read [-rs] [-p PROMPT] [-n COUNT] [-d END] [-t SECONDS] [-u FD] [NAME]…`.
pub(crate) fn read(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let mut o = Options {
        raw: false,
        silent: false,
        end: b'\n',
        fd: Fd::STDIN,
        prompt: crate::shell::NOTHING,
        count: None,
        timeout: None,
    };
    let i = options(sh, f, &mut o)? as usize;
    for k in i..f.len() {
        sh.name(f.get(k))?;
    }
    if BASH && !o.prompt.is_empty() && tty::is(o.fd) {
        let _ = fs::write_all(Fd::STDERR, o.prompt.bytes());
    }
    let mut line = Line { text: Buf::new(), kinds: Buf::new() };
    let status = with_modes(sh, &o, &mut line)?;
    // Whatever ended it: what has been read is nowhere else.
    if f.len() <= i {
        sh.assign(b"REPLY", &line.text)?;
    }
    assign_fields(sh, f, i, &line)?;
    Ok(status)
}

/// Reads a line with the terminal set as the options want it; the status.
#[inline(never)]
fn with_modes(sh: &mut Shell, o: &Options, l: &mut Line) -> FlowResult<u32> {
    let at_once = BASH && o.count.is_some() || o.end != b'\n';
    if at_once || BASH && o.silent {
        if let Ok(old) = tty::get(o.fd) {
            let mut new = old;
            if BASH && o.silent {
                new.lflag &= !tty::ECHO;
            }
            if at_once {
                new.lflag &= !tty::ICANON;
                (new.cc[tty::VMIN], new.cc[tty::VTIME]) = (1, 0);
            }
            let _ = tty::set(o.fd, &new, false);
            let status = get_line(sh, o, l);
            let _ = tty::set(o.fd, &old, false);
            return status;
        }
    }
    get_line(sh, o, l)
}

/// Is there input? Waits for it as long as the options allow; an error is the status if that is the end. `start`: when
/// it began.
#[inline(never)]
fn wait(o: &Options, start: u32) -> Result<bool, u32> {
    if !BASH {
        return Ok(true);
    }
    let Some(ms) = o.timeout else { return Ok(true) };
    let rest = ms.saturating_sub(now().wrapping_sub(start));
    // More than poll takes is waited for in parts.
    let there = fs::poll(o.fd, fs::POLLIN, rest.min(i32::MAX as u32) as i32) == Ok(true);
    match rest {
        _ if ms == 0 => Err(!there as u32),
        0 => Err(128 + SIGALRM),
        _ => Ok(there),
    }
}

#[inline(never)]
fn get_line(sh: &mut Shell, o: &Options, l: &mut Line) -> FlowResult<u32> {
    let mut escaped = false;
    let mut left = o.count.filter(|_| BASH).unwrap_or(u32::MAX);
    let start = if BASH { now() } else { 0 };
    // What came before does not end it.
    sh.run_traps()?;
    while left > 0 {
        if signals::pending() {
            if let Some(s) = sh.traps.pending() {
                return Ok(128 + s);
            }
            sh.run_traps()?;
        }
        match wait(o, start) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(status) => return Ok(status),
        }
        let mut b = [0];
        match fs::read_once(o.fd, &mut b) {
            Ok(0) => return Ok(1),
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(e) => {
                sh.complain_of(c"read error", b"", e);
                return Ok(1);
            }
        }
        let c = b[0];
        left -= 1;
        if !escaped {
            if c == b'\\' && !o.raw {
                escaped = true;
                continue;
            }
            if c == o.end {
                break;
            }
            if c == 0 {
                continue;
            }
        } else if c == b'\n' {
            escaped = false;
            if sh.opts.has(opt::INTERACTIVE) && tty::is(o.fd) {
                let ps2 = sh.text_of(b"PS2");
                let _ = fs::write_all(Fd::STDERR, &ps2);
            }
            continue;
        }
        l.text.push(c);
        l.kinds.push(match c {
            _ if escaped || !util::text::has(sh.vars.ifs(), c) => TEXT,
            b' ' | b'\t' | b'\n' => BLANK,
            _ => OTHER,
        });
        escaped = false;
    }
    Ok(0)
}

fn now() -> u32 {
    let t = time::now(time::CLOCK_MONOTONIC);
    (t.sec as u32).wrapping_mul(1000).wrapping_add(t.nsec as u32 / 1_000_000)
}

/// Splits the line for the names from `i` on; the last one gets what is left.
#[inline(never)]
fn assign_fields(sh: &mut Shell, f: &Fields, i: usize, l: &Line) -> FlowResult {
    let mut at = past(l, 0, BLANK);
    for k in i..f.len() {
        let mut end = past(l, at, TEXT);
        let mut next = past(l, end, BLANK);
        if l.kinds.get(next) == Some(&OTHER) {
            next = past(l, next + 1, BLANK);
        }
        if k + 1 == f.len() && next < l.text.len() {
            // More than one field is left: all of it, without separators at its end.
            end = l.text.len();
            while end > at && l.kinds.get(end - 1) == Some(&BLANK) {
                end -= 1;
            }
        }
        sh.assign(f.get(k), part(&l.text, at, end))?;
        at = next;
    }
    Ok(())
}

/// The place behind the bytes of this kind that start at `at`.
#[inline(never)]
fn past(l: &Line, mut at: usize, kind: u8) -> usize {
    while l.kinds.get(at) == Some(&kind) {
        at += 1;
    }
    at
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
