//! The description against another OpenAPI document of the same API: what of theirs ours lacks or says otherwise.
//!
//! Names of schemas and operations are ours to choose, so operations are matched by method and path, and schemas by where
//! they are used. What ours has beyond theirs is no difference: the guide adds to it.

use std::{collections::HashSet, fmt};

use serde_json::Value;

/// What was compared, and what differs.
#[derive(Default)]
pub(crate) struct Report {
    operations: usize,
    parameters: usize,
    properties: HashSet<String>,
    values: usize,
    pub(crate) differences: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.differences {
            writeln!(out, "{difference}")?;
        }
        writeln!(
            out,
            "compared {} operations, {} parameters, {} properties, {} values of closed lists; missing or different: {}",
            self.operations,
            self.parameters,
            self.properties.len(),
            self.values,
            self.differences.len()
        )
    }
}

const METHODS: [&str; 5] = ["get", "post", "put", "delete", "patch"];

/// Compares all of `theirs` with its counterpart in `ours`.
pub(crate) fn compare(ours: &Value, theirs: &Value) -> Report {
    let mut comparison = Comparison {
        ours,
        theirs,
        report: Report::default(),
        within: Vec::new(),
    };
    for (path, item) in entries(&theirs["paths"]) {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                comparison.operation(path, method, operation);
            }
        }
    }
    comparison.report.differences.sort();
    comparison.report.differences.dedup();
    comparison.report
}

struct Comparison<'d> {
    ours: &'d Value,
    theirs: &'d Value,
    report: Report,
    /// The schemas of theirs that are being compared, so that one within itself ends.
    within: Vec<*const Value>,
}

impl<'d> Comparison<'d> {
    fn operation(&mut self, path: &str, method: &str, theirs: &'d Value) {
        self.report.operations += 1;
        let place = format!("{} {path}", method.to_uppercase());
        let found = entries(&self.ours["paths"])
            .find(|(ours, _)| same_path(ours, path))
            .and_then(|(_, item)| item.get(method));
        let Some(ours) = found else {
            return self.differs(&place, "is missing");
        };

        for parameter in values(&theirs["parameters"]) {
            self.report.parameters += 1;
            let parameter = resolve(self.theirs, parameter);
            let place = format!("{place} parameter {}", text(&parameter["name"]));
            let same = |ours: &&Value| {
                ours["in"] == parameter["in"]
                    && text(&ours["name"]).eq_ignore_ascii_case(text(&parameter["name"]))
            };
            match values(&ours["parameters"])
                .map(|ours| resolve(self.ours, ours))
                .find(same)
            {
                Some(ours) => self.schema(&place, &ours["schema"], &parameter["schema"]),
                None => self.differs(&place, "is missing"),
            }
        }
        if let Some(theirs) = json_schema(resolve(self.theirs, &theirs["requestBody"])) {
            match json_schema(resolve(self.ours, &ours["requestBody"])) {
                Some(ours) => self.schema(&format!("{place} body"), ours, theirs),
                None => self.differs(&place, "has no body"),
            }
        }
        for (status, theirs) in entries(&theirs["responses"]) {
            let place = format!("{place} {status}");
            let Some(ours) = ours["responses"].get(status) else {
                self.differs(&place, "is missing");
                continue;
            };
            if let Some(theirs) = json_schema(resolve(self.theirs, theirs)) {
                match json_schema(resolve(self.ours, ours)) {
                    Some(ours) => self.schema(&place, ours, theirs),
                    None => self.differs(&place, "has no content"),
                }
            }
        }
    }

    fn schema(&mut self, place: &str, ours: &'d Value, theirs: &'d Value) {
        let (ours, theirs) = (resolve(self.ours, ours), resolve(self.theirs, theirs));
        if self.within.iter().any(|schema| std::ptr::eq(*schema, theirs)) {
            return;
        }
        self.within.push(theirs);
        for key in ["type", "format"] {
            if ours[key] != theirs[key] && !refined(ours, theirs) {
                self.differs(place, &format!("{key} is {} and not {}", ours[key], theirs[key]));
            }
        }
        for value in values(&theirs["enum"]) {
            self.report.values += 1;
            if !values(&ours["enum"]).any(|ours| ours == value) {
                self.differs(place, &format!("the value {value} is missing"));
            }
        }
        for (name, theirs) in entries(&theirs["properties"]) {
            self.report.properties.insert(format!("{:p}/{name}", theirs));
            let place = format!("{place} . {name}");
            match ours["properties"].get(name) {
                Some(ours) => self.schema(&place, ours, theirs),
                None => self.differs(&place, "is missing"),
            }
        }
        if theirs.get("items").is_some() {
            self.schema(&format!("{place}[]"), &ours["items"], &theirs["items"]);
        }
        self.within.pop();
    }

    fn differs(&mut self, place: &str, how: &str) {
        self.report.differences.push(format!("{place}: {how}"));
    }
}

/// Text whose format ours tells more of than theirs: the kind of time, or of id.
fn refined(ours: &Value, theirs: &Value) -> bool {
    ours["type"] == "string" && theirs["type"] == "string" && theirs.get("format").is_none()
}

/// What a reference, or a single `allOf`, stands for.
fn resolve<'d>(document: &'d Value, mut value: &'d Value) -> &'d Value {
    loop {
        if let Some(reference) = value["$ref"].as_str() {
            value = document
                .pointer(reference.trim_start_matches('#'))
                .unwrap_or(&Value::Null);
        } else if let Some([only]) = value["allOf"].as_array().map(Vec::as_slice) {
            value = only;
        } else {
            return value;
        }
    }
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
        let name = |segment: &str| {
            if segment.starts_with('{') {
                "{}".into()
            } else {
                segment.to_lowercase()
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::spec;

    const OURS: &str = "
paths:
  /tickets/{ticketId}:
    get:
      parameters: [{$ref: '#/components/parameters/TicketId'}]
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/Ticket'}}}}}
components:
  parameters:
    TicketId: {name: ticketId, in: path, schema: {type: integer, format: int64}}
  schemas:
    Priority: {type: string, enum: [Low, High]}
    Ticket:
      type: object
      properties:
        Priority: {allOf: [{$ref: '#/components/schemas/Priority'}], nullable: true}
        Created: {type: string, format: date-time}
        Title: {type: string}
";

    fn differences(change: impl Fn(String) -> String) -> Vec<String> {
        let theirs = change(OURS.replace("/tickets", "/api/v3/tickets"));
        let read = |text: &str| spec::read(text).unwrap().0;
        compare(&read(OURS), &read(&theirs)).differences
    }

    #[test]
    fn the_same_document_has_no_difference() {
        assert_eq!(differences(|theirs| theirs), [""; 0]);
    }

    #[test]
    fn each_thing_that_ours_lacks_is_a_difference() {
        for (from, to, difference) in [
            (
                "    get:",
                "    put:",
                "PUT /api/v3/tickets/{ticketId}: is missing",
            ),
            (
                "name: ticketId",
                "name: id",
                "GET /api/v3/tickets/{ticketId} parameter id: is missing",
            ),
            (
                "Low, High",
                "Low, High, Top",
                "GET /api/v3/tickets/{ticketId} 200 . Priority: the value \"Top\" is missing",
            ),
            (
                "Title:",
                "Subject:",
                "GET /api/v3/tickets/{ticketId} 200 . Subject: is missing",
            ),
            ("'200'", "'201'", "GET /api/v3/tickets/{ticketId} 201: is missing"),
            (
                "Title: {type: string}",
                "Title: {type: integer}",
                "GET /api/v3/tickets/{ticketId} 200 . Title: type is \"string\" and not \"integer\"",
            ),
            (
                "format: date-time",
                "format: date",
                "GET /api/v3/tickets/{ticketId} 200 . Created: format is \"date-time\" and not \"date\"",
            ),
        ] {
            assert_eq!(differences(|theirs| theirs.replace(from, to)), [difference]);
        }
    }
}
