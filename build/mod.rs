//! From the description to Rust: progenitor makes the private layer, and what is here makes the rest of the
//! bindings around it. `build.rs` calls [`generate`], and so does the maintainer's `xtask`.
//!
//! | module | is, or makes |
//! |---|---|
//! | `model` | the parts of OpenAPI that the description uses |
//! | `spec` | the description, read strictly, with the line of every node |
//! | `widen` | the copy of it that progenitor can digest |
//! | `table` | `OPERATIONS` and `SCHEMAS` |
//! | `types` | progenitor's types, finished: order, names, `new`, identities |
//! | `enums` | closed lists that keep values they do not know |
//! | `requests` | progenitor's methods, reduced to the making of requests |
//! | `builders` | the resource groups and their calls |
//! | `mocks` | a mock per operation, for the feature `mock` |
//! | `plain` | progenitor's own client for two operations, for the benchmarks |
//! | `shapes` | a call per example of the description, for the tests |
//! | `docs` | text of the description as rustdoc |

mod builders;
mod docs;
mod enums;
mod mocks;
pub mod model;
mod plain;
mod requests;
mod shapes;
pub mod spec;
mod table;
pub mod types;
mod widen;

use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, InterfaceStyle, TypeImpl};
use quote::quote;
use schemars08::schema::{InstanceType, SchemaObject};

use spec::{Fault, Spec};

/// What is generated from a description.
pub struct Bindings {
    /// The client: types, groups, calls, tables.
    pub client: String,
    /// The mocks of the feature `mock`.
    pub mocks: String,
    /// progenitor's own client for two operations, which the benchmarks compare with.
    pub plain_client: String,
    /// A call per example, which the tests send.
    pub request_shapes: String,
}

impl Bindings {
    /// The files to write, each with its name.
    pub fn files(&self) -> [(&'static str, &str); 4] {
        [
            ("client.rs", &self.client),
            ("mocks.rs", &self.mocks),
            ("plain_client.rs", &self.plain_client),
            ("request_shapes.rs", &self.request_shapes),
        ]
    }
}

/// Generates the bindings of the description `source`.
///
/// # Errors
///
/// The first mistake of the description, with its line, its place and what is wrong.
pub fn generate(source: &str) -> Result<Bindings, Fault> {
    let spec = Spec::parse(source)?;
    let raw = raw_client(&spec)?;
    let (raw, raw_types) = types::split(raw)?;
    let methods = builders::Methods::read(&raw)?;
    let requests = requests::generate(&raw)?;

    let types = types::finish(&spec, raw_types)?;
    let enums = enums::generate(&spec);
    let table = table::generate(&spec)?;
    let groups = builders::generate(&spec, &methods)?;
    let client = quote! {
        #[doc = "The records, bodies and closed lists of the API."]
        pub mod types {
            #types
            #enums
        }
        #table
        #groups
        #[doc = "What makes the requests, by progenitor."]
        mod requests {
            use super::types;
            use crate::operation::encode_path;
            #requests
        }
    };
    Ok(Bindings {
        client: format(client)?,
        mocks: format(mocks::generate(&spec, &methods)?)?,
        plain_client: format(plain::generate(widen::for_progenitor(&spec))?)?,
        request_shapes: format(shapes::generate(&spec, &methods)?)?,
    })
}

/// progenitor's own output for the description.
fn raw_client(spec: &Spec) -> Result<TokenStream, Fault> {
    let display = || [TypeImpl::Display, TypeImpl::FromStr].into_iter();
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_derive("PartialEq");
    for (format, name) in [
        ("date-time", "crate::Timestamp"),
        ("account-time", "crate::AccountTime"),
        ("action-id", "crate::ActionId"),
    ] {
        let schema = SchemaObject {
            instance_type: Some(InstanceType::String.into()),
            format: Some(format.into()),
            ..SchemaObject::default()
        };
        settings.with_conversion(schema, name, display());
    }
    for name in spec.open_enums() {
        settings.with_replacement(name, format!("crate::types::{name}"), display());
    }
    for (name, record) in spec.pages() {
        settings.with_replacement(
            name,
            format!("crate::Page<crate::types::{record}>"),
            [].into_iter(),
        );
    }
    Generator::new(&settings)
        .generate_tokens(&widen::document(widen::for_progenitor(spec))?)
        .map_err(|error| Fault::whole(format!("progenitor refuses the description: {error}")))
}

fn format(code: TokenStream) -> Result<String, Fault> {
    let file = syn::parse2(code)
        .map_err(|error| Fault::whole(format!("the generated code is not Rust: {error}")))?;
    Ok(prettyplease::unparse(&file))
}
