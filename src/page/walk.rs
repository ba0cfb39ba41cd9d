//! Walks: fetch the pages of a list concurrently, and return them in order.
//!
//! The first page reports how many pages there are. That is only a plan: the walk ends when an answer shows that it is the last
//! and no later page is in flight. An endless walk fails: after 100 consecutive pages without a new record, or after 20,000
//! pages (a million records) without a new id. Each page is fetched by its own task, as many at a time as
//! [`prefetch`](super::prefetch) allows, and no further ahead of the caller than that.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use futures_util::{Stream, StreamExt, stream};
use tokio::task::JoinSet;
use tracing::Instrument;

use super::{
    drift::Drift,
    end::{self, More},
    list_reader::{Fetch, Fetched, ListReader},
    options::Options,
    page::Page,
    prefetch::{PageTiming, Prefetch},
    sweep::{Endless, MOST_PAGES_WITHOUT_ID, MOST_PAGES_WITHOUT_NEW, Sweep},
};
#[cfg(feature = "cache")]
use crate::pipeline::response::Answer;
use crate::{
    Error, ErrorKind, Result, clock,
    description::{LARGEST_PAGE_SIZE, Operation},
    pipeline::{Response, congestion::Congestion, failures},
    sync::lock,
};

/// The page size that a walk requests: the maximum of the service.
pub(crate) const WALK_PAGE_SIZE: i32 = LARGEST_PAGE_SIZE as i32;

/// A walk in progress.
pub(super) struct Walk<T> {
    operation: &'static Operation,
    fetch: Fetch<T>,
    congestion: Arc<Congestion>,
    prefetch: Prefetch,
    start: i32,
    /// The last page, if it is known from the start.
    last: Option<i32>,
    asked_size: i32,
    /// The number of records of a full page, once it is known.
    size: Option<i32>,
    /// The page that is returned next.
    next: i32,
    /// The page that is requested next.
    next_request: i32,
    /// The last page to request.
    planned: i32,
    /// Whether an earlier answer had a total, a number of pages, or a `nextLink`.
    had_paging_info: bool,
    /// Whether the page that is returned next was requested although no answer showed that it exists.
    is_speculative: bool,
    ended: bool,
    tasks: JoinSet<Arrival<T>>,
    ready: BTreeMap<i32, Result<Fetched<T>>>,
    /// What the pages that were returned have shown.
    pub(super) sweep: Sweep,
    /// Hash of the previous answer, if answers do not have their page number.
    before: Option<u64>,
}

/// A page that has come, or failed.
struct Arrival<T> {
    page: i32,
    /// How many pages were allowed in flight when it was requested.
    limit: usize,
    /// How many pages were in flight when it was requested, including this one.
    in_flight: usize,
    result: Result<Fetched<T>>,
}

impl<T: Send + 'static> ListReader<T> {
    pub(super) fn walk(&self) -> Walk<T> {
        Walk::new(self, self.start, &self.options)
    }

    /// Its answers, one for each page, and what changed while it was read.
    #[cfg(feature = "cache")]
    pub(crate) async fn answers(self) -> Result<(Vec<Answer>, Drift)> {
        let (mut walk, mut answers, mut drift) = (self.walk(), Vec::new(), Drift::default());
        while let Some(fetched) = walk.next(None).await {
            answers.push(fetched?.answer);
        }
        drift.end_sweep(&walk.sweep);
        Ok((answers, drift))
    }

    /// Its pages, one by one.
    pub(crate) fn pages(self) -> Pages<T> {
        Pages::new(self.walk(), self.options.limit)
    }
}

impl<T> std::fmt::Debug for Walk<T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Walk")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Walk<T> {
    /// A walk over the list from page `start` on.
    pub(super) fn new(reading: &ListReader<T>, start: i32, options: &Options) -> Self {
        // A limit below the page size needs only a smaller page.
        let enough = options.limit.and_then(|limit| i32::try_from(limit.max(1)).ok());
        let least = enough.map_or(WALK_PAGE_SIZE, |enough| enough.min(WALK_PAGE_SIZE));
        Walk {
            operation: reading.operation,
            fetch: reading.fetch.clone(),
            congestion: reading.congestion.clone(),
            prefetch: Prefetch::new(options.prefetch),
            start,
            last: reading.last,
            asked_size: reading.size.unwrap_or(least),
            size: None,
            next: start,
            next_request: start,
            planned: start,
            had_paging_info: false,
            is_speculative: false,
            ended: false,
            tasks: JoinSet::new(),
            ready: BTreeMap::new(),
            sweep: Sweep::default(),
            before: None,
        }
    }

    /// Starts again at the first page, with this page size. The estimated length of the list and the prefetch number are kept, so
    /// that pages are requested concurrently from the start.
    pub(super) fn begin_again(&mut self, size: i32) {
        let records = i64::from(self.planned - self.start) * i64::from(self.asked_size);
        let pages = i32::try_from(records / i64::from(size.max(1))).unwrap_or(0);
        if self.asked_size != size {
            (self.asked_size, self.size) = (size, None);
        }
        (self.next, self.next_request, self.ended) = (self.start, self.start, false);
        self.is_speculative = false;
        self.planned = self.start.saturating_add(pages);
        self.sweep = Sweep::default();
        self.before = None;
    }

    /// Continues an earlier walk: with the pages that it read, the number of records of a full page as far as it is known, and
    /// whether the earlier walk has shown that the next page exists.
    pub(super) fn continuing(mut self, sweep: Sweep, full_page: Option<i32>, more: More) -> Self {
        self.sweep = sweep;
        self.size = full_page;
        self.is_speculative = more == More::Perhaps;
        self
    }

    /// Whether another page follows the one that was returned last.
    pub(super) fn more(&self) -> More {
        match (self.ended, self.is_speculative) {
            (true, _) => More::No,
            (false, true) => More::Perhaps,
            (false, false) => More::Yes,
        }
    }

    /// The number of records of a full page, or the requested page size as long as it is unknown.
    pub(super) fn full_page(&self) -> i32 {
        self.size.unwrap_or(self.asked_size)
    }

    /// The page size that is requested.
    pub(super) fn page_size(&self) -> i32 {
        self.asked_size
    }

    /// The last page, as estimated from the pages so far.
    pub(super) fn last_page(&self) -> i32 {
        self.planned
    }

    /// The next page, if there is one. `wanted` is how many more records the caller wants.
    pub(crate) async fn next(&mut self, wanted: Option<u64>) -> Option<Result<Fetched<T>>> {
        if self.ended || wanted == Some(0) {
            return None;
        }
        let page = self.next;
        let result = loop {
            self.request_pages(wanted);
            if let Some(result) = self.ready.remove(&page) {
                break result;
            }
            match self.tasks.join_next().await? {
                Ok(arrival) => self.arrived(arrival),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => break Err(self.runtime_shut_down()),
            }
        };
        if self.is_speculative && self.is_past_the_end(&result) {
            self.ended = true;
            return None;
        }
        let result = result.map_err(|error| error.with_page(page));
        let result = result.and_then(|fetched| self.advance(fetched));
        if result.is_err() {
            self.ended = true;
            self.tasks.abort_all();
        }
        Some(result)
    }

    fn arrived(&mut self, arrival: Arrival<T>) {
        let Arrival {
            page,
            limit,
            in_flight,
            result,
        } = arrival;
        if let Some(sent) = self.congestion.take() {
            self.prefetch.failed(sent, clock::now());
        }
        if let Ok(fetched) = &result {
            let sent = &fetched.answer.sent;
            self.prefetch.observe(PageTiming {
                limit,
                in_flight,
                took: sent.took,
                waited: sent.waited,
            });
        }
        self.ready.insert(page, result);
    }

    /// Requests the pages that are planned and wanted, as many as may be in flight.
    fn request_pages(&mut self, wanted: Option<u64>) {
        let size = u64::try_from(self.full_page()).unwrap_or(1).max(1);
        let pages = wanted.map_or(u64::MAX, |wanted| wanted.div_ceil(size));
        let last = i64::from(self.next).saturating_add_unsigned(pages.min(1 << 32));
        let limit = self.prefetch.limit();
        while self.next_request <= self.planned
            && i64::from(self.next_request) < last
            && self.tasks.len() + self.ready.len() < limit
        {
            let page = self.next_request;
            let fetching = (self.fetch)(page, self.asked_size);
            let in_flight = self.tasks.len() + 1;
            let arrival = async move {
                let result = fetching.await;
                Arrival {
                    page,
                    limit,
                    in_flight,
                    result,
                }
            };
            self.tasks.spawn(arrival.in_current_span());
            let Some(next) = page.checked_add(1) else { return };
            self.next_request = next;
        }
    }

    /// The error if the tasks that fetch pages were cancelled: their runtime has shut down, and the stream is now polled on
    /// another.
    fn runtime_shut_down(&self) -> Error {
        let sentence = "a list was not read to its end: the runtime that fetched its pages has shut down; poll a stream on one runtime";
        Error::new(ErrorKind::Connection, sentence).with_operation(self.operation)
    }

    /// Whether the result of a speculative request shows that the list has already ended: 404, or only records that came already.
    fn is_past_the_end(&self, result: &Result<Fetched<T>>) -> bool {
        match result {
            Ok(fetched) => {
                let identities = fetched.items.iter().map(|item| item.identity);
                !fetched.items.is_empty() && !self.sweep.has_new(identities)
            }
            Err(error) => error.kind() == ErrorKind::NotFound,
        }
    }

    /// Processes the next page: checks it, records it in the sweep, and decides how far to fetch.
    fn advance(&mut self, mut fetched: Fetched<T>) -> Result<Fetched<T>> {
        let (page, records) = (self.next, fetched.items.len());
        self.check_page_number(page, &fetched)?;
        let asked = self.asked_size;
        let size = self
            .size
            .unwrap_or_else(|| end::page_size(&fetched.page, records, page, asked));
        let size = end::grown_page_size(size, records, asked);
        self.size = Some(size);
        let context = end::PageContext {
            size,
            has_new: self.sweep.has_new(fetched.items.iter().map(|item| item.identity)),
            had_paging_info: self.had_paging_info,
        };
        let swept = self.record_page(page, context, &mut fetched);
        let more = match self.last {
            Some(last) if page < last => More::Yes,
            Some(_) => More::No,
            None => end::more(&fetched.page, records, page, context),
        };
        let next = page.checked_add(1).filter(|_| more != More::No);
        if let (Err(endless), Some(_)) = (swept, next) {
            return Err(self.endless(endless, page, &fetched));
        }
        self.had_paging_info |= end::has_paging_info(&fetched.page);
        self.is_speculative = more == More::Perhaps;
        self.planned = match (next, self.last) {
            (Some(_), Some(last)) => last,
            (Some(next), None) => end::estimated_last_page(&fetched.page, page, size)
                .unwrap_or(next)
                .max(next),
            (None, _) => self.next_request - 1,
        };
        // Pages that were already requested are still returned.
        self.ended = self.planned <= page;
        self.next = page.saturating_add(1);
        Ok(fetched)
    }

    /// The error of an endless walk.
    fn endless(&self, endless: Endless, page: i32, fetched: &Fetched<T>) -> Error {
        let undecodable = |reason: String| failures::undecodable(&fetched.answer, &reason);
        match endless {
            // Without a page number, since starting from that page would not help.
            Endless::NothingNew => undecodable(format!(
                "it is the last of {MOST_PAGES_WITHOUT_NEW} pages that brought no new record, and it says that there are \
                 more; the service may ignore the page number"
            )),
            Endless::NoIds => undecodable(format!(
                "it is the last of {MOST_PAGES_WITHOUT_ID} pages whose records have no id, and it says that there are more; \
                 the service may ignore the page number"
            ))
            .with_page(page),
        }
    }

    /// Adds the records of a page to the sweep, and marks those that came already.
    fn record_page(
        &mut self,
        page: i32,
        context: end::PageContext,
        fetched: &mut Fetched<T>,
    ) -> Result<(), Endless> {
        let reported = end::reported_length(&fetched.page, fetched.items.len(), page, context);
        self.sweep
            .begin_page(reported.beginning_at(self.start, context.size));
        for item in &mut fetched.items {
            item.is_repeat = !self.sweep.record(item.identity);
        }
        self.sweep.end_page()
    }

    /// Fails if the answer is for another page than the requested one: the walk would never end, or lose records. An answer
    /// without a page number must differ from the previous one.
    fn check_page_number(&mut self, page: i32, fetched: &Fetched<T>) -> Result<()> {
        let refuse = |reason: String| {
            let error = failures::undecodable(&fetched.answer, &reason);
            Err(error.with_page(page))
        };
        match fetched.page.page {
            Some(number) if number != page => {
                return refuse(format!(
                    "it says that it is page {number}, and page {page} was asked for"
                ));
            }
            Some(_) => {}
            None if !fetched.items.is_empty() => {
                let mut hasher = DefaultHasher::new();
                fetched.answer.value.hash(&mut hasher);
                if self.before.replace(hasher.finish()) == Some(hasher.finish()) {
                    return refuse(format!("page {page} is identical to the page before it"));
                }
            }
            None => {}
        }
        Ok(())
    }
}

/// The pages of a list, one by one.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<T> {
    pages: PageStream<T>,
    drift: Arc<Mutex<Drift>>,
}

type PageStream<T> = Pin<Box<dyn Stream<Item = Result<Response<Page<T>>>> + Send>>;

impl<T: Send + 'static> Pages<T> {
    pub(super) fn new(walk: Walk<T>, limit: Option<u64>) -> Self {
        let drift = Arc::<Mutex<Drift>>::default();
        let state = (walk, limit, drift.clone(), false);
        let pages = stream::unfold(state, |(mut walk, mut wanted, drift, has_failed)| async move {
            let page = walk.next.max(1);
            let fetched = walk.next(wanted).await;
            let has_ended = fetched.is_none() && wanted != Some(0) && !has_failed;
            note(&drift, &walk, has_ended);
            let fetched = fetched?;
            let has_failed = fetched.is_err();
            let answer = fetched.and_then(|fetched| {
                let records = fetched.items.len() as u64;
                wanted = wanted.map(|wanted| wanted.saturating_sub(records));
                fetched.into_page().map_err(|error| error.with_page(page))
            });
            Some((answer, (walk, wanted, drift, has_failed)))
        });
        Pages {
            pages: Box::pin(pages),
            drift,
        }
    }
}

/// Updates the drift with what the walk has seen, and with what is missing if it has ended.
fn note<T>(drift: &Mutex<Drift>, walk: &Walk<T>, has_ended: bool) {
    let sweep = &walk.sweep;
    if sweep.pages == 0 {
        return;
    }
    let mut drift = lock(drift);
    drift.note(sweep, 0, 0);
    if has_ended {
        drift.end_sweep(sweep);
        drift.warn(walk.operation);
    }
}

impl<T> Pages<T> {
    /// The next page, or `None` at the end.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). The error has the [`page`](crate::Error::page) that failed, and ends the
    /// stream, unless it is a record that does not fit the description.
    pub async fn try_next(&mut self) -> Result<Option<Response<Page<T>>>> {
        self.next().await.transpose()
    }

    /// What changed in the list so far while it was read, and whether records are missing. Repeated records are counted here, but
    /// not removed from the pages.
    pub fn drift(&self) -> Drift {
        *lock(&self.drift)
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<Response<Page<T>>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pages.as_mut().poll_next(context)
    }
}

impl<T> std::fmt::Debug for Pages<T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pages")
            .field("drift", &self.drift())
            .finish_non_exhaustive()
    }
}
