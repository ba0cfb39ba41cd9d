//! A mirror, and the service that it is of: one sync, with its progress, and what is said of the lists.

use std::{
    collections::HashMap,
    fmt::Display,
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
};

use atera::Client;
use atera_mirror::{ErrorKind, Mirror, Plan, Progress as ListProgress, Report, SyncOptions};

use super::{failure::failure, outcome};
use crate::{
    input::{connection::Connection, globals::Globals, interrupt::Interrupt},
    output::{failure::Failure, progress::Progress, terminal::tell},
};

/// What the mirror of a sandbox of the command's own calls the service: each has another address, and the same data.
const SANDBOX: &str = "sandbox";

/// A mirror, and the service that it is of.
pub(crate) struct Account<'a> {
    pub(crate) mirror: Mirror,
    pub(crate) connection: Connection,
    pub(crate) client: Client,
    options: SyncOptions,
    globals: &'a Globals,
    pub(crate) interrupt: &'a Interrupt,
}

impl<'a> Account<'a> {
    /// Finds the key, and starts the sandbox if one is wanted.
    ///
    /// # Errors
    ///
    /// If there is no key.
    pub(crate) async fn new(
        mirror: Mirror,
        options: SyncOptions,
        globals: &'a Globals,
        interrupt: &'a Interrupt,
    ) -> Result<Self, Failure> {
        let connection = interrupt.or(Connection::open(globals)).await??;
        let client = connection.client()?;
        let options = match connection.is_sandbox() {
            true => options.service(SANDBOX),
            false => options,
        };
        Ok(Account {
            mirror,
            connection,
            client,
            options,
            globals,
            interrupt,
        })
    }

    /// Syncs what was asked for.
    ///
    /// # Errors
    ///
    /// If the mirror cannot be written, or a signal comes. What goes wrong with lists is in the report.
    pub(crate) async fn once(&self) -> Result<Report, Failure> {
        self.sync(&self.options).await
    }

    /// What a sync would request.
    ///
    /// # Errors
    ///
    /// If the mirror cannot be read or made, or a signal comes.
    pub(crate) async fn plan(&self) -> Result<Plan, Failure> {
        let planned = self.mirror.plan(&self.client, &self.options);
        self.interrupt.or(planned).await?.map_err(|error| failure(&error))
    }

    /// Syncs what these options ask for, and fails if that cannot be done.
    async fn sync(&self, options: &SyncOptions) -> Result<Report, Failure> {
        self.attempt(options).await?.map_err(|error| failure(&error))
    }

    /// Syncs what these options ask for, unless a signal comes.
    async fn attempt(&self, options: &SyncOptions) -> Result<atera_mirror::Result<Report>, Failure> {
        let bar = Arc::new(Bar {
            progress: Progress::new(!self.globals.quiet, true, &self.globals.waits),
            lists: Mutex::default(),
        });
        let told = Arc::clone(&bar);
        let options = options.clone().on_progress(move |progress| told.note(progress));
        let synced = self.interrupt.or(self.mirror.sync(&self.client, &options)).await;
        // The bar disappears with its last owner, before anything else is printed.
        drop((options, bar));
        synced.map_err(|failure| match failure {
            Failure::Interrupted(signal, _) => Failure::Interrupted(
                signal,
                Some("stopped; the next sync goes on where it was".to_string()),
            ),
            failure => failure,
        })
    }

    /// A round of `--every`. What came of it is told. It breaks off at a signal, and at what no further round can help.
    pub(crate) async fn round(&self) -> ControlFlow<Result<(), Failure>, Result<(), Failure>> {
        match self.attempt(&self.options).await {
            Ok(Ok(report)) => {
                self.remark(format!("{}: {}", report.ended, outcome::summary(&report)));
                ControlFlow::Continue(self.judge(report))
            }
            Ok(Err(error)) if matches!(error.kind(), ErrorKind::Config | ErrorKind::Newer) => {
                ControlFlow::Break(Err(failure(&error)))
            }
            Ok(Err(error)) => ControlFlow::Continue(Err(failure(&error))),
            Err(signal) => ControlFlow::Break(Err(signal)),
        }
    }

    /// Syncs these lists for a query. Returns whether one of them was read in part by an earlier sync, and may be as old as that.
    ///
    /// # Errors
    ///
    /// If one of them is not whole afterwards.
    pub(crate) async fn only(&self, lists: &[String], children: &[String]) -> Result<bool, Failure> {
        let options = self.options.clone().only(lists);
        let options = options.and_then(|options| options.with(children));
        let report = self.sync(&options.map_err(|error| failure(&error))?).await?;
        let is_resumed = report.lists.iter().any(|list| list.is_resumed);
        self.judge(report).map(|()| is_resumed)
    }

    /// Says something on stderr, unless the command is to be quiet.
    pub(crate) fn remark(&self, what: impl Display) {
        if !self.globals.quiet {
            tell(what);
        }
    }

    /// Tells what is wrong with lists, and fails with the one that decides.
    pub(crate) fn judge(&self, report: Report) -> Result<(), Failure> {
        let mut failures = outcome::failures(report, &self.connection);
        let last = failures.pop();
        for sentence in failures.iter().filter_map(Failure::sentence) {
            tell(format!("atera: {sentence}"));
        }
        last.map_or(Ok(()), Err)
    }
}

/// The progress of all lists in one bar.
struct Bar {
    progress: Progress,
    /// How many records of each list have come, and how many it has.
    lists: Mutex<HashMap<String, (u64, u64)>>,
}

impl Bar {
    fn note(&self, list: &ListProgress) {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, total) = lists.entry(list.list.clone()).or_default();
        // A list is read again in case a record was missed, which brings none.
        *read = list.read.max(*read);
        *total = list.total.unwrap_or(*read).max(*read);
        let sums = lists.values().fold((0, 0), |(reads, totals), (read, total)| {
            (reads + read, totals + total)
        });
        drop(lists);
        self.progress.plan(Some(sums.1));
        self.progress.reached(sums.0);
    }
}
