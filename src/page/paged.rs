//! Complete walks that their caller drives page by page, and that another process can go on with.

use super::{
    completeness::{Completeness, Next},
    drift::Drift,
    end::{self, ReportedLength},
    options::Consistency,
    reading::Reading,
    record::{Identity, UndecodedRecord},
    sweep::Sweep,
    walk::{WALK_PAGE_SIZE, Walk},
};
use crate::{Error, Result, types::RecordId};

/// A walk that its caller takes page by page, and whose progress can be written down: an export, a mirror.
///
/// It reads one page at a time, so that what is asked for again after an interruption is one page. Each step has an entry
/// of a journal, a line of text; write it down once what came with it is safe. A new walk over the same list that is given
/// these entries again, in their order, goes on where the last of them was written. The rule of completeness is that of
/// [`Consistency::Complete`]. A limit on the number of records has no effect.
///
/// Made by [`DynamicCall::paged`](crate::DynamicCall::paged).
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
    reading: Reading<UndecodedRecord>,
    /// The pages of the sweep under way, once the first of them was asked for.
    pages: Option<Walk<UndecodedRecord>>,
    next_page: i32,
    /// How many records the pages of the first sweep are asked for.
    first_page_size: i32,
    /// How many records the largest page of the sweep under way had.
    largest_page: i32,
    sweep: Sweep,
    completeness: Completeness,
    drift: Drift,
    verdict: Option<Verdict>,
}

/// What a [`PagedWalk`] has done.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// A page was read.
    Page(PageStep),
    /// The list was read to its end, and has to be read again. This is the entry for it.
    EndOfSweep(String),
    /// The list need not be read any more.
    End(Verdict),
}

/// A page that a [`PagedWalk`] has read.
#[derive(Debug)]
#[non_exhaustive]
pub struct PageStep {
    /// The records that came for the first time.
    pub records: Vec<UndecodedRecord>,
    /// The ids of these records, as far as they have one.
    pub ids: Vec<Option<RecordId>>,
    /// How many records the service says the list has, unless the answer itself contradicts it.
    pub total: Option<i64>,
    /// The entry for the journal, a line without its end.
    pub entry: String,
}

/// How well a list was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Completely, by the rule of [`Consistency::Complete`].
    Complete,
    /// Once, as was asked; one that moved meanwhile may be missing.
    OnePass,
    /// As far as that goes without ids: records of it have none, and one of these that moved meanwhile may be missing.
    WithoutIds,
    /// Not completely: it would not settle, fewer records came than its total, or a page before its last came short.
    Unsettled,
}

/// The entry for the end of a sweep. Every other entry is a page: what it tells of the length of the list, less what lies
/// before the page that the walk begins with, and what tells its records apart.
const END_OF_SWEEP: &str = "end";

impl PagedWalk {
    pub(crate) fn new(mut reading: Reading<UndecodedRecord>) -> Self {
        reading.options.prefetch = Some(1);
        PagedWalk {
            next_page: reading.start.max(1),
            first_page_size: reading.size.unwrap_or(WALK_PAGE_SIZE),
            largest_page: 0,
            reading,
            pages: None,
            sweep: Sweep::default(),
            completeness: Completeness::default(),
            drift: Drift::default(),
            verdict: None,
        }
    }

    /// Takes in an entry that an earlier walk over the list has written, and returns the [`ids`](PageStep::ids) that came
    /// with it. All entries come before the first step.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if it is no entry of a journal.
    pub fn replay(&mut self, entry: &str) -> Result<Vec<Option<RecordId>>> {
        self.pages = None;
        if entry == END_OF_SWEEP {
            self.end_sweep();
            return Ok(Vec::new());
        }
        let mut words = entry.split(' ');
        let reported = words.next().and_then(ReportedLength::parse);
        let identities = words.map(Identity::parse).collect::<Option<Vec<_>>>();
        let (Some(reported), Some(identities)) = (reported, identities) else {
            return Err(Error::invalid_request(
                "the journal of the walk cannot be read; begin the walk anew",
            ));
        };
        let is_new = self.take_in(reported, &identities);
        let new = identities.iter().zip(is_new).filter(|(_, is_new)| *is_new);
        Ok(new.map(|(identity, _)| identity.id()).collect())
    }

    /// Reads the next page, or tells what there is to do at the end of a sweep. After an error the same page is read again.
    ///
    /// # Errors
    ///
    /// As told by [`ErrorKind`](crate::ErrorKind). The error tells the [`page`](Error::page) that failed.
    pub async fn step(&mut self) -> Result<Step> {
        if let Some(verdict) = self.verdict {
            return Ok(Step::End(verdict));
        }
        let size = self.completeness.page_size(self.first_page_size);
        // Pages that are followed by others tell how many records a full one has.
        let full_page = Some(self.largest_page.min(size)).filter(|records| *records > 0);
        let reading = &mut self.reading;
        let (page, pages) = (self.next_page, &mut self.pages);
        let pages = pages.get_or_insert_with(|| {
            reading.size = Some(size);
            Walk::new(reading, page, &reading.options).with_full_page(full_page)
        });
        match pages.next(None).await {
            Some(Ok(fetched)) => {
                let context = end::PageContext {
                    size: pages.full_page(),
                    has_new: self.sweep.has_new(fetched.items.iter().map(|item| item.identity)),
                    had_paging_info: false,
                };
                let reported = end::reported_length(&fetched.page, fetched.items.len(), page, context);
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
                    Ok(records) => Ok(Step::Page(self.page(reported, context.size, &identities, records))),
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
            None => Ok(match self.end_sweep() {
                Some(verdict) => Step::End(verdict),
                None => Step::EndOfSweep(END_OF_SWEEP.to_string()),
            }),
        }
    }

    /// What changed in the list while it was read, as far as it was read: in the pages of this walk and those of the entries.
    pub fn drift(&self) -> Drift {
        self.drift
    }

    fn page(
        &mut self,
        reported: ReportedLength,
        full_page: i32,
        identities: &[Identity],
        records: Vec<UndecodedRecord>,
    ) -> PageStep {
        // A walk that begins in the middle does not see what lies before.
        let to_come = reported.from_page(self.reading.start, full_page);
        let is_new = self.take_in(to_come, identities);
        let mut entry = to_come.to_string();
        for identity in identities {
            entry.push(' ');
            entry.push_str(&identity.to_string());
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

    /// Takes in a page. Returns of each record whether it came for the first time.
    fn take_in(&mut self, reported: ReportedLength, identities: &[Identity]) -> Vec<bool> {
        self.next_page = self.next_page.saturating_add(1);
        let records = i32::try_from(identities.len()).unwrap_or(i32::MAX);
        self.largest_page = self.largest_page.max(records);
        self.sweep.begin_page(reported);
        let is_new = identities.iter().map(|identity| {
            let is_new_to_sweep = self.sweep.record(*identity);
            match identity {
                Identity::Id(id) => is_new_to_sweep && self.completeness.admit(*id),
                // What has no id cannot be told apart; once is enough.
                Identity::Content(_) => self.completeness.sweeps == 0,
            }
        });
        let is_new = is_new.collect();
        // Pages that bring nothing new are noticed by the walk that they come from.
        let _ = self.sweep.end_page();
        let completeness = &self.completeness;
        self.drift
            .note(&self.sweep, completeness.sweeps, completeness.repeats);
        self.drift.late = completeness.late;
        self.drift.created_during_walk = completeness.created_during_walk;
        is_new
    }

    /// Ends a sweep. Returns how well the list was read, if that need not go on.
    fn end_sweep(&mut self) -> Option<Verdict> {
        self.pages = None;
        self.next_page = self.reading.start.max(1);
        self.largest_page = 0;
        let sweep = std::mem::take(&mut self.sweep);
        self.drift.end_sweep(&sweep);
        let shows_loss = self.drift.shows_loss();
        let has_ids = self.reading.has_ids();
        // In one pass as well, for the journal may be one of several sweeps.
        let next = self.completeness.end_sweep(sweep, false);
        let is_complete = self.reading.options.consistency == Consistency::Complete && has_ids;
        self.verdict = match (is_complete, next) {
            (false, _) if shows_loss => Some(Verdict::Unsettled),
            (false, _) if !has_ids => Some(Verdict::WithoutIds),
            (false, _) => Some(Verdict::OnePass),
            (true, Next::Settled) => {
                // Records that came and went explain what it was.
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
