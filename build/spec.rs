//! Reads the description strictly: an unknown key is a mistake, and every mistake has a line.
//!
//! The file is read once, into JSON and a table of lines. The typed [`Document`] is decoded from the
//! JSON. If that fails, serde_path_to_error gives the path of the mistake as a JSON pointer, and the
//! table has the line of that pointer.
//!
//! After decoding, references are resolved and checked. The rules here are only those that the code
//! generator relies on. `cargo xtask spec check` has more, for names, summaries and examples.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use serde_json::{Map, Value};

use super::model::{Document, Entry, Media, Parameter, Schema, Verb};

/// The largest number of parameters of an operation: a request has a bit for each that was given.
const MOST_PARAMETERS: usize = 64;

/// A mistake in the description.
#[derive(Debug)]
pub struct SpecError {
    /// Line in the file, from 1; 0 if the mistake has no single place.
    pub line: usize,
    /// Keys on the way to the place: `paths > /tickets > get`.
    pub place: String,
    /// What is wrong.
    pub reason: String,
}

impl SpecError {
    /// A mistake that has no line, such as one that progenitor reports.
    pub fn without_line(reason: String) -> Self {
        SpecError {
            line: 0,
            place: String::new(),
            reason,
        }
    }
}

/// Begins with the line or a space, so that `{file}:{error}` is a location that editors can open.
impl fmt::Display for SpecError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(out, "{}:", self.line)?;
        }
        if !self.place.is_empty() {
            write!(out, " {}:", self.place)?;
        }
        write!(out, " {}", self.reason)
    }
}

/// The description in three views of the same text.
pub struct Spec {
    /// As our own types.
    pub document: Document,
    /// As JSON.
    pub json: Value,
    /// The line of each node, by its JSON pointer.
    ///
    /// A key has the line of its name, and an item of an array the line where it begins.
    lines: HashMap<String, usize>,
    /// The operations in the order of the file.
    pub operations: Vec<Operation>,
}

/// An operation with all its references resolved.
pub struct Operation {
    /// As in the file, with placeholders such as `{ticketId}`.
    pub path: String,
    pub method: Verb,
    pub group: String,
    /// The id without its group.
    pub verb: String,
    pub entry: Entry,
    pub parameters: Vec<Parameter>,
    /// The body of the first documented success that has one. progenitor gets the same body for every success.
    pub answer: Option<Media>,
    /// The type of the records if the operation is a paged list: its answer is a page, and it takes both paging parameters.
    pub record: Option<String>,
    /// Whether the records of the answer, or the answer itself, have an id (`x-atera-key`).
    pub has_ids: bool,
}

impl Operation {
    pub fn id(&self) -> &str {
        &self.entry.operation_id
    }

    /// JSON pointer of the operation in the file, for [`Spec::error_at`].
    pub fn pointer(&self) -> String {
        format!("/paths/{}/{}", escape(&self.path), self.method.key())
    }
}

impl Spec {
    /// Reads and checks a description.
    ///
    /// # Errors
    ///
    /// The first mistake. There is no list of all mistakes, because the build stops at the first.
    pub fn parse(source: &str) -> Result<Self, SpecError> {
        let (json, lines) = read(source)?;
        let document = serde_path_to_error::deserialize(&json).map_err(|error| {
            let pointer: String = error
                .path()
                .iter()
                .map(|segment| match segment {
                    serde_path_to_error::Segment::Seq { index } => format!("/{index}"),
                    serde_path_to_error::Segment::Map { key } => format!("/{}", escape(key)),
                    _ => String::new(),
                })
                .collect();
            error_at(&lines, &pointer, error.inner().to_string())
        })?;
        let mut spec = Spec {
            document,
            json,
            lines,
            operations: Vec::new(),
        };
        spec.operations = spec.resolve_operations()?;
        spec.check()?;
        Ok(spec)
    }

    /// A mistake at a JSON pointer of this description.
    pub fn error_at(&self, pointer: &str, reason: impl Into<String>) -> SpecError {
        error_at(&self.lines, pointer, reason.into())
    }

    /// The named operation.
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id() == id)
    }

    /// The names of the schemas that requests send: bodies, and the schemas within them.
    ///
    /// Their types stay exhaustive, because users write them as literals. All other records are
    /// `#[non_exhaustive]`, so that a new field of an answer breaks nobody.
    pub fn request_schemas(&self) -> BTreeSet<String> {
        let mut sent = BTreeSet::new();
        let bodies = self
            .operations
            .iter()
            .filter_map(|operation| operation.entry.request_body.as_ref());
        for body in bodies {
            self.collect_schemas(&body.content.json.schema, &mut sent);
        }
        sent
    }

    /// Adds the name of a schema, and the names of all schemas within it. A name that is there already ends the recursion, so a
    /// schema may contain itself.
    fn collect_schemas(&self, schema: &Schema, names: &mut BTreeSet<String>) {
        let (name, resolved) = self.resolve(schema);
        if name.is_some_and(|name| !names.insert(name)) {
            return;
        }
        let within = resolved
            .items
            .as_deref()
            .into_iter()
            .chain(resolved.additional_properties.as_deref());
        for schema in within.chain(resolved.properties.values()) {
            self.collect_schemas(schema, names);
        }
    }

    /// The named schema.
    pub fn schema(&self, name: &str) -> Option<&Schema> {
        self.document.components.schemas.get(name)
    }

    /// Follows references, and merges a single `allOf` with the keys beside it. Also returns the name of the component that
    /// the schema comes from, if it has one.
    ///
    /// Of the keys beside an `allOf` only description, nullable, deprecated and example count. The
    /// others come from the component.
    pub fn resolve(&self, schema: &Schema) -> (Option<String>, Schema) {
        if let Some(name) = schema.reference.as_deref().and_then(component) {
            let (_, found) = self
                .schema(name)
                .map(|schema| self.resolve(schema))
                .unwrap_or_default();
            return (Some(name.to_string()), found);
        }
        let Some([only]) = schema.all_of.as_deref() else {
            return (None, schema.clone());
        };
        let (name, base) = self.resolve(only);
        let merged = Schema {
            description: schema.description.clone().or(base.description),
            nullable: schema.nullable,
            deprecated: schema.deprecated,
            example: schema.example.clone().or(base.example),
            ..base
        };
        (name, merged)
    }

    /// Names of the enums.
    pub fn open_enums(&self) -> impl Iterator<Item = &str> {
        let schemas = &self.document.components.schemas;
        schemas
            .iter()
            .filter(|(_, schema)| schema.open_enum)
            .map(|(name, _)| name.as_str())
    }

    /// Names of the page schemas, each with the type of its records.
    pub fn pages(&self) -> impl Iterator<Item = (&str, &str)> {
        let schemas = &self.document.components.schemas;
        schemas
            .iter()
            .filter_map(|(name, schema)| Some((name.as_str(), page_record(schema)?)))
    }

    /// Resolves parameters and answers, and derives from them which operations are lists and which
    /// answers have ids.
    fn resolve_operations(&self) -> Result<Vec<Operation>, SpecError> {
        let mut operations = Vec::new();
        for (path, item) in &self.document.paths {
            for (method, entry) in item {
                let pointer = format!("/paths/{}/{}", escape(path), method.key());
                let [group] = entry.tags.as_slice() else {
                    return Err(self.error_at(
                        &format!("{pointer}/tags"),
                        "the operation has no single group; give it exactly one tag",
                    ));
                };
                let id = &entry.operation_id;
                let Some(verb) = id
                    .strip_prefix(group.as_str())
                    .and_then(|rest| rest.strip_prefix('_'))
                else {
                    return Err(self.error_at(
                        &format!("{pointer}/operationId"),
                        format!("`{id}` does not begin with its group; call it `{group}_..`"),
                    ));
                };
                let parameters = self.resolve_parameters(entry, &pointer)?;
                let answer = self.success(entry, &pointer)?;
                let record = answer.as_ref().and_then(|media| {
                    let paged = ["page", "itemsInPage"]
                        .iter()
                        .all(|name| parameters.iter().any(|parameter| parameter.name == **name));
                    let (_, schema) = self.resolve(&media.schema);
                    page_record(&schema).filter(|_| paged).map(String::from)
                });
                let has_ids = answer.as_ref().is_some_and(|media| {
                    let (_, schema) = self.resolve(&media.schema);
                    let items = schema.items.as_deref().map(|items| self.resolve(items).1);
                    let listed = record.as_deref().and_then(|name| self.schema(name));
                    listed.or(items.as_ref()).unwrap_or(&schema).key.is_some()
                });
                operations.push(Operation {
                    path: path.clone(),
                    method: *method,
                    group: group.clone(),
                    verb: verb.to_string(),
                    entry: entry.clone(),
                    parameters,
                    answer,
                    record,
                    has_ids,
                });
            }
        }
        Ok(operations)
    }

    /// The parameters with references replaced. The pointer is that of the operation.
    fn resolve_parameters(&self, entry: &Entry, pointer: &str) -> Result<Vec<Parameter>, SpecError> {
        let all = &self.document.components.parameters;
        entry
            .parameters
            .iter()
            .enumerate()
            .map(|(index, parameter)| match &parameter.reference {
                None => Ok(parameter.clone()),
                Some(reference) => component(reference)
                    .and_then(|name| all.get(name))
                    .cloned()
                    .ok_or_else(|| self.dangling(&format!("{pointer}/parameters/{index}/$ref"), reference)),
            })
            .collect()
    }

    /// The body of the first documented success that has one. References of failures are checked too.
    fn success(&self, entry: &Entry, pointer: &str) -> Result<Option<Media>, SpecError> {
        let all = &self.document.components.responses;
        let mut found = None;
        for (status, response) in &entry.responses {
            let response = match &response.reference {
                None => response,
                Some(reference) => component(reference)
                    .and_then(|name| all.get(name))
                    .ok_or_else(|| self.dangling(&format!("{pointer}/responses/{status}/$ref"), reference))?,
            };
            if status.starts_with('2') && found.is_none() {
                found = response.content.as_ref().map(|content| content.json.clone());
            }
        }
        Ok(found)
    }

    /// A reference to nothing.
    fn dangling(&self, pointer: &str, reference: &str) -> SpecError {
        self.error_at(
            pointer,
            format!("`{reference}` is not defined; define it under `components`, or correct the name"),
        )
    }

    /// Checks the rules that need more than one place of the description.
    fn check(&self) -> Result<(), SpecError> {
        if self.document.servers.is_empty() {
            return Err(self.error_at("/servers", "the address of the service is missing; add a server"));
        }
        let mut seen = HashMap::new();
        for operation in &self.operations {
            let pointer = operation.pointer();
            if let Some(other) = seen.insert(operation.id().to_string(), &operation.path) {
                return Err(self.error_at(
                    &format!("{pointer}/operationId"),
                    format!(
                        "`{}` is also the id of {other}; give each operation its own",
                        operation.id()
                    ),
                ));
            }
            if !self.document.tags.iter().any(|tag| tag.name == operation.group) {
                return Err(self.error_at(
                    &format!("{pointer}/tags"),
                    format!("`{}` is not a group; add it to `tags`", operation.group),
                ));
            }
            self.check_operation(operation, &pointer)?;
        }
        for (name, schema) in &self.document.components.schemas {
            self.check_schema(schema, &format!("/components/schemas/{}", escape(name)))?;
        }
        Ok(())
    }

    /// Placeholders of the path and path parameters have to match each other, also in their order, since
    /// the path is built from the arguments of the call one after another.
    fn check_operation(&self, operation: &Operation, pointer: &str) -> Result<(), SpecError> {
        let entry = &operation.entry;
        if entry.idempotent && operation.method != Verb::Post {
            return Err(self.error_at(
                &format!("{pointer}/x-atera-idempotent"),
                "only a POST needs `x-atera-idempotent`; remove it",
            ));
        }
        if entry.append && operation.record.is_none() {
            return Err(self.error_at(
                &format!("{pointer}/x-atera-append"),
                "only a list can be ordered by an id; remove `x-atera-append`",
            ));
        }
        if entry.cache && operation.method != Verb::Get {
            return Err(self.error_at(
                &format!("{pointer}/x-atera-cache"),
                "only a GET can be cached; remove `x-atera-cache`",
            ));
        }
        for (index, parameter) in operation.parameters.iter().enumerate() {
            let pointer = format!("{pointer}/parameters/{index}");
            if !matches!(parameter.location.as_str(), "path" | "query") {
                return Err(self.error_at(
                    &pointer,
                    format!("`in: {}` is not supported; use path or query", parameter.location),
                ));
            }
            let in_path = operation.path.contains(&format!("{{{}}}", parameter.name));
            if (parameter.location == "path") != in_path {
                return Err(self.error_at(
                    &pointer,
                    format!(
                        "`{}` and the path disagree; correct the placeholders or `in`",
                        parameter.name
                    ),
                ));
            }
            if in_path && !parameter.required {
                return Err(self.error_at(
                    &pointer,
                    "a path parameter has to be required; add `required: true`",
                ));
            }
            self.check_schema(&parameter.schema, &format!("{pointer}/schema"))?;
        }
        if operation.parameters.len() > MOST_PARAMETERS {
            return Err(self.error_at(
                &format!("{pointer}/parameters"),
                format!("an operation can have {MOST_PARAMETERS} parameters at most; leave some out"),
            ));
        }
        let names = operation.path.split('{').skip(1);
        let names: Vec<_> = names.filter_map(|rest| rest.split('}').next()).collect();
        for name in &names {
            if !operation
                .parameters
                .iter()
                .any(|parameter| parameter.name == *name)
            {
                return Err(self.error_at(
                    pointer,
                    format!("the path parameter `{name}` is missing; add it to `parameters`"),
                ));
            }
        }
        let in_path = operation.parameters.iter().filter(|it| it.location == "path");
        if !in_path.map(|parameter| &parameter.name).eq(&names) {
            return Err(self.error_at(
                &format!("{pointer}/parameters"),
                format!(
                    "the path parameters are not in the order of the path; declare them as {}",
                    names.join(", ")
                ),
            ));
        }
        if let Some(body) = &entry.request_body {
            if !body.required {
                return Err(self.error_at(
                    &format!("{pointer}/requestBody"),
                    "a body has to be required; add `required: true`",
                ));
            }
            let at = format!("{pointer}/requestBody/content/application~1json/schema");
            self.check_schema(&body.content.json.schema, &at)?;
        }
        for (status, response) in &entry.responses {
            if let Some(content) = &response.content {
                let at = format!("{pointer}/responses/{status}/content/application~1json/schema");
                self.check_schema(&content.json.schema, &at)?;
            }
        }
        Ok(())
    }

    /// Checks a schema and everything within it. A reference is only checked for its target, which is
    /// checked as a component.
    fn check_schema(&self, schema: &Schema, pointer: &str) -> Result<(), SpecError> {
        if let Some(reference) = &schema.reference {
            if component(reference).and_then(|name| self.schema(name)).is_none() {
                return Err(self.dangling(&format!("{pointer}/$ref"), reference));
            }
            return Ok(());
        }
        if let Some(all) = &schema.all_of {
            let [only] = all.as_slice() else {
                return Err(self.error_at(
                    &format!("{pointer}/allOf"),
                    "an `allOf` of several schemas is not supported; use one",
                ));
            };
            return self.check_schema(only, &format!("{pointer}/allOf/0"));
        }
        if !matches!(
            schema.kind.as_deref(),
            Some("string" | "integer" | "number" | "boolean" | "array" | "object")
        ) {
            return Err(self.error_at(
                pointer,
                "the schema has no type; give it a `type`, a `$ref` or an `allOf`",
            ));
        }
        if !schema.values.is_empty() && !schema.open_enum {
            return Err(self.error_at(
                pointer,
                "an enum has to be open, since Atera adds values; add `x-atera-open-enum: true`",
            ));
        }
        let known = |name: &String| schema.properties.contains_key(name);
        if let Some(name) = schema.required.iter().find(|name| !known(name)) {
            return Err(self.error_at(
                &format!("{pointer}/required"),
                format!("`{name}` is not a property; use a name of `properties`"),
            ));
        }
        if let Some(name) = schema.requires.iter().flatten().find(|name| !known(name)) {
            return Err(self.error_at(
                &format!("{pointer}/x-atera-requires"),
                format!("`{name}` is not a property; use a name of `properties`"),
            ));
        }
        if let Some(name) = schema.key.as_ref().filter(|name| !known(name)) {
            return Err(self.error_at(
                &format!("{pointer}/x-atera-key"),
                format!("`{name}` is not a property; use a name of `properties`"),
            ));
        }
        for (name, property) in &schema.properties {
            self.check_schema(property, &format!("{pointer}/properties/{}", escape(name)))?;
        }
        if schema.kind.as_deref() == Some("array") && schema.items.is_none() {
            return Err(self.error_at(pointer, "the array has no `items`; add their schema"));
        }
        match &schema.items {
            Some(items) => self.check_schema(items, &format!("{pointer}/items")),
            None => Ok(()),
        }
    }
}

/// Reads YAML, of which JSON is a subset. Returns it as JSON, with the line of each node by its JSON pointer.
///
/// # Errors
///
/// The text is not YAML, is empty, has a key twice, or uses tags or aliases.
pub fn read(source: &str) -> Result<(Value, HashMap<String, usize>), SpecError> {
    let nodes = MarkedYaml::load_from_str(source).map_err(|error| SpecError {
        line: error.marker().line(),
        place: String::new(),
        reason: error.info().to_string(),
    })?;
    let root = nodes
        .first()
        .ok_or_else(|| SpecError::without_line("the document is empty".into()))?;
    let mut lines = HashMap::new();
    let json = to_json(root, &mut String::new(), &mut lines)?;
    Ok((json, lines))
}

/// The name in a reference within the document: `Ticket` in `#/components/schemas/Ticket`.
pub fn component(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/")?.split('/').nth(1)
}

/// The type of the records, if the schema is a page: an object with `itemsInPage`, and `items` that refer to a component.
fn page_record(schema: &Schema) -> Option<&str> {
    let items = schema.properties.get("items")?;
    schema.properties.get("itemsInPage")?;
    component(items.items.as_ref()?.reference.as_deref()?)
}

/// A key as a part of a JSON pointer, by RFC 6901. Paths have slashes, so nearly every pointer needs it.
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A mistake at a pointer. A key that is missing has no line, so the line is that of the nearest place above it.
fn error_at(lines: &HashMap<String, usize>, pointer: &str, reason: String) -> SpecError {
    let mut known = pointer;
    while !lines.contains_key(known) {
        known = known.rsplit_once('/').map_or("", |(above, _)| above);
        if known.is_empty() {
            break;
        }
    }
    let place: Vec<String> = pointer
        .split('/')
        .skip(1)
        .map(|key| key.replace("~1", "/").replace("~0", "~"))
        .collect();
    SpecError {
        line: lines.get(known).copied().unwrap_or(0),
        place: place.join(" > "),
        reason,
    }
}

/// Converts a node to JSON, and adds the lines of the node and of all nodes below it to the table. `pointer` is that of the
/// node; it is the same again when the function returns.
fn to_json(
    node: &MarkedYaml<'_>,
    pointer: &mut String,
    lines: &mut HashMap<String, usize>,
) -> Result<Value, SpecError> {
    lines.entry(pointer.clone()).or_insert(node.span.start.line());
    let length = pointer.len();
    match &node.data {
        YamlData::Value(scalar) => Ok(match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(value) => Value::from(*value),
            Scalar::Integer(value) => Value::from(*value),
            Scalar::FloatingPoint(value) => Value::from(value.into_inner()),
            Scalar::String(value) => Value::from(value.as_ref()),
        }),
        YamlData::Sequence(nodes) => {
            let mut values = Vec::with_capacity(nodes.len());
            for (index, node) in nodes.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                values.push(to_json(node, pointer, lines)?);
                pointer.truncate(length);
            }
            Ok(Value::Array(values))
        }
        YamlData::Mapping(entries) => {
            let mut values = Map::new();
            for (key, node) in entries {
                let name = match &key.data {
                    YamlData::Value(Scalar::String(name)) => name.to_string(),
                    YamlData::Value(Scalar::Integer(number)) => number.to_string(),
                    _ => {
                        return Err(error_at(
                            lines,
                            pointer,
                            "the key is not text; put it in quotes".into(),
                        ));
                    }
                };
                pointer.push('/');
                pointer.push_str(&escape(&name));
                lines.insert(pointer.clone(), key.span.start.line());
                values.insert(name, to_json(node, pointer, lines)?);
                pointer.truncate(length);
            }
            Ok(Value::Object(values))
        }
        _ => Err(error_at(
            lines,
            pointer,
            "tags, aliases and broken values are not supported; write the value out".into(),
        )),
    }
}
