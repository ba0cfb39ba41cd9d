//! A call per example of the description, in Rust, for the tests: what they send is snapshotted, and what they get is
//! compared with the example of the answer. A new operation is tested without another line.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use serde_json::Value;

use crate::build::{
    examples::{bodies, examples},
    methods::Methods,
    spec::{Operation, Spec, SpecError},
};

/// A function `shapes` that returns one `Shape` per operation and request example. The file that includes it defines
/// `Shape`, `argument` and `encoded`.
pub fn generate(spec: &Spec, methods: &Methods) -> Result<TokenStream, SpecError> {
    let mut shapes = TokenStream::new();
    for operation in &spec.operations {
        let method = methods.of(operation)?;
        let (id, group, verb) = (
            operation.id(),
            format_ident!("{}", operation.group),
            format_ident!("{}", operation.verb),
        );
        let answers = answers(spec, operation)
            .into_iter()
            .map(|answer| answer.to_string());
        let answers = quote!(&[#(#answers),*]);
        for (example, body) in bodies(spec, operation) {
            let mut positional = Vec::new();
            let mut setters = Vec::new();
            for argument in method.arguments() {
                let json = match argument.parameter(operation) {
                    Some(parameter) => parameter.example.clone().unwrap_or_default(),
                    None => body.clone(),
                };
                let ty = outside(argument.ty.to_token_stream());
                let json = json.to_string();
                let value = quote!(argument::<#ty>(#json));
                let name = &argument.name;
                match argument.optional {
                    true => setters.push(quote!(.#name(#value))),
                    false => positional.push(value),
                }
            }
            shapes.extend(quote! {
                Shape {
                    operation: #id,
                    example: #example,
                    answers: #answers,
                    call: |client| {
                        Box::pin(async move {
                            let call = client.#group().#verb(#(#positional),*) #(#setters)*;
                            Ok(encoded(&call.await?))
                        })
                    },
                },
            });
        }
    }
    Ok(quote! {
        #[doc = " A call for each request example, in the order of the description."]
            pub fn shapes() -> Vec<Shape> {
            Vec::from([#shapes])
        }
    })
}

/// The answers of all documented successes.
fn answers(spec: &Spec, operation: &Operation) -> Vec<Value> {
    operation
        .entry
        .responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'))
        .filter_map(|(_, response)| response.content.as_ref())
        .flat_map(|content| examples(spec, &content.json))
        .map(|(_, value)| value)
        .collect()
}

/// A type of this crate as others name it.
fn outside(ty: TokenStream) -> TokenStream {
    ty.into_iter()
        .map(|token| match token.to_string().as_str() {
            "crate" => format_ident!("atera").into_token_stream(),
            _ => token.into_token_stream(),
        })
        .collect()
}
