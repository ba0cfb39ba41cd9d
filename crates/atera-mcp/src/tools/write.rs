//! `write`: a call that creates or changes records.

use serde::Deserialize;
use serde_json::Value;

use super::{context::CallContext, send::send};
use crate::{
    content::Answer,
    failure::Failure,
    level::Level,
    request::{self, Request},
    setup::Setup,
};

/// The arguments of `write` and `destroy`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallArguments {
    pub(crate) operation: String,
    #[serde(default)]
    pub(crate) arguments: Option<Value>,
    #[serde(default)]
    pub(crate) body: Option<Value>,
}

impl CallArguments {
    /// The call, checked, for the tool of this level.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` or `NotAllowed`.
    pub(crate) async fn check(
        self,
        setup: &Setup,
        context: CallContext<'_>,
        tool: Level,
    ) -> Result<Request, Failure> {
        let operation = request::operation(&self.operation)?;
        // An assistant that may not do it need not know what it takes.
        setup.check_access(operation)?;
        let mut request = Request::read(operation, self.arguments, self.body)?;
        setup.check_level(&request, tool)?;
        context
            .or_cancelled(setup.scope.check(&mut request, &setup.client))
            .await??;
        Ok(request)
    }
}

/// Writes.
///
/// # Errors
///
/// `InvalidRequest` and `NotAllowed` before anything is sent, and as [`send`].
pub(crate) async fn write(
    setup: &Setup,
    context: CallContext<'_>,
    arguments: CallArguments,
) -> Result<Answer, Failure> {
    let request = arguments.check(setup, context, Level::Write).await?;
    send(setup, context, &request, None).await
}
