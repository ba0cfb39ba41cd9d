//! The description, read strictly: a key that OpenAPI or we do not know is a mistake, and every mistake has a line.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use serde_json::{Map, Value};

use super::model::{Document, Entry, Media, Parameter, Schema, Verb};

/// A mistake in the description.
#[derive(Debug)]
pub struct Fault {
    /// Line in the file, from 1; 0 where the mistake is not in one place.
    pub line: usize,
    /// Keys on the way to the place: `paths > /tickets > get`.
    pub place: String,
    /// What is wrong.
    pub reason: String,
}

impl Fault {
    /// A mistake of the description as a whole.
    pub fn whole(reason: String) -> Self {
        Fault {
            line: 0,
            place: String::new(),
            reason,
        }
    }
}

impl fmt::Display for Fault {
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
    lines: HashMap<String, usize>,
    /// The operations in the order of the file.
    pub operations: Vec<Operation>,
}

/// An operation with all its references resolved.
pub struct Operation {
    pub path: String,
    pub method: Verb,
    pub group: String,
    /// The id without its group.
    pub verb: String,
    pub entry: Entry,
    pub parameters: Vec<Parameter>,
    /// The answer of a success that has a body.
    pub answer: Option<Media>,
    /// The type of the records, where the operation is a list.
    pub record: Option<String>,
    /// Whether what is answered has an identity.
    pub keyed: bool,
}

impl Operation {
    pub fn id(&self) -> &str {
        &self.entry.operation_id
    }

    /// JSON pointer of the operation in the file.
    pub fn pointer(&self) -> String {
        format!("/paths/{}/{}", escape(&self.path), self.method.key())
    }
}

impl Spec {
    /// Reads and checks a description.
    pub fn parse(source: &str) -> Result<Self, Fault> {
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
            fault(&lines, &pointer, error.inner().to_string())
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

    /// A mistake at a place of this description.
    pub fn fault(&self, pointer: &str, reason: impl Into<String>) -> Fault {
        fault(&self.lines, pointer, reason.into())
    }

    /// The named operation.
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id() == id)
    }

    /// The schemas that requests send: bodies, and what is within them.
    pub fn sent(&self) -> BTreeSet<String> {
        let mut sent = BTreeSet::new();
        let bodies = self
            .operations
            .iter()
            .filter_map(|operation| operation.entry.request_body.as_ref());
        for body in bodies {
            self.add_named(&body.content.json.schema, &mut sent);
        }
        sent
    }

    /// Adds the names of a schema and of all that are within it.
    fn add_named(&self, schema: &Schema, names: &mut BTreeSet<String>) {
        let (name, flat) = self.flat(schema);
        if name.is_some_and(|name| !names.insert(name)) {
            return;
        }
        let within = flat
            .items
            .as_deref()
            .into_iter()
            .chain(flat.additional_properties.as_deref());
        for schema in within.chain(flat.properties.values()) {
            self.add_named(schema, names);
        }
    }

    /// The named schema.
    pub fn schema(&self, name: &str) -> Option<&Schema> {
        self.document.components.schemas.get(name)
    }

    /// The schema that a schema stands for: references followed, and a single `allOf` merged with what stands
    /// beside it. Also the name of the component it comes from.
    pub fn flat(&self, schema: &Schema) -> (Option<String>, Schema) {
        if let Some(name) = schema.reference.as_deref().and_then(component) {
            let (_, found) = self
                .schema(name)
                .map(|schema| self.flat(schema))
                .unwrap_or_default();
            return (Some(name.to_string()), found);
        }
        let Some([only]) = schema.all_of.as_deref() else {
            return (None, schema.clone());
        };
        let (name, base) = self.flat(only);
        let merged = Schema {
            description: schema.description.clone().or(base.description),
            nullable: schema.nullable,
            deprecated: schema.deprecated,
            example: schema.example.clone().or(base.example),
            ..base
        };
        (name, merged)
    }

    /// Names of the closed lists.
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

    fn resolve_operations(&self) -> Result<Vec<Operation>, Fault> {
        let mut operations = Vec::new();
        for (path, item) in &self.document.paths {
            for (method, entry) in item {
                let pointer = format!("/paths/{}/{}", escape(path), method.key());
                let [group] = entry.tags.as_slice() else {
                    return Err(self.fault(
                        &format!("{pointer}/tags"),
                        "an operation has exactly one tag, its group",
                    ));
                };
                let id = &entry.operation_id;
                let Some(verb) = id
                    .strip_prefix(group.as_str())
                    .and_then(|rest| rest.strip_prefix('_'))
                else {
                    return Err(self.fault(
                        &format!("{pointer}/operationId"),
                        format!("`{id}` has to begin with its group: `{group}_`"),
                    ));
                };
                let parameters = self.resolve_parameters(entry, &pointer)?;
                let answer = self.success(entry, &pointer)?;
                let record = answer.as_ref().and_then(|media| {
                    let paged = ["page", "itemsInPage"]
                        .iter()
                        .all(|name| parameters.iter().any(|parameter| parameter.name == **name));
                    let (_, schema) = self.flat(&media.schema);
                    page_record(&schema).filter(|_| paged).map(String::from)
                });
                let keyed = answer.as_ref().is_some_and(|media| {
                    let (_, schema) = self.flat(&media.schema);
                    let items = schema.items.as_deref().map(|items| self.flat(items).1);
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
                    keyed,
                });
            }
        }
        Ok(operations)
    }

    fn resolve_parameters(&self, entry: &Entry, pointer: &str) -> Result<Vec<Parameter>, Fault> {
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

    /// The first documented success that has a body.
    fn success(&self, entry: &Entry, pointer: &str) -> Result<Option<Media>, Fault> {
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

    fn dangling(&self, pointer: &str, reference: &str) -> Fault {
        self.fault(pointer, format!("`{reference}` is not defined"))
    }

    /// What serde cannot see.
    fn check(&self) -> Result<(), Fault> {
        if self.document.servers.is_empty() {
            return Err(self.fault("/servers", "the address of the service is missing"));
        }
        let mut seen = HashMap::new();
        for operation in &self.operations {
            let pointer = operation.pointer();
            if let Some(other) = seen.insert(operation.id().to_string(), &operation.path) {
                return Err(self.fault(
                    &format!("{pointer}/operationId"),
                    format!("`{}` is also the id of {other}", operation.id()),
                ));
            }
            if !self.document.tags.iter().any(|tag| tag.name == operation.group) {
                return Err(self.fault(
                    &format!("{pointer}/tags"),
                    format!("`{}` is not in tags", operation.group),
                ));
            }
            self.check_operation(operation, &pointer)?;
        }
        for (name, schema) in &self.document.components.schemas {
            self.check_schema(schema, &format!("/components/schemas/{}", escape(name)))?;
        }
        Ok(())
    }

    fn check_operation(&self, operation: &Operation, pointer: &str) -> Result<(), Fault> {
        let entry = &operation.entry;
        if entry.idempotent && operation.method != Verb::Post {
            return Err(self.fault(
                &format!("{pointer}/x-atera-idempotent"),
                "only a POST needs to say that it may be sent twice",
            ));
        }
        if entry.append && operation.record.is_none() {
            return Err(self.fault(
                &format!("{pointer}/x-atera-append"),
                "only a list can be ordered by a key",
            ));
        }
        if entry.cache && operation.method != Verb::Get {
            return Err(self.fault(&format!("{pointer}/x-atera-cache"), "only a GET can be kept"));
        }
        for (index, parameter) in operation.parameters.iter().enumerate() {
            let pointer = format!("{pointer}/parameters/{index}");
            if !matches!(parameter.location.as_str(), "path" | "query") {
                return Err(self.fault(
                    &pointer,
                    format!("`in: {}` is neither path nor query", parameter.location),
                ));
            }
            let in_path = operation.path.contains(&format!("{{{}}}", parameter.name));
            if (parameter.location == "path") != in_path {
                return Err(self.fault(
                    &pointer,
                    format!("`{}` and the path do not agree", parameter.name),
                ));
            }
            if in_path && !parameter.required {
                return Err(self.fault(&pointer, "a path parameter is `required: true`"));
            }
            self.check_schema(&parameter.schema, &format!("{pointer}/schema"))?;
        }
        for name in operation
            .path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
        {
            if !operation
                .parameters
                .iter()
                .any(|parameter| parameter.name == name)
            {
                return Err(self.fault(pointer, format!("the path parameter `{name}` is not described")));
            }
        }
        if let Some(body) = &entry.request_body {
            if !body.required {
                return Err(self.fault(&format!("{pointer}/requestBody"), "a body is `required: true`"));
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

    fn check_schema(&self, schema: &Schema, pointer: &str) -> Result<(), Fault> {
        if let Some(reference) = &schema.reference {
            if component(reference).and_then(|name| self.schema(name)).is_none() {
                return Err(self.dangling(&format!("{pointer}/$ref"), reference));
            }
            return Ok(());
        }
        if let Some(all) = &schema.all_of {
            let [only] = all.as_slice() else {
                return Err(self.fault(
                    &format!("{pointer}/allOf"),
                    "only an `allOf` of one schema is understood",
                ));
            };
            return self.check_schema(only, &format!("{pointer}/allOf/0"));
        }
        if !matches!(
            schema.kind.as_deref(),
            Some("string" | "integer" | "number" | "boolean" | "array" | "object")
        ) {
            return Err(self.fault(pointer, "a schema has a `type`, a `$ref` or an `allOf`"));
        }
        if !schema.values.is_empty() && !schema.open_enum {
            return Err(self.fault(
                pointer,
                "a closed list is `x-atera-open-enum: true`, for Atera extends them",
            ));
        }
        let known = |name: &String| schema.properties.contains_key(name);
        if let Some(name) = schema.required.iter().find(|name| !known(name)) {
            return Err(self.fault(
                &format!("{pointer}/required"),
                format!("`{name}` is not a property"),
            ));
        }
        if let Some(name) = schema.requires.iter().flatten().find(|name| !known(name)) {
            return Err(self.fault(
                &format!("{pointer}/x-atera-requires"),
                format!("`{name}` is not a property"),
            ));
        }
        if let Some(name) = schema.key.as_ref().filter(|name| !known(name)) {
            return Err(self.fault(
                &format!("{pointer}/x-atera-key"),
                format!("`{name}` is not a property"),
            ));
        }
        for (name, property) in &schema.properties {
            self.check_schema(property, &format!("{pointer}/properties/{}", escape(name)))?;
        }
        if schema.kind.as_deref() == Some("array") && schema.items.is_none() {
            return Err(self.fault(pointer, "an array says what its `items` are"));
        }
        match &schema.items {
            Some(items) => self.check_schema(items, &format!("{pointer}/items")),
            None => Ok(()),
        }
    }
}

/// YAML, or JSON, which is YAML too, as JSON; and the line of each node, by its JSON pointer.
pub fn read(source: &str) -> Result<(Value, HashMap<String, usize>), Fault> {
    let nodes = MarkedYaml::load_from_str(source).map_err(|error| Fault {
        line: error.marker().line(),
        place: String::new(),
        reason: error.info().to_string(),
    })?;
    let root = nodes
        .first()
        .ok_or_else(|| Fault::whole("the description is empty".into()))?;
    let mut lines = HashMap::new();
    let json = to_json(root, &mut String::new(), &mut lines)?;
    Ok((json, lines))
}

/// The last part of a reference within the document.
pub fn component(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/")?.split('/').nth(1)
}

/// The type of the records, if the schema is a page.
fn page_record(schema: &Schema) -> Option<&str> {
    let items = schema.properties.get("items")?;
    schema.properties.get("itemsInPage")?;
    component(items.items.as_ref()?.reference.as_deref()?)
}

/// A key as a part of a JSON pointer.
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A mistake at a pointer, or at the nearest place above it that has a line.
fn fault(lines: &HashMap<String, usize>, pointer: &str, reason: String) -> Fault {
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
    Fault {
        line: lines.get(known).copied().unwrap_or(0),
        place: place.join(" > "),
        reason,
    }
}

/// The node as JSON, with the line of every node below it noted.
fn to_json(
    node: &MarkedYaml<'_>,
    pointer: &mut String,
    lines: &mut HashMap<String, usize>,
) -> Result<Value, Fault> {
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
                    _ => return Err(fault(lines, pointer, "a key has to be text".into())),
                };
                pointer.push('/');
                pointer.push_str(&escape(&name));
                lines.insert(pointer.clone(), key.span.start.line());
                values.insert(name, to_json(node, pointer, lines)?);
                pointer.truncate(length);
            }
            Ok(Value::Object(values))
        }
        _ => Err(fault(
            lines,
            pointer,
            "tags, aliases and broken values are not understood".into(),
        )),
    }
}
