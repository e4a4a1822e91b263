//! What an image asks of a kernel, beside system calls: what it mounts, what its texts name, what it is.

use crate::config::{Compression, Root};
use crate::image::Image;
use std::collections::BTreeMap;

/// What process 1 starts.
const INITTAB: &str = "/etc/inittab";
/// The tables of mounts (`man 5 fstab`).
const TABLE: &str = "/etc/fstab";

/// The facts about an image.
#[derive(Debug, Default)]
pub struct Facts {
    /// The types that are mounted, and the line that does so first.
    pub fs: BTreeMap<String, String>,
    /// The programs that lines of inittab and of scripts begin with, and the lines.
    pub started: Vec<(String, String)>,
    /// The contents of all files, by path.
    texts: Vec<(String, Vec<u8>)>,
    /// The first file that begins with `#!`.
    pub script: Option<String>,
    /// The first module.
    pub module: Option<String>,
    /// The form of the root file system.
    pub root: Root,
    /// How the initramfs is compressed.
    pub compression: Compression,
}

impl Facts {
    /// The facts about `image`, which is packed as `root`.
    pub fn new(image: &Image, root: Root, compression: Compression) -> Facts {
        let mut facts = Facts { root, compression, ..Facts::default() };
        for (path, _, content) in image.files() {
            if content.starts_with(b"#!") {
                facts.script.get_or_insert(path.to_string());
            }
            if path.starts_with("/lib/modules/") && path.contains(".ko") {
                facts.module.get_or_insert(path.to_string());
            }
            // Programs are no text.
            if let Ok(text) = std::str::from_utf8(content) {
                if path == INITTAB || content.starts_with(b"#!") {
                    facts.started.extend(text.lines().filter_map(|line| started(path, line)));
                }
                for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
                    for name in mounted(path, line) {
                        facts.fs.entry(name).or_insert_with(|| format!("{path}: {}", line.trim()));
                    }
                }
            }
            facts.texts.push((path.to_string(), content.to_vec()));
        }
        facts
    }

    /// The first file with `text` in it.
    pub fn with_text(&self, text: &str) -> Option<&str> {
        let found =
            self.texts.iter().find(|(_, content)| memchr::memmem::find(content, text.as_bytes()).is_some());
        found.map(|(path, _)| path.as_str())
    }
}

/// The program that a line of inittab or of a script starts, by the last part of its name, and the line.
fn started(path: &str, line: &str) -> Option<(String, String)> {
    let command = if path == INITTAB { line.splitn(4, ':').nth(3)? } else { line };
    let program = command.split_whitespace().next()?.trim_start_matches('-').rsplit('/').next()?;
    let comment = line.trim_start().starts_with('#');
    (!comment).then(|| (program.to_string(), format!("{path}: {}", line.trim())))
}

/// The types of file systems that a line of the file `path` mounts.
fn mounted(path: &str, line: &str) -> Vec<String> {
    let mut words = line.split(|c: char| c.is_whitespace() || ";&|()'\"".contains(c));
    let types = if path == TABLE {
        line.split_whitespace().nth(2)
    } else {
        let is_mount = |word: &str| word.rsplit(['/', ':']).next() == Some("mount");
        words.find(|word| is_mount(word)).and_then(|_| {
            words.find(|word| word.starts_with("-t")).and_then(|word| {
                if word == "-t" {
                    words.next()
                } else {
                    word.strip_prefix("-t")
                }
            })
        })
    };
    types
        .into_iter()
        .flat_map(|list| list.split(','))
        .filter(|name| !name.is_empty())
        .map(String::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::file;

    #[test]
    fn mounts_are_found_in_lines() {
        let mounted = |path: &str, line: &str| super::mounted(path, line).join(" ");
        assert_eq!(mounted("/etc/inittab", "::sysinit:/bin/mount -t proc proc /proc"), "proc");
        assert_eq!(mounted("/etc/rc", "[ -d /sys ] && mount -o ro -tsysfs none /sys;"), "sysfs");
        assert_eq!(mounted("/etc/fstab", "none /tmp tmpfs,ramfs size=1m"), "tmpfs ramfs");
        assert_eq!(mounted("/etc/rc", "umount -t proc; echo mounts -t x"), "");
    }

    #[test]
    fn files_are_looked_through() {
        let mut image = Image::default();
        image.put("/etc/rc", file("#!/bin/sh\n# mount -t devpts\nmount -t proc p /proc\n")).unwrap();
        image.put("/lib/modules/1/a.ko", file("x")).unwrap();
        let facts = Facts::new(&image, Root::Initramfs, Compression::None);
        assert_eq!(facts.fs["proc"], "/etc/rc: mount -t proc p /proc");
        assert_eq!((facts.fs.len(), facts.script.as_deref()), (1, Some("/etc/rc")));
        assert_eq!(
            (facts.module.as_deref(), facts.with_text("devpts")),
            (Some("/lib/modules/1/a.ko"), Some("/etc/rc"))
        );
    }
}
