//! The parts of OpenAPI 3.0 that the description uses, as types.
//!
//! Every type has `deny_unknown_fields`, so a mistyped key is an error with its line and is never
//! ignored. Fields with an underscore are allowed in the file, but the build does not use them.
//!
//! The keys with `x-atera-` are our own extensions:
//!
//! | key | of | says |
//! |---|---|---|
//! | `x-atera-source` | an operation | which document it comes from |
//! | `x-atera-idempotent` | a POST | it may be sent twice |
//! | `x-atera-append` | a list | it is ordered by a growing id |
//! | `x-atera-cache` | a GET | its answer changes slowly, so the cache may keep it |
//! | `x-atera-open-enum` | an enum | it is generated with a variant `Other` |
//! | `x-atera-key` | an object | the property that identifies the record |
//! | `x-atera-name` | a property | its name in Rust, where the wire name makes a bad one |
//! | `x-atera-requires` | an object | sets of properties, one set of which a request has to have |

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// The root of the description.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The version of OpenAPI.
    #[serde(rename = "openapi")]
    _openapi: String,
    /// Title and version, which only readers of the file need.
    #[serde(rename = "info")]
    _info: Value,
    /// The first one is the address of the service.
    pub servers: Vec<Server>,
    /// How the key is sent. The client chooses the header by the form of the key.
    #[serde(rename = "security")]
    _security: Value,
    /// The groups, in the order in which they are shown.
    pub tags: Vec<Tag>,
    /// The operations, by path and method. The order is that of the file.
    pub paths: IndexMap<String, IndexMap<Verb, Entry>>,
    pub components: Components,
}

/// Where the service is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub url: String,
    #[serde(rename = "description")]
    _description: String,
}

/// A group of operations.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    pub name: String,
    pub description: String,
}

/// What is defined once and referred to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Components {
    #[serde(rename = "securitySchemes")]
    _security_schemes: Value,
    pub parameters: IndexMap<String, Parameter>,
    /// By status, or `default` for every failure.
    pub responses: IndexMap<String, Response>,
    pub schemas: IndexMap<String, Schema>,
}

/// An HTTP method.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Hash, Debug)]
// Decoded from text, because serde_path_to_error can only show text keys in a path.
#[serde(try_from = "String")]
pub enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

/// Which document an operation comes from.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The OpenAPI file that Atera publishes.
    Published,
    /// The guide, and not the published document.
    Guide,
}

/// An operation as it is written in the file, with unresolved references.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Entry {
    /// Exactly one, the group.
    pub tags: Vec<String>,
    /// Group and verb, as in `tickets_list`. Commands, mocks and snapshots have their names from it.
    pub operation_id: String,
    #[serde(rename = "x-atera-source")]
    pub source: Source,
    /// Only a POST says it. The other methods are idempotent by definition.
    #[serde(rename = "x-atera-idempotent", default)]
    pub idempotent: bool,
    /// New records have greater ids than all before, so a complete walk needs fewer sweeps.
    #[serde(rename = "x-atera-append", default)]
    pub append: bool,
    #[serde(rename = "x-atera-cache", default)]
    pub cache: bool,
    /// The line of the operation in the help of the command.
    pub summary: String,
    pub description: String,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    pub request_body: Option<Body>,
    pub responses: IndexMap<String, Response>,
}

/// A parameter, or a reference to one, which has no other field.
#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    #[serde(default)]
    pub name: String,
    /// `path` or `query`. Headers are not used.
    #[serde(rename = "in", default)]
    pub location: String,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub schema: Schema,
    pub example: Option<Value>,
}

/// A request body.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub struct Body {
    #[serde(default)]
    pub required: bool,
    #[serde(default, rename = "description")]
    _description: String,
    pub content: Content,
}

/// An answer, or a reference to one.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub struct Response {
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    #[serde(default, rename = "description")]
    _description: String,
    pub content: Option<Content>,
}

/// The one content type there is.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub struct Content {
    #[serde(rename = "application/json")]
    pub json: Media,
}

/// A schema with its examples.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub struct Media {
    pub schema: Schema,
    pub example: Option<Value>,
    #[serde(default)]
    pub examples: IndexMap<String, NamedExample>,
}

/// One of several examples.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub struct NamedExample {
    #[serde(default, rename = "summary")]
    _summary: String,
    pub value: Value,
}

/// A schema, or a reference to one.
#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Schema {
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    /// A single reference, so that a property can have its own description, example or `nullable`
    /// beside it. OpenAPI 3.0 ignores keys beside a `$ref`.
    pub all_of: Option<Vec<Schema>>,
    /// The JSON type. A schema that is only a reference has none.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub format: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub nullable: bool,
    #[serde(default)]
    pub deprecated: bool,
    /// The known values of an enum.
    #[serde(default, rename = "enum")]
    pub values: Vec<String>,
    pub items: Option<Box<Schema>>,
    #[serde(default)]
    pub properties: IndexMap<String, Schema>,
    pub additional_properties: Option<Box<Schema>>,
    #[serde(default)]
    pub required: Vec<String>,
    pub minimum: Option<i64>,
    pub maximum: Option<i64>,
    pub min_length: Option<u32>,
    pub default: Option<Value>,
    pub example: Option<Value>,
    #[serde(default, rename = "x-atera-open-enum")]
    pub open_enum: bool,
    #[serde(rename = "x-atera-key")]
    pub key: Option<String>,
    #[serde(rename = "x-atera-name")]
    pub rust_name: Option<String>,
    /// A request body needs all properties of at least one of these sets.
    #[serde(default, rename = "x-atera-requires")]
    pub requires: Vec<Vec<String>>,
}

impl TryFrom<String> for Verb {
    type Error = String;

    fn try_from(key: String) -> Result<Self, String> {
        let verbs = [Verb::Get, Verb::Post, Verb::Put, Verb::Delete];
        verbs
            .into_iter()
            .find(|verb| verb.key() == key)
            .ok_or_else(|| format!("`{key}` is not a supported method; use get, post, put or delete"))
    }
}

impl Verb {
    /// The key of the method in the file.
    pub fn key(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::Post => "post",
            Verb::Put => "put",
            Verb::Delete => "delete",
        }
    }
}
