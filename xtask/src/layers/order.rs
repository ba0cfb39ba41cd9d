//! Compares the uses between top-level modules with the table of layers.
//!
//! The table names every top-level module of a crate. A module that is missing in it, or one that does
//! not exist any more, is a problem as well: otherwise a new module could use everything.

use super::{
    graph::{Folders, Step},
    packages::Package,
    problem::Problem,
    tree::Tree,
};

/// Where to change the order, for messages.
const TABLE: &str = "xtask/src/layers/mod.rs";

/// Crates in the table that do not exist.
pub(super) fn unknown_crates(packages: &[Package], layers: &[(&str, &[&str])]) -> Vec<Problem> {
    let unknown = layers
        .iter()
        .filter(|(folder, _)| packages.iter().all(|package| package.folder != *folder));
    unknown
        .map(|(folder, _)| Problem {
            file: TABLE.into(),
            line: None,
            what: format!("LAYERS lists the crate `{folder}`, which does not exist; remove it"),
        })
        .collect()
}

/// Where the crates of a package break its order.
pub(super) fn problems(package: &Package, trees: &[(Tree, Folders)], order: &[&str]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (tree, folders) in trees {
        problems.extend(unlisted(tree, order));
        let top_level = folders.get([].as_slice()).into_iter().flatten();
        problems.extend(top_level.filter_map(|step| upward(step, order)));
    }
    let there = |name: &str| trees.iter().any(|(tree, _)| tree.find(&[name.into()]).is_some());
    for name in order.iter().filter(|name| !there(name)) {
        problems.push(Problem {
            file: TABLE.into(),
            line: None,
            what: format!(
                "LAYERS lists `{name}` for `{}`, which has no such module; remove it",
                package.folder
            ),
        });
    }
    problems
}

/// Modules that are missing in the table.
///
/// A module that is declared in the root file itself, `mod name { .. }`, belongs to the root and needs
/// no layer.
fn unlisted(tree: &Tree, order: &[&str]) -> impl Iterator<Item = Problem> {
    let top_level = tree
        .modules
        .iter()
        .enumerate()
        .filter(|(id, module)| module.path.len() == 1 && module.home == *id);
    top_level
        .map(|(_, module)| (module, &module.path[0]))
        .filter(|(_, name)| !order.contains(&name.as_str()))
        .map(|(module, name)| Problem {
            file: tree.modules[0].file.clone(),
            line: Some(module.line),
            what: format!("`{name}` has no layer; add it to LAYERS in {TABLE}, after all that it uses"),
        })
}

/// A use of a module that stands above. The root of the crate may use all modules.
fn upward(step: &Step, order: &[&str]) -> Option<Problem> {
    let (from, to) = (step.from.as_ref()?, step.to.as_ref()?);
    let place = |name: &str| order.iter().position(|other| *other == name);
    (place(from)? < place(to)?).then(|| Problem {
        file: step.file.clone(),
        line: Some(step.line),
        what: format!("`{from}` uses `{to}`, which stands above it; move the item down or hand it in"),
    })
}
