//! Where files go: `SOURCE... DEST`, and `-t DIR SOURCE...`, as cp, ln and mv have them.

use super::path::base;
use sys::buf::concat;
use sys::fs;
use sys::{Buf, Cx, Errno, ToBuf, ZStr};

/// Sources, and what they go to.
pub struct Target<'a> {
    dest: ZStr<'static>,
    /// Is it a directory into which they go?
    into: bool,
    /// One at least.
    pub sources: &'a [ZStr<'static>],
}

/// [`target`]: the destination is the new name, whatever is there (`-T`).
pub const EXACT: u32 = 1;
/// [`target`]: a link to a directory is no directory (`ln -n`).
pub const LINK: u32 = 2;
/// [`target`]: a lone operand goes to the working directory (`ln FILE`).
pub const HERE: u32 = 4;

/// Takes the operands apart; `dir` is what `-t` says, `how` the constants above. `None` after a report: the status is 1.
#[inline(never)]
pub fn target<'a>(cx: &mut Cx<'a>, dir: Option<ZStr<'static>>, how: u32) -> Option<Target<'a>> {
    let all = core::mem::take(&mut cx.args);
    let args: &'a [ZStr<'static>] = all;
    let (dest, sources) = match (dir, args) {
        (Some(dir), sources) => (dir, sources),
        (None, [_]) if how & HERE != 0 => (ZStr::new(c"."), args),
        (None, [sources @ .., dest]) => (*dest, sources),
        (None, []) => return None,
    };
    if sources.is_empty() {
        cx.misuse(b"missing operand");
        return None;
    }
    let exact = how & EXACT != 0;
    if exact && (dir.is_some() || sources.len() > 1) {
        cx.misuse(b"-T takes one SOURCE and one DEST");
        return None;
    }
    let flags = if how & LINK != 0 { fs::AT_SYMLINK_NOFOLLOW } else { 0 };
    let into = dir.is_some()
        || !exact && fs::statx(fs::Fd::CWD, dest, flags).is_ok_and(|s| fs::kind(&s) == fs::S_IFDIR);
    if !into && sources.len() > 1 {
        cx.fail_on(dest, Errno::ENOTDIR);
        return None;
    }
    Some(Target { dest, into, sources })
}

impl Target<'_> {
    /// The destination as it was given.
    pub fn dest(&self) -> ZStr<'static> {
        self.dest
    }

    /// The new path of a source.
    #[inline(never)]
    pub fn path(&self, source: ZStr) -> Buf {
        let mut path = self.dest.bytes().buf();
        if self.into {
            let s = source.bytes();
            path.push(b'/');
            path.extend_from_slice(s.get(base(s)..).unwrap_or_default());
        }
        path
    }
}

/// Both names, for messages.
#[inline(never)]
pub fn arrow(source: ZStr, dest: &[u8]) -> Buf {
    concat(&[b"'", source.bytes(), b"' -> '", dest, b"'"])
}
