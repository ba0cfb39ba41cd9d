//! The record that the path of an operation names, and the ids of many of them.
//!
//! Where the path ends in, or is about, a single record with an id, the command takes several ids: as arguments, or with
//! `--ids` from a file. A file has an id on each line, or records as the command prints them: NDJSON, JSON or CSV. So the output
//! of a list is the input of another command:
//!
//! ```text
//! atera tickets list --all --ticket-status Resolved -o ndjson | atera tickets update --ids - --ticket-status Closed --yes
//! ```

use std::{collections::HashSet, path::PathBuf};

use atera::description::{Kind, Location, OPERATIONS, Operation, Parameter};
use clap::ArgMatches;
use http::Method;
use serde_json::Value;

use super::{arguments, source};
use crate::output::failure::Failure;

/// The operation that reads the record that the path names: the longest beginning of the path that can be read. For
/// `/alerts/{alertId}/resolve` it reads the alert.
pub(crate) fn read_of(operation: &Operation) -> Option<&'static Operation> {
    let path = operation.path;
    OPERATIONS
        .iter()
        .filter(|it| {
            it.method == Method::GET && !it.list && it.path.contains('{') && path.starts_with(it.path)
        })
        .max_by_key(|it| it.path.len())
}

/// The parameters in the path.
pub(crate) fn in_path(operation: &'static Operation) -> impl Iterator<Item = &'static Parameter> {
    let parameters = operation.parameters.iter();
    parameters.filter(|parameter| parameter.location == Location::Path)
}

/// The parameter that may be given many times: the only one of the path, if it is an id. Lists have pages of their own, so they
/// are read for one id at a time.
pub(crate) fn many(operation: &'static Operation) -> Option<&'static Parameter> {
    let mut parameters = in_path(operation);
    let parameter = parameters.next()?;
    let is_id = matches!(parameter.kind, Kind::Integer | Kind::Uuid);
    (is_id && parameters.next().is_none() && !operation.list).then_some(parameter)
}

/// The list whose records a write may be sent for, if it takes many ids. A read has no need of it: the list prints them.
pub(crate) fn list_of(operation: &'static Operation) -> Option<&'static Operation> {
    let parameter = many(operation).filter(|_| !operation.reads)?;
    OPERATIONS.iter().find(|list| {
        let id_field = list.record().and_then(|schema| schema.id_field);
        list.list
            && list.group == operation.group
            && list.verb == "list"
            && id_field.is_some_and(|field| is_named(operation, parameter, field))
    })
}

/// Whether the bodies of an operation can come from the rows of a file: it writes, and takes an object.
pub(crate) fn takes_rows(operation: &Operation) -> bool {
    !operation.reads && matches!(operation.body, Some(Kind::Object(_)))
}

/// Whether a field or a column of this name holds the values of a parameter of the path. It is called as the parameter, or as
/// the id of the records: the `contactId` of a path is the `EndUserID` of a contact.
pub(crate) fn is_named(operation: &Operation, parameter: &Parameter, name: &str) -> bool {
    let id_field = || match read_of(operation)?.answer {
        Some(Kind::Object(schema)) => schema.id_field,
        _ => None,
    };
    let is_last = operation.path.ends_with('}') || operation.path.matches('{').count() == 1;
    parameter.name.eq_ignore_ascii_case(name)
        || (is_last && id_field().is_some_and(|field| field.eq_ignore_ascii_case(name)))
}

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
    let Some(parameter) = many(operation) else {
        return Ok(None);
    };
    let ids = match matches.get_one::<PathBuf>(arguments::IDS) {
        Some(file) => {
            let name = source::name(file);
            let refused =
                |reason: String| Failure::Usage(format!("the ids in {name} cannot be read: {reason}"));
            let text = source::text(file).map_err(|error| refused(error.to_string()))?;
            from_text(operation, parameter, &text).map_err(refused)?
        }
        None => {
            let given = matches.get_many::<Value>(parameter.name).unwrap_or_default();
            given.map(text).collect()
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

/// The text of a value, as it goes into an address.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// The ids in a text: of records as JSON or NDJSON, of rows of CSV with a header, or one on each line.
fn from_text(operation: &Operation, parameter: &Parameter, text: &str) -> Result<Vec<String>, String> {
    let is_named = |name: &str| is_named(operation, parameter, name);
    let no_id = |place: String| format!("{place} has no `{}`", parameter.name);
    let mut ids = Vec::new();
    let mut add = |place: String, text: &str| {
        arguments::parse(parameter.kind, text.trim())
            .map_err(|reason| format!("{place} has `{}`: {reason}", text.trim()))
            .map(|value| ids.push(self::text(&value)))
    };
    if text.trim_start().starts_with(['{', '[']) {
        for (value, number) in json(text)?.iter().zip(1..) {
            let place = || format!("record {number}");
            let id = match value {
                Value::Object(fields) => fields.iter().find(|(name, _)| is_named(name)).map(|(_, id)| id),
                value => Some(value),
            };
            let id = id.filter(|id| !id.is_null()).ok_or_else(|| no_id(place()))?;
            add(place(), &self::text(id))?;
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
        let row = row.map_err(|error| error.to_string())?;
        let place = || format!("line {}", row.position().map_or(0, csv::Position::line));
        if is_first && let Some(found) = row.iter().position(|cell| is_named(cell.trim())) {
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

/// The values of a JSON array, or of JSON texts one after another.
pub(crate) fn json(text: &str) -> Result<Vec<Value>, String> {
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

    fn operation(id: &str) -> &'static Operation {
        Operation::find(id).expect(id)
    }

    #[test]
    fn operations_on_a_record_take_many_ids() {
        for (id, parameter) in [
            ("tickets_delete", Some("ticketId")),
            ("alerts_resolve", Some("alertId")),
            ("agents_get_installed_patches", Some("deviceGuid")),
            ("tickets_list_comments", None),
            ("tickets_delete_relation", None),
            ("tickets_create", None),
        ] {
            assert_eq!(many(operation(id)).map(|it| it.name), parameter, "{id}");
        }
    }

    #[test]
    fn writes_to_a_record_of_a_list_can_choose_from_it() {
        for (id, list) in [
            ("alerts_resolve", Some("alerts_list")),
            ("tickets_update", Some("tickets_list")),
            ("contacts_delete", Some("contacts_list")),
            ("tickets_add_comment", Some("tickets_list")),
            ("tickets_get", None),
            ("tickets_create", None),
            ("tickets_delete_relation", None),
        ] {
            assert_eq!(list_of(operation(id)).map(|it| it.id), list, "{id}");
        }
    }

    #[test]
    fn ids_are_read_from_lines_and_from_records() {
        let operation = operation("contacts_delete");
        let parameter = many(operation).expect("a parameter");
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
}
