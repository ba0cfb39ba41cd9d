//! Generates an enum for each closed list of the description. A value that is not in the list is kept in `Other`.
//!
//! Atera adds values without notice. A closed Rust enum would fail to decode a whole page because of
//! one new value.

use heck::ToPascalCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{docs, spec::Spec};

/// A call of `open_enum!` for each list. The macro in `src/types/open_enum.rs` has the code that all of them share.
pub fn generate(spec: &Spec) -> TokenStream {
    let enums = spec.open_enums().filter_map(|name| {
        let schema = spec.schema(name)?;
        let ident = format_ident!("{name}");
        let doc = docs::attribute(spec, schema.description.as_deref().unwrap_or(name));
        let values = &schema.values;
        let variants = values
            .iter()
            .map(|value| format_ident!("{}", value.to_pascal_case()));
        Some(quote! {
            crate::types::open_enum::open_enum! {
                #doc
                #ident { #(#variants = #values,)* }
            }
        })
    });
    quote!(#(#enums)*)
}
