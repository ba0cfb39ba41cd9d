//! Custom fields and their values.
//!
//! Each kind of record has the same operations under its own path, so the handler follows from the verb of the
//! operation: `set_on_ticket` and `set_on_agent` share one.

use atera::description::Operation;
use serde_json::Value;

use super::{
    handler::{Handler, Handlers},
    paging::page,
    records,
};
use crate::{
    http::{Answer, AnswerId, OperationRequest, Problem},
    rules::custom_values::{TARGETS, value},
    world::{
        Entity::{self, CustomField, CustomValue},
        Record, World,
    },
};

pub(super) const HANDLERS: Handlers = &[
    ("custom_values_list_fields", |world, request| {
        let fields = world.store.table(CustomField).iter();
        Ok(answered(request, fields))
    }),
    ("custom_values_get", |world, request| {
        let found = by_guid(world, request).map(|(_, value)| value);
        Ok(answered(request, found.into_iter()))
    }),
    ("guide_custom_values_list", |world, request| {
        let values = world.store.table(CustomValue).iter();
        Ok(page(world, request, values, |_| {}))
    }),
    ("guide_custom_values_create", create),
    ("guide_custom_values_delete", |world, request| {
        let guid_in_path = request.text("customValueId").unwrap_or_default();
        let (id, guid) = by_guid(world, request)
            .map(|(id, value)| (id, value.text("Id").to_string()))
            .ok_or_else(|| records::not_found(CustomValue, guid_in_path))?;
        world.store.remove(CustomValue, id);
        Ok(Answer::Deleted(AnswerId::Guid(guid)))
    }),
];

/// The kind of record in a verb such as `set_on_ticket_put`.
fn target(operation: &Operation) -> Option<Entity> {
    let (_, of) = operation.verb.split_once("_on_")?;
    let of = of.strip_suffix("_put").unwrap_or(of);
    TARGETS
        .iter()
        .find(|(name, _)| *name == of)
        .map(|(_, entity)| *entity)
}

/// The handler of an operation on the values of one kind of record, by its verb.
pub(super) fn handler_by_verb(operation: &Operation) -> Option<Handler> {
    if operation.group != "custom_values" {
        return None;
    }
    target(operation)?;
    match operation.verb.split('_').next()? {
        "list" => Some(list),
        "get" => Some(get),
        "set" => Some(set),
        _ => None,
    }
}

/// Records as an array, in the shape that the operation answers.
fn answered<'a>(request: &OperationRequest, records: impl Iterator<Item = &'a Record>) -> Answer {
    let seen = |record: &Record| match request.answer_shape() {
        Some(shape) => record.clone().into_shape(shape),
        None => record.clone(),
    };
    Answer::Records(records.map(seen).collect())
}

/// The value whose GUID is in the path, with its number in the store.
fn by_guid<'a>(world: &'a World, request: &OperationRequest) -> Option<(i64, &'a Record)> {
    let guid = request.text("customValueId").unwrap_or_default();
    let values = world.store.table(CustomValue);
    let id = values.find("Id", guid)?;
    Some((id, values.get(id)?))
}

/// The kind of record of the operation. The record in the path must exist.
fn entity_of(world: &World, request: &OperationRequest) -> Result<Entity, Problem> {
    let entity = target(request.operation).unwrap_or(Entity::Ticket);
    records::record_in_path(world, request, entity)?;
    Ok(entity)
}

/// The values on one record.
fn values_of(world: &World, entity: Entity, item: i64) -> impl Iterator<Item = &Record> {
    let target = entity.target().unwrap_or_default();
    let values = world
        .store
        .table(CustomValue)
        .with_number("ItemId", item)
        .into_iter();
    values.filter(move |value| value.text("Target") == target)
}

/// The values on the record in the path.
fn list(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let entity = entity_of(world, request)?;
    Ok(answered(request, values_of(world, entity, request.id())))
}

/// The value of one field on the record in the path, as an array with one value or none.
fn get(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let entity = entity_of(world, request)?;
    let name = request.text("fieldName").unwrap_or_default();
    let field = field(world, entity, name)
        .ok_or_else(|| no_field("fieldName", name, entity))?
        .text("Name");
    let values = values_of(world, entity, request.id());
    Ok(answered(
        request,
        values.filter(|value| value.text("FieldName") == field),
    ))
}

/// Sets the value of one field on the record in the path. The answer has the GUID of the value.
fn set(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let entity = entity_of(world, request)?;
    let name = request.text("fieldName").unwrap_or_default();
    put(
        world,
        entity,
        request.id(),
        ("fieldName", name),
        &text_of(request),
    )
    .map(Answer::Updated)
}

/// `Value` of the body.
fn text_of(request: &OperationRequest) -> String {
    let given = request.given();
    given
        .get("Value")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_string()
}

/// The create of the guide. It names a record by id without its kind, so the kind is the first that has the field and
/// the id.
fn create(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let given = request.given();
    let item = given.get("ItemId").and_then(Value::as_i64).unwrap_or_default();
    let name = given
        .get("FieldName")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_string();
    let mut kinds = TARGETS.iter().map(|(_, entity)| *entity);
    let with_field = |entity: &Entity| field(world, *entity, &name).is_some();
    let Some(first) = kinds.clone().find(with_field) else {
        return Err(Problem::field(
            "FieldName",
            format!("there is no custom field `{name}`"),
        ));
    };
    let has_item = |entity: &Entity| world.store.table(*entity).get(item).is_some();
    let Some(entity) = kinds.find(|entity| with_field(entity) && has_item(entity)) else {
        return Err(Problem::field(
            "ItemId",
            format!("there is no {} `{item}`", first.noun()),
        ));
    };
    put(world, entity, item, ("FieldName", &name), &text_of(request)).map(Answer::Created)
}

/// The custom field of this name for a kind of record.
fn field<'a>(world: &'a World, entity: Entity, name: &str) -> Option<&'a Record> {
    let target = entity.target()?;
    let mut fields = world.store.table(CustomField).iter();
    fields.find(|field| field.text("Target") == target && field.text("Name").eq_ignore_ascii_case(name))
}

/// The refusal for an unknown custom field. `place` is the parameter or field with its name.
fn no_field(place: &str, name: &str, entity: Entity) -> Problem {
    let reason = format!("a {} has no custom field `{name}`", entity.noun());
    Problem::field(place, reason)
}

/// Sets or replaces the value of a field on a record, and returns its GUID. An empty text deletes the value.
fn put(
    world: &mut World,
    entity: Entity,
    item: i64,
    (place, name): (&str, &str),
    text: &str,
) -> Result<AnswerId, Problem> {
    let field = field(world, entity, name).ok_or_else(|| no_field(place, name, entity))?;
    let name = field.text("Name").to_string();
    let mut new = value(field, item, text).map_err(|reason| Problem::field("Value", reason))?;
    let old = values_of(world, entity, item).find(|value| value.text("FieldName") == name);
    let (id, guid) = match old {
        Some(old) => (old.number("ValueID"), old.text("Id").to_string()),
        None => (None, world.guid()),
    };
    new.set("Id", guid.as_str());
    new.modified = world.now();
    match id {
        Some(id) if text.is_empty() => {
            world.store.remove(CustomValue, id);
        }
        None if text.is_empty() => {}
        Some(id) => world.store.put(CustomValue, id, new),
        None => {
            world.store.add(CustomValue, new);
        }
    }
    Ok(AnswerId::Guid(guid))
}
