//! progenitor's methods, one for each operation: which arguments it takes, of which types, and what it gives. Their bodies are
//! of no use here: sending and decoding are the business of the pipeline in `src/`, and progenitor's own code copies the
//! answer, loses its headers and its body where it cannot be decoded, and takes a quarter of the time to build.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    File, FnArg, GenericArgument, ImplItem, Item, Pat, PathArguments, ReturnType, Signature, Type,
    parse_quote,
};

use super::{
    model::Parameter,
    spec::{Fault, Operation},
    types,
};

/// The signatures of progenitor's methods, by operation.
pub struct Methods(HashMap<String, Method>);

/// What progenitor's method takes and gives.
pub struct Method {
    arguments: Vec<Argument>,
    output: Type,
}

/// An argument of a method, and so a field of the call.
pub struct Argument {
    /// Its Rust name.
    pub name: Ident,
    /// The owned type, without `Option`.
    pub ty: Type,
    /// Whether it is set rather than given.
    pub optional: bool,
}

impl Methods {
    /// Reads the signatures back.
    pub fn read(client: &File) -> Result<Self, Fault> {
        let mut methods = HashMap::new();
        for item in &client.items {
            let Item::Impl(block) = item else { continue };
            for item in &block.items {
                if let ImplItem::Fn(function) = item
                    && function.sig.asyncness.is_some()
                {
                    let name = function.sig.ident.to_string();
                    let method = Method::read(&function.sig).ok_or_else(|| {
                        Fault::whole(format!("the signature of `{name}` is not understood"))
                    })?;
                    methods.insert(name, method);
                }
            }
        }
        Ok(Methods(methods))
    }

    /// The method of an operation.
    pub fn of(&self, operation: &Operation) -> Result<&Method, Fault> {
        self.0
            .get(operation.id())
            .ok_or_else(|| Fault::whole(format!("progenitor made no method `{}`", operation.id())))
    }
}

impl Method {
    /// In the order of progenitor's method.
    pub fn arguments(&self) -> &[Argument] {
        &self.arguments
    }

    /// What it gives.
    pub fn output(&self) -> &Type {
        &self.output
    }

    fn read(signature: &Signature) -> Option<Self> {
        let mut arguments = Vec::new();
        for input in signature.inputs.iter().skip(1) {
            let FnArg::Typed(input) = input else { return None };
            let Pat::Ident(name) = &*input.pat else {
                return None;
            };
            let inner = generic(&input.ty, "Option");
            let ty = owned(inner.unwrap_or(&input.ty))?;
            arguments.push(Argument {
                name: name.ident.clone(),
                ty,
                optional: inner.is_some(),
            });
        }
        let ReturnType::Type(_, output) = &signature.output else {
            return None;
        };
        let output = absolute(generic(generic(output, "Result")?, "ResponseValue")?)?;
        Some(Method { arguments, output })
    }
}

impl Argument {
    /// Its type as a field of the call.
    pub fn field(&self) -> TokenStream {
        let ty = &self.ty;
        if self.optional {
            quote!(Option<#ty>)
        } else {
            quote!(#ty)
        }
    }

    /// What gives it to the request.
    pub fn give(&self, operation: &Operation) -> TokenStream {
        let field = &self.name;
        let Some(parameter) = self.parameter(operation) else {
            return quote!(.body(&self.#field));
        };
        let name = &parameter.name;
        match (parameter.location.as_str(), self.optional) {
            ("path", _) => quote!(.path(#name, &self.#field)),
            (_, true) => quote!(.query(#name, self.#field.as_ref())),
            (_, false) => quote!(.query(#name, Some(&self.#field))),
        }
    }

    /// Its type as an argument of ours.
    pub fn taken(&self) -> TokenStream {
        let ty = &self.ty;
        if self.converts() {
            quote!(impl Into<#ty>)
        } else {
            quote!(#ty)
        }
    }

    pub fn convert(&self) -> Option<TokenStream> {
        self.converts().then(|| quote!(.into()))
    }

    /// Text and closed lists are taken from whatever turns into them; an object only as itself, so that `..` and
    /// `Default::default()` know its type.
    fn converts(&self) -> bool {
        let object = self.name == "body" && types::last_segment(&self.ty).as_deref() != Some("Vec");
        types::converts(&self.ty) && !object
    }

    /// The parameter that it stands for; `None` for the body.
    pub fn parameter<'o>(&self, operation: &'o Operation) -> Option<&'o Parameter> {
        operation
            .parameters
            .iter()
            .find(|parameter| self.name == types::rust_name(&parameter.name))
    }
}

/// The owned form of the type of an argument.
fn owned(ty: &Type) -> Option<Type> {
    let Type::Reference(reference) = ty else {
        return Some(ty.clone());
    };
    match types::last_segment(&reference.elem).as_deref() {
        Some("str") => Some(parse_quote!(String)),
        _ => absolute(&reference.elem),
    }
}

/// The type with `types::X` as `crate::types::X`, so that it can be named anywhere.
fn absolute(ty: &Type) -> Option<Type> {
    let mut out = TokenStream::new();
    let mut before = None;
    for token in ty.to_token_stream() {
        if token.to_string() == "types" && before.as_deref() != Some(":") {
            out.extend(quote!(crate::));
        }
        before = Some(token.to_string());
        out.extend([token]);
    }
    syn::parse2(out).ok()
}

/// The first type argument of the named generic type.
pub fn generic<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path
        .path
        .segments
        .last()
        .filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
