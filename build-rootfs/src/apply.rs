//! Applies a `rootfs.toml` to an image.

use crate::config::{Config, FileSpec, Mode, MountSpec, NodeKind, NodeSpec};
use crate::cpio::{Entry, Kind};
use crate::error::{Context, Error, Result};
use crate::image::{file, Image};
use std::collections::BTreeSet;
use std::fs;

/// Adds everything that `config` describes to `image`. It replaces files that the image has by default.
///
/// # Errors
/// A source cannot be read, a path is not plain or is named twice, a mount needs an applet that the image
/// lacks: with the line in the file.
pub fn apply(config: &Config, image: &mut Image) -> Result<()> {
    let mut seen = BTreeSet::new();
    for spec in &config.dir {
        let dir = spec.get_ref();
        let entry = owned(Kind::Dir, mode(dir.mode, 0o755), dir.uid, dir.gid);
        put(config, image, &mut seen, &spec.span(), &dir.path, entry)?;
    }
    for spec in &config.file {
        let entry = config.place.with_location(&spec.span(), regular(config, spec.get_ref()))?;
        put(config, image, &mut seen, &spec.span(), &spec.get_ref().path, entry)?;
    }
    for spec in &config.node {
        let entry = config.place.with_location(&spec.span(), node(spec.get_ref()))?;
        put(config, image, &mut seen, &spec.span(), &spec.get_ref().path, entry)?;
    }
    for spec in &config.symlink {
        let link = spec.get_ref();
        let entry = Entry::new(Kind::Symlink(link.target.clone()), 0o777);
        put(config, image, &mut seen, &spec.span(), &link.path, entry)?;
    }
    accounts(config, image, &mut seen)?;
    inittab(config, image, &mut seen)
}

fn put(
    config: &Config,
    image: &mut Image,
    seen: &mut BTreeSet<String>,
    span: &std::ops::Range<usize>,
    path: &str,
    entry: Entry,
) -> Result<()> {
    if !seen.insert(path.to_string()) {
        return Err(config
            .place
            .error(span, format!("{path} is described twice"))
            .fix("remove one of the two"));
    }
    config.place.with_location(span, image.replace(path, entry))
}

fn owned(kind: Kind, mode: u32, uid: u32, gid: u32) -> Entry {
    Entry { kind, mode, uid, gid }
}

fn mode(given: Option<Mode>, default: u32) -> u32 {
    given.map_or(default, |mode| mode.0)
}

fn regular(config: &Config, spec: &FileSpec) -> Result<Entry> {
    use std::os::unix::fs::PermissionsExt;
    let (content, bits) = match (&spec.source, &spec.content) {
        (Some(source), None) => {
            let source = config.place.dir().join(source);
            let meta = fs::metadata(&source).context(source.display())?;
            (fs::read(&source).context(source.display())?, meta.permissions().mode() & 0o777)
        }
        (None, Some(content)) => (content.clone().into_bytes(), 0o644),
        _ => {
            return Err(Error::new(format!("{}: it needs one of `source` and `content`", spec.path))
                .fix("give `source = \"file\"` or `content = \"text\"`, not both"))
        }
    };
    Ok(owned(Kind::File(content), mode(spec.mode, bits), spec.uid, spec.gid))
}

fn node(spec: &NodeSpec) -> Result<Entry> {
    let kind = match spec.kind {
        NodeKind::Char => Kind::Char(spec.major, spec.minor),
        NodeKind::Block => Kind::Block(spec.major, spec.minor),
        NodeKind::Fifo if (spec.major, spec.minor) == (0, 0) => Kind::Fifo,
        NodeKind::Fifo => {
            return Err(Error::new(format!("{}: a fifo has no device numbers", spec.path))
                .fix("remove `major` and `minor`, or say `kind = \"char\"`"))
        }
    };
    Ok(owned(kind, mode(spec.mode, 0o600), spec.uid, spec.gid))
}

/// `/etc/passwd` and `/etc/group`: root, and the users and groups of the file.
fn accounts(config: &Config, image: &mut Image, seen: &mut BTreeSet<String>) -> Result<()> {
    let (mut passwd, mut group) =
        (String::from("root:x:0:0:root:/root:/bin/sh\n"), String::from("root:x:0:\n"));
    for spec in &config.group {
        let g = spec.get_ref();
        name(config, &spec.span(), &g.name)?;
        group += &format!("{}:x:{}:{}\n", g.name, g.gid, g.members.join(","));
    }
    let gids: Vec<u32> = config.group.iter().map(|spec| spec.get_ref().gid).collect();
    for spec in &config.user {
        let user = spec.get_ref();
        name(config, &spec.span(), &user.name)?;
        let gid = user.gid.unwrap_or(user.uid);
        if gid != 0 && !gids.contains(&gid) {
            group += &format!("{}:x:{gid}:\n", user.name);
        }
        let home = user.home.clone().unwrap_or_else(|| format!("/home/{}", user.name));
        let shell = user.shell.as_deref().unwrap_or("/bin/sh");
        passwd += &format!("{0}:x:{1}:{gid}:{0}:{home}:{shell}\n", user.name, user.uid);
        if !image.has(&home) {
            let entry = owned(Kind::Dir, 0o755, user.uid, gid);
            config.place.with_location(&spec.span(), image.replace(&home, entry))?;
        }
    }
    let first = config.user.first().map(|spec| spec.span()).or(config.group.first().map(|spec| spec.span()));
    let Some(span) = first else { return Ok(()) };
    put(config, image, seen, &span, "/etc/passwd", file(&passwd))?;
    put(config, image, seen, &span, "/etc/group", file(&group))
}

fn name(config: &Config, span: &std::ops::Range<usize>, name: &str) -> Result<()> {
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) {
        return Ok(());
    }
    Err(config
        .place
        .error(span, format!("`{name}` is not a valid name of a user or group"))
        .fix("use letters, digits, `_`, `-` and `.`"))
}

/// `/etc/inittab`: the mounts, then the lines of the file, or by default those of the image.
fn inittab(config: &Config, image: &mut Image, seen: &mut BTreeSet<String>) -> Result<()> {
    let mut text = String::new();
    for spec in &config.mount {
        text += &config.place.with_location(&spec.span(), mount(spec.get_ref(), image))?;
    }
    let first = config.mount.first().map(|spec| spec.span());
    match &config.inittab {
        Some(lines) => text.extend(lines.iter().map(|line| format!("{}\n", line.get_ref()))),
        None if first.is_some() => text += &existing_inittab(image),
        None => return Ok(()),
    }
    let span =
        config.inittab.as_ref().and_then(|lines| Some(lines.first()?.span())).or(first).unwrap_or(0..0);
    if !image.has("/init") {
        return Err(config
            .place
            .error(&span, "nothing in the image reads an inittab")
            .fix("add the applet `init`"));
    }
    put(config, image, seen, &span, "/etc/inittab", file(&text))
}

fn existing_inittab(image: &Image) -> String {
    match image.get("/etc/inittab").map(|entry| &entry.kind) {
        Some(Kind::File(content)) => String::from_utf8_lossy(content).into_owned(),
        _ => String::new(),
    }
}

fn mount(spec: &MountSpec, image: &mut Image) -> Result<String> {
    if !image.has("/bin/mount") {
        return Err(Error::new("the image has no `mount`").fix("add the applet `mount`"));
    }
    let words = [&spec.source, &spec.dir, &spec.fs].into_iter().chain(&spec.options);
    for word in words {
        if word.is_empty() || word.contains(|c: char| c.is_whitespace() || "'\"\\$`;&|<>()#*?".contains(c)) {
            return Err(Error::new(format!("`{word}` is not allowed in a mount"))
                .fix("use words without blanks and without special characters of the shell"));
        }
    }
    if !image.has(&spec.dir) {
        image.put(&spec.dir, Entry::new(Kind::Dir, 0o755))?;
    }
    let options = spec.options.as_ref().map(|options| format!("-o {options} ")).unwrap_or_default();
    Ok(format!("::sysinit:/bin/mount -t {} {options}{} {}\n", spec.fs, spec.source, spec.dir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn applied(text: &str) -> Result<Image> {
        let mut image = Image::default();
        for path in ["/init", "/bin/mount", "/etc/motd"] {
            image.put(path, file("old")).unwrap();
        }
        image.put("/etc/inittab", file("::respawn:-/bin/sh\n")).unwrap();
        let config = Config::parse(Path::new("r.toml"), text.to_string()).unwrap();
        apply(&config, &mut image).map(|()| image)
    }

    fn content(image: &Image, path: &str) -> String {
        match &image.get(path).unwrap().kind {
            Kind::File(content) => String::from_utf8(content.clone()).unwrap(),
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn files_replace_what_is_there() {
        let image =
            applied("[[file]]\npath = \"/etc/motd\"\ncontent = \"new\"\nmode = \"600\"\nuid = 5\n").unwrap();
        assert_eq!(content(&image, "/etc/motd"), "new");
        assert_eq!((image.get("/etc/motd").unwrap().mode, image.get("/etc/motd").unwrap().uid), (0o600, 5));
    }

    #[test]
    fn users_get_account_group_and_home() {
        let image = applied("[[user]]\nname = \"ann\"\nuid = 1000\n").unwrap();
        assert!(content(&image, "/etc/passwd").ends_with("ann:x:1000:1000:ann:/home/ann:/bin/sh\n"));
        assert!(content(&image, "/etc/group").ends_with("ann:x:1000:\n"));
        assert_eq!(image.get("/home/ann").unwrap().uid, 1000);
    }

    #[test]
    fn mounts_come_before_the_other_lines() {
        let text = "[[mount]]\nsource = \"none\"\ndir = \"/mnt\"\ntype = \"tmpfs\"\noptions = \"size=1m\"\n";
        let image = applied(text).unwrap();
        let expected = "::sysinit:/bin/mount -t tmpfs -o size=1m none /mnt\n::respawn:-/bin/sh\n";
        assert_eq!(content(&image, "/etc/inittab"), expected);
        assert!(image.has("/mnt"));
    }

    #[test]
    fn mistakes_name_the_line() {
        let twice = "[[dir]]\npath = \"/a\"\n[[symlink]]\npath = \"/a\"\ntarget = \"b\"\n";
        let text = applied(twice).unwrap_err().to_string();
        assert!(text.contains("r.toml:3: /a is described twice"), "{text}");
        let text = applied("[[file]]\npath = \"/a\"\n").unwrap_err().to_string();
        assert!(text.contains("r.toml:1: /a: it needs one of"), "{text}");
        let text = applied("[[file]]\npath = \"a\"\ncontent = \"\"\n").unwrap_err().to_string();
        assert!(text.contains("r.toml:1: `a` is not an absolute path"), "{text}");
        let text = applied("[[file]]\npath = \"/a\"\nsource = \"no such\"\n").unwrap_err().to_string();
        assert!(text.contains("r.toml:1: ") && text.contains("no such"), "{text}");
    }
}
