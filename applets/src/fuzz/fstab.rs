//! Tables of file systems and mount options.

use super::{part, text};
use crate::mount::options::{has, has_all, Options, GROUP, NOBODY, OWNER, USER, USERS};
use alloc::string::String;
use alloc::vec::Vec;
use sys::mount::*;
use sys::{Buf, ToBuf, ZStr};
use util::file::fstab::{lines, meant};

/// Reads the parts of `data` as a table, a list of types, a list of options that are wanted, and two lists of
/// options.
pub fn fstab(data: &[u8]) {
    let table = part(data, 0);
    let known = read(table);
    let wanted = plain(table);
    assert_eq!(known, wanted);
    assert_eq!(read(&escaped(&wanted)), wanted, "as the kernel writes it");
    let (types, option) = (text(part(data, 1)), text(part(data, 2)));
    let mut list = types.clone();
    list.push(0);
    for [_, _, kind, options] in &known {
        let mut name = kind.clone();
        name.push(0);
        let z = |text| ZStr::from_bytes_with_nul(text).expect("a NUL");
        // Only a file with NULs has empty fields.
        if !kind.is_empty() && !types.is_empty() {
            assert_eq!(meant(Some(z(&list)), z(&name)), is_meant(&types, kind));
        }
        assert!(meant(None, z(&name)));
        has_words(options, &option);
    }
    has_words(part(data, 3), &option);
    flags([part(data, 3), part(data, 4)]);
}

/// Device, directory, type, options.
type Fields = [Vec<u8>; 4];

fn read(table: &[u8]) -> Vec<Fields> {
    let mut text: Buf = table.buf();
    // As the reading of a file does.
    text.push(b'\n');
    let lines = lines(&mut text);
    lines.iter().map(|l| [l.device, l.dir, l.kind, l.options].map(|z| z.bytes().to_vec())).collect()
}

fn plain(table: &[u8]) -> Vec<Fields> {
    let mut all = Vec::new();
    for line in table.split(|&c| c == b'\n') {
        let fields: Vec<&[u8]> = line.split(|&c| c == b' ' || c == b'\t').filter(|f| !f.is_empty()).collect();
        let field = |n: usize, other: &[u8]| fields.get(n).map_or(other.to_vec(), |raw| unescaped(raw));
        if fields.len() >= 2 && fields[0][0] != b'#' {
            all.push([field(0, b""), field(1, b""), field(2, b"auto"), field(3, b"defaults")]);
        }
    }
    all
}

/// A field with a byte for each `\ooo`; a NUL ends it.
fn unescaped(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < raw.len() {
        let code = raw.get(at + 1..at + 4).and_then(|digits| {
            let octal = raw[at] == b'\\' && digits.iter().all(|c| (b'0'..b'8').contains(c));
            octal.then(|| digits.iter().fold(0, |n, c| n * 8 + u32::from(c - b'0')))
        });
        let byte = code.filter(|&n| n < 256);
        out.push(byte.map_or(raw[at], |n| n as u8));
        at += if byte.is_some() { 4 } else { 1 };
    }
    out.truncate(out.iter().position(|&c| c == 0).unwrap_or(out.len()));
    out
}

/// Lines as the kernel writes them (`show_vfsmnt`): with codes for what divides fields and begins comments.
fn escaped(all: &[Fields]) -> Vec<u8> {
    let mut out = Vec::new();
    for fields in all {
        for field in fields {
            // An empty one, of a file with NULs, is none; so it is written as a NUL again.
            if field.is_empty() {
                out.extend_from_slice(b"\\000");
            }
            for &c in field {
                if b" \t\n\\#".contains(&c) {
                    out.extend_from_slice(alloc::format!("\\{c:03o}").as_bytes());
                } else {
                    out.push(c);
                }
            }
            out.push(b' ');
        }
        out.extend_from_slice(b"0 0\n");
    }
    out
}

/// `-t TYPES`: is `kind` among them? `no` in front of the first: is it not?
fn is_meant(types: &[u8], kind: &[u8]) -> bool {
    let not = types.starts_with(b"no");
    let bare = if not { &types[2..] } else { types };
    let mut words = bare.split(|&c| c == b',').filter(|word| !word.is_empty());
    words.any(|word| word == kind || not && word.strip_prefix(b"no") == Some(kind)) != not
}

/// `-O OPTIONS`: a word is there; one with `no` in front may also be missing without it.
fn has_words(list: &[u8], wanted: &[u8]) {
    let there = |word: &[u8]| list.split(|&c| c == b',').any(|have| have == word);
    let mut words: Vec<&[u8]> = wanted.split(|&c| c == b',').collect();
    if words.last().is_some_and(|word| word.is_empty()) {
        words.pop();
    }
    // Nothing, and the lack of it, can not be asked for.
    if words.iter().any(|word| word.is_empty() || *word == b"no") {
        return;
    }
    for word in &words {
        assert_eq!(has(list, word), there(word));
    }
    let all = words.iter().all(|word| there(word) || word.starts_with(b"no") && !there(&word[2..]));
    assert_eq!(has_all(list, wanted), all);
}

/// Options that set flags, and those that take them back (`man 2 mount`, `man 8 mount`).
const FLAGS: [(&str, u32, &str); 23] = [
    ("ro", MS_RDONLY, "rw"),
    ("nosuid", MS_NOSUID, "suid"),
    ("nodev", MS_NODEV, "dev"),
    ("noexec", MS_NOEXEC, "exec"),
    ("sync", MS_SYNCHRONOUS, "async"),
    ("mand", MS_MANDLOCK, "nomand"),
    ("dirsync", MS_DIRSYNC, "-"),
    ("nosymfollow", 256, "symfollow"),
    ("noatime", MS_NOATIME, "atime"),
    ("nodiratime", MS_NODIRATIME, "diratime"),
    ("silent", MS_SILENT, "loud"),
    ("relatime", MS_RELATIME, "norelatime"),
    ("iversion", MS_I_VERSION, "noiversion"),
    ("strictatime", MS_STRICTATIME, "nostrictatime"),
    ("lazytime", MS_LAZYTIME, "nolazytime"),
    ("remount", MS_REMOUNT, "-"),
    ("move", MS_MOVE, "-"),
    ("bind", MS_BIND, "-"),
    ("rbind", MS_BIND | MS_REC, "-"),
    ("user", MS_NOSUID | MS_NODEV | MS_NOEXEC, "-"),
    ("users", MS_NOSUID | MS_NODEV | MS_NOEXEC, "-"),
    ("owner", MS_NOSUID | MS_NODEV, "-"),
    ("group", MS_NOSUID | MS_NODEV, "-"),
];
/// Ways of propagation, of which there is one at a time; also with `make-` or `r` in front, or both.
const WAYS: [(&str, u32); 4] =
    [("shared", MS_SHARED), ("private", MS_PRIVATE), ("slave", MS_SLAVE), ("unbindable", MS_UNBINDABLE)];
/// What only fstab and other programs understand.
const IDLE: &str = "defaults auto noauto nouser nofail _netdev swap";

/// Who may mount besides root.
const WHO: [(&str, u8); 5] =
    [("nouser", NOBODY), ("user", USER), ("users", USERS), ("owner", OWNER), ("group", GROUP)];

/// Flags, what is left for the file system, whether a loop device is asked for, and who may mount.
fn flags(lists: [&[u8]; 2]) {
    let mut o = Options::new(0);
    let (mut set, mut data, mut on_loop, mut who) = (0, Vec::<&[u8]>::new(), false, NOBODY);
    for list in lists {
        o.add(list);
        for word in list.split(|&c| c == b',').filter(|word| !word.is_empty()) {
            // All names are ASCII.
            let name = String::from_utf8_lossy(word);
            who = WHO.iter().find(|(known, _)| *known == name).map_or(who, |(_, code)| *code);
            let made = name.strip_prefix("make-").unwrap_or(&name);
            let bare = made.strip_prefix('r').unwrap_or(made);
            if let Some((_, way)) = WAYS.iter().find(|(known, _)| *known == made || *known == bare) {
                set &= !(MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE);
                set |= way | if bare == made { 0 } else { MS_REC };
            } else if let Some((_, flag, _)) = FLAGS.iter().find(|(known, ..)| *known == name) {
                set |= flag;
            } else if let Some((_, flag, _)) = FLAGS.iter().find(|(.., known)| *known == name && name != "-")
            {
                set &= !flag;
            } else if name == "loop" {
                on_loop = true;
            } else if !IDLE.split(' ').any(|known| known == name)
                && !name.starts_with("x-")
                && !name.starts_with("X-")
                && !name.starts_with("comment=")
            {
                data.push(word);
            }
        }
    }
    assert_eq!((o.flags, o.on_loop, o.who), (set, on_loop, who));
    assert_eq!(o.data.to_vec(), data.join(&b','));
    let mut again = Options::new(o.flags);
    lists.iter().for_each(|list| again.add(list));
    assert_eq!((again.flags, &again.data), (o.flags, &o.data), "once more");
}
