//! modprobe's configuration: what the files under modprobe.d and the kernel's command line say
//! (`man 5 modprobe.d`; Documentation/admin-guide/kernel-parameters of the kernel).

use crate::modutils::{canonical, is_of, word};
use sys::zstr::{cut, position, position_in};
use sys::{fs, Buf, Cx, Errno, ToBuf, ZStr};
use util::file::read;
use util::text::pattern::glob;

/// Adds the lines of the file at `path`, or of the `.conf` files of the directory there, by name. What is not
/// there has none; `depth` counts the files that include it.
#[inline(never)]
pub(crate) fn add(cx: &mut Cx, config: &mut Buf, path: ZStr, depth: u32) {
    let mut text = match read::file(path) {
        Ok(text) => text,
        Err(Errno::EISDIR) => return add_dir(cx, config, path, depth),
        Err(Errno::ENOENT) => return,
        Err(e) => return cx.fail_on(path, e),
    };
    // A backslash at its end joins a line with the next one. The last line may lack its newline.
    text.push(b'\n');
    let mut n = 0;
    while let Some(pair) = text.get_mut(n..n + 2) {
        if *pair == *b"\\\n" {
            pair.fill(b' ');
        }
        n += 1;
    }
    let mut rest = &text[..];
    while !rest.is_empty() {
        let mut line = cut(&mut rest, b'\n');
        config.extend_from_slice(line);
        config.push(b'\n');
        if word(&mut line) == b"include" && depth < 8 {
            add(cx, config, word(&mut line).buf().z(), depth + 1);
        }
    }
}

/// The files of a directory, in the order of their names.
fn add_dir(cx: &mut Cx, config: &mut Buf, dir: ZStr, depth: u32) {
    let mut pattern = dir.bytes().buf();
    pattern.extend_from_slice(b"/*.conf");
    glob(&pattern, 0, &mut |file| {
        let mut own = b"/etc/modprobe.d".buf();
        own.extend_from_slice(file.get(dir.len()..).unwrap_or_default());
        // A file there stands for those of the same name elsewhere.
        if depth > 0 || *file == *own || fs::access(own.z(), fs::F_OK).is_err() {
            add(cx, config, file.buf().z(), depth);
        }
    });
}

/// Adds what a kernel command line says about modules, as lines of a configuration file: `MODULE.PARAMETER`
/// with or without a value, and the two lists of modules that are not to be loaded.
#[inline(never)]
pub(crate) fn add_command_line(config: &mut Buf, text: &[u8]) {
    let mut rest = text;
    while !rest.is_empty() {
        let mut quoted = false;
        let blank = |&b: &u8| {
            quoted ^= b == b'"';
            !quoted && b <= b' '
        };
        let n = rest.iter().position(blank).unwrap_or(rest.len());
        let (word, tail) = rest.split_at_checked(n).unwrap_or_default();
        rest = tail.get(1..).unwrap_or_default();
        // What follows is for process 1.
        if word == b"--" {
            return;
        }
        let mut value = word;
        let name = cut(&mut value, b'=');
        if position_in(b"modprobe.blacklist,module_blacklist", b',', name).is_some() {
            while !value.is_empty() {
                line(config, b"blacklist", cut(&mut value, b','), b"");
            }
        } else if position(name, b'.').is_some() {
            let mut parameter = word;
            let module = cut(&mut parameter, b'.');
            line(config, b"options", module, parameter);
        }
    }
}

fn line(config: &mut Buf, kind: &[u8], name: &[u8], rest: &[u8]) {
    for part in &[kind, b" ", name, b" ", rest, b"\n"] {
        config.extend_from_slice(part);
    }
}

/// Calls `f` with the second word and the rest of each line that starts with the word `kind`.
#[inline(never)]
pub(crate) fn each(config: &[u8], kind: &[u8], f: &mut dyn FnMut(&[u8], &[u8])) {
    let mut rest = config;
    while !rest.is_empty() {
        let mut line = cut(&mut rest, b'\n');
        if word(&mut line) == kind {
            let name = word(&mut line);
            f(name, line.trim_ascii());
        }
    }
}

/// Is there a line of this `kind` (`blacklist`, `install`) for the module of this name?
#[inline(never)]
pub(crate) fn listed(config: &[u8], kind: &[u8], name: &[u8]) -> bool {
    let name = canonical(name);
    let mut hit = false;
    each(config, kind, &mut |this, _| hit |= is_of(this, &name));
    hit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(config: &[u8], kind: &str) -> Vec<String> {
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let mut seen = Vec::new();
        each(config, kind.as_bytes(), &mut |name, rest| seen.push(format!("{}|{}", text(name), text(rest))));
        seen
    }

    #[test]
    fn command_lines_become_options_and_blacklists() {
        let mut config = Buf::new();
        let text = b"console=ttyS0,9600.8 snd-hda.power=1 a.b=\"x y\" u.flag modprobe.blacklist=p,q-r \
            module_blacklist=s rdinit=/a.b -- c.d=1\n";
        add_command_line(&mut config, text);
        assert_eq!(lines(&config, "options"), ["snd-hda|power=1", "a|b=\"x y\"", "u|flag"]);
        assert!([&b"p"[..], b"q_r", b"s"].iter().all(|name| listed(&config, b"blacklist", name)));
        assert!(!listed(&config, b"blacklist", b"c") && !listed(&config, b"blacklist", b""));
    }

    #[test]
    fn lines_are_found_by_their_first_word() {
        let config = b"# alias no x\n#alias no x\n\nalias  a*\tx \n alias b y z\naliases c q\n";
        assert_eq!(lines(config, "alias"), ["a*|x", "b|y z"]);
    }

    #[test]
    fn files_are_read_by_name_and_joined() {
        let dir = std::env::temp_dir().join(format!("mote-modprobe-{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        for (name, text) in [
            ("b.conf", "options b \\\n  y=1"),
            ("a.conf", &format!("options a x\ninclude {}\n", dir.join("more").display())),
            ("more", "options more z\n"),
            (".c.conf", "options no n\n"),
            ("d.conf~", "options no n\n"),
        ] {
            std::fs::write(dir.join(name), text).unwrap();
        }
        let path = std::ffi::CString::new(dir.to_str().unwrap()).unwrap();
        let mut config = Buf::new();
        let mut out = sys::Out::memory();
        let mut cx = Cx::raw(ZStr::new(c"modprobe"), &mut [], &mut out, sys::env::Envp::EMPTY, &crate::TABLE);
        add(&mut cx, &mut config, ZStr::new(&path), 0);
        assert_eq!(cx.status, 0);
        std::fs::remove_dir_all(&dir).unwrap();
        assert_eq!(lines(&config, "options"), ["a|x", "more|z", "b|y=1"]);
    }
}
