//! Network interfaces: sockets, and the requests that they take (`man 7 netdevice`).

use crate::fs::{ioctl, Owned, O_CLOEXEC};
use crate::{check, sys3, Fd, List, Result};
use linux_raw_sys::ioctl::SIOCGIFCONF;

pub use linux_raw_sys::ioctl::{
    SIOCDIFADDR, SIOCGIFADDR, SIOCGIFBRDADDR, SIOCGIFDSTADDR, SIOCGIFFLAGS, SIOCGIFHWADDR, SIOCGIFINDEX,
    SIOCGIFMAP, SIOCGIFMETRIC, SIOCGIFMTU, SIOCGIFNETMASK, SIOCGIFTXQLEN, SIOCSIFADDR, SIOCSIFBRDADDR,
    SIOCSIFDSTADDR, SIOCSIFFLAGS, SIOCSIFHWADDR, SIOCSIFMAP, SIOCSIFMETRIC, SIOCSIFMTU, SIOCSIFNAME,
    SIOCSIFNETMASK, SIOCSIFTXQLEN,
};
pub use linux_raw_sys::net::{AF_INET, AF_INET6, SOCK_DGRAM};

/// Bytes of an interface's name, a NUL at the end included (IFNAMSIZ).
pub const NAME: usize = 16;
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

    /// `man 2 ioctl` with a request whose argument is a `struct ifreq`.
    ///
    /// # Safety
    /// The request follows no pointer: those that this module names do not.
    #[inline(never)]
    pub unsafe fn ioctl(&mut self, socket: Fd, request: u32) -> Result<()> {
        // SAFETY: a whole struct ifreq; the rest by contract.
        unsafe { ioctl(socket, request, self) }.map(|_| ())
    }
}

/// `struct in6_ifreq` (`linux/ipv6.h`).
#[repr(C)]
pub struct In6Ifreq {
    /// The address: 16-bit groups as they are in memory, the high byte first.
    pub address: [u16; 8],
    /// Bits of its prefix.
    pub prefix: u32,
    /// Number of the interface (SIOCGIFINDEX).
    pub index: u32,
}

impl In6Ifreq {
    /// SIOCSIFADDR or SIOCDIFADDR on a socket of AF_INET6 (`man 7 ipv6`).
    ///
    /// # Safety
    /// The socket is of AF_INET6: others take a struct of another size with these requests.
    pub unsafe fn ioctl(&mut self, socket: Fd, request: u32) -> Result<()> {
        // SAFETY: a whole struct in6_ifreq.
        unsafe { ioctl(socket, request, self) }.map(|_| ())
    }
}

/// `man 2 socket`, closed on exec.
#[inline(never)]
pub fn socket(family: u32, kind: u32, protocol: u32) -> Result<Owned> {
    // SAFETY: no memory is involved.
    check(unsafe { sys3!(__NR_socket, family, kind | O_CLOEXEC, protocol) }).map(|n| Owned::new(Fd(n as i32)))
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
    unsafe { ioctl(socket, SIOCGIFCONF, &mut c) }?;
    // Room for some more than there were a moment ago.
    let from = list.len();
    for _ in 0..c.bytes as usize / size_of::<Ifreq>() + 8 {
        list.push(Ifreq::default());
    }
    let room = list.get_mut(from..).unwrap_or_default();
    c.bytes = size_of_val(room) as i32;
    c.list = room.as_mut_ptr();
    // SAFETY: room for so many bytes, of which the kernel fills as many as it then tells.
    let told = unsafe { ioctl(socket, SIOCGIFCONF, &mut c) };
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
        assert_eq!(size_of::<In6Ifreq>(), size_of::<in6_ifreq>());
        assert_eq!(MAP * 4, core::mem::offset_of!(ifmap, base_addr));
    }

    #[test]
    fn the_loopback_interface_is_asked() {
        let s = socket(AF_INET, SOCK_DGRAM, 0).unwrap();
        let mut r = Ifreq::new(b"lo").unwrap();
        // SAFETY: this request follows no pointer.
        unsafe { r.ioctl(*s, SIOCGIFINDEX) }.unwrap();
        assert_eq!(r.words[0], 1);
        let mut list = List::new();
        configured(*s, &mut list).unwrap();
        assert!(list.iter().all(|r| r.name[0] != 0 && r.words[0] & 0xffff == AF_INET));
        let mut r = Ifreq::new(b"nosuch").unwrap();
        // SAFETY: as above.
        assert_eq!(unsafe { r.ioctl(*s, SIOCGIFFLAGS) }, Err(crate::Errno::ENODEV));
    }
}
