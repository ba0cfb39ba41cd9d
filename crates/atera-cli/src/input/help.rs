//! `help` as a command: `atera help tickets list` prints what `atera tickets list --help` does.
//!
//! clap has such a command as well. It holds a copy of every command below it, so man pages and completions would have each
//! operation twice, and the commands of a group, which are made when they are named, would be made for its help alone.

use std::ffi::OsString;

use clap::{Arg, ArgMatches, Command};

/// Name of the command.
pub(crate) const NAME: &str = "help";

const COMMAND: &str = "command";

/// The command.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Print the help of a command")
        .override_usage("atera help [COMMAND]...")
        .after_help("Examples:\n  atera help\n  atera help tickets list")
        .arg(
            Arg::new(COMMAND)
                .value_name("COMMAND")
                .num_args(0..)
                .help("The words of the command, as in tickets list"),
        )
}

/// The command line whose help is asked for, ending with `--help`. `None` if the arguments ask for something else.
pub(crate) fn asked(matches: &ArgMatches) -> Option<Vec<OsString>> {
    let mut line = vec![OsString::from("atera")];
    let mut matches = matches;
    while let Some((name, inner)) = matches.subcommand() {
        if name == NAME {
            let words = inner.get_many::<String>(COMMAND).unwrap_or_default();
            line.extend(words.map(OsString::from));
            line.push("--help".into());
            return Some(line);
        }
        line.push(name.into());
        matches = inner;
    }
    None
}
