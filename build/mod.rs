//! Generates Rust from the description. progenitor generates the types of the API and a method for each operation. The
//! code here finishes the types, and generates the calls from the signatures of the methods. `build.rs` and `xtask` call
//! [`generate`]; the crate `atera-testkit` uses parts of it.
//!
//! | module | contains or generates |
//! |---|---|
//! | `model` | the parts of OpenAPI that the description uses |
//! | `spec` | the description, read strictly, with the line of every node |
//! | `widen` | the copy of it that progenitor accepts |
//! | `table` | `OPERATIONS` and `SCHEMAS` |
//! | `types` | progenitor's types, finished: order, names, `new`, ids |
//! | `fields` | the names of fields, and how types with only optional fields are read and written |
//! | `enums` | closed lists that keep values they do not know |
//! | `methods` | the signatures of progenitor's methods |
//! | `builders` | the resource groups and their calls |
//! | `mocks` | a mock per operation, for the feature `mock` |
//! | `examples` | the examples of the description |
//! | `example_calls` | an example for each call, for rustdoc |
//! | `docs` | text of the description as rustdoc |
//!
//! The steps, in their order: `spec` reads and checks the description, `widen` simplifies a copy of it,
//! progenitor generates from that copy, `methods` and `types` read its output, and the other modules
//! generate the rest from both.
//!
//! The generated code has absolute paths (`crate::..`), since the files are included in different
//! modules of `src/`. The same description always gives the same code, byte by byte, so a build can be
//! reproduced.

mod builders;
mod docs;
mod enums;
mod example_calls;
pub mod examples;
pub mod fields;
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

use spec::{Spec, SpecError};

/// What is generated from a description.
///
/// The code is formatted, so that compiler errors and `cargo xtask generate` show lines that a person
/// can read. Groups have a file each, because a single file with all calls would be too long to read.
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
    /// Kept for [`mocks`](Bindings::mocks), which only some builds need.
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
    /// The first mistake that is found in the description.
    pub fn mocks(&self) -> Result<String, SpecError> {
        format(mocks::generate(&self.spec, &self.methods)?)
    }
}

/// Generates the bindings of the description `source`.
///
/// # Errors
///
/// The first mistake of the description, with its line, its place and what is wrong.
pub fn generate(source: &str) -> Result<Bindings, SpecError> {
    let spec = Spec::parse(source)?;
    let (methods, types) = progenitor_output(&spec)?;

    let types = types::finish(&spec, types)?;
    let enums = enums::generate(&spec);
    let groups = builders::generate(&spec, &methods)?;
    let modules = groups.modules.into_iter();
    Ok(Bindings {
        types: format(quote!(#types #enums))?,
        description: format(table::generate(&spec))?,
        groups: modules
            .map(|(name, code)| Ok((name, format(code)?)))
            .collect::<Result<_, SpecError>>()?,
        group_index: builders::index(&spec),
        accessors: format(groups.accessors)?,
        spec,
        methods,
    })
}

/// What is read of progenitor's output: the signatures of its methods, and its types.
///
/// The bodies of the methods are discarded. `methods` says why.
///
/// # Errors
///
/// progenitor rejects the description, or its output has a form that is not expected here. Both can
/// happen after an update of progenitor, so its version is pinned in `Cargo.toml`.
pub fn progenitor_output(spec: &Spec) -> Result<(methods::Methods, Vec<Item>), SpecError> {
    let (client, types) = types::split(progenitor_client(spec)?)?;
    Ok((methods::Methods::read(&client)?, types))
}

/// progenitor's own output for the description.
///
/// Three formats have types of `src/types/` in place of those that progenitor would choose. Enums and
/// pages are replaced as well: enums are generated by `enums`, and all pages are one generic type.
fn progenitor_client(spec: &Spec) -> Result<TokenStream, SpecError> {
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
        .map_err(|error| {
            SpecError::without_line(format!(
                "cannot generate the client: progenitor rejects the description: {error}"
            ))
        })
}

/// Formats code.
///
/// # Errors
///
/// The code is not a valid Rust file, which is a mistake in the code generator.
pub fn format(code: TokenStream) -> Result<String, SpecError> {
    let file = syn::parse2(code).map_err(|error| {
        SpecError::without_line(format!(
            "cannot format the generated code: it is not Rust: {error}"
        ))
    })?;
    Ok(prettyplease::unparse(&file))
}
