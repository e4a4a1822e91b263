//! Quoting for the shell (POSIX.1-2024, Shell Command Language 2.2).

use super::has;
use sys::Buf;

/// Appends `v`, quoted where it needs quotes, so that the shell reads it as the same string.
#[inline(never)]
pub fn quote(v: &[u8], out: &mut Buf) {
    let plain = |c: &u8| c.is_ascii_alphanumeric() || has(b"_-+./,:@%^", *c);
    if !v.is_empty() && v.iter().all(plain) {
        out.extend_from_slice(v);
    } else {
        quote_always(v, out);
    }
}

/// As [`quote`], with quotes in any case.
pub fn quote_always(v: &[u8], out: &mut Buf) {
    let mut last = 0;
    for &c in v {
        // Single quotes around all but single quotes, which stand in double ones.
        let mark = if c == b'\'' { b'"' } else { b'\'' };
        if mark != last {
            out.extend((last != 0).then_some(last));
            out.push(mark);
            last = mark;
        }
        out.push(c);
    }
    if last == 0 {
        last = b'\'';
        out.push(last);
    }
    out.push(last);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_is_read_back() {
        let quoted = |v: &[u8]| {
            let mut out = Buf::new();
            quote(v, &mut out);
            out
        };
        assert_eq!(quoted(b"a/b-c"), b"a/b-c");
        assert_eq!(quoted(b""), b"''");
        assert_eq!(quoted(b"a''b"), b"'a'\"''\"'b'");
        assert_eq!(quoted(b"it's"), b"'it'\"'\"'s'");
    }
}
