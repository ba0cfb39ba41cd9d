//! A user's query: SQLite itself refuses what would do more than read, and stops what takes too long.
//!
//! It looks at the time between two instructions of its machine, and a function is one of them, which may take seconds with long
//! texts. So whoever waits for the answer has a clock too. The thread then goes on to the end of the function, and nobody waits for
//! it, not even the end of the process.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use rusqlite::{
    Connection, ErrorCode, Statement,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
};
use tokio::{sync::oneshot, time::timeout_at};

use super::{connection::reading, convert};
use crate::{
    engine::{
        answer::{Answer, AnswerColumn, Batch, Batches, Limits, Sender, check_length},
        query_error::{self, refused},
        value::Value,
    },
    error::{Error, ErrorKind, Flaw, Result},
};

/// How many instructions of SQLite's machine run between two looks at the time.
const LOOK_EVERY: i32 = 1000;

/// The longest value that a query can make, and the longest row that it can sort, in bytes. The longest records are below. Functions
/// that look for one text in another take a minute with texts of this length, at most.
const LONGEST_VALUE: i32 = 4 << 20;

/// The longest pattern of `LIKE` and `GLOB`, in bytes. Each of its characters may be compared with each of the text.
const LONGEST_PATTERN: i32 = 1000;

/// How many columns an answer can have; no table has half as many. All values of a row are in memory at once.
const MOST_COLUMNS: i32 = 256;

/// What can be asked with PRAGMA, and changes nothing. Full-text search needs `data_version`.
const PRAGMAS: [&str; 10] = [
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "function_list",
    "pragma_list",
    "compile_options",
    "data_version",
];

/// Functions that do more than compute.
const FUNCTIONS: [&str; 2] = ["load_extension", "fts3_tokenizer"];

/// Runs a query on a thread of its own. One for blocking work would keep the program from ending.
pub(super) async fn ask(
    path: PathBuf,
    sql: String,
    parameters: Vec<(String, Value)>,
    limits: Limits,
) -> Result<Answer> {
    let ends = limits.ends();
    let (sender, batches) = Answer::channel();
    let (head, columns) = oneshot::channel();
    let is_over = Arc::new(AtomicBool::new(false));
    let timer = tokio::spawn({
        let is_over = is_over.clone();
        async move {
            tokio::time::sleep_until(ends).await;
            is_over.store(true, Ordering::Relaxed);
        }
    });
    let thread = std::thread::Builder::new().name("atera-query".to_string());
    let started = thread.spawn(move || {
        let query = Query {
            sql,
            parameters,
            limits,
            is_over,
            denied: Arc::default(),
        };
        let mut head = Some(head);
        let result = reading(&path).and_then(|connection| query.run(connection, &mut head, &sender));
        timer.abort();
        match (result, head) {
            // Without a receiver, nobody waits for the answer any more.
            (Err(error), Some(head)) => drop(head.send(Err(error))),
            (Err(error), None) => drop(sender.blocking_send(Err(error))),
            (Ok(()), _) => {}
        }
    });
    if let Err(error) = started {
        let sentence = "the query failed: the system has no thread for it; ask again when fewer queries run";
        return Err(Error::new(ErrorKind::Database, sentence).with_source(error));
    }
    match timeout_at(ends, columns).await {
        Ok(Ok(columns)) => Ok(Answer::new(columns?, batches, ends, limits)),
        Ok(Err(_)) => Err(Error::new(
            ErrorKind::Database,
            "the query failed: its thread has ended; ask again",
        )),
        Err(_) => Err(limits.timed_out()),
    }
}

type Head = oneshot::Sender<Result<Vec<AnswerColumn>>>;

struct Query {
    sql: String,
    parameters: Vec<(String, Value)>,
    limits: Limits,
    /// Set when the time is over.
    is_over: Arc<AtomicBool>,
    /// What SQLite was told to refuse.
    denied: Arc<Mutex<Option<String>>>,
}

impl Query {
    fn run(&self, mut connection: Connection, head: &mut Option<Head>, sender: &Sender) -> Result<()> {
        let failed = |error: rusqlite::Error| self.failed(&error);
        self.guard(&mut connection, sender).map_err(failed)?;
        let mut statement = connection.prepare(&self.sql).map_err(failed)?;
        if !statement.readonly() || statement.column_count() == 0 {
            return Err(refused("it is no statement that only reads"));
        }
        self.bind(&mut statement)?;
        let types = convert::column_types(&statement);
        let names = statement.column_names();
        let columns = names.zip(&types).map(|(name, column_type)| AnswerColumn {
            name: name.to_string(),
            column_type: *column_type,
        });
        let columns = columns.collect();
        if let Some(head) = head.take() {
            let _ = head.send(Ok(columns));
        }
        let mut batches = Batches::new(&self.limits);
        let mut rows = statement.raw_query();
        let mut is_cut = false;
        while let Some(row) = rows.next().map_err(failed)? {
            if batches.is_full() {
                is_cut = true;
                break;
            }
            check_length((0..types.len()).map(|index| convert::length(row, index)))?;
            let row = convert::values(row, &types).map_err(failed)?;
            if let Some(batch) = batches.push(row)
                && sender.blocking_send(Ok(Batch::Rows(batch))).is_err()
            {
                return Ok(());
            }
            if self.is_over.load(Ordering::Relaxed) {
                return Err(self.limits.timed_out());
            }
        }
        let _ = sender.blocking_send(Ok(Batch::Rows(batches.rest())));
        let _ = sender.blocking_send(Ok(Batch::End { is_cut }));
        Ok(())
    }

    /// Tells SQLite what to allow, and when to stop.
    fn guard(&self, connection: &mut Connection, sender: &Sender) -> rusqlite::Result<()> {
        let denied = self.denied.clone();
        for (limit, value) in [
            (Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE),
            (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LONGEST_PATTERN),
            (Limit::SQLITE_LIMIT_COLUMN, MOST_COLUMNS),
        ] {
            connection.set_limit(limit, value)?;
        }
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            match refusal(context.action) {
                None => Authorization::Allow,
                Some(reason) => {
                    if let Ok(mut denied) = denied.lock() {
                        denied.get_or_insert(reason);
                    }
                    Authorization::Deny
                }
            }
        }))?;
        let (is_over, sender) = (self.is_over.clone(), sender.clone());
        // The query also ends when nobody waits for its answer any more.
        let stop = move || is_over.load(Ordering::Relaxed) || sender.is_closed();
        connection.progress_handler(LOOK_EVERY, Some(stop))
    }

    fn bind(&self, statement: &mut Statement<'_>) -> Result<()> {
        let mut unused: Vec<_> = self.parameters.iter().map(|(name, _)| name.as_str()).collect();
        for number in 1..=statement.parameter_count() {
            let name = statement.parameter_name(number).unwrap_or("?");
            let Some(name) = name.strip_prefix(':') else {
                return Err(query_error::numbered_parameter(name));
            };
            let value = self.parameters.iter().find(|(it, _)| it == name);
            let (_, value) = value.ok_or_else(|| query_error::no_value(name))?;
            unused.retain(|it| *it != name);
            statement
                .raw_bind_parameter(number, value)
                .map_err(|error| self.failed(&error))?;
        }
        match unused.first() {
            None => Ok(()),
            Some(name) => Err(query_error::no_parameter(name)),
        }
    }

    fn failed(&self, error: &rusqlite::Error) -> Error {
        if let Some(reason) = self.denied.lock().ok().and_then(|mut denied| denied.take()) {
            return refused(&reason);
        }
        match error {
            rusqlite::Error::MultipleStatement => return refused("it has several statements"),
            rusqlite::Error::SqlInputError { msg, offset, .. } => {
                let invalid = query_error::invalid(&convert::reason(error));
                return match usize::try_from(*offset) {
                    Ok(offset) => invalid.with_flaw(Flaw::At {
                        offset,
                        reason: msg.clone(),
                    }),
                    Err(_) => invalid,
                };
            }
            rusqlite::Error::Empty => return query_error::invalid(&convert::reason(error)),
            _ => {}
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => self.limits.timed_out(),
            Some(ErrorCode::ReadOnly | ErrorCode::AuthorizationForStatementDenied) => {
                refused(&convert::reason(error))
            }
            Some(ErrorCode::TooBig) => query_error::value_too_long(LONGEST_VALUE),
            Some(ErrorCode::Unknown | ErrorCode::TypeMismatch) => {
                query_error::invalid(&convert::reason(error))
            }
            _ => convert::failed(error),
        }
    }
}

/// Why an action is refused, if it is.
fn refusal(action: AuthAction<'_>) -> Option<String> {
    match action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => None,
        AuthAction::Function { function_name } => {
            let is_refused = FUNCTIONS.iter().any(|it| it.eq_ignore_ascii_case(function_name));
            is_refused.then(|| format!("it calls {function_name}"))
        }
        AuthAction::Pragma { pragma_name, .. } => {
            let is_harmless = PRAGMAS.iter().any(|it| it.eq_ignore_ascii_case(pragma_name));
            (!is_harmless).then(|| format!("PRAGMA {pragma_name} can change settings"))
        }
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => {
            Some("it would open or close another file".into())
        }
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
            Some("it would begin or end a transaction".into())
        }
        _ => Some("it would change the database".into()),
    }
}
