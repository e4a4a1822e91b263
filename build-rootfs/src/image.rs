//! The content of a root file system, and its archive.

use crate::applets::Catalogue;
use crate::config::Root;
use crate::cpio::{self, Entry, Kind};
use crate::error::{Error, Result};
use crate::{cramfs, romfs};
use std::collections::BTreeMap;

/// The path of the multicall binary in the image.
pub const MOTE: &str = "/bin/mote";

/// A root file system: entries by absolute path. Missing parent directories are added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    entries: BTreeMap<String, Entry>,
}

impl Image {
    /// The basic image: mote with its links, the usual directories, the device nodes that a console needs, and root's
    /// account.
    ///
    /// # Errors
    /// Two applets want the same name.
    pub fn base(mote: Vec<u8>, catalogue: &Catalogue, applets: &[String]) -> Result<Image> {
        let mut image = Image::default();
        for dir in ["/bin", "/sbin", "/dev", "/etc", "/proc", "/sys"] {
            image.put(dir, Entry::new(Kind::Dir, 0o755))?;
        }
        image.put("/root", Entry::new(Kind::Dir, 0o700))?;
        image.put("/tmp", Entry::new(Kind::Dir, 0o1777))?;
        image.put("/dev/console", Entry::new(Kind::Char(5, 1), 0o600))?;
        image.put("/dev/null", Entry::new(Kind::Char(1, 3), 0o666))?;
        image.put("/dev/tty", Entry::new(Kind::Char(5, 0), 0o666))?;
        image.put("/etc/passwd", file("root:x:0:0:root:/root:/bin/sh\n"))?;
        image.put("/etc/group", file("root:x:0:\n"))?;
        image.put(MOTE, Entry::new(Kind::File(mote), 0o755))?;
        for path in catalogue.paths(applets) {
            image.put(&path, Entry::new(Kind::Symlink(relative(&path, MOTE)), 0o777))?;
        }
        if image.has("/sbin/init") || image.has("/bin/init") {
            image.put("/init", Entry::new(Kind::Symlink(relative("/init", MOTE)), 0o777))?;
            let text = inittab(&image);
            if !text.is_empty() {
                image.put("/etc/inittab", file(&text))?;
            }
        }
        Ok(image)
    }

    /// Adds an entry, and the directories above it.
    ///
    /// # Errors
    /// The path is not absolute and plain, or is taken by something else.
    pub fn put(&mut self, path: &str, entry: Entry) -> Result<()> {
        check_path(path)?;
        if let Some(old) = self.entries.get(path) {
            if (&old.kind, &entry.kind) != (&Kind::Dir, &Kind::Dir) {
                return Err(Error::new(format!("{path}: it is in the image twice")).fix("name it once"));
            }
        }
        self.replace(path, entry)
    }

    /// Adds an entry or takes the place of the one that is there, and adds the directories above it.
    ///
    /// # Errors
    /// The path is not absolute and plain, or something above it is not a directory.
    pub fn replace(&mut self, path: &str, entry: Entry) -> Result<()> {
        check_path(path)?;
        for (end, _) in path.match_indices('/').skip(1) {
            let parent = &path[..end];
            let above = self.entries.entry(parent.to_string());
            if above.or_insert_with(|| Entry::new(Kind::Dir, 0o755)).kind != Kind::Dir {
                return Err(Error::new(format!("{path}: {parent} is not a directory"))
                    .fix("choose another path, or make that one a directory"));
            }
        }
        self.entries.insert(path.to_string(), entry);
        Ok(())
    }

    /// Whether there is an entry at `path`.
    pub fn has(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// The entry at `path`.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// The regular files: path, permissions and content.
    pub fn files(&self) -> impl Iterator<Item = (&str, u32, &[u8])> {
        self.entries.iter().filter_map(|(path, entry)| match &entry.kind {
            Kind::File(content) => Some((path.as_str(), entry.mode, content.as_slice())),
            _ => None,
        })
    }

    /// The regular file that `path` leads to through links, and its own path; none if there is no such file.
    pub fn follow(&self, path: &str) -> Option<(&str, &[u8])> {
        const MOST_LINKS: u32 = 40;
        let (mut path, mut links) = (plain(path), 0);
        'again: while links < MOST_LINKS {
            let ends: Vec<usize> = path.match_indices('/').skip(1).map(|(end, _)| end).collect();
            for end in ends.into_iter().chain([path.len()]) {
                let to = match self.entries.get(&path[..end]).map(|entry| &entry.kind) {
                    Some(Kind::Symlink(to)) if to.starts_with('/') => to.clone(),
                    Some(Kind::Symlink(to)) => format!("{}/../{to}", &path[..end]),
                    Some(Kind::Link(to)) => format!("/{to}"),
                    _ => continue,
                };
                path = plain(&format!("{to}{}", &path[end..]));
                links += 1;
                continue 'again;
            }
            let (path, entry) = self.entries.get_key_value(&path)?;
            return match &entry.kind {
                Kind::File(content) => Some((path, content)),
                _ => None,
            };
        }
        None
    }

    /// The program that the kernel must start; none if it is `/init`, which the kernel finds by itself.
    ///
    /// # Errors
    /// The image has neither an init nor a shell.
    pub fn first_program(&self) -> Result<Option<&'static str>> {
        if self.has("/init") {
            return Ok(None);
        }
        if self.has("/bin/sh") {
            return Ok(Some("/bin/sh"));
        }
        Err(Error::new("the image has neither /init nor /bin/sh: nothing in it can be the first process")
            .fix("add `init` or `sh` to the applets"))
    }

    /// Replaces symbolic links that hold the shortest relative path to the file `path` by hard links. In an initramfs
    /// a symbolic link takes a page; a hard link takes none.
    pub fn link_hard(&mut self, path: &str) {
        let hard = Kind::Link(path.trim_start_matches('/').to_string());
        for (from, entry) in &mut self.entries {
            if entry.kind == Kind::Symlink(relative(from, path)) {
                entry.kind = hard.clone();
            }
        }
    }

    /// The archive: the same bytes for the same content.
    pub fn archive(&self) -> Vec<u8> {
        cpio::archive(self.entries.iter().map(|(path, entry)| (&path[1..], entry)))
    }

    /// The image as the root file system `root`, one for flash.
    ///
    /// # Errors
    /// That one cannot hold something in it.
    pub fn in_flash(&self, root: Root) -> Result<Vec<u8>> {
        let entries = self.entries.iter().map(|(path, entry)| (&path[1..], entry));
        match root {
            Root::Initramfs => Ok(self.archive()),
            Root::Romfs => Ok(romfs::archive(entries)),
            Root::Cramfs => cramfs::archive(entries),
        }
    }
}

/// A text file that all users may read.
pub fn file(text: &str) -> Entry {
    Entry::new(Kind::File(text.as_bytes().to_vec()), 0o644)
}

/// The default inittab, limited to the applets of the image.
fn inittab(image: &Image) -> String {
    let lines = [
        ("/bin/mount", "::sysinit:/bin/mount -t proc proc /proc\n"),
        ("/bin/sh", "::respawn:-/bin/sh\n"),
        ("/sbin/reboot", "::ctrlaltdel:/sbin/reboot\n"),
    ];
    lines.iter().filter(|(program, _)| image.has(program)).map(|(_, line)| *line).collect()
}

fn check_path(path: &str) -> Result<()> {
    let plain = path.len() > 1
        && path.starts_with('/')
        && path[1..].split('/').all(|part| !matches!(part, "" | "." | ".."));
    if plain && !path.contains('\0') {
        return Ok(());
    }
    Err(Error::new(format!("`{path}` is not an absolute path in the image"))
        .fix("write it like `/etc/motd`: no `.`, `..`, double or trailing slash"))
}

/// An absolute path without `.`, `..` and empty parts.
fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The relative path of a link at `from` to `to`; both are absolute.
fn relative(from: &str, to: &str) -> String {
    let mut from: Vec<&str> = from[1..].split('/').collect();
    let mut to: Vec<&str> = to[1..].split('/').collect();
    while from.len() > 1 && to.len() > 1 && from[0] == to[0] {
        from.remove(0);
        to.remove(0);
    }
    "../".repeat(from.len() - 1) + &to.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative() {
        assert_eq!(relative("/bin/ls", MOTE), "mote");
        assert_eq!(relative("/sbin/reboot", MOTE), "../bin/mote");
        assert_eq!(relative("/usr/bin/env", MOTE), "../../bin/mote");
        assert_eq!(relative("/init", MOTE), "bin/mote");
    }

    #[test]
    fn links_become_names() {
        let mut image = Image::default();
        let link = |to: &str| Entry::new(Kind::Symlink(to.to_string()), 0o777);
        image.put(MOTE, file("x")).unwrap();
        image.put("/sbin/init", link("../bin/mote")).unwrap();
        image.put("/sbin/other", link("../bin/other")).unwrap();
        image.link_hard(MOTE);
        assert_eq!(image.get("/sbin/init").unwrap().kind, Kind::Link("bin/mote".to_string()));
        assert_eq!(image.get("/sbin/other").unwrap().kind, Kind::Symlink("../bin/other".to_string()));
    }

    #[test]
    fn links_are_followed() {
        let mut image = Image::default();
        let link = |to: &str| Entry::new(Kind::Symlink(to.to_string()), 0o777);
        image.put("/usr/lib/libc.so.6", file("x")).unwrap();
        image.put("/lib", link("usr/lib")).unwrap();
        image.put("/usr/lib/ld.so", link("./libc.so.6")).unwrap();
        image.put("/loop", link("/loop")).unwrap();
        assert_eq!(image.follow("/lib/ld.so"), Some(("/usr/lib/libc.so.6", &b"x"[..])));
        assert_eq!((image.follow("/loop"), image.follow("/lib"), image.follow("/lib/x")), (None, None, None));
    }

    #[test]
    fn parents_come_by_themselves() {
        let mut image = Image::default();
        image.put("/a/b/c", file("x")).unwrap();
        assert_eq!(image.get("/a/b").unwrap().kind, Kind::Dir);
        assert!(image.put("/a/b/c/d", file("y")).unwrap_err().to_string().contains("not a directory"));
        assert!(image.put("/a/b/c", file("y")).unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn crooked_paths_are_refused() {
        let mut image = Image::default();
        for path in ["", "/", "etc/motd", "/etc//motd", "/etc/../x", "/etc/", "/a\0b"] {
            assert!(image.put(path, file("")).is_err(), "{path:?}");
        }
    }

    #[test]
    fn first_program_depends_on_the_content() {
        let mut image = Image::default();
        assert!(image.first_program().is_err());
        image.put("/bin/sh", file("")).unwrap();
        assert_eq!(image.first_program().unwrap(), Some("/bin/sh"));
        image.put("/init", file("")).unwrap();
        assert_eq!(image.first_program().unwrap(), None);
    }
}
