//! How a server is set up.

use std::time::Duration;

use atera::Client;

#[cfg(feature = "mirror")]
use crate::mirrored::Mirrored;
use crate::{
    audit::Audit,
    confirm::Questions,
    content::{Limits, Places},
    level::Access,
    scope::Scope,
    sent::Sent,
    server::AteraServer,
    setup::{Setup, Shared},
};

/// How long a person has for a yes, if nothing else is said.
const CONFIRM_WITHIN: Duration = Duration::from_secs(180);

/// Sets a server up. Made by [`AteraServer::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct AteraServerBuilder {
    client: Client,
    access: Access,
    groups: Vec<String>,
    customer: Option<i64>,
    audit: Audit,
    #[cfg(feature = "mirror")]
    mirror: Option<Mirrored>,
    confirm_within: Duration,
    limits: Limits,
    command: String,
    command_note: Option<String>,
}

impl AteraServer {
    /// A server that asks with this client, to be set up further.
    pub fn builder(client: Client) -> AteraServerBuilder {
        AteraServerBuilder::new(client)
    }
}

impl AteraServerBuilder {
    fn new(client: Client) -> Self {
        AteraServerBuilder {
            client,
            access: Access::default(),
            groups: Vec::new(),
            customer: None,
            audit: Audit::default(),
            #[cfg(feature = "mirror")]
            mirror: None,
            confirm_within: CONFIRM_WITHIN,
            limits: Limits::default(),
            command: "atera".to_string(),
            command_note: None,
        }
    }

    /// How much assistants may do; [`Access::Read`] by default.
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Narrows the server to some groups of operations, as in `tickets`. Without any, it has all.
    pub fn groups<T: Into<String>>(mut self, groups: impl IntoIterator<Item = T>) -> Self {
        self.groups = groups.into_iter().map(Into::into).collect();
        self
    }

    /// Narrows the server to one customer, by its id. Records of others are not shown and cannot be changed; operations that do not
    /// tell whose records they are about are refused.
    pub fn customer(mut self, customer: i64) -> Self {
        self.customer = Some(customer);
        self
    }

    /// Where calls are written down; nowhere by default.
    pub fn audit(mut self, audit: Audit) -> Self {
        self.audit = audit;
        self
    }

    /// About how many characters an answer has at most; 24,000 by default.
    pub fn answer_limit(mut self, characters: usize) -> Self {
        self.limits.answer = characters.max(1_000);
        self.limits.text = self.limits.text.min(self.limits.answer / 4);
        self
    }

    /// A mirror of the account, for the tools `query` and `report`. The reports are those that are built in, unless others are
    /// given.
    ///
    /// SQL cannot be narrowed, so a server that is [narrowed](AteraServerBuilder::customer) has neither tool, whatever is set here.
    /// Whatever a mirror has can be asked for; leave fields out of it with its redaction.
    #[cfg(feature = "mirror")]
    pub fn mirror(
        mut self,
        mirror: atera_mirror::Mirror,
        reports: Option<atera_mirror::report::Reports>,
    ) -> Self {
        let reports = reports.unwrap_or_else(atera_mirror::report::Reports::built_in);
        self.mirror = Some(Mirrored { mirror, reports });
        self
    }

    /// How long a person has to confirm a call; three minutes by default.
    pub fn confirm_within(mut self, time: Duration) -> Self {
        self.confirm_within = time;
        self
    }

    /// The command that a person can run where they cannot be asked, up to the operation; `atera` by default.
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }

    /// What a person has to know to run that command for the same account, as which variables of the environment have to be set;
    /// nothing by default. It is told beside each command, and must not have the key in it.
    pub fn command_note(mut self, note: impl Into<String>) -> Self {
        self.command_note = Some(note.into());
        self
    }

    /// The server.
    ///
    /// # Errors
    ///
    /// `Config` if a group does not exist.
    pub fn build(self) -> atera::Result<AteraServer> {
        let scope = Scope::new(&self.groups, self.customer)?;
        #[cfg(feature = "mirror")]
        let mirror = self.mirror.filter(|_| scope.is_everything());
        Ok(AteraServer::new(Setup::new(Shared {
            client: self.client,
            access: self.access,
            scope,
            limits: self.limits,
            audit: self.audit,
            sent: Sent::default(),
            places: Places::default(),
            questions: Questions::default(),
            confirm_within: self.confirm_within,
            #[cfg(feature = "mirror")]
            mirror,
            command: self.command,
            command_note: self.command_note,
        })))
    }
}
