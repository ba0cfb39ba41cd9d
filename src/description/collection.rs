//! Which lists there are to read for all records of an account, and what belongs to their records.
//!
//! Nothing here names an operation: which lists are whole, and which belong to the records of another, follows from the paths
//! and parameters of the description. `/tickets` is a list, and `/tickets/{ticketId}/comments` belongs to its records.

use http::Method;

use super::{Field, Kind, Location, OPERATIONS, Operation, Parameter, Schema};

/// The group of the guide's paths. Each of them has a published twin with the same records.
const TWINS: &str = "guide";

/// All records of one kind: a list by itself, or what belongs to each record of such a list.
///
/// ```
/// use atera::description::Collection;
///
/// let names: Vec<_> = Collection::all().map(|collection| collection.name()).collect();
/// assert!(names.contains(&"tickets".to_string()) && names.contains(&"tickets_comments".to_string()));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Collection {
    /// The operation that reads it; for what belongs to records, that of one record.
    pub operation: &'static Operation,
    /// The list to whose records it belongs. `None` if it is a list by itself.
    pub parent: Option<&'static Operation>,
    /// The field of the answer with the records, if the answer is neither a page nor an array: `availableUpdates` of a machine's
    /// patches.
    pub field: Option<&'static str>,
}

/// How the service lists what has changed in a list since a time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChangeFilter {
    /// The operation that lists it.
    pub operation: &'static Operation,
    /// The parameter that takes the time.
    pub parameter: &'static Parameter,
    /// The parameters that make its records those of the list, if they are `true`.
    pub switches: Vec<&'static str>,
}

/// The fields that the records of a list show of the records of another: a ticket has the name of its customer.
///
/// If the name of the customer changes, the service shows it in all tickets, but counts none of them as changed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CopiedFields {
    /// The field with the id of the other record.
    pub reference: &'static str,
    /// The fields: the name here, and in the other record.
    pub fields: Vec<(&'static str, &'static str)>,
}

impl Collection {
    /// Every collection of the account once: first the lists in the order of the description, then what belongs to their
    /// records. The guide's own paths are left out, since a published one has the same records.
    pub fn all() -> impl Iterator<Item = Collection> {
        let all = || {
            OPERATIONS
                .iter()
                .filter(|operation| operation.group != TWINS)
                .filter_map(Collection::of)
        };
        let lists = all().filter(|collection| collection.parent.is_none());
        lists.chain(all().filter(|collection| collection.parent.is_some()))
    }

    /// The collection that an operation reads, if it reads one. Other operations select some records, or read no list.
    pub fn of(operation: &'static Operation) -> Option<Self> {
        if is_whole(operation) {
            return Some(Collection {
                operation,
                parent: None,
                field: None,
            });
        }
        let field = match operation.answer {
            Some(Kind::Object(answer)) if !operation.list => Some(array_of(answer)?.0),
            _ => None,
        };
        let parent = Some(parent_of(operation)?);
        Some(Collection {
            operation,
            parent,
            field,
        })
    }

    /// Its name: that of its group, with more where the group has several, as in `tickets`, `rates_products` or
    /// `tickets_comments`.
    pub fn name(&self) -> String {
        match (self.parent, self.operation.verb) {
            (None, "list") => self.operation.group.to_string(),
            (Some(_), _) => format!("{}_{}", self.operation.group, self.short_name()),
            _ => self.operation.id.replacen("_list_", "_", 1),
        }
    }

    /// What it is called beside others of its group, as in `comments`.
    pub fn short_name(&self) -> &'static str {
        let verb = self.operation.verb;
        let name = verb.strip_prefix("list_").or_else(|| verb.strip_prefix("get_"));
        name.unwrap_or(verb)
    }

    /// The type of its records. `None` if they are not objects, but text or the like.
    pub fn record(&self) -> Option<&'static Schema> {
        match (self.operation.record(), self.operation.answer) {
            (None, Some(Kind::Array(Kind::Object(schema)))) => Some(schema),
            (None, Some(Kind::Object(answer))) if self.field.is_some() => Some(array_of(answer)?.1),
            (record, _) => record,
        }
    }

    /// The parameter for the record that it belongs to, and the field of that record with its value: the one of the same name, or
    /// else that of the id.
    pub fn link(&self) -> Option<(&'static str, &'static str)> {
        let parameter = self
            .operation
            .parameters
            .iter()
            .find(|parameter| parameter.required)?;
        let record = self.parent?.record()?;
        let mut fields = record.fields.iter();
        let same = fields.find(|field| field.name.eq_ignore_ascii_case(parameter.name));
        Some((parameter.name, same.map(|field| field.name).or(record.id_field)?))
    }

    /// The operation that reads one of its records by its id, and the parameter for the id.
    pub fn get(&self) -> Option<(&'static Operation, &'static Parameter)> {
        let record = self.record()?;
        OPERATIONS.iter().find_map(|operation| {
            let below = operation.path.strip_prefix(self.operation.path)?;
            let parameter = operation.path_parameter(below.strip_prefix('/')?)?;
            let same = matches!(operation.answer, Some(Kind::Object(answer)) if answer.name == record.name);
            (operation.method == Method::GET && same).then_some((operation, parameter))
        })
    }

    /// How the service lists what has changed in it since a time, if it does: by a parameter of the list, or by another operation
    /// with the same records.
    pub fn change_filter(&self) -> Option<ChangeFilter> {
        let list = self.operation;
        let goes_by_changes = |name: &str| name.to_lowercase().contains("lastmodified");
        let own = list
            .since_parameter()
            .filter(|parameter| goes_by_changes(parameter.name));
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
            parameter: operation.since_parameter()?,
            switches: switches.map(|parameter| parameter.name).collect(),
        })
    }

    /// What its records show of those of `other`, by the names of their fields: `CustomerName` of a ticket is that of the
    /// customer with its `CustomerID`, and `EndUserEmail` the `Email` of the contact with its `EndUserID`. `None` if they do not
    /// refer to them.
    pub fn copied_fields(&self, other: &Collection) -> Option<CopiedFields> {
        let (here, there) = (self.record()?, other.record()?);
        let id_there = there.id_field?;
        if self.operation.id == other.operation.id {
            return None;
        }
        // A department has an `Id`, and a contact its `DepartmentID`.
        let qualified = format!("{}ID", there.name);
        let refers = |name: &str| name == id_there || name == qualified;
        let reference = here.fields.iter().find(|field| refers(field.name))?.name;
        let prefix = reference.strip_suffix("ID")?.to_lowercase();
        let shows = |here: &str, there: &str| {
            let (here, there) = (here.to_lowercase(), there.to_lowercase());
            here.starts_with(&prefix) && (here == there || here == format!("{prefix}{there}"))
        };
        let pairs = here.fields.iter().flat_map(|field: &Field| {
            let of_other = there.fields.iter();
            of_other
                .filter(|other| field.name != reference && shows(field.name, other.name))
                .map(|other| (field.name, other.name))
        });
        let fields = pairs.collect();
        Some(CopiedFields { reference, fields })
    }
}

/// Whether an operation lists all records of its kind. Others select some of them, or list them by something else.
fn is_whole(operation: &Operation) -> bool {
    let free = operation.parameters.iter().all(|parameter| !parameter.required);
    let paged = operation.list && (operation.verb == "list" || operation.group == TWINS);
    let array = operation.method == Method::GET && matches!(operation.answer, Some(Kind::Array(_)));
    free && (paged || array)
}

/// The only array of objects in an answer: its field, and what the objects are.
fn array_of(answer: &'static Schema) -> Option<(&'static str, &'static Schema)> {
    let mut arrays = answer.fields.iter().filter_map(|field| match field.kind {
        Kind::Array(Kind::Object(schema)) => Some((field.name, *schema)),
        _ => None,
    });
    arrays.next().filter(|_| arrays.next().is_none())
}

/// The list to whose records an operation belongs: `/tickets` for `/tickets/{ticketId}/comments`.
fn parent_of(operation: &Operation) -> Option<&'static Operation> {
    let lists = match operation.answer {
        Some(Kind::Array(_)) => operation.verb.starts_with("list_"),
        Some(Kind::Object(answer)) if !operation.list => {
            operation.verb.starts_with("get_") && array_of(answer).is_some()
        }
        _ => operation.list && operation.verb.starts_with("list_"),
    };
    let mut required = operation.parameters.iter().filter(|parameter| parameter.required);
    let one = required
        .next()
        .is_some_and(|parameter| parameter.location == Location::Path)
        && required.next().is_none();
    if operation.method != Method::GET || !lists || !one {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Collection {
        Collection::all().find(|it| it.name() == name).expect(name)
    }

    #[test]
    fn every_list_is_there_once() {
        let lists = Collection::all().filter(|it| it.parent.is_none());
        let mut names: Vec<_> = lists.map(|it| it.name()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "agents",
                "alerts",
                "contacts",
                "contracts",
                "custom_values_fields",
                "customers",
                "departments",
                "devices_generic",
                "devices_http",
                "devices_snmp",
                "devices_tcp",
                "invoices",
                "knowledge_bases",
                "rates_expenses",
                "rates_products",
                "tickets",
                "work_hours",
            ]
        );
    }

    #[test]
    fn what_belongs_to_records_has_its_list_and_their_id() {
        let of_tickets =
            Collection::all().filter(|it| it.parent.is_some_and(|list| list.id == "tickets_list"));
        let names: Vec<_> = of_tickets.map(|it| it.name()).collect();
        assert_eq!(
            names,
            ["tickets_comments", "tickets_attachments", "tickets_work_hours"]
        );
        assert_eq!(named("tickets_comments").link(), Some(("ticketId", "TicketID")));
        assert_eq!(named("tickets").link(), None);
        let others = Collection::all().filter(|it| it.parent.is_some_and(|list| list.id != "tickets_list"));
        let others: Vec<_> = others.map(|it| (it.name(), it.field, it.link())).collect();
        let link = Some(("deviceGuid", "DeviceGuid"));
        assert_eq!(
            others,
            [
                (
                    "agents_available_patches".to_string(),
                    Some("availableUpdates"),
                    link
                ),
                (
                    "agents_installed_patches".to_string(),
                    Some("installedUpdates"),
                    link
                ),
            ]
        );
        let record = named("agents_available_patches")
            .record()
            .map(|record| record.name);
        assert_eq!(record, Some("AvailablePatch"));
    }

    #[test]
    fn the_lists_that_tell_what_has_changed_are_known_by_their_parameters() {
        let filters: Vec<_> = Collection::all()
            .filter_map(|it| Some((it.name(), it.change_filter()?)))
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
    fn a_record_is_read_by_its_id() {
        let get = |name: &str| {
            named(name)
                .get()
                .map(|(operation, parameter)| (operation.id, parameter.name))
        };
        for (name, operation, parameter) in [
            ("tickets", "tickets_get", "ticketId"),
            ("customers", "customers_get", "customerId"),
            ("contacts", "contacts_get", "contactId"),
        ] {
            assert_eq!(get(name), Some((operation, parameter)));
        }
        assert_eq!(get("tickets_comments"), None);
    }

    #[test]
    fn copied_fields_are_known_by_their_names() {
        let copied = |here: &str, there: &str| {
            let copied = named(here).copied_fields(&named(there));
            copied.map(|copied| copied.fields).unwrap_or_default()
        };
        assert_eq!(
            copied("tickets", "contacts"),
            [
                ("EndUserEmail", "Email"),
                ("EndUserFirstName", "Firstname"),
                ("EndUserLastName", "Lastname"),
                ("EndUserPhone", "Phone"),
            ]
        );
        assert!(copied("tickets", "customers").contains(&("CustomerName", "CustomerName")));
        assert!(copied("contacts", "departments").contains(&("DepartmentName", "Name")));
        assert_eq!(copied("customers", "tickets"), []);
    }
}
