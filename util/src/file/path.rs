//! Paths as text, and what they lead to without links and dots (`man 3 realpath`).

use crate::text::{after, number, part};
use sys::fs::{self, Fd};
use sys::zstr::cut;
use sys::{time, Buf, Errno};

/// Where the last component of `path` starts, slashes behind it left alone.
#[inline(never)]
pub fn base(path: &[u8]) -> usize {
    let trimmed = path.iter().rposition(|&b| b != b'/').map_or(0, |n| n + 1);
    path.iter().take(trimmed).rposition(|&b| b == b'/').map_or(0, |n| n + 1)
}

/// Appends `/` unless there is one, and `name`.
#[inline(never)]
pub fn join(path: &mut Buf, name: &[u8]) {
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

/// A path in the directory of `path`: `mark` and a number that is another one each time.
#[inline(never)]
pub fn beside(path: &[u8], mark: &[u8]) -> Buf {
    let mut new = Buf::new();
    new.extend_from_slice(part(path, 0, base(path)));
    new.extend_from_slice(mark);
    number::push(&mut new, time::now(time::CLOCK_REALTIME).nsec as u64, 0);
    new
}

/// What need not be there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// Everything has to be there.
    None,
    /// The last component need not.
    Last,
    /// None need be there, nor be a directory.
    Any,
}

/// Links that are followed at most, as in the kernel.
const LINKS: u32 = 40;

/// The absolute path without links, `.` and `..` of what `path` leads to; with `plain`, links are components like others.
#[inline(never)]
pub fn canonical(path: &[u8], missing: Missing, plain: bool) -> Result<Buf, Errno> {
    let mut done = Buf::new();
    let mut links = 0;
    if path.is_empty() && missing != Missing::Any {
        return Err(Errno::ENOENT);
    }
    if path.first() != Some(&b'/') {
        let mut text = [0; fs::PATH];
        done.extend_from_slice(fs::getcwd(&mut text)?);
        if done == b"/" {
            done.clear();
        }
    }
    // What is left to go, the next component first.
    let mut rest = Buf::new();
    rest.extend_from_slice(path);
    let mut at = 0;
    while at < rest.len() {
        let mut tail = after(&rest, at);
        let name = cut(&mut tail, b'/');
        at += name.len() + 1;
        match name {
            b"" | b"." => continue,
            b".." => {
                let end = done.iter().rposition(|&b| b == b'/').unwrap_or(0);
                done.truncate(end);
                continue;
            }
            _ => {}
        }
        let end = done.len();
        done.push(b'/');
        done.extend_from_slice(name);
        let last = tail.iter().all(|&b| b == b'/');
        let why = match fs::lstat(done.z()) {
            Ok(s) if fs::kind(&s) == fs::S_IFLNK && !plain => {
                links += 1;
                if links > LINKS {
                    Errno::ELOOP
                } else {
                    let mut text = [0; fs::PATH];
                    let to = fs::readlinkat(Fd::CWD, done.z(), &mut text)?;
                    done.truncate(if to.first() == Some(&b'/') { 0 } else { end });
                    let mut next = Buf::new();
                    next.extend_from_slice(to);
                    next.push(b'/');
                    next.extend_from_slice(tail);
                    // A slash behind the last one says nothing of what the link leads to.
                    if last && tail.is_empty() {
                        next.pop();
                    }
                    rest = next;
                    at = 0;
                    continue;
                }
            }
            Ok(s) => {
                let file = !plain && fs::kind(&s) != fs::S_IFDIR;
                if !(file && (!last || rest.len() >= at)) {
                    continue;
                }
                Errno::ENOTDIR
            }
            Err(e) => e,
        };
        let pass = match missing {
            Missing::Any => !matches!(why, Errno::ELOOP),
            Missing::Last => last && why == Errno::ENOENT,
            Missing::None => false,
        };
        if !pass {
            return Err(why);
        }
    }
    if done.is_empty() {
        done.push(b'/');
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn bases() {
        for (path, start) in [("a", 0), ("a/b", 2), ("a/b//", 2), ("/", 0), ("", 0), ("//x", 2)] {
            assert_eq!(base(path.as_bytes()), start, "{path}");
        }
    }

    #[test]
    fn canonical_paths() {
        let t = std::env::temp_dir().join(format!("mote-path-{}", std::process::id()));
        std::fs::create_dir_all(t.join("a/b")).unwrap();
        std::fs::write(t.join("f"), "").unwrap();
        symlink("a/b", t.join("l")).unwrap();
        symlink("m", t.join("m")).unwrap();
        symlink("none", t.join("n")).unwrap();
        let t = t.canonicalize().unwrap();
        let root = t.to_str().unwrap();
        let ask = |p: &str, missing| {
            canonical(format!("{root}/{p}").as_bytes(), missing, false)
                .map(|b| String::from_utf8(b[root.len()..].to_vec()).unwrap())
        };
        use Missing::*;
        assert_eq!(ask("l/../x", Last), Ok("/a/x".into()));
        assert_eq!(ask("./l//", None), Ok("/a/b".into()));
        assert_eq!(ask("n", Last), Ok("/none".into()));
        assert_eq!(ask("n", None), Err(Errno::ENOENT));
        assert_eq!(ask("m", Any), Err(Errno::ELOOP));
        assert_eq!(ask("f/x", Last), Err(Errno::ENOTDIR));
        assert_eq!(ask("f/", None), Err(Errno::ENOTDIR));
        assert_eq!(ask("f", None), Ok("/f".into()));
        assert_eq!(ask("x/y/../z", Any), Ok("/x/z".into()));
        assert_eq!(ask("x/y", Last), Err(Errno::ENOENT));
        assert_eq!(canonical(b"/../.", None, false), Ok(sys::ToBuf::buf(&b"/"[..])));
        std::fs::remove_dir_all(&t).unwrap();
    }
}
