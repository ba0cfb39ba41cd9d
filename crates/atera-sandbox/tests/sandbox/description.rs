//! The description as a contract for answers.
//!
//! It is read from the YAML and compiled to JSON Schema here, without code of the sandbox or the library, so that a
//! mistake there does not hide itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use atera_sandbox::Dialect;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

use crate::wire::Answer;

/// The description as JSON.
static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let source = atera::description::OPENAPI;
    let documents = Yaml::load_from_str(source).expect("YAML");
    json_of(&documents[0])
});

fn json_of(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Mapping(mapping) => {
            let pair =
                |(key, value): (&Yaml, &Yaml)| (key.as_str().expect("a name").to_string(), json_of(value));
            Value::Object(mapping.iter().map(pair).collect())
        }
        Yaml::Sequence(values) => values.iter().map(json_of).collect(),
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(flag)) => (*flag).into(),
        Yaml::Value(Scalar::Integer(number)) => (*number).into(),
        Yaml::Value(Scalar::FloatingPoint(number)) => number.into_inner().into(),
        Yaml::Value(Scalar::String(text)) => text.as_ref().into(),
        other => panic!("{other:?}"),
    }
}

/// One operation of the description.
pub struct Documented {
    pub method: String,
    pub path: String,
    operation: &'static Value,
}

/// All operations by id.
pub fn operations() -> BTreeMap<&'static str, Documented> {
    let mut operations = BTreeMap::new();
    for (path, methods) in DESCRIPTION["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let id = operation["operationId"].as_str().expect("an id");
            let documented = Documented {
                method: method.to_uppercase(),
                path: path.clone(),
                operation,
            };
            operations.insert(id, documented);
        }
    }
    operations
}

fn followed(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => followed(DESCRIPTION.pointer(&reference[1..]).expect("what is referred to")),
        None => value,
    }
}

impl Documented {
    /// The parameters: name, location, and example.
    pub fn parameters(&self) -> Vec<(&'static str, &'static str, String)> {
        let all = self.operation["parameters"].as_array();
        let parameter = |parameter: &'static Value| {
            let parameter = followed(parameter);
            let text = |name: &str| parameter[name].as_str().expect("text");
            let example = match &parameter["example"] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (text("name"), text("in"), example)
        };
        all.into_iter().flatten().map(parameter).collect()
    }

    /// The path with the examples of its parameters.
    pub fn example_path(&self) -> String {
        let mut path = self.path.clone();
        for (name, place, example) in self.parameters() {
            if place == "path" {
                path = path.replace(&format!("{{{name}}}"), &example.replace(' ', "%20"));
            }
        }
        path
    }

    /// All examples of the body; null if there is no body.
    pub fn bodies(&self) -> Vec<Value> {
        let Some(body) = self.operation.get("requestBody") else {
            return vec![Value::Null];
        };
        let content = &followed(body)["content"]["application/json"];
        match content.get("examples").and_then(Value::as_object) {
            Some(examples) => examples
                .values()
                .map(|example| example["value"].clone())
                .collect(),
            None => vec![example(&content["schema"])],
        }
    }

    /// The name of the schema of a success, if it has one.
    pub fn answers_records_of(&self) -> Option<&'static str> {
        let responses = self.operation["responses"].as_object()?;
        let success = responses.iter().filter(|(status, _)| status.starts_with('2'));
        let mut schemas = success.filter_map(|(_, response)| {
            let schema = &followed(response)["content"]["application/json"]["schema"];
            let schema = schema.get("items").unwrap_or(schema);
            schema["$ref"].as_str()?.rsplit('/').next()
        });
        schemas.next()
    }

    /// The dialect in which a sandbox of this dialect answers.
    fn dialect(&self, dialect: Dialect) -> Dialect {
        match self.operation["x-atera-source"].as_str() {
            Some("guide") => Dialect::Guide,
            _ => dialect,
        }
    }

    /// Where an answer breaks the description; empty if it does not.
    pub fn violations(&self, dialect: Dialect, status: u16, content_type: &str, body: &str) -> Vec<String> {
        let responses = &self.operation["responses"];
        let response = match responses.get(status.to_string()) {
            Some(response) => followed(response),
            None if status < 400 => return vec![format!("{status} is not documented")],
            None => followed(&responses["default"]),
        };
        let schema = match response.pointer("/content/application~1json/schema") {
            Some(schema) => schema,
            None if status < 400 && body.is_empty() => return Vec::new(),
            None if status < 400 => return vec![format!("{status} is documented without a body")],
            // A failure that is documented without a body may have one in the common form.
            None if body.is_empty() => return Vec::new(),
            None => &DESCRIPTION["components"]["responses"]["Error"]["content"]["application/json"]["schema"],
        };
        // The description of `Error` says that the body of a 401 is empty.
        if status == 401 && body.is_empty() {
            return Vec::new();
        }
        if !content_type.starts_with("application/json") {
            return vec![format!("`{content_type}` is not documented")];
        }
        let Ok(value) = serde_json::from_str(body) else {
            return vec![format!("this is not JSON: {body}")];
        };
        VALIDATORS.with_schema(self.dialect(dialect), schema, |validator| {
            let errors = validator.iter_errors(&value);
            errors
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect()
        })
    }

    /// As [`Documented::violations`], of an answer from the wire.
    pub fn violations_of(&self, dialect: Dialect, answer: &Answer) -> Vec<String> {
        let content_type = answer.headers.get("content-type").map_or("", String::as_str);
        self.violations(dialect, answer.status, content_type, &answer.body)
    }
}

/// Compiled schemas, by dialect and schema.
struct Validators;

static VALIDATORS: Validators = Validators;

impl Validators {
    fn with_schema<T>(
        &self,
        dialect: Dialect,
        schema: &Value,
        check: impl FnOnce(&jsonschema::Validator) -> T,
    ) -> T {
        use std::{cell::RefCell, collections::HashMap};
        thread_local! {
            static COMPILED: RefCell<HashMap<String, jsonschema::Validator>> = RefCell::default();
        }
        let name = format!("{dialect:?} {schema}");
        COMPILED.with_borrow_mut(|compiled| {
            let validator = compiled.entry(name).or_insert_with(|| {
                let mut document = strict(dialect, schema);
                document["components"] = json!({"schemas": strict_components(dialect)});
                jsonschema::options()
                    .should_validate_formats(true)
                    .build(&document)
                    .expect("a JSON schema")
            });
            check(validator)
        })
    }
}

fn strict_components(dialect: Dialect) -> Value {
    let schemas = DESCRIPTION["components"]["schemas"].as_object().expect("schemas");
    let strict = |(name, schema): (&String, &Value)| (name.clone(), strict(dialect, schema));
    Value::Object(schemas.iter().map(strict).collect())
}

/// A schema of OpenAPI 3.0 as JSON Schema. It is stricter than the client: it refuses further properties, unknown
/// values of a list, and null where the published document does not allow it.
fn strict(dialect: Dialect, schema: &Value) -> Value {
    let Value::Object(object) = schema else {
        return schema.clone();
    };
    if object.contains_key("$ref") {
        return json!({"$ref": object["$ref"]});
    }
    let mut out = Map::new();
    for (name, value) in object {
        match name.as_str() {
            "properties" => {
                let properties = value.as_object().expect("properties").iter();
                let strict = properties.map(|(name, schema)| (name.clone(), strict(dialect, schema)));
                out.insert(name.clone(), Value::Object(strict.collect()));
                out.insert("additionalProperties".into(), false.into());
            }
            "items" => {
                out.insert(name.clone(), strict(dialect, value));
            }
            "allOf" => {
                let all = value.as_array().expect("an array").iter();
                out.insert(name.clone(), all.map(|schema| strict(dialect, schema)).collect());
            }
            "type" | "format" | "enum" | "minimum" | "maximum" | "minLength" => {
                out.insert(name.clone(), value.clone());
            }
            _ => {}
        }
    }
    // `ActionID` is text as published, and a number in the guide.
    if out.get("format") == Some(&"action-id".into()) {
        return json!({"type": ["integer", "string", "null"]});
    }
    // The published document refers to other schemas by `$ref`, and OpenAPI 3.0 ignores `nullable` beside it.
    let is_reference = out.contains_key("allOf");
    match object.get("nullable") {
        Some(Value::Bool(true)) if dialect == Dialect::Guide || !is_reference => {
            json!({"anyOf": [{"type": "null"}, out]})
        }
        _ => out.into(),
    }
}

/// An example of a schema, made of the examples of its properties.
fn example(schema: &'static Value) -> Value {
    let schema = followed(schema);
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some([only]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        return example(only);
    }
    match schema["type"].as_str() {
        Some("array") => vec![example(&schema["items"])].into(),
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            Value::Object(
                properties
                    .map(|(name, schema)| (name.clone(), example(schema)))
                    .collect(),
            )
        }
        _ => Value::Null,
    }
}

/// The properties of these schemas and of all schemas within them, as in `Ticket.TicketID`.
pub fn properties(of: impl IntoIterator<Item = &'static str>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut open: Vec<&str> = of.into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if !seen.insert(name) {
            continue;
        }
        let schema = &DESCRIPTION["components"]["schemas"][name];
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            names.insert(format!("{name}.{property}"));
            open.extend(object_in(schema));
        }
    }
    names
}

/// The name of the schema of the object or objects in a property.
fn object_in(schema: &'static Value) -> Option<&'static str> {
    let schema = schema.get("items").unwrap_or(schema);
    let schema = schema.pointer("/allOf/0").unwrap_or(schema);
    let name = schema["$ref"].as_str()?.rsplit('/').next()?;
    DESCRIPTION["components"]["schemas"][name].get("properties")?;
    Some(name)
}

/// Collects the properties that have a value in an object of this schema, or in an array of those.
pub fn note_filled(name: &'static str, value: &Value, filled: &mut BTreeSet<String>) {
    for object in value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
    {
        for (property, value) in object.as_object().into_iter().flatten() {
            let empty = value.is_null() || *value == json!("") || *value == json!([]);
            if empty {
                continue;
            }
            filled.insert(format!("{name}.{property}"));
            if let Some(within) =
                object_in(&DESCRIPTION["components"]["schemas"][name]["properties"][property])
            {
                note_filled(within, value, filled);
            }
        }
    }
}
