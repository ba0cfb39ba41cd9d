//! Which lists there are to export, and what belongs to their records.
//!
//! Nothing here names an operation: which lists are whole, and which belong to the records of another, follows from the paths
//! and parameters of the description. `/tickets` is a list, and `/tickets/{ticketId}/comments` belongs to its records.

use atera::description::{GROUPS, Kind, Location, OPERATIONS, Operation, Parameter, Schema};
use heck::ToKebabCase;
use http::Method;

use crate::{
    input::since,
    output::{columns::Column, failure::Failure},
};

/// The group of the guide's paths. Each of them has a published twin, which is exported instead.
const TWINS: &str = "guide";

/// A list to export, with a file of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// The operation that reads it.
    pub(crate) operation: &'static Operation,
    /// The list to whose records it belongs. `None` if it is a list by itself.
    pub(crate) parent: Option<&'static Operation>,
}

/// How the service lists what has changed since a time.
#[derive(Clone, Debug)]
pub(crate) struct ChangeFilter {
    pub(crate) operation: &'static Operation,
    /// The parameter that takes the time.
    pub(crate) parameter: &'static Parameter,
    /// The parameters that make its records those of the list, if they are `true`.
    pub(crate) switches: Vec<&'static str>,
}

impl Part {
    /// Its name: that of its group, with more where the group has several lists.
    pub(crate) fn name(&self) -> String {
        match (self.parent, self.operation.verb) {
            (None, "list") => self.operation.group.to_kebab_case(),
            (Some(_), _) => format!(
                "{}-{}",
                self.operation.group.to_kebab_case(),
                child_name(self.operation)
            ),
            _ => self.operation.id.replace("_list_", "_").to_kebab_case(),
        }
    }

    /// The name of its file, by the name of the format.
    pub(crate) fn file_name(&self, format: &str) -> String {
        format!("{}.{format}", self.name())
    }

    /// The columns of its file in CSV. Children have the id of their record first, unless they have a field of that name.
    pub(crate) fn columns(&self) -> Vec<Column> {
        let single = |name: &str| Column {
            path: vec![name.to_string()],
            kind: Kind::Any,
            heading: name.to_string(),
        };
        let mut columns = self.record().map_or_else(|| vec![single("value")], Column::all);
        if let Some((_, id_field)) = self.link()
            && columns.iter().all(|column| column.heading != id_field)
        {
            columns.insert(0, single(id_field));
        }
        columns
    }

    /// The type of its records.
    pub(crate) fn record(&self) -> Option<&'static Schema> {
        match (self.operation.record(), self.operation.answer) {
            (None, Some(Kind::Array(Kind::Object(schema)))) => Some(schema),
            (record, _) => record,
        }
    }

    /// How the service lists what has changed in it since a time, if it does: by a parameter of the list, or by another operation
    /// with the same records.
    pub(crate) fn changes(&self) -> Option<ChangeFilter> {
        let list = self.operation;
        let goes_by_changes = |name: &str| name.to_lowercase().contains("lastmodified");
        let own = since::parameter(list).filter(|parameter| goes_by_changes(parameter.name));
        if let Some(parameter) = own.filter(|_| self.parent.is_none()) {
            return Some(ChangeFilter {
                operation: list,
                parameter,
                switches: Vec::new(),
            });
        }
        let same_records = |other: &Operation| match (other.record(), list.record()) {
            (Some(one), Some(other)) => one.name == other.name,
            _ => false,
        };
        let operation = OPERATIONS.iter().find(|other| {
            let below = other.path.strip_prefix(list.path);
            self.parent.is_none()
                && other.group == list.group
                && same_records(other)
                && below.is_some_and(goes_by_changes)
        })?;
        let has = |name: &str| list.parameters.iter().any(|parameter| parameter.name == name);
        let switches = operation.parameters.iter().filter(|parameter| {
            // What the list always has and the other one only on demand.
            matches!(parameter.kind, Kind::Boolean) && !has(parameter.name)
        });
        Some(ChangeFilter {
            operation,
            parameter: since::parameter(operation)?,
            switches: switches.map(|parameter| parameter.name).collect(),
        })
    }

    /// The parameter for the record that it belongs to, and the field of that record with its id.
    pub(crate) fn link(&self) -> Option<(&'static str, &'static str)> {
        let parameter = self
            .operation
            .parameters
            .iter()
            .find(|parameter| parameter.required)?;
        Some((parameter.name, self.parent?.record()?.id_field?))
    }
}

/// The place of an operation in the order of an export: first the lists in the order of the description, and then what belongs
/// to their records.
pub(crate) fn position(operation: &str) -> (bool, usize) {
    let place = OPERATIONS.iter().position(|it| it.id == operation);
    let child = place.is_some_and(|place| parent_of(&OPERATIONS[place]).is_some());
    (child, place.unwrap_or(usize::MAX))
}

/// The names of the groups that have a list to export.
pub(crate) fn group_names() -> Vec<String> {
    let groups = GROUPS
        .iter()
        .filter(|group| OPERATIONS.iter().any(|it| it.group == group.name && is_whole(it)));
    groups.map(|group| group.name.to_kebab_case()).collect()
}

/// The names of everything that belongs to records.
pub(crate) fn child_names() -> Vec<String> {
    let mut names: Vec<_> = OPERATIONS
        .iter()
        .filter(|operation| parent_of(operation).is_some())
        .map(child_name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The lists of these groups, or of all groups if there are none, and what belongs to their records by the names in `with`.
///
/// # Errors
///
/// `Usage` if none of the groups has something by one of these names.
pub(crate) fn parts(groups: &[String], with: &[String]) -> Result<Vec<Part>, Failure> {
    let wanted = |operation: &&Operation| match groups.is_empty() {
        true => operation.group != TWINS,
        false => groups.contains(&operation.group.to_kebab_case()),
    };
    let chosen = || OPERATIONS.iter().filter(wanted);
    let lists = chosen()
        .filter(|operation| is_whole(operation))
        .map(|operation| Part {
            operation,
            parent: None,
        });
    let children = chosen().filter_map(|operation| {
        let parent = Some(parent_of(operation)?);
        with.contains(&child_name(operation))
            .then_some(Part { operation, parent })
    });
    let parts: Vec<_> = lists.chain(children).collect();
    let exports = |name: &String| {
        parts
            .iter()
            .any(|it| it.parent.is_some() && child_name(it.operation) == *name)
    };
    match with.iter().find(|name| !exports(name)) {
        None => Ok(parts),
        Some(name) => Err(Failure::Usage(format!(
            "none of the groups has `{name}` on its records; leave it out of --with, or name its group"
        ))),
    }
}

/// Whether an operation lists all records of its kind. Others select some of them, or list them by something else.
fn is_whole(operation: &Operation) -> bool {
    let free = operation.parameters.iter().all(|parameter| !parameter.required);
    let paged = operation.list && (operation.verb == "list" || operation.group == TWINS);
    let array = operation.method == Method::GET && matches!(operation.answer, Some(Kind::Array(_)));
    free && (paged || array)
}

/// The list to whose records an operation belongs: `/tickets` for `/tickets/{ticketId}/comments`.
fn parent_of(operation: &Operation) -> Option<&'static Operation> {
    let lists = operation.list || matches!(operation.answer, Some(Kind::Array(_)));
    let mut required = operation.parameters.iter().filter(|parameter| parameter.required);
    let one = required
        .next()
        .is_some_and(|parameter| parameter.location == Location::Path)
        && required.next().is_none();
    if operation.method != Method::GET || !lists || !one || !operation.verb.starts_with("list_") {
        return None;
    }
    OPERATIONS.iter().find(|parent| {
        let below = operation.path.strip_prefix(parent.path);
        is_whole(parent)
            && parent.group == operation.group
            && parent.has_ids()
            && below.is_some_and(|below| below.starts_with("/{") && below.matches('/').count() > 1)
    })
}

/// What `--with` calls an operation that belongs to records.
fn child_name(operation: &Operation) -> String {
    operation.verb.trim_start_matches("list_").to_kebab_case()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_exported_once() {
        let mut names: Vec<_> = parts(&[], &[]).expect("parts").iter().map(Part::name).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "agents",
                "alerts",
                "contacts",
                "contracts",
                "custom-values-fields",
                "customers",
                "departments",
                "devices-generic",
                "devices-http",
                "devices-snmp",
                "devices-tcp",
                "invoices",
                "knowledge-bases",
                "rates-expenses",
                "rates-products",
                "tickets",
                "work-hours",
            ]
        );
    }

    #[test]
    fn the_lists_that_tell_what_has_changed_are_known_by_their_parameters() {
        let parts = parts(&[], &["comments".to_string()]).expect("parts");
        let filters: Vec<_> = parts
            .iter()
            .filter_map(|part| Some((part.name(), part.changes()?)))
            .map(|(name, filter)| (name, filter.operation.id, filter.parameter.name, filter.switches))
            .collect();
        let expected = [
            (
                "tickets",
                "tickets_list_last_modified",
                "date",
                vec!["includeComments"],
            ),
            ("customers", "customers_list", "FromLastModifiedDate", vec![]),
            ("contacts", "contacts_list", "FromLastModifiedDate", vec![]),
        ];
        assert_eq!(
            filters,
            expected.map(|(name, operation, parameter, switches)| {
                (name.to_string(), operation, parameter, switches)
            })
        );
    }

    #[test]
    fn what_belongs_to_tickets_is_exported_with_them() {
        let with: Vec<_> = ["comments", "work-hours", "attachments"].map(String::from).into();
        let parts = parts(&["tickets".to_string()], &with).expect("parts");
        let names: Vec<_> = parts.iter().map(Part::name).collect();
        assert_eq!(
            names,
            [
                "tickets",
                "tickets-comments",
                "tickets-attachments",
                "tickets-work-hours"
            ]
        );
        assert_eq!(parts[1].link(), Some(("ticketId", "TicketID")));
        assert!(matches!(
            super::parts(&["alerts".to_string()], &with),
            Err(Failure::Usage(_))
        ));
    }
}
