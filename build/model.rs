//! The parts of OpenAPI 3.0 that the description uses, as types. A key that is not here is a mistake.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// The parts of OpenAPI 3.0 that the description uses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    #[serde(rename = "openapi")]
    _openapi: String,
    #[serde(rename = "info")]
    _info: Value,
    pub servers: Vec<Server>,
    #[serde(rename = "security")]
    _security: Value,
    pub tags: Vec<Tag>,
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
    pub responses: IndexMap<String, Response>,
    pub schemas: IndexMap<String, Schema>,
}

/// An HTTP method.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Hash, Debug)]
// By way of text, which is what serde_path_to_error can name as a key.
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
    Published,
    Guide,
}

/// An operation as it stands in the file.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Entry {
    pub tags: Vec<String>,
    pub operation_id: String,
    #[serde(rename = "x-atera-source")]
    pub source: Source,
    #[serde(rename = "x-atera-idempotent", default)]
    pub idempotent: bool,
    #[serde(rename = "x-atera-append", default)]
    pub append: bool,
    #[serde(rename = "x-atera-cache", default)]
    pub cache: bool,
    pub summary: String,
    pub description: String,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    pub request_body: Option<Body>,
    pub responses: IndexMap<String, Response>,
}

/// A parameter, or a reference to one.
#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    #[serde(default)]
    pub name: String,
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
    pub all_of: Option<Vec<Schema>>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub format: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub nullable: bool,
    #[serde(default)]
    pub deprecated: bool,
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
            .ok_or_else(|| format!("`{key}` is no method that is understood"))
    }
}

impl Verb {
    /// As it is written in the file.
    pub fn key(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::Post => "post",
            Verb::Put => "put",
            Verb::Delete => "delete",
        }
    }
}
