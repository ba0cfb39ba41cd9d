//! Chooses how a list is read.

use std::collections::BTreeSet;

use atera::{
    Timestamp,
    description::{ChangeFilter, Collection},
};
use chrono::TimeDelta;

use super::options::SyncOptions;
use crate::{
    schema::Table,
    state::{ListState, ListStatus},
};

/// How a list is to be read.
#[derive(Debug)]
pub(crate) enum Choice {
    /// All of it, and why, if its changes could have been asked for.
    Full(Option<String>),
    /// What has changed since a time.
    Changes(ChangeFilter, Timestamp),
    /// The records that show fields of others as they were before.
    Outdated(Outdated),
}

/// The records of a table that show fields of other lists as they were before.
#[derive(Debug)]
pub(crate) struct Outdated {
    /// Those lists.
    pub(crate) others: Vec<&'static str>,
    /// The keys of the records. `None` if it takes fewer requests to read all of the list.
    pub(crate) ids: Option<BTreeSet<String>>,
}

impl Outdated {
    /// Why they are read again.
    pub(crate) fn why(&self) -> String {
        let others = self.others.join(" and ");
        match &self.ids {
            Some(ids) if ids.len() == 1 => {
                format!("1 record shows fields of {others} that have changed, and is read by itself")
            }
            Some(ids) => format!(
                "{} records show fields of {others} that have changed, and are read one by one",
                ids.len()
            ),
            None => format!("it shows fields of {others} that have changed"),
        }
    }
}

/// Whether what the mirror has of a list counts as an earlier pass over it: it was complete, and not long ago two passes showed so.
pub(crate) fn knows_all(status: &ListStatus, options: &SyncOptions, now: Timestamp) -> bool {
    let full_every = TimeDelta::from_std(options.full_every).unwrap_or(TimeDelta::MAX);
    let is_recent = |walked: Timestamp| now.to_utc() - walked.to_utc() < full_every;
    !options.full && status.state == ListState::Complete && status.walked_as_of.is_some_and(is_recent)
}

/// The collection of a table.
pub(crate) fn collection(table: &'static Table) -> Option<Collection> {
    Collection::of(table.operation()?)
}

/// Chooses how a list is read.
pub(crate) fn choose(
    table: &'static Table,
    status: &ListStatus,
    options: &SyncOptions,
    now: Timestamp,
) -> Choice {
    let filter = collection(table).and_then(|collection| collection.change_filter());
    let (Some(filter), Some(walked)) = (filter, status.walked_as_of) else {
        return Choice::Full(None);
    };
    let full = |why: &str| Choice::Full(Some(why.to_string()));
    let full_every = TimeDelta::from_std(options.full_every).unwrap_or(TimeDelta::MAX);
    match status.as_of {
        _ if options.full => full("that was asked for"),
        // A failure leaves the rows as they were, so what changed since then can still be asked for.
        _ if !matches!(
            status.state,
            ListState::Complete | ListState::Failed | ListState::NoPermission
        ) =>
        {
            full("the last sync of it was not complete")
        }
        _ if now.to_utc() - walked.to_utc() >= full_every => full("it is time for it"),
        Some(as_of) => Choice::Changes(filter, as_of),
        None => full("it is not known as of when it is"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn changes_are_asked_for_if_the_list_was_read_in_full_not_long_ago() {
        let now = time("2026-03-08T09:00:00Z");
        let walked = |list: &str| {
            let mut status = ListStatus::new(list);
            status.enter(ListState::Complete, time("2026-03-02T09:00:00Z"));
            status.walked_as_of = Some(time("2026-03-02T09:00:00Z"));
            status.as_of = Some(time("2026-03-08T08:00:00Z"));
            status
        };
        let chosen = |status: &ListStatus, options: SyncOptions| {
            let table = Table::find(&status.list).unwrap();
            match choose(table, status, &options, now) {
                Choice::Full(why) => why.unwrap_or_default(),
                Choice::Changes(_, since) => since.to_string(),
                Choice::Outdated(outdated) => outdated.why(),
            }
        };
        let tickets = walked("tickets");
        assert_eq!(chosen(&tickets, SyncOptions::new()), "2026-03-08T08:00:00Z");
        assert_eq!(
            chosen(&tickets, SyncOptions::new().full(true)),
            "that was asked for"
        );
        let daily = SyncOptions::new().full_every(Duration::from_secs(24 * 60 * 60));
        assert_eq!(chosen(&tickets, daily), "it is time for it");
        assert_eq!(
            chosen(&walked("agents"), SyncOptions::new()),
            "",
            "it has no filter"
        );
        assert_eq!(
            chosen(&ListStatus::new("tickets"), SyncOptions::new()),
            "",
            "it was never read"
        );
        assert!(knows_all(&tickets, &SyncOptions::new(), now));
        assert!(!knows_all(&tickets, &SyncOptions::new().full(true), now));
        let daily = SyncOptions::new().full_every(Duration::from_secs(24 * 60 * 60));
        assert!(!knows_all(&tickets, &daily, now));
        let mut failed = tickets.clone();
        failed.enter(ListState::Failed, now);
        assert_eq!(chosen(&failed, SyncOptions::new()), "2026-03-08T08:00:00Z");
        failed.enter(ListState::Unsettled, now);
        assert!(!knows_all(&failed, &SyncOptions::new(), now));
        assert_eq!(
            chosen(&failed, SyncOptions::new()),
            "the last sync of it was not complete"
        );
    }
}
