//! Records that come and go while lists are read.

use std::{fmt, str::FromStr};

use fastrand::Rng;

use super::{
    entity::Entity,
    handlers::html,
    record::{Record, time},
    world::World,
};
use atera::{Error, Result, description::Kind};

/// How many records come, go and change before each page of a list is answered, by group of operations.
///
/// Written as text: `tickets:insert=2,delete=0.5,update=0.1;alerts:delete=1`. A number such as 0.5 stands for one
/// record before every other page, as it falls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Churn(Vec<Rule>);

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    group: &'static str,
    entity: Entity,
    insert: f64,
    delete: f64,
    update: f64,
}

impl Churn {
    /// Nothing comes or goes by itself.
    pub fn none() -> Self {
        Churn::default()
    }

    /// Lets records come and go as this page of a list of the group is asked for.
    pub(super) fn turn(&self, world: &mut World, group: &str) {
        for rule in self.0.iter().filter(|rule| rule.group == group) {
            let mut rng = world.rng.fork();
            let how_many =
                |rng: &mut Rng, number: f64| number as usize + usize::from(rng.f64() < number.fract());
            for _ in 0..how_many(&mut rng, rule.delete) {
                if let Some(id) = any(world, &mut rng, rule.entity) {
                    world.store.remove(rule.entity, id);
                }
            }
            for _ in 0..how_many(&mut rng, rule.update) {
                if let Some(id) = any(world, &mut rng, rule.entity) {
                    update(world, &mut rng, rule.entity, id);
                }
            }
            for _ in 0..how_many(&mut rng, rule.insert) {
                if let Some(id) = any(world, &mut rng, rule.entity) {
                    insert(world, rule.entity, id);
                }
            }
        }
    }
}

/// Any record, but for the last one: something is left to make others from.
fn any(world: &World, rng: &mut Rng, entity: Entity) -> Option<i64> {
    let table = world.store.table(entity);
    let key = entity.id_field();
    match table.len() {
        0 | 1 => None,
        count => table.iter().nth(rng.usize(..count))?.number(key),
    }
}

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
            let archived = record.get("Archived").as_bool() != Some(true);
            record.set("Archived", archived);
            record.set("ArchivedDate", archived.then(|| time(now)));
        }
        _ => {}
    }
    record.touch(now);
    world.store.put(entity, id, record);
}

/// Puts in a new record that is like the one with this id.
fn insert(world: &mut World, entity: Entity, like: i64) {
    let now = world.now();
    let Some(mut record) = world.store.table(entity).get(like).cloned() else {
        return;
    };
    for column in &record.shape().columns {
        match column.name {
            "CreatedOn" | "Created" | "TicketCreatedDate" => record.set(column.name, time(now)),
            "RelationType" | "RelatedTicketId" | "TicketResolvedDate" => record.set(column.name, ()),
            "TicketStatus" => record.set(column.name, "Open"),
            // An alert names its device by the guid; everything else is named by its own.
            _ if matches!(column.kind, Kind::Uuid) && entity != Entity::Alert => {
                let guid = world.guid();
                record.set(column.name, guid);
            }
            _ => {}
        }
    }
    record.touch(now);
    let comment = (entity == Entity::Ticket).then(|| first_comment(&record));
    let id = world.store.add(entity, record);
    if let Some(mut comment) = comment {
        comment.set("TicketID", id);
        world.store.add(Entity::Comment, comment);
    }
}

fn first_comment(ticket: &Record) -> Record {
    let text = ticket.text("FirstComment");
    Record::of(
        Entity::Comment.shape(),
        ticket.modified,
        [
            ("Date", ticket.get("TicketCreatedDate").clone()),
            ("Comment", text.into()),
            ("CommentHtml", html(text).into()),
            ("EndUserID", ticket.get("EndUserID").clone()),
            ("IsInternal", false.into()),
        ],
    )
}

impl FromStr for Churn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unfit = |part: &str| {
            Error::config(format!(
                "`{part}` does not say what comes and goes; write a group with insert, delete and update, as in \
                 `tickets:insert=2,delete=0.5;alerts:update=1`"
            ))
        };
        let mut rules = Vec::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (group, amounts) = part.split_once(':').ok_or_else(|| unfit(part))?;
            let (group, entity) = Entity::of_group(group.trim()).ok_or_else(|| unfit(part))?;
            let mut rule = Rule {
                group,
                entity,
                insert: 0.0,
                delete: 0.0,
                update: 0.0,
            };
            for amount in amounts.split(',') {
                let (what, number) = amount.split_once('=').ok_or_else(|| unfit(part))?;
                let number: f64 = number.trim().parse().map_err(|_| unfit(part))?;
                let of = match what.trim() {
                    "insert" => &mut rule.insert,
                    "delete" => &mut rule.delete,
                    "update" => &mut rule.update,
                    _ => return Err(unfit(part)),
                };
                *of = Some(number)
                    .filter(|number| (0.0..=1_000.0).contains(number))
                    .ok_or_else(|| unfit(part))?;
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
            let Rule {
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
