//! Closed lists: an enum each, which keeps a value that it does not know in `Other`.

use heck::ToPascalCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{docs, spec::Spec};

/// One `open_enum!` per closed list of the description.
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
