//! Finds the paths in the code of a module.
//!
//! The search visits all code of a module, also inside functions, types and attributes. It only lists
//! what is written; [`names`](super::names) decides what it means.

use proc_macro2::TokenStream;
use syn::{
    Attribute, ImplItem, Item, ItemMod, ItemUse, Macro, Meta, Path, VisRestricted, Visibility,
    visit::{self, Visit},
};

use super::{
    attributes, paths,
    tokens::{self, Found},
};

/// Macros whose tokens are code of another crate.
///
/// Paths in their tokens are resolved where the generated code is compiled, and that is another crate.
const QUOTES: [&str; 4] = ["quote", "quote_spanned", "parse_quote", "parse_quote_spanned"];

/// A path in the code.
pub(super) struct Reference {
    /// As it is written, without `self` at the end of a `use`.
    pub(super) path: Vec<String>,
    pub(super) line: usize,
    pub(super) kind: Kind,
}

/// How a path is used.
pub(super) enum Kind {
    /// A name of a `use`.
    Import {
        /// None for `*`.
        name: Option<String>,
        /// Whether it is no re-export.
        private: bool,
    },
    /// Any other path.
    Inline,
}

/// All paths in the items of a module.
pub(super) fn find(items: &[Item]) -> Vec<Reference> {
    let mut search = Search { found: Vec::new() };
    for item in items {
        search.visit_item(item);
    }
    search.found
}

/// The visitor that collects the paths.
struct Search {
    found: Vec<Reference>,
}

impl Search {
    /// Adds paths that were found in tokens.
    fn inline(&mut self, found: Vec<Found>) {
        self.found.extend(found.into_iter().map(|found| Reference {
            path: found.path,
            line: found.line,
            kind: Kind::Inline,
        }));
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_item(&mut self, item: &'ast Item) {
        if !attributes::only_in_tests(attributes::of_item(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !attributes::only_in_tests(attributes::of_impl_item(item)) {
            visit::visit_impl_item(self, item);
        }
    }

    /// A module inside a function is skipped, because its paths begin elsewhere.
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        // After a leading `::` come names of other crates.
        if item.leading_colon.is_some() {
            return;
        }
        let private = matches!(item.vis, Visibility::Inherited);
        for leaf in paths::leaves(&[], &item.tree) {
            self.found.push(Reference {
                path: leaf.path,
                line: leaf.line,
                kind: Kind::Import {
                    name: leaf.name,
                    private,
                },
            });
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none()
            && let Some(first) = path.segments.first()
        {
            self.found.push(Reference {
                path: paths::names(path),
                line: paths::line(&first.ident),
                kind: Kind::Inline,
            });
        }
        visit::visit_path(self, path);
    }

    /// `pub(in crate::name)` uses nothing.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        let name = call
            .path
            .segments
            .last()
            .map(|segment| paths::name(&segment.ident));
        if !name.is_some_and(|name| QUOTES.contains(&name.as_str())) {
            self.visit_token_stream(&call.tokens);
        }
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.inline(tokens::of_macro(tokens));
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta
            && !list.path.is_ident("doc")
        {
            self.inline(tokens::of_attribute(&list.tokens));
        }
    }
}
