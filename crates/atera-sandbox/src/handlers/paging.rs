//! Pages of lists.

use atera::description::{DEFAULT_PAGE_SIZE, PAGE, PAGE_SIZE};

use crate::{
    http::{Answer, AnswerPage, OperationRequest},
    world::{Record, Shape, World},
};

/// The page that a request asks for. `change` is called for each record of the page, with its joined fields.
pub(super) fn page<'a>(
    world: &World,
    request: &OperationRequest,
    records: impl Iterator<Item = &'a Record>,
    change: impl Fn(&mut Record),
) -> Answer {
    let page = request.number(PAGE).unwrap_or(1);
    let size = request.number(PAGE_SIZE).unwrap_or(DEFAULT_PAGE_SIZE.into());
    let start = (page - 1).saturating_mul(size);
    let mut total = 0;
    let mut of_page = Vec::new();
    // All records are counted, but only those of the page are cloned and joined.
    for record in records {
        if total >= start && total - start < size {
            of_page.push(record);
        }
        total += 1;
    }
    let total_pages = (total + size - 1) / size;
    let shape = request.operation.record().map(Shape::of);
    let records = of_page.into_iter().map(|record| {
        let mut record = world.store.joined(record);
        change(&mut record);
        match shape {
            Some(shape) => record.into_shape(shape),
            None => record,
        }
    });
    let link = |exists: bool, page: i64| match exists {
        true => link(world, request, page, size),
        false => String::new(),
    };
    Answer::Page(AnswerPage {
        records: records.collect(),
        page,
        items_in_page: size,
        total,
        total_pages,
        prev_link: link(page > 1, page - 1),
        next_link: link(page < total_pages, page.saturating_add(1)),
    })
}

/// The address of another page, with the same size and filters.
fn link(world: &World, request: &OperationRequest, page: i64, size: i64) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair(PAGE, &page.to_string())
        .append_pair(PAGE_SIZE, &size.to_string())
        .extend_pairs(request.filters());
    format!("{}{}?{}", world.base_url, request.path, query.finish())
}
