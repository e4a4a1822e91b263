//! Mount options: which are flags of the kernel, and which go to the file system.

use sys::mount::{MS_BIND, MS_MOVE, MS_PRIVATE, MS_REC, MS_REMOUNT, MS_SHARED, MS_SLAVE, MS_UNBINDABLE};
use sys::zstr::{cut, position_in};
use sys::Buf;

/// Flags that only change how a mount propagates.
pub(crate) const PROPAGATION: u32 = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;
/// Flags that say what to do rather than how.
pub(crate) const ACTIONS: u32 = MS_BIND | MS_MOVE | MS_REMOUNT | PROPAGATION;

/// Names by the number of their bit in `man 2 mount`'s flags: the first byte is a blank plus the number for
/// a name that sets the bit, `@` plus the number for one that clears it (of bit 31, which is none: for one that
/// means nothing here), [`LOOP`], or who may mount besides root: one of the codes from [`NOBODY`] on, of which the
/// lower four bits are flags.
static NAMES: &[u8] = b" ro\0@rw\0!nosuid\0Asuid\0\"nodev\0Bdev\0#noexec\0Cexec\0$sync\0Dasync\0%remount\0\
&mand\0Fnomand\0'dirsync\0(nosymfollow\0Hsymfollow\0*noatime\0Jatime\0+nodiratime\0Kdiratime\0,bind\0-move\0\
/silent\0Oloud\x001unbindable\x002private\x003slave\x004shared\x005relatime\0Unorelatime\x007iversion\0\
Wnoiversion\x008strictatime\0Xnostrictatime\x009lazytime\0Ynolazytime\0\
_defaults\0_auto\0_noauto\0_nofail\0__netdev\0_swap\0`nouser\0nuser\0~users\0fowner\0vgroup\0\x7floop";
/// Root only.
pub(crate) const NOBODY: u8 = b'`';
/// Who owns the device.
pub(crate) const OWNER: u8 = b'f';
/// Who is in the group of the device.
pub(crate) const GROUP: u8 = b'v';
/// Anybody.
pub(crate) const USER: u8 = b'n';
/// Anybody, and anybody unmounts it.
pub(crate) const USERS: u8 = b'~';
/// A loop device is asked for.
const LOOP: u8 = 0x7f;

/// What a list of options says.
pub(crate) struct Options {
    /// MS_….
    pub(crate) flags: u32,
    /// What only the file system understands, as a comma list.
    pub(crate) data: Buf,
    /// Is a loop device asked for?
    pub(crate) on_loop: bool,
    /// Who may mount besides root.
    pub(crate) who: u8,
}

impl Options {
    /// Nothing but these flags.
    #[inline(never)]
    pub(crate) fn new(flags: u32) -> Options {
        Options { flags, data: Buf::new(), on_loop: false, who: NOBODY }
    }

    /// Takes the next comma list; what it says overrides what came before.
    pub(crate) fn add(&mut self, list: &[u8]) {
        let mut rest = list;
        while !rest.is_empty() {
            let word = cut(&mut rest, b',');
            if !word.is_empty() {
                self.word(word);
            }
        }
    }

    fn word(&mut self, word: &[u8]) {
        let made = word.strip_prefix(b"make-");
        let bare = made.unwrap_or(word);
        // Which flags the prefixes may stand before.
        let (mut of, mut more, mut known) = (!0, 0, code(bare));
        if known.is_none() {
            known = bare.strip_prefix(b"r").and_then(code);
            (of, more) = (MS_BIND | PROPAGATION, MS_REC);
        }
        if made.is_some() {
            of = PROPAGATION;
        }
        if let Some(code) = known.filter(|code| of == !0 || bit(*code) & of != 0) {
            return self.apply(code, more);
        }
        // Comments for other programs: they are not for the file system.
        if matches!(word, [b'x' | b'X', b'-', ..]) || word.starts_with(b"comment=") {
            return;
        }
        if !self.data.is_empty() {
            self.data.push(b',');
        }
        self.data.extend_from_slice(word);
    }

    fn apply(&mut self, code: u8, more: u32) {
        match code {
            LOOP => self.on_loop = true,
            // What any user may mount: nosuid, nodev and, but for owner and group, noexec.
            NOBODY.. => {
                self.flags |= code as u32 & 15;
                self.who = code;
            }
            b'@'.. => self.flags &= !bit(code),
            _ => {
                // The kernel takes one way of propagation at a time.
                if bit(code) & PROPAGATION != 0 {
                    self.flags &= !PROPAGATION;
                }
                self.flags |= bit(code) | more;
            }
        }
    }
}

#[inline(never)]
fn code(name: &[u8]) -> Option<u8> {
    let mut rest = NAMES;
    while !rest.is_empty() {
        if let [code, known @ ..] = cut(&mut rest, 0) {
            if known == name {
                return Some(*code);
            }
        }
    }
    None
}

fn bit(code: u8) -> u32 {
    match code {
        NOBODY.. => 0,
        _ => 1 << (code & 31),
    }
}

/// Does the comma list have every word of `wanted` (`-O`)? A word with `no` in front must be missing.
pub(crate) fn has_all(list: &[u8], wanted: &[u8]) -> bool {
    let mut rest = wanted;
    while !rest.is_empty() {
        let word = cut(&mut rest, b',');
        if !has(list, word) && word.strip_prefix(b"no").is_none_or(|w| has(list, w)) {
            return false;
        }
    }
    true
}

/// Is `word` in the comma list?
pub(crate) fn has(list: &[u8], word: &[u8]) -> bool {
    position_in(list, b',', word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sys::mount::*;

    fn read(lists: &[&str]) -> (u32, String, bool) {
        let mut o = Options::new(0);
        lists.iter().for_each(|l| o.add(l.as_bytes()));
        (o.flags, String::from_utf8(o.data.to_vec()).unwrap(), o.on_loop)
    }

    #[test]
    fn every_flag_by_its_name() {
        for (name, flag) in [
            ("ro", MS_RDONLY),
            ("nosuid", MS_NOSUID),
            ("nodev", MS_NODEV),
            ("noexec", MS_NOEXEC),
            ("sync", MS_SYNCHRONOUS),
            ("remount", MS_REMOUNT),
            ("mand", MS_MANDLOCK),
            ("dirsync", MS_DIRSYNC),
            ("nosymfollow", 256),
            ("noatime", MS_NOATIME),
            ("nodiratime", MS_NODIRATIME),
            ("bind", MS_BIND),
            ("rbind", MS_BIND | MS_REC),
            ("move", MS_MOVE),
            ("silent", MS_SILENT),
            ("unbindable", MS_UNBINDABLE),
            ("private", MS_PRIVATE),
            ("make-private", MS_PRIVATE),
            ("rprivate", MS_PRIVATE | MS_REC),
            ("slave", MS_SLAVE),
            ("make-rslave", MS_SLAVE | MS_REC),
            ("shared", MS_SHARED),
            ("rshared", MS_SHARED | MS_REC),
            ("relatime", MS_RELATIME),
            ("iversion", MS_I_VERSION),
            ("strictatime", MS_STRICTATIME),
            ("lazytime", MS_LAZYTIME),
            ("user", MS_NOSUID | MS_NODEV | MS_NOEXEC),
            ("users", MS_NOSUID | MS_NODEV | MS_NOEXEC),
            ("owner", MS_NOSUID | MS_NODEV),
            ("group", MS_NOSUID | MS_NODEV),
            ("defaults", 0),
            ("nofail", 0),
        ] {
            assert_eq!(read(&[name]), (flag, String::new(), false), "{name}");
        }
        for pair in [
            "ro,rw",
            "nosuid,suid",
            "nodev,dev",
            "noexec,exec",
            "sync,async",
            "mand,nomand",
            "noatime,atime",
            "nodiratime,diratime",
            "silent,loud",
            "relatime,norelatime",
            "iversion,noiversion",
            "strictatime,nostrictatime",
            "lazytime,nolazytime",
            "nosymfollow,symfollow",
        ] {
            assert_eq!(read(&[pair]), (0, String::new(), false), "{pair}");
        }
    }

    #[test]
    fn the_rest_is_the_file_systems() {
        assert_eq!(
            read(&["size=1k,ro,,mode=755", "rw,rsize=8,x-systemd.a,X-b,comment=b", "rro"]),
            (0, "size=1k,mode=755,rsize=8,rro".into(), false)
        );
        assert_eq!(read(&["user,suid", "exec"]), (MS_NODEV, "".into(), false));
        assert_eq!(read(&["make-ro,make-rbind,rmove"]).1, "make-ro,make-rbind,rmove");
        assert_eq!(read(&["loop,shared,private"]), (MS_PRIVATE, "".into(), true));
    }

    #[test]
    fn options_wanted() {
        assert!(has_all(b"ro,noauto", b"ro") && has_all(b"ro,noauto", b"noauto,nosuid"));
        assert!(has(b"ro,noauto", b"noauto") && !has(b"ro", b"noauto"));
        assert!(!has_all(b"ro,noauto", b"rw") && !has_all(b"ro,suid", b"nosuid"));
    }
}
