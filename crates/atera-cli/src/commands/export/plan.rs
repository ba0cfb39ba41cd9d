//! Which lists there are to export, and what belongs to their records: the [`Collection`]s of the description, under the names
//! of the command line.

use std::ops::Deref;

use atera::description::{Collection, GROUPS, Kind, OPERATIONS, Operation};
use atera_records::Column;
use heck::ToKebabCase;

use crate::output::failure::Failure;

/// A list to export, with a file of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part(Collection);

impl Deref for Part {
    type Target = Collection;

    fn deref(&self) -> &Collection {
        &self.0
    }
}

impl Part {
    /// The list that an operation reads, if it reads one.
    pub(crate) fn of(operation: &'static Operation) -> Option<Self> {
        Collection::of(operation).filter(is_exported).map(Part)
    }

    /// Its name: that of its group, with more where the group has several lists.
    pub(crate) fn name(&self) -> String {
        self.0.name().to_kebab_case()
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
}

/// Whether there is a file for it. What is a field of another answer has none.
fn is_exported(collection: &Collection) -> bool {
    collection.field.is_none()
}

/// The place of an operation in the order of an export: first the lists in the order of the description, and then what belongs
/// to their records.
pub(crate) fn position(operation: &str) -> (bool, usize) {
    let place = OPERATIONS.iter().position(|it| it.id == operation);
    let child = place.is_some_and(|place| is_child(&OPERATIONS[place]));
    (child, place.unwrap_or(usize::MAX))
}

/// The names of the groups that have a list to export.
pub(crate) fn group_names() -> Vec<String> {
    let has_list = |group: &str| {
        let parts = OPERATIONS
            .iter()
            .filter(|it| it.group == group)
            .filter_map(Part::of);
        parts.filter(|part| part.parent.is_none()).count() > 0
    };
    let groups = GROUPS.iter().filter(|group| has_list(group.name));
    groups.map(|group| group.name.to_kebab_case()).collect()
}

/// The names of everything that belongs to records.
pub(crate) fn child_names() -> Vec<String> {
    let children = Collection::all().filter(|it| it.parent.is_some() && is_exported(it));
    let mut names: Vec<_> = children.map(|collection| child_name(&Part(collection))).collect();
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
    let chosen: Vec<_> = match groups.is_empty() {
        true => Collection::all().filter(is_exported).map(Part).collect(),
        false => OPERATIONS
            .iter()
            .filter(|operation| groups.contains(&operation.group.to_kebab_case()))
            .filter_map(Part::of)
            .collect(),
    };
    let (lists, children): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|part| part.parent.is_none());
    let children = children
        .into_iter()
        .filter(|part| with.contains(&child_name(part)));
    let parts: Vec<_> = lists.into_iter().chain(children).collect();
    let exports = |name: &String| {
        parts
            .iter()
            .any(|part| part.parent.is_some() && child_name(part) == *name)
    };
    match with.iter().find(|name| !exports(name)) {
        None => Ok(parts),
        Some(name) => Err(Failure::Usage(format!(
            "none of the groups has `{name}` on its records; leave it out of --with, or name its group"
        ))),
    }
}

/// Whether an operation reads what belongs to records.
fn is_child(operation: &'static Operation) -> bool {
    Part::of(operation).is_some_and(|part| part.parent.is_some())
}

/// What `--with` calls what belongs to records.
fn child_name(part: &Part) -> String {
    part.short_name().to_kebab_case()
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
