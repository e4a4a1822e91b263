//! Showing interfaces.

use super::{ask, name};
use crate::util::fstab;
use crate::util::net::{hex, print4, print6, text, V6};
use alloc::vec::Vec;
use sys::net::{self, Ifreq, MAP, NAME};
use sys::zstr::{cut, Texts};
use sys::{num, Cx, Fd, Out, ZStr};

/// The word of a listed interface that tells where in /proc/net/dev its counters stand. An alias has none,
/// and 0 there.
const PLACE: usize = 3;

/// Shows the interface `only`, or those that are up, or `all`.
pub(super) fn show(cx: &mut Cx, socket: Fd, only: Option<Ifreq>, all: bool) {
    let dev = fstab::read(ZStr::new(c"/proc/net/dev")).unwrap_or_default();
    let inet6 = fstab::read(ZStr::new(c"/proc/net/if_inet6")).unwrap_or_default();
    let mut list = Vec::new();
    let mut rest = &dev[..];
    while !rest.is_empty() {
        let mut line = cut(&mut rest, b'\n');
        // Headings have no colon, and are longer than a name.
        if let Some(mut r) = Ifreq::new(blanks(cut(&mut line, b':'))) {
            if only.is_none_or(|only| only.name == r.name) {
                r.words[PLACE] = (dev.len() - rest.len() - line.len() - 1) as u32;
                list.push(r);
            }
        }
    }
    match only {
        Some(only) => list.push(only),
        // The aliases; without /proc, all that can be had. What fails here fails below, too.
        None => drop(net::configured(socket, &mut list)),
    }
    let mut last = [0; NAME];
    // Each name once, in their order.
    while let Some(r) = list.iter().filter(|r| r.name > last).min_by(|a, b| a.name.cmp(&b.name)) {
        last = r.name;
        let counters = dev.get(r.words[PLACE] as usize..).filter(|_| r.words[PLACE] != 0);
        let mut r = *r;
        if let Err(e) = ask(&mut r, socket, net::SIOCGIFFLAGS as u8) {
            cx.error(name(&r), text(e));
        } else if all || r.words[0] & 1 != 0 {
            let mut page = Page { out: cx.out, socket, r, flags: r.words[0] & 0xffff, n: [0; 27] };
            page.full(counters, &inet6);
        }
    }
}

#[inline(never)]
fn blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = text {
        text = rest;
    }
    text
}

/// By the type of the hardware (`linux/if_arp.h`), plus 0x101 so that no byte is 0: what stands between the
/// bytes of its address, if that is shown, and its name.
static HARDWARE: &[u8] = b"\x02\x01:Ethernet\0\x01\x03 Point-to-Point Protocol\0\x05\x04 Local Loopback\0\
\x09\x04 IPv6-in-IPv4\0\x21\x01-InfiniBand";

/// The flags by their bits.
static FLAGS: &[u8] = b"UP\0BROADCAST\0DEBUG\0LOOPBACK\0POINTOPOINT\0NOTRAILERS\0RUNNING\0NOARP\0PROMISC\0\
ALLMULTI\0MASTER\0SLAVE\0MULTICAST\0PORTSEL\0AUTOMEDIA\0DYNAMIC";

/// Addresses that an interface may have: 4, or the flag that goes with it; the low byte of the request; what
/// stands in front.
static ADDRESSES: &[u8] = b"\x04\x15\tinet addr:\0\x10\x17  P-t-P:\0\x02\x19  Bcast:\0\x04\x1b  Mask:";

/// Scopes of IPv6 addresses: the high digit, as /proc/net/if_inet6 has it, and the name.
static SCOPES: &[u8] = b"0Global\x001Host\x002Link\x004Site\x008Compat";

// Values of a page, by their number: those of /proc/net/dev in their order, then
const QUEUE: usize = 16;
const MTU: usize = 17;
const METRIC: usize = 18;
const IRQ: usize = 19;
const IO: usize = 20;
const MEMORY: usize = 21;
const DMA: usize = 22;
const MEMORY_END: usize = 23;
const LENGTH: usize = 24;
const WHOLE: usize = 25;
const TENTHS: usize = 26;

static COUNTERS: &[u8] = b"\tRX packets:\x81 errors:\x82 dropped:\x83 overruns:\x84 frame:\x85\n\
\tTX packets:\x89 errors:\x8a dropped:\x8b overruns:\x8c carrier:\x8e\n\
\tcollisions:\x8d txqueuelen:\x90 \n\
\tRX bytes:\xe0  TX bytes:\xe8\n";

/// What drivers tell of their hardware, each if it is not 0.
static MAPPED: &[u8] = b"Interrupt:\x93 \0Base address:0x\xd4 \0Memory:\xd5-\xd7 \0DMA chan:\xd6 ";

struct Page<'c> {
    out: &'c mut Out,
    socket: Fd,
    r: Ifreq,
    flags: u32,
    n: [u64; 27],
}

impl Page<'_> {
    /// Asks for what is word 0 of the answer; 0 when there is none.
    fn word(&mut self, request: u32) -> u32 {
        self.r.words[0] = 0;
        let _ = ask(&mut self.r, self.socket, request as u8);
        self.r.words[0]
    }

    fn full(&mut self, counters: Option<&[u8]>, inet6: &[u8]) {
        self.out.left(name(&self.r), 9);
        self.write(b" Link encap:");
        let family = (self.word(net::SIOCGIFHWADDR) as u16).wrapping_add(0x101);
        let (mut mark, mut title) = (b'-', &b"UNSPEC"[..]);
        for entry in Texts::new(HARDWARE) {
            if let [low, high, m, t @ ..] = entry {
                if family == *low as u16 | (*high as u16) << 8 {
                    (mark, title) = (*m, t);
                }
            }
        }
        self.write(title);
        self.write(b"  ");
        if mark != b' ' {
            self.write(b"HWaddr ");
            self.hardware(mark, 0x20);
            self.write(b"  ");
        }
        self.write(b"\n");
        self.addresses();
        self.addresses6(inet6);
        self.write(b"\t");
        for (bit, flag) in Texts::new(FLAGS).enumerate() {
            if self.flags >> bit & 1 != 0 {
                self.write(flag);
                self.write(b" ");
            }
        }
        if self.flags == 0 {
            self.write(b"[NO FLAGS] ");
        }
        self.n[MTU] = self.word(net::SIOCGIFMTU) as u64;
        self.n[METRIC] = self.word(net::SIOCGIFMETRIC).max(1) as u64;
        self.n[QUEUE] = self.word(net::SIOCGIFTXQLEN) as u64;
        self.write(b" MTU:\x91  Metric:\x92\n");
        if let Some(mut rest) = counters {
            for slot in self.n.iter_mut().take(QUEUE) {
                if let Some((value, tail)) = num::prefix(blanks(rest), 10) {
                    (*slot, rest) = (value, tail);
                }
            }
            self.write(COUNTERS);
        }
        self.mapped();
        self.write(b"\n");
    }

    /// The IPv4 addresses, in a line.
    fn addresses(&mut self) {
        let wanted = self.flags as u8 & 0x12 | 4;
        let mut own = None;
        for entry in Texts::new(ADDRESSES) {
            let &[when, request, ref label @ ..] = entry else { continue };
            // With its own address, the kernel finds the right one among several.
            self.r.words[1] = own.unwrap_or(0);
            if wanted & when != 0 && ask(&mut self.r, self.socket, request).is_ok() {
                own = own.or(Some(self.r.words[1]));
                self.write(label);
                print4(self.out, self.r.words[1]);
            }
        }
        if own.is_some() {
            self.write(b"\n");
        }
    }

    /// The IPv6 addresses, from the text of /proc/net/if_inet6, a line each.
    fn addresses6(&mut self, mut text: &[u8]) {
        while !text.is_empty() {
            let mut line = cut(&mut text, b'\n');
            let mut address = V6::default();
            for group in &mut address {
                *group = hex(&mut line, 4).unwrap_or(0);
            }
            // In front of the name: its number, the length of the prefix, the scope, flags.
            let mut numbers = [0; 4];
            for n in &mut numbers {
                line = blanks(line);
                *n = hex(&mut line, 8).unwrap_or(0);
            }
            if blanks(line) == name(&self.r) {
                self.n[LENGTH] = numbers[1] as u64;
                self.write(b"\tinet6 addr: ");
                print6(self.out, &address);
                self.write(b"/\x98 Scope:");
                let mark = b'0' + (numbers[2] as u8 >> 4);
                let mut scope = &b"Unknown"[..];
                for s in Texts::new(SCOPES) {
                    if let Some((first, name)) = s.split_first() {
                        if *first == mark {
                            scope = name;
                        }
                    }
                }
                self.write(scope);
                self.write(b"\n");
            }
        }
    }

    fn mapped(&mut self) {
        self.r.words = Default::default();
        let _ = ask(&mut self.r, self.socket, net::SIOCGIFMAP as u8);
        let words = &self.r.words;
        let map = words[MAP];
        (self.n[MEMORY], self.n[MEMORY_END]) = match *words {
            [start, end, ..] if MAP == 2 => (start as u64, end as u64),
            [start, start_high, end, end_high, ..] => {
                (start as u64 | (start_high as u64) << 32, end as u64 | (end_high as u64) << 32)
            }
        };
        self.n[IRQ] = (map >> 16 & 0xff) as u64;
        self.n[DMA] = (map >> 24) as u64;
        // Below that it is the number of something else.
        self.n[IO] = if map & 0xff00 != 0 { map & 0xffff } else { 0 } as u64;
        if map == 0 && self.n[MEMORY] == 0 {
            return;
        }
        self.write(b"\t");
        for (i, part) in Texts::new(MAPPED).enumerate() {
            if self.n.get(IRQ + i).is_some_and(|n| *n != 0) {
                self.write(part);
            }
        }
        self.write(b"\n");
    }

    /// The hardware address that the kernel has just told; `case` is 0x20 for capitals. With colons it has six
    /// bytes, otherwise sixteen, of which the kernel has told fourteen at most.
    fn hardware(&mut self, mark: u8, case: u8) {
        let end = if mark == b':' { 8 } else { 18 };
        for at in 2..end {
            if at > 2 {
                self.write(&[mark]);
            }
            let b = self.r.bytes().get(at).filter(|_| at < 16).copied().unwrap_or(0);
            for digit in [b >> 4, b & 15] {
                self.write(&[if digit < 10 { b'0' + digit } else { b'a' - 10 + digit - case }]);
            }
        }
    }

    /// Writes `text`: ten blanks for a tab, and for bytes from 0x80, 0xc0 and 0xe0 up one of the values, in
    /// decimal, in hexadecimal, or as bytes with their scale.
    #[inline(never)]
    fn write(&mut self, text: &[u8]) {
        for &b in text {
            let value = self.n.get(b as usize & 31).copied().unwrap_or(0);
            match b {
                b'\t' => self.out.fill(b' ', 10),
                0xe0.. => self.scaled(value),
                0xc0.. => self.out.number(value, 16, 0, b' '),
                0x80.. => self.out.dec(value),
                _ => self.out.byte(b),
            }
        }
    }

    /// Writes `n`, and in parentheses how many bytes, KiB and so on up to TiB that are.
    fn scaled(&mut self, n: u64) {
        self.out.dec(n);
        let (mut whole, mut tenths, mut unit) = (n, 0, &b"KMGT"[..]);
        let mut letter = None;
        while let (Some((first, rest)), true) = (unit.split_first(), whole >= 1024) {
            tenths = ((whole as u32 & 1023) * 10) >> 10;
            whole >>= 10;
            (letter, unit) = (Some(*first), rest);
        }
        (self.n[WHOLE], self.n[TENTHS]) = (whole, tenths as u64);
        self.write(b" (\x99.\x9a ");
        if let Some(letter) = letter {
            self.write(&[letter, b'i']);
        }
        self.write(b"B)");
    }
}
