//! Which applets an image holds: names and sets from the features of `applets/Cargo.toml`, and the
//! applets' own declarations from their sources.

use crate::error::{nearest, Context, Error, Result};
use crate::project::Project;
use declaration::Decl;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The set taken when the user names none.
pub const DEFAULT_SET: &str = "base";

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

    /// Resolves a comma list of applets and sets to applets, sorted and without duplicates. If the feature of an
    /// applet requires other applets, these are included.
    ///
    /// # Errors
    /// A word of the list is neither an applet nor a set.
    pub fn resolve(&self, list: &str) -> Result<Vec<String>> {
        let mut wanted = BTreeSet::new();
        for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            self.add(word, &mut wanted)?;
        }
        if wanted.is_empty() {
            return Err(Error::usage(format!("applets `{list}`: the list is empty"))
                .fix("name an applet or a set, such as `sh` or `base`"));
        }
        Ok(wanted.into_iter().filter(|name| self.decls.contains_key(name)).collect())
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
        self.features.keys().filter(|name| !self.is_set(name)).map(String::as_str).collect()
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
            "[features]\ndefault = []\nls = []\nsh = [\"dep:sh\"]\nreboot = []\nbase = [\"ls\", \"sh\"]";
        Catalogue::parse(manifest, decls).unwrap()
    }

    #[test]
    fn sets_and_names_mix() {
        assert_eq!(catalogue().resolve("reboot, base,ls").unwrap(), ["ls", "reboot", "sh"]);
        assert_eq!(catalogue().sets(), ["base"]);
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
