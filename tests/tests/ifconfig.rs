//! ifconfig: in a network namespace of its own, against BusyBox's and against what `ip` tells; and in a booted
//! guest with a network card.

use build_rootfs::cache::Cache;
use build_rootfs::peers::native;
use tests::{applet_dir, fresh, Guest, Options};

/// Two interfaces, `dummy0` and its peer, beside `lo`; `busybox` and mote's links in PATH.
const SETUP: &str = "set -eu\n\
    ip link add dummy0 type veth peer name peer0\n\
    ip link set peer0 up\n";

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs a shell script in a network namespace where it may do everything; its output, errors included.
fn script(text: &str) -> String {
    let busybox = Cache::open().and_then(|cache| native::busybox(&cache)).unwrap_or_else(|e| panic!("{e}"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = [applet_dir("x86_64")].into_iter().chain(std::env::split_paths(&path));
    let mut shell = fresh("unshare");
    if !is_root() {
        shell.arg("--map-root-user");
    }
    shell.args(["--net", "--", "/bin/sh", "-c"]).arg(format!(
        "exec 2>&1
{SETUP}{text}"
    ));
    shell.env("PATH", std::env::join_paths(dirs).expect("PATH")).env("busybox", busybox.binary);
    let output = shell.output().expect("unshare starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn interfaces_look_as_in_busybox() {
    let text = script(
        "same() {\n\
           # Counters move: until BusyBox says the same before and after.\n\
           for try in 1 2 3 4 5 6 7 8; do\n\
             a=$($busybox ifconfig \"$@\" 2>/dev/null) || a=failed\n\
             m=$(ifconfig \"$@\" 2>/dev/null) || m=failed\n\
             b=$($busybox ifconfig \"$@\" 2>/dev/null) || b=failed\n\
             [ \"$a\" != \"$b\" ] || break\n\
           done\n\
           if [ \"$a\" = \"$m\" ]; then echo same $*; else echo \"differs: $*\n$a\n-----\n$m\"; fi\n\
         }\n\
         same; same -a; same nosuch\n\
         ip link set lo up; same; same lo\n\
         ip addr add 192.0.2.1/24 dev dummy0; ip link set dummy0 up arp off mtu 1400; same dummy0\n\
         ip addr add 198.51.100.1/30 broadcast + label dummy0:a dev dummy0; same; same dummy0:a\n\
         ip addr add 2001:db8::1/64 dev dummy0; ip addr add fec0::f:0:1/10 dev dummy0; same dummy0\n\
         ip link set peer0 promisc on allmulticast on multicast off address 02:aB:00:0f:F0:01; same -a\n\
         ip addr add 10.0.0.1 peer 10.0.0.2 dev peer0; same peer0\n\
         ip link set lo mtu 1280 txqueuelen 5; same lo\n\
         if ip tuntap add tun0 mode tun; then ip addr add 10.1.0.1 peer 10.1.0.2 dev tun0; same tun0; same -a; fi\n",
    );
    let expected =
        "same\nsame -a\nsame nosuch\nsame\nsame lo\nsame dummy0\nsame\nsame dummy0:a\nsame dummy0\n\
                    same -a\nsame peer0\nsame lo\nsame tun0\nsame -a\n";
    // Not every machine has tun.
    assert!(
        text == expected || text.starts_with(&expected[..expected.len() - 18]) && !text.contains("differs"),
        "{text}"
    );
}

/// What `ip -o addr` has of an interface: family, address and the words behind, without lifetimes.
const ADDR: &str = "addr() { ip -o addr show dev $1 | sed 's/^[0-9]*: *//; s/ *\\\\.*//; s/  */ /g' | sed '\\, fe80::1/,!{\\, fe80::,d}'; }\n\
    link() { ip -o link show dev $1 | sed 's/^[0-9]*: //; s/\\\\ */ /; s/ qdisc [^ ]*//; s/ state.*default//'; }\n";

#[test]
fn settings_are_what_ip_then_tells() {
    let text = script(&format!(
        "{ADDR}
        ifconfig dummy0 10.1.2.3; addr dummy0; echo
        ifconfig dummy0 172.16.0x203/20; addr dummy0; echo
        ifconfig dummy0 netmask 255.255.255.0 broadcast 172.16.2.9; addr dummy0; echo
        ifconfig dummy0 broadcast +; addr dummy0; echo
        ifconfig dummy0:1 192.0.2.7/28; ifconfig dummy0:2 192.0.2.8; addr dummy0; echo
        ifconfig dummy0:1 down; ifconfig dummy0:2 0.0.0.0; addr dummy0; echo
        ifconfig dummy0 add 2001:DB8::7/64 add fe80::1; addr dummy0; echo
        ifconfig dummy0 del 2001:db8::7/64; addr dummy0; echo
        ifconfig dummy0 10.0.0.1 dstaddr 10.0.0.2 netmask 255.255.255.255; addr dummy0; echo
        ifconfig dummy0 inet default; addr dummy0; echo
        ip link show dev dummy0 | grep -c ,UP"
    ));
    let told: Vec<&str> = text.split("\n\n").collect();
    let first = "dummy0 inet 172.16.2.3/24 brd 172.16.2.255 scope global dummy0";
    for (n, expected) in [
        "dummy0 inet 10.1.2.3/8 brd 10.255.255.255 scope global dummy0",
        "dummy0 inet 172.16.2.3/20 brd 172.16.15.255 scope global dummy0",
        "dummy0 inet 172.16.2.3/24 brd 172.16.2.9 scope global dummy0",
        first,
        &format!(
            "{first}\ndummy0 inet 192.0.2.7/28 brd 192.0.2.15 scope global dummy0:1\n\
             dummy0 inet 192.0.2.8/24 brd 192.0.2.255 scope global dummy0:2"
        ),
        first,
        &format!("{first}\ndummy0 inet6 fe80::1/128 scope link\ndummy0 inet6 2001:db8::7/64 scope global"),
        &format!("{first}\ndummy0 inet6 fe80::1/128 scope link"),
        "dummy0 inet 10.0.0.1 peer 10.0.0.2/32 brd 10.255.255.255 scope global dummy0\n\
         dummy0 inet6 fe80::1/128 scope link",
        "dummy0 inet6 fe80::1/128 scope link",
        "1",
    ]
    .into_iter()
    .enumerate()
    {
        let words = |text: &str| {
            let mut lines: Vec<String> = text
                .lines()
                .map(|line| line.replace(" tentative", "").replace(" dadfailed", "").trim_end().to_string())
                .collect();
            lines.sort();
            lines
        };
        assert_eq!(words(told.get(n).unwrap_or(&"")), words(expected), "{n}:\n{text}");
    }
}

#[test]
fn hardware_and_flags_are_what_ip_then_tells() {
    // The length of the queue is a matter of the first namespace's root.
    let queue =
        if is_root() { "ifconfig dummy0 txqueuelen 0x10" } else { "ip link set dummy0 txqueuelen 16" };
    let text = script(&format!(
        "{ADDR}
        {queue}; ifconfig dummy0 hw ether 2:AB:3:4:5:6 mtu 1234; link dummy0
        ifconfig dummy0 up promisc allmulti -multicast -arp dynamic -trailers; link dummy0
        ifconfig dummy0 -promisc -allmulti multicast arp -dynamic trailers; link dummy0
        ifconfig dummy0 down; link dummy0
        ifconfig dummy0 hw ether 02ab03040507; link dummy0
        ifconfig dummy0 rename wan0 up; link wan0"
    ));
    let link = |name: &str, flags: &str, address: &str| {
        format!("{name}@peer0: <{flags}> mtu 1234 qlen 16 link/ether {address} brd ff:ff:ff:ff:ff:ff")
    };
    let (one, two) = ("02:ab:03:04:05:06", "02:ab:03:04:05:07");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], link("dummy0", "BROADCAST,MULTICAST", one), "{text}");
    for flag in ["NOARP", "PROMISC", "ALLMULTI", "DYNAMIC", "NOTRAILERS", "UP"] {
        assert!(lines[1].contains(&format!(",{flag}")), "{flag}\n{text}");
    }
    assert!(!lines[1].contains("MULTICAST"), "{text}");
    assert_eq!(lines[2], link("dummy0", "BROADCAST,MULTICAST,UP,LOWER_UP", one), "{text}");
    assert_eq!(lines[3], link("dummy0", "BROADCAST,MULTICAST", one), "{text}");
    assert_eq!(lines[4], link("dummy0", "BROADCAST,MULTICAST", two), "{text}");
    assert_eq!(lines[5], link("wan0", "BROADCAST,MULTICAST,UP,LOWER_UP", two), "{text}");
}

#[test]
fn mistakes_are_named_and_end_the_settings() {
    let mistake = |words: &str| {
        let text = script(&format!("ifconfig {words} && echo done || echo =$?; ip link show up dev dummy0"));
        let (said, status) = text.trim_end().rsplit_once('\n').expect("two lines");
        assert_eq!(status, "=1", "{words}: {text}");
        said.strip_prefix("ifconfig: ").expect("the applet's name").to_string()
    };
    let address = "not an address (names are not looked up)";
    for wrong in
        ["host.example", "1.2.3.4.5", "10.0.0.1/33", "10.0.0.1/", "fe80::1/129", "fe80:::1", "-mtu", "+"]
    {
        assert_eq!(mistake(&format!("dummy0 {wrong} up")), format!("dummy0: {wrong}: {address}"));
    }
    for (words, said) in [
        ("nosuch", "nosuch: No such device"),
        ("nosuch up", "nosuch: up: No such device"),
        ("dummy0 mtu", "dummy0: mtu: needs an argument"),
        ("dummy0 hw ether", "dummy0: ether: needs an argument"),
        ("dummy0 mtu 12x up", "dummy0: 12x: Invalid argument"),
        ("dummy0 mtu -5 up", "dummy0: -5: Invalid argument"),
        ("dummy0 mtu 5 up", "dummy0: 5: Invalid argument"),
        ("dummy0 netmask 255.0.0.0 up", "dummy0: 255.0.0.0: Address not available"),
        ("dummy0 irq 256", "dummy0: 256: Invalid argument"),
        ("dummy0 irq 5 up", "dummy0: 5: Operation not supported"),
        ("dummy0 mem_start 0xd0000 up", "dummy0: 0xd0000: Operation not supported"),
        ("dummy0 metric 2 up", "dummy0: 2: Operation not supported"),
        ("dummy0 rename sixteen--letters", "dummy0: sixteen--letters: File name too long"),
        ("sixteen--letters up", "sixteen--letters: File name too long"),
    ] {
        assert_eq!(mistake(words), said);
    }
    for wrong in ["1:2:3:4:5", "1:2:3:4:5:6:7", "1:2:3:4:5:g", "1:2:3:4:5:6:"] {
        assert_eq!(mistake(&format!("dummy0 hw ether {wrong} up")), format!("dummy0: {wrong}: {address}"));
    }
}

#[test]
fn without_proc_the_configured_interfaces_show() {
    // In a namespace of mounts where /proc is empty.
    let text = script(
        "ifconfig lo 127.0.0.1; ifconfig dummy0 192.0.2.1
         unshare --mount sh -c 'mount -t tmpfs none /proc && ifconfig'",
    );
    let names: Vec<&str> =
        text.lines().filter(|l| l.contains("Link encap")).filter_map(|l| l.split(' ').next()).collect();
    assert_eq!(names, ["dummy0", "lo"], "{text}");
    assert!(
        text.contains("inet addr:192.0.2.1  Bcast:192.0.2.255  Mask:255.255.255.0") && !text.contains("RX"),
        "{text}"
    );
}

#[test]
fn a_guest_with_a_network_card() {
    let config = "inittab = [\"::sysinit:/bin/mount -t proc proc /proc\", \"::respawn:-/bin/sh\"]\n\
                  [kernel]\nvariant = \"net\"\n";
    let mut guest = Guest::boot("network", &Options { config: Some(config.into()), ..Options::default() });
    guest.expect("# ");
    let run = |guest: &mut Guest, line: &str| guest.command(line, "# ");
    assert_eq!(run(&mut guest, "ifconfig"), "");
    let eth0 = run(&mut guest, "ifconfig -a");
    assert!(eth0.starts_with("eth0      Link encap:Ethernet  HWaddr 52:54:00:12:34:56  \n"), "{eth0}");
    assert!(eth0.contains("          BROADCAST MULTICAST  MTU:1500  Metric:1\n"), "{eth0}");
    assert!(
        eth0.contains("\nlo        Link encap:Local Loopback  \n          LOOPBACK  MTU:65536  Metric:1\n"),
        "{eth0}"
    );

    assert_eq!(
        run(&mut guest, "ifconfig lo 127.0.0.1; ifconfig eth0 hw ether 52:54:0:a:b:c; echo =$?"),
        "=0\n"
    );
    assert_eq!(
        run(&mut guest, "ifconfig eth0 10.0.2.15/24 mtu 1400; ifconfig eth0:1 192.0.2.1; echo =$?"),
        "=0\n"
    );
    let shown = run(&mut guest, "ifconfig");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "eth0      Link encap:Ethernet  HWaddr 52:54:00:0A:0B:0C  ",
            "          inet addr:10.0.2.15  Bcast:10.0.2.255  Mask:255.255.255.0",
            "          UP BROADCAST RUNNING MULTICAST  MTU:1400  Metric:1",
        ],
        "{shown}"
    );
    assert!(
        lines[3].starts_with("          RX packets:") && lines[4].starts_with("          TX packets:"),
        "{shown}"
    );
    assert!(lines[6].starts_with("          RX bytes:") && lines[7].contains("Interrupt:"), "{shown}");
    assert!(shown.contains("\neth0:1    Link encap:Ethernet  HWaddr 52:54:00:0A:0B:0C  \n          inet addr:192.0.2.1  Bcast:192.0.2.255  Mask:255.255.255.0\n"), "{shown}");

    // The kernel's own table: the networks of both addresses, in hexadecimal of the little-endian word.
    let route = run(&mut guest, "cat /proc/net/route");
    let routes: Vec<Vec<&str>> = route.lines().skip(1).map(|l| l.split('\t').collect()).collect();
    for (network, mask) in [("0002000A", "00FFFFFF"), ("000200C0", "00FFFFFF")] {
        assert!(routes.iter().any(|r| r[0] == "eth0" && r[1] == network && r[7] == mask), "{route}");
    }
    assert_eq!(
        run(
            &mut guest,
            "ifconfig eth0 netmask 255.255.0.0 broadcast 10.0.9.9; ifconfig eth0:1 down; echo =$?"
        ),
        "=0\n"
    );
    let shown = run(&mut guest, "ifconfig");
    assert!(
        shown.contains("inet addr:10.0.2.15  Bcast:10.0.9.9  Mask:255.255.0.0\n")
            && !shown.contains("eth0:1"),
        "{shown}"
    );
    assert_eq!(run(&mut guest, "ifconfig eth0 default down; ifconfig"), run(&mut guest, "ifconfig lo"));
    assert_eq!(
        run(&mut guest, "ifconfig eth0 add ::1"),
        "ifconfig: eth0: ::1: Address family not supported by protocol\n"
    );
}
