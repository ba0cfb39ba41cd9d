//! The ids of many records, for one operation each.
//!
//! Where the path ends in, or is about, a single record with an id, the command takes several ids: as arguments, or with
//! `--ids` from a file. A file has an id on each line, or records as the command prints them: NDJSON, JSON or CSV. So the output
//! of a list is the input of another command:
//!
//! ```text
//! atera tickets list --all --ticket-status Resolved -o ndjson | atera tickets update --ids - --ticket-status Closed --yes
//! ```

use std::{collections::HashSet, path::PathBuf};

use atera::description::{Kind, Operation, Parameter, SCHEMAS, Schema};
use clap::ArgMatches;
use serde_json::Value;

use super::{arguments, source, target};
use crate::output::failure::Failure;

/// The ids that the arguments name, if they name more than one or come from a file. An id that comes twice counts once; the
/// second value is how many did.
///
/// # Errors
///
/// `Usage` if the file cannot be read, or if a value in it is no id.
pub(crate) fn ids(
    operation: &'static Operation,
    matches: &ArgMatches,
) -> Result<Option<(Vec<String>, usize)>, Failure> {
    let Some(parameter) = target::many(operation) else {
        return Ok(None);
    };
    let ids = match matches.get_one::<PathBuf>(arguments::IDS) {
        Some(file) => {
            let name = source::name(file);
            let refused = |reason: String| {
                Failure::Usage(format!(
                    "the ids in {name} cannot be read: {reason}; nothing was sent"
                ))
            };
            let text = source::text(file).map_err(|error| refused(error.to_string()))?;
            from_text(operation, parameter, &text).map_err(refused)?
        }
        None => {
            let given = matches.get_many::<Value>(parameter.name).unwrap_or_default();
            given.map(target::text).collect()
        }
    };
    if ids.len() < 2 && !matches.contains_id(arguments::IDS) {
        return Ok(None);
    }
    let count = ids.len();
    let mut seen = HashSet::new();
    let ids: Vec<_> = ids.into_iter().filter(|id| seen.insert(id.clone())).collect();
    let repeats = count - ids.len();
    Ok(Some((ids, repeats)))
}

/// The ids in a text: of records as JSON or NDJSON, of rows of CSV with a header, or one on each line.
fn from_text(
    operation: &'static Operation,
    parameter: &'static Parameter,
    text: &str,
) -> Result<Vec<String>, String> {
    let is_named = |name: &str| target::is_named(operation, parameter, name);
    let no_id = |place: String| format!("{place} has no `{}`", parameter.name);
    let mut kinds = Kinds::new(operation);
    let mut ids = Vec::new();
    let mut add = |place: String, text: &str| {
        arguments::parse(parameter.kind, text.trim())
            .map_err(|reason| format!("{place} has `{}`: {reason}", text.trim()))
            .map(|value| ids.push(target::text(&value)))
    };
    if text.trim_start().starts_with(['{', '[']) {
        for (value, number) in json(text)?.iter().zip(1..) {
            let place = || format!("record {number}");
            let id = match value {
                Value::Object(fields) => {
                    let id = fields.iter().find(|(name, _)| is_named(name));
                    if let Some((name, _)) = id {
                        kinds.check(fields.keys().map(String::as_str).collect(), name)?;
                    }
                    id.map(|(_, id)| id)
                }
                value => Some(value),
            };
            let id = id.filter(|id| !id.is_null()).ok_or_else(|| no_id(place()))?;
            add(place(), &target::text(id))?;
        }
        return Ok(ids);
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut column = None;
    for (row, is_first) in reader
        .records()
        .zip(std::iter::once(true).chain(std::iter::repeat(false)))
    {
        let row = row.map_err(|error| format!("it is not CSV: {error}"))?;
        let place = || format!("line {}", row.position().map_or(0, csv::Position::line));
        if is_first && let Some(found) = row.iter().position(|cell| is_named(cell.trim())) {
            kinds.check(row.iter().map(str::trim).collect(), row[found].trim())?;
            column = Some(found);
            continue;
        }
        match column {
            Some(column) => add(place(), row.get(column).ok_or_else(|| no_id(place()))?)?,
            None if row.len() == 1 => add(place(), &row[0])?,
            None => {
                return Err(format!(
                    "{} has several cells, and no header names `{}`",
                    place(),
                    parameter.name
                ));
            }
        }
    }
    Ok(ids)
}

/// Which kind of records a write takes its ids from. A record has the ids of others beside its own, such as the customer of a
/// contact, and nobody who gives contacts means to delete their customers.
struct Kinds {
    /// Whether records of any kind will do: a read does no harm.
    any: bool,
    /// The kind that the operation is about, if its records have ids.
    own: Option<&'static Schema>,
    /// The names of the fields that were found to be right last.
    right: Vec<String>,
}

impl Kinds {
    fn new(operation: &'static Operation) -> Self {
        let of_read = || match target::read_of(operation)?.answer {
            Some(Kind::Object(schema)) => Some(schema),
            _ => None,
        };
        let own = target::list_of(operation)
            .and_then(Operation::record)
            .or_else(of_read);
        Kinds {
            any: operation.reads,
            own: own.filter(|schema| schema.id_field.is_some()),
            right: Vec::new(),
        }
    }

    /// Refuses records with these fields if the one of this name is the id of another record in them.
    fn check(&mut self, fields: Vec<&str>, name: &str) -> Result<(), String> {
        // A single column was chosen on purpose.
        if self.any || fields.len() < 2 || self.right == fields {
            return Ok(());
        }
        if let Some(kind) = self.kind_of(&fields)
            && has_field(kind, name)
            && self.own.is_none_or(|own| own.name != kind.name)
            && (self.own.is_some() || !is_id(kind, name))
        {
            let id_field = kind.id_field.unwrap_or_default();
            return Err(format!(
                "its records look like those of {}, whose own id is `{id_field}`, and `{name}` in them is that of another record; \
                 to take it all the same, give that column alone, as --select {name} prints it",
                kind.name
            ));
        }
        self.right = fields.into_iter().map(ToString::to_string).collect();
        Ok(())
    }

    /// The kind of records with most of these fields. Of several with as many it is the operation's own. `None` if no kind has two
    /// of them.
    fn kind_of(&self, fields: &[&str]) -> Option<&'static Schema> {
        let known = |schema: &Schema| fields.iter().filter(|field| has_field(schema, field)).count();
        let kinds = self.own.into_iter().chain(SCHEMAS.iter().copied());
        let kinds = kinds.filter(|schema| schema.id_field.is_some());
        let mut best = None;
        for kind in kinds {
            let count = known(kind);
            // The first of several with as many stays.
            if count > best.map_or(1, |(most, _)| most) {
                best = Some((count, kind));
            }
        }
        best.map(|(_, kind)| kind)
    }
}

/// Whether records of this kind have a field of this name, or one whose parts have columns of their own.
fn has_field(schema: &Schema, name: &str) -> bool {
    let name = name.split('.').next().unwrap_or_default();
    schema
        .fields
        .iter()
        .any(|field| field.name.eq_ignore_ascii_case(name))
}

/// Whether the id of these records has this name.
fn is_id(schema: &Schema, name: &str) -> bool {
    schema
        .id_field
        .is_some_and(|field| field.eq_ignore_ascii_case(name))
}

/// The values of a JSON array, or of JSON texts one after another.
fn json(text: &str) -> Result<Vec<Value>, String> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let mut all = Vec::new();
    for value in values {
        match value.map_err(|error| format!("it is not JSON: {error}"))? {
            Value::Array(values) => all.extend(values),
            value => all.push(value),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_lines_and_from_records() {
        let operation = Operation::find("contacts_delete").expect("an operation");
        let parameter = target::many(operation).expect("a parameter");
        let ids = |text: &str| from_text(operation, parameter, text);
        let two = || Ok(vec!["7".to_string(), "8".to_string()]);
        for text in [
            "7\n 8 \r\n\n",
            "EndUserID\n7\n8\n",
            "Email,contactId\na@b.example,7\n\"c,d\",8\n",
            "{\"EndUserID\": 7}\n{\"EndUserID\": 8, \"Email\": null}\n",
            "[{\"enduserid\": \"7\"},\n{\"EndUserID\": 8}]",
            "[7, \"8\"]",
        ] {
            assert_eq!(ids(text), two(), "{text}");
        }
        assert_eq!(ids(""), Ok(Vec::new()));
        for (text, reason) in [
            ("7\nseven\n", "line 2 has `seven`: it must be a whole number"),
            ("7,8\n", "line 1 has several cells"),
            ("{\"EndUserID\": 7}\n{\"Id\": 8}", "record 2 has no `contactId`"),
            ("{\"EndUserID\": 7", "it is not JSON"),
        ] {
            let refused = ids(text).expect_err(text);
            assert!(refused.starts_with(reason), "{refused}");
        }
    }

    #[test]
    fn a_write_takes_ids_from_records_of_its_own_kind() {
        let ids = |id: &str, text: &str| {
            let operation = Operation::find(id).expect(id);
            from_text(operation, target::many(operation).expect(id), text)
        };
        let contact =
            r#"{"EndUserID": 7, "CustomerID": 8, "CustomerName": "x", "Firstname": "y", "Email": "z"}"#;
        let alert = "AlertID,TicketID,DeviceName,Severity,CustomerID\n7,8,x,High,9\n";
        for (operation, text) in [
            ("customers_delete", contact),
            ("customers_update", "EndUserID,CustomerID,Email,Phone\n7,8,x,y\n"),
            ("tickets_delete", alert),
            (
                "tickets_add_work_hours",
                "WorkHoursID,TicketID,Billiable,RateID\n7,8,true,1\n",
            ),
            (
                "departments_delete",
                r#"{"Id": 7, "ItemId": 8, "FieldName": "x", "ValueAsString": "y"}"#,
            ),
        ] {
            let refused = ids(operation, text).expect_err(text);
            assert!(refused.contains("whose own id is"), "{refused}");
        }
        for (operation, text) in [
            ("contacts_delete", contact),
            // The service may have added a field.
            (
                "customers_delete",
                r#"{"CustomerID": 7, "CustomerName": "x", "Domain": "y", "New": 1, "Newer": 2, "EndUserID": 8}"#,
            ),
            ("customers_delete", "CustomerID,CustomerName\n7,x\n"),
            ("customers_delete", "CustomerID,Why\n7,x\n"),
            ("customers_delete", "CustomerID\n7\n"),
            ("customers_delete", r#"{"CustomerID": 7}"#),
            (
                "tickets_add_work_hours",
                "TicketID,TicketTitle,TicketStatus,CustomerID\n7,x,Open,8\n",
            ),
            (
                "guide_devices_http_delete",
                "DeviceID,DeviceName,CustomerID\n7,x,8\n",
            ),
        ] {
            assert_eq!(
                ids(operation, text),
                Ok(vec!["7".to_string()]),
                "{operation}: {text}"
            );
        }
        // A read does no harm.
        assert_eq!(ids("customers_get", contact), Ok(vec!["8".to_string()]));
    }
}
