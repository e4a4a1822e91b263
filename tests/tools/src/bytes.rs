//! Tools that look at bytes.

use crate::{whole, Call};
use sys::fs::{self, Fd};
use sys::{num, ZStr};

/// `cmp FILE FILE`: status 0 if they are equal, 1 if not.
pub(crate) fn cmp(call: &mut Call) -> u8 {
    let [a, b] = call.args else { return call.unknown() };
    match (whole(*a), whole(*b)) {
        (Ok(one), Ok(other)) if one[..] == other[..] => 0,
        (Ok(_), Ok(_)) => {
            sys::out::complain(&[a.bytes(), b" ", b.bytes(), b" differ"]);
            1
        }
        (Err(why), _) => call.fail(a.bytes(), why) + 1,
        (_, Err(why)) => call.fail(b.bytes(), why) + 1,
    }
}

/// `od [-An] -tx1`, `od -t x1`: bytes in sixteens, with octal addresses or without.
pub(crate) fn od(call: &mut Call) -> u8 {
    let mut addresses = true;
    for arg in call.args {
        match arg.bytes() {
            b"-An" => addresses = false,
            b"-tx1" | b"-t" | b"x1" => {}
            _ => return call.unknown(),
        }
    }
    dump(call, |call, at, bytes| {
        if addresses {
            call.out.number(at as u64, 8, 7, b'0');
        }
        for &b in bytes {
            call.out.byte(b' ');
            call.out.number(b as u64, 16, 2, b'0');
        }
        if addresses || !bytes.is_empty() {
            call.out.byte(b'\n');
        }
    })
}

/// `hexdump -C`; without an option, of nothing.
pub(crate) fn hexdump(call: &mut Call) -> u8 {
    if !matches!(call.args, [] | [_]) || call.args.first().is_some_and(|a| !a.is(b"-C")) {
        return call.unknown();
    }
    dump(call, |call, at, bytes| {
        if at == 0 && bytes.is_empty() {
            return;
        }
        call.out.number(at as u64, 16, 8, b'0');
        for n in 0..if bytes.is_empty() { 0 } else { 16 } {
            call.out.bytes(if n == 8 { b"  " } else { b" " });
            call.out.fill(b' ', usize::from(n == 0));
            match bytes.get(n) {
                Some(&b) => call.out.number(b as u64, 16, 2, b'0'),
                None => call.out.bytes(b"  "),
            }
        }
        if !bytes.is_empty() {
            call.out.bytes(b"  |");
            bytes.iter().for_each(|&b| call.out.byte(if (32..127).contains(&b) { b } else { b'.' }));
            call.out.byte(b'|');
        }
        call.out.byte(b'\n');
    })
}

/// `md5sum` of standard input.
pub(crate) fn md5sum(call: &mut Call) -> u8 {
    let mut sum = md5::Context::new();
    let mut buf = [0; 1024];
    while let Ok(n @ 1..) = fs::read(Fd::STDIN, &mut buf) {
        sum.consume(buf.get(..n).unwrap_or_default());
    }
    for b in sum.finalize().0 {
        call.out.number(b as u64, 16, 2, b'0');
    }
    call.out.bytes(b"  -\n");
    0
}

/// Standard input in sixteens, each with its place; then the end without bytes.
fn dump(call: &mut Call, mut line: impl FnMut(&mut Call, usize, &[u8])) -> u8 {
    match whole(ZStr::new(c"-")) {
        Ok(all) => {
            for (n, bytes) in all.chunks(16).enumerate() {
                line(call, n * 16, bytes);
            }
            line(call, all.len(), &[]);
            0
        }
        Err(why) => call.fail(b"-", why),
    }
}

/// `xxd -p`: bytes in thirties, nothing between them.
pub(crate) fn xxd(call: &mut Call) -> u8 {
    if !matches!(call.args, [p] if p.is(b"-p")) {
        return call.unknown();
    }
    match whole(ZStr::new(c"-")) {
        Ok(all) => {
            for line in all.chunks(30) {
                line.iter().for_each(|&b| call.out.number(b as u64, 16, 2, b'0'));
                call.out.byte(b'\n');
            }
            0
        }
        Err(why) => call.fail(b"-", why),
    }
}

/// `take SECONDS BYTES`: copies so many bytes from standard input, one by one, or up to a line end for 0; 1 if
/// nothing comes for so long. Bash's `read -t SECONDS -rN BYTES` does the same.
pub(crate) fn take(call: &mut Call) -> u8 {
    let [seconds, bytes] = call.args else { return call.unknown() };
    let (Some(seconds), Some(bytes)) = (num::parse_u32(seconds.bytes()), num::parse_u32(bytes.bytes()))
    else {
        return call.unknown();
    };
    let mut taken = 0;
    while bytes == 0 || taken < bytes {
        if !fs::poll(Fd::STDIN, fs::POLLIN, seconds as i32 * 1000).unwrap_or_default() {
            return 1;
        }
        let mut byte = [0];
        match fs::read(Fd::STDIN, &mut byte) {
            Ok(1) if bytes == 0 && byte == [b'\n'] => return 0,
            Ok(1) => call.out.byte(byte[0]),
            _ => return 1,
        }
        taken += 1;
    }
    0
}
