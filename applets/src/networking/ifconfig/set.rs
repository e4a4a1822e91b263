//! Settings: one table, one way for all of them.

use super::{name, named};
use core::slice::Iter;
use sys::buf::concat;
use sys::net::{self, Ifreq, MAP};
use sys::zstr::{cut, position, position_in};
use sys::{num, Cx, Errno, Fd, ZStr};
use util::failure::explain;
use util::net::address::{hex, inet_aton, inet_pton6, mask, words, MISSING, NO_ADDRESS};
use util::text::number::constant_u32;

// What an argument is.
const NO_ARGUMENT: u8 = b'-';
const IPV4: u8 = b'4';
/// IPv4 or IPv6, with the length of a prefix behind it or not.
const ADDRESS: u8 = b'a';
const NUMBER: u8 = b'n';
// Parts of the hardware's map: these, and else its memory.
const IO: u8 = b'o';
const INTERRUPT: u8 = b'i';
const HARDWARE: u8 = b'h';
const NEW_NAME: u8 = b'r';

/// An address without the length of a prefix.
const NO_LENGTH: u32 = 255;

/// Set in a setting's third byte if it has to do with a flag: which one is in the low four bits.
const FLAG: u8 = 0x40;
/// It takes the flag away, and with a `-` in front sets it.
const INVERTED: u8 = 0x10;

/// The name, and behind it: the low byte of the request (`-` is none), what its argument is, and the flag that
/// is changed afterwards (`.` is none). A name that another one starts with stands before that.
static SETTINGS: &[u8] = b"metric\x1en.\0mtu\x22n.\0txqueuelen\x43n.\0dstaddr\x184.\0netmask\x1c4.\0\
broadcast\x1a4A\0pointopoint\x184D\0hw\x24h.\0rename\x23r.\0mem_start\x71m.\0io_addr\x71o.\0irq\x71i.\0\
add\x16a.\0del\x36a.\0arp--W\0trailers--U\0promisc--H\0multicast--L\0allmulti--I\0dynamic--O\0up--@\0\
down--P\0inet--.\0inet6--.";

struct Change {
    socket: Fd,
    interface: Ifreq,
    /// The word that a message is about.
    what: ZStr<'static>,
}

/// Makes the settings; the first mistake or error ends it.
#[inline(never)]
pub(super) fn change(cx: &mut Cx, socket: Fd, interface: &Ifreq, settings: &[ZStr<'static>]) {
    let mut change = Change { socket, interface: *interface, what: cx.name };
    let mut rest = settings.iter();
    while let Some(&word) = rest.next() {
        change.what = word;
        if let Err(e) = change.setting(&mut rest) {
            let what = concat(&[name(&change.interface), b": ", change.what.bytes()]);
            explain(cx, &what, e, words);
            return;
        }
    }
}

impl Change {
    /// Makes the setting `what`, with its arguments from `rest`.
    #[inline(never)]
    fn setting(&mut self, rest: &mut Iter<ZStr<'static>>) -> Result<(), Errno> {
        let minus = self.what.strip_prefix(b"-");
        let word = minus.unwrap_or(self.what).bytes();
        // Only what has to do with flags may have a `-`. What is no setting is an address.
        let (known, request, kind, flag) = match named(SETTINGS, word) {
            &[request, kind, flag] if minus.is_none() || flag & FLAG != 0 => (true, request, kind, flag),
            _ => (false, net::SIOCSIFADDR, ADDRESS, FLAG),
        };
        if kind != NO_ARGUMENT && (minus.is_none() || !known) {
            if known {
                self.what = *rest.next().ok_or(MISSING)?;
            }
            let text = self.what.bytes();
            match kind {
                IPV4 | ADDRESS => {
                    if self.address(request, kind, text)? {
                        return Ok(());
                    }
                }
                NEW_NAME => {
                    let new = Ifreq::new(text).ok_or(Errno::ENAMETOOLONG)?;
                    if let Some(slot) = self.interface.bytes().first_chunk_mut() {
                        *slot = new.name;
                    }
                    self.ask(request)?;
                    self.interface.name = new.name;
                }
                HARDWARE => {
                    self.what = *rest.next().ok_or(MISSING)?;
                    self.hardware(text).ok_or(NO_ADDRESS)?;
                    self.ask(request)?;
                }
                _ => {
                    if kind != NUMBER {
                        self.ask(net::SIOCGIFMAP)?;
                    }
                    self.quantity(kind, text).ok_or(Errno::EINVAL)?;
                    self.ask(request)?;
                }
            }
        }
        if flag & FLAG != 0 {
            self.ask(net::SIOCGIFFLAGS)?;
            let bit = 1 << (flag & 15);
            self.interface.words[0] |= bit;
            if minus.is_some() != (flag & INVERTED != 0) {
                self.interface.words[0] ^= bit;
            }
            self.ask(net::SIOCSIFFLAGS)?;
        }
        Ok(())
    }

    /// Sets an address. True if the flag that belongs to it is to be left alone.
    fn address(&mut self, request: u8, kind: u8, text: &[u8]) -> Result<bool, Errno> {
        let mut rest = text;
        let host = cut(&mut rest, b'/');
        let length = if host.len() < text.len() {
            num::parse_u32(rest).filter(|n| *n <= 128 && kind == ADDRESS).ok_or(NO_ADDRESS)?
        } else {
            NO_LENGTH
        };
        let address = if text == b"+" && request == net::SIOCSIFBRDADDR {
            self.ask(net::SIOCGIFADDR)?;
            let own = self.interface.words[1];
            self.ask(net::SIOCGIFNETMASK)?;
            own | !self.interface.words[1]
        } else if host == b"default" {
            0
        } else if let Some(address) = inet_aton(host) {
            address
        } else if kind == ADDRESS {
            let mut r = Ifreq::default();
            inet_pton6(host, r.groups()).ok_or(NO_ADDRESS)?;
            r.groups().iter_mut().for_each(|group| *group = group.to_be());
            self.ask(net::SIOCGIFINDEX)?;
            (r.words[0], r.words[1]) = (length.min(128), self.interface.words[0]);
            let socket = net::socket(net::AF_INET6, net::SOCK_DGRAM, 0)?;
            return r.ioctl(*socket, request).map(|()| true);
        } else {
            return Err(NO_ADDRESS);
        };
        if length != NO_LENGTH && length > 32 {
            return Err(NO_ADDRESS);
        }
        self.internet(request, address)?;
        if length != NO_LENGTH {
            self.internet(net::SIOCSIFNETMASK, mask(length))?;
        }
        // An alias whose address is taken away is gone.
        Ok(address == 0 && position(&self.interface.name, b':').is_some())
    }

    fn internet(&mut self, request: u8, address: u32) -> Result<(), Errno> {
        self.interface.words[0] = net::AF_INET;
        self.interface.words[1] = address;
        self.ask(request)
    }

    /// Puts a number where its request expects it.
    fn quantity(&mut self, kind: u8, text: &[u8]) -> Option<()> {
        let n = constant_u32(text)?;
        let words = &mut self.interface.words;
        let (place, bits, shift) = match kind {
            IO => (MAP, 0xffff, 0),
            INTERRUPT => (MAP, 0xff, 16),
            _ => (0, u32::MAX, 0),
        };
        if n > bits {
            return None;
        }
        if cfg!(target_pointer_width = "64") && place == 0 {
            words[1] = 0;
        }
        let word = words.get_mut(place)?;
        *word = *word & !(bits << shift) | n << shift;
        Some(())
    }

    /// Puts a hardware address of this class as a `struct sockaddr`: bytes of one or two digits, with colons
    /// between them or not. What does not fit that struct the kernel does not take this way.
    fn hardware(&mut self, class: &[u8]) -> Option<()> {
        let (family, len) = match position_in(b"ether,infiniband", b',', class)? {
            0 => (net::ARPHRD_ETHER, 6),
            _ => (net::ARPHRD_INFINIBAND, 20),
        };
        self.interface.words[0] = family;
        let bytes = self.interface.bytes();
        let mut rest = self.what.bytes();
        for at in 2..2 + len {
            match rest {
                [b':', tail @ ..] if at > 2 => rest = tail,
                _ => {}
            }
            let byte = hex(&mut rest, 2)?;
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte as u8;
            }
        }
        if rest.is_empty() {
            Some(())
        } else {
            None
        }
    }

    fn ask(&mut self, request: u8) -> Result<(), Errno> {
        self.interface.ioctl(self.socket, request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sys::zstr::Texts;

    /// How a setting names the one flag in `flags`: by its bit.
    const fn bit(flags: u32) -> u8 {
        flags.trailing_zeros() as u8
    }

    #[test]
    fn every_setting_by_its_name() {
        const NONE: u8 = b'-';
        let rows = [
            ("metric", net::SIOCSIFMETRIC, NUMBER, b'.'),
            ("mtu", net::SIOCSIFMTU, NUMBER, b'.'),
            ("txqueuelen", net::SIOCSIFTXQLEN, NUMBER, b'.'),
            ("dstaddr", net::SIOCSIFDSTADDR, IPV4, b'.'),
            ("netmask", net::SIOCSIFNETMASK, IPV4, b'.'),
            ("broadcast", net::SIOCSIFBRDADDR, IPV4, FLAG | bit(net::IFF_BROADCAST)),
            ("pointopoint", net::SIOCSIFDSTADDR, IPV4, FLAG | bit(net::IFF_POINTOPOINT)),
            ("hw", net::SIOCSIFHWADDR, HARDWARE, b'.'),
            ("rename", net::SIOCSIFNAME, NEW_NAME, b'.'),
            ("mem_start", net::SIOCSIFMAP, b'm', b'.'),
            ("io_addr", net::SIOCSIFMAP, IO, b'.'),
            ("irq", net::SIOCSIFMAP, INTERRUPT, b'.'),
            ("add", net::SIOCSIFADDR, ADDRESS, b'.'),
            ("del", net::SIOCDIFADDR, ADDRESS, b'.'),
            ("arp", NONE, NO_ARGUMENT, FLAG | INVERTED | bit(net::IFF_NOARP)),
            ("trailers", NONE, NO_ARGUMENT, FLAG | INVERTED | bit(net::IFF_NOTRAILERS)),
            ("promisc", NONE, NO_ARGUMENT, FLAG | bit(net::IFF_PROMISC)),
            ("multicast", NONE, NO_ARGUMENT, FLAG | bit(net::IFF_MULTICAST)),
            ("allmulti", NONE, NO_ARGUMENT, FLAG | bit(net::IFF_ALLMULTI)),
            ("dynamic", NONE, NO_ARGUMENT, FLAG | bit(net::IFF_DYNAMIC)),
            ("up", NONE, NO_ARGUMENT, FLAG | bit(net::IFF_UP)),
            ("down", NONE, NO_ARGUMENT, FLAG | INVERTED | bit(net::IFF_UP)),
            ("inet", NONE, NO_ARGUMENT, b'.'),
            ("inet6", NONE, NO_ARGUMENT, b'.'),
        ];
        assert_eq!(Texts::new(SETTINGS).count(), rows.len());
        for (setting, (name, request, kind, flag)) in Texts::new(SETTINGS).zip(rows) {
            let (known, code) = setting.split_at(name.len());
            assert_eq!(known, name.as_bytes());
            assert_eq!(named(SETTINGS, known), code);
            assert_eq!(code.len(), 3, "{name}");
            assert_eq!((code[0], code[1], code[2]), (request, kind, flag), "{name}");
        }
    }
}
