//! Which fields of a record make the columns of a table.
//!
//! The key comes first, then what people know a record by, what state it is in, whose it is, and when. Names on the wire
//! are regular enough to tell: a leading name of the record's own type is left out (`TicketTitle` of a ticket is a title).

use crate::{Field, Kind, Schema};

/// How many columns there are at most.
const MOST: usize = 7;
/// How many columns there are at least, if the record has so many single values.
const LEAST: usize = 5;

/// What tells people most about a record, in this order.
const TELLING: [&str; 18] = [
    "title",
    "name",
    "firstname",
    "lastname",
    "status",
    "severity",
    "priority",
    "online",
    "active",
    "email",
    "customername",
    "devicename",
    "technicianfullname",
    "comment",
    "description",
    "domain",
    "amount",
    "billiable",
];

/// The columns for records of this schema.
pub(super) fn columns(schema: &'static Schema) -> Vec<&'static Field> {
    let candidates = || {
        let fields = schema.fields.iter();
        fields.filter(|field| is_single(field.kind) && !field.deprecated)
    };
    let key = candidates().find(|field| Some(field.name) == schema.key);
    let telling = TELLING
        .iter()
        .filter_map(|name| candidates().find(|field| own_name(schema, field) == *name));
    // When it began says more than when it ended or was last touched.
    let dates = || candidates().filter(|field| matches!(field.kind, Kind::Timestamp | Kind::Date));
    let when = dates()
        .find(|field| field.name.contains("Created"))
        .or_else(|| dates().next());

    let mut columns: Vec<&Field> = key.into_iter().collect();
    let room = MOST - usize::from(when.is_some());
    for field in telling {
        if columns.len() < room {
            push(&mut columns, field);
        }
    }
    for field in candidates() {
        if columns.len() + usize::from(when.is_some()) < LEAST && !is_id(field) {
            push(&mut columns, field);
        }
    }
    if let Some(when) = when {
        push(&mut columns, when);
    }
    columns
}

fn push(columns: &mut Vec<&'static Field>, field: &'static Field) {
    if columns.iter().all(|column| column.name != field.name) {
        columns.push(field);
    }
}

fn is_single(kind: Kind) -> bool {
    !matches!(kind, Kind::Object(_) | Kind::Array(_) | Kind::Map(_) | Kind::Any)
}

fn is_id(field: &Field) -> bool {
    matches!(field.kind, Kind::Uuid) || field.name.to_ascii_lowercase().ends_with("id")
}

/// The field's name in lower case, without that of its record.
fn own_name(schema: &Schema, field: &Field) -> String {
    let name = field.name.to_ascii_lowercase();
    match name.strip_prefix(&schema.name.to_ascii_lowercase()) {
        Some(rest) if !rest.is_empty() => rest.to_string(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(schema: &str) -> Vec<&'static str> {
        let schema = Schema::find(schema).expect("a schema");
        columns(schema).into_iter().map(|field| field.name).collect()
    }

    #[test]
    fn a_table_shows_what_tells_most() {
        let tables = [
            "Ticket",
            "Agent",
            "Customer",
            "Contact",
            "Alert",
            "TicketComment",
            "TicketWorkHours",
        ];
        let tables = tables.map(|schema| format!("{schema}: {}", names(schema).join(" ")));
        assert_eq!(
            tables.as_slice(),
            [
                "Ticket: TicketID TicketTitle TicketStatus TicketPriority CustomerName TechnicianFullName TicketCreatedDate",
                "Agent: AgentID AgentName Online CustomerName Created",
                "Customer: CustomerID CustomerName Domain CreatedOn",
                "Contact: EndUserID Firstname Lastname Email CustomerName CreatedOn",
                "Alert: AlertID Title Severity CustomerName DeviceName Created",
                "TicketComment: FirstName LastName Email Comment Date",
                "TicketWorkHours: WorkHoursID TechnicianFullName Description Billiable StartWorkHour",
            ]
        );
    }

    #[test]
    fn the_key_comes_first_and_nothing_comes_twice() {
        for schema in crate::SCHEMAS.iter().filter(|schema| schema.key.is_some()) {
            let mut names = names(schema.name);
            assert_eq!(names.first().copied(), schema.key, "{}", schema.name);
            assert!(names.len() <= MOST, "{}: {names:?}", schema.name);
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{}", schema.name);
        }
    }

    #[test]
    fn records_without_telling_names_show_their_first_values() {
        assert!(names("TicketDurations").len() >= LEAST);
    }
}
