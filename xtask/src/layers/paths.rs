//! Turns paths and `use` trees into lists of names.
//!
//! A path is a list of names here: `crate::page::Walk` is `["crate", "page", "Walk"]`.

use proc_macro2::Ident;
use syn::{UseTree, ext::IdentExt as _};

/// The names of a path, without its generic arguments.
pub(super) fn names(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| name(&segment.ident)).collect()
}

/// A name without `r#`.
pub(super) fn name(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// The line of a name in its file, from 1.
pub(super) fn line(ident: &Ident) -> usize {
    ident.span().start().line
}

/// One name of a `use`.
pub(super) struct Leaf {
    /// The full path, from the first name of the `use`.
    pub(super) path: Vec<String>,
    /// The name that it gets; none for `*`.
    pub(super) name: Option<String>,
    pub(super) line: usize,
}

/// All names of a `use` tree that continues a path.
///
/// `use a::{b, c::d}` has two leaves, `a::b` and `a::c::d`.
pub(super) fn leaves(prefix: &[String], tree: &UseTree) -> Vec<Leaf> {
    match tree {
        UseTree::Path(part) => leaves(&continued(prefix, &part.ident), &part.tree),
        UseTree::Group(group) => group.items.iter().flat_map(|tree| leaves(prefix, tree)).collect(),
        UseTree::Name(leaf) => {
            let path = continued(prefix, &leaf.ident);
            let name = path.last().cloned();
            let line = line(&leaf.ident);
            vec![Leaf { path, name, line }]
        }
        UseTree::Rename(leaf) => vec![Leaf {
            path: continued(prefix, &leaf.ident),
            name: Some(name(&leaf.rename)),
            line: line(&leaf.ident),
        }],
        UseTree::Glob(glob) => vec![Leaf {
            path: prefix.to_vec(),
            name: None,
            line: glob.star_token.spans[0].start().line,
        }],
    }
}

/// The path with one more name. `self` in `a::{self}` adds none.
fn continued(prefix: &[String], ident: &Ident) -> Vec<String> {
    let mut path = prefix.to_vec();
    if ident != "self" || path.is_empty() {
        path.push(name(ident));
    }
    path
}
