//! What came of a sync.

use atera::{ErrorKind, Timestamp};

use crate::state::{ListState, ListStatus, Strategy};

/// What came of a sync, list by list.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The lists that were asked for, in the order of the description, and then what belongs to records.
    pub lists: Vec<ListReport>,
    /// When the sync began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How many requests were sent.
    pub requests: u64,
    /// The tables and columns that this version of the program has added to a mirror of an earlier one, such as `tickets.color`.
    pub added: Vec<String>,
}

/// What came of the sync of a list.
#[derive(Debug)]
#[non_exhaustive]
pub struct ListReport {
    /// The name of its table.
    pub list: String,
    /// How it was read.
    pub strategy: Strategy,
    /// Why it was read in full although its changes could have been asked for, or why some records were read one by one.
    pub why: Option<String>,
    /// How it is now.
    pub state: ListState,
    /// What is wrong with it, if anything is. The kind tells what to do, and the message says it.
    pub problem: Option<atera::Error>,
    /// Records that came: were found new.
    pub inserted: u64,
    /// Records that have changed.
    pub updated: u64,
    /// Records that are gone.
    pub deleted: u64,
    /// Records that were gone and came back.
    pub undeleted: u64,
    /// Records that exist.
    pub records: u64,
    /// How many requests were sent for it.
    pub requests: u64,
    /// Whether a part of it was read by an earlier sync that was stopped. Then it is as of the time at which that one began to read it.
    pub is_resumed: bool,
}

impl Report {
    /// Whether every list is up to date, and all of its values are in their columns.
    pub fn is_success(&self) -> bool {
        self.problems().next().is_none()
    }

    /// The lists with a problem.
    pub fn problems(&self) -> impl Iterator<Item = (&ListReport, &atera::Error)> {
        self.lists
            .iter()
            .filter_map(|list| Some((list, list.problem.as_ref()?)))
    }

    /// The problem that another sync helps least, by which a program can choose its exit code.
    pub fn worst(&self) -> Option<&atera::Error> {
        let problems = self.problems().map(|(_, error)| error);
        problems.max_by_key(|error| match error.kind() {
            ErrorKind::Unauthorized => 6,
            ErrorKind::Forbidden => 5,
            ErrorKind::Decode => 4,
            ErrorKind::Rejected | ErrorKind::InvalidRequest | ErrorKind::NotFound => 3,
            ErrorKind::Unsettled => 2,
            ErrorKind::Server => 1,
            _ => 0,
        })
    }
}

impl ListReport {
    /// What a list is after its sync.
    pub(crate) fn new(status: &ListStatus, problem: Option<atera::Error>) -> Self {
        ListReport {
            list: status.list.clone(),
            strategy: status.strategy,
            why: status.why.clone(),
            state: status.state,
            problem,
            inserted: status.inserted,
            updated: status.updated,
            deleted: status.deleted,
            undeleted: status.undeleted,
            records: status.records,
            requests: 0,
            is_resumed: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_problem_is_the_one_that_another_sync_helps_least() {
        let now = Timestamp::now();
        let list = |kind: Option<ErrorKind>| {
            let problem = kind.map(|kind| atera::Error::new(kind, "why"));
            ListReport::new(&ListStatus::new("tickets"), problem)
        };
        let report = |kinds: &[Option<ErrorKind>]| Report {
            lists: kinds.iter().map(|kind| list(*kind)).collect(),
            began: now,
            ended: now,
            requests: 0,
            added: Vec::new(),
        };
        let kinds = [
            ErrorKind::Timeout,
            ErrorKind::Server,
            ErrorKind::Unsettled,
            ErrorKind::Decode,
            ErrorKind::Forbidden,
        ];
        for (place, kind) in kinds.iter().enumerate() {
            let kinds: Vec<_> = kinds[..=place]
                .iter()
                .map(|kind| Some(*kind))
                .chain([None])
                .collect();
            assert_eq!(report(&kinds).worst().map(atera::Error::kind), Some(*kind));
            assert!(!report(&kinds).is_success());
        }
        assert!(report(&[None, None]).is_success());
    }
}
