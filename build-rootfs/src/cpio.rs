//! The archive format of an initramfs: newc (Linux `Documentation/driver-api/early-userspace`). The same
//! entries give the same bytes: sorted, times zero, inode numbers by order.

use std::collections::BTreeMap;

/// The type of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Dir,
    /// A regular file and its content.
    File(Vec<u8>),
    /// A symbolic link and its target.
    Symlink(String),
    /// A hard link to the regular file of that path, which has no leading slash. The other fields of the entry are
    /// ignored: those of the file count.
    Link(String),
    /// A character device: major, minor.
    Char(u32, u32),
    /// A block device: major, minor.
    Block(u32, u32),
    /// A named pipe.
    Fifo,
}

/// One entry of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its type.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

impl Entry {
    /// An entry that belongs to root.
    pub fn new(kind: Kind, mode: u32) -> Entry {
        Entry { kind, mode, uid: 0, gid: 0 }
    }
}

/// Makes an archive of `entries`, which must be sorted by path. A path has no leading slash.
pub fn archive<'a>(entries: impl IntoIterator<Item = (&'a str, &'a Entry)>) -> Vec<u8> {
    let entries: Vec<_> = entries.into_iter().collect();
    let mut names = BTreeMap::new();
    for (_, entry) in &entries {
        if let Kind::Link(target) = &entry.kind {
            *names.entry(target.as_str()).or_insert(1) += 1;
        }
    }
    let place = |path: &str| entries.binary_search_by(|(other, _)| (*other).cmp(path)).ok();
    let mut out = Vec::new();
    for (at, (path, entry)) in entries.iter().enumerate() {
        let linked = match &entry.kind {
            Kind::Link(target) => place(target).map(|at| (at, target.as_str())),
            _ => None,
        };
        // Only the file's own name has the content.
        match linked {
            Some((at, target)) => {
                let file = Entry { kind: Kind::File(Vec::new()), ..*entries[at].1 };
                append(&mut out, at + 1, path, &file, names[target]);
            }
            None => append(&mut out, at + 1, path, entry, names.get(path).copied().unwrap_or(1)),
        }
    }
    append(&mut out, 0, "TRAILER!!!", &Entry::new(Kind::Fifo, 0), 1);
    out
}

fn append(out: &mut Vec<u8>, inode: usize, path: &str, entry: &Entry, names: u32) {
    let (format, links, content, device): (u32, u32, &[u8], (u32, u32)) = match &entry.kind {
        Kind::Dir => (0o040000, 2, &[], (0, 0)),
        Kind::File(content) => (0o100000, names, content, (0, 0)),
        // The file is missing.
        Kind::Link(_) => (0o100000, 1, &[], (0, 0)),
        Kind::Symlink(target) => (0o120000, 1, target.as_bytes(), (0, 0)),
        Kind::Char(major, minor) => (0o020000, 1, &[], (*major, *minor)),
        Kind::Block(major, minor) => (0o060000, 1, &[], (*major, *minor)),
        Kind::Fifo => (0o010000, 1, &[], (0, 0)),
    };
    // The trailer, which has no inode, has no format either.
    let mode = if inode == 0 { 0 } else { format | entry.mode };
    let (size, name) = (content.len() as u32, path.len() as u32 + 1);
    let fields =
        [inode as u32, mode, entry.uid, entry.gid, links, 0, size, 0, 0, device.0, device.1, name, 0];
    out.extend_from_slice(b"070701");
    for field in fields {
        out.extend_from_slice(format!("{field:08X}").as_bytes());
    }
    out.extend_from_slice(path.as_bytes());
    out.push(0);
    pad(out);
    out.extend_from_slice(content);
    pad(out);
}

fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_of_one_file() {
        let entry = Entry::new(Kind::File(b"hello".to_vec()), 0o644);
        let bytes = archive([("a/b", &entry)]);
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(&text[..14], "07070100000001");
        assert_eq!(&text[14..22], "000081A4");
        assert_eq!(&text[54..62], "00000005");
        assert_eq!(&text[110..116], "a/b\0\0\0");
        assert_eq!(&bytes[116..121], b"hello");
        assert_eq!(bytes.len() % 4, 0);
        assert!(text.ends_with("TRAILER!!!\0\0\0\0"));
    }

    #[test]
    fn names_of_one_file_share_its_inode_and_mode() {
        let (file, link) = (Kind::File(b"hello".to_vec()), Kind::Link("b".to_string()));
        let (file, link) = (Entry::new(file, 0o755), Entry::new(link, 0));
        let bytes = archive([("a", &link), ("b", &file), ("c", &link)]);
        let header = |at: usize| String::from_utf8_lossy(&bytes[at..at + 110]).into_owned();
        let all = [header(0), header(112), header(232)];
        for (header, size) in all.iter().zip(["00000000", "00000005", "00000000"]) {
            assert_eq!(&header[6..22], "00000002000081ED");
            assert_eq!((&header[38..46], &header[54..62]), ("00000003", size));
        }
        assert_eq!(&bytes[224..229], b"hello");
    }

    #[test]
    fn devices_carry_their_numbers() {
        let bytes = archive([("dev/console", &Entry::new(Kind::Char(5, 1), 0o600))]);
        assert_eq!(&bytes[78..94], b"0000000500000001");
    }
}
