//! Reads the records that changed since a time.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{self, Poll},
    time::Duration,
};

use chrono::{DateTime, TimeDelta};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use super::{
    account_zone::AccountZone, call::TypedCall, contacts::Contacts, customers::Customers, tickets::Tickets,
    typed_list::typed,
};
use crate::{
    Result,
    page::{Drift, ListReader, Records},
    pipeline::context::Context,
    sync::lock,
    types::{AccountTime, Contact, Customer, Ticket, Timestamp},
};

/// How far a pull reaches back before the given time by default: 10 minutes.
const LOOK_BACK: Duration = Duration::from_secs(10 * 60);

/// The records that changed since a time, and the time to continue from.
///
/// Returned by `modified_since` of [`Tickets`](crate::api::tickets::Tickets::modified_since),
/// [`Contacts`](crate::api::contacts::Contacts::modified_since) and
/// [`Customers`](crate::api::customers::Customers::modified_since). Each pull reaches back further than the
/// given time, 10 minutes by default, to find records that were written late. So a record may come in several pulls; process
/// it so that this does no harm. Within a pull each record comes once. Deletions are not visible: compare with the whole list
/// now and then.
///
/// ```no_run
/// # async fn example(client: atera::Client, last_time: atera::Timestamp) -> atera::Result<()> {
/// let mut changes = client.tickets().modified_since(last_time);
/// while let Some(ticket) = changes.try_next().await? {
///     println!("{:?} {:?}", ticket.ticket_id, ticket.ticket_status);
/// }
/// let next_time = changes.bookmark();
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing until it is polled"]
pub struct Changes<T> {
    pull: Option<Pull<T>>,
    records: Option<Pin<Box<dyn Stream<Item = Result<T>> + Send>>>,
    began: PullStart,
    drift: Arc<Mutex<Drift>>,
    ended: bool,
    failed: bool,
}

/// When a pull began, by the clock of the service; `None` before its first answer.
type PullStart = Arc<Mutex<Option<Timestamp>>>;

/// A pull that has not started.
struct Pull<T> {
    context: Context,
    since: Timestamp,
    look_back: Duration,
    list: ListSince<T>,
}

/// The list of records since a time, which the service takes in UTC or in the time zone of the account.
enum ListSince<T> {
    Utc(Box<dyn FnOnce(Timestamp) -> ListReader<T> + Send>),
    Account(Box<dyn FnOnce(AccountTime) -> ListReader<T> + Send>),
}

impl Tickets {
    /// The tickets that changed since the time: created, commented on, or edited.
    #[inline]
    pub fn modified_since(&self, since: Timestamp) -> Changes<Ticket> {
        let tickets = self.clone();
        let list = move |since: Timestamp| typed(tickets.list_last_modified().date(since));
        Changes::new(self.list().context(), since, ListSince::Utc(Box::new(list)))
    }
}

impl Contacts {
    /// The contacts that changed since the time. This first requests the account, for its time zone.
    #[inline]
    pub fn modified_since(&self, since: Timestamp) -> Changes<Contact> {
        let contacts = self.clone();
        let list = move |since: AccountTime| typed(contacts.list().from_last_modified_date(since));
        Changes::new(self.list().context(), since, ListSince::Account(Box::new(list)))
    }
}

impl Customers {
    /// The customers that changed since the time. This first requests the account, for its time zone.
    #[inline]
    pub fn modified_since(&self, since: Timestamp) -> Changes<Customer> {
        let customers = self.clone();
        let list = move |since: AccountTime| typed(customers.list().from_last_modified_date(since));
        Changes::new(self.list().context(), since, ListSince::Account(Box::new(list)))
    }
}

impl<T: Send + 'static> Changes<T> {
    fn new(context: &Context, since: Timestamp, list: ListSince<T>) -> Self {
        Changes {
            pull: Some(Pull {
                context: context.clone(),
                since,
                look_back: LOOK_BACK,
                list,
            }),
            records: None,
            began: Arc::default(),
            drift: Arc::default(),
            ended: false,
            failed: false,
        }
    }

    /// How far to reach back before the given time; 10 minutes by default.
    pub fn look_back(mut self, time: Duration) -> Self {
        if let Some(pull) = &mut self.pull {
            pull.look_back = time;
        }
        self
    }

    /// The next record, or `None` at the end.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind); `Decode` if the time zone of the account is needed and unknown.
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        self.next().await.transpose()
    }

    /// The time to give to the next pull: when this pull began, by the clock of the service. It is `None` before all records have
    /// come, if one of them was an error, or if [`drift`](Changes::drift) has a shortfall or holes: then pull again from the
    /// same time.
    pub fn bookmark(&self) -> Option<Timestamp> {
        let is_whole = self.ended && !self.failed && !self.drift().shows_loss();
        let began = lock(&self.began);
        began.filter(|_| is_whole)
    }
}

impl<T> Changes<T> {
    /// What changed in the list so far while it was read, and whether records are missing.
    pub fn drift(&self) -> Drift {
        *lock(&self.drift)
    }
}

impl<T: Send + 'static> Pull<T> {
    async fn records(self, began: PullStart, drift: Arc<Mutex<Drift>>) -> Result<Records<T>> {
        let mut list = self.list().await?;
        let fetch = list.fetch;
        list.fetch = Arc::new(move |page, size| {
            let (fetching, began) = (fetch(page, size), began.clone());
            Box::pin(async move {
                let fetched = fetching.await?;
                let mut began = lock(&began);
                began.get_or_insert_with(|| fetched.answer.sent_at());
                Ok(fetched)
            })
        });
        Ok(list.records_noting(drift))
    }

    /// The list, from the given time less `look_back` on.
    async fn list(self) -> Result<ListReader<T>> {
        let look_back = TimeDelta::from_std(self.look_back).unwrap_or(TimeDelta::MAX);
        let since = self.since.to_utc();
        let since = since
            .checked_sub_signed(look_back)
            .unwrap_or(DateTime::UNIX_EPOCH);
        match self.list {
            ListSince::Utc(list) => Ok(list(since.into())),
            ListSince::Account(list) => Ok(list(
                AccountZone::of_account(&self.context)
                    .await?
                    .parameter(since.into()),
            )),
        }
    }
}

impl<T: Send + 'static> Stream for Changes<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(pull) = this.pull.take() {
            let records = pull.records(this.began.clone(), this.drift.clone());
            this.records = Some(Box::pin(stream::once(records).try_flatten()));
        }
        let Some(records) = &mut this.records else {
            return Poll::Ready(None);
        };
        let next = std::task::ready!(records.as_mut().poll_next(context));
        match &next {
            Some(Ok(_)) => {}
            Some(Err(_)) => this.failed = true,
            None => this.ended = true,
        }
        Poll::Ready(next)
    }
}

impl<T> fmt::Debug for Changes<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Changes")
            .field("drift", &self.drift())
            .finish_non_exhaustive()
    }
}
