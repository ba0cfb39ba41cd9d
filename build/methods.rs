//! Reads the signatures of progenitor's methods, one for each operation: the arguments with their types, and the type of the
//! answer.
//!
//! The bodies of the methods are discarded. The pipeline in `src/` sends requests and decodes answers. progenitor's code copies
//! the answer, loses its headers and body if it cannot be decoded, and takes a quarter of the build time.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    File, FnArg, GenericArgument, ImplItem, Item, Pat, PathArguments, ReturnType, Signature, Type,
    parse_quote,
};

use super::{
    model::Parameter,
    spec::{Operation, SpecError},
    types,
};

/// The signatures of progenitor's methods, by operation.
pub struct Methods(HashMap<String, Method>);

/// The signature of a method.
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
    /// Whether it is optional, and so has a setter in place of an argument.
    pub optional: bool,
}

impl Methods {
    /// Reads the signatures back.
    ///
    /// # Errors
    ///
    /// A method has a parameter or an answer in a form that is not expected here, which can happen
    /// after an update of progenitor.
    pub fn read(client: &File) -> Result<Self, SpecError> {
        let mut methods = HashMap::new();
        for item in &client.items {
            let Item::Impl(block) = item else { continue };
            for item in &block.items {
                if let ImplItem::Fn(function) = item
                    && function.sig.asyncness.is_some()
                {
                    let name = function.sig.ident.to_string();
                    let method = Method::read(&function.sig).ok_or_else(|| {
                        SpecError::without_line(format!("cannot read the signature of progenitor's method `{name}`: it has an unexpected form"))
                    })?;
                    methods.insert(name, method);
                }
            }
        }
        Ok(Methods(methods))
    }

    /// The method of an operation.
    pub fn of(&self, operation: &Operation) -> Result<&Method, SpecError> {
        self.0.get(operation.id()).ok_or_else(|| {
            SpecError::without_line(format!(
                "cannot generate the call `{}`: progenitor generated no method for it",
                operation.id()
            ))
        })
    }
}

impl Method {
    /// The arguments in the order of progenitor's method: path parameters, query parameters, body.
    pub fn arguments(&self) -> &[Argument] {
        &self.arguments
    }

    /// The arguments in the order in which they are added to the request: that of the description, so that a call by name sends
    /// the same request. The body is last.
    pub fn in_order_of_description(&self, operation: &Operation) -> Vec<&Argument> {
        let place = |argument: &&Argument| {
            let mut parameters = operation.parameters.iter();
            let place = parameters.position(|parameter| argument.is(parameter));
            place.unwrap_or(usize::MAX)
        };
        let mut arguments: Vec<_> = self.arguments.iter().collect();
        arguments.sort_by_key(place);
        arguments
    }

    /// The type of the answer, with an absolute path.
    pub fn output(&self) -> &Type {
        &self.output
    }

    /// None if the signature has an unexpected form.
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
    pub fn field_type(&self) -> TokenStream {
        let ty = &self.ty;
        if self.optional {
            quote!(Option<#ty>)
        } else {
            quote!(#ty)
        }
    }

    /// The method call on the `RequestBuilder` that adds the argument to the request.
    pub fn request_setter(&self, operation: &Operation) -> TokenStream {
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

    /// Its type as a parameter of the generated method.
    pub fn parameter_type(&self) -> TokenStream {
        let ty = &self.ty;
        if self.converts() {
            quote!(impl Into<#ty>)
        } else {
            quote!(#ty)
        }
    }

    /// The conversion that belongs to [`parameter_type`](Argument::parameter_type).
    pub fn conversion(&self) -> Option<TokenStream> {
        self.converts().then(|| quote!(.into()))
    }

    /// Whether the parameter is `impl Into<..>`. Text and enums are. An object is not, so that the compiler can infer its type
    /// from `..Default::default()`.
    fn converts(&self) -> bool {
        let object = self.name == "body" && types::last_segment(&self.ty).as_deref() != Some("Vec");
        types::converts(&self.ty) && !object
    }

    /// The parameter of the description; none for the body.
    pub fn parameter<'o>(&self, operation: &'o Operation) -> Option<&'o Parameter> {
        operation.parameters.iter().find(|parameter| self.is(parameter))
    }

    fn is(&self, parameter: &Parameter) -> bool {
        self.name == types::rust_name(&parameter.name)
    }
}

/// The owned form of the type of an argument.
///
/// A call owns its arguments, so that its future is `'static` and can be sent to a task. progenitor
/// borrows them.
fn owned(ty: &Type) -> Option<Type> {
    let Type::Reference(reference) = ty else {
        return Some(ty.clone());
    };
    match types::last_segment(&reference.elem).as_deref() {
        Some("str") => Some(parse_quote!(String)),
        _ => absolute(&reference.elem),
    }
}

/// Replaces `types::X` by `crate::types::X`, which is valid in every module.
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
