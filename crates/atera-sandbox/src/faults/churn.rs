//! Records that come and go while lists are read.

use std::{fmt, str::FromStr};

use atera::{Error, Result, description::Kind};
use fastrand::Rng;

use crate::{
    rules::comments::comment,
    world::{Entity, Record, World, time},
};

/// How many records appear, disappear and change before each page of a list is answered, by group of operations.
///
/// Page numbers shift when records come and go between two pages: a program that reads page after page misses some
/// records and sees others twice. Churn makes that happen in a test.
///
/// It is written as text: `tickets:insert=2,delete=0.5,update=0.1;alerts:delete=1`. Fractions are probabilities: 0.5
/// deletes a record before about every other page. Groups without a kind of record of their own, such as
/// `custom_values`, cannot churn.
///
/// ```
/// use atera_sandbox::Churn;
///
/// let churn: Churn = "tickets:insert=2,delete=0.5".parse().unwrap();
/// assert_eq!(churn.to_string(), "tickets:insert=2,delete=0.5,update=0");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Churn(Vec<ChurnRule>);

/// The changes of one group, as numbers of records a page.
#[derive(Clone, Debug, PartialEq)]
struct ChurnRule {
    group: &'static str,
    entity: Entity,
    insert: f64,
    delete: f64,
    update: f64,
}

impl Churn {
    /// No changes.
    pub fn none() -> Self {
        Churn::default()
    }

    /// Makes the changes that come before one page of a list of this group.
    pub(crate) fn apply(&self, world: &mut World, group: &str) {
        for rule in self.0.iter().filter(|rule| rule.group == group) {
            let mut rng = world.rng.fork();
            let how_many =
                |rng: &mut Rng, number: f64| number as usize + usize::from(rng.f64() < number.fract());
            for _ in 0..how_many(&mut rng, rule.delete) {
                if let Some(id) = random_id(world, &mut rng, rule.entity) {
                    world.store.remove(rule.entity, id);
                }
            }
            for _ in 0..how_many(&mut rng, rule.update) {
                if let Some(id) = random_id(world, &mut rng, rule.entity) {
                    update(world, &mut rng, rule.entity, id);
                }
            }
            for _ in 0..how_many(&mut rng, rule.insert) {
                if let Some(id) = random_id(world, &mut rng, rule.entity) {
                    insert_copy(world, rule.entity, id);
                }
            }
        }
    }
}

/// The id of any record. None if there is only one left, since new records are copies.
fn random_id(world: &World, rng: &mut Rng, entity: Entity) -> Option<i64> {
    let table = world.store.table(entity);
    match table.len() {
        0 | 1 => None,
        count => table.iter().nth(rng.usize(..count))?.number(entity.id_field()),
    }
}

/// Changes a record so that it may leave a filtered list: a ticket gets another status, an alert is archived or back.
/// Of other kinds only the time of the last change is set.
fn update(world: &mut World, rng: &mut Rng, entity: Entity, id: i64) {
    let now = world.now();
    let Some(mut record) = world.store.table(entity).get(id).cloned() else {
        return;
    };
    match entity {
        Entity::Ticket => {
            let status = ["Open", "Pending", "Resolved", "Closed"][rng.usize(..4)];
            record.set("TicketStatus", status);
        }
        Entity::Alert => {
            let archived = !record.is_set("Archived");
            record.set("Archived", archived);
            record.set("ArchivedDate", archived.then(|| time(now)));
        }
        _ => {}
    }
    record.mark_modified(now);
    world.store.put(entity, id, record);
}

/// Inserts a copy of a record as a new one.
fn insert_copy(world: &mut World, entity: Entity, original: i64) {
    let now = world.now();
    let Some(mut record) = world.store.table(entity).get(original).cloned() else {
        return;
    };
    for column in &record.shape().columns {
        match column.name {
            "CreatedOn" | "Created" | "TicketCreatedDate" => record.set(column.name, time(now)),
            "RelationType" | "RelatedTicketId" | "TicketResolvedDate" => record.set(column.name, ()),
            "TicketStatus" => record.set(column.name, "Open"),
            // The GUID of an alert is the one of its device. Every other GUID is the record's own.
            _ if matches!(column.kind, Kind::Uuid) && entity != Entity::Alert => {
                let guid = world.guid();
                record.set(column.name, guid);
            }
            _ => {}
        }
    }
    record.mark_modified(now);
    let first_comment = (entity == Entity::Ticket).then(|| first_comment(&record));
    let id = world.store.add(entity, record);
    if let Some(mut first_comment) = first_comment {
        first_comment.set("TicketID", id);
        world.store.add(Entity::Comment, first_comment);
    }
}

/// The comment with which a ticket begins, so that `FirstComment` of the copy agrees with its comments.
fn first_comment(ticket: &Record) -> Record {
    let date = ticket.get("TicketCreatedDate").clone();
    let text = ticket.text("FirstComment");
    let mut comment = comment(ticket.get("TicketID").clone(), date, text, ticket.modified);
    comment.set("EndUserID", ticket.get("EndUserID").clone());
    comment
}

impl FromStr for Churn {
    type Err = Error;

    /// Reads groups with their changes. A change that is left out is 0.
    fn from_str(text: &str) -> Result<Self> {
        let invalid = |part: &str| {
            Error::config(format!(
                "cannot set the churn: `{part}` does not say what changes; write a group with insert, delete and update, each \
                 up to 1000, as in `tickets:insert=2,delete=0.5;alerts:update=1`"
            ))
        };
        let mut rules = Vec::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (group, amounts) = part.split_once(':').ok_or_else(|| invalid(part))?;
            let (group, entity) = Entity::of_group(group.trim()).ok_or_else(|| invalid(part))?;
            let mut rule = ChurnRule {
                group,
                entity,
                insert: 0.0,
                delete: 0.0,
                update: 0.0,
            };
            for amount in amounts.split(',') {
                let (change, number) = amount.split_once('=').ok_or_else(|| invalid(part))?;
                let number: f64 = number.trim().parse().map_err(|_| invalid(part))?;
                let of_rule = match change.trim() {
                    "insert" => &mut rule.insert,
                    "delete" => &mut rule.delete,
                    "update" => &mut rule.update,
                    _ => return Err(invalid(part)),
                };
                *of_rule = Some(number)
                    .filter(|number| (0.0..=1_000.0).contains(number))
                    .ok_or_else(|| invalid(part))?;
            }
            rules.push(rule);
        }
        Ok(Churn(rules))
    }
}

impl fmt::Display for Churn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rule) in self.0.iter().enumerate() {
            let sign = if index > 0 { ";" } else { "" };
            let ChurnRule {
                group,
                insert,
                delete,
                update,
                ..
            } = rule;
            write!(
                out,
                "{sign}{group}:insert={insert},delete={delete},update={update}"
            )?;
        }
        Ok(())
    }
}
