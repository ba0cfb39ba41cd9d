//! `atera mirror sync`: brings the mirror up to date.

use std::time::Duration;

use atera_mirror::{Redaction, SyncOptions};
use clap::ArgMatches;

use super::{
    account::Account,
    arguments,
    failure::failure,
    outcome::{self, SYNCED},
    place::Place,
    plan, redaction, rounds,
};
use crate::{
    commands::metrics::server,
    input::{globals::Globals, interrupt::Interrupt},
    output::{failure::Failure, rows},
};

/// Syncs once or again and again, or prints the plan.
pub(crate) async fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let every = matches.get_one::<Duration>(arguments::EVERY).copied();
    if every.is_some() && (!globals.output.leave_the_form() || globals.output.file.is_some()) {
        return Err(Failure::Usage(
            "--every prints no table, but a line on stderr for each round; leave the flags about output out"
                .to_string(),
        ));
    }
    let place = Place::read(matches, globals)?;
    let mut options = options(matches)?;
    let interrupt = Interrupt::listen();
    let mirror = place.open().await?;
    if !matches.contains_id(arguments::REDACT) {
        options = options.redact(redaction::kept(&mirror).await);
    }
    let account = Account::new(mirror, options, globals, &interrupt).await?;
    if matches.get_flag(arguments::PLAN) {
        return plan::print(account.plan().await?, &account.connection, globals);
    }
    if let Some(every) = every {
        let (client, mirror) = (account.client.clone(), account.mirror.clone());
        let _metrics = server::start(matches, globals, client, Some(mirror)).await?;
        return rounds::run(&interrupt, every, async || account.round().await).await;
    }
    let report = account.once().await?;
    rows::print(&globals.output, &SYNCED, outcome::rows(&report))?;
    account.remark(outcome::summary(&report));
    account.judge(report)
}

/// What the arguments ask for.
fn options(matches: &ArgMatches) -> Result<SyncOptions, Failure> {
    let texts = |name| matches.get_many::<String>(name).unwrap_or_default();
    let with = || {
        let options = SyncOptions::new()
            .only(texts(arguments::ONLY))?
            .with(texts(arguments::WITH))?
            .full(matches.get_flag(arguments::FULL))
            .accept_loss(matches.get_flag(arguments::ACCEPT_LOSS));
        let options = match matches.get_one::<Duration>(arguments::FULL_EVERY) {
            Some(time) => options.full_every(*time),
            None => options,
        };
        Ok(match matches.contains_id(arguments::REDACT) {
            true => options.redact(Redaction::parse(texts(arguments::REDACT))?),
            false => options,
        })
    };
    with().map_err(|error| failure(&error))
}
