//! Text of the description as rustdoc.

use std::fmt::Write as _;

use heck::ToPascalCase;
use proc_macro2::TokenStream;
use quote::quote;

use super::spec::{Operation, Spec};

/// A `#[doc]` attribute with text of the description, made safe for rustdoc. The name of an operation becomes a link to the
/// method that begins its call.
pub fn attribute(spec: &Spec, text: &str) -> TokenStream {
    markup(&clean(spec, text.trim()))
}

/// A link to the method that begins the call of an operation.
pub fn link(operation: &Operation) -> String {
    let (group, verb) = (&operation.group, &operation.verb);
    let ty = group.to_pascal_case();
    format!("[`{group}().{verb}()`](crate::api::{group}::{ty}::{verb})")
}

/// A `#[doc]` attribute with markup of our own.
pub fn markup(text: &str) -> TokenStream {
    let text = format!(" {}", text.replace('\n', "\n "));
    quote!(#[doc = #text])
}

/// Addresses become links, and brackets that are no markup are escaped; code in backticks stays as it is.
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
