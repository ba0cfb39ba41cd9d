//! Lists: one page, or a walk over all of them.
//!
//! # When a walk ends
//!
//! The service says in several ways whether there is more, and not all of them always; the first row that fits decides.
//!
//! | the answer | is it the last? |
//! |---|---|
//! | has `totalPages` | if its page is at or past it |
//! | has a total | if as many records as that lie before its end |
//! | has a `nextLink` that is not empty | no |
//! | has no record | yes |
//! | has a `nextLink` that is null or empty | yes |
//! | is otherwise mute | if it holds fewer records than were asked for |
//!
//! `nextLink` is never followed, only taken as a sign: it could lead the key to another host.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    Operation, Result, attempt,
    call::{self, CallFuture, Request, Response},
};

/// Records of a page that a walk asks for, the most that the service hands out.
pub(crate) const WALK_PAGE_SIZE: i32 = 50;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Envelope<T>", rename_all = "camelCase")]
#[schemars(!try_from)]
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
    #[serde(default, deserialize_with = "crate::wire::integer")]
    page: Option<i32>,
    #[serde(default, deserialize_with = "crate::wire::integer")]
    items_in_page: Option<i32>,
    #[serde(default, deserialize_with = "crate::wire::integer")]
    total_item_count: Option<i64>,
    #[serde(default, deserialize_with = "crate::wire::integer")]
    total_items: Option<i64>,
    #[serde(default, deserialize_with = "crate::wire::integer")]
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
    /// How many records there are on all pages, under whichever name it came.
    pub fn total(&self) -> Option<i64> {
        self.total_item_count.or(self.total_items)
    }

    /// Whether the walk ends here: see the table in the module's documentation.
    fn is_last(&self, page: i32, items_in_page: i32) -> bool {
        // The service may hand out smaller pages than it was asked for; it says so.
        let size = self
            .items_in_page
            .filter(|size| *size > 0)
            .unwrap_or(items_in_page);
        if let Some(total_pages) = self.total_pages {
            return page >= total_pages;
        }
        if let Some(total) = self.total() {
            return i64::from(page - 1) * i64::from(size) + self.items.len() as i64 >= total;
        }
        match self.next_link.as_deref() {
            Some(link) if !link.is_empty() => false,
            _ if self.items.is_empty() => true,
            Some(_) => true,
            None => (self.items.len() as i64) < i64::from(size),
        }
    }
}

/// What identifies a record within its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Key {
    /// A number.
    Number(i64),
    /// A UUID.
    Uuid(Uuid),
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Key::Number(number)
    }
}

impl From<i32> for Key {
    fn from(number: i32) -> Self {
        Key::Number(number.into())
    }
}

impl From<Uuid> for Key {
    fn from(uuid: Uuid) -> Self {
        Key::Uuid(uuid)
    }
}

/// A record that has an identity.
pub trait Record {
    /// The field that holds it, as on the wire.
    const KEY: &'static str;

    /// The identity of this record.
    fn key(&self) -> Option<Key>;
}

/// Refuses a record without its identity.
pub(crate) fn has_key<R: Record>(record: &R) -> Result<(), String> {
    match record.key() {
        Some(_) => Ok(()),
        None => Err(format!("there is no `{}`, so it is not the record", R::KEY)),
    }
}

/// Refuses records without their identity.
pub(crate) fn all_have_keys<R: Record>(records: &[R]) -> Result<(), String> {
    match records.iter().position(|record| record.key().is_none()) {
        None => Ok(()),
        Some(index) => Err(format!("record {index} has no `{}`", R::KEY)),
    }
}

/// A record as the service sent it.
#[derive(Clone, Debug)]
pub struct RawRecord(Box<RawValue>);

impl RawRecord {
    /// The record as JSON text, byte for byte.
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

impl RawRecord {
    /// Whether the record has the field, and not as null. Nothing else of it is decoded.
    fn has(&self, field: &str) -> bool {
        let fields = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(self.get());
        fields.is_ok_and(|fields| fields.get(field).is_some_and(|value| value.get() != "null"))
    }
}

impl<'de> Deserialize<'de> for RawRecord {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(RawRecord)
    }
}

/// What the generated code says of a list.
#[doc(hidden)]
#[allow(private_bounds, reason = "only the generated calls are lists")]
pub trait Listed: Request<Output = Page<Self::Record>> {
    type Record: DeserializeOwned + Send + 'static;
    /// The page and the page size that the caller asked for.
    fn asked(&self) -> (Option<i32>, Option<i32>);
    fn ask(&mut self, page: i32, items_in_page: i32);
}

/// What can be done with a list besides asking for one page.
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
    /// Every record of the list, page after page, from the page that was asked for or the first. Pages hold 50 records
    /// unless asked otherwise. Dropping the stream ends the walk.
    fn stream(self) -> Records<Self::Record> {
        records(self.pages())
    }

    /// Every page of the list, with its status and headers.
    fn pages(mut self) -> Pages<Self::Record> {
        *self.client_mut() = self.client().in_background();
        let (page, size) = self.asked();
        walk(
            page.unwrap_or(1),
            size.unwrap_or(WALK_PAGE_SIZE),
            move |page, size| call::send(self.at(page, size)),
        )
    }

    /// Every record of the list, in memory.
    ///
    /// # Errors
    ///
    /// As told by [`ErrorKind`](crate::ErrorKind); what was read before is lost, so prefer
    /// [`stream`](List::stream) for long lists.
    fn all(self) -> CallFuture<Vec<Self::Record>> {
        Box::pin(self.stream().try_collect())
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
            answer
                .value
                .total()
                .and_then(|total| u64::try_from(total).ok())
                .ok_or_else(|| {
                    attempt::undecodable(
                        Self::OPERATION,
                        answer.status,
                        Default::default(),
                        "it names no total".into(),
                    )
                })
        })
    }

    /// Every record of the list as the service sent it, undecoded, so that a field that this version does not know is
    /// not lost.
    fn raw(mut self) -> Records<RawRecord> {
        *self.client_mut() = self.client().in_background();
        let (page, size) = self.asked();
        records(walk(
            page.unwrap_or(1),
            size.unwrap_or(WALK_PAGE_SIZE),
            move |page, size| {
                let call = self.at(page, size);
                async move { undecoded(Self::OPERATION, call::send_raw(call).await?) }
            },
        ))
    }

    /// The same call for another page.
    #[doc(hidden)]
    fn at(&self, page: i32, items_in_page: i32) -> Self {
        let mut call = self.clone();
        call.ask(page, items_in_page);
        call
    }
}

impl<L: Listed> List for L {}

/// The pages of a list from `start` on, one after another.
pub(crate) fn walk<T, F>(
    start: i32,
    items_in_page: i32,
    fetch: impl Fn(i32, i32) -> F + Send + Sync + 'static,
) -> Pages<T>
where
    T: Send + 'static,
    F: Future<Output = Result<Response<Page<T>>>> + Send,
{
    Pages(Box::pin(stream::try_unfold(
        (fetch, Some(start)),
        move |(fetch, next)| async move {
            let Some(page) = next else { return Ok(None) };
            let answer = fetch(page, items_in_page)
                .await
                .map_err(|error| error.with_page(page))?;
            let next = if answer.value.is_last(page, items_in_page) {
                None
            } else {
                page.checked_add(1)
            };
            Ok(Some((answer, (fetch, next))))
        },
    )))
}

/// The records of pages.
pub(crate) fn records<T: Send + 'static>(pages: Pages<T>) -> Records<T> {
    Records(Box::pin(
        pages
            .map_ok(|page| stream::iter(page.value.items.into_iter().map(Ok)))
            .try_flatten(),
    ))
}

/// A page whose records are left as they came; each must have the identity that its operation names.
pub(crate) fn undecoded(
    operation: &'static Operation,
    answer: Response<Bytes>,
) -> Result<Response<Page<RawRecord>>> {
    let refuse = |reason| attempt::undecodable(operation, answer.status, answer.value.clone(), reason);
    let page: Page<RawRecord> =
        serde_json::from_slice(&answer.value).map_err(|error| refuse(error.to_string()))?;
    if let Some(key) = operation.record().and_then(|record| record.key) {
        for (index, record) in page.items.iter().enumerate() {
            if !record.has(key) {
                return Err(refuse(format!("record {index} has no `{key}`")));
            }
        }
    }
    Ok(Response {
        value: page,
        status: answer.status,
        headers: answer.headers,
    })
}

type BoxedStream<T> = Pin<Box<dyn Stream<Item = Result<T>> + Send>>;

/// The records of a list, one by one.
#[must_use = "a stream does nothing until it is polled"]
pub struct Records<T>(BoxedStream<T>);

/// The pages of a list, one by one.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<T>(BoxedStream<Response<Page<T>>>);

macro_rules! is_stream {
    ($name:ident, $item:ty) => {
        impl<T> $name<T> {
            /// The next item, or `None` at the end.
            ///
            /// # Errors
            ///
            /// As told by [`ErrorKind`](crate::ErrorKind). The stream ends with its first error, which tells the
            /// [`page`](crate::Error::page) that failed.
            pub async fn try_next(&mut self) -> Result<Option<$item>> {
                self.next().await.transpose()
            }
        }

        impl<T> Stream for $name<T> {
            type Item = Result<$item>;

            fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
                self.0.as_mut().poll_next(context)
            }
        }

        impl<T> std::fmt::Debug for $name<T> {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(stringify!($name))
            }
        }
    };
}

is_stream!(Records, T);
is_stream!(Pages, Response<Page<T>>);

#[cfg(test)]
mod tests {
    use super::*;

    fn page(json: &str) -> Page<u32> {
        serde_json::from_str(json).expect("a page")
    }

    #[test]
    fn every_row_of_the_table_is_kept() {
        for (row, json, number, last) in [
            ("totalPages", r#"{"items": [1], "totalPages": 3}"#, 2, false),
            ("totalPages", r#"{"items": [1], "totalPages": 3}"#, 3, true),
            (
                "totalPages, of an empty list",
                r#"{"items": [], "totalPages": 0}"#,
                1,
                true,
            ),
            (
                "totalPages, empty page in the middle",
                r#"{"items": [], "totalPages": 3}"#,
                2,
                false,
            ),
            (
                "totalPages grew",
                r#"{"items": [1, 2], "totalPages": 4, "nextLink": ""}"#,
                3,
                false,
            ),
            ("total", r#"{"items": [1, 2], "totalItemCount": 5}"#, 2, false),
            ("total", r#"{"items": [1], "totalItems": 5}"#, 3, true),
            (
                "total, smaller pages",
                r#"{"items": [1], "itemsInPage": 1, "totalItems": 3}"#,
                2,
                false,
            ),
            ("nextLink", r#"{"items": [1], "nextLink": "x"}"#, 1, false),
            (
                "nextLink, no record",
                r#"{"items": [], "nextLink": "x"}"#,
                1,
                false,
            ),
            ("no record", r#"{"items": []}"#, 4, true),
            ("empty nextLink", r#"{"items": [1, 2], "nextLink": ""}"#, 1, true),
            ("mute, full page", r#"{"items": [1, 2]}"#, 1, false),
            (
                "mute, null nextLink, full page",
                r#"{"items": [1, 2], "nextLink": null}"#,
                1,
                false,
            ),
            ("mute, short page", r#"{"items": [1]}"#, 1, true),
        ] {
            assert_eq!(page(json).is_last(number, 2), last, "{row}");
        }
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
