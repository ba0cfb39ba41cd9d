//! How records refer to each other.
//!
//! One table, [`REFERENCES`], says which field refers to what. Three things follow from it: which fields of the other
//! record an answer shows, what a request may name, and what happens to a record when the other one is deleted. What
//! the service does on deletion is not documented; the table has what seems likely, and the crate page says so.

use std::sync::LazyLock;

use super::{entity::Entity, shape::Shape};

/// A field with the id of another record.
pub(crate) struct Reference {
    pub(crate) field: &'static str,
    /// The shapes that this applies to, by name; empty for all that have the field.
    within: &'static [&'static str],
    /// The kind of the other record.
    pub(crate) to: Entity,
    /// Fields that show a field of the other record: the name here, and the name there.
    pub(crate) joined: &'static [(&'static str, &'static str)],
    /// A joined field by which a request may name the other record in place of its id.
    pub(crate) named_by: Option<&'static str>,
    /// A field that is only set while the reference is.
    pub(crate) cleared_with: Option<&'static str>,
    pub(crate) on_delete: OnDelete,
}

/// What happens to a record when the one that it refers to is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDelete {
    /// It is deleted as well.
    Cascade,
    /// The reference and its joined fields become null.
    SetNull,
    /// It stays, with its joined fields as they were: a ticket keeps the name of its contact.
    Keep,
}

/// A reference of any shape, without joined fields.
const fn to(field: &'static str, to: Entity, on_delete: OnDelete) -> Reference {
    Reference {
        field,
        within: &[],
        to,
        joined: &[],
        named_by: None,
        cleared_with: None,
        on_delete,
    }
}

/// All references. They are joined in this order, so the one of work hours to its ticket comes before the one to a
/// customer: it sets `CustomerID`.
#[rustfmt::skip]
const REFERENCES: [Reference; 20] = [
    Reference {
        within: &["TicketComment", "TicketFile"],
        ..to("TicketID", Entity::Ticket, OnDelete::Cascade)
    },
    Reference {
        within: &["WorkHoursRecord"],
        joined: &[("CustomerID", "CustomerID"), ("EndUserID", "EndUserID")],
        ..to("TicketID", Entity::Ticket, OnDelete::Cascade)
    },
    Reference {
        within: &["Alert"],
        ..to("TicketID", Entity::Ticket, OnDelete::SetNull)
    },
    Reference {
        within: &["Ticket"],
        joined: &[
            ("EndUserEmail", "Email"),
            ("EndUserFirstName", "Firstname"),
            ("EndUserLastName", "Lastname"),
            ("EndUserPhone", "Phone"),
        ],
        ..to("EndUserID", Entity::Contact, OnDelete::Keep)
    },
    Reference {
        within: &["TicketComment"],
        joined: &[("Email", "Email"), ("FirstName", "Firstname"), ("LastName", "Lastname")],
        ..to("EndUserID", Entity::Contact, OnDelete::Keep)
    },
    Reference {
        within: &["WorkHoursRecord"],
        ..to("EndUserID", Entity::Contact, OnDelete::Keep)
    },
    Reference {
        joined: &[("CustomerName", "CustomerName"), ("CustomerBusinessNumber", "BusinessNumber")],
        named_by: Some("CustomerName"),
        ..to("CustomerID", Entity::Customer, OnDelete::Cascade)
    },
    to("CustomerId", Entity::Customer, OnDelete::Cascade),
    Reference {
        within: &["Ticket", "WorkHoursRecord"],
        joined: &[("TechnicianFullName", "TechnicianFullName"), ("TechnicianEmail", "TechnicianEmail")],
        named_by: Some("TechnicianEmail"),
        ..to("TechnicianContactID", Entity::Technician, OnDelete::SetNull)
    },
    Reference {
        within: &["TicketComment"],
        joined: &[("Email", "TechnicianEmail"), ("FirstName", "FirstName"), ("LastName", "LastName")],
        ..to("TechnicianContactID", Entity::Technician, OnDelete::Keep)
    },
    Reference {
        joined: &[("DepartmentName", "Name")],
        named_by: Some("DepartmentName"),
        ..to("DepartmentID", Entity::Department, OnDelete::SetNull)
    },
    to("DefaultAgentId", Entity::Agent, OnDelete::SetNull),
    Reference {
        joined: &[("DeviceGuid", "DeviceGuid"), ("DeviceName", "AgentName")],
        named_by: Some("DeviceGuid"),
        ..to("AgentId", Entity::Agent, OnDelete::Cascade)
    },
    Reference {
        within: &["ScriptRun"],
        ..to("AgentID", Entity::Agent, OnDelete::Cascade)
    },
    // A device is monitored by one agent, and by nothing once that is gone.
    to("MonitoringAgentID", Entity::Agent, OnDelete::Cascade),
    Reference {
        joined: &[("FolderName", "Name")],
        ..to("FolderID", Entity::Folder, OnDelete::SetNull)
    },
    Reference {
        cleared_with: Some("RelationType"),
        ..to("RelatedTicketId", Entity::Ticket, OnDelete::SetNull)
    },
    to("ContractID", Entity::Contract, OnDelete::SetNull),
    to("SLAId", Entity::Sla, OnDelete::Keep),
    Reference {
        within: &["WorkHoursRecord"],
        joined: &[("RateAmount", "Amount")],
        ..to("RateID", Entity::Rate, OnDelete::SetNull)
    },
];

/// A reference of one shape, with positions in place of names. Lists join fields in every record, so the positions are
/// looked up once.
pub(crate) struct BoundReference {
    pub(crate) reference: &'static Reference,
    /// Position of the field with the id.
    pub(crate) column: usize,
    /// Positions of the joined fields: here, and there.
    pub(crate) joined: Vec<(usize, usize)>,
}

impl Reference {
    /// All references to a kind of record, each with the kind that has it.
    pub(crate) fn all_to(entity: Entity) -> impl Iterator<Item = (Entity, &'static Reference)> {
        let of = |other: Entity| {
            let bound = Reference::of(other.shape()).iter();
            bound.map(move |bound| (other, bound.reference))
        };
        let all = Entity::ALL.into_iter().flat_map(of);
        all.filter(move |(_, reference)| reference.to == entity)
    }

    /// The references of a shape. The field with its own id is none.
    pub(crate) fn of(shape: &'static Shape) -> &'static [BoundReference] {
        static BOUND: LazyLock<Vec<Vec<BoundReference>>> =
            LazyLock::new(|| Entity::ALL.map(|entity| bound(entity.shape())).into());
        let same = |entity: &Entity| std::ptr::eq(entity.shape(), shape);
        match Entity::ALL.iter().position(same) {
            Some(entity) => &BOUND[entity],
            None => &[],
        }
    }
}

/// Looks up the references of a shape in the table.
fn bound(shape: &'static Shape) -> Vec<BoundReference> {
    let bound = REFERENCES.iter().filter_map(|reference| {
        let applies = reference.within.is_empty() || reference.within.contains(&shape.name);
        let column = shape.position(reference.field)?;
        let joined = reference
            .joined
            .iter()
            .filter_map(|(here, there)| Some((shape.position(here)?, reference.to.shape().position(there)?)));
        let joined = joined.collect();
        (applies && shape.id_field != Some(reference.field)).then_some(BoundReference {
            reference,
            column,
            joined,
        })
    });
    bound.collect()
}
