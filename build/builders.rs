//! Generates the resource groups, and a call type for each operation. The arguments and answers come from the signatures of
//! progenitor's methods.
//!
//! A group has a method for each operation, which takes the required arguments and returns a call. A
//! call is a struct with a field for each argument and a setter for each optional one. It implements
//! `IntoFuture`, so `.await` sends it. Lists also implement `TypedList` and expand `list_call!`, which
//! adds `stream()`, `pages()` and the other methods of lists.
//!
//! Calls have little code of their own. Everything that does not depend on the operation is in
//! `src/api/`, where it is written by hand and compiled once.

use std::fmt::Write as _;

use heck::ToPascalCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use super::{
    docs, example_calls,
    methods::{Method, Methods, generic},
    model::{Parameter, Source},
    spec::{Operation, Spec, SpecError},
};

/// The resource groups.
pub struct Groups {
    /// The code of the module of each group, by name.
    pub modules: Vec<(String, TokenStream)>,
    /// The methods of `Client` that return the groups.
    pub accessors: TokenStream,
}

/// All groups. Every function is `#[inline]`, so that it is compiled where it is used: the code that decodes the answers of
/// 153 operations takes half of the build time of the library, and a program uses a few of them.
///
/// # Errors
///
/// progenitor's output lacks a method, or has an argument that the description does not have.
pub fn generate(spec: &Spec, methods: &Methods) -> Result<Groups, SpecError> {
    let mut modules = Vec::new();
    let mut accessors = TokenStream::new();
    for tag in &spec.document.tags {
        let module = format_ident!("{}", tag.name);
        let group = format_ident!("{}", tag.name.to_pascal_case());
        let doc = docs::attribute(spec, &tag.description);
        let mut group_methods = TokenStream::new();
        let mut call_types = TokenStream::new();
        for (index, operation) in spec.operations.iter().enumerate() {
            if operation.group == tag.name {
                let method = methods.of(operation)?;
                group_methods.extend(group_method(spec, operation, method)?);
                call_types.extend(call_type(spec, operation, method, index));
            }
        }
        let code = quote! {
            #doc
            #[derive(Clone, Debug)]
            pub struct #group {
                context: crate::pipeline::context::Context,
            }

            impl #group {
                pub(crate) fn new(context: crate::pipeline::context::Context) -> Self {
                    #group { context }
                }

                #group_methods
            }

            #call_types
        };
        modules.push((tag.name.clone(), code));
        accessors.extend(quote! {
            #doc
            #[inline]
            pub fn #module(&self) -> crate::api::#module::#group {
                crate::api::#module::#group::new(self.context.clone())
            }
        });
    }
    let accessors = quote!(impl Client { #accessors });
    Ok(Groups { modules, accessors })
}

/// The file that declares a module for each group, which includes the file of the group.
pub fn index(spec: &Spec) -> String {
    let mut code = String::new();
    for tag in &spec.document.tags {
        let doc = docs::attribute(spec, &tag.description);
        let name = &tag.name;
        // Writing to a String cannot fail.
        let _ = write!(
            code,
            "{doc}\npub mod {name} {{\n    include!(concat!(env!(\"OUT_DIR\"), \"/groups/{name}.rs\"));\n}}\n\n"
        );
    }
    code
}

/// The method of the group that returns a call, with the example and the required arguments.
fn group_method(spec: &Spec, operation: &Operation, method: &Method) -> Result<TokenStream, SpecError> {
    let name = format_ident!("{}", operation.verb);
    let call = format_ident!("{}", operation.verb.to_pascal_case());
    let example = example_calls::block(spec, operation, method);
    let doc = docs::attribute(spec, &operation_text(operation));
    let example = docs::markup(&format!("\n{example}"));
    let mut arguments = Vec::new();
    let mut fields = Vec::new();
    for argument in method.arguments() {
        let name = &argument.name;
        if argument.parameter(operation).is_none() && name != "body" {
            return Err(SpecError::without_line(format!(
                "cannot generate the call `{}`: the description has no parameter `{name}`",
                operation.id()
            )));
        }
        if argument.optional {
            fields.push(quote!(#name: None));
        } else {
            let ty = argument.parameter_type();
            let convert = argument.conversion();
            arguments.push(quote!(#name: #ty));
            fields.push(quote!(#name: #name #convert));
        }
    }
    let options = operation
        .record
        .as_ref()
        .map(|_| quote!(options: crate::page::Options::default(),));
    Ok(quote! {
        #doc
        #example
        #[inline]
        pub fn #name(&self, #(#arguments),*) -> #call {
            #call { context: self.context.clone(), #options #(#fields),* }
        }
    })
}

/// The type of a call, with its setters and the traits that send it. `index` is that of the operation in `OPERATIONS`.
fn call_type(spec: &Spec, operation: &Operation, method: &Method, index: usize) -> TokenStream {
    let name = format_ident!("{}", operation.verb.to_pascal_case());
    let output = method.output();
    let doc = docs::markup(&format!(
        "{}; made by [`{}`]({}::{}).",
        operation.entry.summary,
        operation.verb,
        operation.group.to_pascal_case(),
        operation.verb
    ));
    let fields = method.arguments().iter().map(|argument| {
        let (name, ty) = (&argument.name, argument.field_type());
        quote!(#name: #ty)
    });
    let setters = method
        .arguments()
        .iter()
        .filter(|argument| argument.optional)
        .map(|argument| {
            let name = &argument.name;
            let ty = argument.parameter_type();
            let convert = argument.conversion();
            let text = argument
                .parameter(operation)
                .map(|parameter| parameter_text(spec, parameter));
            let doc = docs::attribute(spec, &text.unwrap_or_default());
            quote! {
                #doc
                #[inline]
                pub fn #name(mut self, #name: #ty) -> Self {
                    self.#name = Some(#name #convert);
                    self
                }
            }
        });
    let in_order = method.in_order_of_description(operation);
    let request_setters = in_order.iter().map(|argument| argument.request_setter(operation));
    let listed = operation.record.as_ref().map(|record| {
        let record = format_ident!("{record}");
        let other = method
            .arguments()
            .iter()
            .filter(|argument| {
                argument.optional && argument.name != "page" && argument.name != "items_in_page"
            })
            .map(|argument| &argument.name);
        let has_ids = operation.has_ids;
        let with_ids = has_ids.then(|| quote!(, with_ids));
        let (record_name, key) = match has_ids {
            true => (quote!(record), quote!(crate::Record::id(record))),
            false => (quote!(_), quote!(None)),
        };
        quote! {
            crate::api::list::list_call!(#name, crate::types::#record #with_ids);

            impl crate::api::typed_list::TypedList for #name {
                type Record = crate::types::#record;
                const HAS_IDS: bool = #has_ids;
                #[inline]
                fn id(#record_name: &Self::Record) -> Option<crate::RecordId> {
                    #key
                }
                #[inline]
                fn is_filtered(&self) -> bool {
                    false #(|| self.#other.is_some())*
                }
                #[inline]
                fn options(&mut self) -> &mut crate::page::Options {
                    &mut self.options
                }
                #[inline]
                fn requested_page(&self) -> (Option<i32>, Option<i32>) {
                    (self.page, self.items_in_page)
                }
                #[inline]
                fn set_page(&mut self, page: i32, items_in_page: i32) {
                    (self.page, self.items_in_page) = (Some(page), Some(items_in_page));
                }
            }
        }
    });
    let record_checks = record_checks(operation, output);
    let options = operation
        .record
        .as_ref()
        .map(|_| quote!(options: crate::page::Options,));
    quote! {
        #doc
        #[derive(Clone, Debug)]
        #[must_use = "a call is sent when it is awaited"]
        pub struct #name {
            context: crate::pipeline::context::Context,
            #options
            #(#fields),*
        }

        impl #name {
            #(#setters)*

            #[doc = " Sends the call; the answer comes with its status and headers."]
            #[doc = ""]
            #[doc = " # Errors"]
            #[doc = ""]
            #[doc = " See [`ErrorKind`](crate::ErrorKind)."]
            #[inline]
            pub fn send(self) -> crate::CallFuture<crate::Response<#output>> {
                crate::api::call::send(self)
            }

            #[doc = " Sends the call; the answer's body comes as the service sent it, undecoded."]
            #[doc = ""]
            #[doc = " # Errors"]
            #[doc = ""]
            #[doc = " See [`ErrorKind`](crate::ErrorKind). Nothing is decoded, so `Decode` only means that the answer is empty"]
            #[doc = " although the operation returns JSON, or longer than [`body_limit`](crate::ClientBuilder::body_limit)."]
            #[inline]
            pub fn send_undecoded(self) -> crate::CallFuture<crate::Response<bytes::Bytes>> {
                crate::api::call::send_undecoded(self)
            }
        }

        impl crate::api::call::TypedCall for #name {
            type Output = #output;
            const OPERATION: &'static crate::description::Operation = &crate::description::OPERATIONS[#index];
            #[inline]
            fn context(&self) -> &crate::pipeline::context::Context {
                &self.context
            }

            #[inline]
            fn context_mut(&mut self) -> &mut crate::pipeline::context::Context {
                &mut self.context
            }

            #[inline]
            fn into_context(self) -> crate::pipeline::context::Context {
                self.context
            }

            #[inline]
            fn arguments<'a>(&self, request: crate::api::request::RequestBuilder<'a>) -> crate::api::request::RequestBuilder<'a> {
                request #(#request_setters)*
            }
            #record_checks
        }

        impl IntoFuture for #name {
            type Output = crate::Result<#output>;
            type IntoFuture = crate::CallFuture<#output>;
            // Inlined, so that the code that sends the call and decodes its answer is compiled only for operations that a
            // program uses.
            #[inline]
            fn into_future(self) -> Self::IntoFuture {
                crate::api::call::value(self)
            }
        }

        #listed
    }
}

/// The functions that check the records of an answer: whether each has its id, and which one does not fit the description.
///
/// An answer with one record and no id needs neither. For pages and arrays `decode_error` finds the record
/// that cannot be decoded, so that the error names it.
fn record_checks(operation: &Operation, output: &Type) -> Option<TokenStream> {
    let media = operation.answer.as_ref()?;
    let element = generic(output, "Vec");
    let missing_id = operation.has_ids.then(|| {
        let records = match (media.schema.reference.is_some(), operation.record.is_some()) {
            (true, true) => quote!(&output.items),
            (true, false) => quote!(std::slice::from_ref(output)),
            (false, _) => quote!(output),
        };
        quote! {
            #[inline]
            fn missing_id(output: &Self::Output) -> Option<&'static str> {
                crate::types::missing_id(#records)
            }
        }
    });
    let decode_error = match (operation.record.is_some(), element) {
        (true, _) => quote!(crate::api::typed_list::page_decode_error::<Self>(answer)),
        (false, Some(element)) if operation.has_ids => {
            quote!(crate::api::call::array_decode_error::<#element>(answer))
        }
        (false, _) => return missing_id,
    };
    Some(quote! {
        #missing_id
        #[inline]
        fn decode_error(answer: &crate::pipeline::response::Answer) -> Option<crate::Error> {
            #decode_error
        }
    })
}

/// The documentation of a parameter: its meaning, its bounds and its default.
fn parameter_text(spec: &Spec, parameter: &Parameter) -> String {
    let (_, schema) = spec.resolve(&parameter.schema);
    let mut text = parameter.description.trim().to_string();
    let bounds = match (schema.minimum, schema.maximum) {
        (Some(minimum), Some(maximum)) => format!("{minimum} to {maximum}"),
        (Some(minimum), None) => format!("{minimum} or more"),
        (None, Some(maximum)) => format!("{maximum} at most"),
        (None, None) => String::new(),
    };
    // Most descriptions say it in words.
    let default = schema
        .default
        .filter(|_| !text.contains("left out"))
        .map(|default| format!("{default} if it is not set"));
    let facts: Vec<_> = [Some(bounds), default]
        .into_iter()
        .flatten()
        .filter(|fact| !fact.is_empty())
        .collect();
    if !facts.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n\n{}.", facts.join("; "));
    }
    text
}

/// The documentation of an operation: summary, description, method and path, and the document that it
/// comes from.
fn operation_text(operation: &Operation) -> String {
    let entry = &operation.entry;
    let source = match entry.source {
        Source::Published => "in the published document",
        Source::Guide => "in the guide alone",
    };
    format!(
        "{}.\n\n{}\n\n`{} {}`, {source}.",
        entry.summary,
        entry.description,
        operation.method.key().to_uppercase(),
        operation.path
    )
}
