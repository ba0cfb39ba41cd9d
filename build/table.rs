//! The description as tables: `OPERATIONS`, `GROUPS` and `SCHEMAS`.
//!
//! The request checks, the command line and the sandbox work from these tables, and have no code for
//! single operations. All are statics of constants, so they cost nothing when a program starts. Schemas
//! refer to each other, so each is a static of its own in a private module, which also allows a schema
//! to contain itself.

use heck::ToShoutySnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;

use super::{
    examples,
    model::{Parameter, Schema, Source, Verb},
    spec::{Operation, Spec},
};

/// The tables, and the address of the service.
pub fn generate(spec: &Spec) -> TokenStream {
    let schemas = &spec.document.components.schemas;
    let objects: Vec<_> = schemas.iter().filter(|(_, schema)| !schema.open_enum).collect();
    let statics = objects
        .iter()
        .map(|(name, schema)| self::schema(spec, name, schema));
    let names = objects.iter().map(|(name, _)| static_name(name));
    let operations = spec
        .operations
        .iter()
        .map(|operation| self::operation(spec, operation));
    let groups = spec.document.tags.iter().map(|tag| {
        let (name, description) = (&tag.name, &tag.description);
        quote!(crate::description::Group { name: #name, description: #description })
    });
    let base_url = &spec.document.servers[0].url;
    quote! {
        #[doc = " The address of the live service."]
        pub const BASE_URL: &str = #base_url;

        #[doc = " Every operation of the description, in its order."]
        pub static OPERATIONS: &[crate::description::Operation] = &{
            use crate::description::{Kind, Location, Operation, Parameter, Source};
            [#(#operations),*]
        };

        #[doc = " Every group of operations, in the order of the description."]
        pub static GROUPS: &[crate::description::Group] = &[#(#groups),*];

        #[doc = " Every object of the description, in its order."]
        pub static SCHEMAS: &[&crate::description::Schema] = &[#(&schemas::#names),*];

        mod schemas {
            use super::schemas;
            use crate::description::{Field, Kind, Schema};
            #(#statics)*
        }
    }
}

/// An operation as a literal. Two of its fields follow from others: `idempotent` holds for every method
/// but POST, and `reads` for GET and for a POST whose verb begins with `query_`, which changes nothing.
fn operation(spec: &Spec, operation: &Operation) -> TokenStream {
    let entry = &operation.entry;
    let (id, group, verb, path) = (
        &entry.operation_id,
        &operation.group,
        &operation.verb,
        &operation.path,
    );
    let (summary, description) = (&entry.summary, &entry.description);
    let method = match operation.method {
        Verb::Get => quote!(http::Method::GET),
        Verb::Post => quote!(http::Method::POST),
        Verb::Put => quote!(http::Method::PUT),
        Verb::Delete => quote!(http::Method::DELETE),
    };
    let source = match entry.source {
        Source::Published => quote!(Source::Published),
        Source::Guide => quote!(Source::Guide),
    };
    let idempotent = entry.idempotent || operation.method != Verb::Post;
    let reads = operation.method == Verb::Get || operation.verb.starts_with("query_");
    let (append, cache, list) = (entry.append, entry.cache, operation.record.is_some());
    let parameters = operation
        .parameters
        .iter()
        .map(|parameter| self::parameter(spec, parameter));
    let body = entry
        .request_body
        .as_ref()
        .map(|body| kind(spec, &body.content.json.schema));
    let answer = operation.answer.as_ref().map(|media| kind(spec, &media.schema));
    let (body, answer) = (option(body), option(answer));
    let (_, example) = examples::bodies(spec, operation).swap_remove(0);
    let example = option((!example.is_null()).then(|| example.to_string()));
    quote! {
        Operation {
            id: #id,
            group: #group,
            verb: #verb,
            method: #method,
            path: #path,
            source: #source,
            summary: #summary,
            description: #description,
            reads: #reads,
            idempotent: #idempotent,
            list: #list,
            append: #append,
            cache: #cache,
            parameters: &[#(#parameters),*],
            body: #body,
            example: #example,
            answer: #answer,
        }
    }
}

/// A parameter as a literal. Its example is text, as it would be written in a URL or as an argument.
fn parameter(spec: &Spec, parameter: &Parameter) -> TokenStream {
    let (name, description, required) = (&parameter.name, &parameter.description, parameter.required);
    let (_, schema) = spec.resolve(&parameter.schema);
    let kind = kind(spec, &parameter.schema);
    let location = if parameter.location == "path" {
        quote!(Location::Path)
    } else {
        quote!(Location::Query)
    };
    let example = match &parameter.example {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let (minimum, maximum) = bounds(&schema);
    let bounds = non_default_fields([("minimum", minimum.map(some)), ("maximum", maximum.map(some))]);
    quote! {
        Parameter {
            name: #name,
            location: #location,
            required: #required,
            kind: #kind,
            #bounds
            description: #description,
            example: #example,
            ..Parameter::PLAIN
        }
    }
}

/// An object as a static.
fn schema(spec: &Spec, name: &str, schema: &Schema) -> TokenStream {
    let ident = static_name(name);
    let description = schema.description.as_deref().unwrap_or_default();
    let key = option(schema.key.as_ref());
    let sets = schema.requires.iter().map(|set| quote!(&[#(#set),*]));
    let fields = schema.properties.iter().map(|(name, property)| {
        let (_, resolved) = spec.resolve(property);
        let kind = kind(spec, property);
        let (minimum, maximum) = bounds(&resolved);
        let yes = |value: bool| value.then(|| quote!(true));
        let rest = non_default_fields([
            ("description", resolved.description.map(|text| quote!(#text))),
            ("required", yes(schema.required.contains(name))),
            ("nullable", yes(resolved.nullable)),
            ("deprecated", yes(resolved.deprecated)),
            ("min_length", resolved.min_length.map(|length| quote!(#length))),
            ("minimum", minimum.map(some)),
            ("maximum", maximum.map(some)),
        ]);
        quote!(Field { name: #name, kind: #kind, #rest ..Field::PLAIN })
    });
    quote! {
        pub(super) static #ident: Schema = Schema {
            name: #name,
            description: #description,
            id_field: #key,
            requires: &[#(#sets),*],
            fields: &[#(#fields),*],
        };
    }
}

/// The smallest and the largest value of a number. Those of 32 bits have the bounds of the format, since the service cannot
/// read any other.
fn bounds(schema: &Schema) -> (Option<i64>, Option<i64>) {
    let of_format = |bound: i32| (schema.format.as_deref() == Some("int32")).then_some(i64::from(bound));
    (
        schema.minimum.or(of_format(i32::MIN)),
        schema.maximum.or(of_format(i32::MAX)),
    )
}

/// The `Kind` of a schema, by its type first and its format second. Text of an unknown format is text.
fn kind(spec: &Spec, schema: &Schema) -> TokenStream {
    let (name, resolved) = spec.resolve(schema);
    match (resolved.kind.as_deref(), resolved.format.as_deref(), name) {
        (Some("string"), _, Some(name)) if resolved.open_enum => {
            let values = &resolved.values;
            quote!(Kind::Enum { name: #name, values: &[#(#values),*] })
        }
        (Some("object"), _, Some(name)) => {
            let ident = static_name(&name);
            quote!(Kind::Object(&schemas::#ident))
        }
        (Some("object"), ..) => match resolved.additional_properties {
            Some(values) => {
                let values = kind(spec, &values);
                quote!(Kind::Map(&#values))
            }
            None => quote!(Kind::Any),
        },
        (Some("array"), ..) => {
            let items = resolved.items.as_deref().map(|items| kind(spec, items));
            let items = items.unwrap_or(quote!(Kind::Any));
            quote!(Kind::Array(&#items))
        }
        (Some("integer"), ..) => quote!(Kind::Integer),
        (Some("number"), ..) => quote!(Kind::Number),
        (Some("boolean"), ..) => quote!(Kind::Boolean),
        (_, Some("date-time"), _) => quote!(Kind::Timestamp),
        (_, Some("account-time"), _) => quote!(Kind::AccountTime),
        (_, Some("date"), _) => quote!(Kind::Date),
        (_, Some("uuid"), _) => quote!(Kind::Uuid),
        (_, Some("action-id"), _) => quote!(Kind::ActionId),
        _ => quote!(Kind::Text),
    }
}

/// The name of the static of a schema.
fn static_name(schema: &str) -> proc_macro2::Ident {
    format_ident!("{}", schema.to_shouty_snake_case())
}

/// The fields of a literal that differ from `PLAIN`. Most fields have the value of `PLAIN`, so leaving
/// them out keeps the generated file short.
fn non_default_fields<const N: usize>(fields: [(&str, Option<TokenStream>); N]) -> TokenStream {
    fields
        .into_iter()
        .filter_map(|(name, value)| {
            let (name, value) = (format_ident!("{name}"), value?);
            Some(quote!(#name: #value,))
        })
        .collect()
}

fn some(value: i64) -> TokenStream {
    quote!(Some(#value))
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}
