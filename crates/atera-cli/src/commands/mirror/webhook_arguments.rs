//! The arguments for webhooks: those of `atera mirror changes --webhook`, and `atera mirror webhooks` with its commands.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

use super::common_arguments::{LIMIT, duration, place};
use crate::input::help;

/// Name of the command for the webhooks that there are.
pub(crate) const WEBHOOKS: &str = "webhooks";

// The names of the commands within it.
pub(crate) const LIST: &str = "list";
pub(crate) const DEAD: &str = "dead";
pub(crate) const REDELIVER: &str = "redeliver";
pub(crate) const DISCARD: &str = "discard";
pub(crate) const REMOVE: &str = "remove";

// The names of the arguments.
pub(crate) const WEBHOOK: &str = "webhook";
pub(crate) const SECRET_FILE: &str = "secret-file";
pub(crate) const NAME: &str = "name";
pub(crate) const ALLOW_PRIVATE: &str = "allow-private";
pub(crate) const RETRY_DELAY: &str = "retry-delay";
pub(crate) const GIVE_UP_AFTER: &str = "give-up-after";
pub(crate) const CURSORS: &str = "cursors";
pub(crate) const ALL: &str = "all";

/// The heading of the flags for webhooks.
const HEADING: &str = "Webhook";

/// The flags of `atera mirror changes` with which changes are sent instead of printed.
pub(super) fn of_changes() -> Vec<Arg> {
    let flags = [
        Arg::new(WEBHOOK)
            .long(WEBHOOK)
            .value_name("URL")
            .requires(SECRET_FILE)
            .conflicts_with(LIMIT)
            .help("Send the changes to this address instead of printing them; https, unless it is of this machine"),
        Arg::new(SECRET_FILE)
            .long(SECRET_FILE)
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .requires(WEBHOOK)
            .help("The file with the secret that the receiver has too, whsec_…; several, a line each, while one is replaced"),
        Arg::new(NAME)
            .long(NAME)
            .value_name("NAME")
            .requires(WEBHOOK)
            .help("The name by which the mirror keeps what the receiver has; by default it follows from the URL"),
        Arg::new(ALLOW_PRIVATE)
            .long(ALLOW_PRIVATE)
            .action(ArgAction::SetTrue)
            .requires(WEBHOOK)
            .help("Send into private and link-local networks too, and by https through the proxy of the system"),
        Arg::new(RETRY_DELAY)
            .long(RETRY_DELAY)
            .value_name("TIME")
            .value_parser(duration)
            .requires(WEBHOOK)
            .help("The longest pause before a change is sent again, which doubles each time up to 6h; 5s if left out"),
        Arg::new(GIVE_UP_AFTER)
            .long(GIVE_UP_AFTER)
            .value_name("TIME")
            .value_parser(duration)
            .requires(WEBHOOK)
            .help("For how long a change is tried; then it is a dead letter; 3d if left out"),
    ];
    flags.into_iter().map(|flag| flag.help_heading(HEADING)).collect()
}

/// All of `atera mirror webhooks`.
pub(super) fn webhooks() -> Command {
    Command::new(WEBHOOKS)
        .about("Show what receivers of changes have got, and send again what they could not take")
        .after_help(
            "Examples:\n  atera mirror webhooks list\n  atera mirror webhooks dead\n  atera mirror webhooks redeliver crm --all\n\n\
             `atera mirror changes --webhook URL --secret-file FILE --follow` sends the changes.",
        )
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            Command::new(LIST)
                .about("List the webhooks; fails if one has dead letters")
                .after_help("Examples:\n  atera mirror webhooks list\n  atera mirror webhooks list --output json")
                .args(place()),
            Command::new(DEAD)
                .about("List the changes that could not be delivered and are not tried any more")
                .after_help(
                    "Examples:\n  atera mirror webhooks dead\n  atera mirror webhooks dead crm --output json\n\nLater changes of \
                     the same record wait for it, until it is sent again or dropped. Other records go on.",
                )
                .arg(name().help("The webhook; all if left out"))
                .args(place()),
            Command::new(REDELIVER)
                .about("Have dead letters sent again")
                .after_help(
                    "Examples:\n  atera mirror webhooks redeliver crm --all\n  atera mirror webhooks redeliver crm \
                     42-9f3c21ab\n\nThey keep their ids. `atera mirror changes --webhook` sends them, at its next look if it \
                     is running.",
                )
                .arg(name().required(true).help("The webhook"))
                .args(dead_letters())
                .args(place()),
            Command::new(DISCARD)
                .about("Drop dead letters; the receiver never gets them")
                .after_help(
                    "Examples:\n  atera mirror webhooks discard crm 42-9f3c21ab\n  atera mirror webhooks discard crm --all\n\n\
                     The later changes of their records are sent then.",
                )
                .arg(name().required(true).help("The webhook"))
                .args(dead_letters())
                .args(place()),
            Command::new(REMOVE)
                .about("Forget a webhook")
                .after_help(
                    "Examples:\n  atera mirror webhooks remove crm\n\nIf it is started again, it begins where --after says. What \
                     its receiver does not have yet is dropped, for which --yes is needed.",
                )
                .arg(name().required(true).help("The webhook"))
                .args(place()),
            help::command().hide(true),
        ])
}

/// The name of a webhook.
fn name() -> Arg {
    Arg::new(NAME).value_name("NAME")
}

/// Which of the dead letters of a webhook are meant.
fn dead_letters() -> [Arg; 2] {
    [
        Arg::new(CURSORS)
            .value_name("CURSOR")
            .num_args(1..)
            .required_unless_present(ALL)
            .help("The cursors of the changes, as `atera mirror webhooks dead` shows them"),
        Arg::new(ALL)
            .long(ALL)
            .action(ArgAction::SetTrue)
            .conflicts_with(CURSORS)
            .help("All dead letters of the webhook"),
    ]
}
