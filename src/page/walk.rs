//! Walks: the pages of a list, fetched side by side and handed on in order.
//!
//! The first page tells how many there are. That is a plan, not the last word: the walk ends when an answer says that
//! there is no more, and no later page is on its way. Pages are fetched by tasks of their own, as many at a time as
//! [`prefetch`](super::prefetch) allows, and no further ahead of the caller than that.

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

use super::{
    end,
    options::Options,
    page::Page,
    prefetch::{Observed, Prefetch},
    reading::{Fetch, Fetched, Reading},
    sweep::{Endless, MOST_PAGES_WITHOUT_NEW, Sweep},
};
use crate::{
    Result, clock,
    pipeline::{Response, congestion::Congestion, failures},
};

/// Records of a page that a walk asks for, the most that the service hands out.
pub(crate) const WALK_PAGE_SIZE: i32 = 50;

impl<T: Send + 'static> Reading<T> {
    pub(super) fn walk(&self) -> Walk<T> {
        Walk::new(self, self.start, &self.options)
    }

    /// Its pages one by one, as they were fetched.
    #[cfg(feature = "cache")]
    pub(crate) fn fetched(self) -> impl Stream<Item = Result<Fetched<T>>> {
        let walk = self.walk();
        stream::unfold(walk, async |mut walk| Some((walk.next(None).await?, walk)))
    }

    /// Its pages, one by one.
    pub(crate) fn pages(self) -> Pages<T> {
        Pages::new(self.walk(), self.options.limit)
    }
}

/// A walk on its way.
pub(super) struct Walk<T> {
    fetch: Fetch<T>,
    congestion: Arc<Congestion>,
    prefetch: Prefetch,
    start: i32,
    asked_size: i32,
    /// How many records a full page has, once that is known.
    size: Option<i32>,
    /// The page that is handed on next.
    next: i32,
    /// The page that is asked for next, and the last that is to be asked for.
    ask: i32,
    planned: i32,
    ended: bool,
    tasks: JoinSet<Arrival<T>>,
    ready: BTreeMap<i32, Result<Fetched<T>>>,
    /// What the pages that were handed on have shown.
    pub(super) sweep: Sweep,
    /// Hash of the answer before, if answers do not tell their page.
    before: Option<u64>,
}

/// A page that has come, or failed.
struct Arrival<T> {
    page: i32,
    /// How many pages were allowed on their way when it was sent for.
    limit: usize,
    /// How many pages were on their way when it was sent for, itself included.
    side_by_side: usize,
    result: Result<Fetched<T>>,
}

impl<T> std::fmt::Debug for Walk<T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Walk")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Walk<T> {
    /// Over the list from this page on.
    pub(super) fn new(reading: &Reading<T>, start: i32, options: &Options) -> Self {
        // Fewer records than a page has need no whole page.
        let enough = options.limit.and_then(|limit| i32::try_from(limit.max(1)).ok());
        let least = enough.map_or(WALK_PAGE_SIZE, |enough| enough.min(WALK_PAGE_SIZE));
        Walk {
            fetch: reading.fetch.clone(),
            congestion: reading.congestion.clone(),
            prefetch: Prefetch::new(options.prefetch),
            start,
            asked_size: reading.size.unwrap_or(least),
            size: None,
            next: start,
            ask: start,
            planned: start,
            ended: false,
            tasks: JoinSet::new(),
            ready: BTreeMap::new(),
            sweep: Sweep::default(),
            before: None,
        }
    }

    /// Begins again with the first page, and pages of this size. What is known of the list's length and of the service's pace
    /// stays, so that the pages are sent for at once.
    pub(super) fn begin_again(&mut self, size: i32) {
        let records = i64::from(self.planned - self.start) * i64::from(self.asked_size);
        let pages = i32::try_from(records / i64::from(size.max(1))).unwrap_or(0);
        if self.asked_size != size {
            (self.asked_size, self.size) = (size, None);
        }
        (self.next, self.ask, self.ended) = (self.start, self.start, false);
        self.planned = self.start.saturating_add(pages);
        self.sweep = Sweep::default();
        self.before = None;
    }

    /// The same walk, which knows already how many records a full page has.
    pub(super) fn with_full_page(mut self, records: Option<i32>) -> Self {
        self.size = records;
        self
    }

    /// How many records a full page has, as far as that is known.
    pub(super) fn full_page(&self) -> i32 {
        self.size.unwrap_or(self.asked_size)
    }

    /// How many records a page is asked for.
    pub(super) fn page_size(&self) -> i32 {
        self.asked_size
    }

    /// The last page, as far as the pages so far tell.
    pub(super) fn last_page(&self) -> i32 {
        self.planned
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
                Ok(arrival) => self.arrived(arrival),
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

    fn arrived(&mut self, arrival: Arrival<T>) {
        let Arrival {
            page,
            limit,
            side_by_side,
            result,
        } = arrival;
        if let Some(sent) = self.congestion.take() {
            self.prefetch.failed(sent, clock::now());
        }
        if let Ok(fetched) = &result {
            let sent = &fetched.answer.sent;
            self.prefetch.observe(Observed {
                limit,
                side_by_side,
                took: sent.took,
                waited: sent.waited,
            });
        }
        self.ready.insert(page, result);
    }

    /// Sends for the pages that are planned and wanted, no more than may be on their way.
    fn send_for(&mut self, wanted: Option<u64>) {
        let size = u64::try_from(self.full_page()).unwrap_or(1).max(1);
        let pages = wanted.map_or(u64::MAX, |wanted| wanted.div_ceil(size));
        let last = i64::from(self.next).saturating_add_unsigned(pages.min(1 << 32));
        let limit = self.prefetch.limit();
        while self.ask <= self.planned
            && i64::from(self.ask) < last
            && self.tasks.len() + self.ready.len() < limit
        {
            let page = self.ask;
            let fetching = (self.fetch)(page, self.asked_size);
            let side_by_side = self.tasks.len() + 1;
            let arrival = async move {
                let result = fetching.await;
                Arrival {
                    page,
                    limit,
                    side_by_side,
                    result,
                }
            };
            self.tasks.spawn(arrival.in_current_span());
            let Some(next) = page.checked_add(1) else { return };
            self.ask = next;
        }
    }

    /// Takes in what the next page says.
    fn advance(&mut self, mut fetched: Fetched<T>) -> Result<Fetched<T>> {
        let (page, records) = (self.next, fetched.items.len());
        self.refuse_another(page, &fetched)?;
        let asked = self.asked_size;
        let size = self
            .size
            .unwrap_or_else(|| end::page_size(&fetched.page, records, page, asked));
        let size = end::larger_size(size, records, asked);
        self.size = Some(size);
        let brings_nothing = self.sweep_over(page, size, &mut fetched).is_err();
        let next = page
            .checked_add(1)
            .filter(|_| !end::is_last(&fetched.page, records, page, size));
        if brings_nothing && next.is_some() {
            let reason = format!(
                "it is the last of {MOST_PAGES_WITHOUT_NEW} pages that brought no new record, and it says that there are more; \
                 the service may ignore the number of the page"
            );
            return Err(failures::undecodable(&fetched.answer, &reason));
        }
        self.planned = match next {
            Some(next) => end::promised(&fetched.page, page, size).unwrap_or(next).max(next),
            None => self.ask - 1,
        };
        // Pages that were asked for already are taken in all the same.
        self.ended = self.planned <= page;
        self.next = page.saturating_add(1);
        Ok(fetched)
    }

    /// Notes the records of a page, and which of them came already.
    fn sweep_over(&mut self, page: i32, size: i32, fetched: &mut Fetched<T>) -> Result<(), Endless> {
        let total = end::credible_total(&fetched.page, fetched.items.len(), page, size);
        // A walk that begins in the middle does not see what lies before.
        let skipped = end::before(self.start.max(1), size);
        self.sweep.begin_page(total.map(|total| (total - skipped).max(0)));
        for item in &mut fetched.items {
            item.is_repeat = !self.sweep.record(item.identity);
        }
        self.sweep.end_page()
    }

    /// Refuses an answer that is not for the page that was asked for: the walk would never end, or lose records.
    fn refuse_another(&mut self, page: i32, fetched: &Fetched<T>) -> Result<()> {
        let refuse = |reason: String| Err(failures::undecodable(&fetched.answer, &reason));
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
        Ok(())
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
