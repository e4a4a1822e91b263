//! Keys: what a terminal sends for one, as one number (`man 4 console_codes`; xterm's control sequences).

/// A byte with Meta, which is Alt or Escape before it.
pub const META: u16 = 0x100;
/// Delete.
pub const DELETE: u16 = META;
/// The start of a bracketed paste.
pub const PASTE: u16 = META + 1;
/// A key without a meaning here.
pub const NOTHING: u16 = META + 2;

/// Last byte of a sequence, or the digit before its `~`, and the control character with that meaning, as emacs has it; 0 is
/// Delete.
static SEQUENCES: &[u8] = b"A\x10B\x0eC\x06D\x02H\x01F\x051\x017\x014\x058\x053\0";

/// The next key, of the bytes that `byte` reads: a byte, one with [`META`], or what a sequence stands for. Arrows, Home and End
/// are the control characters that emacs has for them; with Ctrl, Alt or Shift the arrows to the sides are Meta-f and Meta-b.
pub fn next<E>(byte: &mut dyn FnMut() -> Result<u8, E>) -> Result<u16, E> {
    let c = byte()?;
    if c != 27 {
        return Ok(c as u16);
    }
    let c = byte()?;
    if c != b'[' && c != b'O' {
        return Ok(META | c as u16);
    }
    // Parameters, of which the first and whether there are more count; then a letter.
    let (mut first, mut more) = (0u8, false);
    let mut last = loop {
        match byte()? {
            d @ b'0'..=b'9' if !more => first = first.wrapping_mul(10).wrapping_add(d - b'0'),
            b';' => more = true,
            // F1 to F5 of the Linux console: one letter more.
            b'[' => {
                byte()?;
                return Ok(NOTHING);
            }
            d @ 64..=126 => break d,
            _ => {}
        }
    };
    if last == b'~' {
        if first == 200 {
            return Ok(PASTE);
        }
        last = first.wrapping_add(b'0');
    }
    let pair = SEQUENCES.chunks_exact(2).find(|p| p[0] == last);
    Ok(match pair {
        Some([_, 0]) => DELETE,
        Some([_, 6]) if more => META | b'f' as u16,
        Some([_, 2]) if more => META | b'b' as u16,
        Some([_, key]) => *key as u16,
        _ => NOTHING,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_of_terminals() {
        for (bytes, key) in [
            ("a", b'a' as u16),
            ("\x01", 1),
            ("\x1bf", META | b'f' as u16),
            ("\x1b\x7f", META | 127),
            ("\x1b[A", 16),
            ("\x1bOA", 16),
            ("\x1b[B", 14),
            ("\x1b[C", 6),
            ("\x1b[D", 2),
            ("\x1b[1;5C", META | b'f' as u16),
            ("\x1b[1;2D", META | b'b' as u16),
            ("\x1b[H", 1),
            ("\x1b[1~", 1),
            ("\x1b[4~", 5),
            ("\x1b[3~", DELETE),
            ("\x1b[200~", PASTE),
            ("\x1b[15~", NOTHING),
            ("\x1b[[A", NOTHING),
            ("\x1b[5~", NOTHING),
        ] {
            let mut rest = bytes.bytes();
            assert_eq!(next(&mut || rest.next().ok_or(())), Ok(key), "{bytes:?}");
            assert_eq!(rest.next(), None, "{bytes:?}");
        }
    }

    #[test]
    fn an_error_ends_the_key() {
        for bytes in ["", "\x1b", "\x1b[", "\x1b[1;"] {
            let mut rest = bytes.bytes();
            assert_eq!(next(&mut || rest.next().ok_or("gone")), Err("gone"));
        }
    }
}
