//! The reader of declarations.

use crate::{Decl, Number, ANY, DIRS, SETUID, STATUSES};
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
        operands: (0, ANY),
        usage_status: 1,
        numbers: Vec::new(),
        setuid: "Drops".into(),
        usage: String::new(),
        head: head(text),
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
            "operands" => {
                d.operands =
                    operands(string()?).ok_or_else(|| wrong(n, "operands are \"0\", \"1..2\", \"1..\""))?;
            }
            "usage_status" => {
                d.usage_status = value.parse().unwrap_or(0);
                if !STATUSES.contains(&d.usage_status) {
                    return Err(wrong(n, "usage_status is 1, 2 or 125"));
                }
            }
            "numbers" => {
                for word in string()?.split(' ') {
                    let number = number(word).ok_or_else(|| {
                        wrong(n, "numbers are \"n\", \"n=1..8\", \"--lines=1..\", with suffixes \"c:k\" or \"c:k=1..\"")
                    })?;
                    d.numbers.push(number);
                }
            }
            "setuid" => d.setuid = value.into(),
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
            _ => {
                let fields =
                    "name aliases dir class parse operands usage_status numbers last_wins setuid usage";
                return Err(wrong(n, &format!("unknown field ({fields})")));
            }
        }
    }
    Err(wrong(at, "the declaration has no closing brace of its own line"))
}

/// `"0"`, `"1..2"` or `"1.."`: the least and the most.
fn operands(text: &str) -> Option<(u8, u8)> {
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let least = least.parse().ok()?;
    let most = if most.is_empty() { ANY } else { most.parse().ok().filter(|n| *n < ANY)? };
    (least <= most && least < ANY).then_some((least, most))
}

/// `OPTION`, then `:k` if the number may have a suffix, then `=LEAST..` or `=LEAST..MOST`.
fn number(word: &str) -> Option<Number> {
    let (option, range) = word.split_once('=').unwrap_or((word, "0.."));
    let (least, most) = range.split_once("..")?;
    let (option, suffix) = match option.strip_suffix(":k") {
        Some(option) => (option, true),
        None => (option, false),
    };
    let most = if most.is_empty() { u32::MAX } else { most.parse().ok()? };
    let number = Number { option: option.into(), suffix, least: least.parse().ok()?, most };
    (number.least <= most && (option.len() == 1 || option.starts_with("--"))).then_some(number)
}

/// The paragraphs of the `//!` lines at the start of `text`.
fn head(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map_while(|l| l.strip_prefix("//!")).map(str::trim).collect();
    lines.split(|l| l.is_empty()).filter(|p| !p.is_empty()).map(|p| p.join(" ")).collect()
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
    if !SETUID.contains(&d.setuid.as_str()) {
        return bad("setuid is Drops, Checks or Any");
    }
    if d.usage.is_empty() {
        return bad("usage is missing");
    }
    let own = matches!(d.parse.as_str(), "Args" | "Raw");
    if own && (d.operands != (0, ANY) || d.usage_status != 1 || !d.numbers.is_empty()) {
        return bad(
            "with parse Args and Raw the applet checks operands and numbers itself, and knows the status",
        );
    }
    d.options()?;
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
        let why = declared("ls", "    setuid: Never,\n").unwrap_err();
        assert_eq!(why, "src/ls.rs:1: setuid is Drops, Checks or Any");
        let why = declared("ls", "    usage_status: 3,\n").unwrap_err();
        assert_eq!(why, "src/ls.rs:5: usage_status is 1, 2 or 125");
        for wrong in ["", "..", "x", "2..1", "1..x", "15"] {
            let why = declared("ls", &format!("    operands: \"{wrong}\",\n")).unwrap_err();
            assert!(why.starts_with("src/ls.rs:5: operands are"), "{wrong}: {why}");
        }
        for wrong in ["", "nn", "n=1", "n=2..1", "n=x..", "=1.."] {
            let why = declared("ls", &format!("    numbers: \"{wrong}\",\n")).unwrap_err();
            assert!(why.starts_with("src/ls.rs:5: numbers are"), "{wrong}: {why}");
        }
        for wrong in ["x", "v", "--none"] {
            let why = declared("ls", &format!("    numbers: \"{wrong}\",\n")).unwrap_err();
            assert!(why.contains(&format!("`{wrong}` is no option with an argument")), "{wrong}: {why}");
        }
        let why = declared("ls", "    parse: Args,\n    operands: \"1\",\n").unwrap_err();
        assert!(why.contains("checks operands and numbers itself"), "{why}");
    }

    #[test]
    fn operands_and_numbers_are_read() {
        let read = |text: &str| {
            let decl = declared("ls", &format!("    operands: \"{text}\",\n    usage_status: 2,\n")).unwrap();
            (decl.operands, decl.usage_status)
        };
        assert_eq!(read("0"), ((0, 0), 2));
        assert_eq!(read("0..1"), ((0, 1), 2));
        assert_eq!(read("1.."), ((1, ANY), 2));
        let read = |text: &str| declared("ls", &format!("    numbers: \"{text}\",\n")).unwrap().numbers;
        let number = |suffix, least, most| vec![Number { option: "n".into(), suffix, least, most }];
        assert_eq!(read("n"), number(false, 0, u32::MAX));
        assert_eq!(read("n=1..8"), number(false, 1, 8));
        assert_eq!(read("n:k=1.."), number(true, 1, u32::MAX));
    }

    #[test]
    fn more_options_than_the_tables_hold_are_refused() {
        let letters: Vec<char> = ('a'..='z').chain('A'..='Z').collect();
        let lines = |n: usize, more: &str| {
            letters[..n].iter().map(|c| format!("    -{c}{more}  X\n")).collect::<String>()
        };
        assert!(usage("ls", "", &lines(16, " N")).is_ok());
        let why = usage("ls", "", &lines(17, " N")).unwrap_err();
        assert!(why.contains("17 options with arguments; 16 are possible"), "{why}");
        let long: String = (0..13).map(|n| format!("    --long{n}  X\n")).collect();
        let why = usage("ls", "", &(lines(52, "") + &long)).unwrap_err();
        assert!(why.contains("65 options; 64 are possible"), "{why}");
    }

    #[test]
    fn the_head_is_read_by_paragraphs() {
        assert_eq!(
            head("//! ls: list\n//! files.\n//!\n//! More.\n\nuse x;\n//! no"),
            ["ls: list files.", "More."]
        );
    }
}
