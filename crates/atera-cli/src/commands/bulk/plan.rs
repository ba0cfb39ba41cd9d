//! What `--from` is about to do: the rows of a file, where their journal and their results go, and what
//! keeps them from being sent.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use atera::description::Operation;
use clap::ArgMatches;

use super::journal::{Header, State};
use crate::{
    input::{
        arguments,
        connection::Connection,
        globals::{self, Globals},
        interrupt::Interrupt,
        named::Directory,
        rows::file::{self, Rows},
    },
    output::{exit_code, failure::Failure, terminal::tell},
};

/// What to do with rows of which nobody but a person can tell whether they took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownRows {
    /// List them, and leave them alone.
    List,
    /// Send them again.
    Send,
    /// Take them to be done.
    Skip,
}

/// The rows of a file, and how to go about them.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) operation: &'static Operation,
    pub(crate) rows: Rows,
    /// Where it is noted which rows are sent.
    pub(crate) journal: PathBuf,
    /// Where the results go.
    pub(crate) results: PathBuf,
    pub(crate) max_failures: Option<u64>,
    /// How long the service has to show what it created.
    pub(crate) settle_after: Duration,
    pub(crate) unknown_rows: UnknownRows,
}

impl Import {
    /// Reads the arguments and the file, if there is one.
    ///
    /// # Errors
    ///
    /// `Usage`, if a row cannot be sent.
    pub(crate) fn read(operation: &'static Operation, matches: &ArgMatches) -> Result<Option<Self>, Failure> {
        let Some(rows) = file::read(operation, matches)? else {
            return Ok(None);
        };
        let journal = matches.get_one::<PathBuf>(arguments::JOURNAL).cloned();
        let is_dry_run = matches.get_flag(globals::DRY_RUN);
        // In another folder, rows from stdin would not find the journal, and be sent twice.
        if rows.file.is_none() && journal.is_none() && operation.creates() && !is_dry_run {
            return Err(Failure::Usage(format!(
                "{} was not sent: rows from stdin that create records need --journal PATH, which notes the rows that are sent; give \
                 the same path when you run it again",
                operation.id
            )));
        }
        // What comes from stdin has a name by its content, so that the same content finds its journal again.
        let base = match &rows.file {
            Some(file) => followed(file),
            None => {
                let content = rows.content.get(..8).unwrap_or_default();
                PathBuf::from(format!("{}-{content}", operation.id))
            }
        };
        let results = beside(journal.as_deref().unwrap_or(&base), ".results.csv");
        let unknown_rows = matches.get_one::<String>(arguments::UNKNOWN_ROWS);
        Ok(Some(Import {
            operation,
            journal: journal.unwrap_or_else(|| beside(&base, ".journal")),
            results,
            rows,
            max_failures: matches.get_one::<u64>(arguments::MAX_FAILURES).copied(),
            settle_after: Duration::from_secs(
                *matches.get_one::<u64>(arguments::SETTLE_AFTER).unwrap_or(&30),
            ),
            unknown_rows: match unknown_rows.map(String::as_str) {
                Some("send") => UnknownRows::Send,
                Some("skip") => UnknownRows::Skip,
                _ => UnknownRows::List,
            },
        }))
    }

    /// What the journal belongs to.
    pub(crate) fn header(&self, connection: &Connection, account: Option<String>) -> Header {
        Header {
            version: 1,
            operation: self.operation.id.to_string(),
            service: connection.base_url().to_string(),
            account,
            content: self.rows.content.clone(),
            rows: self.rows.rows.len(),
        }
    }
}

/// Looks up the names that rows have in place of ids. All that are not exact are told, with their lines.
pub(crate) async fn settle_names(
    import: &mut Import,
    connection: &Connection,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let name = import.rows.name.clone();
    let all = import.rows.rows.len();
    let mut named = import
        .rows
        .rows
        .iter_mut()
        .filter(|row| row.request.has_names())
        .peekable();
    if named.peek().is_none() {
        return Ok(());
    }
    let client = connection.client_for_names()?;
    let mut directory = Directory::new(&client, globals, interrupt);
    let (mut unfit, mut first) = (0, None);
    for row in named {
        let failure = match row.request.settle_names(&mut directory).await {
            Ok(()) => continue,
            Err(failure) => failure,
        };
        // A name that is wrong is that of its row, and anything else that of all.
        if !matches!(&failure, Failure::Usage(_)) && failure.exit_code() != exit_code::NOT_FOUND {
            return Err(connection.explained(failure));
        }
        unfit += 1;
        tell(format!(
            "{name}, line {}: {}",
            row.line,
            failure.sentence().unwrap_or_default()
        ));
        first.get_or_insert(failure.exit_code());
    }
    match first {
        None => Ok(()),
        Some(code) => Err(Failure::Records(
            format!(
                "{} was not sent: {unfit} of {all} rows in {name} name a record that is not certain; correct them, nothing \
                 was sent",
                import.operation.id
            ),
            code,
        )),
    }
}

/// Refuses rows that update the same record: they are sent side by side, so chance would decide which of them comes last.
pub(crate) fn refuse_repeated(import: &Import) -> Result<(), Failure> {
    if import.operation.creates() {
        return Ok(());
    }
    let mut lines: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for row in &import.rows.rows {
        lines.entry(row.request.target()).or_default().push(row.line);
    }
    lines.retain(|_, lines| lines.len() > 1);
    let Some((target, first)) = lines.first_key_value() else {
        return Ok(());
    };
    let first: Vec<_> = first.iter().take(5).map(u64::to_string).collect();
    let others = match lines.len() {
        1 => String::new(),
        all => format!(", and so is it with {} other records", all - 1),
    };
    Err(Failure::Usage(format!(
        "{} was not sent: several rows in {} are about the same record, {target} in the lines {}{others}; rows are sent side by \
         side, so leave one for each record, nothing was sent",
        import.operation.id,
        import.rows.name,
        first.join(", ")
    )))
}

/// What is about to happen, in words.
pub(crate) fn sentence(import: &Import, states: &[State]) -> String {
    let count = |wanted: fn(&State) -> bool| states.iter().filter(|state| wanted(state)).count();
    let done = count(|state| matches!(state, State::Done { .. }));
    let unknown = count(|state| matches!(state, State::Unknown { .. }));
    let all = states.len();
    let mut plan = format!("{} for {all} rows of {}", import.operation.id, import.rows.name);
    if done > 0 {
        plan.push_str(&format!(", of which {done} are done already"));
    }
    if unknown > 0 {
        plan.push_str(&format!(", and {unknown} may be, which are looked for first"));
    }
    plan
}

/// The file that a symbolic link leads to, or the file itself: by whatever link it is named, there is one journal beside it.
fn followed(file: &Path) -> PathBuf {
    match file.is_symlink() {
        true => fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf()),
        false => file.to_path_buf(),
    }
}

/// A file beside another one, with this at the end of its name.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_os_string();
    name.push(ending);
    name.into()
}
