//! What a store is told. A call waits for it only so long, and what is left runs in the background.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures_util::future::{Either, select};
use tokio::runtime::Handle;

use super::store::{StoreError, StoreFuture};
use crate::clock;

/// The longest time that a call waits for a store to note something.
const PATIENCE: Duration = Duration::from_secs(1);

/// A report to a store that is on its way, or nothing to wait for. If it is dropped, it goes on in the background.
#[must_use = "a store that is waited for knows of the slot before the program ends"]
#[derive(Default)]
pub(crate) struct Reporting(Option<StoreFuture<()>>);

impl Reporting {
    pub(super) fn new(future: StoreFuture<()>) -> Self {
        Reporting(Some(future))
    }

    /// Waits until the store knows, but no longer than a second, nor beyond the time. What fails in the background is logged.
    pub(crate) async fn within(self, until: Option<Instant>) -> Result<(), StoreError> {
        if self.0.is_none() {
            return Ok(());
        }
        let end = clock::after(clock::now(), PATIENCE);
        let end = until.map_or(end, |until| until.min(end));
        // Boxed, because the future is large and most calls have no store.
        match Box::pin(select(self, Box::pin(clock::sleep_until(end)))).await {
            Either::Left((result, _)) => result,
            Either::Right(((), unfinished)) => {
                tracing::debug!("the store of the rate limit is slow; the call does not wait for it");
                drop(unfinished);
                Ok(())
            }
        }
    }
}

impl Future for Reporting {
    type Output = Result<(), StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else {
            return Poll::Ready(Ok(()));
        };
        let result = future.as_mut().poll(context);
        if result.is_ready() {
            self.0 = None;
        }
        result
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        // Without a runtime, the store takes the slot for one whose request was not answered.
        if let Some((future, runtime)) = self.0.take().zip(Handle::try_current().ok()) {
            runtime.spawn(async move {
                if let Err(error) = future.await {
                    tracing::warn!(error, "the store of the rate limit failed");
                }
            });
        }
    }
}
