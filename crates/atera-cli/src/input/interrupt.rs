//! Ctrl-C: the first one stops the waiting, so that the output can be completed; the second one ends the process.
//!
//! A walk that is stopped still closes its JSON array or draws its table, and an export can be resumed. The signal is caught
//! only when the command starts to ask the service: before that, Ctrl-C ends the process at once, as usual.

use tokio::sync::watch;

use crate::output::{exit_code, failure::Failure};

/// Whether Ctrl-C was pressed. A clone watches the same key.
#[derive(Clone)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Starts to listen, in a task of its own. The runtime has a thread beside the main one for it, since the main thread may
    /// block on the reader of the output.
    pub(crate) fn listen() -> Self {
        let (tell, told) = watch::channel(false);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                tell.send_replace(true);
                let _ = tokio::signal::ctrl_c().await;
                std::process::exit(exit_code::INTERRUPTED.into());
            }
            // Where no signal can be caught, Ctrl-C ends the process as usual. The sender must stay alive.
            std::future::pending::<()>().await;
        });
        Interrupt(told)
    }

    /// Waits for a future, or for Ctrl-C, whichever comes first. A Ctrl-C that was pressed earlier counts.
    pub(crate) async fn or<T>(&self, future: impl Future<Output = T>) -> Result<T, Failure> {
        let mut told = self.0.clone();
        tokio::select! {
            biased;
            Ok(_) = told.wait_for(|pressed| *pressed) => Err(Failure::Interrupted(None)),
            value = future => Ok(value),
        }
    }
}
