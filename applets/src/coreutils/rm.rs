//! rm: remove directory entries (POSIX.1-2024 rm).

use sys::fs;
use sys::{Cx, Errno, ZStr};
use util::file::id::same;
use util::file::remove::{tree, How};

applet! {
    name: rm,
    dir: "/bin",
    class: NoExec,
    last_wins: "fi",
    usage: "\
[-firRv] FILE...

Remove the FILEs. On a terminal, ask before write-protected ones.

    -f  Never ask; ignore missing FILEs
    -i  Ask before each removal
    -r, --recursive  Directories too, with their contents
    -R  As -r
    -v  Print what is removed
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let files = core::mem::take(&mut cx.args);
    let force = cx.has(opt!("f"));
    if files.is_empty() && !force {
        return cx.misuse(b"missing operand");
    }
    let how = How { ask: cx.has(opt!("i")), careful: !force, verbose: cx.has(opt!("v")) };
    for &file in files.iter() {
        let s = match fs::lstat(file) {
            Ok(s) => s,
            Err(Errno::ENOENT | Errno::ENOTDIR) if force => continue,
            Err(e) => {
                cx.fail_on(file, e);
                continue;
            }
        };
        let is_dir = fs::kind(&s) == fs::S_IFDIR;
        if is_dir && !cx.has(opt!("rR")) {
            cx.fail_on(file, Errno::EISDIR);
        } else if dots(file) || is_dir && fs::lstat(ZStr::new(c"/")).is_ok_and(|root| same(&s, &root)) {
            cx.error(file.bytes(), b"refusing to remove it");
        } else {
            tree(cx, file, is_dir, how);
        }
    }
    cx.status
}

/// Is the last component `.` or `..`?
fn dots(path: ZStr) -> bool {
    let mut parts = path.bytes().rsplit(|&b| b == b'/');
    matches!(parts.find(|p| !p.is_empty()), Some(b"." | b".."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call;

    #[test]
    fn dot_and_dot_dot_in_any_disguise() {
        for p in [c".", c"..", c"a/.", c"a/..//", c"../"] {
            assert!(dots(ZStr::new(p)));
        }
        for p in [c"/", c"", c"...", c"./a", c"a", c".a"] {
            assert!(!dots(ZStr::new(p)));
        }
    }

    #[test]
    fn a_tree_goes_and_a_link_does_not_lead_out() {
        let t = tempdir();
        std::fs::create_dir_all(format!("{t}/a/b/c")).unwrap();
        std::fs::create_dir(format!("{t}/keep")).unwrap();
        std::fs::write(format!("{t}/keep/x"), "x").unwrap();
        std::fs::write(format!("{t}/a/b/f"), "x").unwrap();
        std::os::unix::fs::symlink("../../keep", format!("{t}/a/b/link")).unwrap();
        assert_eq!(call(&["rm", &format!("{t}/a")]).0, 1);
        let (status, out) = call(&["rm", "-rv", &format!("{t}/a")]);
        assert_eq!(status, 0);
        assert_eq!(out.lines().count(), 5);
        assert!(!std::fs::exists(format!("{t}/a")).unwrap());
        assert!(std::fs::exists(format!("{t}/keep/x")).unwrap());
        assert_eq!(call(&["rm", "-r", &format!("{t}/keep/.")]).0, 1);
        assert_eq!(call(&["rm", &format!("{t}/no")]).0, 1);
        assert_eq!(call(&["rm", "-f", &format!("{t}/no"), &format!("{t}/keep/x/y")]).0, 0);
        assert_eq!(call(&["rm", "-rf", &t]).0, 0);
        assert_eq!(call(&["rm"]).0, 1);
        assert_eq!(call(&["rm", "-f"]).0, 0);
    }

    fn tempdir() -> String {
        let d = format!("{}/mote-rm-{}", std::env::temp_dir().display(), std::process::id());
        std::fs::create_dir(&d).unwrap();
        d
    }
}
