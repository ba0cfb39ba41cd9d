//! What can be done with records of any kind.

use axum::http::StatusCode;

use crate::sandbox::{
    answer::{Answer, Problem},
    entity::Entity,
    record::Record,
    request::Request,
    world::World,
};

/// The record that the path names.
pub(super) fn named<'a>(world: &'a World, request: &Request, entity: Entity) -> Result<&'a Record, Problem> {
    let id = request.id();
    world
        .store
        .table(entity)
        .get(id)
        .ok_or_else(|| missing(entity, id))
}

pub(super) fn get(world: &World, request: &Request, entity: Entity) -> Result<Answer, Problem> {
    let record = named(world, request, entity)?;
    Ok(Answer::Record(Box::new(world.store.shown(record))))
}

/// The record that the path names, with the changes of the request, not yet put back.
pub(super) fn changed(world: &World, request: &Request, entity: Entity) -> Result<Record, Problem> {
    let mut record = named(world, request, entity)?.clone();
    world.store.fill(&mut record, &request.body)?;
    record.touch(world.now());
    Ok(record)
}

pub(super) fn update(world: &mut World, request: &Request, entity: Entity) -> Result<Answer, Problem> {
    let record = changed(world, request, entity)?;
    world.store.put(entity, request.id(), record);
    Ok(Answer::Updated(request.id()))
}

pub(super) fn delete(world: &mut World, request: &Request, entity: Entity) -> Result<Answer, Problem> {
    match world.store.remove(entity, request.id()) {
        true => Ok(Answer::Empty),
        false => Err(missing(entity, request.id())),
    }
}

fn missing(entity: Entity, id: i64) -> Problem {
    let detail = format!("There is no {} {id}.", entity.noun());
    Problem::new(StatusCode::NOT_FOUND, detail)
}
