//! What is asked of a sync.

use std::{fmt, sync::Arc, time::Duration};

use atera::description::Collection;

use crate::{
    error::{Error, Result},
    redact::Redaction,
    schema::{Content, Table, tables},
};

/// How long the filter for changes is relied on before a list is read in full: 7 days.
const FULL_EVERY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What a sync does. By default it brings all lists up to date, without what belongs to single records.
///
/// ```
/// use atera_mirror::SyncOptions;
///
/// let options = SyncOptions::new().only(["tickets", "customers"])?.with(["comments"])?;
/// # Ok::<(), atera_mirror::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct SyncOptions {
    only: Vec<&'static Table>,
    with: Vec<&'static Table>,
    pub(crate) full: bool,
    pub(crate) full_every: Duration,
    pub(crate) accept_loss: bool,
    pub(crate) redaction: Redaction,
    pub(crate) service: Option<String>,
    pub(crate) on_progress: Option<OnProgress>,
}

type OnProgress = Arc<dyn Fn(&Progress) + Send + Sync>;

/// How far the sync of a list is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The name of the table.
    pub list: String,
    /// Records that were read in this pass over the list; for what belongs to records, those whose parts were read.
    pub read: u64,
    /// How many there are, if it is known.
    pub total: Option<u64>,
    /// Whether the list is done.
    pub done: bool,
}

impl fmt::Debug for SyncOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            |tables: &[&'static Table]| -> Vec<_> { tables.iter().map(|table| &table.name).collect() };
        out.debug_struct("SyncOptions")
            .field("only", &names(&self.only))
            .field("with", &names(&self.with))
            .field("full", &self.full)
            .field("accept_loss", &self.accept_loss)
            .finish_non_exhaustive()
    }
}

impl Default for SyncOptions {
    fn default() -> Self {
        SyncOptions {
            only: Vec::new(),
            with: Vec::new(),
            full: false,
            full_every: FULL_EVERY,
            accept_loss: false,
            redaction: Redaction::default(),
            service: None,
            on_progress: None,
        }
    }
}

impl SyncOptions {
    /// All lists, and nothing else.
    pub fn new() -> Self {
        SyncOptions::default()
    }

    /// Only these lists, by the names of their tables. Hyphens count as underscores.
    ///
    /// # Errors
    ///
    /// `Config` if there is no such list.
    pub fn only<T: AsRef<str>>(mut self, names: impl IntoIterator<Item = T>) -> Result<Self> {
        for name in names {
            let wanted = name.as_ref().replace('-', "_").to_lowercase();
            let table = lists().find(|table| table.name == wanted).ok_or_else(|| {
                let known: Vec<_> = lists().map(|table| table.name.as_str()).collect();
                Error::config(format!(
                    "cannot sync `{}`: there is no such list; name one of {}",
                    name.as_ref(),
                    known.join(", ")
                ))
            })?;
            self.only.push(table);
        }
        Ok(self)
    }

    /// What belongs to single records as well, at a request or more for each record that is new or has changed: `comments`,
    /// `tickets_comments`, or `patches` for both kinds of them.
    ///
    /// # Errors
    ///
    /// `Config` if nothing of that name belongs to records.
    pub fn with<T: AsRef<str>>(mut self, names: impl IntoIterator<Item = T>) -> Result<Self> {
        for name in names {
            let wanted = name.as_ref().replace('-', "_").to_lowercase();
            let found: Vec<_> = children()
                .filter(|table| {
                    table.name == wanted || short_name(table).is_some_and(|name| is_named(name, &wanted))
                })
                .collect();
            if found.is_empty() {
                let mut known: Vec<_> = children().filter_map(short_name).collect();
                known.sort_unstable();
                known.dedup();
                return Err(Error::config(format!(
                    "cannot sync `{}` of the records: they have nothing of that name; name one of {}",
                    name.as_ref(),
                    known.join(", ")
                )));
            }
            self.with.extend(found);
        }
        Ok(self)
    }

    /// Whether every list is read in full.
    pub fn full(mut self, full: bool) -> Self {
        self.full = full;
        self
    }

    /// After how long a list is read in full although its changes can be asked for; 7 days by default. Only then is noticed what
    /// the service does not count as a change.
    pub fn full_every(mut self, time: Duration) -> Self {
        self.full_every = time;
        self
    }

    /// Whether records are marked as deleted although a list of 50 records or more has lost more than half of them.
    pub fn accept_loss(mut self, accept: bool) -> Self {
        self.accept_loss = accept;
        self
    }

    /// The fields that are left out. They must be the same in each sync of a mirror.
    pub fn redact(mut self, redaction: Redaction) -> Self {
        self.redaction = redaction;
        self
    }

    /// What the mirror calls the service, instead of its base URL. A mirror is refused for another service.
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.service = Some(name.into());
        self
    }

    /// Calls a function as the sync proceeds: after each page, and at the end of each list.
    pub fn on_progress(mut self, tell: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Arc::new(tell));
        self
    }

    /// Checks that what is asked for can be had together.
    ///
    /// # Errors
    ///
    /// `Config` if something that belongs to records is asked for by a field that is left out: it would be empty, and look whole.
    pub(crate) fn check(&self) -> Result<()> {
        for table in self.children() {
            let collection = table.operation().and_then(Collection::of);
            let link = collection.and_then(|collection| collection.link());
            let (Some((_, field)), Some(parent)) = (link, table.parent()) else {
                continue;
            };
            if self.redaction.of_table(&parent.name).has(field) {
                return Err(Error::config(format!(
                    "cannot sync {}: they are asked for by the {field} of {}, which this mirror leaves out; sync without them, or \
                     begin a new mirror that has it",
                    table.name, parent.name
                )));
            }
        }
        Ok(())
    }

    /// The lists that are asked for.
    pub(crate) fn lists(&self) -> Vec<&'static Table> {
        lists()
            .filter(|table| self.only.is_empty() || self.only.iter().any(|only| only.name == table.name))
            .collect()
    }

    /// What is asked for that belongs to records.
    pub(crate) fn children(&self) -> Vec<&'static Table> {
        children()
            .filter(|table| self.with.iter().any(|with| with.name == table.name))
            .collect()
    }
}

/// The tables of lists.
fn lists() -> impl Iterator<Item = &'static Table> {
    tables()
        .iter()
        .filter(|table| matches!(table.content, Content::List { .. }))
}

/// The tables of what belongs to records.
fn children() -> impl Iterator<Item = &'static Table> {
    tables()
        .iter()
        .filter(|table| matches!(table.content, Content::Children { .. }))
}

fn short_name(table: &'static Table) -> Option<&'static str> {
    Some(Collection::of(table.operation()?)?.short_name())
}

/// Whether something of this name is meant: `patches` means `available_patches` as well.
fn is_named(name: &str, wanted: &str) -> bool {
    let rest = name.strip_suffix(wanted).filter(|_| !wanted.is_empty());
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tables: Vec<&Table>) -> Vec<&str> {
        tables.into_iter().map(|table| table.name.as_str()).collect()
    }

    #[test]
    fn lists_are_named_as_their_tables_or_with_hyphens() {
        let options = SyncOptions::new().only(["tickets", "knowledge-bases"]).unwrap();
        assert_eq!(names(options.lists()), ["tickets", "knowledge_bases"]);
        assert!(options.children().is_empty());
        let error = SyncOptions::new().only(["tikets"]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("`tikets`: there is no such list; name one of tickets, "),
            "{error}"
        );
    }

    #[test]
    fn what_belongs_to_records_is_named_alone_or_with_its_list() {
        let options = SyncOptions::new()
            .with(["comments", "tickets-work-hours"])
            .unwrap();
        assert_eq!(
            names(options.children()),
            ["tickets_comments", "tickets_work_hours"]
        );
        let patches = SyncOptions::new().with(["patches"]).unwrap();
        let both = ["agents_available_patches", "agents_installed_patches"];
        assert_eq!(names(patches.children()), both);
        let error = SyncOptions::new().with([""]).unwrap_err();
        assert!(error.to_string().contains("nothing of that name"), "{error}");
        let error = SyncOptions::new().with(["remarks"]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("name one of attachments, available_patches, comments, "),
            "{error}"
        );
    }
}
