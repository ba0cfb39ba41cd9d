//! Typed list calls: which page they request, and how an answer is decoded into records.

use serde::de::DeserializeOwned;

use super::call::{TypedCall, decode_record, first_decode_error, sending};
use crate::{
    Error, Result,
    page::{Fetched, Identity, Item, ListReader, Options, Page, UndecodedRecord, undecoded},
    pipeline::{CallFuture, response::Answer},
    types::{RecordId, json},
};

/// A typed call that lists records. The generated list calls implement it.
#[doc(hidden)]
#[allow(private_bounds, reason = "only the generated calls are lists")]
pub trait TypedList: TypedCall<Output = Page<Self::Record>> {
    type Record: DeserializeOwned + Send + 'static;
    /// The page number and the page size that the caller set.
    fn requested_page(&self) -> (Option<i32>, Option<i32>);
    fn set_page(&mut self, page: i32, items_in_page: i32);
    /// Whether the caller set a filter or an order.
    fn is_filtered(&self) -> bool;
    fn options(&mut self) -> &mut Options;
    /// Whether the records have an id.
    const HAS_IDS: bool;
    /// The id of a record.
    fn id(record: &Self::Record) -> Option<RecordId>;
}

/// The list, with decoded records.
pub(crate) fn typed<L: TypedList>(list: L) -> ListReader<L::Record> {
    reading(list, fetch)
}

/// The list, with pages that `fetch` fetches.
pub(super) fn reading<L: TypedList, T: Send + 'static>(
    mut list: L,
    fetch: impl Fn(L) -> CallFuture<Fetched<T>> + Send + Sync + 'static,
) -> ListReader<T> {
    let (context, congestion) = list.context().for_walk();
    *list.context_mut() = context;
    let (page, size) = list.requested_page();
    ListReader {
        operation: L::OPERATION,
        start: page.unwrap_or(1),
        size,
        is_filtered: list.is_filtered(),
        last: None,
        options: *list.options(),
        congestion,
        fetch: std::sync::Arc::new(move |page, size| {
            let mut call = list.clone();
            call.set_page(page, size);
            fetch(call)
        }),
    }
}

/// Fetches a page. A record that does not fit the description does not affect the others.
fn fetch<L: TypedList>(call: L) -> CallFuture<Fetched<L::Record>> {
    sending(call, decoded::<L>)
}

/// Decodes a page from its answer.
pub(crate) fn decoded<L: TypedList>(answer: Answer) -> Result<Fetched<L::Record>> {
    // Records of lists without ids are identified by their JSON, so their pages are decoded record by record.
    let page = L::HAS_IDS.then(|| json::decode(&answer.value).ok()).flatten();
    match page {
        Some(page) => with_decoded_ids::<L>(page, answer),
        None => decode_each_record::<L>(answer),
    }
}

/// A decoded page whose records are identified by their ids. If one has no id, the page is decoded again record by record.
fn with_decoded_ids<L: TypedList>(page: Page<L::Record>, answer: Answer) -> Result<Fetched<L::Record>> {
    let (page, records) = page.with_items(Vec::new());
    let mut items = Vec::with_capacity(records.len());
    for record in records {
        let Some(id) = L::id(&record) else {
            return decode_each_record::<L>(answer);
        };
        items.push(Item::new(Identity::Id(id), Ok(record)));
    }
    Ok(Fetched { answer, page, items })
}

/// Decodes a page record by record.
fn decode_each_record<L: TypedList>(answer: Answer) -> Result<Fetched<L::Record>> {
    let Fetched { answer, page, items } = undecoded(L::OPERATION, answer)?;
    let decode = |(index, item): (usize, Item<UndecodedRecord>)| {
        let record = item.record;
        let record = record.and_then(|record| decode_record(&answer, index, record.get()));
        // The decoded id is used, because the undecoded record may have it in another form.
        let id = record.as_ref().ok().and_then(L::id);
        Item::new(id.map_or(item.identity, Identity::Id), record)
    };
    let items = items.into_iter().enumerate().map(decode).collect();
    Ok(Fetched { answer, page, items })
}

/// The error of the first record of a page that does not fit the description.
pub(crate) fn page_decode_error<L: TypedList>(answer: &Answer) -> Option<Error> {
    let items = decode_each_record::<L>(answer.clone()).ok()?.items;
    first_decode_error(answer, items.into_iter().map(|item| item.record))
}
