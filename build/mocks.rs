//! Generates a mock for `httpmock` for each operation: a type with its request matchers, and a method of `Mocks` that sets it
//! up.
//!
//! progenitor can generate mocks too, but they do not fit: its patterns match a request for `/tickets/lastmodified` as one for
//! a ticket, put values into regular expressions without escaping, and do not support pages. The mocks here find the
//! operation of a request with the same routing table as the sandbox.

use heck::ToPascalCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{
    docs,
    methods::{Argument, Method, Methods},
    model::Parameter,
    spec::{Operation, Spec, SpecError},
    types,
};

/// The module `when` and the trait `Mocks`.
pub fn generate(spec: &Spec, methods: &Methods) -> Result<TokenStream, SpecError> {
    let mut matcher_types = TokenStream::new();
    let mut declared = TokenStream::new();
    let mut defined = TokenStream::new();
    for operation in &spec.operations {
        let method = methods.of(operation)?;
        matcher_types.extend(matcher_type(operation, method));
        let signature = signature(operation, method);
        let id = operation.id();
        let doc = docs::markup(&format!("Mocks `{id}`: {}.", operation.entry.summary));
        declared.extend(quote!(#doc #signature;));
        defined.extend(quote! {
            #signature {
                self.mock(|when, then| configure(super::RequestMatcher::of(#id, when).into(), super::Answer::new(then)))
            }
        });
    }
    Ok(quote! {
        #[doc = " A type for each operation, which matches its requests by their parameters and bodies."]
        pub mod when {
            #matcher_types
        }

        #[doc = " A method per operation, for [`MockServer`](httpmock::MockServer)."]
        pub trait Mocks {
            #declared
        }

        impl Mocks for httpmock::MockServer {
            #defined
        }
    })
}

/// The method is the same in the trait and in its implementation.
fn signature(operation: &Operation, method: &Method) -> TokenStream {
    let name = format_ident!("{}", operation.id());
    let when = format_ident!("{}", operation.id().to_pascal_case());
    let output = method.output();
    quote! {
        fn #name(&self, configure: impl FnOnce(when::#when, super::Answer<#output>)) -> httpmock::Mock<'_>
    }
}

/// The type with the request matchers of an operation, one for each parameter and two for the body.
fn matcher_type(operation: &Operation, method: &Method) -> TokenStream {
    let name = format_ident!("{}", operation.id().to_pascal_case());
    let doc = docs::markup(&format!(
        "Requests of `{}`; see [`Mocks::{}`](super::Mocks::{}).",
        operation.id(),
        operation.id(),
        operation.id()
    ));
    let matchers = method
        .arguments()
        .iter()
        .map(|argument| match argument.parameter(operation) {
            Some(parameter) => self::parameter(argument, parameter),
            None => body(argument),
        });
    quote! {
        #doc
        #[derive(Debug)]
        pub struct #name(super::super::RequestMatcher);

        impl From<super::super::RequestMatcher> for #name {
            fn from(asked: super::super::RequestMatcher) -> Self {
                #name(asked)
            }
        }

        impl #name {
            #(#matchers)*

            #[doc = " The matchers of httpmock itself."]
            pub fn into_inner(self) -> httpmock::When {
                self.0.into_inner()
            }
        }
    }
}

/// A path parameter matches a value. A query parameter matches a value or its absence.
fn parameter(argument: &Argument, parameter: &Parameter) -> TokenStream {
    let (name, wire) = (&argument.name, &parameter.name);
    let text = types::last_segment(&argument.ty).as_deref() == Some("String");
    let ty = &argument.ty;
    if parameter.location == "path" {
        let doc = docs::markup(&format!("Matches only requests with this `{wire}`."));
        let (taken, value) = match text {
            true => (quote!(impl AsRef<str>), quote!(value.as_ref().to_string())),
            false => (quote!(#ty), quote!(value.to_string())),
        };
        return quote! {
            #doc
            pub fn #name(self, value: #taken) -> Self {
                Self(self.0.path(#wire, #value))
            }
        };
    }
    let doc = docs::markup(&format!(
        "Matches only requests with this `{wire}`, or with `None` only those without it."
    ));
    let (lifetime, ty) = match text {
        true => (Some(quote!(<'a>)), quote!(&'a str)),
        false => (None, quote!(#ty)),
    };
    quote! {
        #doc
        pub fn #name #lifetime (self, value: impl Into<Option<#ty>>) -> Self {
            Self(self.0.query(#wire, value.into().map(|value| value.to_string())))
        }
    }
}

/// Two matchers: one for the whole body, and one for some of its fields.
fn body(argument: &Argument) -> TokenStream {
    let ty = &argument.ty;
    quote! {
        #[doc = " Matches only requests with this body."]
        pub fn body(self, value: &#ty) -> Self {
            Self(self.0.body(value))
        }

        #[doc = " Matches only requests whose body has these fields, and possibly others: `{\"TicketStatus\": \"Open\"}`."]
        pub fn body_includes(self, fields: serde_json::Value) -> Self {
            Self(self.0.body_includes(&fields))
        }
    }
}
