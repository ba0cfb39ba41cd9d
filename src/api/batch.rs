//! The same thing for many items.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};

use crate::{Error, ErrorKind, Result};

/// Does the same thing for many items, several at a time, and tells of each what came of it.
///
/// The rate limit is kept by the client, so there is no need to wait between items. Calls that nobody waits for are best
/// made by a client [in the background](crate::Client::with_priority).
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

/// Items that something is to be done for; see [`batch`].
#[derive(Clone, Debug)]
#[must_use = "nothing is done before `run` is awaited"]
pub struct Batch<T> {
    items: Vec<T>,
    concurrency: usize,
}

/// What came of an item.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome<R> {
    /// It was done.
    Done(R),
    /// It failed; [`applied`](Error::applied) tells whether it took effect all the same.
    Failed(Error),
    /// It was not tried, because another one had failed as this one would have: the key was refused.
    NotTried,
}

/// What came of all items, in their order.
#[derive(Debug)]
#[must_use = "some may have failed"]
pub struct Report<T, R> {
    /// Each item with its outcome.
    pub items: Vec<(T, Outcome<R>)>,
}

impl<T> Batch<T> {
    /// How many items are under way at a time; 10 by default, and at least 1.
    pub fn concurrency(mut self, items: usize) -> Self {
        self.concurrency = items.max(1);
        self
    }
}

impl<T: Clone> Batch<T> {
    /// Does it for every item. If the key is refused no further item is begun, and those under way are finished.
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
    /// The items that were done, with what came of them.
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

    /// Whether all of it was done.
    pub fn is_done(&self) -> bool {
        self.items
            .iter()
            .all(|(_, outcome)| matches!(outcome, Outcome::Done(_)))
    }
}
