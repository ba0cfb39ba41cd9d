//! The few fields that tell most of a record, for where nobody has chosen any.
//!
//! A ticket has some 40 fields, and a terminal has room for seven. No list of columns is kept for each type; the names of the
//! fields decide, so that a type that is new in the description has sensible columns at once. The id comes first, then what
//! people call a record by, its state, its owner, and last a time. Names on the wire are regular enough for that, once the
//! name of the record's own type is left out: `TicketTitle` of a ticket is its title.

use atera::description::{Field, Kind, Schema};

/// The most columns.
const MOST: usize = 7;
/// The fewest columns, if the record has as many single values: where few names are known, the first fields fill the table.
const LEAST: usize = 5;

/// Names of fields that people look for in a table, most important first. Case does not matter.
const TELLING: [&str; 27] = [
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
    "durationhours",
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

/// Names of times that people look for, most important first. If a record has none of them, its first time is shown.
const WHEN: [&str; 7] = [
    "lastseen",
    "created",
    "createdon",
    "createddate",
    "date",
    "lastmodified",
    "modified",
];

/// The columns for records of this schema: most important first, and the time last.
///
/// Deprecated fields, other ids, and values with parts of their own are left out.
pub(crate) fn summary(schema: &'static Schema) -> Vec<&'static Field> {
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
    let id = candidates().find(|field| Some(field.name) == schema.id_field);
    let other = candidates().filter(|field| !is_id(field) && !is_time(field));

    let mut columns: Vec<&Field> = id.into_iter().collect();
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

/// The heading of a column: the name of the field without that of its record, `Title` for `TicketTitle`. The id keeps its
/// whole name, because people copy it from there.
pub(crate) fn heading(schema: &Schema, field: &Field) -> &'static str {
    match field.name.strip_prefix(schema.name) {
        Some(rest) if !rest.is_empty() && schema.id_field != Some(field.name) => rest,
        _ => field.name,
    }
}

/// The type of the objects that an answer holds: itself, or the elements of an array.
pub fn object_in(kind: Kind) -> Option<&'static Schema> {
    match kind {
        Kind::Object(schema) => Some(schema),
        Kind::Array(kind) => object_in(*kind),
        _ => None,
    }
}

/// Whether a value of this kind is a single one, with neither fields nor elements.
pub(crate) fn is_single(kind: Kind) -> bool {
    !matches!(kind, Kind::Object(_) | Kind::Array(_) | Kind::Map(_) | Kind::Any)
}

/// Whether a field holds the id of this record or of another, which tells people little.
fn is_id(field: &Field) -> bool {
    matches!(field.kind, Kind::Uuid) || field.name.to_ascii_lowercase().ends_with("id")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the columns for a type.
    fn names(schema: &str) -> Vec<&'static str> {
        let schema = Schema::find(schema).expect("a schema");
        summary(schema).into_iter().map(|field| field.name).collect()
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
    fn the_id_comes_first_and_nothing_comes_twice() {
        for schema in atera::description::SCHEMAS
            .iter()
            .filter(|schema| schema.id_field.is_some())
        {
            let mut names = names(schema.name);
            assert_eq!(names.first().copied(), schema.id_field, "{}", schema.name);
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
        let headings = summary(schema).into_iter().map(|field| heading(schema, field));
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
