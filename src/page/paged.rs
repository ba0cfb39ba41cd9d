//! Walks that the caller drives page by page, and that another process can continue.

use super::{
    completeness::{Completeness, Next},
    drift::Drift,
    end::{self, More, ReportedLength},
    list_reader::ListReader,
    options::Consistency,
    record::{Identity, UndecodedRecord},
    sweep::Sweep,
    walk::{WALK_PAGE_SIZE, Walk},
};
use crate::{
    Error, Result,
    types::{RecordId, Timestamp},
};

/// A walk that the caller drives page by page and whose progress can be saved, for an export or a mirror.
///
/// It reads one page at a time, so that an interruption costs at most one page. Each step returns a journal entry, a line of
/// text. Save it after the records of the step are saved. A new walk over the same list that replays these entries in order
/// continues after the last of them. Completeness is decided as for [`Consistency::Complete`]. A limit on the number of
/// records has no effect.
///
/// Created by [`DynamicCall::paged`](crate::DynamicCall::paged).
///
/// ```no_run
/// use atera::{Consistency, description::Operation, page::Step};
///
/// # async fn example(client: atera::Client, mut journal: Vec<String>) -> atera::Result<()> {
/// let list = Operation::find("tickets_list").expect("an operation of the description");
/// let mut walk = client.operation(list).consistency(Consistency::Complete)?.paged();
/// for entry in &journal {
///     walk.replay(entry)?;
/// }
/// loop {
///     match walk.step().await? {
///         Step::Page(page) => {
///             for record in &page.records {
///                 println!("{}", record.get());
///             }
///             journal.push(page.entry);
///         }
///         Step::EndOfSweep(entry) => journal.push(entry),
///         Step::End(verdict) => break println!("{verdict:?}"),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PagedWalk {
    reading: ListReader<UndecodedRecord>,
    /// The pages of the current sweep, once its first page was requested.
    pages: Option<Walk<UndecodedRecord>>,
    next_page: i32,
    /// Whether the next page exists, as the page before it shows.
    more: More,
    /// The page size of the first sweep.
    first_page_size: i32,
    /// Number of records of the largest page of the current sweep.
    largest_page: i32,
    sweep: Sweep,
    completeness: Completeness,
    drift: Drift,
    verdict: Option<Verdict>,
    began: Option<Timestamp>,
}

/// The result of a step of a [`PagedWalk`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// A page was read.
    Page(PageStep),
    /// The list was read to its end, and has to be read again. This is the journal entry.
    EndOfSweep(String),
    /// The walk is over.
    End(Verdict),
}

/// A page that a [`PagedWalk`] has read.
#[derive(Debug)]
#[non_exhaustive]
pub struct PageStep {
    /// The records that came for the first time.
    pub records: Vec<UndecodedRecord>,
    /// The id of each of these records, if it has one.
    pub ids: Vec<Option<RecordId>>,
    /// The total that the answer reports, unless the answer itself contradicts it.
    pub total: Option<i64>,
    /// The journal entry, without a line break.
    pub entry: String,
}

/// How completely a list was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Completely, by the rule of [`Consistency::Complete`].
    Complete,
    /// Read once, as requested; a record that moved meanwhile may be missing.
    OnePass,
    /// Some records have no id; one of these that moved meanwhile may be missing.
    WithoutIds,
    /// Not complete: the list did not settle, fewer records came than its total, or a page before its last was short.
    Unsettled,
}

/// The entry for the end of a sweep. Every other entry is a page: the length of the list that it reports, counted from the first
/// page of the walk, the identities of its records, and [`LAST`] or [`PERHAPS_LAST`] unless another page follows.
const END_OF_SWEEP: &str = "end";

/// The last word of the entry of a last page. A walk that continues behind it must not ask for another page: the service may
/// answer that one with 404, or with records that came already.
const LAST: &str = "last";

/// The last word of the entry of a page after which another one may follow.
const PERHAPS_LAST: &str = "perhaps-last";

impl PagedWalk {
    pub(crate) fn new(mut reading: ListReader<UndecodedRecord>) -> Self {
        reading.options.prefetch = Some(1);
        PagedWalk {
            next_page: reading.start.max(1),
            more: More::Yes,
            first_page_size: reading.size.unwrap_or(WALK_PAGE_SIZE),
            largest_page: 0,
            reading,
            pages: None,
            sweep: Sweep::default(),
            completeness: Completeness::default(),
            drift: Drift::default(),
            verdict: None,
            began: None,
        }
    }

    /// Replays a journal entry of an earlier walk over the list, and returns the [`ids`](PageStep::ids) of that step. Replay all
    /// entries before the first step.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if the text is not a journal entry.
    pub fn replay(&mut self, entry: &str) -> Result<Vec<Option<RecordId>>> {
        self.pages = None;
        if entry == END_OF_SWEEP {
            self.end_sweep();
            return Ok(Vec::new());
        }
        let (page, more) = match entry.rsplit_once(' ') {
            Some((page, LAST)) => (page, More::No),
            Some((page, PERHAPS_LAST)) => (page, More::Perhaps),
            _ => (entry, More::Yes),
        };
        let mut words = page.split(' ');
        let reported = words.next().and_then(ReportedLength::parse);
        let identities = words.map(Identity::parse).collect::<Option<Vec<_>>>();
        let (Some(reported), Some(identities)) = (reported, identities) else {
            return Err(Error::invalid_request(
                "the journal of the walk cannot be read; start the walk from the beginning",
            ));
        };
        let is_new = self.take_in(reported, &identities, more);
        let new = identities.iter().zip(is_new).filter(|(_, is_new)| *is_new);
        Ok(new.map(|(identity, _)| identity.id()).collect())
    }

    /// Reads the next page, or ends the sweep. After an error, the next step reads the same page again.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). The error has the [`page`](Error::page) that failed.
    pub async fn step(&mut self) -> Result<Step> {
        if let Some(verdict) = self.verdict {
            return Ok(Step::End(verdict));
        }
        if self.more == More::No {
            return Ok(self.end_of_sweep());
        }
        let size = self.completeness.page_size(self.first_page_size);
        // The largest page so far is taken for a full one.
        let full_page = Some(self.largest_page.min(size)).filter(|records| *records > 0);
        let reading = &mut self.reading;
        let (page, pages) = (self.next_page, &mut self.pages);
        let (more, sweep) = (self.more, &self.sweep);
        let pages = pages.get_or_insert_with(|| {
            reading.size = Some(size);
            Walk::new(reading, page, &reading.options).continuing(sweep.clone(), full_page, more)
        });
        match pages.next(None).await {
            Some(Ok(fetched)) => {
                self.began.get_or_insert_with(|| fetched.answer.sent_at());
                let context = end::PageContext {
                    size: pages.full_page(),
                    has_new: self.sweep.has_new(fetched.items.iter().map(|item| item.identity)),
                    had_paging_info: false,
                };
                let reported = end::reported_length(&fetched.page, fetched.items.len(), page, context);
                let more = pages.more();
                let (identities, records): (Vec<_>, Vec<_>) = fetched
                    .items
                    .into_iter()
                    .map(|item| (item.identity, item.record))
                    .unzip();
                let records = records
                    .into_iter()
                    .collect::<Result<Vec<_>>>()
                    .map_err(|error| error.with_page(page));
                match records {
                    Ok(records) => Ok(Step::Page(self.page(
                        reported,
                        context.size,
                        more,
                        &identities,
                        records,
                    ))),
                    Err(error) => {
                        self.pages = None;
                        Err(error)
                    }
                }
            }
            Some(Err(error)) => {
                self.pages = None;
                Err(error)
            }
            None => Ok(self.end_of_sweep()),
        }
    }

    /// When the first page of this walk was asked for, by the clock of the service; `None` before it has come. Save it with the
    /// journal: a walk that continues an earlier one knows only its own first page. To ask for the records that changed since
    /// then, reach back some minutes further, for records that were written late.
    pub fn began(&self) -> Option<Timestamp> {
        self.began
    }

    /// What changed in the list so far while it was read, including the pages of the replayed entries.
    pub fn drift(&self) -> Drift {
        self.drift
    }

    fn page(
        &mut self,
        reported: ReportedLength,
        full_page: i32,
        more: More,
        identities: &[Identity],
        records: Vec<UndecodedRecord>,
    ) -> PageStep {
        // A walk that begins in the middle does not read the pages before that.
        let to_come = reported.beginning_at(self.reading.start, full_page);
        let is_new = self.take_in(to_come, identities, more);
        let mut entry = to_come.to_string();
        let last = match more {
            More::Yes => None,
            More::Perhaps => Some(PERHAPS_LAST.to_string()),
            More::No => Some(LAST.to_string()),
        };
        for word in identities.iter().map(Identity::to_string).chain(last) {
            entry.push(' ');
            entry.push_str(&word);
        }
        let new = records.into_iter().zip(identities).zip(is_new);
        let new = new.filter_map(|((record, identity), is_new)| is_new.then_some((record, identity.id())));
        let (records, ids) = new.unzip();
        PageStep {
            records,
            ids,
            total: reported.total,
            entry,
        }
    }

    /// Adds a page. Returns for each record whether it came for the first time.
    fn take_in(&mut self, reported: ReportedLength, identities: &[Identity], more: More) -> Vec<bool> {
        self.next_page = self.next_page.saturating_add(1);
        self.more = more;
        let records = i32::try_from(identities.len()).unwrap_or(i32::MAX);
        self.largest_page = self.largest_page.max(records);
        self.sweep.begin_page(reported);
        let is_new = identities.iter().map(|identity| {
            let is_new_to_sweep = self.sweep.record(*identity);
            match identity {
                Identity::Id(id) => is_new_to_sweep && self.completeness.admit(*id),
                // Records without an id cannot be distinguished, so only the first sweep returns them.
                Identity::Content(_) => self.completeness.sweeps == 0,
            }
        });
        let is_new = is_new.collect();
        // The `Walk` that fetches the pages already detects an endless list.
        let _ = self.sweep.end_page();
        let completeness = &self.completeness;
        self.drift
            .note(&self.sweep, completeness.sweeps, completeness.repeats);
        self.drift.late = completeness.late;
        self.drift.created_during_walk = completeness.created_during_walk;
        is_new
    }

    fn end_of_sweep(&mut self) -> Step {
        match self.end_sweep() {
            Some(verdict) => Step::End(verdict),
            None => Step::EndOfSweep(END_OF_SWEEP.to_string()),
        }
    }

    /// Ends a sweep. Returns the verdict if no further sweep is needed.
    fn end_sweep(&mut self) -> Option<Verdict> {
        self.pages = None;
        self.next_page = self.reading.start.max(1);
        self.more = More::Yes;
        self.largest_page = 0;
        let sweep = std::mem::take(&mut self.sweep);
        self.drift.end_sweep(&sweep);
        let shows_loss = self.drift.shows_loss();
        let has_ids = self.reading.operation.has_ids();
        // Also in one pass, because the journal may come from a walk with several sweeps.
        let next = self.completeness.end_sweep(sweep, false);
        let is_complete = self.reading.options.consistency == Consistency::Complete && has_ids;
        self.verdict = match (is_complete, next) {
            (false, _) if shows_loss => Some(Verdict::Unsettled),
            (false, _) if !has_ids => Some(Verdict::WithoutIds),
            (false, _) => Some(Verdict::OnePass),
            (true, Next::Settled) => {
                // The difference comes from records that were created or deleted meanwhile.
                self.drift.shortfall = 0;
                match self.drift.without_id {
                    0 => Some(Verdict::Complete),
                    _ => Some(Verdict::WithoutIds),
                }
            }
            (true, Next::GiveUp(_)) => Some(Verdict::Unsettled),
            (true, Next::Confirm | Next::Again) => None,
        };
        self.verdict
    }
}
