//! Ctrl-C: the first ends what is waited for, so that what was printed can be finished; the second ends the process.

use tokio::sync::watch;

use super::failure::Failure;

/// Tells that Ctrl-C was pressed.
#[derive(Clone)]
pub(super) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Starts to listen, on a thread of the runtime that never waits for output.
    pub(super) fn listen() -> Self {
        let (tell, told) = watch::channel(false);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                tell.send_replace(true);
                let _ = tokio::signal::ctrl_c().await;
                std::process::exit(Failure::INTERRUPTED.into());
            }
            // Nothing can be listened to, so the first Ctrl-C ends the process as ever.
            std::future::pending::<()>().await;
        });
        Interrupt(told)
    }

    /// Waits for a future, or for Ctrl-C.
    pub(super) async fn or<T>(&self, future: impl Future<Output = T>) -> Result<T, Failure> {
        let mut told = self.0.clone();
        tokio::select! {
            biased;
            Ok(_) = told.wait_for(|pressed| *pressed) => Err(Failure::Interrupted(None)),
            value = future => Ok(value),
        }
    }
}
