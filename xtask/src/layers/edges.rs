//! Finds which module of a crate uses which.
//!
//! Modules count by file: a `mod name { .. }` belongs to the file that it is written in. A module uses
//! another one if it names an item of it, by an import or by a longer path, through however many
//! re-exports.

use super::{
    names::{Names, Target},
    problem::Problem,
    references::{self, Kind, Reference},
    tree::{ModuleId, ROOT, Tree},
};

/// A module that uses another one.
pub(super) struct Edge {
    pub(super) from: ModuleId,
    pub(super) to: ModuleId,
    /// In the file of `from`.
    pub(super) line: usize,
}

/// The uses between the files of a crate, and the paths that cannot be resolved.
///
/// An inline path whose first name is imported is skipped, because the import already is the use.
pub(super) fn find(tree: &Tree) -> (Vec<Edge>, Vec<Problem>) {
    let references: Vec<_> = tree
        .modules
        .iter()
        .map(|module| references::find(&module.items))
        .collect();
    let names = Names::new(tree, &references);
    let mut edges = Vec::new();
    let mut unresolved = Vec::new();
    for (from, references) in references.iter().enumerate() {
        for reference in references {
            if matches!(reference.kind, Kind::Inline) && names.is_imported(from, &reference.path[0]) {
                continue;
            }
            for target in names.resolve(from, &reference.path) {
                match target {
                    Target::Unknown(ROOT) => unresolved.push(problem(tree, from, reference)),
                    target => edges.extend(edge(tree, from, reference, target)),
                }
            }
        }
    }
    (edges, unresolved)
}

/// The use that a resolved reference stands for. None if it stays within one file, leads out of the
/// crate, or is a re-export by which a folder shows its own child.
fn edge(tree: &Tree, from: ModuleId, reference: &Reference, target: Target) -> Option<Edge> {
    let to = match target {
        // A single name outside an import cannot be a module, so it is a variable.
        Target::Module(_) if matches!(reference.kind, Kind::Inline) && reference.path.len() == 1 => {
            return None;
        }
        // An imported ancestor is no use by itself. The items that are taken from it are.
        Target::Module(to) if tree.encloses(to, from) => return None,
        // A macro or an attribute may define names that are not in the sources.
        Target::Module(to) | Target::Item(to) | Target::Unknown(to) => to,
        Target::External => return None,
    };
    let (from, to) = (tree.modules[from].home, tree.modules[to].home);
    let reexport = matches!(reference.kind, Kind::Import { private: false, .. }) && tree.encloses(from, to);
    (from != to && !reexport).then_some(Edge {
        from,
        to,
        line: reference.line,
    })
}

/// The root only re-exports, so a name that it does not show would hide which module is used.
fn problem(tree: &Tree, from: ModuleId, reference: &Reference) -> Problem {
    Problem {
        file: tree.modules[from].file.clone(),
        line: Some(reference.line),
        what: format!(
            "cannot resolve `{}`: {} does not name it; import it from the module that defines it",
            reference.path.join("::"),
            tree.modules[ROOT].file
        ),
    }
}
