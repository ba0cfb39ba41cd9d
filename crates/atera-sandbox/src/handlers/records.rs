//! Operations that are the same for records of any kind.

use std::fmt;

use axum::http::StatusCode;

use super::paging::page;
use crate::{
    http::{Answer, OperationRequest, Problem},
    world::{Entity, FieldValue, Record, World},
};

/// The kind of record of the operation.
fn entity(request: &OperationRequest) -> Result<Entity, Problem> {
    // Dispatch gives these handlers only to groups of one kind, so this refuses nothing.
    let unknown = || {
        Problem::new(
            StatusCode::NOT_IMPLEMENTED,
            "The sandbox does not know what this is about.",
        )
    };
    Entity::of(request.operation).ok_or_else(unknown)
}

/// The record whose id is in the path; otherwise 404.
pub(super) fn record_in_path<'a>(
    world: &'a World,
    request: &OperationRequest,
    entity: Entity,
) -> Result<&'a Record, Problem> {
    let id = request.id();
    let record = world.store.table(entity).get(id);
    record.ok_or_else(|| not_found(entity, id))
}

/// A list, filtered by the parameters that have the name of a field.
pub(super) fn list(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let entity = entity(request)?;
    Ok(list_of(world, request, entity, |_| true))
}

/// As [`list`], of a given kind, with a further condition.
pub(super) fn list_of(
    world: &World,
    request: &OperationRequest,
    entity: Entity,
    fits: impl Fn(&Record) -> bool,
) -> Answer {
    let records = matching(world, request, entity).filter(|record| fits(record));
    page(world, request, records, |_| {})
}

/// The records whose fields equal the parameters of the same names, in the order of their ids. Names are compared
/// without regard to case: the parameter `customerId` filters by the field `CustomerID`.
pub(super) fn matching<'a>(
    world: &'a World,
    request: &OperationRequest,
    entity: Entity,
) -> impl Iterator<Item = &'a Record> {
    let columns = &entity.shape().columns;
    let values = request.conditions().filter_map(|(name, text)| {
        let position = columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))?;
        Some((position, FieldValue::parse(&columns[position].kind, text)))
    });
    // A text that no value can equal matches no record.
    let values: Option<Vec<_>> = values.map(|(position, value)| Some((position, value?))).collect();
    let found = values.map(|values| world.store.table(entity).having(&values));
    found.unwrap_or_default().into_iter()
}

/// Answers the record in the path.
pub(super) fn get(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let record = record_in_path(world, request, entity(request)?)?;
    Ok(answer(world, request, record))
}

/// A record as the operation answers it.
pub(super) fn answer(world: &World, request: &OperationRequest, record: &Record) -> Answer {
    let record = world.store.joined(record);
    Answer::Record(Box::new(match request.answer_shape() {
        Some(shape) => record.into_shape(shape),
        None => record,
    }))
}

/// Creates a record with the fields of the body.
pub(super) fn create(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let entity = entity(request)?;
    let mut record = Record::new(entity.shape(), world.now());
    world.store.apply(&mut record, &request.given())?;
    Ok(Answer::Created(world.store.add(entity, record).into()))
}

/// A copy of the record in the path with the fields of the body. The store still has the record as it was.
pub(super) fn updated(world: &World, request: &OperationRequest, entity: Entity) -> Result<Record, Problem> {
    let mut record = record_in_path(world, request, entity)?.clone();
    world.store.apply(&mut record, &request.body)?;
    record.mark_modified(world.now());
    Ok(record)
}

/// Changes the record in the path. Fields that the body leaves out stay, and null clears a field.
pub(super) fn update(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let entity = entity(request)?;
    let record = updated(world, request, entity)?;
    world.store.put(entity, request.id(), record);
    Ok(Answer::Updated(request.id().into()))
}

/// Deletes the record in the path, with all that depends on it. A second delete is answered with 404.
pub(super) fn delete(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let entity = entity(request)?;
    match world.store.remove(entity, request.id()) {
        true => Ok(Answer::Deleted(request.id().into())),
        false => Err(not_found(entity, request.id())),
    }
}

/// The 404 for a record that does not exist.
pub(super) fn not_found(entity: Entity, id: impl fmt::Display) -> Problem {
    let detail = format!("There is no {} {id}.", entity.noun());
    Problem::new(StatusCode::NOT_FOUND, detail)
}
