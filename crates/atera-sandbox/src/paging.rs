//! The service's habits with pages.

use super::{
    answer::{Answer, Page},
    record::Record,
    request::Request,
    shape::Shape,
    world::World,
};

/// Records of a page if the request does not say.
const DEFAULT_SIZE: i64 = 20;

/// The page that was asked for. `shape` changes each record of it before it is answered.
pub(super) fn page<'a>(
    world: &World,
    request: &Request,
    records: impl Iterator<Item = &'a Record>,
    shape: impl Fn(&mut Record),
) -> Answer {
    let page = request.number("page").unwrap_or(1);
    let size = request.number("itemsInPage").unwrap_or(DEFAULT_SIZE);
    let start = (page - 1).saturating_mul(size);
    let mut total = 0;
    let mut wanted = Vec::new();
    for record in records {
        if total >= start && total - start < size {
            wanted.push(record);
        }
        total += 1;
    }
    let total_pages = (total + size - 1) / size;
    let seen_as = request.operation.record().map(Shape::of);
    let records = wanted.into_iter().map(|record| {
        let mut record = world.store.shown(record);
        shape(&mut record);
        match seen_as {
            Some(shape) => record.seen_as(shape),
            None => record,
        }
    });
    let link = |exists: bool, page: i64| match exists {
        true => link(world, request, page, size),
        false => String::new(),
    };
    Answer::Page(Page {
        records: records.collect(),
        page,
        items_in_page: size,
        total,
        total_pages,
        prev_link: link(page > 1, page - 1),
        next_link: link(page < total_pages, page.saturating_add(1)),
    })
}

fn link(world: &World, request: &Request, page: i64, size: i64) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("page", &page.to_string())
        .append_pair("itemsInPage", &size.to_string())
        .extend_pairs(request.filters());
    format!("{}{}?{}", world.base_url, request.path, query.finish())
}
