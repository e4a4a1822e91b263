//! The archive format of an initramfs: newc (Linux `Documentation/driver-api/early-userspace`). The same
//! entries give the same bytes: sorted, times zero, inode numbers by order.

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Dir,
    /// A regular file and its content.
    File(Vec<u8>),
    /// A symbolic link and where it leads.
    Symlink(String),
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
    /// What it is.
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

/// The archive of `entries`, which come sorted by path; a path has no leading slash.
pub fn archive<'a>(entries: impl IntoIterator<Item = (&'a str, &'a Entry)>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut inode = 0;
    for (path, entry) in entries {
        inode += 1;
        append(&mut out, inode, path, entry);
    }
    append(&mut out, 0, "TRAILER!!!", &Entry::new(Kind::Fifo, 0));
    out
}

fn append(out: &mut Vec<u8>, inode: u32, path: &str, entry: &Entry) {
    let (format, links, content, device): (u32, u32, &[u8], (u32, u32)) = match &entry.kind {
        Kind::Dir => (0o040000, 2, &[], (0, 0)),
        Kind::File(content) => (0o100000, 1, content, (0, 0)),
        Kind::Symlink(target) => (0o120000, 1, target.as_bytes(), (0, 0)),
        Kind::Char(major, minor) => (0o020000, 1, &[], (*major, *minor)),
        Kind::Block(major, minor) => (0o060000, 1, &[], (*major, *minor)),
        Kind::Fifo => (0o010000, 1, &[], (0, 0)),
    };
    // The trailer, which has no inode, has no format either.
    let mode = if inode == 0 { 0 } else { format | entry.mode };
    let (size, name) = (content.len() as u32, path.len() as u32 + 1);
    let fields = [inode, mode, entry.uid, entry.gid, links, 0, size, 0, 0, device.0, device.1, name, 0];
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
    fn devices_carry_their_numbers() {
        let bytes = archive([("dev/console", &Entry::new(Kind::Char(5, 1), 0o600))]);
        assert_eq!(&bytes[78..94], b"0000000500000001");
    }
}
