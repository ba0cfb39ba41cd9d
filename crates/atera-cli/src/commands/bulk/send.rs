//! Sends the rows of a file, several at a time, each after its intent is on the disk. Rows whose answers were lost are looked for,
//! and sent again where they are certainly missing.

use std::time::Duration;

use atera::{
    Applied, Client, Error, Priority, Response, Timestamp,
    description::{Kind, Operation},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::{
    journal::{Entry, Journal, State, Writer},
    lookup::{self, Verdict},
    outcome::{Allowance, Brake, SIDE_BY_SIDE},
    plan::{Import, UnknownRows},
};
use crate::{
    input::{connection::Connection, globals::Globals, interrupt::Interrupt, rows::file::Row, target::text},
    output::{
        exit_code,
        failure::{self, Failure},
        progress::Progress,
        terminal::tell,
    },
};

/// How often rows are sent again that were found to be missing.
const ROUNDS: usize = 3;

/// A run over the rows.
pub(crate) struct Work<'a> {
    import: &'a Import,
    connection: &'a Connection,
    client: Client,
    brake: Brake,
    allowance: Allowance,
    progress: Progress,
    quiet: bool,
}

impl<'a> Work<'a> {
    /// A run with this client.
    pub(crate) fn new(
        import: &'a Import,
        connection: &'a Connection,
        client: Client,
        globals: &Globals,
    ) -> Self {
        Work {
            import,
            connection,
            client: client.with_priority(Priority::Background),
            brake: Brake::default(),
            allowance: Allowance::new(import.max_failures),
            progress: Progress::new(!globals.quiet, false, &globals.waits),
            quiet: globals.quiet,
        }
    }

    /// Whether it ended because as many rows failed as may fail.
    pub(crate) fn is_spent(&self) -> bool {
        self.allowance.is_spent()
    }

    /// Looks for the rows whose outcome is not known, and sends those that are not done, until all of them are settled.
    ///
    /// # Errors
    ///
    /// If the journal cannot be written, if rows cannot be looked for, or if a signal came.
    pub(crate) async fn rounds(&self, journal: &mut Journal, interrupt: &Interrupt) -> Result<(), Failure> {
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
            let ends = self.brake.is_on() || self.is_spent() || interrupt.seen().is_some();
            if waiting.is_empty() || ends || round == ROUNDS {
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
        let mut broken = None;
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Ok(Some(entries)) => {
                    for entry in entries {
                        journal.past.take(entry);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    self.brake.pull();
                    broken.get_or_insert(error);
                }
            }
            reached += 1;
            self.progress.reached(reached);
        }
        match broken {
            Some(error) => Err(unwritten(self.import, &error)),
            None => Ok(()),
        }
    }

    /// Sends a row, and returns what was written about it. Nothing is sent before the intent is on the disk, and nothing once as
    /// many rows failed as may fail, the brake is on or a signal came.
    async fn row(
        &self,
        index: usize,
        row: &Row,
        writer: Writer,
        interrupt: &Interrupt,
    ) -> std::io::Result<Option<[Entry; 2]>> {
        let Some(share) = self.allowance.share().await else {
            return Ok(None);
        };
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
        if matches!(outcome, Entry::Refused { .. }) {
            self.allowance.spend(share);
        }
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
        if unknown.is_empty() || self.brake.is_on() || self.is_spent() || interrupt.seen().is_some() {
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
pub(crate) fn unwritten(import: &Import, error: &std::io::Error) -> Failure {
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
