//! Makes a romfs, a read-only file system that stays in flash (Linux `Documentation/filesystems/romfs.rst`). It has
//! no owners, and no permissions except whether a file is executable. Executable files begin at a page, so that
//! processes without an MMU run them in place. The same entries give the same bytes.

use crate::cpio::{Entry, Kind};
use std::collections::BTreeMap;

const ALIGN: usize = 16;
const PAGE: usize = 4096;
const HARD_LINK: u32 = 0;
const DIRECTORY: u32 = 1;
const REGULAR: u32 = 2;
const SYMLINK: u32 = 3;
const BLOCK: u32 = 4;
const CHARACTER: u32 = 5;
const FIFO: u32 = 7;
const EXECUTABLE: u32 = 8;
/// The number of bytes that the checksum of the file system covers.
const SUMMED: usize = 512;

/// A directory: its own entry and its children, by name.
#[derive(Default)]
struct Node<'a> {
    entry: Option<&'a Entry>,
    children: BTreeMap<&'a str, Node<'a>>,
}

/// The positions of the entries written so far.
#[derive(Default)]
struct Written {
    /// Regular files: path and header.
    files: BTreeMap<String, usize>,
    /// Other names of files: header and the file's path.
    links: Vec<(usize, String)>,
}

/// Makes a file system of `entries`, which must be sorted by path. A path has no leading slash.
pub fn archive<'a>(entries: impl IntoIterator<Item = (&'a str, &'a Entry)>) -> Vec<u8> {
    let mut root = Node::default();
    for (path, entry) in entries {
        let node = path.split('/').fold(&mut root, |node, name| node.children.entry(name).or_default());
        node.entry = Some(entry);
    }
    let mut out = b"-rom1fs-".to_vec();
    out.resize(16, 0);
    name(&mut out, "mote");
    let top = out.len() as u32;
    // The first header is the root directory's, called `.` as the first of its entries.
    header(&mut out, ".", DIRECTORY | EXECUTABLE, top, 0);
    let mut written = Written::default();
    directory(&mut out, (&root, ""), (top, top), Some(top as usize), &mut written);
    for (at, path) in written.links {
        if let Some(file) = written.files.get(&path) {
            set_info(&mut out, at, *file as u32);
        }
    }
    let size = out.len() as u32;
    out.resize(out.len().next_multiple_of(1024), 0);
    out[8..12].copy_from_slice(&size.to_be_bytes());
    let sum = checksum(&out[..SUMMED]);
    out[12..16].copy_from_slice(&sum.to_be_bytes());
    out
}

/// Appends the entries of a directory at `path` (empty, else with a slash at its end); `own` and its parent's are
/// the headers of both, `last` is that of the entry before them.
fn directory(
    out: &mut Vec<u8>,
    (node, path): (&Node<'_>, &str),
    (own, parent): (u32, u32),
    mut last: Option<usize>,
    written: &mut Written,
) {
    let mut add = |out: &mut Vec<u8>, called: &str, kind: u32, info: u32, content: &[u8]| {
        let at = place(out, called, kind, content);
        if let Some(last) = last {
            link(out, last, at as u32);
        }
        header(out, called, kind, info, content.len() as u32);
        out.extend_from_slice(content);
        pad(out, ALIGN);
        last = Some(at);
        at as u32
    };
    if own != parent {
        add(out, ".", HARD_LINK, own, b"");
    }
    add(out, "..", HARD_LINK, parent, b"");
    let mut folders = Vec::new();
    for (called, child) in &node.children {
        let executable = child.entry.is_some_and(|entry| entry.mode & 0o111 != 0);
        let executable = if executable { EXECUTABLE } else { 0 };
        match child.entry.map(|entry| &entry.kind) {
            None | Some(Kind::Dir) => {
                // The position of its entries is set when they are written.
                let at = add(out, called, DIRECTORY | EXECUTABLE, 0, b"");
                folders.push((at, called, child));
            }
            Some(Kind::File(content)) => {
                let at = add(out, called, REGULAR | executable, 0, content);
                written.files.insert(format!("{path}{called}"), at as usize);
            }
            Some(Kind::Link(to)) => {
                let at = add(out, called, HARD_LINK, 0, b"");
                written.links.push((at as usize, to.clone()));
            }
            Some(Kind::Symlink(to)) => drop(add(out, called, SYMLINK, 0, to.as_bytes())),
            Some(Kind::Char(major, minor)) => drop(add(out, called, CHARACTER, major << 16 | minor, b"")),
            Some(Kind::Block(major, minor)) => drop(add(out, called, BLOCK, major << 16 | minor, b"")),
            Some(Kind::Fifo) => drop(add(out, called, FIFO, 0, b"")),
        }
    }
    for (at, called, child) in folders {
        let first = out.len() as u32;
        set_info(out, at as usize, first);
        directory(out, (child, &format!("{path}{called}/")), (at, own), None, written);
    }
}

/// Adds padding before an entry so that the content of an executable file begins at a page. Returns the position of
/// its header.
fn place(out: &mut Vec<u8>, called: &str, kind: u32, content: &[u8]) -> usize {
    if kind == REGULAR | EXECUTABLE && !content.is_empty() {
        let header = 16 + (called.len() + 1).next_multiple_of(ALIGN);
        out.resize((out.len() + header).next_multiple_of(PAGE) - header, 0);
    }
    out.len()
}

fn header(out: &mut Vec<u8>, called: &str, kind: u32, info: u32, size: u32) {
    let at = out.len();
    for word in [kind, info, size, 0] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    name(out, called);
    sum_header(out, at);
}

/// Makes the header at `at` lead to the next one of its directory.
fn link(out: &mut [u8], at: usize, next: u32) {
    let kind = u32::from(out[at + 3]) & 0xf;
    out[at..at + 4].copy_from_slice(&(next | kind).to_be_bytes());
    sum_header(out, at);
}

/// Sets the second word of the header at `at`: the first entry of a directory, or the target of a hard link.
fn set_info(out: &mut [u8], at: usize, info: u32) {
    out[at + 4..at + 8].copy_from_slice(&info.to_be_bytes());
    sum_header(out, at);
}

/// Sets the checksum of a header and its name.
fn sum_header(out: &mut [u8], at: usize) {
    out[at + 12..at + 16].fill(0);
    let length = out[at + 16..].iter().position(|byte| *byte == 0).unwrap_or(0);
    let end = at + 16 + (length + 1).next_multiple_of(ALIGN);
    let sum = checksum(&out[at..end.min(out.len())]);
    out[at + 12..at + 16].copy_from_slice(&sum.to_be_bytes());
}

/// The checksum: it makes the sum of all words zero.
fn checksum(bytes: &[u8]) -> u32 {
    let words = bytes.chunks_exact(4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
    words.fold(0u32, u32::wrapping_add).wrapping_neg()
}

fn name(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
    pad(out, ALIGN);
}

fn pad(out: &mut Vec<u8>, to: usize) {
    out.resize(out.len().next_multiple_of(to), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(bytes: &[u8], at: usize) -> u32 {
        u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    /// The entries of the directory that starts at `at`: header's place and name.
    fn list(bytes: &[u8], mut at: usize) -> Vec<(usize, String)> {
        let mut all = Vec::new();
        while at != 0 {
            let end = bytes[at + 16..].iter().position(|byte| *byte == 0).unwrap();
            all.push((at, String::from_utf8_lossy(&bytes[at + 16..at + 16 + end]).into_owned()));
            let length = 16 + (end + 1).next_multiple_of(16);
            assert_eq!(checksum(&bytes[at..at + length]), 0, "{all:?}");
            at = (word(bytes, at) & !0xf) as usize;
        }
        all
    }

    #[test]
    fn entries_are_found_and_executables_begin_at_a_page() {
        let (dir, mote) = (Entry::new(Kind::Dir, 0o755), Entry::new(Kind::File(vec![7; 5000]), 0o755));
        let (link, text) =
            (Entry::new(Kind::Symlink("bin/mote".into()), 0o777), Entry::new(Kind::File(vec![1; 3]), 0o644));
        let console = Entry::new(Kind::Char(5, 1), 0o600);
        let name = Entry::new(Kind::Link("bin/mote".into()), 0);
        let bytes = archive([
            ("bin", &dir),
            ("bin/ls", &name),
            ("bin/mote", &mote),
            ("dev/console", &console),
            ("etc/motd", &text),
            ("init", &link),
        ]);
        assert_eq!((&bytes[..8], bytes.len() % 1024), (&b"-rom1fs-"[..], 0));
        assert_eq!(checksum(&bytes[..512]), 0);
        let root = list(&bytes, 32);
        let names: Vec<&str> = root.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, [".", "..", "bin", "dev", "etc", "init"]);
        let bin = list(&bytes, word(&bytes, root[2].0 + 4) as usize);
        assert_eq!(bin.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), [".", "..", "ls", "mote"]);
        let mote = bin[3].0;
        // A hard link has neither size nor content.
        let link = bin[2].0;
        assert_eq!([0, 4, 8].map(|at| word(&bytes, link + at)), [mote as u32 | HARD_LINK, mote as u32, 0]);
        assert_eq!((word(&bytes, mote) & 0xf, word(&bytes, mote + 8)), (REGULAR | EXECUTABLE, 5000));
        assert_eq!(((mote + 32) % PAGE, bytes[mote + 32]), (0, 7));
        let dev = list(&bytes, word(&bytes, root[3].0 + 4) as usize);
        assert_eq!((word(&bytes, dev[2].0) & 0xf, word(&bytes, dev[2].0 + 4)), (CHARACTER, 5 << 16 | 1));
        // Its parent's `..` and its own `.` lead to the directories themselves.
        assert_eq!((word(&bytes, dev[0].0 + 4), word(&bytes, dev[1].0 + 4)), (root[3].0 as u32, 32));
    }
}
