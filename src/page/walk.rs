//! Walks: the pages of a list, fetched side by side and handed on in order.
//!
//! The first page tells how many there are. That is a plan, not the last word: the walk ends when an answer says that
//! there is no more, and no later page is on its way. Pages are fetched by tasks of their own, as many at a time as the
//! caller allows, and no further ahead of him than that.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{Stream, StreamExt, stream};
use tokio::task::JoinSet;
use tracing::Instrument;

use super::{Key, Options, Page, WALK_PAGE_SIZE, end};
use crate::{
    Operation, Result,
    attempt::{self, Answer},
    call::{CallFuture, Response},
};

/// So many pages without a record in a row are not the middle of a list any more.
const MOST_EMPTY_PAGES: u32 = 100;

/// Fetches a page of this number and size.
pub(crate) type Fetch<T> = Arc<dyn Fn(i32, i32) -> CallFuture<Fetched<T>> + Send + Sync>;

/// A page that was fetched.
#[derive(Debug)]
pub(crate) struct Fetched<T> {
    /// The answer as it came.
    pub(crate) answer: Answer,
    /// What it says besides its records.
    pub(crate) page: Page<()>,
    pub(crate) items: Vec<Item<T>>,
}

/// A record that was fetched.
#[derive(Debug)]
pub(crate) struct Item<T> {
    /// Its identity, where records have one.
    pub(crate) key: Option<Key>,
    /// Itself, or why it does not fit the description.
    pub(crate) record: Result<T>,
}

/// A walk on its way.
pub(crate) struct Walk<T> {
    operation: &'static Operation,
    fetch: Fetch<T>,
    prefetch: usize,
    asked_size: i32,
    /// How many records a full page has, once that is known.
    size: Option<i32>,
    /// The page that is handed on next.
    next: i32,
    /// The page that is asked for next, and the last that is to be asked for.
    ask: i32,
    planned: i32,
    ended: bool,
    tasks: JoinSet<(i32, Result<Fetched<T>>)>,
    ready: BTreeMap<i32, Result<Fetched<T>>>,
    empty_pages: u32,
    /// Hash of the answer before, if answers do not tell their page.
    before: Option<u64>,
}

impl<T: Send + 'static> Walk<T> {
    pub(crate) fn new(
        operation: &'static Operation,
        start: i32,
        size: Option<i32>,
        options: &Options,
        fetch: Fetch<T>,
    ) -> Self {
        // Fewer records than a page has need no whole page.
        let enough = options.limit.and_then(|limit| i32::try_from(limit.max(1)).ok());
        let least = enough.map_or(WALK_PAGE_SIZE, |enough| enough.min(WALK_PAGE_SIZE));
        Walk {
            operation,
            fetch,
            prefetch: options.prefetch,
            asked_size: size.unwrap_or(least),
            size: None,
            next: start,
            ask: start,
            planned: start,
            ended: false,
            tasks: JoinSet::new(),
            ready: BTreeMap::new(),
            empty_pages: 0,
            before: None,
        }
    }

    /// The next page, if there is one; `wanted` is how many more records are.
    pub(crate) async fn next(&mut self, wanted: Option<u64>) -> Option<Result<Fetched<T>>> {
        if self.ended || wanted == Some(0) {
            return None;
        }
        let page = self.next;
        let result = loop {
            self.send_for(wanted);
            if let Some(result) = self.ready.remove(&page) {
                break result;
            }
            match self.tasks.join_next().await? {
                Ok((page, result)) => {
                    self.ready.insert(page, result);
                }
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                // The runtime is shutting down.
                Err(_) => return None,
            }
        };
        let result = result.and_then(|fetched| self.advance(fetched));
        if result.is_err() {
            self.ended = true;
            self.tasks.abort_all();
        }
        Some(result.map_err(|error| error.with_page(page)))
    }

    /// Sends for the pages that are planned and wanted, no more than may be on their way.
    fn send_for(&mut self, wanted: Option<u64>) {
        let size = u64::try_from(self.size.unwrap_or(self.asked_size))
            .unwrap_or(1)
            .max(1);
        let pages = wanted.map_or(u64::MAX, |wanted| wanted.div_ceil(size));
        let last = i64::from(self.next).saturating_add_unsigned(pages.min(1 << 32));
        while self.ask <= self.planned
            && i64::from(self.ask) < last
            && self.tasks.len() + self.ready.len() < self.prefetch
        {
            let page = self.ask;
            let fetching = (self.fetch)(page, self.asked_size);
            self.tasks
                .spawn(async move { (page, fetching.await) }.in_current_span());
            let Some(next) = page.checked_add(1) else { return };
            self.ask = next;
        }
    }

    /// Takes in what the next page says.
    fn advance(&mut self, fetched: Fetched<T>) -> Result<Fetched<T>> {
        let (page, records) = (self.next, fetched.items.len());
        self.refuse_another(page, &fetched)?;
        let asked = self.asked_size;
        let size = *self
            .size
            .get_or_insert_with(|| end::page_size(&fetched.page, records, asked));
        let next = page
            .checked_add(1)
            .filter(|_| !end::is_last(&fetched.page, records, page, size));
        self.planned = match next {
            Some(next) => end::promised(&fetched.page, size).unwrap_or(next).max(next),
            None => self.ask - 1,
        };
        // Pages that were asked for already are taken in all the same.
        self.ended = self.planned <= page;
        self.next = page.saturating_add(1);
        Ok(fetched)
    }

    /// Refuses an answer that is not for the page that was asked for: the walk would never end, or lose records.
    fn refuse_another(&mut self, page: i32, fetched: &Fetched<T>) -> Result<()> {
        let refuse = |reason: String| Err(attempt::undecodable(self.operation, &fetched.answer, &reason));
        match fetched.page.page {
            Some(told) if told != page => {
                return refuse(format!(
                    "it says that it is page {told}, and page {page} was asked for"
                ));
            }
            Some(_) => {}
            None if !fetched.items.is_empty() => {
                let mut hasher = DefaultHasher::new();
                fetched.answer.value.hash(&mut hasher);
                if self.before.replace(hasher.finish()) == Some(hasher.finish()) {
                    return refuse(format!("page {page} is the page before it once more"));
                }
            }
            None => {}
        }
        self.empty_pages = match fetched.items.is_empty() {
            true => self.empty_pages + 1,
            false => 0,
        };
        if self.empty_pages > MOST_EMPTY_PAGES {
            return refuse(format!(
                "it is the last of {MOST_EMPTY_PAGES} pages without a record, and there is no end"
            ));
        }
        Ok(())
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

/// The pages of a list, one by one.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<T>(PageStream<T>);

type PageStream<T> = Pin<Box<dyn Stream<Item = Result<Response<Page<T>>>> + Send>>;

impl<T: Send + 'static> Pages<T> {
    pub(super) fn new(walk: Walk<T>, limit: Option<u64>) -> Self {
        let state = (walk, limit);
        Pages(Box::pin(stream::unfold(
            state,
            |(mut walk, mut wanted)| async move {
                let page = walk.next.max(1);
                let fetched = walk.next(wanted).await?;
                let answer = fetched.and_then(|fetched| {
                    let records = fetched.items.len() as u64;
                    wanted = wanted.map(|wanted| wanted.saturating_sub(records));
                    fetched.into_page().map_err(|error| error.with_page(page))
                });
                Some((answer, (walk, wanted)))
            },
        )))
    }
}

impl<T> Pages<T> {
    /// The next page, or `None` at the end.
    ///
    /// # Errors
    ///
    /// As told by [`ErrorKind`](crate::ErrorKind). The error tells the [`page`](crate::Error::page) that failed, and ends the
    /// stream, unless it is a record that does not fit the description.
    pub async fn try_next(&mut self) -> Result<Option<Response<Page<T>>>> {
        self.next().await.transpose()
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<Response<Page<T>>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> std::fmt::Debug for Pages<T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Pages")
    }
}
