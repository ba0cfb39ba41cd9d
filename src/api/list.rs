//! Lists as calls: what can be done with one besides asking for a page.

use bytes::Bytes;

#[cfg(feature = "cache")]
use super::cached;
use super::{
    call,
    typed_list::{TypedList, reading, typed},
};
use crate::{
    page::{self, Consistency, Pages, Records, UndecodedRecord, WALK_PAGE_SIZE},
    pipeline::{CallFuture, failures},
    types::Record,
};

/// What every list call can do besides asking for one page.
///
/// List calls have these methods themselves, so this is for code that is to work with any list:
///
/// ```no_run
/// use atera::List;
///
/// async fn print_total(what: &str, list: impl List) -> atera::Result<()> {
///     println!("{what}: {}", list.count().await?);
///     Ok(())
/// }
///
/// # async fn example(client: atera::Client) -> atera::Result<()> {
/// print_total("open tickets", client.tickets().list().ticket_status("Open")).await?;
/// print_total("agents", client.agents().list()).await?;
/// # Ok(())
/// # }
/// ```
pub trait List: TypedList {
    /// No more than so many records.
    #[must_use]
    fn limit(mut self, records: u64) -> Self {
        self.options().limit = Some(records);
        self
    }

    /// Begins with this page instead of the first.
    #[must_use]
    fn start_page(mut self, page: i32) -> Self {
        let size = self.asked().1.unwrap_or(WALK_PAGE_SIZE);
        self.ask(page, size);
        self
    }

    /// How many pages may be on their way at a time.
    #[must_use]
    fn prefetch(mut self, pages: usize) -> Self {
        self.options().prefetch = Some(pages.max(1));
        self
    }

    /// What is promised of the records.
    #[must_use]
    fn consistency(mut self, consistency: Consistency) -> Self
    where
        Self::Record: Record,
    {
        self.options().consistency = consistency;
        self
    }

    /// Every record of the list, in the order of its pages.
    fn stream(self) -> Records<Self::Record> {
        typed(self).records()
    }

    /// Every page of the list, with its status and headers.
    fn pages(self) -> Pages<Self::Record> {
        typed(self).pages()
    }

    /// Every record of the list, in memory.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind); what was read before is lost.
    fn all(self) -> CallFuture<Vec<Self::Record>> {
        #[cfg(feature = "cache")]
        if cached::is_cacheable(&self) {
            return Box::pin(async move { cached::list(self).await?.records().collect().await });
        }
        Box::pin(self.stream().collect())
    }

    /// How many records the list has.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind); `Decode` if the answer names no total.
    fn count(mut self) -> CallFuture<u64> {
        self.ask(1, 1);
        Box::pin(async move {
            let answer = call::send(self).await?;
            let reported = answer.value.reported_length(1, 1, !answer.value.items.is_empty());
            let total = reported.total.and_then(|total| u64::try_from(total).ok());
            total.ok_or_else(|| {
                let reason = match reported.is_contradicted {
                    true => "it names a total below the records that it has",
                    false => "it names no total",
                };
                failures::undecodable(&answer.with(Bytes::new()), reason)
            })
        })
    }

    /// Every record of the list as the service sent it.
    fn undecoded(self) -> Records<UndecodedRecord> {
        let fetch = |call| call::sending(call, |answer| page::undecoded(Self::OPERATION, answer));
        reading(self, fetch).records()
    }
}

impl<L: TypedList> List for L {}

/// The methods of [`List`] on a list call itself. They are compiled where they are used.
macro_rules! list_call {
    ($call:ident, $record:ty) => {
        impl $call {
            /// No more than so many records. No page is asked for that is not needed for them.
            #[inline]
            #[must_use]
            pub fn limit(self, records: u64) -> Self {
                crate::api::List::limit(self, records)
            }

            /// Begins with this page instead of the first: the [`page`](crate::Error::page) of an error, to go on where a
            /// walk failed.
            #[inline]
            #[must_use]
            pub fn start_page(self, page: i32) -> Self {
                crate::api::List::start_page(self, page)
            }

            /// How many pages may be on their way at a time, at least 1. The rate limit holds all the same.
            ///
            /// Unless set, it follows from how the service bears it: it begins with 4, is doubled up to 32 as long as that
            /// brings more pages a second, and is halved when a page is refused or fails.
            #[inline]
            #[must_use]
            pub fn prefetch(self, pages: usize) -> Self {
                crate::api::List::prefetch(self, pages)
            }

            /// Every record of the list, in the order of its pages. Pages hold 50 records unless asked otherwise.
            ///
            /// Pages are fetched side by side by tasks of their own, so a consumer may take its time: it holds no slot of the
            /// rate limit, and nothing times out meanwhile. Dropping the stream ends its requests. A record that does not fit
            /// the description comes as an error that has its JSON, and the stream goes on. One pass ends well though records
            /// are missing: [`drift`](crate::Records::drift) tells that. A walk that does not end by itself ends with an error:
            /// after 100 pages, one after another, without a new record, and after 20,000 pages without a new id.
            #[inline]
            pub fn stream(self) -> crate::Records<$record> {
                crate::api::List::stream(self)
            }

            /// Every page of the list, with its status and headers. They end well though records are missing:
            /// [`drift`](crate::page::Pages::drift) tells that.
            #[inline]
            pub fn pages(self) -> crate::page::Pages<$record> {
                crate::api::List::pages(self)
            }

            /// Every record of the list, in memory, which holds little more than the records.
            ///
            /// # Errors
            ///
            /// See [`ErrorKind`](crate::ErrorKind); [`Unsettled`](crate::ErrorKind::Unsettled) if records are missing, by
            /// the list's own total or because a page before its last came short. What was read before is lost, so prefer
            /// [`stream`](Self::stream) for long lists.
            #[inline]
            pub fn all(self) -> crate::CallFuture<Vec<$record>> {
                crate::api::List::all(self)
            }

            /// How many records the list has. One record is asked for.
            ///
            /// # Errors
            ///
            /// See [`ErrorKind`](crate::ErrorKind); `Decode` if the answer names no total, or one below the records that it
            /// has.
            #[inline]
            pub fn count(self) -> crate::CallFuture<u64> {
                crate::api::List::count(self)
            }

            /// Every record of the list as the service sent it, undecoded, so that a field that this version does not know
            /// is not lost. One that is not UTF-8 cannot be kept so, and comes as an error.
            #[inline]
            pub fn undecoded(self) -> crate::Records<crate::UndecodedRecord> {
                crate::api::List::undecoded(self)
            }
        }
    };
    ($call:ident, $record:ty, with_ids) => {
        crate::api::list::list_call!($call, $record);

        impl $call {
            /// What is promised of the records; [`OnePass`](crate::Consistency::OnePass) by default, which may miss one that
            /// moves while the list is read. [`Complete`](crate::Consistency::Complete) reads it until nothing is missing.
            #[inline]
            #[must_use]
            pub fn consistency(self, consistency: crate::Consistency) -> Self {
                crate::api::List::consistency(self, consistency)
            }
        }
    };
}

pub(crate) use list_call;
