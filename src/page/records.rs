//! Records: the stream of the records of a walk, over one sweep or several.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use super::{
    completeness::{Completeness, Next, Unsettled},
    drift::Drift,
    list_reader::{Fetched, Item, ListReader},
    options::{Consistency, Options},
    record::Identity,
    walk::{WALK_PAGE_SIZE, Walk},
};
use crate::{Error, ErrorKind, Result, description::Operation, sync::lock, types::RecordId};
use futures_util::{Stream, StreamExt, stream};

impl<T: Send + 'static> ListReader<T> {
    pub(crate) fn records(self) -> Records<T> {
        self.records_noting(Arc::default())
    }

    /// Its records, one by one. The drift is updated while they are read.
    pub(crate) fn records_noting(self, drift: Arc<Mutex<Drift>>) -> Records<T> {
        let (operation, walk) = (self.operation, self.walk());
        let sweeps = Sweeps {
            first_page_size: walk.page_size(),
            walk,
            wanted: self.options.limit,
            drift: drift.clone(),
            items: Vec::new().into_iter(),
            completeness: Completeness::default(),
            ended: false,
            reading: self,
        };
        let records = stream::unfold(sweeps, |mut sweeps| async move {
            let record = sweeps.next().await?;
            Some((record, sweeps))
        });
        Records {
            operation,
            records: Box::pin(records),
            drift,
        }
    }
}

/// Sweeps over a list, one after another, until it is read.
struct Sweeps<T> {
    reading: ListReader<T>,
    walk: Walk<T>,
    /// How many more records the caller wants.
    wanted: Option<u64>,
    drift: Arc<Mutex<Drift>>,
    items: std::vec::IntoIter<Item<T>>,
    completeness: Completeness,
    /// The page size of the first sweep.
    first_page_size: i32,
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
            let next = match self.walk.next(self.wanted).await {
                Some(Ok(fetched)) => {
                    self.take(fetched);
                    self.read_last_page_first().await.map(|()| false)
                }
                Some(Err(error)) => Err(error),
                None => self.is_complete().await,
            };
            match next {
                Ok(ended) => self.ended = ended,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }

    fn drift(&self) -> std::sync::MutexGuard<'_, Drift> {
        lock(&self.drift)
    }

    /// Adds a page.
    fn take(&mut self, fetched: Fetched<T>) {
        let Completeness { sweeps, repeats, .. } = self.completeness;
        self.drift().note(&self.walk.sweep, sweeps, repeats);
        self.items = fetched.items.into_iter();
    }

    /// Whether the list is known to be ordered by a growing id.
    fn is_by_id(&self) -> bool {
        self.reading.operation.append && !self.reading.is_filtered
    }

    /// Reads the last page before the sweep reaches it, if that helps to detect a change of the list.
    async fn read_last_page_first(&mut self) -> Result<()> {
        let complete = self.reading.options.consistency == Consistency::Complete;
        let last = self.walk.last_page();
        let is_wanted = self
            .completeness
            .wants_last_page_first(&self.walk.sweep, self.is_by_id());
        if complete && is_wanted && last > self.reading.start {
            let ids = ids_of(&self.reading, last).await?;
            self.completeness.set_initial_last_page(ids);
        }
        Ok(())
    }

    /// Whether a record is returned.
    fn admits(&mut self, item: &Item<T>) -> bool {
        let consistency = self.reading.options.consistency;
        if consistency == Consistency::KeepDuplicates {
            return true;
        }
        let Identity::Id(id) = item.identity else {
            // Records without an id cannot be distinguished, so only the first sweep returns them.
            return self.completeness.sweeps == 0;
        };
        if item.is_repeat {
            return false;
        }
        if consistency == Consistency::OnePass {
            return true;
        }
        let is_new = self.completeness.admit(id);
        let (late, created) = (self.completeness.late, self.completeness.created_during_walk);
        let mut drift = self.drift();
        (drift.late, drift.created_during_walk) = (late, created);
        is_new
    }

    /// Ends a sweep. Returns whether the walk is over; otherwise the next sweep begins.
    async fn is_complete(&mut self) -> Result<bool> {
        let sweep = std::mem::take(&mut self.walk.sweep);
        self.drift().end_sweep(&sweep);
        if self.reading.options.consistency != Consistency::Complete || sweep.pages == 0 {
            self.drift().warn(self.reading.operation);
            return Ok(true);
        }
        let by_id = self.is_by_id();
        let settled = match self.completeness.end_sweep(sweep, by_id) {
            Next::Settled => true,
            Next::GiveUp(unsettled) => return Err(self.unsettled(unsettled)),
            Next::Confirm => is_unchanged(&self.reading, &self.completeness).await?,
            Next::Again => false,
        };
        if settled {
            self.drift().shortfall = 0;
            return Ok(true);
        }
        let size = self.first_page_size;
        self.walk.begin_again(self.completeness.page_size(size));
        Ok(false)
    }

    fn unsettled(&self, unsettled: Unsettled) -> Error {
        let operation = self.reading.operation;
        let sentence = format!("{} {}", operation.id, unsettled.sentence());
        Error::new(ErrorKind::Unsettled, sentence).with_operation(operation)
    }
}

/// Whether the first and the last page of the finished sweep are unchanged.
async fn is_unchanged<T: Send + 'static>(
    reading: &ListReader<T>,
    completeness: &Completeness,
) -> Result<bool> {
    let (first_page, pages, last_page) = completeness.to_confirm();
    let last = reading.start.saturating_add_unsigned(pages - 1);
    Ok(ids_of(reading, reading.start).await? == first_page && ids_of(reading, last).await? == last_page)
}

/// Reads a page and returns only the ids of its records.
async fn ids_of<T: Send + 'static>(reading: &ListReader<T>, page: i32) -> Result<Vec<Option<RecordId>>> {
    let options = Options {
        limit: None,
        ..reading.options
    };
    let fetched = Walk::new(reading, page, &options).next(None).await;
    let items = fetched.transpose()?.into_iter().flat_map(|fetched| fetched.items);
    Ok(items.map(|item| item.identity.id()).collect())
}

/// How many more records to reserve memory for, after `records` records came and the service reports this total. The total is
/// not trusted: at most sixteen times as many as came are reserved, so a wrong one cannot exhaust the memory.
fn room(records: usize, total: i64) -> usize {
    let rest = usize::try_from(total).unwrap_or(0).saturating_sub(records);
    match rest {
        0 => records.max(WALK_PAGE_SIZE as usize),
        rest => rest.min(records.max(WALK_PAGE_SIZE as usize) * 16),
    }
}

/// The records of a list, one by one.
#[must_use = "a stream does nothing until it is polled"]
pub struct Records<T> {
    operation: &'static Operation,
    records: Pin<Box<dyn Stream<Item = Result<T>> + Send>>,
    drift: Arc<Mutex<Drift>>,
}

impl<T> Records<T> {
    /// The next record, or `None` at the end.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). The error has the [`page`](Error::page) that failed, and ends the
    /// stream, unless it is a [`record`](Error::record) that does not fit the description.
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        self.next().await.transpose()
    }

    /// All remaining records in memory. The capacity is reserved by the total, so that little more than the records is allocated.
    /// Missing records are an error, because the caller does not see the drift.
    pub(crate) async fn collect(mut self) -> Result<Vec<T>>
    where
        T: Send + 'static,
    {
        let mut records = Vec::new();
        while let Some(record) = self.try_next().await? {
            if records.len() == records.capacity() {
                let total = self.drift().totals.map_or(0, |(_, most)| most);
                records.reserve_exact(room(records.len(), total));
            }
            records.push(record);
        }
        match self.drift().unsettled(self.operation) {
            Some(error) => Err(error),
            None => Ok(records),
        }
    }

    /// What changed in the list so far while it was read.
    pub fn drift(&self) -> Drift {
        *lock(&self.drift)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_by_the_total_but_not_by_one_that_is_absurd() {
        assert_eq!(room(0, 70), 70);
        assert_eq!(room(0, 1_000_000_000_000), 800);
        assert_eq!(room(800, 70_000), 12_800);
        assert_eq!(room(13_600, 70_000), 56_400);
        assert_eq!(room(70_000, 70_000), 70_000, "it was too small");
        assert_eq!(room(0, -1), 50);
    }
}
