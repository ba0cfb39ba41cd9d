//! What came of each of many records: a row for each, one sentence about all, and the exit code.

use std::{
    cell::Cell,
    sync::atomic::{AtomicBool, Ordering},
};

use atera::{
    Error, ErrorKind,
    description::{Field, Kind, Operation, Schema},
};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::output::{exit_code, failure};

/// How many requests are on their way at a time. The rate limit is the brake; this bounds what is unfinished when something
/// goes wrong.
pub(crate) const SIDE_BY_SIDE: usize = 8;

/// The columns of the rows about writes.
pub(crate) static OUTCOME: Schema = {
    const FIELDS: &[Field] = &[
        Field::new("Id", Kind::Text),
        Field::new("Outcome", Kind::Text),
        Field::new("Reason", Kind::Text),
        Field::new("Answer", Kind::Any),
    ];
    let mut schema = Schema::new("Outcome", FIELDS);
    schema.id_field = Some("Id");
    schema
};

/// What came of one request.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    /// It took effect.
    Done(T),
    /// It failed.
    Failed(Error),
    /// It was not sent, because an earlier one failed in a way that concerns all, or because a signal came.
    NotTried,
}

impl<T> Outcome<T> {
    /// A row about a write of the record with this id.
    pub(crate) fn row(&self, id: &str, answer: impl FnOnce(&T) -> Value) -> Value {
        let (outcome, reason, answer) = match self {
            Outcome::Done(done) => ("done", Value::Null, answer(done)),
            Outcome::Failed(error) => ("failed", failure::of_call(error).into(), Value::Null),
            Outcome::NotTried => ("not tried", Value::Null, Value::Null),
        };
        json!({"Id": id, "Outcome": outcome, "Reason": reason, "Answer": answer})
    }
}

/// Whether to go on with further records.
#[derive(Debug, Default)]
pub(crate) struct Brake(AtomicBool);

impl Brake {
    /// Whether no further request is to be sent.
    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Sends no further requests.
    pub(crate) fn pull(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Sends no further requests if this failure would meet them as well: a key that is refused or lacks the permission, or a
    /// setup that is wrong.
    pub(crate) fn heed(&self, error: &Error) {
        let concerns_all = matches!(
            error.kind(),
            ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::Config
        );
        if concerns_all {
            self.pull();
        }
    }
}

/// How many rows may still fail. No more rows are on their way than that, so no more of them fail.
#[derive(Debug)]
pub(crate) struct Allowance {
    /// One permit for each failure that is left.
    left: Semaphore,
    most: u64,
    failed: Cell<u64>,
}

impl Allowance {
    /// So many failures, or any number of them.
    pub(crate) fn new(most: Option<u64>) -> Self {
        let permits = most.and_then(|most| usize::try_from(most).ok());
        Allowance {
            left: Semaphore::new(permits.map_or(Semaphore::MAX_PERMITS, |it| it.min(Semaphore::MAX_PERMITS))),
            most: most.unwrap_or(u64::MAX),
            failed: Cell::new(0),
        }
    }

    /// Waits until one more row may be on its way. `None` if so many failed that none may.
    pub(crate) async fn share(&self) -> Option<SemaphorePermit<'_>> {
        self.left.acquire().await.ok()
    }

    /// Counts a failure of the row that had this share.
    pub(crate) fn spend(&self, share: SemaphorePermit<'_>) {
        share.forget();
        self.failed.set(self.failed.get() + 1);
        if self.is_spent() {
            self.left.close();
        }
    }

    /// Whether no row may be sent any more.
    pub(crate) fn is_spent(&self) -> bool {
        self.failed.get() >= self.most
    }
}

/// How many records came to what, and the first failure.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    done: usize,
    failed: usize,
    not_tried: usize,
    first: Option<(u8, String)>,
}

impl Tally {
    /// Counts the outcome of the record with this id.
    pub(crate) fn count<T>(&mut self, id: &str, outcome: &Outcome<T>) {
        match outcome {
            Outcome::Done(_) => self.done += 1,
            Outcome::NotTried => self.not_tried += 1,
            Outcome::Failed(error) => {
                self.failed += 1;
                self.first.get_or_insert_with(|| {
                    (
                        exit_code::of(error.kind()),
                        format!("{id}: {}", failure::of_call(error)),
                    )
                });
            }
        }
    }

    /// Whether every record succeeded.
    pub(crate) fn is_done(&self) -> bool {
        self.failed == 0 && self.not_tried == 0
    }

    /// The exit code of the first failure.
    pub(crate) fn code(&self) -> u8 {
        self.first.as_ref().map_or(exit_code::FAILED, |(code, _)| *code)
    }

    /// The sentence about all records.
    pub(crate) fn sentence(&self, operation: &Operation) -> String {
        let mut sentence = format!("{}: {}", operation.id, self.counts());
        if let Some((_, first)) = &self.first {
            sentence.push_str(&format!("; the first failure is that of {first}"));
        }
        sentence
    }

    /// How many records came to what.
    pub(crate) fn counts(&self) -> String {
        let all = self.done + self.failed + self.not_tried;
        let mut counts = format!("{} of {all} done", self.done);
        if self.failed > 0 {
            counts.push_str(&format!(", {} failed", self.failed));
        }
        if self.not_tried > 0 {
            counts.push_str(&format!(", {} not tried", self.not_tried));
        }
        counts
    }
}
