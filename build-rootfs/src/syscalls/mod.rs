//! Which system calls the programs of an image can make, known when they are built.

mod assembly;
mod calls;
mod elf;
mod ir;
mod item;
mod names;
mod programs;

pub use calls::Calls;
pub use names::Names;
pub use programs::Programs;

use crate::applets::Catalogue;
use crate::error::{Context, Error, Result};
use ir::Program;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Where a program begins (`applets/src/main.rs`).
const ENTRY: &str = "mote_main";
/// The table of the applets, in the multicall binary's crate.
const TABLE: &str = "mote::TABLE";
/// What only `mote --install` does.
const INSTALL: &str = "mote::multicall::install";
/// The name under which that is listed.
pub const MULTICALL: &str = "mote";

/// What an image's programs can ask of the kernel.
#[derive(Debug, Default)]
pub struct Reach {
    /// The applets, [`MULTICALL`], and other programs by their paths.
    pub programs: BTreeMap<String, Calls>,
}

impl Reach {
    /// Of the applets of a mote and other programs.
    pub fn new(applets: ByApplet, others: Programs) -> Reach {
        let mut programs = applets;
        programs.extend(others.calls);
        Reach { programs }
    }
}

/// The calls of each applet of a mote: by name, aliases left out, and [`MULTICALL`].
pub type ByApplet = BTreeMap<String, Calls>;

/// The system calls that the code of each of `applets` can reach, from the compiler's text `ir` of the whole program.
/// What an applet runs in its own process is its own, too: the shell has what it runs without exec.
///
/// # Errors
/// The text cannot be read, or is not what is expected of a mote.
pub fn of_applets(ir: &Path, catalogue: &Catalogue, applets: &[String]) -> Result<ByApplet> {
    let (program, names) = parse(ir)?;
    let graph = Graph::new(&program, &names);
    let mut all = ByApplet::new();
    // A word such as `-help` leaves out a part of them.
    let applets: Vec<String> = applets.iter().filter(|word| !word.starts_with('-')).cloned().collect();
    if let [only] = &applets[..] {
        all.insert(only.clone(), graph.calls(&[ENTRY], &BTreeSet::new()));
        return Ok(all);
    }
    let runs = graph.runs(catalogue, &applets)?;
    let table: BTreeSet<&str> = runs.values().map(String::as_str).collect();
    all.insert(MULTICALL.to_string(), graph.calls(&[ENTRY], &table));
    let install = graph.demangled(INSTALL);
    for (applet, run) in &runs {
        let mut without: BTreeSet<&str> = table.iter().copied().filter(|other| other != run).collect();
        without.extend(install);
        all.insert(applet.clone(), graph.calls(&[ENTRY, run], &without));
    }
    let mut inside = Calls::default();
    for (applet, calls) in &all {
        if catalogue.class(applet).is_some_and(|class| class != "Exec") {
            inside.add(calls);
        }
    }
    if let Some(shell) = all.get_mut("sh") {
        shell.add(&inside);
    }
    Ok(all)
}

/// The system calls that another program of the workspace can reach, as [`of_applets`].
///
/// # Errors
/// As [`of_applets`].
pub fn of_program(ir: &Path) -> Result<Calls> {
    let (program, names) = parse(ir)?;
    Ok(Graph::new(&program, &names).calls(&[ENTRY], &BTreeSet::new()))
}

fn parse(ir: &Path) -> Result<(Program, Names)> {
    let text = fs::read_to_string(ir).context(ir.display());
    let text = text.map_err(|error| error.fix("remove the folder of the build and try again"))?;
    let program = Program::parse(&text);
    let names = Names::of(&program.architecture)
        .ok_or_else(|| Error::new(format!("no names of system calls for `{}`", program.architecture)))?;
    Ok((program, names))
}

/// Who mentions whom.
struct Graph<'a> {
    program: &'a Program,
    names: &'a Names,
}

impl<'a> Graph<'a> {
    fn new(program: &'a Program, names: &'a Names) -> Graph<'a> {
        Graph { program, names }
    }

    /// The symbol of `path`, if it is there.
    fn demangled(&self, path: &str) -> Option<&'a str> {
        let mut symbols = self.program.items.keys();
        symbols.find(|symbol| format!("{:#}", rustc_demangle::demangle(symbol)) == path).map(String::as_str)
    }

    /// The function of each applet. The table has them in the order of all names.
    fn runs(&self, catalogue: &Catalogue, applets: &[String]) -> Result<BTreeMap<String, String>> {
        let broken = |why: &str| Error::new(format!("the program's table of applets: {why}"));
        let table = self.demangled(TABLE).ok_or_else(|| broken("there is none"))?;
        let mut names: Vec<(&str, &str)> = catalogue.all_names(applets).collect();
        names.sort();
        let lists = self.program.items[table].mentions.iter();
        let lists = lists.filter_map(|name| Some(&self.program.items.get(name)?.mentions));
        let entries = lists.into_iter().find(|list| list.len() == names.len() && self.are_functions(list));
        let entries = entries.ok_or_else(|| broken("it has not one function for each name"))?;
        let pairs = names.iter().zip(entries);
        Ok(pairs.map(|((_, applet), run)| (applet.to_string(), run.clone())).collect())
    }

    fn are_functions(&self, list: &[String]) -> bool {
        list.iter().all(|name| self.program.items.contains_key(name))
    }

    /// What can be reached from `roots` without `cut`.
    fn calls(&self, roots: &[&str], cut: &BTreeSet<&str>) -> Calls {
        let mut calls = Calls::default();
        let mut seen: BTreeSet<&str> = roots.iter().copied().collect();
        let mut waiting: Vec<&str> = roots.to_vec();
        while let Some(name) = waiting.pop() {
            let Some(item) = self.program.items.get(name) else { continue };
            for call in &item.calls {
                match call.number.and_then(|number| self.names.get(number)) {
                    Some(known) => {
                        calls.names.insert(known.to_string());
                        if known == "socket" {
                            let family = call.first.and_then(|family| u32::try_from(family).ok());
                            calls.families.extend(family);
                            calls.any_family |= family.is_none();
                        }
                    }
                    None => {
                        calls.unknown.insert(format!("{:#}", rustc_demangle::demangle(name)));
                    }
                }
            }
            for next in item.mentions.iter().map(String::as_str) {
                if !cut.contains(next) && seen.insert(next) {
                    waiting.push(next);
                }
            }
        }
        calls.names.extend(names::implied(&calls.names));
        calls
    }
}
