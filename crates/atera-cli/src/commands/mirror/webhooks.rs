//! `atera mirror webhooks`: what receivers have got, and what they could not take.

use atera::description::{Field, Kind, Schema};
use atera_mirror::{Cursor, Mirror};
use clap::ArgMatches;
use serde_json::json;

use super::{failure::failure, place, webhook_arguments as names};
use crate::{
    input::{globals::Globals, interrupt::Interrupt},
    output::{exit_code, failure::Failure, plural::counted, rows, terminal::tell},
};

/// A row of the list of webhooks.
static WEBHOOK: Schema = Schema::new(
    "Webhook",
    &[
        Field::new("Name", Kind::Text),
        Field::new("Receiver", Kind::Text),
        Field::new("Lists", Kind::Text),
        Field::new("Cursor", Kind::Text),
        Field::new("Delivered", Kind::Integer),
        Field::new("Waiting", Kind::Integer),
        Field::new("Dead", Kind::Integer),
        Field::new("Blocked", Kind::Integer),
        Field::new("LastDelivery", Kind::Timestamp),
        Field::new("PausedUntil", Kind::Timestamp),
        Field::new("Since", Kind::Timestamp),
    ],
);

/// A row of the list of dead letters.
static DEAD_LETTER: Schema = Schema::new(
    "DeadLetter",
    &[
        Field::new("Webhook", Kind::Text),
        Field::new("Cursor", Kind::Text),
        Field::new("Table", Kind::Text),
        Field::new("Id", Kind::Text),
        Field::new("Kind", Kind::Text),
        Field::new("At", Kind::Timestamp),
        Field::new("Attempts", Kind::Integer),
        Field::new("FirstAttempt", Kind::Timestamp),
        Field::new("Blocks", Kind::Integer),
        Field::new("Reason", Kind::Text),
    ],
);

/// Carries out one of the commands.
///
/// # Errors
///
/// Whatever the mirror fails with.
pub(crate) async fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let Some((command, matches)) = matches.subcommand() else {
        return Ok(());
    };
    let mirror = place::open(matches, globals).await?;
    let interrupt = Interrupt::listen();
    let work = async {
        match command {
            names::LIST => list(&mirror, globals).await,
            names::DEAD => dead(&mirror, matches, globals).await,
            names::REDELIVER | names::DISCARD => again(&mirror, command, matches, globals).await,
            names::REMOVE => remove(&mirror, matches, globals).await,
            _ => Ok(()),
        }
    };
    interrupt.or(work).await?
}

/// Prints the webhooks, and fails if one has dead letters.
async fn list(mirror: &Mirror, globals: &Globals) -> Result<(), Failure> {
    let webhooks = mirror.webhooks().await.map_err(|error| failure(&error))?;
    let rows = webhooks.iter().map(|webhook| {
        json!({
            "Name": webhook.name,
            "Receiver": webhook.receiver,
            "Lists": if webhook.lists.is_empty() { "all".to_string() } else { webhook.lists.join(",") },
            "Cursor": webhook.cursor.to_string(),
            "Delivered": webhook.delivered,
            "Waiting": webhook.waiting,
            "Dead": webhook.dead,
            "Blocked": webhook.blocked,
            "LastDelivery": webhook.last_delivery,
            "PausedUntil": webhook.paused_until,
            "Since": webhook.since,
        })
    });
    rows::print(&globals.output, &WEBHOOK, rows)?;
    let dead: Vec<_> = webhooks.iter().filter(|webhook| webhook.dead > 0).collect();
    match dead.is_empty() {
        true => Ok(()),
        false => {
            let names: Vec<_> = dead.iter().map(|webhook| webhook.name.as_str()).collect();
            Err(Failure::Records(
                format!(
                    "there are dead letters of {}; `atera mirror webhooks dead` lists them",
                    names.join(", ")
                ),
                exit_code::FAILED,
            ))
        }
    }
}

/// Prints dead letters.
async fn dead(mirror: &Mirror, matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let name = matches.get_one::<String>(names::NAME).map(String::as_str);
    let dead = mirror.dead_letters(name).await.map_err(|error| failure(&error))?;
    let rows = dead.into_iter().map(|dead| {
        json!({
            "Webhook": dead.webhook,
            "Cursor": dead.cursor.to_string(),
            "Table": dead.table,
            "Id": dead.id,
            "Kind": dead.kind,
            "At": dead.at,
            "Attempts": dead.attempts,
            "FirstAttempt": dead.first_attempt,
            "Blocks": dead.blocks,
            "Reason": dead.reason,
        })
    });
    rows::print(&globals.output, &DEAD_LETTER, rows)
}

/// Has dead letters sent again, or drops them.
async fn again(
    mirror: &Mirror,
    command: &str,
    matches: &ArgMatches,
    globals: &Globals,
) -> Result<(), Failure> {
    let name = named(matches);
    let cursors = matches.get_many::<String>(names::CURSORS).unwrap_or_default();
    let cursors = cursors.map(|text| text.parse::<Cursor>()).collect();
    let cursors: Vec<_> = Result::map_err(cursors, |error| failure(&error))?;
    let cursors = Some(cursors.as_slice()).filter(|_| !matches.get_flag(names::ALL));
    let (done, what) = match command {
        names::REDELIVER => (mirror.redeliver(name, cursors).await, "sent again"),
        _ => (mirror.discard(name, cursors).await, "dropped"),
    };
    let count = done.map_err(|error| failure(&error))?;
    if !globals.quiet {
        let are = if count == 1 { "is" } else { "are" };
        tell(format!("{} {are} {what}", counted(count, "change")));
    }
    Ok(())
}

/// Forgets a webhook, unless its receiver lacks something.
async fn remove(mirror: &Mirror, matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let name = named(matches);
    let webhooks = mirror.webhooks().await.map_err(|error| failure(&error))?;
    let left = webhooks
        .iter()
        .find(|webhook| webhook.name == name)
        .map_or(0, |webhook| webhook.waiting + webhook.dead + webhook.blocked);
    if left > 0 && !globals.yes {
        return Err(Failure::Usage(format!(
            "the webhook {name} is kept: its receiver does not have {}, which would be dropped; add --yes if that is \
             meant",
            counted(left, "change")
        )));
    }
    mirror.remove_webhook(name).await.map_err(|error| failure(&error))
}

/// The name of the webhook that is meant.
fn named(matches: &ArgMatches) -> &str {
    matches.get_one::<String>(names::NAME).map_or("", String::as_str)
}
