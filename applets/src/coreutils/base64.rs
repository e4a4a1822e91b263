//! base64: bytes as printable text (RFC 4648; BusyBox coreutils/uudecode.c, `man 1 base64`).

use sys::fs::Fd;
use sys::{Cx, Errno};
use util::text::input::Input;

applet! {
    name: base64,
    dir: "/usr/bin",
    class: NoExec,
    operands: "0..1",
    numbers: "w=0..",
    usage: "\
[-di] [-w COLS] [FILE]

Print FILE or standard input as base64, or what base64 says.

    -d, --decode  From base64
    -i, --ignore-garbage  With -d: pass over what is no base64
    -w, --wrap=COLS  Lines of COLS characters (76); 0: one line
",
}

static DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn run(cx: &mut Cx) -> u8 {
    cx.each_input(&mut |cx, fd, name| {
        if !cx.has(opt!("d")) {
            return encode(cx, fd);
        }
        if !decode(cx, fd)? {
            let _ = cx.out.flush();
            cx.error(if name.is(b"-") { b"standard input" } else { name.bytes() }, b"invalid base64");
        }
        Ok(())
    })
}

fn encode(cx: &mut Cx, fd: Fd) -> Result<(), Errno> {
    let most = cx.number(slot!("w")).unwrap_or(76);
    let mut column = 0;
    let mut input = Input::new(fd, b'\n');
    // The bits that are left, and how many.
    let (mut bits, mut count) = (0u32, 0);
    let mut digit = |cx: &mut Cx, b: u8| {
        if column == most && most > 0 {
            cx.out.byte(b'\n');
            column = 0;
        }
        cx.out.byte(b);
        column += 1;
    };
    while let Some(text) = input.chunk() {
        for &b in text {
            bits = bits << 8 | b as u32;
            count += 8;
            while count >= 6 {
                count -= 6;
                digit(cx, DIGITS[(bits >> count & 63) as usize]);
            }
        }
        if cx.out.failed() {
            return Ok(());
        }
    }
    if count > 0 {
        digit(cx, DIGITS[(bits << (6 - count) & 63) as usize]);
        // Two bits are of two bytes less than three, four of one.
        for _ in 0..(6 - count) / 2 {
            digit(cx, b'=');
        }
    }
    if column > 0 && most > 0 {
        cx.out.byte(b'\n');
    }
    input.result()
}

/// False if it was no base64.
fn decode(cx: &mut Cx, fd: Fd) -> Result<bool, Errno> {
    let mut input = Input::new(fd, b'\n');
    let (mut bits, mut count, mut padding) = (0u32, 0, 0);
    while let Some(text) = input.chunk() {
        for &b in text {
            if b == b'=' && count > 0 && padding < 2 {
                padding += 1;
                continue;
            }
            let value = match b {
                b'A'..=b'Z' => b - b'A',
                b'a'..=b'z' => b - b'a' + 26,
                b'0'..=b'9' => b - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'\n' | b'\r' => continue,
                _ if cx.has(opt!("i")) => continue,
                _ => return Ok(false),
            };
            if padding > 0 {
                // Another text may follow one that has ended.
                if 2 * padding != count {
                    return Ok(false);
                }
                (count, padding) = (0, 0);
            }
            bits = bits << 6 | value as u32;
            count += 6;
            if count >= 8 {
                count -= 8;
                cx.out.byte((bits >> count) as u8);
            }
        }
        if cx.out.failed() {
            return Ok(true);
        }
    }
    input.result()?;
    Ok(2 * padding == count)
}
