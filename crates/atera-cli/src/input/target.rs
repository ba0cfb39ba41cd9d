//! The record that the path of an operation names.

use atera::description::{Kind, Location, OPERATIONS, Operation, Parameter};
use http::Method;
use serde_json::Value;

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

/// The text of a value, as it goes into an address.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
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
}
