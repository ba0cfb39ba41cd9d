//! How records refer to each other: one table, from which follow what a record shows of another, what a request may name,
//! and what becomes of records when another is deleted.

use std::sync::LazyLock;

use super::{entity::Entity, shape::Shape};

/// A field that holds the id of another record.
pub(super) struct Reference {
    pub(super) field: &'static str,
    /// The kinds of records, by the names of their schemas, that have it; all that have the field if there are none.
    within: &'static [&'static str],
    pub(super) to: Entity,
    /// Fields that show something of the other record, each with the field there.
    pub(super) shows: &'static [(&'static str, &'static str)],
    /// A field by which a request can name the other record instead; it is one of those shown.
    pub(super) named_by: Option<&'static str>,
    /// A field that has a value only as long as the reference has one.
    pub(super) along: Option<&'static str>,
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

const fn to(field: &'static str, to: Entity, once_gone: OnceGone) -> Reference {
    Reference {
        field,
        within: &[],
        to,
        shows: &[],
        named_by: None,
        along: None,
        once_gone,
    }
}

/// Every reference. One that shows fields which another needs comes before that.
#[rustfmt::skip]
const REFERENCES: [Reference; 20] = [
    Reference {
        within: &["TicketComment", "TicketFile"],
        ..to("TicketID", Entity::Ticket, OnceGone::Delete)
    },
    Reference {
        within: &["WorkHoursRecord"],
        shows: &[("CustomerID", "CustomerID"), ("EndUserID", "EndUserID")],
        ..to("TicketID", Entity::Ticket, OnceGone::Delete)
    },
    Reference {
        within: &["Alert"],
        ..to("TicketID", Entity::Ticket, OnceGone::Clear)
    },
    Reference {
        within: &["Ticket"],
        shows: &[
            ("EndUserEmail", "Email"),
            ("EndUserFirstName", "Firstname"),
            ("EndUserLastName", "Lastname"),
            ("EndUserPhone", "Phone"),
        ],
        ..to("EndUserID", Entity::Contact, OnceGone::Keep)
    },
    Reference {
        within: &["TicketComment"],
        shows: &[("Email", "Email"), ("FirstName", "Firstname"), ("LastName", "Lastname")],
        ..to("EndUserID", Entity::Contact, OnceGone::Keep)
    },
    Reference {
        within: &["WorkHoursRecord"],
        ..to("EndUserID", Entity::Contact, OnceGone::Keep)
    },
    Reference {
        shows: &[("CustomerName", "CustomerName"), ("CustomerBusinessNumber", "BusinessNumber")],
        named_by: Some("CustomerName"),
        ..to("CustomerID", Entity::Customer, OnceGone::Delete)
    },
    to("CustomerId", Entity::Customer, OnceGone::Delete),
    Reference {
        within: &["Ticket", "WorkHoursRecord"],
        shows: &[("TechnicianFullName", "TechnicianFullName"), ("TechnicianEmail", "TechnicianEmail")],
        named_by: Some("TechnicianEmail"),
        ..to("TechnicianContactID", Entity::Technician, OnceGone::Clear)
    },
    Reference {
        within: &["TicketComment"],
        shows: &[("Email", "TechnicianEmail"), ("FirstName", "FirstName"), ("LastName", "LastName")],
        ..to("TechnicianContactID", Entity::Technician, OnceGone::Keep)
    },
    Reference {
        shows: &[("DepartmentName", "Name")],
        named_by: Some("DepartmentName"),
        ..to("DepartmentID", Entity::Department, OnceGone::Clear)
    },
    to("DefaultAgentId", Entity::Agent, OnceGone::Clear),
    Reference {
        shows: &[("DeviceGuid", "DeviceGuid"), ("DeviceName", "AgentName")],
        named_by: Some("DeviceGuid"),
        ..to("AgentId", Entity::Agent, OnceGone::Delete)
    },
    Reference {
        within: &["ScriptRun"],
        ..to("AgentID", Entity::Agent, OnceGone::Delete)
    },
    // What an agent watches is watched by nobody else.
    to("MonitoringAgentID", Entity::Agent, OnceGone::Delete),
    Reference {
        shows: &[("FolderName", "Name")],
        ..to("FolderID", Entity::Folder, OnceGone::Clear)
    },
    Reference {
        along: Some("RelationType"),
        ..to("RelatedTicketId", Entity::Ticket, OnceGone::Clear)
    },
    to("ContractID", Entity::Contract, OnceGone::Clear),
    to("SLAId", Entity::Sla, OnceGone::Keep),
    Reference {
        within: &["WorkHoursRecord"],
        shows: &[("RateAmount", "Amount")],
        ..to("RateID", Entity::Rate, OnceGone::Clear)
    },
];

/// A reference of a kind of record, with the places of its fields, so that they need not be looked for.
pub(super) struct Placed {
    pub(super) reference: &'static Reference,
    pub(super) column: usize,
    /// Fields that show something of the other record, each with the field there.
    pub(super) shows: Vec<(usize, usize)>,
}

impl Reference {
    /// The references to a kind of record, each with the kind that has it.
    pub(super) fn all_to(entity: Entity) -> impl Iterator<Item = (Entity, &'static Reference)> {
        let of = |other: Entity| {
            let placed = Reference::of(other.shape()).iter();
            placed.map(move |placed| (other, placed.reference))
        };
        let all = Entity::ALL.into_iter().flat_map(of);
        all.filter(move |(_, reference)| reference.to == entity)
    }

    /// The references of a kind of record; its own id is none.
    pub(super) fn of(shape: &'static Shape) -> &'static [Placed] {
        static PLACED: LazyLock<Vec<Vec<Placed>>> =
            LazyLock::new(|| Entity::ALL.map(|entity| placed(entity.shape())).into());
        let same = |entity: &Entity| std::ptr::eq(entity.shape(), shape);
        match Entity::ALL.iter().position(same) {
            Some(entity) => &PLACED[entity],
            None => &[],
        }
    }
}

fn placed(shape: &'static Shape) -> Vec<Placed> {
    let placed = REFERENCES.iter().filter_map(|reference| {
        let fits = reference.within.is_empty() || reference.within.contains(&shape.name);
        let column = shape.position(reference.field)?;
        let shows = reference
            .shows
            .iter()
            .filter_map(|(here, there)| Some((shape.position(here)?, reference.to.shape().position(there)?)));
        let shows = shows.collect();
        (fits && shape.id_field != Some(reference.field)).then_some(Placed {
            reference,
            column,
            shows,
        })
    });
    placed.collect()
}
