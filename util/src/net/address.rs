//! Internet addresses as text, and errors of the network.

use crate::text::number::constant_u32;
use sys::zstr::{cut, position};
use sys::{num, Errno, Out};

/// An IPv6 address: its eight groups, as numbers.
pub type V6 = [u16; 8];

/// Beyond the kernel's numbers: what was given is no address.
pub const NO_ADDRESS: Errno = Errno::beyond(0);

/// Beyond the kernel's numbers: an argument is missing.
pub const MISSING: Errno = Errno::beyond(1);

/// Words for errors with a network that the common ones lack.
pub fn words(e: Errno) -> &'static [u8] {
    match e {
        Errno::EAFNOSUPPORT => b"Address family not supported by protocol",
        Errno::EADDRNOTAVAIL => b"Address not available",
        NO_ADDRESS => b"not an address (names are not looked up)",
        MISSING => b"needs an argument",
        _ => b"",
    }
}

/// Takes a hexadecimal number of at most `most` digits off `text`.
#[inline(never)]
pub fn hex(text: &mut &[u8], most: usize) -> Option<u16> {
    let head = text.get(..most).unwrap_or(text);
    let (n, left) = num::prefix(head, 16)?;
    *text = text.get(head.len() - left.len()..)?;
    Some(n as u16)
}

/// An IPv4 address as `inet_aton` takes it (`man 3 inet_aton`): up to four numbers as in C with dots between
/// them, of which the last one fills all bytes that are left. The word is as the address lies in memory.
pub fn inet_aton(text: &[u8]) -> Option<u32> {
    quad(text, false).map(u32::to_be)
}

/// The number that an IPv4 address is; if `strict`, of four decimal bytes and nothing else.
#[inline(never)]
fn quad(mut text: &[u8], strict: bool) -> Option<u32> {
    let (mut address, mut room) = (0, 32);
    loop {
        let last = position(text, b'.').is_none();
        let part = cut(&mut text, b'.');
        let n = constant_u32(part)?;
        let octal = part.len() > 1 && part.first() == Some(&b'0');
        if last {
            let over = n.checked_shr(room).is_some_and(|over| over != 0);
            return if over || (strict && (octal || room != 8)) { None } else { Some(address | n) };
        }
        room -= 8;
        if n > 255 || room == 0 || (strict && octal) {
            return None;
        }
        address |= n << room;
    }
}

/// Appends an IPv4 address, a word like that of [`inet_aton`].
#[inline(never)]
pub fn inet_ntoa(out: &mut Out, mut address: u32) {
    for left in (0..4).rev() {
        // As it is in memory: the first byte is the low one.
        out.dec(address as u8 as u64);
        address >>= 8;
        if left > 0 {
            out.byte(b'.');
        }
    }
}

/// The mask of the first `n` bits, at most 32; a word like that of [`inet_aton`].
pub fn mask(n: u32) -> u32 {
    (!u32::MAX.checked_shr(n).unwrap_or(0)).to_be()
}

/// An IPv6 address (RFC 4291, 2.2): groups in hexadecimal, `::` once for groups of zeros, perhaps an IPv4
/// address in the place of the last two. It is left in `address`, which holds zeros.
#[inline(never)]
pub fn inet_pton6(mut text: &[u8], address: &mut V6) -> Option<()> {
    let (mut read, mut n, mut gap) = (V6::default(), 0, None);
    loop {
        match text {
            [b':', b':', rest @ ..] => {
                if gap.replace(n).is_some() {
                    return None;
                }
                text = rest;
                if text.is_empty() {
                    break;
                }
            }
            [b':', rest @ ..] if n > 0 => text = rest,
            _ if n > 0 => return None,
            _ => {}
        }
        let (mut value, mut rest) = num::prefix(text, 16)?;
        if rest.first() == Some(&b'.') {
            let address = quad(text, true)?;
            *read.get_mut(n)? = (address >> 16) as u16;
            n += 1;
            (value, rest) = (address as u16 as u64, &[]);
        } else if text.len() - rest.len() > 4 {
            return None;
        }
        *read.get_mut(n)? = value as u16;
        n += 1;
        text = rest;
        if text.is_empty() {
            break;
        }
    }
    // What was read behind the gap goes to the end.
    let (gap, missing) = match gap {
        Some(gap) if n < 8 => (gap, 8 - n),
        None if n == 8 => (n, 0),
        _ => return None,
    };
    for (i, &group) in read.iter().take(n).enumerate() {
        *address.get_mut(if i < gap { i } else { i + missing })? = group;
    }
    Some(())
}

/// Appends an IPv6 address as RFC 5952 wants it: `::` for the first of the longest runs of zeros, if it is of
/// two groups at least; an IPv4 address in one that is mapped (`::ffff:1.2.3.4`) as such.
#[inline(never)]
pub fn inet_ntop6(out: &mut Out, address: &V6) {
    let (mut run, mut run_end) = (8, 9);
    for start in 0..8 {
        let zeros = address.iter().skip(start).take_while(|group| **group == 0).count();
        if zeros > run_end - run {
            (run, run_end) = (start, start + zeros);
        }
    }
    for (i, &group) in address.iter().enumerate() {
        if i == run {
            out.bytes(b"::");
        }
        if i >= run && i < run_end {
            continue;
        }
        if i > 0 && i != run_end {
            out.byte(b':');
        }
        if let ([0, 0, 0, 0, 0, 0xffff, high, low], 6) = (address, i) {
            return inet_ntoa(out, ((*high as u32) << 16 | *low as u32).to_be());
        }
        out.number(group as u64, 16, 0, b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(print: impl FnOnce(&mut Out)) -> String {
        let mut out = Out::memory();
        print(&mut out);
        String::from_utf8(out.take().to_vec()).unwrap()
    }

    #[test]
    fn ipv4_in_all_forms() {
        for (text, bytes) in [
            ("10.1.2.3", [10, 1, 2, 3]),
            ("255.255.255.255", [255; 4]),
            ("0", [0; 4]),
            ("127.1", [127, 0, 0, 1]),
            ("10.1.0x203", [10, 1, 2, 3]),
            ("0xc0a80001", [192, 168, 0, 1]),
            ("010.0x10.1.1", [8, 16, 1, 1]),
            ("1.16777215", [1, 255, 255, 255]),
        ] {
            assert_eq!(inet_aton(text.as_bytes()), Some(u32::from_ne_bytes(bytes)), "{text}");
        }
        let wrong =
            ["", ".", "1.", ".1", "1..2", "256.1.1.1", "1.16777216", "1.2.65536", "1.2.3.256", "1.2.3.4.5"];
        for text in wrong.into_iter().chain(["1.2.3.4 ", "a", "host", "1.2.3.4/8", "4294967296", "-1", "+"]) {
            assert_eq!(inet_aton(text.as_bytes()), None, "{text}");
        }
        assert_eq!(shown(|out| inet_ntoa(out, u32::from_ne_bytes([192, 0, 2, 255]))), "192.0.2.255");
        for (n, text) in [(0, "0.0.0.0"), (1, "128.0.0.0"), (23, "255.255.254.0"), (32, "255.255.255.255")] {
            assert_eq!(shown(|out| inet_ntoa(out, mask(n))), text);
        }
    }

    #[test]
    fn ipv6_is_read_as_the_standard_library_does() {
        for text in [
            "::",
            "::1",
            "1::",
            "fe80::1",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "2001:DB8::a:0",
            "::ffff:1.2.3.4",
            "64:ff9b::192.0.2.33",
            "1:2:3:4:5:6:255.0.0.1",
            "0001:0:00::",
            "",
            ":",
            ":::",
            "1",
            "1:",
            ":1",
            "1::2::3",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:8::",
            "::1:2:3:4:5:6:7:8",
            "12345::",
            "00001::",
            "g::",
            "::1.2.3",
            "::1.2.3.256",
            "::1.2.3.04",
            "::1.2.0x3.4",
            "::1.2.3.4:5",
            "1:2:3:4:5:6:7:1.2.3.4",
            "1.2.3.4",
            "::1/64",
            "fe80::1%1",
        ] {
            let known = text.parse::<std::net::Ipv6Addr>().ok().map(|a| a.segments());
            let mut address = V6::default();
            assert_eq!(inet_pton6(text.as_bytes(), &mut address).map(|()| address), known, "{text}");
        }
    }

    #[test]
    fn ipv6_is_shown_as_rfc_5952_has_it() {
        for text in [
            "::",
            "::1",
            "1::",
            "2001:db8::1",
            "2001:db8:0:1:1:1:1:1",
            "2001:0:0:1::1",
            "2001:db8::1:0:0:1",
            "0:1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:0",
            "1:2:3:4:5:6::",
            "::3:4:5:6:7:8",
            "::ffff:192.0.2.1",
            "::ffff:0:102:304",
            "::102:304",
        ] {
            let mut address = V6::default();
            inet_pton6(text.as_bytes(), &mut address).unwrap();
            assert_eq!(shown(|out| inet_ntop6(out, &address)), text);
        }
    }
}
