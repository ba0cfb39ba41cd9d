//! Finds paths in the tokens of macros and attributes.
//!
//! The tokens of a macro are not parsed as code, since each macro has a syntax of its own. A path is
//! recognized by its names with `::` between them. A path in a macro that is split or put together in
//! another way is missed.

use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream, TokenTree};
use syn::{LitStr, UseTree};

use super::paths;

/// A path, and its line.
pub(super) struct Found {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// The paths of at least two names. A single name is often a field or a variable.
pub(super) fn of_macro(tokens: &TokenStream) -> Vec<Found> {
    let mut search = Search {
        strings: false,
        found: Vec::new(),
    };
    search.tokens(tokens);
    search.found
}

/// The paths in an attribute, including those in strings, as in `#[serde(with = "crate::time")]`.
pub(super) fn of_attribute(tokens: &TokenStream) -> Vec<Found> {
    let mut search = Search {
        strings: true,
        found: Vec::new(),
    };
    search.tokens(tokens);
    search.found
}

/// The search over one stream of tokens and the groups within it.
struct Search {
    /// Whether strings are searched as well.
    strings: bool,
    found: Vec<Found>,
}

impl Search {
    /// Searches a stream, and the streams in its brackets.
    fn tokens(&mut self, tokens: &TokenStream) {
        let tokens: Vec<_> = tokens.clone().into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at = match token {
                TokenTree::Ident(first) => self.path(&tokens, first, at),
                _ => at + 1,
            };
            match token {
                TokenTree::Group(group) => self.tokens(&group.stream()),
                TokenTree::Literal(literal) if self.strings => self.string(literal),
                _ => {}
            }
        }
    }

    /// Reads the path that begins at an index, and returns the index after it.
    fn path(&mut self, tokens: &[TokenTree], first: &Ident, at: usize) -> usize {
        let mut path = vec![paths::name(first)];
        let mut end = at + 1;
        while separator(tokens, end)
            && let Some(TokenTree::Ident(next)) = tokens.get(end + 2)
        {
            path.push(paths::name(next));
            end += 3;
        }
        if !begins(&tokens[..at], first) {
            return end;
        }
        if separator(tokens, end)
            && let Some(TokenTree::Group(group)) = tokens.get(end + 2)
            && group.delimiter() == Delimiter::Brace
        {
            self.imports(&path, group);
            return end + 3;
        }
        if path.len() > 1 {
            let line = paths::line(first);
            self.found.push(Found { path, line });
        }
        end
    }

    /// Reads the braces of `use crate::{a, b::c}`.
    fn imports(&mut self, prefix: &[String], group: &Group) {
        let group = TokenTree::Group(group.clone());
        if let Ok(tree) = syn::parse2::<UseTree>(group.into()) {
            let leaves = paths::leaves(prefix, &tree).into_iter();
            self.found.extend(leaves.map(|leaf| Found {
                path: leaf.path,
                line: leaf.line,
            }));
        }
    }

    /// Reads a string that is a path.
    fn string(&mut self, literal: &Literal) {
        let Ok(text) = syn::parse_str::<LitStr>(&literal.to_string()) else {
            return;
        };
        if let Ok(path) = syn::parse_str::<syn::Path>(&text.value())
            && path.segments.len() > 1
        {
            self.found.push(Found {
                path: paths::names(&path),
                line: literal.span().start().line,
            });
        }
    }
}

/// Whether there is a `::` at an index.
fn separator(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at| matches!(tokens.get(at), Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
    colon(at) && colon(at + 1)
}

/// Whether a name begins a path of this crate. After `::` it does not, and after `$` only `crate` does.
fn begins(before: &[TokenTree], first: &Ident) -> bool {
    match before {
        [.., TokenTree::Punct(mark)] if mark.as_char() == '$' => first == "crate",
        [.., _, _] => !separator(before, before.len() - 2),
        _ => true,
    }
}
