//! The records of a list, one after another.

use atera::{
    Records, UndecodedRecord,
    description::{PAGE, PAGE_SIZE},
};

use super::{super::context::CallContext, checked::Read};
use crate::failure::Failure;

/// Records of a page of a walk.
pub(super) const PAGE_RECORDS: u64 = 50;

/// A walk over a list, from a place on.
pub(super) struct Walk<'a> {
    context: CallContext<'a>,
    records: Records<UndecodedRecord>,
    /// How many records come before its first page.
    before: u64,
    /// How many records of its first page come before the place.
    skipped: u64,
}

impl<'a> Walk<'a> {
    /// The records of the list from a place on; all, or as many as are wanted.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if there can be no such place.
    pub(super) fn begin(read: &Read<'a>, at: u64, wanted: Option<u64>) -> Result<Self, Failure> {
        let call = read.request.call(&read.setup.client)?;
        // Pages that begin at the place, if there are such pages; else the first records of a page are skipped.
        let size = match wanted {
            Some(wanted) if (1..=PAGE_RECORDS).contains(&wanted) && at.is_multiple_of(wanted) => wanted,
            _ => PAGE_RECORDS,
        };
        let skipped = at % size;
        let page = i32::try_from(at / size + 1)
            .map_err(|_| Failure::invalid("`cursor` is beyond every list", "read from the beginning"))?;
        let mut call = call
            .set(PAGE, page.to_string())?
            .set(PAGE_SIZE, size.to_string())?;
        if let Some(wanted) = wanted {
            call = call.limit(wanted + skipped);
        }
        Ok(Walk {
            context: read.context,
            records: call.records(),
            before: at - skipped,
            skipped,
        })
    }

    /// The next record, as JSON.
    ///
    /// # Errors
    ///
    /// `Cancelled`, and whatever the service fails with.
    pub(super) async fn next(&mut self) -> Result<Option<String>, Failure> {
        loop {
            let next = self.context.or_cancelled(self.records.try_next()).await?;
            if self.skipped > 0 && !matches!(next, Ok(None)) {
                self.skipped -= 1;
                match next {
                    Err(error) if error.record().is_none() => return Err(error.into()),
                    _ => continue,
                }
            }
            return match next {
                Ok(record) => Ok(record.map(|record| record.get().to_string())),
                // A record that cannot be read does not hide the others.
                Err(error) if error.record().is_some() => {
                    Ok(Some(String::from_utf8_lossy(error.body()).into()))
                }
                Err(error) => Err(error.into()),
            };
        }
    }

    /// How many records the list has, as the service says. `None` also of one that ends before the place: how long it is shows in
    /// no page behind its end.
    pub(super) fn total(&self) -> Option<u64> {
        let (_, most) = self.records.drift().totals?;
        let most = u64::try_from(most).ok()?;
        (most > 0 || self.before == 0).then_some(most + self.before)
    }
}
