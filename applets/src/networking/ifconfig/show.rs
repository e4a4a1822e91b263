//! Showing interfaces.

use super::{name, named};
use sys::net::{self, Ifreq, MAP, NAME};
use sys::zstr::{cut, Texts};
use sys::{num, Buf, Cx, Errno, Fd, List, ZStr};
use util::failure::explain;
use util::file::read;
use util::net::address::{hex, inet_ntoa, inet_ntop6, words};

/// The word of a listed interface that tells where in /proc/net/dev its counters stand. An alias has none,
/// and 0 there.
const PLACE: usize = 3;

/// Shows the interface `only`, or those that are up, or `all`.
#[inline(never)]
pub(super) fn show(cx: &mut Cx, socket: Fd, only: Option<&Ifreq>, all: bool) {
    let dev = table(cx, ZStr::new(c"/proc/net/dev"));
    let inet6 = table(cx, ZStr::new(c"/proc/net/if_inet6"));
    let mut list = List::new();
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
        Some(only) => list.push(*only),
        // The aliases; without /proc, all that can be had.
        None => {
            if let Err(e) = net::configured(socket, &mut list) {
                explain(cx, b"SIOCGIFCONF", e, words);
            }
        }
    }
    let mut last = [0; NAME];
    loop {
        // Each name once, in their order.
        let mut next: Option<&Ifreq> = None;
        for r in &list {
            if r.name > last && next.is_none_or(|next| r.name < next.name) {
                next = Some(r);
            }
        }
        let Some(r) = next else { break };
        last = r.name;
        let counters = dev.get(r.words[PLACE] as usize..).filter(|_| r.words[PLACE] != 0);
        let mut page = Page { cx, socket, r: *r, flags: 0, inet6: &inet6, n: [0; 32] };
        if !page.ask(net::SIOCGIFFLAGS) {
            continue;
        }
        page.flags = page.r.words[0] & 0xffff;
        if all || page.flags & net::IFF_UP != 0 {
            page.show(counters);
        }
    }
}

/// A file of /proc; empty where there is none, or where that is told.
#[inline(never)]
fn table(cx: &mut Cx, path: ZStr) -> Buf {
    read::file_if_there(path).unwrap_or_else(|e| {
        cx.fail_on(path, e);
        Buf::new()
    })
}

#[inline(never)]
fn blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = text {
        text = rest;
    }
    text
}

/// By the type of the hardware (`linux/if_arp.h`), plus 0x101 so that no byte is 0: what stands between the
/// bytes of its address, if that is shown, and its name. The last is for all others.
static HARDWARE: &[u8] = b"\x02\x01:Ethernet\0\x01\x03 Point-to-Point Protocol\0\x05\x04 Local Loopback\0\
\x09\x04 IPv6-in-IPv4\0\x21\x01-InfiniBand\0-UNSPEC";

/// The flags by their bits.
static FLAGS: &[u8] = b"UP\0BROADCAST\0DEBUG\0LOOPBACK\0POINTOPOINT\0NOTRAILERS\0RUNNING\0NOARP\0PROMISC\0\
ALLMULTI\0MASTER\0SLAVE\0MULTICAST\0PORTSEL\0AUTOMEDIA\0DYNAMIC";

/// Addresses that an interface may have: 4, or the flag that goes with it; the low byte of the request; what
/// stands in front.
static ADDRESSES: &[u8] = b"\x04\x15\tinet addr:\0\x10\x17  P-t-P:\0\x02\x19  Bcast:\0\x04\x1b  Mask:";

/// Scopes of IPv6 addresses: the high digit, as /proc/net/if_inet6 has it, and the name. The last is for all others.
static SCOPES: &[u8] = b"0Global\x001Host\x002Link\x004Site\x008Compat\0Unknown";

// What `Page::write` does for bytes that are not written themselves; from these up, with one of the values.
const DECIMAL: u8 = 0x80;
const HEXADECIMAL: u8 = 0xa0;
const SCALED: u8 = 0xc0;
/// The first word of the answer to the request in the next byte, in decimal.
const ASK: u8 = 1;

// The values: these, and those of /proc/net/dev in their order.
const IRQ: usize = 0;
const IO: usize = 1;
const MEMORY: usize = 2;
const DMA: usize = 3;
const MEMORY_END: usize = 4;
/// The length of a prefix.
const SOME: usize = 5;
/// Sixteen counters of an interface.
const COUNTERS: usize = 6;

/// The kernel has no metric but this.
static SETTINGS: &[u8] = b" MTU:\x01\x21  Metric:1\n";

static TRAFFIC: &[u8] = b"\tRX packets:\x87 errors:\x88 dropped:\x89 overruns:\x8a frame:\x8b\n\
\tTX packets:\x8f errors:\x90 dropped:\x91 overruns:\x92 carrier:\x94\n\
\tcollisions:\x93 txqueuelen:\x01\x42 \n\
\tRX bytes:\xc6  TX bytes:\xce\n";

/// What drivers tell of their hardware, each if it is not 0.
static MAPPED: &[u8] = b"Interrupt:\x80 \0Base address:0x\xa1 \0Memory:\xa2-\xa4 \0DMA chan:\x83 ";

// In this order: what stands at its start is reached by short instructions.
#[repr(C)]
struct Page<'r, 'c> {
    cx: &'r mut Cx<'c>,
    socket: Fd,
    r: Ifreq,
    flags: u32,
    inet6: &'r [u8],
    n: [u64; 32],
}

impl Page<'_, '_> {
    #[inline(never)]
    fn show(&mut self, counters: Option<&[u8]>) {
        let name = name(&self.r);
        self.cx.out.shown(name);
        self.cx.out.fill(b' ', 9usize.saturating_sub(name.len()));
        self.write(b" Link encap:");
        self.hardware();
        self.addresses();
        self.addresses6();
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
        self.write(SETTINGS);
        if let Some(mut rest) = counters {
            for slot in self.n.iter_mut().skip(COUNTERS).take(16) {
                if let Some((value, tail)) = num::prefix(blanks(rest), 10) {
                    (*slot, rest) = (value, tail);
                }
            }
            self.write(TRAFFIC);
        }
        self.mapped();
        self.write(b"\n");
    }

    /// The type of the hardware and its address: six bytes with colons, or sixteen with dashes, of which the
    /// kernel tells fourteen.
    fn hardware(&mut self) {
        self.ask(net::SIOCGIFHWADDR);
        let key = (self.r.words[0] as u16).wrapping_add(0x101).to_le_bytes();
        let Some((&mark, title)) = named(HARDWARE, &key).split_first() else { return };
        self.write(title);
        self.write(b"  ");
        if mark != b' ' {
            self.write(b"HWaddr ");
            // Two digits for each byte behind the type.
            for at in 4..if mark == b':' { 16 } else { 36 } {
                let b = self.r.bytes().get(at >> 1).filter(|_| at < 32).copied().unwrap_or(0);
                let mut digit = b & 15;
                if at & 1 == 0 {
                    digit = b >> 4;
                    if at > 4 {
                        self.cx.out.byte(mark);
                    }
                }
                self.cx.out.byte(digit + if digit < 10 { b'0' } else { b'A' - 10 });
            }
            self.write(b"  ");
        }
        self.write(b"\n");
    }

    /// The IPv4 addresses, in a line.
    fn addresses(&mut self) {
        let wanted = (self.flags & (net::IFF_BROADCAST | net::IFF_POINTOPOINT)) as u8 | 4;
        let mut own = 0;
        for entry in Texts::new(ADDRESSES) {
            let &[when, request, ref label @ ..] = entry else { continue };
            // With its own address, the kernel finds the right one among several.
            self.r.words[1] = own;
            if wanted & when != 0 && self.ask(request) {
                if own == 0 {
                    own = self.r.words[1];
                }
                self.write(label);
                inet_ntoa(self.cx.out, self.r.words[1]);
            }
        }
        if own != 0 {
            self.write(b"\n");
        }
    }

    /// The IPv6 addresses, a line each.
    fn addresses6(&mut self) {
        let mut rest = self.inet6;
        while !rest.is_empty() {
            let mut line = cut(&mut rest, b'\n');
            // The groups of the address; the interface's number, the length of the prefix, the scope, flags;
            // then its name.
            let mut numbers = [0; 12];
            for (at, n) in numbers.iter_mut().enumerate() {
                line = blanks(line);
                *n = hex(&mut line, if at < 8 { 4 } else { 8 }).unwrap_or(0);
            }
            if blanks(line) == name(&self.r) {
                let Some(address) = numbers.first_chunk() else { continue };
                self.n[SOME] = numbers[9] as u64;
                self.write(b"\tinet6 addr: ");
                inet_ntop6(self.cx.out, address);
                self.write(b"/\x85 Scope:");
                self.write(named(SCOPES, &[b'0' + (numbers[10] as u8 >> 4)]));
                self.write(b"\n");
            }
        }
    }

    fn mapped(&mut self) {
        self.r.words = Default::default();
        self.ask(net::SIOCGIFMAP);
        let words = &self.r.words;
        let map = words[MAP];
        (self.n[MEMORY], self.n[MEMORY_END]) = match *words {
            [start, end, ..] if MAP == 2 => (start as u64, end as u64),
            [start, start_high, end, end_high, ..] => {
                (start as u64 | (start_high as u64) << 32, end as u64 | (end_high as u64) << 32)
            }
        };
        if map == 0 && self.n[MEMORY] == 0 {
            return;
        }
        self.n[IRQ] = (map >> 16 & 0xff) as u64;
        self.n[DMA] = (map >> 24) as u64;
        // Below that it is the number of something else.
        self.n[IO] = if map & 0xff00 != 0 { map & 0xffff } else { 0 } as u64;
        self.write(b"\t");
        for (part, n) in Texts::new(MAPPED).zip(IRQ..) {
            if self.n.get(n).is_some_and(|n| *n != 0) {
                self.write(part);
            }
        }
        self.write(b"\n");
    }

    /// The request `request` of [`Ifreq::ioctl`]; tells why it fails.
    #[inline(never)]
    fn ask(&mut self, request: u8) -> bool {
        match self.r.ioctl(self.socket, request) {
            Ok(()) => return true,
            // Not every interface has addresses; an alias that has none is none.
            Err(Errno::EADDRNOTAVAIL) if request != net::SIOCGIFFLAGS => {}
            Err(e) => explain(self.cx, name(&self.r), e, words),
        }
        false
    }

    /// Writes `text`, with ten blanks for a tab, and what else stands at [`ASK`] and [`DECIMAL`].
    #[inline(never)]
    fn write(&mut self, text: &[u8]) {
        let mut rest = text.iter();
        while let Some(&b) = rest.next() {
            let value = self.n[b as usize & 31];
            match b {
                ASK => {
                    self.r.words[0] = 0;
                    self.ask(rest.next().copied().unwrap_or(0));
                    self.cx.out.dec(self.r.words[0] as u64);
                }
                b'\t' => self.cx.out.fill(b' ', 10),
                SCALED.. => self.scaled(value),
                HEXADECIMAL.. => self.cx.out.number(value, 16, 0, b' '),
                DECIMAL.. => self.cx.out.dec(value),
                _ => self.cx.out.byte(b),
            }
        }
    }

    /// Writes `n`, and in parentheses how many bytes, KiB and so on up to TiB that are.
    fn scaled(&mut self, n: u64) {
        self.cx.out.dec(n);
        self.write(b" (");
        let (mut whole, mut tenths, mut units) = (n, 0, &b"KMGT"[..]);
        let mut unit = 0;
        while let (true, Some((first, rest))) = (whole >= 1024, units.split_first()) {
            tenths = ((whole as u32 & 1023) * 10) >> 10;
            whole >>= 10;
            (unit, units) = (*first, rest);
        }
        self.cx.out.dec(whole);
        self.write(&[b'.', b'0' + tenths as u8, b' ']);
        if unit != 0 {
            self.write(&[unit, b'i']);
        }
        self.write(b"B)");
    }
}
