//! `atera mcp` and its arguments.

use std::path::PathBuf;

use atera::description::GROUPS;
use clap::{
    Arg, ArgAction, Command,
    builder::{PossibleValue, PossibleValuesParser},
    value_parser,
};
use heck::ToKebabCase;

use super::http_arguments;

/// Name of the command.
pub(crate) const NAME: &str = "mcp";

// The names of the arguments.
pub(crate) const ACCESS: &str = "access";
pub(crate) const GROUPS_FLAG: &str = "groups";
pub(crate) const CUSTOMER: &str = "customer";
pub(crate) const AUDIT: &str = "audit";

/// All of `atera mcp`.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Serve the account to an assistant (Model Context Protocol)")
        .after_help(
            "Examples:\n  atera mcp --sandbox\n  atera mcp --profile acme --access write --audit mcp.jsonl\n  atera mcp \
             --groups tickets,alerts --customer 1201\n  atera mcp --http --token-file \
             mcp.token\n\nAn assistant's host starts it and talks to it over stdin and stdout. It \
             reads, unless --access allows more. What deletes, runs scripts or is seen by customers needs --access full, and \
             then a person confirms each call in the host, by the name of the record; where the host cannot ask, the call is \
             refused.",
        )
        .disable_help_subcommand(true)
        .args([
            Arg::new(ACCESS)
                .long(ACCESS)
                .value_name("LEVEL")
                .default_value("read")
                .value_parser(PossibleValuesParser::new([
                    PossibleValue::new("read").help("Only read"),
                    PossibleValue::new("write").help("Also create and change records"),
                    PossibleValue::new("full")
                        .help("Everything; a person confirms what deletes, runs scripts or is seen by customers"),
                ]))
                .help("How much the assistant may do"),
            Arg::new(GROUPS_FLAG)
                .long(GROUPS_FLAG)
                .value_name("GROUPS")
                .value_delimiter(',')
                .action(ArgAction::Append)
                .value_parser(PossibleValuesParser::new(
                    GROUPS.iter().map(|group| group.name.to_kebab_case()),
                ))
                .hide_possible_values(true)
                .help("Only these groups of operations, as in tickets,alerts; `atera --help` lists them"),
            Arg::new(CUSTOMER)
                .long(CUSTOMER)
                .value_name("ID")
                .value_parser(value_parser!(i64))
                .help("Only the records of this customer; what cannot be told apart is refused"),
            Arg::new(AUDIT)
                .long(AUDIT)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Append a line of JSON for each call to this file; nothing is sent if it cannot be written"),
        ])
        .args(http_arguments::arguments())
}
