//! `atera limit`: who holds how many slots of the rate limit, whether nothing is sent, and a server that is used for the first time.
//!
//! The first row of `status` is all holders together. The file of a machine does not say who holds a slot, so there it is the only row.
//!
//! ```text
//! Holder               In use  Interactive  Background  Limit     Paused for  Reason
//! all                     412           12         400  700/60s
//! export-7-1a2b3c4d       400            0         400
//! desk-12-5e6f7a8b         12           12           0
//! ```

use atera::{
    Error,
    description::{Field, Kind, Schema},
    limit::Rate,
};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};

use crate::{
    input::{
        connection::Connection, fleet::Quarantine, globals::Globals, help, interrupt::Interrupt,
        limit_store::LimitStore,
    },
    output::{failure::Failure, rows, terminal::tell, waits::now},
};

/// Name of the command.
pub(crate) const NAME: &str = "limit";

const INIT: &str = "init";
const NOTHING_SENT: &str = "nothing-sent";

/// A row of the table.
static HOLDER: Schema = Schema::new(
    "Holder",
    &[
        Field::new("Holder", Kind::Text),
        Field::new("InUse", Kind::Integer),
        Field::new("Interactive", Kind::Integer),
        Field::new("Background", Kind::Integer),
        Field::new("Limit", Kind::Text),
        Field::new("PausedFor", Kind::Integer),
        Field::new("Reason", Kind::Text),
    ],
);

/// The arguments of the command.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Show the rate limit that programs share, or begin one on a server")
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            Command::new("status")
                .about("List who holds how many slots, and say for how many seconds nothing is sent")
                .after_help(
                    "Examples:\n  atera limit status\n  atera --limit-store rediss://limits@redis.example limit status\n\nIt \
                     asks the store of the limit, and not the service. The file of a machine does not say who holds a slot.",
                ),
            Command::new(INIT)
                .about("Begin the limit on a server, and print it as `status` does")
                .arg(
                    Arg::new(NOTHING_SENT)
                        .long(NOTHING_SENT)
                        .action(ArgAction::SetTrue)
                        .help("Do not wait out what was sent before: no program has used the key for two minutes"),
                )
                .after_help(
                    "Examples:\n  atera --limit-store rediss://limits@redis.example limit init --nothing-sent\n\nA server \
                     that is new, was restarted or has taken the place of another does not know what was sent before, so \
                     programs wait until that no longer counts: 90 s by default. Where somebody knows that nothing was sent, \
                     they need not.",
                ),
            help::command().hide(true),
        ])
}

/// Carries out one of its commands.
///
/// # Errors
///
/// If no limit is shared, or if its server cannot be reached.
pub(crate) async fn run(
    matches: &ArgMatches,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let mut opening = globals.clone();
    // What it tells is about the store, so no other may take its place. It says itself what the store does not know.
    opening.limit_store.falls_back = false;
    opening.limit_store.quiet |= matches.subcommand_name() == Some(INIT);
    let connection = interrupt.or(Connection::open(&opening)).await??;
    let Some(store) = connection.limit_store() else {
        let sentence = "no limit is shared: this command keeps its limit alone, or has none; leave out --sandbox and --rate-limit off";
        return Err(Error::config(sentence).into());
    };
    if let Some((INIT, matches)) = matches.subcommand() {
        let LimitStore::Fleet(fleet) = store else {
            let sentence = "the file of a machine needs no beginning; name a server with --limit-store";
            return Err(Failure::Usage(sentence.to_string()));
        };
        if matches.get_flag(NOTHING_SENT) {
            interrupt.or(fleet.trust_that_nothing_was_sent()).await??;
            if !globals.quiet {
                tell(format!(
                    "programs may send at once with the limit at {}",
                    fleet.address()
                ));
            }
        }
    }
    let rows = match store {
        LimitStore::Machine(_) => vec![total(&store.rate(), None)],
        LimitStore::Fleet(fleet) => {
            let (rate, holders) = interrupt.or(fleet.status()).await??;
            let holders = holders.into_iter().map(|(name, interactive, background)| {
                json!({
                    "Holder": name,
                    "InUse": interactive + background,
                    "Interactive": interactive,
                    "Background": background,
                })
            });
            let mut rows = vec![total(&rate, fleet.quarantine())];
            rows.extend(holders);
            rows
        }
    };
    rows::print(&globals.output, &HOLDER, rows.into_iter())
}

/// The row of all holders.
fn total(rate: &Rate, quarantine: Option<Quarantine>) -> Value {
    let blocked = rate.paused_until.max(rate.quarantined_until);
    let paused = blocked.map(|until| until.saturating_duration_since(now()));
    let reason = blocked.map(|until| match quarantine {
        _ if Some(until) == rate.paused_until => "the service asked for it".to_string(),
        Some(quarantine) => quarantine.reason(),
        None => "unknown what was sent: the file was damaged".to_string(),
    });
    json!({
        "Holder": "all",
        "InUse": rate.in_use,
        "Limit": rate.limit.to_string(),
        "PausedFor": paused.map(|left| left.as_secs_f64().ceil() as u64),
        "Reason": reason,
    })
}
