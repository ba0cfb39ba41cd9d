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

use std::collections::BTreeSet;

use super::{
    journal::{self, Journal, Past, State},
    plan::{self, Import},
    results,
    send::{self, Work},
};
use crate::{
    commands::dry_run,
    input::{confirm, connection::Connection, globals::Globals, interrupt::Interrupt},
    output::{failure::Failure, terminal::tell},
};

/// Carries it out.
pub(crate) async fn run(mut import: Import, globals: &Globals, interrupt: &Interrupt) -> Result<(), Failure> {
    results::refuse_overwriting(&import, globals.output.file.as_deref())?;
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
    let connection = interrupt.or(Connection::open(globals)).await??;
    plan::settle_names(&mut import, &connection, globals, interrupt).await?;
    plan::refuse_repeated(&import)?;
    if globals.dry_run {
        return show(&import, &connection, globals).await;
    }
    let client = connection.client()?;
    // A key that may not read the account can still send rows.
    let account = interrupt.or(client.account().get().into_future()).await?;
    let account = account.ok().and_then(|account| account.account_id);
    let header = import.header(&connection, account);
    let mut journal = Journal::open(&import.journal, &header)?;
    let plan = plan::sentence(&import, &journal.past.states);
    if !globals.quiet {
        tell(&plan);
    }
    let mut stopped = false;
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
            .map_err(|error| send::unwritten(&import, &error))?;
        let work = Work::new(&import, &connection, client, globals);
        match work.rounds(&mut journal, interrupt).await {
            Err(Failure::Interrupted(..)) | Ok(()) => {}
            Err(failure) => {
                // What stopped the rows decides on the exit code, and is told last.
                if let Err(unwritten) = results::write(&import, &journal.past.states) {
                    tell(format!("atera: {}", unwritten.sentence().unwrap_or_default()));
                }
                return Err(failure);
            }
        }
        stopped = work.is_spent();
    }
    results::finish(&import, &journal.past.states, stopped, globals, interrupt)
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
        tell(plan::sentence(import, &past.states));
    }
    Ok(())
}
