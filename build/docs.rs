//! Converts text of the description to rustdoc.
//!
//! Text of the description is not written for rustdoc: it has addresses without `<>`, and brackets that
//! rustdoc would take for links. `cargo doc` runs with `-D warnings`, so both would fail the build.

use std::fmt::Write as _;

use heck::ToPascalCase;
use proc_macro2::TokenStream;
use quote::quote;

use super::spec::{Operation, Spec};

/// A `#[doc]` attribute with text of the description, escaped for rustdoc. The name of an operation becomes a link to the
/// method that returns its call.
pub fn attribute(spec: &Spec, text: &str) -> TokenStream {
    markup(&clean(spec, text.trim()))
}

/// A link to the method that returns the call of an operation.
pub fn link(operation: &Operation) -> String {
    let (group, verb) = (&operation.group, &operation.verb);
    let ty = group.to_pascal_case();
    format!("[`{group}().{verb}()`](crate::api::{group}::{ty}::{verb})")
}

/// A `#[doc]` attribute with text that already is rustdoc. Each line gets a space in front, as in `/// text`.
pub fn markup(text: &str) -> TokenStream {
    let text = format!(" {}", text.replace('\n', "\n "));
    quote!(#[doc = #text])
}

/// Turns addresses into links and escapes brackets. Code in backticks stays as it is, unless it is the name of an operation.
fn clean(spec: &Spec, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            match spec.operation(part) {
                Some(operation) => out.push_str(&link(operation)),
                None => {
                    let _ = write!(out, "`{part}`");
                }
            }
            continue;
        }
        for (index, word) in part.split(' ').enumerate() {
            if index > 0 {
                out.push(' ');
            }
            let address = word.trim_end_matches(['.', ',', ';', ')']);
            if address.starts_with("https://") || address.starts_with("http://") {
                out.push_str(&format!("<{address}>{}", &word[address.len()..]));
            } else {
                for character in word.chars() {
                    if matches!(character, '[' | ']' | '<' | '>') {
                        out.push('\\');
                    }
                    out.push(character);
                }
            }
        }
    }
    out
}
