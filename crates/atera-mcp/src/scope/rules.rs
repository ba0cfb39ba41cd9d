//! How it is told whose records an operation is about.
//!
//! The rules follow from the names of parameters and fields: `CustomerID` is the customer, wherever it stands, and the record that
//! a path names has one or has not.

use atera::description::{Field, Kind, Location, OPERATIONS, Operation, Parameter, Schema};
use http::Method;

use crate::request::record_of;

/// How the calls of an operation are checked. Each part that is there has to hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// The parameter that names the customer. One in the query is set, so that the service filters.
    pub(crate) parameter: Option<&'static Parameter>,
    /// The record that the path names, which is read first.
    pub(crate) owner: Option<Owner>,
    /// The field of each record of the answer that names the customer.
    pub(crate) answer: Option<&'static str>,
    /// The field of the body that names the customer.
    pub(crate) body: Option<&'static str>,
    /// Whether the body must name the customer, or a contact of it, because nothing else does.
    pub(crate) body_decides: bool,
}

/// A record that tells whose it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    /// The operation that reads it.
    pub(crate) read: &'static Operation,
    /// The parameter of that operation, which takes the id.
    pub(crate) parameter: &'static Parameter,
    /// The field of the record that names the customer.
    pub(crate) field: &'static str,
}

/// Fields of a body that name records, and the operation that reads those. Letter case is ignored.
const REFERENCES: [(&str, &str); 8] = [
    ("EndUserID", "contacts_get"),
    ("ContactID", "contacts_get"),
    ("TicketID", "tickets_get"),
    ("RelatedTicketId", "tickets_get"),
    ("AgentID", "agents_get"),
    ("DefaultAgentId", "agents_get"),
    ("MonitoringAgentID", "agents_get"),
    ("ContractID", "contracts_get"),
];

/// Fields of a body that name records of customers in a way that cannot be checked.
const UNCHECKABLE: [&str; 10] = [
    "CustomerName",
    "DepartmentID",
    "DepartmentName",
    "FolderID",
    "DeviceGuid",
    "DeviceID",
    "ItemId",
    "EndUserEmail",
    "EndUserFirstName",
    "EndUserLastName",
];

/// What a field of a body means for the customer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning {
    /// It names the customer.
    Customer,
    /// It names a record that is read to see whose it is.
    Reference(Owner),
    /// It names something whose customer cannot be told.
    Uncheckable,
    /// Nothing.
    None,
}

/// What a field of a body means for the customer.
pub(crate) fn meaning(name: &str) -> Meaning {
    if is_customer(name) {
        return Meaning::Customer;
    }
    if let Some((_, read)) = REFERENCES
        .iter()
        .find(|(field, _)| field.eq_ignore_ascii_case(name))
    {
        return match Operation::find(read).and_then(owner_by) {
            Some(owner) => Meaning::Reference(owner),
            None => Meaning::Uncheckable,
        };
    }
    match UNCHECKABLE.iter().any(|field| field.eq_ignore_ascii_case(name)) {
        true => Meaning::Uncheckable,
        false => Meaning::None,
    }
}

/// How the calls of an operation are checked. `None` if it cannot be told whose records it is about.
pub(crate) fn of(operation: &'static Operation) -> Option<Rules> {
    let parameter = operation.parameters.iter().find(|it| is_customer(it.name));
    let answer = record_of(operation)
        .filter(|_| operation.reads)
        .and_then(customer_field);
    let body = match operation.body {
        Some(Kind::Object(schema)) => customer_field(schema),
        _ => None,
    };
    let in_path = || {
        operation
            .parameters
            .iter()
            .filter(|it| it.location == Location::Path)
    };
    let names_customer = in_path().any(|it| is_customer(it.name));
    let other_in_path = in_path().find(|it| !is_customer(it.name) && names_record(it));
    let owner = match other_in_path {
        Some(parameter) if answer.is_none() && !names_customer => Some(owner_of(operation, parameter)?),
        _ => None,
    };
    let mut rules = Rules {
        parameter,
        owner,
        answer,
        body,
        body_decides: false,
    };
    if parameter.is_some() || owner.is_some() || answer.is_some() {
        return Some(rules);
    }
    // Nothing but the body can tell.
    let decides = match operation.body {
        Some(Kind::Object(schema)) if !operation.reads => schema
            .fields
            .iter()
            .any(|field| matches!(meaning(field.name), Meaning::Customer | Meaning::Reference(_))),
        _ => false,
    };
    let needs_uncheckable = match operation.body {
        Some(Kind::Object(schema)) => schema
            .fields
            .iter()
            .any(|field| field.required && matches!(meaning(field.name), Meaning::Uncheckable)),
        _ => true,
    };
    rules.body_decides = true;
    (decides && !needs_uncheckable).then_some(rules)
}

/// Whether a name is that of a customer's id.
pub(crate) fn is_customer(name: &str) -> bool {
    name.eq_ignore_ascii_case("CustomerID")
}

/// The field of a type that names the customer.
fn customer_field(schema: &Schema) -> Option<&'static str> {
    let mut fields = schema.fields.iter();
    fields
        .find(|field: &&Field| is_customer(field.name) && matches!(field.kind, Kind::Integer))
        .map(|field| field.name)
}

/// Whether a parameter of the path names a record, and not a field or a relation of it.
fn names_record(parameter: &Parameter) -> bool {
    let name = parameter.name.to_lowercase();
    name.ends_with("id") || name.ends_with("guid") || matches!(parameter.kind, Kind::Integer | Kind::Uuid)
}

/// The record that a parameter of an operation's path names: the one that the beginning of the path reads, or else the only one
/// that is read by a parameter of the same name.
fn owner_of(operation: &Operation, parameter: &Parameter) -> Option<Owner> {
    let reads = || OPERATIONS.iter().filter_map(|it| Some((it, owner_by(it)?)));
    let begins = reads().find(|(read, _)| {
        let rest = operation.path.strip_prefix(read.path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if let Some((_, owner)) = begins {
        return Some(owner);
    }
    // A `deviceId` is that of four kinds of devices, each with ids of its own, and a guid may be that of anything.
    parameter.name.strip_suffix("Id")?;
    let mut named = reads().filter(|(_, owner)| owner.parameter.name == parameter.name);
    let (_, owner) = named.next()?;
    named.next().is_none().then_some(owner)
}

/// The record that an operation reads by its id alone, if that tells whose it is.
fn owner_by(read: &'static Operation) -> Option<Owner> {
    let Some(Kind::Object(record)) = read.answer else {
        return None;
    };
    let mut in_path = read.parameters.iter().filter(|it| it.location == Location::Path);
    let parameter = in_path.next()?;
    let is_single = in_path.next().is_none() && read.path.ends_with(&format!("{{{}}}", parameter.name));
    (read.method == Method::GET && !read.list && is_single).then_some(())?;
    Some(Owner {
        read,
        parameter,
        field: customer_field(record)?,
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// A person reads this table line by line whenever it changes.
    #[test]
    fn every_operation_has_its_check() {
        let mut table = String::new();
        for operation in OPERATIONS {
            let how = match of(operation) {
                None => "refused: it cannot be told whose records it is about".to_string(),
                Some(rules) => {
                    let parts = [
                        rules.parameter.map(|it| format!("the parameter {}", it.name)),
                        rules
                            .owner
                            .map(|it| format!("{} of what {} reads", it.field, it.read.id)),
                        rules.answer.map(|it| format!("{it} of the answer")),
                        rules.body.map(|it| format!("{it} of the body")),
                        rules.body_decides.then(|| "the body must name it".to_string()),
                    ];
                    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
                }
            };
            let _ = writeln!(table, "{}: {how}", operation.id);
        }
        insta::assert_snapshot!("customer", table);
    }
}
