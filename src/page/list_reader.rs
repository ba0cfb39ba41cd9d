//! The input of a walk: the list to read, and the pages that are fetched for it.

use std::{fmt, sync::Arc};

use super::{options::Options, page::Page, record::Identity};
use crate::{
    Result,
    description::Operation,
    pipeline::{CallFuture, Response, congestion::Congestion, response::Answer},
};

/// A list to read, and how to fetch its pages.
pub(crate) struct ListReader<T> {
    pub(crate) operation: &'static Operation,
    pub(crate) start: i32,
    /// The page size that the caller set.
    pub(crate) size: Option<i32>,
    /// Whether the caller set a filter or an order.
    pub(crate) is_filtered: bool,
    /// The last page, if it is known from the start: for lists from the cache.
    pub(crate) last: Option<i32>,
    pub(crate) options: Options,
    /// Where the pipeline reports that requests were refused or failed.
    pub(crate) congestion: Arc<Congestion>,
    pub(crate) fetch: Fetch<T>,
}

/// Fetches a page of this number and size.
pub(crate) type Fetch<T> = Arc<dyn Fn(i32, i32) -> CallFuture<Fetched<T>> + Send + Sync>;

/// A page that was fetched.
#[derive(Debug)]
pub(crate) struct Fetched<T> {
    /// The undecoded answer.
    pub(crate) answer: Answer,
    /// The page without its records.
    pub(crate) page: Page<()>,
    pub(crate) items: Vec<Item<T>>,
}

/// A record that was fetched.
#[derive(Debug)]
pub(crate) struct Item<T> {
    /// What distinguishes it from other records.
    pub(crate) identity: Identity,
    /// The decoded record, or why it does not fit the description.
    pub(crate) record: Result<T>,
    /// Whether it already came in this sweep.
    pub(crate) is_repeat: bool,
}

impl<T> Item<T> {
    pub(crate) fn new(identity: Identity, record: Result<T>) -> Self {
        Item {
            identity,
            record,
            is_repeat: false,
        }
    }
}

impl<T> fmt::Debug for ListReader<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ListReader")
            .field("operation", &self.operation.id)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Fetched<T> {
    /// The page with its records, if all of them fit the description.
    pub(crate) fn into_page(self) -> Result<Response<Page<T>>> {
        let records = self.items.into_iter().map(|item| item.record);
        let items = records.collect::<Result<Vec<_>>>()?;
        Ok(self.answer.with(self.page.with_items(items).0))
    }
}
