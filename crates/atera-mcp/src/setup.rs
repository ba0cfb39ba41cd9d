//! What all calls of a server share.

use std::{sync::Arc, time::Duration};

use atera::{Client, description::Operation};

#[cfg(feature = "mirror")]
use crate::mirrored::Mirrored;
use crate::{
    audit::Audit,
    command_line,
    confirm::{Questions, unseen},
    content::{Limits, Places},
    failure::Failure,
    level::{Access, Level},
    request::Request,
    scope::Scope,
    sent::Sent,
};

/// What all calls of a server share.
#[derive(Clone, Debug)]
pub(crate) struct Setup(Arc<Shared>);

/// The shared part.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Asks the service.
    pub(crate) client: Client,
    /// How much the assistant may do.
    pub(crate) access: Access,
    /// What it is narrowed to.
    pub(crate) scope: Scope,
    /// How long answers are.
    pub(crate) limits: Limits,
    /// The log.
    pub(crate) audit: Audit,
    /// The creates that were sent lately.
    pub(crate) sent: Sent,
    /// Where reads go on, if the cursor must not say it.
    pub(crate) places: Places,
    /// The questions to people that are not answered yet.
    pub(crate) questions: Questions,
    /// How long a person has for a yes.
    pub(crate) confirm_within: Duration,
    /// The mirror of the account.
    #[cfg(feature = "mirror")]
    pub(crate) mirror: Option<Mirrored>,
    /// The command that a person can run instead, up to the operation: `atera --profile acme`.
    pub(crate) command: String,
    /// What has to be known to run it for the same account.
    pub(crate) command_note: Option<String>,
}

impl std::ops::Deref for Setup {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Setup {
    pub(crate) fn new(shared: Shared) -> Self {
        Setup(Arc::new(shared))
    }

    /// The command that does the same as a call.
    pub(crate) fn command_line(&self, request: &Request) -> String {
        let line = command_line::of(&self.command, request);
        match &self.command_note {
            Some(note) => format!("{line}   ({note})"),
            None => line,
        }
    }

    /// Whether there is a mirror of the account.
    pub(crate) fn has_mirror(&self) -> bool {
        #[cfg(feature = "mirror")]
        return self.mirror.is_some();
        #[cfg(not(feature = "mirror"))]
        false
    }

    /// Whether an operation can be called, at its least level.
    pub(crate) fn offers(&self, operation: &'static Operation) -> bool {
        self.access.allows(Level::least(operation)) && self.scope.offers(operation)
    }

    /// Checks that the access allows an operation at all.
    ///
    /// # Errors
    ///
    /// `NotAllowed` if it does not.
    pub(crate) fn check_access(&self, operation: &'static Operation) -> Result<(), Failure> {
        let least = Level::least(operation);
        match self.access.allows(least) {
            true => Ok(()),
            false => Err(self.too_low(operation, least, "start the server with --access")),
        }
    }

    /// That the access is too low for a call of this level.
    fn too_low(&self, operation: &'static Operation, level: Level, way: &str) -> Failure {
        Failure::not_allowed(
            format!(
                "{} is not allowed: it is of level `{}`, and this server has the access `{}`",
                operation.id,
                level.tool(),
                self.access
            ),
            format!("tell the user, who can {way} {}", Access::for_level(level)),
        )
    }

    /// Checks that a call goes through this tool, and that the access allows it.
    ///
    /// # Errors
    ///
    /// `NotAllowed` if the access is too low, `InvalidRequest` if it goes through another tool.
    pub(crate) fn check_level(&self, request: &Request, tool: Level) -> Result<(), Failure> {
        let (level, id) = (request.level(), request.operation.id);
        if !self.access.allows(level) {
            // Of a command with what nobody sees, a person would run more than they read.
            let way = match unseen::check(request) {
                Ok(()) => format!(
                    "run `{}`, or start the server with --access",
                    self.command_line(request)
                ),
                Err(_) => "start the server with --access".to_string(),
            };
            return Err(self.too_low(request.operation, level, &way));
        }
        match level == tool {
            true => Ok(()),
            false => Err(Failure::invalid(
                format!(
                    "{id} was not sent: this call is of level `{}`, not `{}`",
                    level.tool(),
                    tool.tool()
                ),
                format!("use the tool `{}`", level.tool()),
            )),
        }
    }
}
