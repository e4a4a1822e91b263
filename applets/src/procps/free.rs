//! free: tell how much memory there is (BusyBox procps/free.c; procps free).

use sys::zstr::cut;
use sys::{num, Cx, ZStr};
use util::file::read;
use util::text::size::human;

applet! {
    name: free,
    dir: "/usr/bin",
    class: NoExec,
    operands: "0",
    last_wins: "bkmgh",
    usage: "\
[-bkmgh]

Print how much memory is there, in use and free.

    -b  In bytes
    -k  In units of 1,024 bytes (default)
    -m  In MiB
    -g  In GiB
    -h  Short, with the unit behind each number
",
}

static FIELDS: [&[u8]; 9] = [
    b"MemTotal:",
    b"MemFree:",
    b"Shmem:",
    b"Buffers:",
    b"Cached:",
    b"SReclaimable:",
    b"MemAvailable:",
    b"SwapTotal:",
    b"SwapFree:",
];

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let text = match read::file(ZStr::new(c"/proc/meminfo")) {
        Ok(text) => text,
        Err(why) => {
            cx.fail(b"/proc/meminfo", why);
            return 1;
        }
    };
    // In KiB.
    let mut n = [0u64; FIELDS.len()];
    let mut rest = &text[..];
    while !rest.is_empty() {
        let mut line = cut(&mut rest, b'\n');
        let name = cut(&mut line, b' ');
        for (value, field) in n.iter_mut().zip(FIELDS) {
            if name.strip_suffix(b":") == field.strip_suffix(b":") {
                *value = num::prefix(line.trim_ascii_start(), 10).map_or(0, |(n, _)| n);
            }
        }
    }
    let [total, free, shared, buffers, cached, reclaimable, available, swap, swap_free] = n;
    let cache = buffers + cached + reclaimable;
    cx.out.fill(b' ', 7);
    for title in [&b"total"[..], b"used", b"free", b"shared", b"buff/cache", b"available"] {
        cx.out.right(title, 12);
    }
    row(cx, b"\nMem:   ", &[total, total.saturating_sub(free + cache), free, shared, cache, available]);
    row(cx, b"\nSwap:  ", &[swap, swap.saturating_sub(swap_free), swap_free]);
    cx.out.byte(b'\n');
    0
}

#[inline(never)]
fn row(cx: &mut Cx, title: &[u8], values: &[u64]) {
    cx.out.bytes(title);
    for &n in values {
        let n = match () {
            () if cx.has(opt!("bh")) => n << 10,
            () if cx.has(opt!("m")) => n >> 10,
            () if cx.has(opt!("g")) => n >> 20,
            () => n,
        };
        let mut short = [0; 8];
        let mut digits = [0; 64];
        let text = if cx.has(opt!("h")) {
            let len = human(n, &mut short);
            short.get(..len).unwrap_or_default()
        } else {
            num::digits(&mut digits, n, 10)
        };
        cx.out.right(text, 12);
    }
}
