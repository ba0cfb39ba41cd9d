//! Lists: one page, or a walk over all of them.
//!
//! [`walk`] fetches pages side by side and in order, as many at a time as [`prefetch`] allows, and [`end`] tells when it is
//! over. [`sweep`] is what one time over the list has shown, and notices one without an end. [`records`] makes records of
//! the pages: each once, and all of them if so asked, by the rule of [`completeness`].

#[cfg(feature = "cache")]
mod cached;
mod completeness;
mod end;
mod prefetch;
mod record;
mod records;
#[cfg(test)]
mod simulation;
mod sweep;
mod walk;

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Result, attempt,
    call::{self, CallFuture, Request},
};
#[cfg(feature = "cli")]
pub(crate) use completeness::{Completeness, Next};
#[cfg(feature = "cli")]
pub(crate) use end::Told;
pub(crate) use record::{Identity, missing_id};
pub use record::{Key, RawRecord, Record};
pub use records::{Drift, Records};
pub(crate) use records::{Reading, undecoded};
#[cfg(feature = "cli")]
pub(crate) use sweep::Sweep;
pub use walk::Pages;
pub(crate) use walk::{Fetched, Item};

/// Records of a page that a walk asks for, the most that the service hands out.
pub(crate) const WALK_PAGE_SIZE: i32 = 50;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(!try_from))]
#[serde(try_from = "Envelope<T>", rename_all = "camelCase")]
#[non_exhaustive]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// Number of the page, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<i32>,
    /// How many records a page may hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items_in_page: Option<i32>,
    /// How many records there are on all pages, under the name of the published document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_item_count: Option<i64>,
    /// How many records there are on all pages, under the guide's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_items: Option<i64>,
    /// How many pages there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_pages: Option<i32>,
    /// Address of the page before; null or empty on the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev_link: Option<String>,
    /// Address of the next page; null or empty on the last. It is never followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_link: Option<String>,
}

/// A page as it comes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<T> {
    items: Option<Vec<T>>,
    #[serde(default, deserialize_with = "crate::lenient::read")]
    page: Option<i32>,
    #[serde(default, deserialize_with = "crate::lenient::read")]
    items_in_page: Option<i32>,
    #[serde(default, deserialize_with = "crate::lenient::read")]
    total_item_count: Option<i64>,
    #[serde(default, deserialize_with = "crate::lenient::read")]
    total_items: Option<i64>,
    #[serde(default, deserialize_with = "crate::lenient::read")]
    total_pages: Option<i32>,
    prev_link: Option<String>,
    next_link: Option<String>,
}

impl<T> TryFrom<Envelope<T>> for Page<T> {
    type Error = &'static str;

    fn try_from(envelope: Envelope<T>) -> Result<Self, &'static str> {
        Ok(Page {
            items: envelope
                .items
                .ok_or("there is no `items` array, so it is not a page")?,
            page: envelope.page,
            items_in_page: envelope.items_in_page,
            total_item_count: envelope.total_item_count,
            total_items: envelope.total_items,
            total_pages: envelope.total_pages,
            prev_link: envelope.prev_link,
            next_link: envelope.next_link,
        })
    }
}

impl<T> Page<T> {
    /// How many records there are on all pages, under whichever name it came; the greater, if it came under both.
    pub fn total(&self) -> Option<i64> {
        self.total_item_count.max(self.total_items)
    }

    /// What the page tells of the length of its list, unless it contradicts that. `number` is that of the page, from 1, `asked`
    /// how many records it was asked for, and `has_new` whether it has one that came on no page before.
    pub(crate) fn told(&self, number: i32, asked: i32, has_new: bool) -> end::Told {
        let records = self.items.len();
        let seen = end::Seen {
            size: end::page_size(self, records, number, asked),
            has_new,
            was_told: false,
        };
        end::told(self, records, number, seen)
    }

    /// The page with other records in it, and those that it had.
    pub(crate) fn with_items<U>(self, items: Vec<U>) -> (Page<U>, Vec<T>) {
        let page = Page {
            items,
            page: self.page,
            items_in_page: self.items_in_page,
            total_item_count: self.total_item_count,
            total_items: self.total_items,
            total_pages: self.total_pages,
            prev_link: self.prev_link,
            next_link: self.next_link,
        };
        (page, self.items)
    }
}

/// What is promised of the records of a walk, if others come and go while it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Consistency {
    /// Every record as the pages have it. One that moves to a later page meanwhile comes twice, and one that moves to an
    /// earlier page may be missing.
    Raw,
    /// The same, but no record comes twice.
    #[default]
    OnePass,
    /// Every record that exists throughout the walk comes exactly once, or the walk ends with
    /// [`Unsettled`](crate::ErrorKind::Unsettled). The list is read again until nothing is missing, eight times at most.
    ///
    /// Nothing can prove it over numbered pages. This is the criterion:
    ///
    /// 1. A list that is ordered by a growing id, read without a filter, is complete after one sweep if every answer told
    ///    the same total, the ids came in order, no record came twice, as many came as the total, and the first and the
    ///    last page, read again, are as they were.
    /// 2. Any other list is complete after a sweep that found no record that the sweeps before it missed, and missed none that
    ///    the one before it saw, if also every answer told the same total, the sweep saw as many records, and no page before
    ///    its last came short. Where no answer
    ///    tells a total, two sweeps one after another have to see the same records, the later one none of them twice, no short
    ///    page before its last, and as many as the number of pages says at least.
    /// 3. Where totals keep moving, what all sweeps may have missed is estimated as in capture and recapture, by what each
    ///    sweep missed that its neighbour saw. The list is complete when that is less than 0.0001 records, and the last sweep
    ///    saw as many records as the last total tells, but for what moved meanwhile, and no short page before its last.
    ///
    /// A total that no sweep reaches is never complete. Records whose number is greater than all of the first sweep's were
    /// created during the walk, and do not count as missed. [`Records::drift`] tells what was seen.
    Complete,
}

/// How a list is to be read.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub(crate) limit: Option<u64>,
    /// How many pages may be on their way at a time; nothing, if that is to follow from how the service bears it.
    pub(crate) prefetch: Option<usize>,
    pub(crate) consistency: Consistency,
}

/// What the generated code says of a list.
#[doc(hidden)]
#[allow(private_bounds, reason = "only the generated calls are lists")]
pub trait Listed: Request<Output = Page<Self::Record>> {
    type Record: DeserializeOwned + Send + 'static;
    /// The page and the page size that the caller asked for.
    fn asked(&self) -> (Option<i32>, Option<i32>);
    fn ask(&mut self, page: i32, items_in_page: i32);
    /// Whether anything else was asked for: a filter, an order.
    fn is_filtered(&self) -> bool;
    fn options(&mut self) -> &mut Options;
    /// Whether records have an identity.
    const KEYED: bool;
    /// The identity of a record.
    fn key(record: &Self::Record) -> Option<Key>;
}

/// What can be done with a list besides asking for one page.
///
/// Pages are fetched side by side by tasks of their own, so a consumer may take its time: it holds no slot of the rate
/// limit, and nothing times out meanwhile. Dropping a stream ends its requests.
///
/// ```no_run
/// use atera::List;
///
/// # async fn example(client: atera::Client) -> atera::Result<()> {
/// let mut tickets = client.tickets().list().ticket_status("Open").stream();
/// while let Some(ticket) = tickets.try_next().await? {
///     println!("{}", ticket.ticket_title.unwrap_or_default());
/// }
/// # Ok(())
/// # }
/// ```
pub trait List: Listed {
    /// No more than so many records. No page is asked for that is not needed for them.
    #[must_use]
    fn limit(mut self, records: u64) -> Self {
        self.options().limit = Some(records);
        self
    }

    /// Begins with this page instead of the first: the [`page`](crate::Error::page) of an error, to go on where a walk failed.
    #[must_use]
    fn start_page(mut self, page: i32) -> Self {
        let size = self.asked().1.unwrap_or(WALK_PAGE_SIZE);
        self.ask(page, size);
        self
    }

    /// How many pages may be on their way at a time, at least 1. The rate limit holds all the same.
    ///
    /// Unless set, it follows from how the service bears it: it begins with 4, is doubled up to 32 as long as that brings
    /// more pages a second, and is halved when a page is refused or fails.
    #[must_use]
    fn prefetch(mut self, pages: usize) -> Self {
        self.options().prefetch = Some(pages.max(1));
        self
    }

    /// What is promised of the records; [`OnePass`](Consistency::OnePass) by default.
    ///
    /// ```no_run
    /// use atera::{Consistency, List};
    ///
    /// # async fn example(client: atera::Client) -> atera::Result<()> {
    /// let mut agents = client.agents().list().consistency(Consistency::Complete).stream();
    /// while let Some(agent) = agents.try_next().await? {
    ///     println!("{}", agent.machine_name.unwrap_or_default());
    /// }
    /// println!("{:?}", agents.drift());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    fn consistency(mut self, consistency: Consistency) -> Self
    where
        Self::Record: Record,
    {
        self.options().consistency = consistency;
        self
    }

    /// Every record of the list, in the order of its pages. Pages hold 50 records unless asked otherwise.
    ///
    /// A record that does not fit the description comes as an error that has its JSON, and the stream goes on. One pass ends
    /// well though records are missing: [`drift`](Records::drift) tells that. A walk that does not end by itself ends with an
    /// error: after 100 pages, one after another, without a new record, and after 20,000 pages without a new id.
    fn stream(self) -> Records<Self::Record> {
        typed(self).records()
    }

    /// Every page of the list, with its status and headers. They end well though records are missing:
    /// [`drift`](Pages::drift) tells that.
    fn pages(self) -> Pages<Self::Record> {
        typed(self).pages()
    }

    /// Every record of the list, in memory, which holds little more than the records.
    ///
    /// # Errors
    ///
    /// As told by [`ErrorKind`](crate::ErrorKind); [`Unsettled`](crate::ErrorKind::Unsettled) if records are missing, by the
    /// list's own total or because a page before its last came short. What was read before is lost, so prefer
    /// [`stream`](List::stream) for long lists.
    fn all(self) -> CallFuture<Vec<Self::Record>> {
        #[cfg(feature = "cache")]
        if cached::is_kept(&self) {
            return Box::pin(async move { cached::list(self).await?.records().collect().await });
        }
        Box::pin(self.stream().collect())
    }

    /// How many records the list has. One record is asked for.
    ///
    /// # Errors
    ///
    /// As told by [`ErrorKind`](crate::ErrorKind); `Decode` if the answer names no total, or one below the records that it has.
    fn count(mut self) -> CallFuture<u64> {
        self.ask(1, 1);
        Box::pin(async move {
            let answer = call::send(self).await?;
            let told = answer.value.told(1, 1, !answer.value.items.is_empty());
            let total = told.total.and_then(|total| u64::try_from(total).ok());
            total.ok_or_else(|| {
                let reason = match told.is_contradicted {
                    true => "it names a total below the records that it has",
                    false => "it names no total",
                };
                attempt::undecodable(Self::OPERATION, &answer.with(Bytes::new()), reason)
            })
        })
    }

    /// Every record of the list as the service sent it, undecoded, so that a field that this version does not know is
    /// not lost. One that is not UTF-8 cannot be kept so, and comes as an error.
    fn raw(self) -> Records<RawRecord> {
        let fetch = |call| call::sending(call, |answer| undecoded(Self::OPERATION, answer));
        reading(self, fetch).records()
    }
}

impl<L: Listed> List for L {}

/// A list as it is to be read, its records decoded.
pub(crate) fn typed<L: Listed>(list: L) -> Reading<L::Record> {
    reading(list, call::fetch)
}

/// A list as it is to be read, its pages as the function fetches them.
fn reading<L: Listed, T: Send + 'static>(
    mut list: L,
    fetch: impl Fn(L) -> CallFuture<Fetched<T>> + Send + Sync + 'static,
) -> Reading<T> {
    let (client, setbacks) = list.client().for_walk();
    *list.client_mut() = client;
    let (page, size) = list.asked();
    Reading {
        operation: L::OPERATION,
        start: page.unwrap_or(1),
        size,
        is_filtered: list.is_filtered(),
        last: None,
        options: *list.options(),
        setbacks,
        fetch: std::sync::Arc::new(move |page, size| {
            let mut call = list.clone();
            call.ask(page, size);
            fetch(call)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(json: &str) -> Page<u32> {
        serde_json::from_str(json).expect("a page")
    }

    #[test]
    fn what_has_no_items_is_not_a_page() {
        for json in ["{}", r#"{"items": null}"#, r#"{"Items": [1]}"#] {
            let error = serde_json::from_str::<Page<u32>>(json)
                .expect_err(json)
                .to_string();
            assert!(error.contains("no `items` array"), "{error}");
        }
    }

    #[test]
    fn the_numbers_of_a_page_may_be_text() {
        let page = page(r#"{"items": [], "page": "2", "totalItemCount": "7"}"#);
        assert_eq!((page.page, page.total()), (Some(2), Some(7)));
    }
}
