//! The methods of list calls, besides the request of one page.

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

/// The methods of every list call, besides the request of one page.
///
/// List calls also have these methods themselves, so this trait is only needed in code that works with any list:
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
    /// The largest number of records.
    #[must_use]
    fn limit(mut self, records: u64) -> Self {
        self.options().limit = Some(records);
        self
    }

    /// Starts at this page instead of the first.
    #[must_use]
    fn start_page(mut self, page: i32) -> Self {
        let size = self.requested_page().1.unwrap_or(WALK_PAGE_SIZE);
        self.set_page(page, size);
        self
    }

    /// How many pages may be in flight at a time.
    #[must_use]
    fn prefetch(mut self, pages: usize) -> Self {
        self.options().prefetch = Some(pages.max(1));
        self
    }

    /// What a walk guarantees about the records.
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
    /// See [`ErrorKind`](crate::ErrorKind); the records that were read before the error are lost.
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
    /// See [`ErrorKind`](crate::ErrorKind); `Decode` if the answer has no total.
    fn count(mut self) -> CallFuture<u64> {
        self.set_page(1, 1);
        Box::pin(async move {
            let answer = call::send(self).await?;
            let reported = answer.value.reported_length();
            let total = reported.total.and_then(|total| u64::try_from(total).ok());
            total.ok_or_else(|| {
                let reason = match reported.is_contradicted {
                    true => "its total is smaller than the number of its records",
                    false => "it has no total",
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

/// The methods of [`List`] on a list call itself. They are `#[inline]`, so that only the crates that use them compile them.
macro_rules! list_call {
    ($call:ident, $record:ty) => {
        impl $call {
            /// The largest number of records. Only the pages that are needed for them are requested.
            #[inline]
            #[must_use]
            pub fn limit(self, records: u64) -> Self {
                crate::api::List::limit(self, records)
            }

            /// Starts at this page instead of the first. Use the [`page`](crate::Error::page) of an error to continue where a
            /// walk failed.
            #[inline]
            #[must_use]
            pub fn start_page(self, page: i32) -> Self {
                crate::api::List::start_page(self, page)
            }

            /// How many pages may be in flight at a time, at least 1. The rate limit applies as well.
            ///
            /// By default the number adapts to the service: it begins with 4, is doubled up to 32 as long as that brings more
            /// pages per second, and is halved when a page is refused or fails.
            #[inline]
            #[must_use]
            pub fn prefetch(self, pages: usize) -> Self {
                crate::api::List::prefetch(self, pages)
            }

            /// Every record of the list, in the order of its pages. Pages have 50 records unless `items_in_page` is set.
            ///
            /// Pages are fetched concurrently by separate tasks, so a consumer may be slow: it holds no slot of the rate limit,
            /// and nothing times out meanwhile. Dropping the stream cancels its requests. A record that does not fit the
            /// description is an error with its JSON, and the stream continues. A walk in one pass ends without an error even if
            /// records are missing; check [`drift`](crate::Records::drift). A walk that would never end fails after 100
            /// consecutive pages without a new record, or after 20,000 pages without a new id.
            #[inline]
            pub fn stream(self) -> crate::Records<$record> {
                crate::api::List::stream(self)
            }

            /// Every page of the list, with its status and headers. The stream ends without an error even if records are missing;
            /// check [`drift`](crate::page::Pages::drift).
            #[inline]
            pub fn pages(self) -> crate::page::Pages<$record> {
                crate::api::List::pages(self)
            }

            /// Every record of the list, in memory.
            ///
            /// # Errors
            ///
            /// See [`ErrorKind`](crate::ErrorKind); [`Unsettled`](crate::ErrorKind::Unsettled) if records are missing, by
            /// the total of the list or because a page before the last was short. After an error the records that were read are
            /// lost, so prefer [`stream`](Self::stream) for long lists.
            #[inline]
            pub fn all(self) -> crate::CallFuture<Vec<$record>> {
                crate::api::List::all(self)
            }

            /// How many records the list has. This requests a page of one record and returns its total.
            ///
            /// # Errors
            ///
            /// See [`ErrorKind`](crate::ErrorKind); `Decode` if the answer has no total, or one that is smaller
            /// than the number of its records.
            #[inline]
            pub fn count(self) -> crate::CallFuture<u64> {
                crate::api::List::count(self)
            }

            /// Every record of the list as the service sent it, undecoded, so that fields that this version does not know are
            /// kept. A record that is not UTF-8 is an error.
            #[inline]
            pub fn undecoded(self) -> crate::Records<crate::UndecodedRecord> {
                crate::api::List::undecoded(self)
            }
        }
    };
    ($call:ident, $record:ty, with_ids) => {
        crate::api::list::list_call!($call, $record);

        impl $call {
            /// What a walk guarantees about the records; [`OnePass`](crate::Consistency::OnePass) by default, which may miss a
            /// record that moves while the list is read. [`Complete`](crate::Consistency::Complete) reads the list until no
            /// record is missing.
            #[inline]
            #[must_use]
            pub fn consistency(self, consistency: crate::Consistency) -> Self {
                crate::api::List::consistency(self, consistency)
            }
        }
    };
}

pub(crate) use list_call;
