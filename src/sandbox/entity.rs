//! The kinds of records, and how they refer to each other.

use crate::{Field, Kind, Schema};

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
}

/// Technicians have no operations of their own; tickets name them.
static TECHNICIAN: Schema = Schema {
    name: "Technician",
    description: "A technician of the account.",
    key: Some("TechnicianContactID"),
    requires: &[],
    fields: &[
        Field {
            name: "TechnicianContactID",
            kind: Kind::Integer,
            ..Field::PLAIN
        },
        Field {
            name: "TechnicianFullName",
            kind: Kind::Text,
            ..Field::PLAIN
        },
        Field {
            name: "TechnicianEmail",
            kind: Kind::Text,
            ..Field::PLAIN
        },
    ],
};

impl Entity {
    /// All of them, each after those that it refers to as a rule.
    pub(super) const ALL: [Entity; 7] = [
        Entity::Customer,
        Entity::Department,
        Entity::Technician,
        Entity::Contact,
        Entity::Agent,
        Entity::Ticket,
        Entity::Alert,
    ];

    pub(super) fn schema(self) -> &'static Schema {
        let name = match self {
            Entity::Customer => "Customer",
            Entity::Department => "Department",
            Entity::Technician => return &TECHNICIAN,
            Entity::Contact => "Contact",
            Entity::Agent => "Agent",
            Entity::Ticket => "Ticket",
            Entity::Alert => "Alert",
        };
        described(name)
    }

    /// What to call one of them.
    pub(super) fn noun(self) -> String {
        self.schema().name.to_ascii_lowercase()
    }
}

/// A schema of the description.
pub(super) fn described(name: &str) -> &'static Schema {
    Schema::find(name).expect("the sandbox only names schemas of the description")
}

/// A field that holds the id of another record.
pub(super) struct Reference {
    pub(super) field: &'static str,
    pub(super) to: Entity,
    /// Fields that show something of the other record, each with the field there.
    pub(super) shows: &'static [(&'static str, &'static str)],
    /// A field by which a request can name the other record instead; it is one of those shown.
    pub(super) named_by: Option<&'static str>,
    /// What becomes of it when the other record is deleted.
    pub(super) once_gone: OnceGone,
}

/// What becomes of a record whose reference leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnceGone {
    /// It is deleted too.
    Delete,
    /// The reference becomes null, and what it showed.
    Clear,
    /// It stays, as history.
    Keep,
}

/// Every reference, one that shows fields which another needs before that.
pub(super) const REFERENCES: [Reference; 8] = [
    Reference {
        field: "EndUserID",
        to: Entity::Contact,
        shows: &[
            ("EndUserEmail", "Email"),
            ("EndUserFirstName", "Firstname"),
            ("EndUserLastName", "Lastname"),
            ("EndUserPhone", "Phone"),
        ],
        named_by: None,
        once_gone: OnceGone::Keep,
    },
    Reference {
        field: "CustomerID",
        to: Entity::Customer,
        shows: &[
            ("CustomerName", "CustomerName"),
            ("CustomerBusinessNumber", "BusinessNumber"),
        ],
        named_by: Some("CustomerName"),
        once_gone: OnceGone::Delete,
    },
    Reference {
        field: "TechnicianContactID",
        to: Entity::Technician,
        shows: &[
            ("TechnicianFullName", "TechnicianFullName"),
            ("TechnicianEmail", "TechnicianEmail"),
        ],
        named_by: Some("TechnicianEmail"),
        once_gone: OnceGone::Clear,
    },
    Reference {
        field: "DepartmentID",
        to: Entity::Department,
        shows: &[("DepartmentName", "Name")],
        named_by: Some("DepartmentName"),
        once_gone: OnceGone::Clear,
    },
    Reference {
        field: "DefaultAgentId",
        to: Entity::Agent,
        shows: &[],
        named_by: None,
        once_gone: OnceGone::Clear,
    },
    Reference {
        field: "AgentId",
        to: Entity::Agent,
        shows: &[("DeviceGuid", "DeviceGuid"), ("DeviceName", "AgentName")],
        named_by: Some("DeviceGuid"),
        once_gone: OnceGone::Delete,
    },
    Reference {
        field: "TicketID",
        to: Entity::Ticket,
        shows: &[],
        named_by: None,
        once_gone: OnceGone::Clear,
    },
    Reference {
        field: "RelatedTicketId",
        to: Entity::Ticket,
        shows: &[],
        named_by: None,
        once_gone: OnceGone::Clear,
    },
];

impl Reference {
    /// The references of a kind of record; its own id is none.
    pub(super) fn of(schema: &'static Schema) -> impl Iterator<Item = &'static Reference> {
        let has = |name: &str| schema.fields.iter().any(|field| field.name == name);
        REFERENCES
            .iter()
            .filter(move |reference| has(reference.field) && schema.key != Some(reference.field))
    }
}
