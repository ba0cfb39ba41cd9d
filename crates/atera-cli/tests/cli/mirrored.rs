//! Mirrors for the tests, in a file of SQLite and in Postgres, and the sandboxes that they are of.

use std::path::PathBuf;

use atera::RateLimit;
use atera_sandbox::SandboxBuilder;
use tempfile::TempDir;

use super::*;

/// Where a mirror is, for a test.
pub(super) struct Place {
    pub(super) folder: TempDir,
    /// The database of Postgres. Without one, it is a file.
    pub(super) url: Option<String>,
}

impl Place {
    pub(super) fn file() -> Self {
        Place {
            folder: tempfile::tempdir().expect("a folder"),
            url: None,
        }
    }

    /// A file and a database of Postgres. The latter is missing, and that is said, where no server is installed.
    pub(super) fn both() -> Vec<Self> {
        let mut places = vec![Place::file()];
        if let Some(url) = atera_testkit::postgres::new_database() {
            places.push(Place {
                url: Some(url),
                ..Place::file()
            });
        }
        places
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("account.db")
    }

    /// What names it: the path or the address.
    pub(super) fn named(&self) -> String {
        self.url
            .clone()
            .unwrap_or_else(|| self.path().display().to_string())
    }

    /// The command, without a service.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = atera(&["mirror"]);
        command.args(arguments);
        self.at(command)
    }

    /// A command, with the mirror here.
    pub(super) fn at(&self, mut command: Command) -> Command {
        match &self.url {
            Some(url) => command.env("ATERA_DATABASE_URL", url),
            None => command.arg("--db").arg(self.path()),
        };
        command
    }

    /// The command against the sandbox.
    pub(super) fn against(&self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command
            .env("ATERA_BASE_URL", sandbox.base_url())
            .env("ATERA_API_KEY", sandbox.api_key())
            .env("ATERA_RATE_LIMIT", "off");
        command
    }

    pub(super) async fn run(&self, arguments: &[&str]) -> Output {
        output(self.command(arguments)).await
    }

    pub(super) async fn sync(&self, sandbox: &Sandbox, arguments: &[&str]) -> Output {
        let arguments = [&["sync"], arguments].concat();
        output(self.against(sandbox, &arguments)).await
    }

    /// A sandbox whose account is mirrored here. The arguments are those of the sync.
    pub(super) async fn mirrored(&self, builder: SandboxBuilder, arguments: &[&str]) -> Sandbox {
        let sandbox = start(builder).await;
        assert_success(&self.sync(&sandbox, arguments).await);
        sandbox
    }

    /// What a query answers, as CSV without its heading.
    pub(super) async fn ask(&self, sql: &str) -> String {
        let answer = self
            .run(&["query", sql, "-o", "csv", "--no-header", "--quiet"])
            .await;
        assert_success(&answer);
        assert_eq!(stderr(&answer), "");
        stdout(&answer).to_string()
    }
}

/// A small account without a limit.
pub(super) fn small() -> SandboxBuilder {
    let builder = Sandbox::builder()
        .tickets(120)
        .customers(12)
        .contacts(30)
        .agents(15);
    builder.alerts(20).rate_limit(RateLimit::off())
}

pub(super) async fn start(builder: SandboxBuilder) -> Sandbox {
    builder.start().await.expect("a sandbox")
}
