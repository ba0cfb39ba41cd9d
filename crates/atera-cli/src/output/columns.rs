//! Which fields of a record make the columns of a table.
//!
//! The key comes first, then what people know a record by, what state it is in, whose it is, and at last when. Names on
//! the wire are regular enough to tell, once the name of the record's own type is left out: `TicketTitle` of a ticket is
//! its title.

use crate::{Field, Kind, Schema};

/// How many columns there are at most.
const MOST: usize = 7;
/// How many columns there are at least, if the record has so many single values.
const LEAST: usize = 5;

/// What tells people most about a record, in this order.
const TELLING: [&str; 26] = [
    "title",
    "name",
    "firstname",
    "lastname",
    "status",
    "severity",
    "priority",
    "online",
    "active",
    "isinternal",
    "email",
    "customername",
    "devicename",
    "technicianfullname",
    "number",
    "total",
    "currency",
    "contractname",
    "kbproduct",
    "comment",
    "description",
    "os",
    "domain",
    "city",
    "phone",
    "amount",
];

/// The time that tells people most about a record; the first of any other kind if there is none of these.
const WHEN: [&str; 7] = [
    "lastseen",
    "created",
    "createdon",
    "createddate",
    "date",
    "lastmodified",
    "modified",
];

/// The columns for records of this schema, the most telling first but for the time, which is last.
pub(super) fn telling(schema: &'static Schema) -> Vec<&'static Field> {
    let candidates = || {
        let fields = schema.fields.iter();
        fields.filter(|field| is_single(field.kind) && !field.deprecated)
    };
    let named = |name: &&str| candidates().find(|field| heading(schema, field).eq_ignore_ascii_case(name));
    let is_time = |field: &Field| matches!(field.kind, Kind::Timestamp | Kind::Date);
    let when = WHEN
        .iter()
        .find_map(named)
        .or_else(|| candidates().find(|field| is_time(field)));
    let key = candidates().find(|field| Some(field.name) == schema.key);
    let other = candidates().filter(|field| !is_id(field) && !is_time(field));

    let mut columns: Vec<&Field> = key.into_iter().collect();
    let room = |most: usize| most - usize::from(when.is_some());
    let telling = TELLING.iter().filter_map(named).map(|field| (field, MOST));
    for (field, most) in telling.chain(other.map(|field| (field, LEAST))) {
        let new = columns.iter().all(|column| column.name != field.name);
        if new && columns.len() < room(most) {
            columns.push(field);
        }
    }
    columns.extend(when);
    columns
}

/// The field's name without that of its record.
pub(super) fn heading(schema: &Schema, field: &Field) -> &'static str {
    match field.name.strip_prefix(schema.name) {
        Some(rest) if !rest.is_empty() && schema.key != Some(field.name) => rest,
        _ => field.name,
    }
}

pub(super) fn is_single(kind: Kind) -> bool {
    !matches!(kind, Kind::Object(_) | Kind::Array(_) | Kind::Map(_) | Kind::Any)
}

fn is_id(field: &Field) -> bool {
    matches!(field.kind, Kind::Uuid) || field.name.to_ascii_lowercase().ends_with("id")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(schema: &str) -> Vec<&'static str> {
        let schema = Schema::find(schema).expect("a schema");
        telling(schema).into_iter().map(|field| field.name).collect()
    }

    #[test]
    fn a_table_shows_what_tells_most() {
        for (schema, columns) in [
            (
                "Ticket",
                "TicketID TicketTitle TicketStatus TicketPriority CustomerName TechnicianFullName TicketCreatedDate",
            ),
            ("Agent", "AgentID AgentName Online CustomerName OS LastSeen"),
            ("Customer", "CustomerID CustomerName Domain City Phone CreatedOn"),
            (
                "Contact",
                "EndUserID Firstname Lastname Email CustomerName Phone CreatedOn",
            ),
            ("Alert", "AlertID Title Severity CustomerName DeviceName Created"),
            (
                "Invoice",
                "InvoiceId InvoiceNumber Total Currency ContractName InvoiceDate",
            ),
            (
                "KnowledgeBaseArticle",
                "KBID KBProduct KBContext KBRating_Yes KBTimestamp",
            ),
            (
                "TicketComment",
                "FirstName LastName IsInternal Email Comment Date",
            ),
            (
                "TicketWorkHours",
                "WorkHoursID TechnicianFullName Description Billiable StartWorkHour",
            ),
        ] {
            assert_eq!(names(schema).join(" "), columns);
        }
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
        assert_eq!(names("TicketDurations").len(), LEAST);
    }

    #[test]
    fn headings_leave_out_the_name_of_the_record() {
        let schema = Schema::find("Ticket").expect("a schema");
        let headings = telling(schema).into_iter().map(|field| heading(schema, field));
        assert_eq!(
            headings.collect::<Vec<_>>(),
            [
                "TicketID",
                "Title",
                "Status",
                "Priority",
                "CustomerName",
                "TechnicianFullName",
                "CreatedDate"
            ]
        );
    }
}
