//! The calls of one process that wait for a slot of a limit that it shares with others. One of each priority asks for it, and the
//! others wait for their turn, so that slots are first come, first served, and not each of them asks.
//!
//! A caller may stop polling its call for a while, as `buffered` does while the body of a loop runs. So a task has the
//! turn, and never the caller's own future: it goes on to the next call all the same.

use std::{
    collections::BTreeSet,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use atera::limit::{Priority, StoreError};
use tokio::{sync::OwnedMutexGuard, task::JoinHandle};

/// The calls that wait.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// By priority. The ids are in the order in which the calls came.
    ids: Mutex<[BTreeSet<u64>; 2]>,
    /// Held by the call of a priority that asks.
    turns: [Arc<tokio::sync::Mutex<()>>; 2],
}

/// A call that waits. It is not waiting any more when this is dropped.
pub(crate) struct Waiting {
    queue: Arc<Queue>,
    priority: Priority,
    id: u64,
}

/// The right to ask, until it is dropped.
pub(crate) struct Turn(#[expect(dead_code, reason = "it is held")] OwnedMutexGuard<()>);

impl Queue {
    /// Adds a call.
    pub(crate) fn enter(self: &Arc<Self>, priority: Priority, id: u64) -> Waiting {
        self.ids()[priority as usize].insert(id);
        Waiting {
            queue: self.clone(),
            priority,
            id,
        }
    }

    /// How many calls wait.
    pub(crate) fn len(&self) -> usize {
        self.ids().iter().map(BTreeSet::len).sum()
    }

    /// How many calls get a slot before this one: those of this process, and so many of other ones, by priority.
    pub(crate) fn ahead(&self, id: u64, of_others: [usize; 2]) -> Option<usize> {
        let ids = self.ids();
        let before = |priority: Priority| {
            let kind = priority as usize;
            of_others[kind] + ids[kind].range(..id).count()
        };
        let [interactive, background] = &*ids;
        if interactive.contains(&id) {
            return Some(before(Priority::Interactive));
        }
        background
            .contains(&id)
            .then(|| interactive.len() + before(Priority::Background))
    }

    /// Lines up for the turn. What this returns waits for it, in any task.
    pub(crate) async fn line_up(&self, priority: Priority) -> impl Future<Output = Turn> + Send + use<> {
        let mut turn = Box::pin(self.turns[priority as usize].clone().lock_owned());
        // Polled here once, so that the order is that of the callers and not of the tasks.
        let begun = poll_fn(|context| Poll::Ready(turn.as_mut().poll(context))).await;
        async move {
            Turn(match begun {
                Poll::Ready(turn) => turn,
                Poll::Pending => turn.await,
            })
        }
    }

    /// The ids, poisoned or not: they are inserted and removed in single steps.
    fn ids(&self) -> MutexGuard<'_, [BTreeSet<u64>; 2]> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.queue.ids()[self.priority as usize].remove(&self.id);
    }
}

/// A task that ends with the call that waits for it.
pub(crate) struct CallTask<T>(JoinHandle<Result<T, StoreError>>);

impl<T: Send + 'static> CallTask<T> {
    pub(crate) fn spawn(future: impl Future<Output = Result<T, StoreError>> + Send + 'static) -> Self {
        CallTask(tokio::spawn(future))
    }
}

impl<T> Future for CallTask<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let ended = Pin::new(&mut self.0).poll(context);
        ended.map(|result| result.unwrap_or_else(|error| Err(error.into())))
    }
}

impl<T> Drop for CallTask<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
