//! Makes a cramfs for flash (Linux `Documentation/filesystems/cramfs.rst`, `include/uapi/linux/cramfs_fs.h`): nothing in
//! it is compressed, so the kernel reads all of it in place. Executable files begin at a page and end with one of their
//! own: then processes map their text from flash. The same entries give the same bytes.
//!
//! A byte more follows each symbolic link, a NUL: a kernel that looks for it uses the link's target where it lies.

use crate::cpio::{Entry, Kind};
use crate::error::{Error, Result};
use std::collections::BTreeMap;

const MAGIC: u32 = 0x28cd_3d45;
const PAGE: usize = 4096;
/// The superblock with the root's inode at its end.
const SUPER: usize = 76;
const INODE: usize = 12;
/// `CRAMFS_FLAG_FSID_VERSION_2`, `CRAMFS_FLAG_SORTED_DIRS` and `CRAMFS_FLAG_EXT_BLOCK_POINTERS`.
const FLAGS: u32 = 0x1 | 0x2 | 0x800;
/// A block pointer's `CRAMFS_BLK_FLAG_UNCOMPRESSED` and `CRAMFS_BLK_FLAG_DIRECT_PTR`; the rest is the address in words.
const IN_PLACE: u32 = 3 << 30;
/// The largest file, id of a group, name and file system: what their fields hold.
const MAX_SIZE: usize = (1 << 24) - 1;
const MAX_GID: u32 = 0xff;
const MAX_UID: u32 = 0xffff;
const MAX_NAME: usize = 63 * 4;
const MAX_PLACE: usize = 1 << 28;

/// A directory's entry, and what lies below it, by name.
#[derive(Default)]
struct Node<'a> {
    entry: Option<&'a Entry>,
    children: BTreeMap<&'a str, Node<'a>>,
}

impl Node<'_> {
    fn is_dir(&self) -> bool {
        matches!(self.entry.map(|entry| &entry.kind), None | Some(Kind::Dir))
    }

    /// The bytes of the directory's list of entries.
    fn list_size(&self) -> usize {
        self.children.keys().map(|name| INODE + name.len().next_multiple_of(4)).sum()
    }
}

/// A file's or a link's content in the file system.
#[derive(Clone, Copy, Default)]
struct Content {
    size: usize,
    /// Its block pointers.
    pointers: usize,
}

/// Makes a file system of `entries`, which must be sorted by path. A path has no leading slash.
///
/// # Errors
/// A field of the format is too narrow for an entry.
pub fn archive<'a>(entries: impl IntoIterator<Item = (&'a str, &'a Entry)>) -> Result<Vec<u8>> {
    let entries: BTreeMap<&str, &Entry> = entries.into_iter().collect();
    let mut root = Node::default();
    for (path, entry) in &entries {
        check(path, entry)?;
        let node = path.split('/').fold(&mut root, |node, name| node.children.entry(name).or_default());
        node.entry = Some(entry);
    }
    let mut image = Image { bytes: vec![0; SUPER], lists: BTreeMap::new(), contents: BTreeMap::new() };
    image.reserve_lists(&root, "");
    image.place_contents(&entries)?;
    let files = image.write_lists(&root, "", &entries);
    image.finish(&root, files + 1)
}

/// Checks that the format's fields hold what the entry says.
fn check(path: &str, entry: &Entry) -> Result<()> {
    let wrong = |cause: String| {
        Err(Error::new(format!("/{path}: {cause}")).fix("change it, or choose another root file system"))
    };
    let size = match &entry.kind {
        Kind::File(content) => content.len(),
        _ => 0,
    };
    if size > MAX_SIZE {
        return wrong(format!("{size} bytes: a cramfs holds files of {MAX_SIZE} bytes at most"));
    }
    if entry.uid > MAX_UID || entry.gid > MAX_GID {
        let (uid, gid) = (entry.uid, entry.gid);
        return wrong(format!("owner {uid}:{gid}: a cramfs knows owners up to {MAX_UID}:{MAX_GID}"));
    }
    if path.rsplit('/').next().is_some_and(|name| name.len() > MAX_NAME) {
        return wrong(format!("a cramfs holds names of {MAX_NAME} bytes at most"));
    }
    Ok(())
}

struct Image {
    bytes: Vec<u8>,
    /// The place of each directory's list, by path.
    lists: BTreeMap<String, usize>,
    /// The contents of files and links, by path.
    contents: BTreeMap<String, Content>,
}

impl Image {
    /// Makes room for the lists of the directory at `path` (empty, else with a slash at its end) and of those below it.
    fn reserve_lists(&mut self, node: &Node<'_>, path: &str) {
        self.lists.insert(path.to_string(), self.bytes.len());
        self.bytes.resize(self.bytes.len() + node.list_size(), 0);
        for (name, child) in &node.children {
            if child.is_dir() {
                self.reserve_lists(child, &format!("{path}{name}/"));
            }
        }
    }

    /// Places all contents: block pointers, small contents, and then those that processes map.
    fn place_contents(&mut self, entries: &BTreeMap<&str, &Entry>) -> Result<()> {
        let contents = entries.iter().filter_map(|(path, entry)| match &entry.kind {
            Kind::File(content) => Some((*path, &content[..], entry.mode & 0o111 != 0)),
            Kind::Symlink(target) => Some((*path, target.as_bytes(), false)),
            _ => None,
        });
        let (mapped, small): (Vec<_>, Vec<_>) = contents.partition(|(_, _, mapped)| *mapped);
        for (path, content, _) in mapped.iter().chain(&small) {
            let blocks = content.len().div_ceil(PAGE);
            let pointers = if blocks == 0 { 0 } else { self.bytes.len() };
            self.contents.insert((*path).to_string(), Content { size: content.len(), pointers });
            self.bytes.resize(self.bytes.len() + 4 * blocks, 0);
        }
        for (path, content, mapped) in small.into_iter().chain(mapped) {
            let align = if mapped { PAGE } else { 4 };
            self.bytes.resize(self.bytes.len().next_multiple_of(align), 0);
            self.place(path, content);
            if mapped {
                // The last page of a mapped file must hold nothing else.
                self.bytes.resize(self.bytes.len().next_multiple_of(PAGE), 0);
            } else {
                self.bytes.push(0);
            }
        }
        if self.bytes.len() > MAX_PLACE {
            let size = self.bytes.len();
            return Err(Error::new(format!("a cramfs holds {MAX_PLACE} bytes, this one has {size}"))
                .fix("leave out files"));
        }
        Ok(())
    }

    fn place(&mut self, path: &str, content: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(content);
        let pointers = self.contents.get(path).map_or(0, |content| content.pointers);
        for block in 0..content.len().div_ceil(PAGE) {
            let word = IN_PLACE | ((start + block * PAGE) >> 2) as u32;
            self.put(pointers + 4 * block, word);
        }
    }

    /// Writes the lists of a directory and of those below it. Returns how many entries they have.
    fn write_lists(&mut self, node: &Node<'_>, path: &str, entries: &BTreeMap<&str, &Entry>) -> u32 {
        let mut at = self.lists[path];
        let mut count = 0;
        for (name, child) in &node.children {
            let below = format!("{path}{name}");
            let inode = self.inode(child, &below, entries);
            for (i, word) in inode.with_name(name.len()).into_iter().enumerate() {
                self.put(at + 4 * i, word);
            }
            at += INODE;
            self.bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
            at += name.len().next_multiple_of(4);
            count += 1;
            if child.is_dir() {
                count += self.write_lists(child, &format!("{below}/"), entries);
            }
        }
        count
    }

    /// The inode of the entry at `path`. A hard link's is that of the file: the kernel numbers files by their contents.
    fn inode(&self, node: &Node<'_>, path: &str, entries: &BTreeMap<&str, &Entry>) -> Inode {
        let Some(entry) = node.entry else { return self.directory(node, path, 0o755, (0, 0)) };
        let (path, entry) = match &entry.kind {
            Kind::Link(to) => (to.as_str(), entries.get(to.as_str()).copied().unwrap_or(entry)),
            _ => (path, entry),
        };
        let content = self.contents.get(path).copied().unwrap_or_default();
        let owner = (entry.uid, entry.gid);
        let of = |kind: u32, size: usize, offset| Inode {
            mode: kind | entry.mode,
            owner,
            size: size as u32,
            offset,
        };
        let device = |kind, major: u32, minor: u32| of(kind, (major << 8 | minor & 0xff) as usize, 0);
        match &entry.kind {
            Kind::Dir | Kind::Link(_) => self.directory(node, path, entry.mode, owner),
            Kind::File(_) => of(0o100_000, content.size, content.pointers),
            Kind::Symlink(_) => of(0o120_000, content.size, content.pointers),
            Kind::Char(major, minor) => device(0o020_000, *major, *minor),
            Kind::Block(major, minor) => device(0o060_000, *major, *minor),
            Kind::Fifo => of(0o010_000, 0, 0),
        }
    }

    fn directory(&self, node: &Node<'_>, path: &str, mode: u32, owner: (u32, u32)) -> Inode {
        let key = if path.is_empty() { String::new() } else { format!("{path}/") };
        let size = node.list_size();
        let offset = if size == 0 { 0 } else { self.lists.get(&key).copied().unwrap_or(0) };
        Inode { mode: 0o040_000 | mode, owner, size: size as u32, offset }
    }

    /// Writes the superblock.
    fn finish(mut self, root: &Node<'_>, files: u32) -> Result<Vec<u8>> {
        self.bytes.resize(self.bytes.len().next_multiple_of(PAGE), 0);
        let size = self.bytes.len() as u32;
        for (at, word) in [(0, MAGIC), (4, size), (8, FLAGS), (40, size / PAGE as u32), (44, files)] {
            self.put(at, word);
        }
        self.bytes[16..32].copy_from_slice(b"Compressed ROMFS");
        self.bytes[48..52].copy_from_slice(b"mote");
        let inode = self.directory(root, "", 0o755, (0, 0));
        for (i, word) in inode.with_name(0).into_iter().enumerate() {
            self.put(SUPER - INODE + 4 * i, word);
        }
        let mut sum = flate2::Crc::new();
        sum.update(&self.bytes);
        self.put(32, sum.sum());
        Ok(self.bytes)
    }

    fn put(&mut self, at: usize, word: u32) {
        self.bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
}

/// A `struct cramfs_inode`. `size` is a device's number, if it is one; `offset` is in bytes.
struct Inode {
    mode: u32,
    owner: (u32, u32),
    size: u32,
    offset: usize,
}

impl Inode {
    /// Its three words, with the length of a name.
    fn with_name(&self, length: usize) -> [u32; 3] {
        let (uid, gid) = self.owner;
        [self.mode | uid << 16, self.size | gid << 24, (length.div_ceil(4) | (self.offset >> 2) << 6) as u32]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    /// Name, mode, size and offset of the entries of the directory whose inode is at `at`.
    fn list(bytes: &[u8], at: usize) -> Vec<(String, u32, u32, usize)> {
        let (size, mut place) = (word(bytes, at + 4) & 0xff_ffff, (word(bytes, at + 8) >> 6 << 2) as usize);
        let end = place + size as usize;
        let mut all = Vec::new();
        while place < end {
            let [a, b, c] = [0, 4, 8].map(|i| word(bytes, place + i));
            let length = (c & 63) as usize * 4;
            let name = String::from_utf8_lossy(&bytes[place + 12..place + 12 + length]);
            all.push((
                name.trim_end_matches('\0').to_string(),
                a & 0xffff,
                b & 0xff_ffff,
                (c >> 6 << 2) as usize,
            ));
            place += 12 + length;
        }
        all
    }

    fn content(bytes: &[u8], size: usize, pointers: usize) -> Vec<u8> {
        let blocks = (0..size.div_ceil(PAGE)).map(|i| word(bytes, pointers + 4 * i));
        let mut all: Vec<u8> = blocks
            .flat_map(|block| {
                assert_eq!(block >> 30, 3, "in place");
                bytes[(block << 2) as usize..].iter().copied().take(PAGE)
            })
            .collect();
        all.truncate(size);
        all
    }

    fn entry(kind: Kind, mode: u32) -> Entry {
        Entry::new(kind, mode)
    }

    #[test]
    fn entries_are_found_and_executables_have_pages_of_their_own() {
        let mote: Vec<u8> = (0..5000u32).map(|i| i as u8).collect();
        let entries = [
            ("bin", entry(Kind::Dir, 0o755)),
            ("bin/ls", entry(Kind::Link("bin/mote".into()), 0)),
            ("bin/mote", entry(Kind::File(mote.clone()), 0o755)),
            ("dev/console", entry(Kind::Char(5, 1), 0o600)),
            ("empty", entry(Kind::Dir, 0o700)),
            ("etc/motd", entry(Kind::File(b"hello\n".to_vec()), 0o644)),
            ("init", entry(Kind::Symlink("bin/mote".into()), 0o777)),
            ("none", entry(Kind::File(Vec::new()), 0o644)),
        ];
        let bytes = archive(entries.iter().map(|(path, entry)| (*path, entry))).unwrap();
        assert_eq!((word(&bytes, 0), word(&bytes, 4) as usize), (MAGIC, bytes.len()));
        let mut unsummed = bytes.clone();
        unsummed[32..36].fill(0);
        let mut sum = flate2::Crc::new();
        sum.update(&unsummed);
        assert_eq!(sum.sum(), word(&bytes, 32));
        let top = list(&bytes, 64);
        let names: Vec<&str> = top.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["bin", "dev", "empty", "etc", "init", "none"]);
        assert_eq!((top[2].1, top[2].2, top[2].3), (0o040_700, 0, 0));
        assert_eq!((top[5].1, top[5].2, top[5].3), (0o100_644, 0, 0));
        assert_eq!(content(&bytes, 8, top[4].3), b"bin/mote");
        let target = (word(&bytes, top[4].3) << 2) as usize;
        assert_eq!(bytes[target + 8], 0);
        let at = |index: usize| {
            // The inodes of the root's list lie one after the other.
            (word(&bytes, 72) >> 6 << 2) as usize
                + top[..index].iter().map(|(name, ..)| 12 + name.len().next_multiple_of(4)).sum::<usize>()
        };
        let bin = list(&bytes, at(0));
        assert_eq!((&bin[0].0[..], &bin[1].0[..], bin[0].3), ("ls", "mote", bin[1].3));
        assert_eq!((bin[1].1, bin[1].2), (0o100_755, 5000));
        assert_eq!(content(&bytes, 5000, bin[1].3), mote);
        assert_eq!(word(&bytes, bin[1].3) << 2 & 0xfff, 0);
        assert_eq!(list(&bytes, at(1))[0], ("console".to_string(), 0o020_600, 5 << 8 | 1, 0));
    }

    #[test]
    fn what_the_format_cannot_hold_is_named() {
        let mut owned = entry(Kind::File(Vec::new()), 0o644);
        owned.gid = 1000;
        let error = archive([("a", &owned)]).unwrap_err().to_string();
        assert!(error.contains("/a: owner 0:1000: a cramfs knows owners up to 65535:255"), "{error}");
        let big = entry(Kind::File(vec![0; 1 << 24]), 0o644);
        let error = archive([("b", &big)]).unwrap_err().to_string();
        assert!(error.contains("/b: 16777216 bytes: a cramfs holds files of 16777215 bytes"), "{error}");
    }
}
