//! Which applets an image holds: names and sets from the features of `applets/Cargo.toml`, and the
//! applets' own declarations from their sources.

use crate::error::{nearest, Context, Error, Result};
use crate::project::Project;
use declaration::features::PARTS;
use declaration::Decl;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The set taken when the user names none.
pub const DEFAULT_SET: &str = "base";

/// What the names of sets end in that have no features but their applets.
const LEAN: &str = "-lean";

/// The feature that a word of a list is about: `edit`, or `-edit`; a word with a `-` is about nothing else.
fn part(word: &str) -> Option<&str> {
    word.strip_prefix('-').or_else(|| PARTS.iter().map(|(name, _)| *name).find(|name| *name == word))
}

/// The feature `name` is none of those that are `there`.
fn unknown_part(name: &str, there: &[&str]) -> Error {
    let why = match PARTS.iter().find(|(known, _)| *known == name) {
        Some((_, Some(of))) => format!("feature `{name}`: the applet `{of}` is not in the list"),
        _ => format!("unknown feature `{name}`"),
    };
    Error::usage(why).fix(format!("the features of this list: {}", there.join(", ")))
}

/// All applets and sets of a checkout.
#[derive(Debug)]
pub struct Catalogue {
    features: BTreeMap<String, Vec<String>>,
    decls: BTreeMap<String, Decl>,
}

impl Catalogue {
    /// Reads the features and the declarations.
    ///
    /// # Errors
    /// A file cannot be read, a declaration is malformed, or an applet has no feature.
    pub fn load(project: &Project) -> Result<Catalogue> {
        let dir = project.root().join("applets");
        let manifest = dir.join("Cargo.toml");
        let text = fs::read_to_string(&manifest).context(manifest.display())?;
        let decls = declaration::read_all(&dir.join("src")).map_err(Error::new)?;
        declaration::features::check(&manifest, &text, &decls).map_err(Error::new)?;
        Catalogue::parse(&text, decls).map_err(|error| error.within(manifest.display()))
    }

    fn parse(manifest: &str, decls: Vec<Decl>) -> Result<Catalogue> {
        #[derive(serde::Deserialize)]
        struct Manifest {
            #[serde(default)]
            features: BTreeMap<String, Vec<String>>,
        }
        let Manifest { mut features } = toml::from_str(manifest).context("[features]")?;
        features.remove("default");
        let decls = decls.into_iter().filter_map(|decl| Some((decl.names.first()?.clone(), decl))).collect();
        Ok(Catalogue { features, decls })
    }

    /// Resolves a comma list of applets, sets and features to applets, sorted and without duplicates. If the feature of
    /// an applet requires other applets, these are included. In front stand the features that are left out, as `-edit`:
    /// all of them if a set is [`LEAN`], but those that the list names; then those with a `-` in the list.
    ///
    /// # Errors
    /// A word of the list is neither an applet nor a set, or a feature that the applets do not have.
    pub fn resolve(&self, list: &str) -> Result<Vec<String>> {
        let words = list.split(',').map(str::trim).filter(|word| !word.is_empty());
        let (parts, names): (Vec<&str>, Vec<&str>) = words.partition(|word| part(word).is_some());
        let mut wanted = BTreeSet::new();
        for word in &names {
            self.add(word, &mut wanted)?;
        }
        if wanted.is_empty() {
            return Err(Error::usage(format!("applets `{list}`: the list is empty"))
                .fix("name an applet or a set, such as `sh` or `base`"));
        }
        let there: Vec<&str> = PARTS
            .iter()
            .filter(|(_, of)| of.is_none_or(|of| wanted.contains(of)))
            .map(|(name, _)| *name)
            .collect();
        let lean = names.iter().any(|name| name.ends_with(LEAN));
        let mut without: BTreeSet<&str> = there.iter().copied().filter(|_| lean).collect();
        for word in parts {
            let name = part(word).unwrap_or(word);
            if !there.contains(&name) {
                return Err(unknown_part(name, &there));
            }
            if word.starts_with('-') {
                without.insert(name);
            } else {
                without.remove(name);
            }
        }
        let without = without.into_iter().map(|name| format!("-{name}"));
        Ok(without.chain(wanted.into_iter().filter(|name| self.decls.contains_key(name))).collect())
    }

    fn add(&self, word: &str, wanted: &mut BTreeSet<String>) -> Result<()> {
        let Some(members) = self.features.get(word) else {
            let near = nearest(word, self.features.keys().map(String::as_str));
            let hint = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            return Err(Error::usage(format!("unknown applet or set `{word}`")).fix(format!(
                "{hint}Sets: {}. Applets: {}",
                self.sets().join(", "),
                self.names().join(", ")
            )));
        };
        let is_alias = members.iter().any(|member| self.decls.contains_key(member));
        if !self.decls.contains_key(word) && !is_alias && !self.is_set(word) {
            let file = format!("applets/src/{word}.rs");
            return Err(Error::new(format!(
                "feature `{word}`: neither a set nor an applet: {file} declares none"
            ))
            .fix(format!("add the declaration to {file}, or members to the feature")));
        }
        if wanted.insert(word.to_string()) {
            // `dep:x` and `crate/feature` are no applets.
            for member in members.iter().filter(|member| !member.contains(['/', ':'])) {
                self.add(member, wanted)?;
            }
        }
        Ok(())
    }

    /// The names of all sets.
    pub fn sets(&self) -> Vec<&str> {
        self.features.keys().filter(|name| self.is_set(name)).map(String::as_str).collect()
    }

    fn is_set(&self, name: &str) -> bool {
        let mut members = self.features.get(name).into_iter().flatten();
        let is_applet = self.decls.values().any(|decl| decl.names.iter().any(|known| known == name));
        !is_applet && members.any(|member| self.features.contains_key(member))
    }

    /// The names of all applets that have a feature, aliases among them.
    pub fn names(&self) -> Vec<&str> {
        let names = self.features.keys().filter(|name| !self.is_set(name) && part(name).is_none());
        names.map(String::as_str).collect()
    }

    /// The run class of an applet: `NoFork`, `NoExec` or `Exec`.
    pub fn class(&self, applet: &str) -> Option<&str> {
        self.decls.get(applet).map(|decl| decl.class.as_str())
    }

    /// The names of `applets` with every alias, and whose they are.
    pub fn all_names<'a>(&'a self, applets: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let decls = applets.iter().filter_map(|name| Some((name.as_str(), self.decls.get(name)?)));
        decls.flat_map(|(applet, decl)| decl.names.iter().map(move |name| (name.as_str(), applet)))
    }

    /// The paths of `applets` in the image (`/bin/sh`, …), with every alias.
    pub fn paths(&self, applets: &[String]) -> Vec<String> {
        let decls = applets.iter().filter_map(|name| self.decls.get(name));
        let mut paths: Vec<String> = decls
            .flat_map(|decl| {
                decl.names.iter().map(|name| format!("{}/{name}", decl.dir.trim_end_matches('/')))
            })
            .collect();
        paths.sort();
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let dir = tempfile::tempdir().unwrap();
        for (name, more, place) in
            [("ls", "", "/bin"), ("sh", "aliases: \"ash\",", "/bin"), ("reboot", "", "/sbin")]
        {
            let fields = format!("    name: {name},\n    {more}\n    dir: \"{place}\",\n    class: NoFork,");
            let fields = fields.replace("    \n", "");
            let text = format!("applet! {{\n{fields}\n    usage: \"\\\nx\n\",\n}}\n");
            fs::write(dir.path().join(format!("{name}.rs")), text).unwrap();
        }
        let decls = declaration::read_all(dir.path()).unwrap();
        let manifest =
            "[features]\ndefault = []\nls = []\nsh = [\"dep:sh\"]\nreboot = []\nbase = [\"ls\", \"sh\"]\nsh-lean = [\"sh\"]\n\
             edit = [\"sh?/edit\"]\nhelp = []";
        Catalogue::parse(manifest, decls).unwrap()
    }

    #[test]
    fn sets_and_names_mix() {
        assert_eq!(catalogue().resolve("reboot, base,ls").unwrap(), ["ls", "reboot", "sh"]);
        assert_eq!(catalogue().sets(), ["base", "sh-lean"]);
    }

    #[test]
    fn features_are_left_out_and_put_back() {
        let resolve = |list: &str| catalogue().resolve(list).unwrap();
        assert_eq!(resolve("-edit,sh"), ["-edit", "sh"]);
        assert_eq!(resolve("sh-lean,ls"), ["-bash", "-edit", "-help", "-jobs", "ls", "sh"]);
        assert_eq!(resolve("sh-lean, help,-edit,jobs"), ["-bash", "-edit", "sh"]);
        assert_eq!(resolve(&resolve("base,-jobs,-help").join(",")), ["-help", "-jobs", "ls", "sh"]);
        assert_eq!(resolve("sh,edit"), ["sh"]);
        assert_eq!(catalogue().sets(), ["base", "sh-lean"]);
        assert!(!catalogue().names().contains(&"edit"));
    }

    #[test]
    fn a_feature_that_is_not_there_is_told() {
        let error = |list| catalogue().resolve(list).unwrap_err().to_string();
        let text = error("sh,-edt");
        assert!(text.contains("unknown feature `edt`") && text.contains("bash, edit, help, jobs"), "{text}");
        let text = error("ls,-edit");
        assert!(text.contains("feature `edit`: the applet `sh` is not"), "{text}");
        assert!(text.contains("help") && !text.contains("jobs"), "{text}");
    }

    #[test]
    fn aliases_have_paths() {
        let applets = ["sh".to_string(), "reboot".to_string()];
        assert_eq!(catalogue().paths(&applets), ["/bin/ash", "/bin/sh", "/sbin/reboot"]);
    }

    #[test]
    fn unknown_applet_names_the_nearest() {
        let text = catalogue().resolve("rebot").unwrap_err().to_string();
        assert!(text.contains("unknown applet or set `rebot`") && text.contains("`reboot`"), "{text}");
        assert!(catalogue().resolve(" , ").unwrap_err().to_string().contains("empty"));
    }

    #[test]
    fn feature_without_declaration_is_refused() {
        let catalogue = Catalogue::parse("[features]\nlost = []", Vec::new()).unwrap();
        let text = catalogue.resolve("lost").unwrap_err().to_string();
        assert!(text.contains("`lost`") && text.contains("applets/src/lost.rs"), "{text}");
        assert!(catalogue.sets().is_empty());
    }
}
