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
use crate::{commands::metrics::arguments as metrics, input::reports_folder::REPORTS};

/// Name of the command.
pub(crate) const NAME: &str = "mcp";

// The names of the arguments.
pub(crate) const ACCESS: &str = "access";
pub(crate) const GROUPS_FLAG: &str = "groups";
pub(crate) const CUSTOMER: &str = "customer";
pub(crate) const AUDIT: &str = "audit";
pub(crate) const MIRROR: &str = "mirror";

/// The command within it that prints the configuration of a host.
pub(crate) const CONFIG: &str = "config";
pub(crate) const HOST: &str = "host";
pub(crate) const URL: &str = "url";

/// `atera mcp config`.
fn config() -> Command {
    Command::new(CONFIG)
        .about("Print the configuration with which a host starts the server")
        .after_help(
            "Examples:\n  atera mcp config claude --profile acme\n  atera mcp config vscode --profile acme --access write\n  atera mcp \
             config cursor --url https://mcp.example.com/mcp\n\nThe flags of `atera mcp` that are given become arguments of the \
             server. The configuration goes to stdout, and where it belongs is said on stderr. It never has the key, nor a token.",
        )
        .args([
            Arg::new(HOST)
                .value_name("HOST")
                .required(true)
                .value_parser(PossibleValuesParser::new([
                    PossibleValue::new("claude").help("Claude Code"),
                    PossibleValue::new("claude-desktop"),
                    PossibleValue::new("codex"),
                    PossibleValue::new("cursor"),
                    PossibleValue::new("gemini").help("Gemini CLI"),
                    PossibleValue::new("vscode").help("VS Code"),
                    PossibleValue::new("windsurf"),
                    PossibleValue::new("zed"),
                ]))
                .help("The program that the assistant runs in"),
            Arg::new(URL)
                .long(URL)
                .value_name("URL")
                .help("Connect to the server at this address, which runs already (--http), in place of starting one"),
        ])
}

/// All of `atera mcp`.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Serve the account to an assistant (Model Context Protocol)")
        .after_help(
            "Examples:\n  atera mcp --sandbox\n  atera mcp --profile acme --access write --audit mcp.jsonl\n  atera mcp \
             --groups tickets,alerts --customer 1201\n  atera mcp --profile acme --mirror\n  atera mcp config claude --profile acme\n  atera mcp --http --token-file \
             mcp.token --metrics :9100\n\nAn assistant's host starts it and talks to it over stdin and stdout. It \
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
            Arg::new(MIRROR)
                .long(MIRROR)
                .value_name("FILE|URL")
                .num_args(0..=1)
                .value_parser(value_parser!(PathBuf))
                .help(
                    "With the mirror of the account, for the tools `query` and `report`: a file, or a Postgres database, as in \
                     postgres://user@host/name; without a value the one that `atera mirror` keeps, or that of ATERA_DATABASE_URL",
                ),
            Arg::new(REPORTS)
                .long(REPORTS)
                .value_name("FOLDER")
                .requires(MIRROR)
                .value_parser(value_parser!(PathBuf))
                .help("The folder of your own reports; without it the one of `atera report`"),
        ].map(|flag| flag.global(true)))
        .args(metrics::arguments().map(|flag| flag.global(true)))
        .mut_arg(metrics::METRICS_REPORT, |reports| reports.requires(MIRROR))
        .args(http_arguments::arguments())
        .subcommand(config())
}
