//! The kinds of records that the sandbox stores.
//!
//! Some are in no answer of the service by themselves: technicians are only seen on tickets, folders on agents. They
//! are still records, because others refer to them.

use std::sync::LazyLock;

use atera::description::{Kind, Operation};

use super::shape::{Column, Shape};

/// A kind of record. The variants have the order of [`Entity::ALL`], and their numbers seed the generated data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entity {
    Customer,
    Department,
    Technician,
    Contact,
    Agent,
    Ticket,
    Alert,
    Rate,
    Sla,
    Folder,
    CustomerFile,
    Contract,
    Comment,
    WorkHours,
    TicketFile,
    Article,
    Invoice,
    GenericDevice,
    HttpDevice,
    SnmpDevice,
    TcpDevice,
    CustomField,
    CustomValue,
    ScriptRun,
}

/// What is known of a kind of record.
struct Definition {
    /// Name in a dump.
    name: &'static str,
    /// Name in a sentence.
    noun: &'static str,
    /// The schema of the description whose fields the records have; none if no answer has them.
    schema: Option<&'static str>,
    /// The field with the number by which the store finds a record.
    id_field: &'static str,
    /// Further fields, which no answer has.
    hidden: &'static [(&'static str, Kind)],
}

impl Entity {
    /// All kinds. With few exceptions a kind comes after those that it refers to.
    pub(crate) const ALL: [Entity; 24] = [
        Entity::Customer,
        Entity::Department,
        Entity::Technician,
        Entity::Contact,
        Entity::Agent,
        Entity::Ticket,
        Entity::Alert,
        Entity::Rate,
        Entity::Sla,
        Entity::Folder,
        Entity::CustomerFile,
        Entity::Contract,
        Entity::Comment,
        Entity::WorkHours,
        Entity::TicketFile,
        Entity::Article,
        Entity::Invoice,
        Entity::GenericDevice,
        Entity::HttpDevice,
        Entity::SnmpDevice,
        Entity::TcpDevice,
        Entity::CustomField,
        Entity::CustomValue,
        Entity::ScriptRun,
    ];

    /// The devices that an agent monitors over the network. The four kinds share one sequence of ids, so that an id
    /// names one device.
    pub(crate) const DEVICES: [Entity; 4] = [
        Entity::HttpDevice,
        Entity::TcpDevice,
        Entity::SnmpDevice,
        Entity::GenericDevice,
    ];

    /// The groups of operations that act on one kind of record.
    const GROUPS: [(&'static str, Entity); 12] = [
        ("agents", Entity::Agent),
        ("alerts", Entity::Alert),
        ("contacts", Entity::Contact),
        ("contracts", Entity::Contract),
        ("customers", Entity::Customer),
        ("departments", Entity::Department),
        ("devices_generic", Entity::GenericDevice),
        ("devices_http", Entity::HttpDevice),
        ("devices_snmp", Entity::SnmpDevice),
        ("devices_tcp", Entity::TcpDevice),
        ("knowledge_bases", Entity::Article),
        ("tickets", Entity::Ticket),
    ];

    /// The kind of record that a group of operations acts on, with the name of the group as the description has it.
    /// Groups that act on several kinds, such as `custom_values`, have none.
    pub(crate) fn of_group(group: &str) -> Option<(&'static str, Entity)> {
        Entity::GROUPS.into_iter().find(|(name, _)| *name == group)
    }

    /// The kind of record that the group of an operation acts on; see [`Entity::of_group`].
    pub(crate) fn of(operation: &Operation) -> Option<Entity> {
        Entity::of_group(operation.group).map(|(_, entity)| entity)
    }

    /// The table of all kinds. Fields that are hidden here are the parts of a record that the service must store, since
    /// a request can set them, and that no answer shows.
    #[rustfmt::skip]
    fn definition(self) -> Definition {
        const fn answered(name: &'static str, noun: &'static str, id_field: &'static str) -> Definition {
            Definition { name, noun, schema: Some(name), id_field, hidden: &[] }
        }
        match self {
            Entity::Customer => answered("Customer", "customer", "CustomerID"),
            Entity::Department => answered("Department", "department", "Id"),
            Entity::Contact => answered("Contact", "contact", "EndUserID"),
            Entity::Agent => answered("Agent", "agent", "AgentID"),
            Entity::Ticket => answered("Ticket", "ticket", "TicketID"),
            Entity::Alert => answered("Alert", "alert", "AlertID"),
            Entity::Article => answered("KnowledgeBaseArticle", "article", "KBID"),
            Entity::GenericDevice => answered("GenericDevice", "generic device", "DeviceID"),
            Entity::HttpDevice => answered("HttpDevice", "HTTP device", "DeviceID"),
            Entity::SnmpDevice => answered("SnmpDevice", "SNMP device", "DeviceID"),
            Entity::TcpDevice => answered("TcpDevice", "TCP device", "DeviceID"),
            Entity::Technician => Definition {
                name: "Technician", noun: "technician", schema: None, id_field: "TechnicianContactID",
                hidden: &[("TechnicianFullName", Kind::Text), ("TechnicianEmail", Kind::Text), ("FirstName", Kind::Text), ("LastName", Kind::Text)],
            },
            Entity::Rate => Definition {
                name: "Rate", noun: "rate", schema: Some("Rate"), id_field: "RateID",
                hidden: &[("IsExpense", Kind::Boolean), ("Archived", Kind::Boolean)],
            },
            Entity::Sla => Definition {
                name: "Sla", noun: "SLA", schema: None, id_field: "SLAId",
                hidden: &[("Name", Kind::Text)],
            },
            Entity::Folder => Definition {
                name: "Folder", noun: "folder", schema: None, id_field: "FolderID",
                hidden: &[("Name", Kind::Text), ("CustomerId", Kind::Integer), ("ThresholdId", Kind::Integer)],
            },
            Entity::CustomerFile => Definition {
                name: "CustomerFile", noun: "attachment", schema: None, id_field: "AttachmentID",
                hidden: &[("Name", Kind::Text), ("CustomerId", Kind::Integer), ("ContentBased64", Kind::Text)],
            },
            Entity::Contract => Definition {
                name: "Contract", noun: "contract", schema: Some("Contract"), id_field: "ContractID",
                hidden: &[("SLAId", Kind::Integer), ("TaxId", Kind::Integer), ("Notes", Kind::Text)],
            },
            Entity::Comment => Definition {
                name: "TicketComment", noun: "comment", schema: Some("TicketComment"), id_field: "CommentID",
                hidden: &[("TicketID", Kind::Integer)],
            },
            Entity::WorkHours => Definition {
                name: "WorkHoursRecord", noun: "work hours", schema: Some("WorkHoursRecord"), id_field: "WorkHoursID",
                hidden: &[("WithinSLA", Kind::Boolean)],
            },
            Entity::TicketFile => Definition {
                name: "TicketFile", noun: "attachment", schema: None, id_field: "AttachmentID",
                hidden: &[("TicketID", Kind::Integer), ("Address", Kind::Text)],
            },
            Entity::Invoice => Definition {
                name: "Invoice", noun: "invoice", schema: Some("Invoice"), id_field: "InvoiceNumber", hidden: &[],
            },
            Entity::CustomField => Definition {
                name: "CustomField", noun: "custom field", schema: Some("CustomField"), id_field: "FieldID", hidden: &[],
            },
            Entity::CustomValue => Definition {
                name: "CustomValue", noun: "custom value", schema: Some("CustomValue"), id_field: "ValueID",
                hidden: &[("Target", Kind::Text)],
            },
            Entity::ScriptRun => Definition {
                name: "ScriptRun", noun: "run of a script", schema: None, id_field: "RunID",
                hidden: &[("AgentID", Kind::Integer), ("Script", Kind::Text), ("Queued", Kind::Timestamp)],
            },
        }
    }

    /// The fields that records of this kind have in the store: those of the schema, and the hidden ones.
    pub(crate) fn shape(self) -> &'static Shape {
        static SHAPES: LazyLock<Vec<&'static Shape>> =
            LazyLock::new(|| Entity::ALL.map(|entity| stored(entity.definition())).into());
        SHAPES[self as usize]
    }

    /// The field with the number by which the store finds a record. It is not always the id of the API: custom values
    /// are known there by a GUID, and this number is in no answer.
    pub(crate) fn id_field(self) -> &'static str {
        self.definition().id_field
    }

    /// Name of the kind in a dump.
    pub(crate) fn name(self) -> &'static str {
        self.definition().name
    }

    /// Name of one record in a sentence.
    pub(crate) fn noun(self) -> &'static str {
        self.definition().noun
    }

    /// The `Target` of custom fields that these records can have.
    pub(crate) fn target(self) -> Option<&'static str> {
        match self {
            Entity::Customer => Some("Customer"),
            Entity::Ticket => Some("Ticket"),
            Entity::Contact => Some("Contact"),
            Entity::Contract => Some("Contract"),
            Entity::Sla => Some("SLA"),
            Entity::Agent => Some("Agent"),
            Entity::SnmpDevice => Some("SNMPDevice"),
            Entity::TcpDevice => Some("TCPDevice"),
            Entity::HttpDevice => Some("HTTPDevice"),
            Entity::GenericDevice => Some("GenericDevice"),
            _ => None,
        }
    }

    /// The fields with a time by which lists are filtered. `Table` keeps their times parsed.
    pub(crate) fn time_fields(self) -> &'static [&'static str] {
        match self {
            Entity::WorkHours => &["StartWorkHour", "EndWorkHour"],
            _ => &[],
        }
    }

    /// The fields by whose value records are often looked up. `Table` keeps an index of each.
    pub(crate) fn indexed_fields(self) -> &'static [&'static str] {
        match self {
            Entity::Ticket => &["CustomerID", "EndUserID", "TicketStatus", "RelatedTicketId"],
            Entity::Comment | Entity::WorkHours | Entity::TicketFile => &["TicketID"],
            Entity::CustomValue => &["ItemId"],
            _ => &[],
        }
    }
}

/// The shape of a kind of record. A kind without hidden fields shares the shape of its schema, so its records need no
/// conversion when they are answered.
fn stored(definition: Definition) -> &'static Shape {
    let described = definition.schema.map(Shape::named);
    if let Some(shape) =
        described.filter(|shape| definition.hidden.is_empty() && shape.id_field == Some(definition.id_field))
    {
        return shape;
    }
    let plain = |(name, kind): (&'static str, Kind)| Column {
        name,
        kind,
        nullable: true,
    };
    let mut columns = described.map_or_else(Vec::new, |shape| shape.columns.clone());
    if columns.iter().all(|column| column.name != definition.id_field) {
        columns.push(plain((definition.id_field, Kind::Integer)));
    }
    columns.extend(definition.hidden.iter().copied().map(plain));
    // Records refer to shapes of schemas and to these alike, so these must live as long as the program as well.
    Box::leak(Box::new(Shape {
        name: definition.name,
        id_field: Some(definition.id_field),
        columns,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_place_and_its_key() {
        for (index, entity) in Entity::ALL.into_iter().enumerate() {
            assert_eq!(entity as usize, index, "{entity:?}");
            let shape = entity.shape();
            let mut names: Vec<_> = shape.columns.iter().map(|column| column.name).collect();
            assert!(names.contains(&shape.id_field.expect("an id")), "{entity:?}");
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), shape.columns.len(), "{entity:?}");
        }
    }
}
