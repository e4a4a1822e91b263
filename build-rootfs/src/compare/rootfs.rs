//! The root file system that every binary is measured in: the same files for all.

use crate::cpio::{Entry, Kind};
use crate::error::Result;
use crate::image::{file, Image};

/// The path of the binary.
pub const BINARY: &str = "/bin/box";

/// Without a newline: Toybox's init would take it as part of the command.
const INITTAB: &str = "::respawn:-/bin/sh";

/// The image with `binary` under the names `applets`, all of them in `/bin`.
///
/// # Errors
/// A name is no file name.
pub fn image(binary: Vec<u8>, applets: &[String]) -> Result<Image> {
    let mut image = Image::default();
    for dir in ["/bin", "/dev", "/etc", "/proc", "/sys", "/tmp"] {
        image.put(dir, Entry::new(Kind::Dir, 0o755))?;
    }
    for (path, major, minor) in [("/dev/console", 5, 1), ("/dev/null", 1, 3), ("/dev/tty", 5, 0)] {
        image.put(path, Entry::new(Kind::Char(major, minor), 0o666))?;
    }
    image.put("/etc/passwd", file("root:x:0:0:root:/:/bin/sh\n"))?;
    image.put(BINARY, Entry::new(Kind::File(binary), 0o755))?;
    let link = |to: &str| Entry::new(Kind::Symlink(to.to_string()), 0o777);
    // What is left out has no name.
    for name in applets.iter().filter(|name| !name.starts_with('-')) {
        image.put(&format!("/bin/{name}"), link("box"))?;
    }
    let has = |name: &str| applets.iter().any(|applet| applet == name);
    if has("init") {
        image.put("/init", link("bin/box"))?;
        image.put("/etc/inittab", file(INITTAB))?;
    }
    Ok(image)
}

/// The archive of [`image`].
///
/// # Errors
/// As [`image`].
pub fn archive(binary: Vec<u8>, applets: &[String]) -> Result<Vec<u8>> {
    Ok(image(binary, applets)?.archive())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_program_is_init_or_the_shell() {
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let whole = image(vec![1], &names(&["init", "sh"])).unwrap();
        assert_eq!(whole.first_program().unwrap(), None);
        let Kind::File(inittab) = &whole.get("/etc/inittab").unwrap().kind else { panic!() };
        assert!(inittab.ends_with(b"/bin/sh"));
        let shell = image(vec![1], &names(&["sh"])).unwrap();
        assert_eq!(shell.first_program().unwrap(), Some("/bin/sh"));
    }
}
