//! Sorts the uses between modules by folder.
//!
//! A use of `page::walk` by `api::list` is a use of `page` by `api` in the folder `src`, and none in
//! any other folder. So each use is looked at once, at the level where its two ends differ.

use std::collections::BTreeMap;

use super::{
    edges::Edge,
    tree::{ModuleId, Tree},
};

/// A module in a folder, with everything below it. None stands for the items in the folder's own file.
pub(super) type Node = Option<String>;

/// A use between two nodes of a folder.
pub(super) struct Step {
    /// The node that contains the using module.
    pub(super) from: Node,
    /// The node that contains the used module.
    pub(super) to: Node,
    pub(super) file: String,
    pub(super) line: usize,
}

/// The uses in each folder, by its module path, sorted by file and line.
pub(super) type Folders = BTreeMap<Vec<String>, Vec<Step>>;

/// Puts each use into the innermost folder that holds both modules.
///
/// Steps are sorted, so that the output does not depend on the order in which modules are read, and the
/// first use of a module is the one that is shown.
pub(super) fn folders(tree: &Tree, edges: &[Edge]) -> Folders {
    let mut folders = Folders::new();
    for edge in edges {
        let path = |id: ModuleId| &tree.modules[id].path;
        let (from, to) = (path(edge.from), path(edge.to));
        let common = from
            .iter()
            .zip(to)
            .take_while(|(one, other)| one == other)
            .count();
        folders.entry(from[..common].to_vec()).or_default().push(Step {
            from: from.get(common).cloned(),
            to: to.get(common).cloned(),
            file: tree.modules[edge.from].file.clone(),
            line: edge.line,
        });
    }
    for steps in folders.values_mut() {
        steps.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    }
    folders
}
