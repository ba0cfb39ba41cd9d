//! The kinds of records that are kept.

use std::sync::LazyLock;

use atera::description::{Kind, Operation};

use super::shape::{Column, Shape};

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entity {
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

/// What a kind of record looks like in the store: like a schema of the description, and more that is never answered.
struct Definition {
    name: &'static str,
    noun: &'static str,
    /// The schema of the description that it has all the fields of, if it is answered at all.
    like: Option<&'static str>,
    /// The field that holds the number by which it is kept.
    key: &'static str,
    more: &'static [(&'static str, Kind)],
}

impl Entity {
    /// All of them, each after those that it refers to as a rule.
    pub(super) const ALL: [Entity; 24] = [
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

    /// Those that are watched without an agent of their own. Their ids are of one sequence.
    pub(super) const DEVICES: [Entity; 4] = [
        Entity::HttpDevice,
        Entity::TcpDevice,
        Entity::SnmpDevice,
        Entity::GenericDevice,
    ];

    /// The groups of operations that act on one kind of record, each with that kind.
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

    /// The kind of record that a group of operations acts on, if there is one for the whole group, with its name.
    pub(super) fn of_group(group: &str) -> Option<(&'static str, Entity)> {
        Entity::GROUPS.into_iter().find(|(name, _)| *name == group)
    }

    /// The kind of record that an operation acts on, if there is one for its whole group.
    pub(super) fn of(operation: &Operation) -> Option<Entity> {
        Entity::of_group(operation.group).map(|(_, entity)| entity)
    }

    #[rustfmt::skip]
    fn definition(self) -> Definition {
        const fn answered(name: &'static str, noun: &'static str, key: &'static str) -> Definition {
            Definition { name, noun, like: Some(name), key, more: &[] }
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
                name: "Technician", noun: "technician", like: None, key: "TechnicianContactID",
                more: &[("TechnicianFullName", Kind::Text), ("TechnicianEmail", Kind::Text), ("FirstName", Kind::Text), ("LastName", Kind::Text)],
            },
            Entity::Rate => Definition {
                name: "Rate", noun: "rate", like: Some("Rate"), key: "RateID",
                more: &[("IsExpense", Kind::Boolean), ("Archived", Kind::Boolean)],
            },
            Entity::Sla => Definition {
                name: "Sla", noun: "SLA", like: None, key: "SLAId",
                more: &[("Name", Kind::Text)],
            },
            Entity::Folder => Definition {
                name: "Folder", noun: "folder", like: None, key: "FolderID",
                more: &[("Name", Kind::Text), ("CustomerId", Kind::Integer), ("ThresholdId", Kind::Integer)],
            },
            Entity::CustomerFile => Definition {
                name: "CustomerFile", noun: "attachment", like: None, key: "AttachmentID",
                more: &[("Name", Kind::Text), ("CustomerId", Kind::Integer), ("ContentBased64", Kind::Text)],
            },
            Entity::Contract => Definition {
                name: "Contract", noun: "contract", like: Some("Contract"), key: "ContractID",
                more: &[("SLAId", Kind::Integer), ("TaxId", Kind::Integer), ("Notes", Kind::Text)],
            },
            Entity::Comment => Definition {
                name: "TicketComment", noun: "comment", like: Some("TicketComment"), key: "CommentID",
                more: &[("TicketID", Kind::Integer)],
            },
            Entity::WorkHours => Definition {
                name: "WorkHoursRecord", noun: "work hours", like: Some("WorkHoursRecord"), key: "WorkHoursID",
                more: &[("WithinSLA", Kind::Boolean)],
            },
            Entity::TicketFile => Definition {
                name: "TicketFile", noun: "attachment", like: None, key: "AttachmentID",
                more: &[("TicketID", Kind::Integer), ("Address", Kind::Text)],
            },
            Entity::Invoice => Definition {
                name: "Invoice", noun: "invoice", like: Some("Invoice"), key: "InvoiceNumber", more: &[],
            },
            Entity::CustomField => Definition {
                name: "CustomField", noun: "custom field", like: Some("CustomField"), key: "FieldID", more: &[],
            },
            Entity::CustomValue => Definition {
                name: "CustomValue", noun: "custom value", like: Some("CustomValue"), key: "ValueID",
                more: &[("Target", Kind::Text)],
            },
            Entity::ScriptRun => Definition {
                name: "ScriptRun", noun: "run of a script", like: None, key: "RunID",
                more: &[("AgentID", Kind::Integer), ("Script", Kind::Text), ("Queued", Kind::Timestamp)],
            },
        }
    }

    /// What a record of it looks like in the store. Its key is the number by which it is kept.
    pub(super) fn shape(self) -> &'static Shape {
        static SHAPES: LazyLock<Vec<&'static Shape>> =
            LazyLock::new(|| Entity::ALL.map(|entity| stored(entity.definition())).into());
        SHAPES[self as usize]
    }

    /// The field that holds the number by which a record of it is kept.
    pub(super) fn id_field(self) -> &'static str {
        self.definition().key
    }

    /// What it is called in a dump.
    pub(super) fn name(self) -> &'static str {
        self.definition().name
    }

    /// What to call one of them.
    pub(super) fn noun(self) -> &'static str {
        self.definition().noun
    }

    /// The target of the custom fields that its records can have, as the description names it.
    pub(super) fn target(self) -> Option<&'static str> {
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

    /// The fields with a time that is searched for.
    pub(super) fn timed(self) -> &'static [&'static str] {
        match self {
            Entity::WorkHours => &["StartWorkHour", "EndWorkHour"],
            _ => &[],
        }
    }

    /// The fields by whose value its records are looked up again and again.
    pub(super) fn indexed(self) -> &'static [&'static str] {
        match self {
            Entity::Ticket => &["CustomerID", "EndUserID", "TicketStatus", "RelatedTicketId"],
            Entity::Comment | Entity::WorkHours | Entity::TicketFile => &["TicketID"],
            Entity::CustomValue => &["ItemId"],
            _ => &[],
        }
    }
}

fn stored(definition: Definition) -> &'static Shape {
    let described = definition.like.map(Shape::named);
    if let Some(shape) =
        described.filter(|shape| definition.more.is_empty() && shape.id_field == Some(definition.key))
    {
        return shape;
    }
    let plain = |(name, kind): (&'static str, Kind)| Column {
        name,
        kind,
        nullable: true,
    };
    let mut columns = described.map_or_else(Vec::new, |shape| shape.columns.clone());
    if columns.iter().all(|column| column.name != definition.key) {
        columns.push(plain((definition.key, Kind::Integer)));
    }
    columns.extend(definition.more.iter().copied().map(plain));
    // The schemas of the description live as long as the program, and so do these.
    Box::leak(Box::new(Shape {
        name: definition.name,
        id_field: Some(definition.key),
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
