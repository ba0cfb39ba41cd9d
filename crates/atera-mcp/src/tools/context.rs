//! The call that a tool answers: how far it is, and whether it was cancelled.

use rmcp::{RoleServer, model::ProgressNotificationParam, service::RequestContext};

use crate::failure::{Failure, Kind};

/// The call that a tool answers.
#[derive(Clone, Copy)]
pub(crate) struct CallContext<'a> {
    /// The call as the protocol has it.
    pub(crate) request: &'a RequestContext<RoleServer>,
    /// Its number, in the log.
    pub(crate) call: &'a str,
    /// The program of the assistant, as it names itself.
    pub(crate) host: Option<&'a str>,
    /// The tool.
    pub(crate) tool: &'a str,
}

/// Whether a request came over HTTP, where there are no sessions.
pub(crate) fn is_over_http(request: &RequestContext<RoleServer>) -> bool {
    request.extensions.get::<http::request::Parts>().is_some()
}

impl CallContext<'_> {
    /// Waits for this, unless the call is cancelled. What is waited for is dropped then, and sends nothing more.
    ///
    /// # Errors
    ///
    /// `Cancelled` if it is.
    pub(crate) async fn or_cancelled<T>(self, wait: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.request.ct.cancelled() => Err(Failure::new(
                Kind::Cancelled,
                "the call was cancelled",
                "call again if it is still wanted",
            )),
            value = wait => Ok(value),
        }
    }

    /// Tells the host how far the call is, if it wants to know.
    pub(crate) async fn progress(self, reached: u64, total: Option<u64>) {
        let Some(token) = self.request.meta.get_progress_token() else {
            return;
        };
        // The numbers are for a bar on a screen.
        let mut progress = ProgressNotificationParam::new(token, reached as f64);
        if let Some(total) = total {
            progress = progress.with_total(total as f64);
        }
        // A host that is gone is noticed when it is answered.
        let _ = self.request.peer.notify_progress(progress).await;
    }
}
