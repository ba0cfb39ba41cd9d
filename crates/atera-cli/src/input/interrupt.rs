//! Signals that ask the command to end: Ctrl-C, SIGTERM of a service manager, SIGHUP of a terminal that closes. The first one
//! stops the waiting, so that the output can be completed; the second one ends the process.
//!
//! A walk that is stopped still closes its JSON array or draws its table, and an export can be resumed. The signals are caught
//! only when the command starts to ask the service: before that, they end the process at once, as usual.

use tokio::sync::watch;

use super::signals::Signals;
use crate::output::{exit_code::Signal, failure::Failure};

/// Whether a signal has come. A clone watches for the same ones.
#[derive(Clone)]
pub(crate) struct Interrupt(watch::Receiver<Option<Signal>>);

impl Interrupt {
    /// Starts to listen, in a task of its own. The runtime has a thread beside the main one for it, since the main thread may
    /// block on the reader of the output.
    pub(crate) fn listen() -> Self {
        let (tell, told) = watch::channel(None);
        let mut signals = Signals::catch();
        tokio::spawn(async move {
            let first = signals.next().await;
            tell.send_replace(Some(first));
            let second = signals.next().await;
            std::process::exit(second.exit_code().into());
        });
        Interrupt(told)
    }

    /// The signal that has come, if one has.
    pub(crate) fn seen(&self) -> Option<Signal> {
        *self.0.borrow()
    }

    /// Waits for a future, or for a signal, whichever comes first. A signal that came earlier counts.
    pub(crate) async fn or<T>(&self, future: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            signal = self.signal() => Err(Failure::Interrupted(signal, None)),
            value = future => Ok(value),
        }
    }

    /// Waits for the first signal.
    async fn signal(&self) -> Signal {
        let mut told = self.0.clone();
        match told.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(signal)) => *signal,
            // The task that tells ends with the process alone.
            _ => std::future::pending().await,
        }
    }
}
