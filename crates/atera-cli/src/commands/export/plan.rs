//! Which lists there are to export, and what hangs on their records.

use heck::ToKebabCase;
use http::Method;

use crate::{GROUPS, Kind, Location, OPERATIONS, Operation, Schema, cli::failure::Failure};

/// The group of paths that have published twins, which are exported instead.
const TWINS: &str = "guide";

/// A list to export.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) operation: &'static Operation,
    /// The list on whose records this one hangs.
    pub(super) parent: Option<&'static Operation>,
}

impl Part {
    /// What it is called: its group, and what of it if there is more.
    pub(super) fn name(&self) -> String {
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

    /// The fields of its records.
    pub(super) fn record(&self) -> Option<&'static Schema> {
        match (self.operation.record(), self.operation.answer) {
            (None, Some(Kind::Array(Kind::Object(schema)))) => Some(schema),
            (record, _) => record,
        }
    }

    /// The parameter for the record that it hangs on, and the field that identifies that.
    pub(super) fn link(&self) -> Option<(&'static str, &'static str)> {
        let parameter = self
            .operation
            .parameters
            .iter()
            .find(|parameter| parameter.required)?;
        Some((parameter.name, self.parent?.record()?.key?))
    }
}

/// The names of all groups that have something to export.
pub(super) fn group_names() -> Vec<String> {
    let groups = GROUPS
        .iter()
        .filter(|group| OPERATIONS.iter().any(|it| it.group == group.name && is_whole(it)));
    groups.map(|group| group.name.to_kebab_case()).collect()
}

/// The names of all that hangs on records.
pub(super) fn child_names() -> Vec<String> {
    let mut names: Vec<_> = OPERATIONS
        .iter()
        .filter(|operation| parent_of(operation).is_some())
        .map(child_name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The lists of these groups, or of all, and what hangs on their records by these names.
pub(super) fn parts(groups: &[String], with: &[String]) -> Result<Vec<Part>, Failure> {
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

/// Whether it lists all records of its kind. Others select some, or show the same from another side.
fn is_whole(operation: &Operation) -> bool {
    let free = operation.parameters.iter().all(|parameter| !parameter.required);
    let paged = operation.list && (operation.verb == "list" || operation.group == TWINS);
    let array = operation.method == Method::GET && matches!(operation.answer, Some(Kind::Array(_)));
    free && (paged || array)
}

/// The list on whose records an operation hangs: `/tickets` for `/tickets/{ticketId}/comments`.
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
            && parent.record().is_some_and(|record| record.key.is_some())
            && below.is_some_and(|below| below.starts_with("/{") && below.matches('/').count() > 1)
    })
}

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
    fn what_hangs_on_tickets_can_be_had_with_them() {
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
