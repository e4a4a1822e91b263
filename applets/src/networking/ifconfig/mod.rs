//! ifconfig: show and set network interfaces (`man 7 netdevice`; BusyBox networking/ifconfig.c and interface.c
//! for settings and layout, Toybox ifconfig for `ADDRESS/LEN` and `rename`).
//!
//! Differences from BusyBox: `ADDRESS/LEN` and `rename`, as in Toybox.

use sys::net::{self, Ifreq};
use sys::zstr::{cut, Texts};
use sys::{Cx, Errno};
use util::failure::explain;
use util::net::address::words;

mod set;
mod show;

applet! {
    name: ifconfig,
    dir: "/sbin",
    class: NoExec,
    parse: Posix,
    usage: "\
[-a] [INTERFACE [SETTING]...]

Show the network interfaces that are up, or INTERFACE, or change it.

    -a  All interfaces

Settings, made in the order given:
ADDRESS[/LEN]  IPv4 address (default: none), and up
add|del ADDRESS[/LEN]  IPv6 address
netmask|dstaddr|[-]broadcast|[-]pointopoint ADDRESS
hw ether|infiniband ADDRESS
mtu|metric|txqueuelen|mem_start|io_addr|irq NUMBER
rename NAME
up, down, [-]arp|promisc|allmulti|multicast|dynamic|trailers
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    let mut interface = None;
    if let Some(name) = args.first() {
        interface = Ifreq::new(name.bytes());
        let wrong = if name.is_empty() { Errno::ENODEV } else { Errno::ENAMETOOLONG };
        if name.is_empty() || interface.is_none() {
            cx.fail_on(*name, wrong);
            return 1;
        }
    }
    let socket = match net::socket(net::AF_INET, net::SOCK_DGRAM, 0) {
        Ok(socket) => socket,
        Err(e) => {
            explain(cx, b"socket", e, words);
            return 1;
        }
    };
    match (&interface, &*args) {
        (Some(interface), [_, settings @ ..]) if !settings.is_empty() => {
            set::change(cx, *socket, interface, settings)
        }
        (only, _) => {
            let all = !args.is_empty() || cx.has(opt!("a"));
            show::show(cx, *socket, only.as_ref(), all);
        }
    }
    cx.status
}

/// What follows `key` in the text of `table` that starts with it; the last text if none does.
#[inline(never)]
fn named(table: &'static [u8], key: &[u8]) -> &'static [u8] {
    let mut last = table;
    for text in Texts::new(table) {
        last = text;
        if let Some(rest) = text.strip_prefix(key) {
            return rest;
        }
    }
    last
}

/// The name without the NULs.
fn name(r: &Ifreq) -> &[u8] {
    cut(&mut &r.name[..], 0)
}
