//! Compares two OpenAPI documents.
//!
//! The comparison walks over the operations of the other document, and from each into its parameters,
//! bodies and answers. Schemas are compared where they are used, in pairs, because the two documents
//! give them different names. A pair is compared only once, which also ends the recursion of schemas
//! that contain themselves.
//!
//! Documents are JSON values here and not the types of `build/model.rs`, because the other document may
//! use all of OpenAPI.
//!
//! A property or parameter that is gone and a similar one that is new are reported as one that was
//! renamed.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
use strsim::jaro_winkler;

use super::{Change, Comparison, Difference};
use crate::build::spec::component;

/// All methods that an operation can have, also `patch`, which our description does not use.
const METHODS: [&str; 5] = ["get", "post", "put", "delete", "patch"];

/// The least similarity (Jaro-Winkler, 0 to 1) of two names of properties for one to count as the new name of the other.
const SIMILARITY: f64 = 0.8;

/// Compares the description with the other document.
///
/// Operations that the description has from the guide are not expected in the other document.
/// Differences are sorted by place, and a difference that is met at several places is listed once.
pub(crate) fn compare(ours: &Value, theirs: &Value) -> Comparison {
    let mut comparer = Comparer {
        ours,
        theirs,
        result: Comparison::default(),
        properties: HashSet::new(),
        compared: HashSet::new(),
    };
    let mut matched = HashSet::new();
    for (path, item) in entries(&theirs["paths"]) {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let found = entries(&ours["paths"])
                    .find(|(ours, _)| same_path(ours, path))
                    .and_then(|(ours, item)| Some((ours, item.get(method)?)));
                if let Some((ours, _)) = found {
                    matched.insert((ours.as_str(), method));
                }
                comparer.operation(path, method, found.map(|(_, operation)| operation), operation);
            }
        }
    }
    for (path, item) in entries(&ours["paths"]) {
        for method in METHODS {
            let expected = item
                .get(method)
                .filter(|operation| operation["x-atera-source"] == "published");
            if let Some(operation) = expected.filter(|_| !matched.contains(&(path.as_str(), method))) {
                let at = Place::of_operation(operation, path, method);
                comparer.note(
                    &at,
                    Change::Removed,
                    "is an operation that the other document lacks",
                    true,
                );
            }
        }
    }
    let mut result = comparer.result;
    result.compared.properties = comparer.properties.len();
    result.differences.sort();
    result.differences.dedup_by(|one, other| {
        (&one.place, one.change, &one.what) == (&other.place, other.change, &other.what)
    });
    result
}

/// Where a difference is, by the names of both documents.
#[derive(Clone)]
struct Place {
    /// `tickets_list ? page`, or `Ticket . TicketTitle` within a component.
    ours: String,
    theirs: String,
}

impl Place {
    /// An operation that the description lacks has the name of the other document, method and path.
    fn of_operation(ours: &Value, path: &str, method: &str) -> Self {
        let theirs = format!("{} {path}", method.to_uppercase());
        let ours = ours["operationId"].as_str().unwrap_or(&theirs).to_string();
        Place { ours, theirs }
    }

    /// A place within this one: `? parameter`, `. property`, `[]` for items, `body` or a status.
    fn within(&self, part: &str) -> Self {
        Place {
            ours: format!("{} {part}", self.ours),
            theirs: self.theirs.clone(),
        }
    }
}

/// The documents, and the state of the comparison.
struct Comparer<'d> {
    ours: &'d Value,
    theirs: &'d Value,
    result: Comparison,
    /// The properties of the other document that were seen, by schema and name. They are only counted.
    properties: HashSet<(*const Value, &'d str)>,
    /// The pairs of schemas that were compared, by their addresses in the two documents.
    compared: HashSet<(*const Value, *const Value)>,
}

impl<'d> Comparer<'d> {
    /// Compares an operation. A status that only the other document has does not matter, because the
    /// client handles every status by its class.
    fn operation(&mut self, path: &str, method: &str, ours: Option<&'d Value>, theirs: &'d Value) {
        self.result.compared.operations += 1;
        let Some(ours) = ours else {
            let at = Place::of_operation(&Value::Null, path, method);
            return self.note(
                &at,
                Change::Added,
                "is an operation that the description lacks",
                true,
            );
        };
        let at = Place::of_operation(ours, path, method);
        self.parameters(&at, ours, theirs);

        let bodies = (
            json_schema(resolve(self.ours, &ours["requestBody"])),
            json_schema(resolve(self.theirs, &theirs["requestBody"])),
        );
        match bodies {
            (Some(ours), Some(theirs)) => self.schema(&at.within("body"), ours, theirs, true),
            (Some(_), None) => self.note(
                &at.within("body"),
                Change::Removed,
                "is a body that the other document lacks",
                true,
            ),
            (None, Some(_)) => self.note(
                &at.within("body"),
                Change::Added,
                "is a body that the description lacks",
                true,
            ),
            (None, None) => {}
        }
        for (status, theirs) in entries(&theirs["responses"]) {
            let at = Place {
                theirs: format!("{} {status}", at.theirs),
                ..at.within(status)
            };
            let Some(ours) = ours["responses"].get(status) else {
                // The client handles statuses that are not documented.
                self.note(
                    &at,
                    Change::Added,
                    "is a status that the description lacks",
                    false,
                );
                continue;
            };
            let answers = (
                json_schema(resolve(self.ours, ours)),
                json_schema(resolve(self.theirs, theirs)),
            );
            match answers {
                (Some(ours), Some(theirs)) => self.schema(&at, ours, theirs, false),
                (None, Some(_)) => {
                    self.note(&at, Change::Added, "has content that the description lacks", true)
                }
                (Some(_), None) => self.note(
                    &at,
                    Change::Removed,
                    "has content that the other document lacks",
                    false,
                ),
                (None, None) => {}
            }
        }
    }

    /// Compares the parameters. Names of query parameters are compared without case, as .NET reads
    /// them. One that is gone may be the old name of a new one if both have the same place and type.
    fn parameters(&mut self, at: &Place, ours: &'d Value, theirs: &'d Value) {
        let all = |document, operation: &'d Value| -> Vec<&'d Value> {
            let parameters = values(&operation["parameters"]);
            parameters.map(|parameter| resolve(document, parameter)).collect()
        };
        let (ours, theirs) = (all(self.ours, ours), all(self.theirs, theirs));
        self.result.compared.parameters += theirs.len();
        let same = |one: &Value, other: &Value| {
            one["in"] == other["in"] && text(&one["name"]).eq_ignore_ascii_case(text(&other["name"]))
        };
        let mut removed = Vec::new();
        for parameter in &ours {
            match theirs.iter().find(|theirs| same(parameter, theirs)) {
                Some(theirs) => self.parameter(at, parameter, theirs),
                None => removed.push(*parameter),
            }
        }
        let added = theirs
            .iter()
            .filter(|theirs| !ours.iter().any(|ours| same(ours, theirs)));
        for parameter in added {
            // Of several that are gone, the one with the most similar name.
            let likely = |ours: &Value| {
                let alike = jaro_winkler(text(&ours["name"]), text(&parameter["name"]));
                let kinds = [ours, parameter].map(|parameter| &parameter["schema"]["type"]);
                let fits = ours["in"] == parameter["in"] && kinds[0] == kinds[1];
                fits.then_some((alike * 1000.0) as u32)
            };
            let before = (0..removed.len())
                .filter(|index| likely(removed[*index]).is_some())
                .max_by_key(|index| likely(removed[*index]));
            let name = text(&parameter["name"]);
            match before {
                Some(index) => {
                    let ours = removed.remove(index);
                    let at = at.within(&format!("? {}", text(&ours["name"])));
                    self.note(&at, Change::Renamed, &format!("is called `{name}`"), true);
                }
                None => self.note(
                    &at.within(&format!("? {name}")),
                    Change::Added,
                    "is a parameter that the description lacks",
                    true,
                ),
            }
        }
        for parameter in removed {
            let at = at.within(&format!("? {}", text(&parameter["name"])));
            self.note(
                &at,
                Change::Removed,
                "is a parameter that the other document lacks",
                true,
            );
        }
    }

    /// Compares one parameter that both documents have.
    fn parameter(&mut self, at: &Place, ours: &'d Value, theirs: &'d Value) {
        let at = at.within(&format!("? {}", text(&ours["name"])));
        let required = |parameter: &Value| parameter["required"] == true;
        if required(ours) != required(theirs) {
            let is = if required(theirs) { "is" } else { "is not" };
            self.note(&at, Change::Changed, &format!("{is} required"), true);
        }
        self.schema(&at, &ours["schema"], &theirs["schema"], true);
    }

    /// Compares two schemas. `sent` says whether they describe something that the client sends.
    ///
    /// A format that only the description has is not a difference, since it refines the type. Whether
    /// something may be null is noted but does not matter, because the client accepts null everywhere.
    fn schema(&mut self, at: &Place, ours: &'d Value, theirs: &'d Value, sent: bool) {
        let (name, nullable) = (
            name_of(ours),
            [ours, theirs].map(|schema| schema["nullable"] == true),
        );
        let (ours, theirs) = (resolve(self.ours, ours), resolve(self.theirs, theirs));
        if nullable[0] != (nullable[1] || theirs["nullable"] == true) {
            let is = if nullable[0] { "is not" } else { "is" };
            // Every field that may be missing may also be null.
            self.note(at, Change::Changed, &format!("{is} nullable"), false);
        }
        if !self.compared.insert((ours, theirs)) {
            return;
        }
        let at = &match name {
            Some(name) => Place {
                ours: name.to_string(),
                theirs: at.theirs.clone(),
            },
            None => at.clone(),
        };
        let refined = ours["type"] == theirs["type"] && theirs.get("format").is_none();
        if ours["type"] != theirs["type"] || (ours["format"] != theirs["format"] && !refined) {
            let what = format!("is {} and not {}", kind(theirs), kind(ours));
            self.note(at, Change::Changed, &what, true);
        }
        self.values(at, ours, theirs);
        self.required(at, ours, theirs, sent);
        self.properties(at, ours, theirs, sent);
        match (ours.get("items"), theirs.get("items")) {
            (Some(ours), Some(theirs)) => self.schema(&at.within("[]"), ours, theirs, sent),
            (None, None) => {}
            _ => self.note(at, Change::Changed, "is an array for one of the two alone", true),
        }
    }

    /// Compares closed lists. If only the description has one, it says more, and that is not a difference.
    fn values(&mut self, at: &Place, ours: &Value, theirs: &Value) {
        self.result.compared.values += values(&theirs["enum"]).count();
        let missing = |from: &Value, of: &Value| -> Vec<String> {
            let known: Vec<_> = values(&from["enum"]).collect();
            let missing = values(&of["enum"]).filter(|value| !known.contains(value));
            missing.map(ToString::to_string).collect()
        };
        for value in missing(ours, theirs) {
            self.note(
                at,
                Change::Added,
                &format!("has the value {value}, which the description lacks"),
                true,
            );
        }
        if theirs.get("enum").is_some() {
            for value in missing(theirs, ours) {
                self.note(
                    at,
                    Change::Removed,
                    &format!("does not have the value {value}"),
                    true,
                );
            }
        }
    }

    /// Compares the required properties of requests. The description may require more, because the service rejects requests
    /// without them. It requires nothing of answers.
    fn required(&mut self, at: &Place, ours: &Value, theirs: &Value, sent: bool) {
        for name in values(&theirs["required"]).map(text) {
            if sent && !values(&ours["required"]).any(|ours| text(ours) == name) {
                let at = at.within(&format!(". {name}"));
                self.note(&at, Change::Changed, "is required", true);
            }
        }
    }

    /// Compares the properties of objects, and recognizes those that were renamed by their type and a
    /// similar name.
    fn properties(&mut self, at: &Place, ours: &'d Value, theirs: &'d Value, sent: bool) {
        let has = |schema: &Value, name: &str| schema["properties"].get(name).is_some();
        let mut removed: BTreeSet<&str> = BTreeSet::new();
        for (name, property) in entries(&ours["properties"]) {
            match theirs["properties"].get(name) {
                Some(theirs) => self.schema(&at.within(&format!(". {name}")), property, theirs, sent),
                None => {
                    removed.insert(name);
                }
            }
        }
        for (name, property) in entries(&theirs["properties"]) {
            self.properties.insert((theirs, name));
            if has(ours, name) {
                continue;
            }
            let before = removed.iter().copied().find(|before| {
                let kinds = (
                    &resolve(self.ours, &ours["properties"][*before])["type"],
                    &resolve(self.theirs, property)["type"],
                );
                kinds.0 == kinds.1 && jaro_winkler(before, name) >= SIMILARITY
            });
            match before {
                Some(before) => {
                    removed.remove(before);
                    let at = at.within(&format!(". {before}"));
                    self.note(&at, Change::Renamed, &format!("is called `{name}`"), true);
                }
                None => self.note(
                    &at.within(&format!(". {name}")),
                    Change::Added,
                    "is a property that the description lacks",
                    true,
                ),
            }
        }
        for name in removed {
            let at = at.within(&format!(". {name}"));
            self.note(
                &at,
                Change::Removed,
                "is a property that the other document lacks",
                true,
            );
        }
    }

    /// Adds a difference.
    fn note(&mut self, at: &Place, change: Change, what: &str, matters: bool) {
        self.result.differences.push(Difference {
            place: at.ours.clone(),
            change,
            what: what.to_string(),
            at: at.theirs.clone(),
            matters,
            accepted: None,
        });
    }
}

/// A type with its format, for messages.
fn kind(schema: &Value) -> String {
    let name = |key: &str| schema[key].as_str();
    match (name("type"), name("format")) {
        (Some(kind), Some(format)) => format!("{kind} ({format})"),
        (Some(kind), None) => kind.to_string(),
        _ => "of no type".to_string(),
    }
}

/// Follows references and single `allOf`s to the value that they stand for. A broken reference becomes `null`.
fn resolve<'d>(document: &'d Value, mut value: &'d Value) -> &'d Value {
    while let Some(next) = step(document, value) {
        value = next;
    }
    value
}

/// The next value on the way; none if this one is neither a reference nor a single `allOf`.
fn step<'d>(document: &'d Value, value: &'d Value) -> Option<&'d Value> {
    if let Some(reference) = value["$ref"].as_str() {
        return Some(
            document
                .pointer(reference.trim_start_matches('#'))
                .unwrap_or(&Value::Null),
        );
    }
    match value["allOf"].as_array().map(Vec::as_slice) {
        Some([only]) => Some(only),
        _ => None,
    }
}

/// The name of the schema that a reference, or a single `allOf`, leads to.
fn name_of(schema: &Value) -> Option<&str> {
    let reference = schema["$ref"].as_str().or(schema["allOf"][0]["$ref"].as_str())?;
    component(reference)
}

/// The schema of a body or an answer. Any content type with `json` in its name counts, such as `text/json`.
fn json_schema(holder: &Value) -> Option<&Value> {
    let content = entries(&holder["content"]).find(|(kind, _)| kind.contains("json"));
    content.and_then(|(_, media)| media.get("schema"))
}

/// Whether two paths are the same, apart from the prefix `/api/v3`, the case, and the names of their parameters.
fn same_path(ours: &str, theirs: &str) -> bool {
    let segments = |path: &str| -> Vec<String> {
        let path = path.trim_start_matches("/api/v3");
        let name = |segment: &str| match segment.starts_with('{') {
            true => "{}".into(),
            false => segment.to_lowercase(),
        };
        path.split('/').map(name).collect()
    };
    segments(ours) == segments(theirs)
}

/// The entries of an object; none if the value is not an object.
fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

/// The items of an array; none if the value is not an array.
fn values(array: &Value) -> impl Iterator<Item = &Value> {
    array.as_array().into_iter().flatten()
}

/// The text of a value; empty if it is not text.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
