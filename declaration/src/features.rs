//! The features of `applets/Cargo.toml`: each applet has one.

use crate::Decl;
use std::path::Path;

/// Those that are no applets, and that an image has unless it is told to leave them out; what each of them is a part
/// of: an applet, or all of them.
pub const PARTS: [(&str, Option<&str>); 4] =
    [("bash", Some("sh")), ("edit", Some("sh")), ("help", None), ("jobs", Some("sh"))];

/// Looks for the feature of each declaration in the text of the manifest.
///
/// # Errors
/// A declaration has none: the file, the cause and the fix.
pub fn check(manifest: &Path, text: &str, decls: &[Decl]) -> Result<(), String> {
    let names = names(text);
    match decls.iter().find(|decl| !names.contains(&decl.name())) {
        None => Ok(()),
        Some(decl) => Err(format!(
            "{}: the applet `{name}` has no feature\n  fix: add `{name} = []` to [features] in {}, and \"{name}\" to \
             the sets that are to have it",
            decl.file.display(),
            manifest.display(),
            name = decl.name(),
        )),
    }
}

/// The keys of the table `[features]`.
fn names(manifest: &str) -> Vec<&str> {
    let lines = manifest.lines().skip_while(|line| line.trim() != "[features]").skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let keys = lines.filter_map(|line| Some(line.split_once('=')?.0.trim().trim_matches('"')));
    keys.filter(|key| !key.starts_with('#')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::tests::declared;

    const MANIFEST: &str =
        "[package]\nname = \"x\"\n[features]\nbase = [\n    \"ls\",\n]\n# cat = []\nls = []\n\"run-parts\" = []\n\n[lints]\ncat = 1\n";

    #[test]
    fn the_keys_of_the_table_are_found() {
        assert_eq!(names(MANIFEST), ["base", "ls", "run-parts"]);
    }

    #[test]
    fn a_declaration_without_its_feature_is_refused() {
        let decls = [declared("ls", "").unwrap(), declared("run_parts", "").unwrap()];
        assert_eq!(check(Path::new("Cargo.toml"), MANIFEST, &decls), Ok(()));
        let decls = [declared("cat", "").unwrap()];
        let why = check(Path::new("applets/Cargo.toml"), MANIFEST, &decls).unwrap_err();
        assert!(
            why.starts_with("src/cat.rs: the applet `cat` has no feature\n  fix: add `cat = []`"),
            "{why}"
        );
        assert!(why.contains("applets/Cargo.toml"), "{why}");
    }
}
