//! From the description to Rust: progenitor makes the types of the API and tells what each operation takes and gives; what
//! is here makes the calls of that. `build.rs` calls [`generate`], and so does the maintainer's `xtask`; the
//! crate `atera-testkit` uses parts of it.
//!
//! | module | is, or makes |
//! |---|---|
//! | `model` | the parts of OpenAPI that the description uses |
//! | `spec` | the description, read strictly, with the line of every node |
//! | `widen` | the copy of it that progenitor can digest |
//! | `table` | `OPERATIONS` and `SCHEMAS` |
//! | `types` | progenitor's types, finished: order, names, `new`, identities |
//! | `enums` | closed lists that keep values they do not know |
//! | `methods` | progenitor's methods: what each takes and gives |
//! | `builders` | the resource groups and their calls |
//! | `mocks` | a mock per operation, for the feature `mock` |
//! | `examples` | the examples of the description |
//! | `example_calls` | an example for each call, for rustdoc |
//! | `docs` | text of the description as rustdoc |

mod builders;
mod docs;
mod enums;
mod example_calls;
pub mod examples;
pub mod methods;
mod mocks;
pub mod model;
pub mod spec;
mod table;
pub mod types;
pub mod widen;

use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, InterfaceStyle, TypeImpl};
use quote::quote;
use schemars08::schema::{InstanceType, SchemaObject};
use syn::Item;

use spec::{Fault, Spec};

/// What is generated from a description.
pub struct Bindings {
    /// The records, bodies and closed lists.
    pub types: String,
    /// The tables: operations, groups, schemas.
    pub description: String,
    /// The groups with their calls, a module each, by name.
    pub groups: Vec<(String, String)>,
    /// The module that has all of these modules.
    pub group_index: String,
    /// The methods of the client that give the groups.
    pub accessors: String,
    spec: Spec,
    methods: methods::Methods,
}

impl Bindings {
    /// The files that the library is built from, each with its name.
    pub fn files(&self) -> Vec<(String, &str)> {
        let mut files = vec![
            ("types.rs".to_string(), &*self.types),
            ("description.rs".to_string(), &self.description),
            ("groups.rs".to_string(), &self.group_index),
            ("accessors.rs".to_string(), &self.accessors),
        ];
        let groups = self.groups.iter();
        files.extend(groups.map(|(name, code)| (format!("groups/{name}.rs"), &**code)));
        files
    }

    /// The mocks of the feature `mock`.
    ///
    /// # Errors
    ///
    /// The first mistake of the description.
    pub fn mocks(&self) -> Result<String, Fault> {
        format(mocks::generate(&self.spec, &self.methods)?)
    }
}

/// Generates the bindings of the description `source`.
///
/// # Errors
///
/// The first mistake of the description, with its line, its place and what is wrong.
pub fn generate(source: &str) -> Result<Bindings, Fault> {
    let spec = Spec::parse(source)?;
    let (methods, types) = progenitor_output(&spec)?;

    let types = types::finish(&spec, types)?;
    let enums = enums::generate(&spec);
    let groups = builders::generate(&spec, &methods)?;
    let modules = groups.modules.into_iter();
    Ok(Bindings {
        types: format(quote!(#types #enums))?,
        description: format(table::generate(&spec)?)?,
        groups: modules
            .map(|(name, code)| Ok((name, format(code)?)))
            .collect::<Result<_, Fault>>()?,
        group_index: builders::index(&spec),
        accessors: format(groups.accessors)?,
        spec,
        methods,
    })
}

/// What is read of progenitor's output: the signatures of its methods, and its types.
pub fn progenitor_output(spec: &Spec) -> Result<(methods::Methods, Vec<Item>), Fault> {
    let (client, types) = types::split(progenitor_client(spec)?)?;
    Ok((methods::Methods::read(&client)?, types))
}

/// progenitor's own output for the description.
fn progenitor_client(spec: &Spec) -> Result<TokenStream, Fault> {
    let display = || [TypeImpl::Display, TypeImpl::FromStr].into_iter();
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_derive("PartialEq");
    for (format, name) in [
        ("date-time", "crate::types::Timestamp"),
        ("account-time", "crate::types::AccountTime"),
        ("action-id", "crate::types::ActionId"),
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

/// The code as a person writes it.
pub fn format(code: TokenStream) -> Result<String, Fault> {
    let file = syn::parse2(code)
        .map_err(|error| Fault::whole(format!("the generated code is not Rust: {error}")))?;
    Ok(prettyplease::unparse(&file))
}
