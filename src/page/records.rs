//! Records: what is made of the pages of a walk.

use std::{
    borrow::Cow,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use futures_util::{Stream, StreamExt, stream};
use serde_json::value::RawValue;

use super::{
    Consistency, Key, Options, Page, Pages, RawRecord,
    coverage::{Coverage, MOST_SWEEPS, Next},
    record::Seen,
    walk::{Fetch, Fetched, Item, Walk},
};
use crate::{
    Error, ErrorKind, Operation, Result,
    attempt::{self, Answer},
    wire,
};

/// A list as it is to be read.
pub(crate) struct Reading<T> {
    pub(crate) operation: &'static Operation,
    pub(crate) start: i32,
    /// The page size that was asked for.
    pub(crate) size: Option<i32>,
    /// Whether a filter or an order was asked for.
    pub(crate) is_filtered: bool,
    pub(crate) options: Options,
    pub(crate) fetch: Fetch<T>,
}

impl<T: Send + 'static> Reading<T> {
    pub(crate) fn pages(self) -> Pages<T> {
        Pages::new(self.walk(), self.options.limit)
    }

    pub(crate) fn records(self) -> Records<T> {
        let drift = Arc::new(Mutex::new(Drift::default()));
        let sweeps = Sweeps {
            walk: self.walk(),
            wanted: self.options.limit,
            drift: drift.clone(),
            items: Vec::new().into_iter(),
            seen: Seen::default(),
            coverage: Coverage::default(),
            sweep: Sweep::default(),
            ended: false,
            reading: self,
        };
        let records = stream::unfold(sweeps, |mut sweeps| async move {
            let record = sweeps.next().await?;
            Some((record, sweeps))
        });
        Records {
            records: Box::pin(records),
            drift,
        }
    }

    pub(super) fn walk(&self) -> Walk<T> {
        Walk::new(
            self.operation,
            self.start,
            self.size,
            &self.options,
            self.fetch.clone(),
        )
    }
}

/// What changed in a list while it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drift {
    /// How often the list was read.
    pub sweeps: u32,
    /// The smallest and the greatest total that the service told.
    pub totals: Option<(i64, i64)>,
    /// Records that came more than once within one pass, because they had moved to a later page.
    pub repeats: u64,
    /// Records that only a later pass found.
    pub late: u64,
    /// Records among those that are new: with a number greater than all of the first pass.
    pub newborn: u64,
}

impl Drift {
    /// Whether nothing of it was seen.
    pub fn is_none(&self) -> bool {
        let steady = self.totals.is_none_or(|(least, most)| least == most);
        steady && self.repeats == 0 && self.late == 0
    }
}

/// One pass over a list, as far as it shows whether the list is in order and at rest.
#[derive(Debug, Default)]
struct Sweep {
    /// Keys of its pages, as far as they are needed to look at them again.
    first_page: Vec<Option<Key>>,
    last_page: Vec<Option<Key>>,
    pages: u32,
    total: Option<i64>,
    totals_differ: bool,
    records: u64,
    /// Whether any key was greater than the one before it, and whether any was smaller.
    grew: bool,
    shrank: bool,
    before: Option<Key>,
}

/// Passes over a list, one after another, until it is read.
struct Sweeps<T> {
    reading: Reading<T>,
    walk: Walk<T>,
    /// How many more records are wanted.
    wanted: Option<u64>,
    drift: Arc<Mutex<Drift>>,
    items: std::vec::IntoIter<Item<T>>,
    seen: Seen,
    coverage: Coverage,
    sweep: Sweep,
    ended: bool,
}

impl<T: Send + 'static> Sweeps<T> {
    async fn next(&mut self) -> Option<Result<T>> {
        loop {
            if self.ended || self.wanted == Some(0) {
                return None;
            }
            while let Some(item) = self.items.next() {
                if !self.admits(&item) {
                    continue;
                }
                if let Some(wanted) = &mut self.wanted {
                    *wanted -= 1;
                }
                return Some(item.record);
            }
            match self.walk.next(self.wanted).await {
                Some(Ok(fetched)) => self.take(fetched),
                Some(Err(error)) => {
                    self.ended = true;
                    return Some(Err(error));
                }
                None => match self.is_complete().await {
                    Ok(true) => self.ended = true,
                    Ok(false) => self.sweep_again(),
                    Err(error) => {
                        self.ended = true;
                        return Some(Err(error));
                    }
                },
            }
        }
    }

    fn drift(&self) -> std::sync::MutexGuard<'_, Drift> {
        self.drift.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a page.
    fn take(&mut self, fetched: Fetched<T>) {
        let consistency = self.reading.options.consistency;
        if self.sweep.pages == 0 {
            self.coverage.begin_sweep();
            self.drift().sweeps = self.coverage.sweeps;
        }
        self.sweep.pages += 1;
        if let Some(total) = fetched.page.total() {
            let mut drift = self.drift();
            let (least, most) = drift.totals.unwrap_or((total, total));
            drift.totals = Some((least.min(total), most.max(total)));
            drop(drift);
            self.sweep.totals_differ |= self.sweep.total.is_some_and(|before| before != total);
            self.sweep.total = Some(total);
        } else {
            self.sweep.totals_differ = true;
        }
        if consistency == Consistency::Complete && self.coverage.is_first() {
            let keys: Vec<_> = fetched.items.iter().map(|item| item.key).collect();
            if self.sweep.pages == 1 {
                self.sweep.first_page = keys.clone();
            }
            self.sweep.last_page = keys;
        }
        self.items = fetched.items.into_iter();
    }

    /// Whether a record is handed on.
    fn admits(&mut self, item: &Item<T>) -> bool {
        if self.reading.options.consistency == Consistency::Raw {
            return true;
        }
        let Some(key) = item.key else {
            // What has no identity cannot be told apart; once is enough.
            return self.coverage.is_first();
        };
        self.sweep.records += 1;
        if let Some(before) = self.sweep.before.replace(key) {
            self.sweep.grew |= before < key;
            self.sweep.shrank |= before > key;
        }
        let is_new = self.coverage.record(key, &mut self.seen);
        let Coverage {
            repeats,
            late,
            newborn,
            ..
        } = self.coverage;
        let mut drift = self.drift();
        (drift.repeats, drift.late, drift.newborn) = (repeats, late, newborn);
        is_new
    }

    /// Whether the list needs to be read no more.
    async fn is_complete(&mut self) -> Result<bool> {
        if self.reading.options.consistency != Consistency::Complete || self.sweep.pages == 0 {
            return Ok(true);
        }
        let is_first = self.coverage.is_first();
        match self.coverage.end_of_sweep() {
            Next::Settled => return Ok(true),
            Next::GiveUp => return Err(self.unsettled()),
            Next::Again if !is_first => return Ok(false),
            Next::Again => {}
        }
        let sweep = &self.sweep;
        let steady = !sweep.totals_differ
            && self.coverage.repeats == 0
            && sweep.total.and_then(|total| u64::try_from(total).ok()) == Some(sweep.records)
            && self.seen.len() as u64 == sweep.records;
        // The description says that it is ordered by key, and so it looked.
        let ordered = !(sweep.grew && sweep.shrank);
        let by_key = ordered && self.reading.operation.append && !self.reading.is_filtered;
        Ok(by_key && steady && self.is_unchanged().await?)
    }

    /// Whether the first and the last page are what they were.
    async fn is_unchanged(&mut self) -> Result<bool> {
        let Reading { start, options, .. } = &self.reading;
        let last = start.saturating_add_unsigned(self.sweep.pages - 1);
        for (page, before) in [(*start, &self.sweep.first_page), (last, &self.sweep.last_page)] {
            let options = Options {
                limit: None,
                ..*options
            };
            let mut walk = Walk::new(
                self.reading.operation,
                page,
                self.reading.size,
                &options,
                self.reading.fetch.clone(),
            );
            let keys = match walk.next(None).await {
                Some(fetched) => fetched?.items.into_iter().map(|item| item.key).collect(),
                None => Vec::new(),
            };
            if keys != *before {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn sweep_again(&mut self) {
        self.sweep = Sweep::default();
        self.walk = self.reading.walk();
    }

    fn unsettled(&self) -> Error {
        let sentence = format!(
            "{} was read {MOST_SWEEPS} times and changed each time, so records may be missing; read it at a quieter time, or with a narrower filter",
            self.reading.operation.id
        );
        Error::new(ErrorKind::Unsettled, sentence).with_operation(self.reading.operation)
    }
}

/// A page whose records are left as they came; each must have the identity that its operation names.
pub(crate) fn undecoded(operation: &'static Operation, answer: Answer) -> Result<Fetched<RawRecord>> {
    let text = legible(&answer.value);
    let page: Page<&RawValue> =
        wire::decode(text.as_bytes()).map_err(|reason| attempt::undecodable(operation, &answer, &reason))?;
    let field = operation.record().and_then(|record| record.key);
    let (page, records) = page.with_items(Vec::new());
    let items = records.into_iter().enumerate().map(|(index, record)| {
        let begin = record.get().as_ptr().addr() - text.as_ptr().addr();
        let came = &answer.value[begin..begin + record.get().len()];
        let key = field.and_then(|field| RawRecord::key_of(record, field));
        let fault = match field {
            Some(field) if key.is_none() => Some(format!("it has no `{field}`")),
            _ if came != record.get().as_bytes() => Some("it is not UTF-8".to_string()),
            _ => None,
        };
        let record = match fault {
            Some(reason) => Err(attempt::malformed(operation, &answer, index, came, &reason)),
            None => Ok(RawRecord::from(record)),
        };
        Item { key, record }
    });
    let items = items.collect();
    Ok(Fetched { answer, page, items })
}

/// A body as text. What is not UTF-8 becomes question marks, byte for byte, and does not keep the rest from being read.
fn legible(body: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    Cow::Owned(text)
}

/// The records of a list, one by one.
#[must_use = "a stream does nothing until it is polled"]
pub struct Records<T> {
    records: Pin<Box<dyn Stream<Item = Result<T>> + Send>>,
    drift: Arc<Mutex<Drift>>,
}

impl<T> Records<T> {
    /// The next record, or `None` at the end.
    ///
    /// # Errors
    ///
    /// As told by [`ErrorKind`](crate::ErrorKind). The error tells the [`page`](Error::page) that failed, and ends the
    /// stream, unless it is a [`record`](Error::record) that does not fit the description.
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        self.next().await.transpose()
    }

    /// What changed in the list while it was read, as far as it was read.
    pub fn drift(&self) -> Drift {
        *self.drift.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Stream for Records<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.records.as_mut().poll_next(context)
    }
}

impl<T> std::fmt::Debug for Records<T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Records")
            .field("drift", &self.drift())
            .finish_non_exhaustive()
    }
}
