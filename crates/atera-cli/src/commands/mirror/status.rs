//! `atera mirror status`: how old each list is, and how its last sync went.

use atera::{
    Timestamp,
    description::{Field, Kind, Schema},
};
use atera_mirror::ListStatus;
use clap::ArgMatches;
use serde_json::json;

use super::{ages, failure::failure, outcome::code, place, redaction};
use crate::{
    input::{globals::Globals, interrupt::Interrupt},
    output::{exit_code, failure::Failure, rows, terminal::tell},
};

/// A row of the table.
static STATUS: Schema = Schema::new(
    "Status",
    &[
        Field::new("List", Kind::Text),
        Field::new("State", Kind::Text),
        Field::new("Age", Kind::Text),
        Field::new("AsOf", Kind::Timestamp),
        Field::new("CompleteAsOf", Kind::Timestamp),
        Field::new("Records", Kind::Integer),
        Field::new("Misfits", Kind::Integer),
        Field::new("Unreadable", Kind::Integer),
        Field::new("Since", Kind::Timestamp),
        Field::new("Reason", Kind::Text),
    ],
);

/// Prints them, and fails if a list is not whole.
pub(crate) async fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let mirror = place::open(matches, globals).await?;
    let interrupt = Interrupt::listen();
    let status = interrupt.or(mirror.status()).await?;
    let status = status.map_err(|error| failure(&error))?;
    let now = Timestamp::now();
    let rows = status.iter().map(|list| {
        json!({
            "List": list.list,
            "State": list.state.name(),
            "Age": ages::age(list, now).map_or_else(|| "never read".to_string(), ages::in_words),
            "AsOf": list.as_of,
            "CompleteAsOf": list.complete_as_of,
            "Records": list.records,
            "Misfits": list.misfits,
            "Unreadable": list.unreadable,
            "Since": list.since,
            "Reason": list.reason,
        })
    });
    rows::print(&globals.output, &STATUS, rows)?;
    if let Some(fields) = redaction::of(&mirror).await
        && !globals.quiet
    {
        tell(format!("left out of the mirror: {fields}"));
    }
    judge(&status)
}

/// Fails if a list is not whole, with the code of the one that another run helps least, or if there is none.
fn judge(status: &[ListStatus]) -> Result<(), Failure> {
    if status.is_empty() {
        return Err(Failure::Records(
            "no list was ever asked for; `atera mirror sync` reads the account".to_string(),
            exit_code::of(atera::ErrorKind::Server),
        ));
    }
    let not_whole: Vec<_> = status
        .iter()
        .filter_map(|list| Some((list.list.as_str(), code(list)?)))
        .collect();
    let Some((_, code)) = not_whole.iter().min_by_key(|(_, code)| exit_code::rank(*code)) else {
        return Ok(());
    };
    let names: Vec<_> = not_whole.iter().map(|(name, _)| *name).collect();
    Err(Failure::Records(
        format!(
            "not whole: {}; the table says why, and `atera mirror sync` tries again",
            names.join(", ")
        ),
        *code,
    ))
}
