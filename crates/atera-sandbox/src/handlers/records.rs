//! What can be done with records of any kind.

use axum::http::StatusCode;

use crate::{
    answer::{Answer, Problem},
    entity::Entity,
    paging::page,
    record::Record,
    request::Request,
    table::Wanted,
    world::World,
};

/// The kind of record that the group of the operation is about.
fn entity(request: &Request) -> Result<Entity, Problem> {
    // The table gives these handlers to groups of one kind alone.
    let unknown = || {
        Problem::new(
            StatusCode::NOT_IMPLEMENTED,
            "The sandbox does not know what this is about.",
        )
    };
    Entity::of(request.operation).ok_or_else(unknown)
}

/// The record that the path names.
pub(super) fn named<'a>(world: &'a World, request: &Request, entity: Entity) -> Result<&'a Record, Problem> {
    let id = request.id();
    world
        .store
        .table(entity)
        .get(id)
        .ok_or_else(|| missing(entity, id))
}

/// The page of records that have what the request asks for: a parameter is compared with the field of the same name.
pub(super) fn list(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let entity = entity(request)?;
    Ok(list_of(world, request, entity, |_| true))
}

/// As `list`, of the records that fit besides.
pub(super) fn list_of(
    world: &World,
    request: &Request,
    entity: Entity,
    fits: impl Fn(&Record) -> bool,
) -> Answer {
    page(
        world,
        request,
        matching(world, request, entity).filter(|record| fits(record)),
        |_| {},
    )
}

/// The records that have what the request asks for, by id.
pub(super) fn matching<'a>(
    world: &'a World,
    request: &Request,
    entity: Entity,
) -> impl Iterator<Item = &'a Record> {
    let columns = &entity.shape().columns;
    let wanted = request.conditions().filter_map(|(name, text)| {
        let column = columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))?;
        Some((column, Wanted::asked(&columns[column].kind, text)))
    });
    let wanted: Option<Vec<_>> = wanted.map(|(column, wanted)| Some((column, wanted?))).collect();
    let found = wanted.map(|wanted| world.store.table(entity).having(&wanted));
    found.unwrap_or_default().into_iter()
}

pub(super) fn get(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let record = named(world, request, entity(request)?)?;
    Ok(shown(world, request, record))
}

/// A record as the operation answers it.
pub(super) fn shown(world: &World, request: &Request, record: &Record) -> Answer {
    let record = world.store.shown(record);
    Answer::Record(Box::new(match request.answered() {
        Some(shape) => record.seen_as(shape),
        None => record,
    }))
}

/// Makes a record of the fields that the request gives.
pub(super) fn create(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let entity = entity(request)?;
    let mut record = Record::new(entity.shape(), world.now());
    world.store.fill(&mut record, &request.given())?;
    Ok(Answer::Created(world.store.add(entity, record).into()))
}

/// The record that the path names, with the changes of the request, not yet put back.
pub(super) fn changed(world: &World, request: &Request, entity: Entity) -> Result<Record, Problem> {
    let mut record = named(world, request, entity)?.clone();
    world.store.fill(&mut record, &request.body)?;
    record.touch(world.now());
    Ok(record)
}

pub(super) fn update(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let entity = entity(request)?;
    let record = changed(world, request, entity)?;
    world.store.put(entity, request.id(), record);
    Ok(Answer::Updated(request.id().into()))
}

pub(super) fn delete(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let entity = entity(request)?;
    match world.store.remove(entity, request.id()) {
        true => Ok(Answer::Deleted(request.id().into())),
        false => Err(missing(entity, request.id())),
    }
}

pub(super) fn missing(entity: Entity, id: impl std::fmt::Display) -> Problem {
    let detail = format!("There is no {} {id}.", entity.noun());
    Problem::new(StatusCode::NOT_FOUND, detail)
}
