//! The file `stat` of a process: what is read is what was written, whatever the program's name is; and any text gives
//! a process or none.

use crate::proc::stat::{parse, terminal};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sys::Buf;

/// Reads `data` as it is; then a text made of its numbers around its first part as the name.
pub fn stat(data: &[u8]) {
    if let Some(process) = parse(data) {
        let (open, close) = (data.iter().position(|&c| c == b'('), data.iter().rposition(|&c| c == b')'));
        let (open, close) = (open.expect("a name"), close.expect("its end"));
        assert_eq!(process.comm, data[open + 1..close]);
        assert_eq!(process.state, data[close + 2]);
    }
    let mut parts = super::parts(data).into_iter();
    let name: &[u8] = parts.next().unwrap_or_default();
    let bytes: Vec<u8> = parts.flatten().copied().collect();
    let mut numbers: Vec<i64> =
        bytes.chunks(8).map(|c| c.iter().fold(0, |n, &b| n << 8 | i64::from(b))).collect();
    numbers.resize(21, -1);
    let behind: String = numbers.iter().map(|n| format!(" {n}")).collect();
    let text = [b"17 (", name, b") S", behind.as_bytes(), b" 7 7\n"].concat();
    let process = parse(&text).expect("a process");
    assert_eq!(process.comm, name);
    assert_eq!((process.state, process.pid), (b'S', 0));
    for (n, &number) in numbers.iter().enumerate().take(21) {
        assert_eq!(process.field(n), number as u64, "number {n}");
    }
    // Without the last number it is none.
    let short = &text[..text.len() - b" 7 7\n".len()];
    let last = short.iter().rposition(|&c| c == b' ').expect("a blank");
    assert!(parse(&short[..last]).is_none());
    let mut out = Buf::new();
    terminal(&mut out, numbers[0] as u32);
    assert!(!out.is_empty() && out.len() < 24);
}
