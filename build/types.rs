//! Finishes progenitor's types: fields in the order and with the names of the description, scalars that may be sent in
//! another form, a function `new` with the required fields, and the ids of records.
//!
//! progenitor does not keep the order of fields. The order of the description is the one that users
//! read in documentation and `Debug` output. Names on the wire stay as they are; `#[serde(rename)]`
//! keeps them.

use heck::ToSnakeCase;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Field, File, Item, ItemStruct, Type, parse_quote};

use super::{
    docs,
    fields::{self, wire_name},
    model::Schema,
    spec::{Spec, SpecError},
};

/// Splits progenitor's output into its client and the items of its `types` module.
///
/// The client has the signatures that `methods` reads.
pub fn split(code: TokenStream) -> Result<(File, Vec<Item>), SpecError> {
    let mut file: File = syn::parse2(code).map_err(|error| {
        SpecError::without_line(format!(
            "cannot read progenitor's output: it is not Rust: {error}"
        ))
    })?;
    let mut types = Vec::new();
    for item in &mut file.items {
        if let Item::Mod(module) = item
            && module.ident == "types"
            && let Some((_, items)) = &mut module.content
        {
            types = std::mem::take(items);
        }
    }
    Ok((file, types))
}

/// Finishes the structs among the items. Everything else, such as builders and conversions, is discarded.
///
/// # Errors
///
/// A struct or a field has no counterpart in the description, which would mean that progenitor renamed
/// it.
pub fn finish(spec: &Spec, items: Vec<Item>) -> Result<TokenStream, SpecError> {
    let mut out = TokenStream::new();
    // Atera adds fields to answers, so their types are non-exhaustive. Users write request types as literals.
    let in_requests = spec.request_schemas();
    for item in items {
        let Item::Struct(mut item) = item else { continue };
        let name = item.ident.to_string();
        let Some(schema) = spec.schema(&name) else {
            return Err(SpecError::without_line(format!(
                "cannot finish the type `{name}`: the description has no schema of this name"
            )));
        };
        finish_struct(spec, &mut item, schema)?;
        if !in_requests.contains(&name) {
            item.attrs.push(parse_quote!(#[non_exhaustive]));
        }
        let reads_and_writes = read_and_write(spec, &mut item, schema);
        out.extend(item.to_token_stream());
        out.extend(reads_and_writes);
        out.extend(constructor(spec, &item, schema));
        out.extend(record_impl(&item, schema));
    }
    Ok(out)
}

/// The documentation, names and order of the fields, and what is derived for a feature.
fn finish_struct(spec: &Spec, item: &mut ItemStruct, schema: &Schema) -> Result<(), SpecError> {
    set_doc(
        spec,
        &mut item.attrs,
        schema.description.as_deref().unwrap_or_default(),
    )?;
    item.attrs
        .push(parse_quote!(#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]));
    let syn::Fields::Named(fields) = &mut item.fields else {
        return Ok(());
    };
    let mut ordered: Vec<(usize, Field)> = Vec::new();
    for mut field in std::mem::take(&mut fields.named) {
        let wire = wire_name(&field);
        let Some((index, _, property)) = schema.properties.get_full(&wire) else {
            return Err(SpecError::without_line(format!(
                "cannot finish the type `{}`: the description has no property `{wire}` of it",
                item.ident
            )));
        };
        let (_, resolved) = spec.resolve(property);
        let mut text = resolved.description.clone().unwrap_or_default();
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&format!("`{wire}` on the wire."));
        if resolved.deprecated {
            text.push_str(" Deprecated by Atera.");
        }
        set_doc(spec, &mut field.attrs, &text)?;
        if let Some(name) = &property.rust_name {
            field.ident = Some(format_ident!("{name}"));
        }
        ordered.push((index, field));
    }
    ordered.sort_by_key(|(index, _)| *index);
    fields.named = ordered.into_iter().map(|(_, field)| field).collect();
    Ok(())
}

/// How the type is read and written.
///
/// Every field with a scalar or an array of scalars is read by `lenient`, because the service
/// sends numbers as text and text as numbers in places. Objects, arrays of objects and maps are read as
/// they are.
fn read_and_write(spec: &Spec, item: &mut ItemStruct, schema: &Schema) -> Option<TokenStream> {
    let is_scalar = |wire: &str| has_scalars(spec, &schema.properties[wire]);
    if item.fields.iter().all(|field| is_option(&field.ty)) {
        return Some(fields::replace_derives(item, is_scalar));
    }
    for field in item
        .fields
        .iter_mut()
        .filter(|field| is_scalar(&wire_name(field)))
    {
        field.attrs.push(match is_option(&field.ty) {
            true => parse_quote!(#[serde(default, deserialize_with = "crate::types::lenient::read")]),
            false => parse_quote!(#[serde(deserialize_with = "crate::types::lenient::read")]),
        });
    }
    None
}

/// Whether a property is a scalar, or an array of scalars.
fn has_scalars(spec: &Spec, property: &Schema) -> bool {
    let (_, resolved) = spec.resolve(property);
    let kind = match &resolved.items {
        Some(items) => spec.resolve(items).1.kind,
        None => resolved.kind.clone(),
    };
    matches!(kind.as_deref(), Some("string" | "integer" | "number" | "boolean"))
}

/// `new` with what is required, in the order of `required`; the rest is `None`.
///
/// `required` has the order of the arguments, so its order in the description is part of the public
/// surface.
fn constructor(spec: &Spec, item: &ItemStruct, schema: &Schema) -> Option<TokenStream> {
    if schema.required.is_empty() {
        return None;
    }
    let fields: Vec<(String, &Ident, &Type)> = item
        .fields
        .iter()
        .filter_map(|field| Some((wire_name(field), field.ident.as_ref()?, &field.ty)))
        .collect();
    let required: Vec<_> = schema
        .required
        .iter()
        .filter_map(|name| fields.iter().find(|(wire, ..)| wire == name))
        .collect();
    let arguments = required.iter().map(|(_, ident, ty)| {
        if converts(ty) {
            quote!(#ident: impl Into<#ty>)
        } else {
            quote!(#ident: #ty)
        }
    });
    let given = required.iter().map(|(_, ident, ty)| {
        let convert = converts(ty).then(|| quote!(.into()));
        quote!(#ident: #ident #convert)
    });
    let rest = fields
        .iter()
        .filter(|(wire, ..)| !schema.required.contains(wire))
        .map(|(_, ident, _)| quote!(#ident: None));
    let name = &item.ident;
    let doc = docs::attribute(
        spec,
        &format!("A `{name}` with the fields that the service requires."),
    );
    Some(quote! {
        impl #name {
            #doc
            #[inline]
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#given,)* #(#rest),* }
            }
        }
    })
}

/// The implementation of `Record`, which returns the id of a record. None without `x-atera-key`.
fn record_impl(item: &ItemStruct, schema: &Schema) -> Option<TokenStream> {
    let key = schema.key.as_ref()?;
    let field = item.fields.iter().find(|field| wire_name(field) == *key)?;
    let (name, ident) = (&item.ident, field.ident.as_ref()?);
    Some(quote! {
        impl super::record_id::Record for #name {
            const ID_FIELD: &'static str = #key;
            fn id(&self) -> Option<super::record_id::RecordId> {
                self.#ident.map(super::record_id::RecordId::from)
            }
        }
    })
}

/// Whether an argument of this type is `impl Into<..>`. Numbers, booleans, UUIDs and dates are passed
/// as they are.
pub fn converts(ty: &Type) -> bool {
    !matches!(
        last_segment(ty).as_deref(),
        Some("i64" | "i32" | "f64" | "bool" | "Uuid" | "NaiveDate")
    )
}

/// The last name of the path of a type.
pub fn last_segment(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    Some(path.path.segments.last()?.ident.to_string())
}

/// progenitor writes `::std::option::Option`, so only the last name counts.
fn is_option(ty: &Type) -> bool {
    last_segment(ty).as_deref() == Some("Option")
}

/// Replaces the documentation, because progenitor adds the whole schema as JSON to it.
fn set_doc(spec: &Spec, attributes: &mut Vec<Attribute>, text: &str) -> Result<(), SpecError> {
    attributes.retain(|attribute| !attribute.path().is_ident("doc"));
    let doc = docs::attribute(spec, text);
    attributes.insert(0, parse_quote!(#doc));
    Ok(())
}

/// The Rust name of a parameter or field, as progenitor makes it.
pub fn rust_name(wire: &str) -> String {
    wire.to_snake_case()
}
