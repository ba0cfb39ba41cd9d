//! `--from FILE`: an operation for each row of a file.
//!
//! The order of the steps matters:
//!
//! 1. Every row is read and checked ([`rows`](crate::input::rows)).
//! 2. The journal says which rows are done already, and keeps other processes away.
//! 3. The plan is told, and asked about once. `--dry-run` shows the requests instead, and ends here.
//! 4. Rows whose outcome is not known are looked for.
//! 5. The others are sent, several at a time, each after its intent is on the disk.
//! 6. Rows whose answers were lost are looked for, and sent again where they are certainly missing.
//! 7. The result file is written, with a line for each row.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use atera::{
    Applied, Client, Error, Priority, Response, Timestamp,
    description::{Field, Kind, Operation, Schema},
};
use bytes::Bytes;
use clap::ArgMatches;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{
    journal::{self, Entry, Header, Journal, Past, State, Writer},
    lookup::{self, Verdict},
    outcome::{Brake, SIDE_BY_SIDE},
};
use crate::{
    commands::dry_run,
    input::{
        arguments, confirm,
        connection::Connection,
        globals::Globals,
        interrupt::Interrupt,
        named::Directory,
        rows::{self, Row, Rows},
        target::text,
    },
    output::{
        exit_code,
        failure::{self, Failure},
        formats,
        options::OutputOptions,
        progress::Progress,
        rows as printed,
        terminal::tell,
    },
};

/// How often rows are sent again that were found to be missing.
const ROUNDS: usize = 3;

/// The columns of the result file.
static RESULT: Schema = Schema::new(
    "Result",
    &[
        Field::new("Row", Kind::Integer),
        Field::new("Line", Kind::Integer),
        Field::new("Outcome", Kind::Text),
        Field::new("Id", Kind::Text),
        Field::new("Reason", Kind::Text),
    ],
);

/// What to do with rows of which nobody but a person can tell whether they took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UnknownRows {
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
    operation: &'static Operation,
    rows: Rows,
    journal: PathBuf,
    results: PathBuf,
    max_failures: Option<u64>,
    settle_after: Duration,
    unknown_rows: UnknownRows,
}

impl Import {
    /// Reads the arguments and the file, if there is one.
    ///
    /// # Errors
    ///
    /// `Usage`, if a row cannot be sent.
    pub(crate) fn read(operation: &'static Operation, matches: &ArgMatches) -> Result<Option<Self>, Failure> {
        let Some(rows) = rows::read(operation, matches)? else {
            return Ok(None);
        };
        let journal = matches.get_one::<PathBuf>(arguments::JOURNAL).cloned();
        // In another folder, rows from stdin would not find the journal, and be sent twice.
        if rows.file.is_none() && journal.is_none() && operation.creates() {
            return Err(Failure::Usage(format!(
                "{} was not sent: rows from stdin that create records need --journal PATH, which notes the rows that are sent; give \
                 the same path when you run it again",
                operation.id
            )));
        }
        // What comes from stdin has a name by its content, so that the same content finds its journal again.
        let base = match &rows.file {
            Some(file) => rows::followed(file),
            None => {
                let content = rows.content.get(..8).unwrap_or_default();
                PathBuf::from(format!("{}-{content}", operation.id))
            }
        };
        let results = rows::beside(journal.as_deref().unwrap_or(&base), ".results.csv");
        let unknown_rows = matches.get_one::<String>(arguments::UNKNOWN_ROWS);
        Ok(Some(Import {
            operation,
            journal: journal.unwrap_or_else(|| rows::beside(&base, ".journal")),
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
    fn header(&self, connection: &Connection, account: Option<String>) -> Header {
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

/// Carries it out.
pub(crate) async fn run(mut import: Import, globals: &Globals, interrupt: &Interrupt) -> Result<(), Failure> {
    refuse_overwriting(&import, globals.output.file.as_deref())?;
    if !globals.quiet {
        let remarks: BTreeSet<_> = import
            .rows
            .rows
            .iter()
            .flat_map(|row| row.request.remarks())
            .chain(import.rows.remark.clone())
            .collect();
        remarks.into_iter().for_each(tell);
    }
    let connection = Connection::open(globals).await?;
    settle_names(&mut import, &connection, globals, interrupt).await?;
    refuse_repeated(&import)?;
    if globals.dry_run {
        return show(&import, &connection, globals).await;
    }
    let client = connection.client()?;
    // A key that may not read the account can still send rows.
    let account = interrupt.or(client.account().get().into_future()).await?;
    let account = account.ok().and_then(|account| account.account_id);
    let header = import.header(&connection, account);
    let mut journal = Journal::open(&import.journal, &header)?;
    let plan = plan(&import, &journal.past.states);
    if !globals.quiet {
        tell(&plan);
    }
    let is_open = |state: &State| !matches!(state, State::Done { .. });
    if journal.past.states.iter().any(is_open) {
        let question = format!("{}: {plan},", import.operation.summary);
        let sample = import.rows.rows.first().and_then(|row| row.request.body_text());
        let sample = sample.map(|body| format!("The first row:\n{body}"));
        let asked = confirm::many(
            import.operation,
            &question,
            sample,
            &connection,
            globals,
            interrupt,
        )
        .await;
        if let Err(failure) = asked {
            journal::discard(&import.journal);
            return Err(failure);
        }
        journal
            .begin(&header)
            .await
            .map_err(|error| unwritten(&import, &error))?;
        let client = client.with_priority(Priority::Background);
        let work = Work {
            import: &import,
            connection: &connection,
            client,
            brake: Brake::default(),
            progress: Progress::new(!globals.quiet, false, &globals.waits),
            quiet: globals.quiet,
        };
        match work.rounds(&mut journal, interrupt).await {
            Err(Failure::Interrupted(..)) | Ok(()) => {}
            Err(failure) => {
                write_results(&import, &journal.past.states)?;
                return Err(failure);
            }
        }
    }
    finish(&import, &journal.past.states, globals, interrupt)
}

/// Refuses to replace a file that is not a result of `--from`: one where the result file goes, or one of the run's own files
/// that `--output-file` names.
fn refuse_overwriting(import: &Import, output: Option<&Path>) -> Result<(), Failure> {
    let refused = |reason: String| {
        Err(Failure::Usage(format!(
            "{} was not sent: {reason}",
            import.operation.id
        )))
    };
    let names: Vec<_> = RESULT.fields.iter().map(|field| field.name).collect();
    match fs::read(&import.results) {
        Ok(bytes) if !bytes.is_empty() && !bytes.starts_with(names.join(",").as_bytes()) => {
            return refused(format!(
                "{} would be replaced by the results, and is no file of results; move it away, or name another place with --journal",
                import.results.display()
            ));
        }
        // One that cannot be read is reported when it cannot be written.
        _ => {}
    }
    let own = [
        import.rows.file.as_deref(),
        Some(&import.journal),
        Some(&import.results),
    ];
    let is_same = |own: &Path, other: &Path| {
        own == other
            || matches!((fs::canonicalize(own), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
    };
    match output {
        Some(output) if own.into_iter().flatten().any(|own| is_same(own, output)) => refused(format!(
            "--output-file would replace {}, which belongs to --from; name another file",
            output.display()
        )),
        _ => Ok(()),
    }
}

/// Looks up the names that rows have in place of ids. All that are not exact are told, with their lines.
async fn settle_names(
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
fn refuse_repeated(import: &Import) -> Result<(), Failure> {
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
fn plan(import: &Import, states: &[State]) -> String {
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

/// Shows the requests of the rows that would be sent.
async fn show(import: &Import, connection: &Connection, globals: &Globals) -> Result<(), Failure> {
    let count = import.rows.rows.len();
    let text = std::fs::read_to_string(&import.journal).unwrap_or_default();
    let past = Past::read(&text, count).map_err(|line| journal::damaged(&import.journal, line))?;
    if let Some(of) = &past.header {
        journal::belongs(of, &import.header(connection, None), &past, &import.journal)?;
    }
    let is_done = |index: usize| matches!(past.states.get(index), Some(State::Done { .. }));
    let rows = import
        .rows
        .rows
        .iter()
        .enumerate()
        .filter(|(index, _)| !is_done(*index));
    for ((_, row), number) in rows.zip(1..) {
        if number > 1 {
            println!();
        }
        dry_run::show(connection, async |client| row.request.call(&client)?.send().await).await?;
    }
    if !globals.quiet {
        tell(plan(import, &past.states));
    }
    Ok(())
}

/// A run over the rows.
struct Work<'a> {
    import: &'a Import,
    connection: &'a Connection,
    client: Client,
    brake: Brake,
    progress: Progress,
    quiet: bool,
}

impl Work<'_> {
    /// Looks for the rows whose outcome is not known, and sends those that are not done, until all of them are settled.
    async fn rounds(&self, journal: &mut Journal, interrupt: &Interrupt) -> Result<(), Failure> {
        let unwritten = |error| unwritten(self.import, &error);
        let was_sent = journal.past.last_sent.is_some();
        if !was_sent && journal.past.mark.is_none() && self.import.operation.creates() {
            let mark = interrupt
                .or(lookup::mark(self.import.operation, &self.client))
                .await?;
            if let Some(last) = mark.map_err(|failure| self.explained(failure))? {
                journal.add(Entry::Mark { last }, true).await.map_err(unwritten)?;
            }
        }
        let done = journal.past.states.iter();
        let done = done.filter(|state| matches!(state, State::Done { .. })).count();
        self.progress.had(done as u64);
        for round in 0..=ROUNDS {
            self.settle(journal, interrupt).await?;
            let states = journal.past.states.iter().enumerate();
            let waiting = states.filter(|(_, state)| match state {
                State::Waiting => true,
                // What was refused in an earlier run may have been mended meanwhile.
                State::Refused { .. } => round == 0,
                _ => false,
            });
            let waiting: Vec<usize> = waiting.map(|(index, _)| index).collect();
            if waiting.is_empty() || self.brake.is_on() || interrupt.seen().is_some() || round == ROUNDS {
                break;
            }
            self.send(waiting, journal, interrupt).await?;
        }
        Ok(())
    }

    /// Sends these rows.
    async fn send(
        &self,
        waiting: Vec<usize>,
        journal: &mut Journal,
        interrupt: &Interrupt,
    ) -> Result<(), Failure> {
        let all = journal.past.states.len() as u64;
        let mut reached = all - waiting.len() as u64;
        self.progress.plan(Some(all));
        let writer = journal.writer();
        let calls = waiting.into_iter().map(|index| {
            let (row, writer) = (&self.import.rows.rows[index], writer.clone());
            self.row(index, row, writer, interrupt)
        });
        let mut outcomes = stream::iter(calls).buffer_unordered(SIDE_BY_SIDE);
        let (mut failures, mut broken) = (0, None);
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Ok(Some(entries)) => {
                    for entry in entries {
                        if matches!(entry, Entry::Refused { .. }) {
                            failures += 1;
                        }
                        journal.past.take(entry);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    self.brake.pull();
                    broken.get_or_insert(error);
                }
            }
            if self.import.max_failures.is_some_and(|most| failures >= most) {
                self.brake.pull();
            }
            reached += 1;
            self.progress.reached(reached);
        }
        match broken {
            Some(error) => Err(unwritten(self.import, &error)),
            None => Ok(()),
        }
    }

    /// Sends a row, and returns what was written about it. Nothing is sent before the intent is on the disk, or once the brake is
    /// on or a signal came.
    async fn row(
        &self,
        index: usize,
        row: &Row,
        writer: Writer,
        interrupt: &Interrupt,
    ) -> std::io::Result<Option<[Entry; 2]>> {
        if self.brake.is_on() || interrupt.seen().is_some() {
            return Ok(None);
        }
        let number = index + 1;
        let sending = Entry::Sending {
            row: number,
            line: row.line,
            at: Timestamp::now(),
        };
        writer.write(&sending, true).await?;
        let answered = async { row.request.call(&self.client)?.send().await }.await;
        let outcome = match answered {
            Ok(answer) => Entry::Done {
                row: number,
                id: match self.import.operation.creates() {
                    true => id_of(self.import.operation, &answer),
                    false => Some(row.request.target()),
                },
            },
            Err(error) => {
                let error = self.connection.explain(error);
                self.brake.heed(&error);
                self.failed(number, &error)
            }
        };
        writer.write(&outcome, false).await?;
        Ok(Some([sending, outcome]))
    }

    /// The entry about a row that failed.
    fn failed(&self, row: usize, error: &Error) -> Entry {
        let reason = failure::of_call(error);
        match error.applied() {
            Applied::No => Entry::Refused {
                row,
                code: exit_code::of(error.kind()),
                reason,
            },
            applied => Entry::Unknown {
                row,
                applied: applied == Applied::Yes,
                reason,
            },
        }
    }

    /// Looks for the rows whose outcome is not known, once the service had time to carry them out.
    async fn settle(&self, journal: &mut Journal, interrupt: &Interrupt) -> Result<(), Failure> {
        let states = journal.past.states.iter().enumerate();
        let unknown = states.filter(|(_, state)| matches!(state, State::Unknown { .. }));
        let unknown: Vec<usize> = unknown.map(|(index, _)| index).collect();
        if unknown.is_empty() || self.brake.is_on() || interrupt.seen().is_some() {
            return Ok(());
        }
        self.give_time(journal.past.last_sent, interrupt).await?;
        let past = &journal.past;
        let rows = &self.import.rows.rows;
        let looked = lookup::look_up(rows, &unknown, &past.states, past.mark, &self.client);
        let verdicts = interrupt
            .or(looked)
            .await?
            .map_err(|failure| self.explained(failure))?;
        for (index, verdict) in verdicts {
            let (row, state) = (index + 1, journal.past.states[index].clone());
            let applied = matches!(state, State::Unknown { applied: true, .. });
            let entry = match (verdict, self.import.unknown_rows) {
                (Verdict::Found(id), _) => Entry::Found { row, id: Some(id) },
                // The service said that it took effect, so it is not sent again.
                (Verdict::Missing | Verdict::Unknown(_), _) if applied => Entry::Found { row, id: None },
                (Verdict::Missing, _) | (Verdict::Unknown(_), UnknownRows::Send) => Entry::Missing { row },
                (Verdict::Unknown(_), UnknownRows::Skip) => Entry::Found { row, id: None },
                (Verdict::Unknown(reason), UnknownRows::List) => Entry::Unknown { row, applied, reason },
            };
            journal
                .add(entry, false)
                .await
                .map_err(|error| unwritten(self.import, &error))?;
        }
        Ok(())
    }

    /// Waits until the service had time to carry out what was sent last.
    async fn give_time(&self, last: Option<Timestamp>, interrupt: &Interrupt) -> Result<(), Failure> {
        let since = last.map_or(Duration::MAX, |last| {
            let since = Timestamp::now().to_utc().signed_duration_since(last.to_utc());
            since.to_std().unwrap_or_default()
        });
        let wait = self.import.settle_after.saturating_sub(since);
        if wait.is_zero() {
            return Ok(());
        }
        if !self.quiet {
            tell(format!(
                "some answers did not come; in {} s the rows are looked for",
                wait.as_secs() + 1
            ));
        }
        interrupt.or(tokio::time::sleep(wait)).await
    }

    fn explained(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Call(error) => Failure::Unfinished(
                self.connection.explain(error),
                "run the command again to go on; no row is sent twice",
            ),
            failure => failure,
        }
    }
}

/// The failure to write the journal.
fn unwritten(import: &Import, error: &std::io::Error) -> Failure {
    Failure::Output(std::io::Error::new(
        error.kind(),
        format!(
            "the journal {}: {error}; no further row was sent, run the command again to go on",
            import.journal.display()
        ),
    ))
}

/// The id of what was created, as the answer says.
fn id_of(operation: &Operation, answer: &Response<Bytes>) -> Option<String> {
    let answer: Value = answer.json().ok()?;
    let Value::Object(fields) = answer else {
        return (!answer.is_null()).then(|| text(&answer));
    };
    let known = match operation.answer {
        Some(Kind::Object(schema)) => schema.fields,
        _ => &[],
    };
    let is_id = |kind: Kind| matches!(kind, Kind::ActionId | Kind::Integer);
    let field = known
        .iter()
        .filter(|field| matches!(field.kind, Kind::ActionId))
        .chain(
            known
                .iter()
                .filter(|field| field.name.to_ascii_lowercase().ends_with("id") && is_id(field.kind)),
        )
        .find_map(|field| fields.get(field.name).filter(|id| !id.is_null()));
    field.map(text)
}

/// Writes the result file, which has a line for each row.
fn write_results(import: &Import, states: &[State]) -> Result<(), Failure> {
    let results = OutputOptions {
        format: formats::named("csv"),
        file: Some(import.results.clone()),
        ..OutputOptions::default()
    };
    printed::print(&results, &RESULT, result(import, states))
}

/// Writes the result file, prints the rows where a format or a file was asked for, and says how it went.
fn finish(
    import: &Import,
    states: &[State],
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let printed = write_results(import, states).and_then(|()| {
        match globals.output.format.is_some() || globals.output.file.is_some() {
            true => printed::print(&globals.output, &RESULT, result(import, states)),
            false => Ok(()),
        }
    });
    let sentence = sentence(import, states, &import.results);
    let unknown = states.iter().any(|state| matches!(state, State::Unknown { .. }));
    let refused = states.iter().find_map(|state| match state {
        State::Refused { code, .. } => Some(*code),
        _ => None,
    });
    let work = match (interrupt.seen(), refused) {
        (Some(signal), _) => Err(Failure::Interrupted(
            signal,
            Some(format!("stopped; {sentence}; run the command again to go on")),
        )),
        (None, _) if unknown => Err(Failure::Records(sentence.clone(), exit_code::UNKNOWN)),
        (None, Some(code)) => Err(Failure::Records(sentence.clone(), code)),
        (None, None) if states.contains(&State::Waiting) => {
            Err(Failure::Records(sentence.clone(), exit_code::FAILED))
        }
        (None, None) => Ok(()),
    };
    let wrote = || format!("{} (all {} rows)", import.operation.id, states.len());
    Failure::judge(printed, work, Some(wrote))?;
    if !globals.quiet {
        tell(sentence);
    }
    Ok(())
}

/// The lines of the result file.
fn result<'a>(import: &'a Import, states: &'a [State]) -> impl Iterator<Item = Value> + use<'a> {
    states
        .iter()
        .zip(&import.rows.rows)
        .zip(1..)
        .map(|((state, row), number)| {
            let (outcome, id, reason) = match state {
                State::Waiting => ("not tried", None, None),
                State::Done { id, found: false } => ("done", id.as_deref(), None),
                State::Done { id, found: true } => (
                    "done",
                    id.as_deref(),
                    Some("its answer was lost, so it was looked for"),
                ),
                State::Refused { reason, .. } => ("failed", None, Some(reason.as_str())),
                State::Unknown { reason, .. } => ("unknown", None, Some(reason.as_str())),
            };
            let number: i32 = number;
            json!({"Row": number, "Line": row.line, "Outcome": outcome, "Id": id, "Reason": reason})
        })
}

/// How it went, in one sentence.
fn sentence(import: &Import, states: &[State], results: &Path) -> String {
    let mut counts = [0_usize; 5];
    for state in states {
        counts[match state {
            State::Done { .. } => 0,
            State::Refused { .. } => 1,
            State::Unknown { .. } => 2,
            State::Waiting => 3,
        }] += 1;
    }
    counts[4] = states
        .iter()
        .filter(|state| matches!(state, State::Done { found: true, .. }))
        .count();
    let [done, refused, unknown, waiting, found] = counts;
    let mut sentence = format!("{}: {done} of {} rows done", import.operation.id, states.len());
    for (count, what) in [
        (found, "of them looked for and found"),
        (refused, "failed"),
        (waiting, "not tried"),
        (unknown, "of which you alone can tell"),
    ] {
        if count > 0 {
            sentence.push_str(&format!(", {count} {what}"));
        }
    }
    sentence.push_str(&format!("; {} has each row", results.display()));
    if unknown > 0 {
        sentence.push_str(
            "; look for the unknown ones in Atera, and run it again with --unknown-rows send or skip",
        );
    }
    sentence
}
