//! The comparison.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
use strsim::jaro_winkler;

use super::{Change, Comparison, Difference};
use crate::build::spec::component;

const METHODS: [&str; 5] = ["get", "post", "put", "delete", "patch"];

/// How alike two names are that one of them may have become the other.
const ALIKE: f64 = 0.8;

/// Compares the two documents.
pub(crate) fn compare(ours: &Value, theirs: &Value) -> Comparison {
    let mut comparing = Comparing {
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
                comparing.operation(path, method, found.map(|(_, operation)| operation), operation);
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
                comparing.note(&at, Change::Removed, "is an operation that they lack", true);
            }
        }
    }
    let mut result = comparing.result;
    result.compared.properties = comparing.properties.len();
    result.differences.sort();
    result.differences.dedup_by(|one, other| {
        (&one.place, one.change, &one.what) == (&other.place, other.change, &other.what)
    });
    result
}

/// Where the comparison is.
#[derive(Clone)]
struct Place {
    ours: String,
    theirs: String,
}

impl Place {
    fn of_operation(ours: &Value, path: &str, method: &str) -> Self {
        let theirs = format!("{} {path}", method.to_uppercase());
        let ours = ours["operationId"].as_str().unwrap_or(&theirs).to_string();
        Place { ours, theirs }
    }

    /// A place within this one.
    fn within(&self, part: &str) -> Self {
        Place {
            ours: format!("{} {part}", self.ours),
            theirs: self.theirs.clone(),
        }
    }
}

struct Comparing<'d> {
    ours: &'d Value,
    theirs: &'d Value,
    result: Comparison,
    /// The properties of theirs that were seen.
    properties: HashSet<(*const Value, &'d str)>,
    /// The pairs of schemas that were compared, so that each is once, and one within itself ends.
    compared: HashSet<(*const Value, *const Value)>,
}

impl<'d> Comparing<'d> {
    fn operation(&mut self, path: &str, method: &str, ours: Option<&'d Value>, theirs: &'d Value) {
        self.result.compared.operations += 1;
        let Some(ours) = ours else {
            let at = Place::of_operation(&Value::Null, path, method);
            return self.note(&at, Change::Added, "is an operation that we lack", true);
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
                "is a body that they lack",
                true,
            ),
            (None, Some(_)) => self.note(&at.within("body"), Change::Added, "is a body that we lack", true),
            (None, None) => {}
        }
        for (status, theirs) in entries(&theirs["responses"]) {
            let at = Place {
                theirs: format!("{} {status}", at.theirs),
                ..at.within(status)
            };
            let Some(ours) = ours["responses"].get(status) else {
                // The client takes every status as it comes.
                self.note(&at, Change::Added, "is a status that we lack", false);
                continue;
            };
            let answers = (
                json_schema(resolve(self.ours, ours)),
                json_schema(resolve(self.theirs, theirs)),
            );
            match answers {
                (Some(ours), Some(theirs)) => self.schema(&at, ours, theirs, false),
                (None, Some(_)) => self.note(&at, Change::Added, "has content that we lack", true),
                (Some(_), None) => self.note(&at, Change::Removed, "has content that they lack", false),
                (None, None) => {}
            }
        }
    }

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
            // Of several that are gone, the one that is called most alike.
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
                    "is a parameter that we lack",
                    true,
                ),
            }
        }
        for parameter in removed {
            let at = at.within(&format!("? {}", text(&parameter["name"])));
            self.note(&at, Change::Removed, "is a parameter that they lack", true);
        }
    }

    fn parameter(&mut self, at: &Place, ours: &'d Value, theirs: &'d Value) {
        let at = at.within(&format!("? {}", text(&ours["name"])));
        let required = |parameter: &Value| parameter["required"] == true;
        if required(ours) != required(theirs) {
            let is = if required(theirs) { "is" } else { "is not" };
            self.note(&at, Change::Changed, &format!("{is} required"), true);
        }
        self.schema(&at, &ours["schema"], &theirs["schema"], true);
    }

    /// Compares two schemas. `sent` tells whether it is we who write what they describe.
    fn schema(&mut self, at: &Place, ours: &'d Value, theirs: &'d Value, sent: bool) {
        let (name, nullable) = (
            name_of(ours),
            [ours, theirs].map(|schema| schema["nullable"] == true),
        );
        let (ours, theirs) = (resolve(self.ours, ours), resolve(self.theirs, theirs));
        if nullable[0] != (nullable[1] || theirs["nullable"] == true) {
            let is = if nullable[0] { "is not" } else { "is" };
            // Whatever may be missing may also be null.
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

    /// Compares closed lists. Where theirs has none, ours tells more.
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
                &format!("has the value {value}, which we lack"),
                true,
            );
        }
        if theirs.get("enum").is_some() {
            for value in missing(theirs, ours) {
                self.note(at, Change::Removed, &format!("has not the value {value}"), true);
            }
        }
    }

    /// Ours says more of what is required, for the service refuses requests without it. Of answers it says nothing.
    fn required(&mut self, at: &Place, ours: &Value, theirs: &Value, sent: bool) {
        for name in values(&theirs["required"]).map(text) {
            if sent && !values(&ours["required"]).any(|ours| text(ours) == name) {
                let at = at.within(&format!(". {name}"));
                self.note(&at, Change::Changed, "is required", true);
            }
        }
    }

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
                kinds.0 == kinds.1 && jaro_winkler(before, name) >= ALIKE
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
                    "is a property that we lack",
                    true,
                ),
            }
        }
        for name in removed {
            let at = at.within(&format!(". {name}"));
            self.note(&at, Change::Removed, "is a property that they lack", true);
        }
    }

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

/// A type as a person names it.
fn kind(schema: &Value) -> String {
    let name = |key: &str| schema[key].as_str();
    match (name("type"), name("format")) {
        (Some(kind), Some(format)) => format!("{kind} ({format})"),
        (Some(kind), None) => kind.to_string(),
        _ => "of no type".to_string(),
    }
}

/// What a reference, or a single `allOf`, stands for.
fn resolve<'d>(document: &'d Value, mut value: &'d Value) -> &'d Value {
    while let Some(next) = step(document, value) {
        value = next;
    }
    value
}

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

/// The schema of a body or an answer, whichever JSON content type it is given under.
fn json_schema(holder: &Value) -> Option<&Value> {
    let content = entries(&holder["content"]).find(|(kind, _)| kind.contains("json"));
    content.and_then(|(_, media)| media.get("schema"))
}

/// Whether two paths are the same but for their prefix and the names of their parameters.
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

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn values(array: &Value) -> impl Iterator<Item = &Value> {
    array.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
