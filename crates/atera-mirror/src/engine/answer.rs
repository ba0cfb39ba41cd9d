//! What a query answers: its columns, and its rows in batches.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::{
    query_error,
    value::{ColumnType, Value},
};
use crate::error::{Error, ErrorKind, Result};

/// How many rows a batch has at most.
const BATCH_ROWS: usize = 256;

/// How many bytes of text a batch has, if not one of its rows alone has more.
const BATCH_BYTES: usize = 256 * 1024;

/// How many batches wait for the reader of an answer.
const WAITING: usize = 2;

/// How many bytes of text a row has at most.
const LONGEST_ROW: usize = 16 << 20;

/// What stands for no end in time: ten years.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// When a query ends at the latest.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// How long it may take, until its last row has been taken from the [`Answer`].
    pub time: Duration,
    /// How many rows it may answer. Further rows are left out, and [`Answer::is_cut`] says so.
    pub rows: Option<u64>,
}

impl Default for Limits {
    /// A minute, and any number of rows.
    fn default() -> Self {
        Limits {
            time: Duration::from_secs(60),
            rows: None,
        }
    }
}

impl Limits {
    /// With this much time.
    pub fn time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// With at most so many rows.
    pub fn rows(mut self, rows: u64) -> Self {
        self.rows = Some(rows);
        self
    }

    /// When a query ends that begins now.
    pub(super) fn ends(&self) -> Instant {
        Instant::now() + self.time.min(LONGEST)
    }

    /// The error of a query that took too long.
    pub(super) fn timed_out(&self) -> Error {
        Error::new(
            ErrorKind::TimedOut,
            format!(
                "the query was stopped: it took longer than {} s; ask for less, or give it more time",
                self.time.as_secs_f64()
            ),
        )
    }
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerColumn {
    /// Its name.
    pub name: String,
    /// What its values are, if the database says so: SQLite does for columns of tables, and not for what is computed.
    pub column_type: Option<ColumnType>,
}

/// The rows that a query answers, while the database still looks for more. Dropping it ends the query.
#[derive(Debug)]
pub struct Answer {
    columns: Vec<AnswerColumn>,
    batches: mpsc::Receiver<Result<Batch>>,
    /// Until when to wait for the next rows.
    ends: Instant,
    limits: Limits,
    /// Whether rows were left out, once the end has come.
    end: Option<bool>,
}

/// What comes from the database.
#[derive(Debug)]
pub(super) enum Batch {
    Rows(Vec<Vec<Value>>),
    /// The last message: whether rows were left out.
    End {
        is_cut: bool,
    },
}

/// The end of the channel that the database writes to.
pub(super) type Sender = mpsc::Sender<Result<Batch>>;

impl Answer {
    /// An answer, and what writes to it.
    pub(super) fn channel() -> (Sender, mpsc::Receiver<Result<Batch>>) {
        mpsc::channel(WAITING)
    }

    pub(super) fn new(
        columns: Vec<AnswerColumn>,
        batches: mpsc::Receiver<Result<Batch>>,
        ends: Instant,
        limits: Limits,
    ) -> Self {
        Answer {
            columns,
            batches,
            ends,
            limits,
            end: None,
        }
    }

    /// Its columns.
    pub fn columns(&self) -> &[AnswerColumn] {
        &self.columns
    }

    /// The next rows, or `None` at the end.
    ///
    /// # Errors
    ///
    /// `TimedOut` if the query took too long, `Query` if a row has more than 16 MB, and whatever the database fails with.
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<Value>>>> {
        // The database has its own end in time, and may not come to it soon enough. What waits here already is taken all the same.
        let Ok(batch) = timeout_at(self.ends, self.batches.recv()).await else {
            return Err(self.limits.timed_out());
        };
        match batch {
            Some(Ok(Batch::Rows(rows))) => Ok(Some(rows)),
            Some(Ok(Batch::End { is_cut })) => {
                self.end = Some(is_cut);
                Ok(None)
            }
            Some(Err(error)) => Err(error),
            None if self.end.is_some() => Ok(None),
            None => Err(Error::new(
                ErrorKind::Database,
                "the query failed: its answer ended before its last row; ask again",
            )),
        }
    }

    /// All rows that are left.
    ///
    /// # Errors
    ///
    /// As [`next`](Answer::next).
    pub async fn all(&mut self) -> Result<Vec<Vec<Value>>> {
        let mut all = Vec::new();
        while let Some(rows) = self.next().await? {
            all.extend(rows);
        }
        Ok(all)
    }

    /// Whether rows were left out at the limit. It is known at the end.
    pub fn is_cut(&self) -> bool {
        self.end == Some(true)
    }
}

/// Gathers rows into batches, and counts them against the limit.
pub(super) struct Batches {
    left: u64,
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

impl Batches {
    pub(super) fn new(limits: &Limits) -> Self {
        Batches {
            left: limits.rows.unwrap_or(u64::MAX),
            rows: Vec::new(),
            bytes: 0,
        }
    }

    /// Whether another row is more than the limit.
    pub(super) fn is_full(&self) -> bool {
        self.left == 0
    }

    /// Adds a row. Returns a batch when there is enough for one.
    pub(super) fn push(&mut self, row: Vec<Value>) -> Option<Vec<Vec<Value>>> {
        self.left -= 1;
        self.bytes += row.iter().map(size).sum::<usize>();
        self.rows.push(row);
        let enough = self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES;
        enough.then(|| self.rest())
    }

    /// The rows that are not in a batch yet.
    pub(super) fn rest(&mut self) -> Vec<Vec<Value>> {
        self.bytes = 0;
        std::mem::take(&mut self.rows)
    }
}

/// Checks the length of a row before it is taken over, by those of its values.
///
/// # Errors
///
/// `Query` if it is too long.
pub(super) fn check_length(values: impl Iterator<Item = usize>) -> Result<()> {
    match values.sum::<usize>() > LONGEST_ROW {
        true => Err(query_error::row_too_long(LONGEST_ROW)),
        false => Ok(()),
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        _ => 8,
    }
}
