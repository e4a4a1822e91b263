//! The reader of declarations.

use crate::{Decl, DIRS};
use std::path::Path;

/// All declarations below `src`, sorted by name: of applets in `FIELD/NAME.rs` and `FIELD/NAME/mod.rs`. Files without
/// one (`main.rs`, helpers) are passed over.
///
/// # Errors
/// A file cannot be read, or a declaration is malformed: the file, the line and the cause.
pub fn read_all(src: &Path) -> Result<Vec<Decl>, String> {
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
    all.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(all)
}

/// The name of the module in `NAME.rs`, or in the folder of `mod.rs`.
fn module_of(file: &Path) -> String {
    let is_mod = file.file_stem().is_some_and(|s| s == "mod");
    let named = if is_mod { file.parent().and_then(Path::file_name) } else { file.file_stem() };
    named.unwrap_or_default().to_string_lossy().into_owned()
}

fn read(file: &Path, text: &str, at: usize) -> Result<Decl, String> {
    let wrong = |n: usize, what: &str| format!("{}:{}: {what}", file.display(), n + 1);
    let module = module_of(file);
    let mut d = Decl {
        names: vec![module.replace('_', "-")],
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
            "name" if value.trim_start_matches("r#") == module => {}
            "name" => {
                return Err(wrong(
                    n,
                    "an applet is named like its file (run_parts.rs has the applet run-parts)",
                ))
            }
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The declaration of `src/MODULE.rs` with these fields (lines) and options (lines) in its usage text.
    pub(crate) fn declared(module: &str, fields: &str) -> Result<Decl, String> {
        usage(module, fields, "    -n N  Number\n    -v    Verbose\n")
    }

    /// As [`declared`], with this usage text behind the synopsis.
    pub(crate) fn usage(module: &str, fields: &str, usage: &str) -> Result<Decl, String> {
        let text = format!(
            "applet! {{\n    name: {module},\n    dir: \"/bin\",\n    class: NoExec,\n{fields}    usage: \"\\\n[-n N] \
             [FILE]...\n\n{usage}\",\n}}\n"
        );
        read(Path::new(&format!("src/{module}.rs")), &text, 0)
    }

    #[test]
    fn an_underscore_of_a_file_is_a_dash_of_the_name() {
        let decl = declared("run_parts", "").unwrap();
        assert_eq!((decl.name(), &decl.module()[..]), ("run-parts", "run_parts"));
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let why = declared("ls", "    drawer: 1,\n").unwrap_err();
        assert!(why.starts_with("src/ls.rs:5: unknown field"), "{why}");
        let why = declared("ls", "    parse: All,\n").unwrap_err();
        assert_eq!(why, "src/ls.rs:1: parse is Mix, Posix, Args or Raw");
    }
}
