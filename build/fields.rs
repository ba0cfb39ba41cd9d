//! The names of fields on the wire, and how a type whose fields are all optional is read and written, in place of serde's
//! derives.
//!
//! `src/types/fields.rs` has the traits, and says why. Types with required fields keep the derives: they are few.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Expr, ExprLit, Field, ItemStruct, Lit, Meta, MetaList, MetaNameValue, Token, parse_quote,
    punctuated::Punctuated,
};

/// Removes serde's derives from a type, and returns the implementations that replace them. `is_scalar` says of a name on
/// the wire whether its field is a scalar or an array of scalars.
pub fn replace_derives(item: &mut ItemStruct, is_scalar: impl Fn(&str) -> bool) -> TokenStream {
    for attribute in &mut item.attrs {
        remove_serde(attribute);
    }
    let name = &item.ident;
    let text = name.to_string();
    let names: Vec<_> = item.fields.iter().map(wire_name).collect();
    let idents: Vec<_> = item.fields.iter().map(|field| &field.ident).collect();
    let reads = names
        .iter()
        .zip(&idents)
        .enumerate()
        .map(|(number, (name, ident))| {
            let function = match is_scalar(name) {
                true => quote!(scalar),
                false => quote!(nested),
            };
            quote!(#number => super::fields::#function(&mut self.#ident, map),)
        });
    let code = quote! {
        impl super::fields::Fields for #name {
            const NAME: &'static str = #text;
            const FIELDS: &'static [&'static str] = &[#(#names),*];

            fn read<'de, A: ::serde::de::MapAccess<'de>>(&mut self, field: usize, map: &mut A) -> Result<(), A::Error> {
                match field {
                    #(#reads)*
                    _ => Ok(()),
                }
            }

            fn write<V: super::fields::VisitField>(&self, visit: &mut V) {
                #(visit.field(&self.#idents);)*
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::fields::deserialize(deserializer)
            }
        }

        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                super::fields::serialize(self, serializer)
            }
        }
    };
    // schemars reads these attributes. Without serde's derives they exist only with its own.
    for field in &mut item.fields {
        for attribute in &mut field.attrs {
            if attribute.path().is_ident("serde") {
                let serde = attribute.meta.clone();
                *attribute = parse_quote!(#[cfg_attr(feature = "schemars", #serde)]);
            }
        }
    }
    code
}

/// Takes serde's macros out of a `derive`.
fn remove_serde(attribute: &mut Attribute) {
    if !attribute.path().is_ident("derive") {
        return;
    }
    let Ok(derives) = attribute.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated) else {
        return;
    };
    let others = derives
        .iter()
        .filter(|path| path.segments.first().is_none_or(|first| first.ident != "serde"));
    attribute.meta = Meta::List(parse_quote!(derive(#(#others),*)));
}

/// The name of a field on the wire: its serde name, or else its Rust name.
pub fn wire_name(field: &Field) -> String {
    let renamed = field
        .attrs
        .iter()
        .find_map(|attribute| serde_name(&attribute.meta));
    let ident = || field.ident.as_ref().map(|ident| ident.to_string());
    renamed.or_else(ident).unwrap_or_default()
}

/// The name in an attribute of serde, also in one that stands behind a condition.
fn serde_name(attribute: &Meta) -> Option<String> {
    let nested = |list: &MetaList| {
        list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .ok()
    };
    match attribute {
        Meta::List(list) if list.path.is_ident("serde") => nested(list)?.iter().find_map(|meta| match meta {
            Meta::NameValue(MetaNameValue {
                path,
                value: Expr::Lit(ExprLit {
                    lit: Lit::Str(name), ..
                }),
                ..
            }) if path.is_ident("rename") => Some(name.value()),
            _ => None,
        }),
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            nested(list)?.iter().skip(1).find_map(serde_name)
        }
        _ => None,
    }
}
