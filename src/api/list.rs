//! Lists as calls: what can be done with one besides asking for a page.

use bytes::Bytes;

#[cfg(feature = "cache")]
use super::cached;
use super::{
    call,
    listed::{Listed, reading, typed},
};
use crate::{
    page::{Consistency, Pages, RawRecord, Records, WALK_PAGE_SIZE, undecoded},
    pipeline::{CallFuture, failures},
    types::Record,
};

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
    /// A record that does not fit the description comes as an error that has its JSON, and the stream goes on.
    fn stream(self) -> Records<Self::Record> {
        typed(self).records()
    }

    /// Every page of the list, with its status and headers.
    fn pages(self) -> Pages<Self::Record> {
        typed(self).pages()
    }

    /// Every record of the list, in memory, which holds little more than the records.
    ///
    /// # Errors
    ///
    /// As told by [`ErrorKind`](crate::ErrorKind); what was read before is lost, so prefer
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
    /// As told by [`ErrorKind`](crate::ErrorKind); `Decode` if the answer names no total.
    fn count(mut self) -> CallFuture<u64> {
        self.ask(1, 1);
        Box::pin(async move {
            let answer = call::send(self).await?;
            let total = answer.value.total().and_then(|total| u64::try_from(total).ok());
            total.ok_or_else(|| failures::undecodable(&answer.with(Bytes::new()), "it names no total"))
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
