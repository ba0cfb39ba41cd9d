//! What all lists of a sync share.

use atera::{Client, Timestamp};

use super::options::{Progress, SyncOptions};
use crate::{error::Result, schema::Table, state::ListStatus, store::Store};

/// How many lists are read side by side, and what belongs to how many records. The rate limit is the actual brake.
pub(crate) const SIDE_BY_SIDE: usize = 8;

/// A sync under way.
pub(crate) struct Job<'a> {
    /// Its requests are background requests.
    pub(crate) client: Client,
    pub(crate) store: &'a Store,
    pub(crate) options: &'a SyncOptions,
    /// The last change in the log when the sync began.
    pub(crate) last_change: i64,
}

impl Job<'_> {
    /// What is known of a list.
    pub(crate) async fn status(&self, table: &'static Table) -> Result<ListStatus> {
        let sql = format!("{} WHERE \"list\" = $1", ListStatus::select());
        let rows = self.store.query(&sql, &[table.name.as_str().into()]).await?;
        match rows.first() {
            Some(row) => ListStatus::read(row),
            None => Ok(ListStatus::new(&table.name)),
        }
    }

    /// Writes what is known of a list, where nothing else is written.
    pub(crate) async fn save(&self, status: &ListStatus) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let saved = transaction.execute(&ListStatus::upsert(), &status.values()).await;
        transaction.end(saved).await.map(drop)
    }

    /// Tells how far a list is.
    pub(crate) fn tell(&self, table: &'static Table, read: u64, total: Option<u64>, done: bool) {
        if let Some(tell) = &self.options.on_progress {
            tell(&Progress {
                list: table.name.clone(),
                read,
                total,
                done,
            });
        }
    }
}

/// What went wrong with a list alone. Failures of the database end the whole sync.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The service failed.
    Service(atera::Error),
    /// The database failed.
    Database(crate::Error),
}

impl From<atera::Error> for Failure {
    fn from(error: atera::Error) -> Self {
        Failure::Service(error)
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        Failure::Database(error)
    }
}

/// How a list was read, and what that says of the records that did not come.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) strategy: crate::Strategy,
    /// Why it was read in full although its changes could have been asked for, or why some records were read one by one.
    pub(crate) why: Option<String>,
    /// When it began, by the clock of the service.
    pub(crate) began: Timestamp,
    pub(crate) outcome: Outcome,
    /// Whether an earlier run had begun it, so that a part of it is older than this sync.
    pub(crate) is_resumed: bool,
    /// Whether its rows are in a table that takes the place of the list's, since that is empty.
    pub(crate) has_fresh_table: bool,
}

/// What a reading has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All records came; those that did not are gone.
    Whole,
    /// All records came in one pass, by what the mirror knew of them; those that did not are gone.
    WholeAsKnown,
    /// What changed came, and what is gone is staged as such.
    Changes,
    /// The list did not settle.
    Unsettled,
    /// Its records have no ids.
    WithoutIds,
}
