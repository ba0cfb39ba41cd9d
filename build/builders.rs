//! The resource groups and a call per operation. Which arguments a call takes, of which types, and what it gives is read
//! from the signatures of progenitor's methods.

use std::fmt::Write as _;

use heck::ToPascalCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use super::{
    docs, example_calls,
    methods::{Method, Methods, generic},
    model::{Parameter, Source},
    spec::{Fault, Operation, Spec},
};

/// The resource groups.
pub struct Groups {
    /// A module for each, by its name.
    pub modules: Vec<(String, TokenStream)>,
    /// The methods of the client that give them.
    pub accessors: TokenStream,
}

/// All groups.
pub fn generate(spec: &Spec, methods: &Methods) -> Result<Groups, Fault> {
    let mut modules = Vec::new();
    let mut accessors = TokenStream::new();
    for tag in &spec.document.tags {
        let module = format_ident!("{}", tag.name);
        let group = format_ident!("{}", tag.name.to_pascal_case());
        let doc = docs::attribute(spec, &tag.description);
        let mut starts = TokenStream::new();
        let mut calls = TokenStream::new();
        for (index, operation) in spec.operations.iter().enumerate() {
            if operation.group == tag.name {
                let method = methods.of(operation)?;
                starts.extend(start(spec, operation, method)?);
                calls.extend(call(spec, operation, method, index));
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

                #starts
            }

            #calls
        };
        modules.push((tag.name.clone(), code));
        accessors.extend(quote! {
            #doc
            pub fn #module(&self) -> crate::api::#module::#group {
                crate::api::#module::#group::new(self.context.clone())
            }
        });
    }
    let accessors = quote!(impl Client { #accessors });
    Ok(Groups { modules, accessors })
}

/// The module that includes the files of the groups.
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

/// The method of the group that begins a call.
fn start(spec: &Spec, operation: &Operation, method: &Method) -> Result<TokenStream, Fault> {
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
            return Err(Fault::whole(format!(
                "{}: `{name}` is not a parameter of the description",
                operation.id()
            )));
        }
        if argument.optional {
            fields.push(quote!(#name: None));
        } else {
            let ty = argument.taken();
            let convert = argument.convert();
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
        pub fn #name(&self, #(#arguments),*) -> #call {
            #call { context: self.context.clone(), #options #(#fields),* }
        }
    })
}

/// The type of a call with its setters and what sends it.
fn call(spec: &Spec, operation: &Operation, method: &Method, index: usize) -> TokenStream {
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
        let (name, ty) = (&argument.name, argument.field());
        quote!(#name: #ty)
    });
    let setters = method
        .arguments()
        .iter()
        .filter(|argument| argument.optional)
        .map(|argument| {
            let name = &argument.name;
            let ty = argument.taken();
            let convert = argument.convert();
            let text = argument
                .parameter(operation)
                .map(|parameter| parameter_text(spec, parameter));
            let doc = docs::attribute(spec, &text.unwrap_or_default());
            quote! {
                #doc
                pub fn #name(mut self, #name: #ty) -> Self {
                    self.#name = Some(#name #convert);
                    self
                }
            }
        });
    let given = method.arguments().iter().map(|argument| argument.give(operation));
    let listed = operation.record.as_ref().map(|record| {
        let record = format_ident!("{record}");
        let other = method
            .arguments()
            .iter()
            .filter(|argument| {
                argument.optional && argument.name != "page" && argument.name != "items_in_page"
            })
            .map(|argument| &argument.name);
        let keyed = operation.keyed;
        let with_ids = keyed.then(|| quote!(, with_ids));
        let (record_name, key) = match keyed {
            true => (quote!(record), quote!(crate::Record::id(record))),
            false => (quote!(_), quote!(None)),
        };
        quote! {
            crate::api::list::list_call!(#name, crate::types::#record #with_ids);

            impl crate::api::typed_list::TypedList for #name {
                type Record = crate::types::#record;
                const HAS_IDS: bool = #keyed;
                fn id(#record_name: &Self::Record) -> Option<crate::RecordId> {
                    #key
                }
                fn is_filtered(&self) -> bool {
                    false #(|| self.#other.is_some())*
                }
                fn options(&mut self) -> &mut crate::page::Options {
                    &mut self.options
                }
                fn requested_page(&self) -> (Option<i32>, Option<i32>) {
                    (self.page, self.items_in_page)
                }
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
            pub async fn send(self) -> crate::Result<crate::Response<#output>> {
                crate::api::call::send(self).await
            }

            #[doc = " Sends the call; the answer's body comes as the service sent it, undecoded."]
            #[doc = ""]
            #[doc = " # Errors"]
            #[doc = ""]
            #[doc = " See [`ErrorKind`](crate::ErrorKind), except `Decode`."]
            pub async fn send_undecoded(self) -> crate::Result<crate::Response<bytes::Bytes>> {
                crate::api::call::send_undecoded(self).await
            }
        }

        impl crate::api::call::TypedCall for #name {
            type Output = #output;
            const OPERATION: &'static crate::description::Operation = &crate::description::OPERATIONS[#index];
            fn context(&self) -> &crate::pipeline::context::Context {
                &self.context
            }

            fn context_mut(&mut self) -> &mut crate::pipeline::context::Context {
                &mut self.context
            }

            fn into_context(self) -> crate::pipeline::context::Context {
                self.context
            }

            fn arguments<'a>(&self, request: crate::api::request::RequestBuilder<'a>) -> crate::api::request::RequestBuilder<'a> {
                request #(#given)*
            }
            #record_checks
        }

        impl IntoFuture for #name {
            type Output = crate::Result<#output>;
            type IntoFuture = crate::CallFuture<#output>;
            // What it takes to send the call and decode its answer is compiled where the call is made, not for every
            // operation here.
            #[inline]
            fn into_future(self) -> Self::IntoFuture {
                crate::api::call::value(self)
            }
        }

        #listed
    }
}

/// How the records of an answer are looked at: whether they have their identity, and whether they fit.
fn record_checks(operation: &Operation, output: &Type) -> Option<TokenStream> {
    let media = operation.answer.as_ref()?;
    let element = generic(output, "Vec");
    let missing_id = operation.keyed.then(|| {
        let records = match (media.schema.reference.is_some(), operation.record.is_some()) {
            (true, true) => quote!(&output.items),
            (true, false) => quote!(std::slice::from_ref(output)),
            (false, _) => quote!(output),
        };
        quote! {
            fn missing_id(output: &Self::Output) -> Option<&'static str> {
                crate::types::missing_id(#records)
            }
        }
    });
    let decode_error = match (operation.record.is_some(), element) {
        (true, _) => quote!(crate::api::typed_list::page_decode_error::<Self>(answer)),
        (false, Some(element)) if operation.keyed => {
            quote!(crate::api::call::array_decode_error::<#element>(answer))
        }
        (false, _) => return missing_id,
    };
    Some(quote! {
        #missing_id
        fn decode_error(answer: &crate::pipeline::response::Answer) -> Option<crate::Error> {
            #decode_error
        }
    })
}

/// What a parameter means, which values it may have, and what happens without it.
fn parameter_text(spec: &Spec, parameter: &Parameter) -> String {
    let (_, schema) = spec.flat(&parameter.schema);
    let mut text = parameter.description.trim().to_string();
    let bounds = match (schema.minimum, schema.maximum) {
        (Some(minimum), Some(maximum)) => format!("{minimum} to {maximum}"),
        (Some(minimum), None) => format!("{minimum} or more"),
        (None, Some(maximum)) => format!("{maximum} at most"),
        (None, None) => String::new(),
    };
    let default = schema
        .default
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
