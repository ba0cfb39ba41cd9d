//! Runs the same call for many items.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};

use crate::{Error, ErrorKind, Result};

/// Runs the same call for many items, several at a time, and reports the outcome of each.
///
/// The client keeps the rate limit, so there is no need to wait between items. If nobody waits for the calls, use a client
/// with [background priority](crate::Client::with_priority).
///
/// ```no_run
/// # async fn example(client: atera::Client, alerts: Vec<i64>) -> atera::Result<()> {
/// let report = atera::batch(alerts)
///     .concurrency(10)
///     .run(|alert| client.alerts().resolve(alert))
///     .await;
/// for (alert, error) in report.failed() {
///     eprintln!("alert {alert}: {error}");
/// }
/// # Ok(())
/// # }
/// ```
pub fn batch<T>(items: impl IntoIterator<Item = T>) -> Batch<T> {
    Batch {
        items: items.into_iter().collect(),
        concurrency: 10,
    }
}

/// The items of a batch; see [`batch`].
#[derive(Clone, Debug)]
#[must_use = "nothing is done before `run` is awaited"]
pub struct Batch<T> {
    items: Vec<T>,
    concurrency: usize,
}

/// The outcome of an item.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome<R> {
    /// The call succeeded.
    Done(R),
    /// The call failed; [`applied`](Error::applied) says whether it took effect nevertheless.
    Failed(Error),
    /// The call was not sent, because an earlier one failed in a way that this one would have too: the service refused the key,
    /// or the configuration is wrong.
    NotTried,
}

/// The outcomes of all items, in the order of the items.
#[derive(Debug)]
#[must_use = "some may have failed"]
pub struct Report<T, R> {
    /// Each item with its outcome.
    pub items: Vec<(T, Outcome<R>)>,
}

impl<T> Batch<T> {
    /// How many items are processed at a time; 10 by default, and at least 1.
    pub fn concurrency(mut self, items: usize) -> Self {
        self.concurrency = items.max(1);
        self
    }
}

impl<T: Clone> Batch<T> {
    /// Calls `act` for every item. After an error of kind `Unauthorized` or `Config`, no further item is started, and those in
    /// progress are finished.
    pub async fn run<R, F>(self, act: impl Fn(T) -> F) -> Report<T, R>
    where
        F: IntoFuture<Output = Result<R>>,
    {
        let stopped = AtomicBool::new(false);
        let tasks = self.items.into_iter().enumerate().map(|(index, item)| {
            let (act, stopped) = (&act, &stopped);
            async move {
                if stopped.load(Ordering::Relaxed) {
                    return (index, item, Outcome::NotTried);
                }
                let outcome = match act(item.clone()).into_future().await {
                    Ok(done) => Outcome::Done(done),
                    Err(error) => {
                        let fatal = matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Config);
                        stopped.fetch_or(fatal, Ordering::Relaxed);
                        Outcome::Failed(error)
                    }
                };
                (index, item, outcome)
            }
        });
        let mut items: Vec<_> = stream::iter(tasks)
            .buffer_unordered(self.concurrency)
            .collect()
            .await;
        items.sort_by_key(|(index, ..)| *index);
        let items = items.into_iter().map(|(_, item, outcome)| (item, outcome));
        Report {
            items: items.collect(),
        }
    }
}

impl<T, R> Report<T, R> {
    /// The items whose calls succeeded, with their results.
    pub fn done(&self) -> impl Iterator<Item = (&T, &R)> {
        self.items.iter().filter_map(|(item, outcome)| match outcome {
            Outcome::Done(done) => Some((item, done)),
            _ => None,
        })
    }

    /// The items that failed, with their errors.
    pub fn failed(&self) -> impl Iterator<Item = (&T, &Error)> {
        self.items.iter().filter_map(|(item, outcome)| match outcome {
            Outcome::Failed(error) => Some((item, error)),
            _ => None,
        })
    }

    /// The items that were not tried.
    pub fn not_tried(&self) -> impl Iterator<Item = &T> {
        self.items.iter().filter_map(|(item, outcome)| match outcome {
            Outcome::NotTried => Some(item),
            _ => None,
        })
    }

    /// Whether the calls of all items succeeded.
    pub fn is_done(&self) -> bool {
        self.items
            .iter()
            .all(|(_, outcome)| matches!(outcome, Outcome::Done(_)))
    }
}
