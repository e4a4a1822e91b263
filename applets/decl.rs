// Reader of the applets' declarations, shared by the build script of this crate and by build-rootfs.
//
// A declaration is `applet! { field: value, … }` at the top of a file; see CONTRIBUTING.md. It is read as
// text, because the table of the multicall, the image's links and the README must all come from it
// before anything is compiled.

use std::path::{Path, PathBuf};

/// One applet's declaration.
#[derive(Debug, Clone)]
pub(crate) struct Decl {
    /// The applet's name, its cargo feature and its file's stem first; then its other names.
    pub(crate) names: Vec<String>,
    /// Install directory: /bin, /sbin, /usr/bin or /usr/sbin.
    pub(crate) dir: String,
    /// NoFork, NoExec or Exec (`sys::applet::Class`).
    pub(crate) class: String,
    /// Mix, Posix, Args or Raw (`sys::applet::Parse`).
    pub(crate) parse: String,
    /// Groups of option letters, separated by blanks, of which the last one given wins.
    pub(crate) last_wins: String,
    /// What `--help` prints behind `Usage: NAME `.
    pub(crate) usage: String,
    /// Where it stands.
    pub(crate) file: PathBuf,
}

/// Install directories, by the number that the table holds.
pub(crate) const DIRS: [&str; 4] = ["/bin", "/sbin", "/usr/bin", "/usr/sbin"];

/// All declarations below `src`, sorted by name: of applets in `FIELD/NAME.rs` and `FIELD/NAME/mod.rs`. Files without
/// one (`main.rs`, helpers) are passed over.
pub(crate) fn read_all(src: &Path) -> Result<Vec<Decl>, String> {
    let mut all = Vec::new();
    let mut dirs = vec![src.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).map_err(|e| format!("{}: {e}", dir.display()))? {
            let file = entry.map_err(|e| format!("{}: {e}", dir.display()))?.path();
            if file.is_dir() {
                dirs.push(file);
                continue;
            }
            if file.extension().is_none_or(|e| e != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            if let Some(at) = text.lines().position(|l| l.trim_end() == "applet! {") {
                all.push(read(&file, &text, at)?);
            }
        }
    }
    all.sort_by(|a, b| a.names[0].cmp(&b.names[0]));
    Ok(all)
}

/// The name that the file's place gives its applet: of `NAME.rs`, or of the folder of `mod.rs`.
fn name_of(file: &Path) -> String {
    let is_mod = file.file_stem().is_some_and(|s| s == "mod");
    let named = if is_mod { file.parent().and_then(Path::file_name) } else { file.file_stem() };
    named.unwrap_or_default().to_string_lossy().into_owned()
}

fn read(file: &Path, text: &str, at: usize) -> Result<Decl, String> {
    let wrong = |n: usize, what: &str| format!("{}:{}: {what}", file.display(), n + 1);
    let stem = name_of(file);
    let mut d = Decl {
        names: vec![stem.clone()],
        dir: String::new(),
        class: String::new(),
        parse: "Mix".into(),
        last_wins: String::new(),
        usage: String::new(),
        file: file.into(),
    };
    let mut lines = text.lines().enumerate().skip(at + 1);
    while let Some((n, line)) = lines.next() {
        if line == "}" {
            return finish(d, &wrong(at, ""));
        }
        let Some((field, value)) = line.trim().split_once(": ") else {
            return Err(wrong(n, "expected `field: value,`"));
        };
        let value = value.trim_end_matches(',');
        let string = || {
            value
                .strip_prefix('"')
                .and_then(|v| v.strip_suffix('"'))
                .ok_or_else(|| wrong(n, "expected a \"string\""))
        };
        match field {
            "name" if value.trim_start_matches("r#") == stem.as_str() => {}
            "name" => return Err(wrong(n, "an applet is named like its file")),
            "aliases" => d.names.extend(string()?.split(' ').map(String::from)),
            "dir" => d.dir = string()?.into(),
            "class" => d.class = value.into(),
            "parse" => d.parse = value.into(),
            "last_wins" => d.last_wins = string()?.into(),
            "usage" if value == "\"\\" => {
                for (n, line) in lines.by_ref() {
                    if line == "\"," {
                        break;
                    }
                    if line.contains(['\\', '"']) {
                        return Err(wrong(n, "usage texts have no backslashes and double quotes"));
                    }
                    d.usage.push_str(line);
                    d.usage.push('\n');
                }
            }
            _ => return Err(wrong(n, "unknown field (name aliases dir class parse last_wins usage)")),
        }
    }
    Err(wrong(at, "the declaration has no closing brace of its own line"))
}

fn finish(d: Decl, place: &str) -> Result<Decl, String> {
    let bad = |what: &str| Err(format!("{place}{what}"));
    if !DIRS.contains(&d.dir.as_str()) {
        return bad("dir is one of /bin /sbin /usr/bin /usr/sbin");
    }
    if !["NoFork", "NoExec", "Exec"].contains(&d.class.as_str()) {
        return bad("class is NoFork, NoExec or Exec");
    }
    if !["Mix", "Posix", "Args", "Raw"].contains(&d.parse.as_str()) {
        return bad("parse is Mix, Posix, Args or Raw");
    }
    if d.usage.is_empty() {
        return bad("usage is missing");
    }
    Ok(d)
}

impl Decl {
    /// The option spec (`sys::opts`) that the option lines of the usage text stand for. An option line is
    /// indented by four blanks (six where only a long form follows) and starts with `-`: `-x`, `-x ARG`,
    /// `-x, --long`, `-x, --long=ARG`, `--long[=ARG]`; two blanks end it.
    #[allow(dead_code)] // build-rootfs needs the names and places only
    pub(crate) fn spec(&self) -> Result<String, String> {
        let mut spec = String::new();
        for line in self.usage.lines().filter(|l| l.starts_with("    ") && l.trim_start().starts_with('-')) {
            let head = line.trim_start().split("  ").next().unwrap_or_default();
            let wrong = || format!("{}: cannot read the option line `{}`", self.file.display(), line.trim());
            let (mut letter, mut long, mut takes) = ('\x01', "", "");
            for form in head.split(", ") {
                if let Some(l) = form.strip_prefix("--") {
                    let end = l.find(['=', '[', ' ']).unwrap_or(l.len());
                    let rest;
                    (long, rest) = l.split_at(end);
                    takes = match rest {
                        "" => takes,
                        r if r.starts_with("[=") => "?",
                        _ => ":",
                    };
                } else {
                    let mut c = form.strip_prefix('-').ok_or_else(wrong)?.chars();
                    letter = c.next().ok_or_else(wrong)?;
                    takes = match c.as_str() {
                        "" => takes,
                        r if r.starts_with(' ') => ":",
                        _ => return Err(wrong()),
                    };
                }
            }
            spec.push(letter);
            spec.push_str(takes);
            if !long.is_empty() {
                spec.push_str(&format!("({long})"));
            }
        }
        for group in self.last_wins.split(' ').filter(|g| !g.is_empty()) {
            spec.push('|');
            spec.push_str(group);
        }
        Ok(spec)
    }
}
