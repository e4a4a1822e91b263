//! Network interfaces: sockets, and the requests that they take (`man 7 netdevice`).

use crate::fs::{ioctl, owned, Owned, O_CLOEXEC};
use crate::zstr::position;
use crate::{sys3, Errno, Fd, List, Result};
use linux_raw_sys::{ioctl, net};

pub use linux_raw_sys::if_arp::{ARPHRD_ETHER, ARPHRD_INFINIBAND};
pub use linux_raw_sys::net::{AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM};

macro_rules! flags {
    ($($name:ident)*) => { $(
        #[doc = concat!("Flag of an interface: ", stringify!($name), " (`man 7 netdevice`).")]
        pub const $name: u32 = net::net_device_flags::$name as u32;
    )* };
}
flags! {
    IFF_UP IFF_BROADCAST IFF_POINTOPOINT IFF_NOTRAILERS IFF_NOARP IFF_PROMISC IFF_ALLMULTI IFF_MULTICAST IFF_DYNAMIC
}

/// Requests for [`Ifreq::ioctl`]: the low bytes of their numbers, which all begin with 0x89, and the list of them.
macro_rules! requests {
    ($($name:ident)*) => {
        $(#[doc = concat!("Request for [`Ifreq::ioctl`]: the low byte of `", stringify!($name), "`.")]
        pub const $name: u8 = low(ioctl::$name);)*
        static REQUESTS: &[u8] = &[$($name),*];
    };
}
requests! {
    SIOCDIFADDR SIOCGIFADDR SIOCGIFBRDADDR SIOCGIFDSTADDR SIOCGIFFLAGS SIOCGIFHWADDR SIOCGIFINDEX SIOCGIFMAP
    SIOCGIFMTU SIOCGIFNETMASK SIOCGIFTXQLEN SIOCSIFADDR SIOCSIFBRDADDR SIOCSIFDSTADDR SIOCSIFFLAGS SIOCSIFHWADDR
    SIOCSIFMAP SIOCSIFMETRIC SIOCSIFMTU SIOCSIFNAME SIOCSIFNETMASK SIOCSIFTXQLEN
}
/// What all requests of sockets begin with.
const SOCKET: u32 = ioctl::SIOCGIFADDR & !0xff;

const fn low(request: u32) -> u8 {
    assert!(request & !0xff == SOCKET);
    request as u8
}

/// Bytes of an interface's name, a NUL at the end included.
pub const NAME: usize = net::IFNAMSIZ as usize;
/// Words of the union in a `struct ifreq`: its biggest part is a `struct ifmap`.
pub const WORDS: usize = if cfg!(target_pointer_width = "64") { 6 } else { 4 };
/// The word of a `struct ifmap` behind its two addresses: I/O address, interrupt and DMA channel, of 16, 8
/// and 8 bits.
pub const MAP: usize = WORDS - 2;

/// `struct ifreq`: an interface's name, and a union as 32-bit words. In it stand a plain number as word 0, or
/// the two addresses of a `struct ifmap` and the word [`MAP`], or a `struct sockaddr`: the family in the low
/// half of word 0; of AF_INET the address, as it is in memory, in word 1.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Ifreq {
    /// The name, filled up with NULs.
    pub name: [u8; NAME],
    /// The union.
    pub words: [u32; WORDS],
}

impl Ifreq {
    /// For the interface `name`; `None` if that is too long to be one.
    pub fn new(name: &[u8]) -> Option<Ifreq> {
        let mut r = Ifreq::default();
        r.name.get_mut(..NAME - 1)?.get_mut(..name.len())?.copy_from_slice(name);
        Some(r)
    }

    /// The union as bytes.
    pub fn bytes(&mut self) -> &mut [u8; WORDS * 4] {
        // SAFETY: the same memory; bytes need no alignment.
        unsafe { &mut *self.words.as_mut_ptr().cast() }
    }

    /// The name as 16-bit groups: a `struct in6_ifreq` (`linux/ipv6.h`, `man 7 ipv6`), which SIOCSIFADDR and SIOCDIFADDR
    /// take on a socket of AF_INET6, has the address here, as it is in memory, the high byte first. Behind it stand
    /// bits of the prefix and the number of the interface (SIOCGIFINDEX).
    pub fn groups(&mut self) -> &mut [u16; 8] {
        const { assert!(NAME == 16 && core::mem::offset_of!(Ifreq, name) % align_of::<u16>() == 0) };
        // SAFETY: the same memory; all of the struct is aligned for its words.
        unsafe { &mut *self.name.as_mut_ptr().cast() }
    }

    /// `man 2 ioctl` with one of the requests SIOC… above; ENOTTY for any other.
    #[inline(never)]
    pub fn ioctl(&mut self, socket: Fd, request: u8) -> Result<()> {
        // Others follow pointers, or take more than this.
        if position(REQUESTS, request).is_none() {
            return Err(Errno::ENOTTY);
        }
        // SAFETY: a whole struct ifreq, of which the request takes no more, and it follows no pointer.
        unsafe { ioctl(socket, SOCKET | request as u32, self) }.map(|_| ())
    }
}

/// `man 2 socket`, closed on exec.
#[inline(never)]
pub fn socket(family: u32, kind: u32, protocol: u32) -> Result<Owned> {
    // SAFETY: no memory is involved.
    owned(unsafe { sys3!(__NR_socket, family, kind | O_CLOEXEC, protocol) })
}

/// SIOCGIFCONF: appends the interfaces and aliases that have IPv4 addresses to `list`, each with its address.
#[inline(never)]
pub fn configured(socket: Fd, list: &mut List<Ifreq>) -> Result<()> {
    #[repr(C)]
    struct Ifconf {
        bytes: i32,
        list: *mut Ifreq,
    }
    let mut c = Ifconf { bytes: 0, list: core::ptr::null_mut() };
    // SAFETY: with a null pointer it tells how many bytes there would be.
    unsafe { ioctl(socket, ioctl::SIOCGIFCONF, &mut c) }?;
    // Room for some more than there were a moment ago.
    let from = list.len();
    for _ in 0..c.bytes as usize / size_of::<Ifreq>() + 8 {
        list.push(Ifreq::default());
    }
    let room = list.get_mut(from..).unwrap_or_default();
    c.bytes = size_of_val(room) as i32;
    c.list = room.as_mut_ptr();
    // SAFETY: room for so many bytes, of which the kernel fills as many as it then tells.
    let told = unsafe { ioctl(socket, ioctl::SIOCGIFCONF, &mut c) };
    list.truncate(from + if told.is_ok() { c.bytes as usize / size_of::<Ifreq>() } else { 0 });
    told.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_or_are_refused() {
        assert_eq!(&Ifreq::new(b"eth0:1").unwrap().name, b"eth0:1\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(&Ifreq::new(b"fifteen-letters").unwrap().name, b"fifteen-letters\0");
        assert!(Ifreq::new(b"sixteen--letters").is_none());
    }

    #[test]
    fn structs_are_the_kernels() {
        use linux_raw_sys::net::{ifmap, in6_ifreq};
        // The biggest part of its union; linux-raw-sys has the union itself too big.
        assert_eq!(size_of::<Ifreq>(), NAME + size_of::<ifmap>());
        assert!(
            size_of::<in6_ifreq>() <= size_of::<Ifreq>() && align_of::<in6_ifreq>() <= align_of::<Ifreq>()
        );
        assert_eq!(NAME, core::mem::offset_of!(in6_ifreq, ifr6_prefixlen));
        assert_eq!(NAME + 4, core::mem::offset_of!(in6_ifreq, ifr6_ifindex));
        assert_eq!(MAP * 4, core::mem::offset_of!(ifmap, base_addr));
    }

    #[test]
    fn the_loopback_interface_is_asked() {
        let s = socket(AF_INET, SOCK_DGRAM, 0).unwrap();
        let mut r = Ifreq::new(b"lo").unwrap();
        r.ioctl(*s, SIOCGIFINDEX).unwrap();
        assert_eq!(r.words[0], 1);
        let mut list = List::new();
        configured(*s, &mut list).unwrap();
        assert!(list.iter().all(|r| r.name[0] != 0 && r.words[0] & 0xffff == AF_INET));
        let mut r = Ifreq::new(b"nosuch").unwrap();
        assert_eq!(r.ioctl(*s, SIOCGIFFLAGS), Err(Errno::ENODEV));
        // It would be followed to where the words say.
        assert_eq!(r.ioctl(*s, low(ioctl::SIOCGIFCONF)), Err(Errno::ENOTTY));
    }
}
